//! One wait, two kinds of waiters: a green thread that suspends, and an OS thread that blocks.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::greenthread;
use crate::hub::suspend::{Wait, Waiting, until};

/// Something to wait for that another OS thread may bring.
pub(super) trait Attempt {
    /// What is there when the wait is over.
    type Output;

    /// Gives the output if it is there. If not, has left `waker` with whoever will bring it. May be asked at any time.
    fn attempt(&mut self, waker: &Waker) -> Option<Self::Output>;

    /// Has it left word with whoever will wake it?
    fn is_settled(&self) -> bool;

    /// Ends the sentence "this thread waits …".
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// Suspends the running green thread until it is there.
pub(super) fn suspend<A: Attempt>(attempt: A) -> impl Future<Output = A::Output> {
    until(Across(attempt))
}

struct Across<A>(A);

impl<A: Attempt> Wait for Across<A> {
    type Output = A::Output;

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<A::Output> {
        self.0.attempt(waiting.borrow_waker())
    }

    fn is_settled(&self) -> bool {
        self.0.is_settled()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f)
    }
}

/// Blocks this OS thread until it is there.
///
/// # Panics
///
/// In a green thread.
#[track_caller]
pub(super) fn block<A: Attempt>(attempt: A) -> A::Output {
    match block_until(attempt, None) {
        Some(output) => output,
        None => unreachable!("a wait without a limit ends with what it waits for"),
    }
}

/// Blocks this OS thread until it is there, for at most `limit`. A limit longer than the clock reaches never ends.
///
/// # Panics
///
/// In a green thread.
#[track_caller]
pub(super) fn block_for<A: Attempt>(attempt: A, limit: Duration) -> Option<A::Output> {
    block_until(attempt, Instant::now().checked_add(limit))
}

#[track_caller]
fn block_until<A: Attempt>(mut attempt: A, deadline: Option<Instant>) -> Option<A::Output> {
    if greenthread::try_current().is_some() {
        panic!(
            "a blocking wait was called inside a green thread\n\
             note: it would stop every green thread of this OS thread\n\
             help: use the form without `_blocking`, which suspends"
        );
    }
    let parker = Arc::new(Parker { thread: thread::current(), is_woken: AtomicBool::new(false) });
    let waker = Waker::from(parker.clone());
    loop {
        if let Some(output) = attempt.attempt(&waker) {
            return Some(output);
        }
        if !parker.wait(deadline) {
            // What came in the last moment still counts.
            return attempt.attempt(&waker);
        }
    }
}

/// Wakes an OS thread that waits here.
struct Parker {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Parker {
    /// Waits until it is woken; `false` says that the time is over.
    fn wait(&self, deadline: Option<Instant>) -> bool {
        while !self.is_woken.swap(false, Ordering::Acquire) {
            let Some(deadline) = deadline else {
                thread::park();
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            thread::park_timeout(left);
        }
        true
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Wakes each, outside of every lock.
pub(super) fn wake_all(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}
