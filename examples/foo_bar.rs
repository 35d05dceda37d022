//! Two green threads that give way to each other: the first program of gevent's tutorial.

use std::time::Duration;

use eventlet::greenthread::joinall;
use eventlet::{green, sleep, spawn};

#[green]
fn foo() {
    println!("Running in foo");
    sleep(Duration::ZERO);
    println!("Explicit context switch to foo again");
}

#[green]
fn bar() {
    println!("Explicit context to bar");
    sleep(Duration::ZERO);
    println!("Implicit context switch back to bar");
}

#[green]
fn main() {
    let g1 = spawn(foo);
    let g2 = spawn(bar);
    joinall([g1, g2]);
}
