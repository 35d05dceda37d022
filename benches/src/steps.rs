//! Five inner steps, to be counted under callgrind by `tests/instructions.rs`: `steps STEP N` does one of them N times.
//!
//! No clock is read in here: `valgrind` has no place for the page of the kernel that answers.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use eventlet::queue::Queue;
use eventlet::{green, run, sleep, spawn, with_timeout};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (step, n) = match arguments.as_slice() {
        [step, n] => (step.as_str(), n.parse::<u64>().unwrap_or(0)),
        _ => ("", 0),
    };
    let done = match step {
        "call" => run(move || calls(n)),
        "spawn_join" => run(move || spawns(n)),
        "yield" => run(move || switches(n)),
        "timeout" => run(move || timeouts(n)),
        "queue" => run(move || hand_overs(n)),
        _ => {
            eprintln!("usage: steps call|spawn_join|yield|timeout|queue N");
            return ExitCode::from(2);
        }
    };
    assert_eq!(done, n);
    ExitCode::SUCCESS
}

#[green]
fn next(n: u64) -> u64 {
    black_box(n + 1)
}

/// A green call that does not suspend, from a green function.
#[green]
fn calls(n: u64) -> u64 {
    let mut done = 0;
    for _ in 0..n {
        done = next(done);
    }
    done
}

/// A thread spawned, run and joined.
#[green]
fn spawns(n: u64) -> u64 {
    let mut done = 0;
    for _ in 0..n {
        done = spawn(move || next(done)).wait();
    }
    done
}

#[green]
fn yielder(n: u64) -> u64 {
    for _ in 0..n {
        sleep(Duration::ZERO);
    }
    n
}

/// A switch from one thread to the other.
#[green]
fn switches(n: u64) -> u64 {
    let threads = [1, 2].map(|_| spawn(move || yielder(n / 2)));
    let mut done = 0;
    for thread in threads {
        done += thread.wait();
    }
    done
}

/// A timeout set and cancelled, around a yield.
#[green]
fn timeouts(n: u64) -> u64 {
    for _ in 0..n {
        with_timeout(Duration::from_secs(3600), || sleep(Duration::ZERO)).expect("an hour has not passed");
    }
    n
}

#[green]
fn putter(queue: Queue<u64>, n: u64) {
    for i in 0..n {
        queue.put(i).expect("nobody shuts it down");
    }
}

/// An item put by one thread and got by the other.
#[green]
fn hand_overs(n: u64) -> u64 {
    let queue = Queue::bounded(100);
    let items = queue.clone();
    spawn(move || putter(items, n));
    let mut done = 0;
    for i in 0..n {
        assert_eq!(queue.get(), Ok(i));
        done += 1;
    }
    done
}
