// A green call that is made in an ordinary function has not run.
#![deny(unused_must_use)]
use eventlet::green;

#[green]
fn fetch(id: u32) -> u32 {
    id
}

fn ordinary() {
    fetch(1); //~ ERROR unused `Green` that must be used
}

#[green]
fn main() {
    ordinary();
}
