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

#[green]
fn main() {
    let inner = #[green]
    || Ok::<_, io::Error>(size(3)? + 1);
    shown();
    sum();
    assert!(inner().is_ok());
}
