//! The inner steps of the runtime, each written once: Criterion times them (`benches/inner.rs`), and callgrind counts
//! their instructions (`src/count.rs`, `tests/instructions.rs`).
//!
//! A step goes through the public interface, as a user's code does. What it comes to is checked.

use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use eventlet::event::Flag;
use eventlet::hubs::{Interest, get_hub, trampoline};
use eventlet::queue::Queue;
use eventlet::{Green, green, run, sleep, spawn, with_timeout};

/// One step, and how to do it many times.
pub struct Step {
    /// What it is called on a command line and where its instructions are recorded.
    pub name: &'static str,
    /// Does it so many times inside the hub, and gives the wall time that took. Entering the hub is not in it.
    pub run: fn(u64) -> Duration,
}

/// All of them.
pub const STEPS: [Step; 9] = [
    Step { name: "plain", run: |n| timed(n, plain_calls) },
    Step { name: "call", run: |n| timed(n, calls) },
    Step { name: "spawn_join", run: |n| timed(n, spawns) },
    Step { name: "yield", run: |n| timed(n, switches) },
    Step { name: "wake", run: |n| timed(n, wakes) },
    Step { name: "timer", run: |n| timed(n, timers) },
    Step { name: "timeout", run: |n| timed(n, timeouts) },
    Step { name: "queue", run: |n| timed(n, hand_overs) },
    Step { name: "source", run: |n| timed(n, registrations) },
];

const HOUR: Duration = Duration::from_secs(3600);

fn timed<G: Future<Output = u64>>(n: u64, steps: fn(u64) -> Green<G>) -> Duration {
    run(move || timed_inside(n, steps))
}

#[green]
fn timed_inside<G: Future<Output = u64>>(n: u64, steps: fn(u64) -> Green<G>) -> Duration {
    let began = Instant::now();
    let done = steps(n);
    let took = began.elapsed();
    assert_eq!(done, n, "every step is done, and done once");
    took
}

fn plain_next(n: u64) -> u64 {
    black_box(n + 1)
}

/// An ordinary call from a green function, which does what the green call below does.
#[green]
fn plain_calls(n: u64) -> u64 {
    let mut done = 0;
    for _ in 0..n {
        done = plain_next(done);
    }
    done
}

#[green]
fn next(n: u64) -> u64 {
    black_box(n + 1)
}

/// A green call that does not suspend, driven by a green function.
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
    let threads = halves(n).map(|half| spawn(move || yielder(half)));
    let mut done = 0;
    for thread in threads {
        done += thread.wait();
    }
    done
}

/// Waits to be woken, then wakes the other, so many times.
#[green]
fn waker(mine: Flag, other: Flag, n: u64) -> u64 {
    for _ in 0..n {
        mine.wait();
        mine.clear();
        other.set();
    }
    n
}

/// A thread that waits is woken by another, which begins to wait.
#[green]
fn wakes(n: u64) -> u64 {
    let flags = [Flag::new(), Flag::new()];
    let [first, second] = halves(n);
    let threads = [(0, first), (1, second)].map(|(me, half)| {
        let (mine, other) = (flags[me].clone(), flags[1 - me].clone());
        spawn(move || waker(mine, other, half))
    });
    flags[0].set();
    let mut done = 0;
    for thread in threads {
        done += thread.wait();
    }
    done
}

/// A timer inserted and cancelled, with nothing between the two.
#[green]
fn timers(n: u64) -> u64 {
    let hub = get_hub();
    for _ in 0..n {
        give_up(|| sleep(HOUR), || assert_eq!(hub.timers(), 1)).await;
    }
    assert_eq!(hub.timers(), 0);
    n
}

/// A timeout set and cancelled, around a switch.
#[green]
fn timeouts(n: u64) -> u64 {
    for _ in 0..n {
        with_timeout(HOUR, || sleep(Duration::ZERO)).expect("an hour has not passed");
    }
    n
}

#[green]
fn putter(queue: Queue<u64>, n: u64) {
    for i in 0..n {
        queue.put(i).expect("nobody shuts it down");
    }
}

/// An item put by one thread and got by the other, with a switch for every hundred.
#[green]
fn hand_overs(n: u64) -> u64 {
    let queue = Queue::bounded(100);
    let items = queue.clone();
    let putter = spawn(move || putter(items, n));
    let mut done = 0;
    for i in 0..n {
        assert_eq!(queue.get(), Ok(i));
        done += 1;
    }
    putter.wait();
    done
}

/// A descriptor that has nothing to read is registered, and forgotten again.
#[green]
fn registrations(n: u64) -> u64 {
    /// A thread that does so many operations gives way of itself, and a call that did so has registered nothing.
    const GIVE_WAY_AFTER: u64 = 100;
    let (ours, _theirs) = UnixStream::pair().expect("there are descriptors left");
    let hub = get_hub();
    for i in 0..n {
        if i % GIVE_WAY_AFTER == 0 {
            sleep(Duration::ZERO);
        }
        give_up(|| trampoline(&ours, Interest::READ, None), || assert_eq!(hub.sources(), 1)).await;
    }
    assert_eq!(hub.sources(), 0);
    n
}

/// Begins a call that has to wait, checks what it has registered, and gives it up.
async fn give_up<G: Future>(call: impl FnOnce() -> Green<G>, check: impl FnOnce()) {
    let mut call = pin!(call());
    let begun = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
    assert!(begun.is_pending(), "it has to wait");
    check();
}

fn halves(n: u64) -> [u64; 2] {
    [n - n / 2, n / 2]
}
