//! One green thread that wakes five others: gevent's tutorial, whose `Event` is a `Flag` here.

use std::time::Duration;

use eventlet::event::Flag;
use eventlet::greenthread::joinall;
use eventlet::{green, sleep, spawn};

/// After 3 seconds, wakes all threads that wait for the flag.
#[green]
fn setter(evt: Flag) {
    println!("A: Hey wait for me, I have to do something");
    sleep(Duration::from_secs(3));
    println!("OK! I'm done");
    evt.set();
}

/// Goes on when the flag is up.
#[green]
fn waiter(evt: Flag) {
    println!("I'll wait for you");
    evt.wait();
    println!("It's about time");
}

#[green]
fn main() {
    let evt = Flag::new();
    let to_set = evt.clone();
    let mut threads = vec![spawn(move || setter(to_set))];
    for _ in 0..5 {
        let to_await = evt.clone();
        threads.push(spawn(move || waiter(to_await)));
    }
    joinall(threads);
}
