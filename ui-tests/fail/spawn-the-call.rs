// A call that stands in the arguments of `spawn` has been made before `spawn` sees it.
use eventlet::{green, run, spawn, spawn_after, spawn_n};
use std::time::Duration;

#[green]
fn serve(client: u32) -> u32 {
    client
}

#[green]
fn quiet(_client: u32) {}

#[green]
fn main() {
    spawn(serve(1)); //~ ERROR a closure that makes a green call is expected
    spawn(quiet(1)); //~ ERROR a closure that makes a green call is expected
    spawn_after(Duration::ZERO, serve(2)); //~ ERROR a closure that makes a green call is expected
    spawn_n(serve(3)); //~ ERROR a closure that makes a green call is expected
}

fn ordinary() -> u32 {
    run(serve(4)) //~ ERROR a closure that makes a green call is expected
}
