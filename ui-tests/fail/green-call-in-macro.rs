// The tokens of a macro that `#[green]` does not know stay as they are: a green call in them is not driven.
use eventlet::green;

macro_rules! show {
    ($value:expr) => {
        println!("{}", $value)
    };
}

#[green]
fn fetch(id: u32) -> u32 {
    id
}

#[green]
fn wrong() {
    show!(fetch(1)); //~ ERROR a green call cannot be shown: it has not run
}

#[green]
fn right() {
    let page = fetch(1);
    show!(page);
}

#[green(macros(show))]
fn named() {
    show!(fetch(1));
}

fn main() {
    println!("{:?}", fetch(1)); //~ ERROR a green call cannot be shown: it has not run
}
