// A green thread is given a closure; the arguments of Python's `spawn` go into it.
use eventlet::{green, spawn};

#[green]
fn work(a: u32, b: u32) -> u32 {
    a + b
}

#[green]
fn main() {
    spawn(work, 1, 2); //~ ERROR function is expected to take 0 arguments
}
