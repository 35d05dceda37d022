// The tokens of a macro that `#[green]` does not know stay as they are: a green call in them is not driven.
use eventlet::green;

macro_rules! log {
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
    log!(fetch(1)); //~ ERROR `Green<impl Future<Output = u32>>` doesn't implement `std::fmt::Display`
}

#[green]
fn right() {
    let page = fetch(1);
    log!(page);
}

fn main() {}
