// The closures of std's combinators are ordinary code: their green twins take closures that make green calls.
use std::collections::HashMap;

use eventlet::green;

#[green]
fn is_up(host: &str) -> bool {
    !host.is_empty()
}

#[green]
fn fetch(n: u32) -> u32 {
    n
}

#[green]
fn try_fetch(n: u32) -> Result<u32, String> {
    Ok(n)
}

struct Client;

impl Client {
    #[green]
    fn load(&self, n: u32) -> u32 {
        n
    }
}

#[green]
fn main() {
    let (hosts, client) = (["a", "b"], Client);
    let any = hosts.iter().any(|host| is_up(host)); //~ ERROR an ordinary closure gives a green call
    let up = hosts.iter().filter(|host| is_up(host)).count(); //~ ERROR an ordinary closure gives a green call
    let first = Some(1).unwrap_or_else(|| fetch(1)); //~ ERROR an ordinary closure gives a green call
    let next: Result<u32, String> = Ok(1).and_then(|n| try_fetch(n)); //~ ERROR an ordinary closure gives a green call
    let mut cache = HashMap::from([(1, 1)]);
    cache.entry(2).or_insert_with(|| client.load(2)); //~ ERROR an ordinary closure gives a green call
    let pages: Vec<u32> = (0..3).map(|n| fetch(n)).collect(); //~ WARN this is a green call, and `map` of an ordinary iterator does not drive it
    println!("{any} {up} {first} {next:?} {pages:?}");
}
