// The closures of std's combinators are ordinary code: their green twins take closures that make green calls.
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
fn main() {
    let hosts = ["a", "b"];
    let any = hosts.iter().any(|host| is_up(host)); //~ ERROR mismatched types
    assert!(any && fetch(1) == 1);
}
