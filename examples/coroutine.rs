//! One green thread, and a main thread that waits for it.

use std::time::Duration;

use eventlet::{green, sleep, spawn};

#[green]
fn my_coroutine(number: u32) {
    for i in 0..number {
        println!("Coroutine: {i}");
        sleep(Duration::from_secs(1));
    }
    println!("Coroutine finished");
}

#[green]
fn main() {
    let green_thread = spawn(|| my_coroutine(5));
    green_thread.wait();
    println!("Main thread finished");
}
