//! Green threads that do the same do it in the same order, every time. From gevent's tutorial, in
//! which a pool of processes does not.

use std::time::Duration;

use eventlet::{GreenPool, green, sleep};

#[green]
fn echo(i: u32) -> u32 {
    sleep(Duration::from_millis(1));
    i
}

#[green]
fn run() -> Vec<u32> {
    let mut order = Vec::new();
    for i in GreenPool::new(10).imap_unordered(echo, 0..10) {
        order.push(i);
    }
    order
}

#[green]
fn main() {
    let first = run();
    let mut is_same = true;
    for _ in 0..3 {
        is_same &= run() == first;
    }
    println!("{is_same}");
}
