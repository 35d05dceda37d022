//! Three ways to spawn a green thread, and one wait for all of them. From gevent's tutorial.

use std::time::Duration;

use eventlet::greenthread::{Builder, joinall};
use eventlet::{green, sleep, spawn};

#[green]
fn foo(message: &str, n: u64) {
    sleep(Duration::from_secs(n));
    println!("{message}");
}

#[green]
fn main() {
    let thread1 = Builder::new().name("thread 1").spawn(|| foo("Hello", 1));
    let thread2 = spawn(|| foo("I live!", 2));
    // A green closure will do for a function.
    let thread3 = spawn(
        #[green]
        || {
            let numbers = [1, 2];
            assert_eq!(numbers.iter().sum::<i32>(), 3);
        },
    );
    joinall([thread1, thread2, thread3]);
}
