//! Limits on waits. From gevent's tutorial, whose seconds are a tenth here.

use std::fmt;
use std::time::Duration;

use eventlet::{Timeout, green, sleep, spawn, with_timeout};

#[green]
fn wait_for(duration: Duration) {
    sleep(duration);
}

/// A timeout under a name of one's own.
#[derive(Debug)]
struct TooLong;

impl From<Timeout> for TooLong {
    fn from(_: Timeout) -> Self {
        TooLong
    }
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TooLong")
    }
}

/// The limit and the thread have the same time: the limit was there first.
#[green]
fn could_not_complete() {
    let ten = Duration::from_secs(1);
    let answer = with_timeout(
        ten,
        #[green]
        move || spawn(move || wait_for(ten)).join(),
    );
    if answer.is_err() {
        println!("Could not complete");
    }
}

#[green]
fn too_long() -> Result<(), TooLong> {
    with_timeout(Duration::from_millis(500), || sleep(Duration::from_secs(1)))?;
    Ok(())
}

#[green]
fn wait() {
    sleep(Duration::from_millis(200));
}

#[green]
fn three_ways() {
    let second = Duration::from_millis(100);

    let thread1 = spawn(wait);
    if with_timeout(second, || thread1.thread().join()).is_err() {
        println!("Thread 1 timed out");
    }
    // The handle goes with the wait; the thread goes on.
    let thread2 = spawn(wait);
    if with_timeout(second, || thread2.wait()).is_err() {
        println!("Thread 2 timed out");
    }
    if with_timeout(second, wait).is_err() {
        println!("Thread 3 timed out");
    }
}

#[green]
fn main() {
    could_not_complete();
    if let Err(error) = too_long() {
        println!("{error}");
    }
    three_ways();
}
