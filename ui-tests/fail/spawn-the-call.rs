// A call that stands in the arguments of `spawn` has been made before `spawn` sees it.
use eventlet::{GreenPool, green, spawn, spawn_after, with_timeout};
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
    let pool = GreenPool::new(10);
    pool.spawn_n(serve(3)); //~ ERROR a closure that makes a green call is expected
    let _ = with_timeout(Duration::ZERO, serve(4)); //~ ERROR a closure that makes a green call is expected
}
