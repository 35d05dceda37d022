//! A signal ends a green thread that would never end, and then the program. From gevent's tutorial;
//! here the program sends the signal to itself.

use std::io;
use std::time::Duration;

use eventlet::signal::{self, SIGQUIT};
use eventlet::{Exit, green, sleep, spawn};
use rustix::process::{Signal, getpid, kill_process};

#[green]
fn run_forever() {
    sleep(Duration::from_secs(1000));
}

#[green]
fn main() -> io::Result<()> {
    let thread = spawn(run_forever);
    let to_kill = thread.thread().clone();
    let handle = signal::signal(SIGQUIT, move || {
        let thread = to_kill.clone();
        async move { thread.kill() }
    })?;
    kill_process(getpid(), Signal::QUIT)?;
    match thread.join() {
        Err(Exit::Killed) => println!("killed by a signal"),
        _ => println!("ended by itself"),
    }
    handle.cancel();
    Ok(())
}
