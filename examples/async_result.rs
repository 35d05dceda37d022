//! A value that one green thread brings and another one waits for. From gevent's tutorial.
//!
//! The threads end with their scope, so they may borrow from it what they share.

use std::time::Duration;

use eventlet::{Event, green, scope, sleep};

/// After 3 seconds set the result.
#[green]
fn setter(result: &Event<&'static str>) {
    sleep(Duration::from_secs(3));
    result.set("Hello!");
}

/// After 3 seconds the wait gives the value that the setter brought.
#[green]
fn waiter(result: &Event<&'static str>) {
    println!("{}", result.wait());
}

#[green]
fn main() {
    let result = Event::new();
    scope(
        #[green]
        |s| {
            s.spawn(|| setter(&result));
            s.spawn(|| waiter(&result));
        },
    );
}
