// `?` needs a caller that can be given an error.
use std::io;

use eventlet::green;

#[green]
fn size(n: u32) -> io::Result<u32> {
    Ok(n)
}

#[green]
fn shown() {
    let one = size(1)?; //~ ERROR `?` in a function that returns nothing
    let sum = one + size(2)?; //~ ERROR `?` in a function that returns nothing
    println!("{sum}");
}

#[green]
fn sum() -> u32 {
    size(1)? + size(2)? //~ ERROR `?` in a function that returns `u32`
}

struct Page(u32);

#[green]
fn page() -> Page {
    Page(size(1)?) //~ ERROR `?` in a function that returns `Page`
}

#[green]
fn pair() -> (u32, u32) {
    (1, size(1)?) //~ ERROR `?` in a function that returns a tuple
}

/// A result by another name.
type Answer<T> = Result<T, Box<dyn std::error::Error>>;

#[green]
fn answer() -> Answer<u32> {
    Ok(size(1)? + "2".parse::<u32>()?)
}

#[green]
fn main() {
    let silent = #[green]
    || {
        size(4)?; //~ ERROR `?` in a closure that returns nothing
    };
    silent();
    page();
    pair();
    assert!(answer().is_ok());
    let inner = #[green]
    || Ok::<_, io::Error>(size(3)? + 1);
    shown();
    sum();
    assert!(inner().is_ok());
}
