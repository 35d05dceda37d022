//! Tasks of random length, one after the other and then all at once: gevent's tutorial.
//!
//! The second half ends in another order in every run, and takes as long as its longest task.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use eventlet::greenthread::joinall;
use eventlet::{green, sleep, spawn};

#[green]
fn task(pid: u32) {
    sleep(Duration::from_millis(random(0..=2)));
    println!("Task {pid} done");
}

#[green]
fn synchronous() {
    for i in 1..10 {
        task(i);
    }
}

#[green]
fn asynchronous() {
    let threads: Vec<_> = (0..10).map(|i| spawn(move || task(i))).collect();
    joinall(threads);
}

#[green]
fn main() {
    println!("Synchronous:");
    synchronous();
    println!("Asynchronous:");
    asynchronous();
}

/// A number in the range; each new hasher of std has a random seed.
fn random(range: std::ops::RangeInclusive<u64>) -> u64 {
    let span = range.end() - range.start() + 1;
    range.start() + RandomState::new().build_hasher().finish() % span
}
