//! A value that one green thread brings and another one waits for. From gevent's tutorial.

use std::time::Duration;

use eventlet::greenthread::joinall;
use eventlet::{Event, green, sleep, spawn};

/// After 3 seconds set the result.
#[green]
fn setter(result: Event<&'static str>) {
    sleep(Duration::from_secs(3));
    result.set("Hello!");
}

/// After 3 seconds the wait gives the value that the setter brought.
#[green]
fn waiter(result: Event<&'static str>) {
    println!("{}", result.wait());
}

#[green]
fn main() {
    let result = Event::new();
    let for_setter = result.clone();
    joinall([spawn(move || setter(for_setter)), spawn(move || waiter(result))]);
}
