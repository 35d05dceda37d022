//! Five green threads that sleep side by side, and a main thread that waits for each. They speak
//! Persian: شروع is "begin", پایان is "end".

use std::time::Duration;

use eventlet::{green, sleep, spawn};

#[green]
fn task(n: u32) {
    println!("شروع Task {n}");
    sleep(Duration::from_secs(1));
    println!("پایان Task {n}");
}

#[green]
fn main() {
    let threads: Vec<_> = (0..5).map(|n| spawn(move || task(n))).collect();
    for thread in threads {
        thread.wait();
    }
}
