// What a new green thread is to drive is a green call: a plain value is there at once.
use eventlet::{GreenPool, green, run, spawn, spawn_after, spawn_n};
use std::time::Duration;

fn compute(n: u32) -> u32 {
    n + 1
}

#[green]
fn main() {
    spawn(|| compute(3)); //~ ERROR a green call is expected of this closure
    spawn_n(|| {
        compute(4);
    }); //~^^ ERROR a green call is expected of this closure
    let pool = GreenPool::new(10);
    for n in pool.imap(compute, [1, 2]) { //~ ERROR a green call is expected of this closure
        drop(n);
    }
    spawn_after(Duration::ZERO, || 3); //~ ERROR a green call is expected of this closure
}

fn ordinary() -> u32 {
    run(|| compute(5)) //~ ERROR a green call is expected of this closure
}
