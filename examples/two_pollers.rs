//! Two green threads wait for sockets to which nothing comes, while a third one goes on: two
//! seconds in all, not four. From gevent's tutorial.

use std::io;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use eventlet::greenthread::joinall;
use eventlet::hubs::{Interest, trampoline};
use eventlet::{green, sleep, spawn};

#[green]
fn poll(start: Instant) {
    let (nothing_comes, _other_end) = UnixStream::pair().expect("a pair of sockets can be made");
    println!("Started Polling: {}", tick(start));
    let waited = trampoline(&nothing_comes, Interest::READ, Some(Duration::from_secs(2)));
    assert_eq!(waited.unwrap_err().kind(), io::ErrorKind::TimedOut);
    println!("Ended Polling: {}", tick(start));
}

#[green]
fn something_else(start: Instant) {
    println!("Hey lets do some stuff while the greenlets poll, {}", tick(start));
    sleep(Duration::from_secs(1));
}

fn tick(start: Instant) -> String {
    format!("at {:.1} seconds", start.elapsed().as_secs_f64())
}

#[green]
fn main() {
    let start = Instant::now();
    joinall([spawn(move || poll(start)), spawn(move || poll(start)), spawn(move || something_else(start))]);
}
