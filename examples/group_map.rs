//! A function of each input, in a group of green threads. From gevent's tutorial.
//!
//! A thread leaves the group as soon as it ends, so here each gives way before it does.

use std::time::Duration;

use eventlet::greenthread::current;
use eventlet::{GreenPool, green, sleep};

#[green]
fn hello_from(group: GreenPool) {
    println!("Size of group {}", group.running());
    println!("Hello from green thread {}", current().id());
    sleep(Duration::ZERO);
}

/// The first takes longest.
#[green]
fn intensive(n: u64) -> (&'static str, u64) {
    sleep(Duration::from_millis(100 * (3 - n)));
    ("task", n)
}

#[green]
fn main() {
    let group = GreenPool::unlimited();
    let members = group.clone();
    group.map(move |_| hello_from(members.clone()), 0..3);

    println!("Ordered");
    for result in GreenPool::unlimited().imap(intensive, 0..3) {
        println!("{result:?}");
    }

    println!("Unordered");
    for result in GreenPool::unlimited().imap_unordered(intensive, 0..3) {
        println!("{result:?}");
    }
}
