//! Two raw coroutines: each runs until it passes control to its parent, and nobody switches to it
//! again.
//!
//! There is no hub in this: `main` is ordinary code.

use std::thread;
use std::time::Duration;

use eventlet::green;
use eventlet::greenlet::{Greenlet, Thrown, getcurrent};

#[green]
fn task(name: &str, times: i32) -> Result<(), Thrown> {
    for _ in 0..times {
        println!("Task {name} is running");
        work();
        // Control goes to the main greenlet.
        getcurrent().parent().expect("a greenlet has a parent").switch(())?;
    }
    Ok(())
}

/// Holds up everything, as there is no hub that could let others run.
fn work() {
    thread::sleep(Duration::from_secs(1));
}

fn main() -> Result<(), Thrown> {
    let task1 = Greenlet::new(|(name, times): (&'static str, i32)| task(name, times));
    let task2 = Greenlet::new(|(name, times): (&'static str, i32)| task(name, times));

    task1.switch_in_place(("Task 1", 5))?;
    task2.switch_in_place(("Task 2", 3))?;
    Ok(())
}
