//! One green thread wakes five others, three seconds later. From gevent's tutorial.

use std::time::Duration;

use eventlet::event::Flag;
use eventlet::{green, scope, sleep};

/// After 3 seconds, wake all threads waiting on the value of evt.
#[green]
fn setter(evt: &Flag) {
    println!("A: Hey wait for me, I have to do something");
    sleep(Duration::from_secs(3));
    println!("OK! I'm done");
    evt.set();
}

/// After 3 seconds the wait will be over.
#[green]
fn waiter(evt: &Flag) {
    println!("I'll wait for you");
    evt.wait();
    println!("It's about time");
}

#[green]
fn main() {
    let evt = Flag::new();
    scope(
        #[green]
        |s| {
            s.spawn(|| setter(&evt));
            for _ in 0..5 {
                s.spawn(|| waiter(&evt));
            }
        },
    );
}
