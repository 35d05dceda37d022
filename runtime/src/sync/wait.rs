//! One wait, two kinds of waiters: a green thread that suspends, and an OS thread that blocks.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

use crate::greenthread;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::loom::thread::{self, Thread};
use crate::timeout::Timeout;

/// Something to wait for that another OS thread may bring.
pub(crate) trait Attempt {
    /// What is there when the wait is over.
    type Output;

    /// Gives the output if it is there. If not, has left `waker` with whoever will bring it. May be
    /// asked at any time.
    fn attempt(&mut self, waker: &Waker) -> Option<Self::Output>;

    /// Is it registered with whoever will wake it?
    fn is_settled(&self) -> bool;

    /// Ends the sentence "this thread waits …".
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// Suspends the running green thread until it is there.
pub(crate) fn suspend<A: Attempt>(attempt: A) -> impl Future<Output = A::Output> {
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

/// Blocks this OS thread until it is there, for at most `limit`. A limit longer than the clock
/// reaches never ends.
///
/// # Panics
///
/// In a green thread.
#[track_caller]
pub(super) fn block_for<A: Attempt>(attempt: A, limit: Duration) -> Result<A::Output, Timeout> {
    block_until(attempt, Instant::now().checked_add(limit)).ok_or(Timeout::after(limit))
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
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        if let Some(output) = attempt.attempt(&waker) {
            return Some(output);
        }
        // Woken since, or just after, it comes back at once. Coming back for nothing does no harm.
        let Some(deadline) = deadline else {
            thread::park();
            continue;
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        thread::park_timeout(left);
    }
}

/// Wakes an OS thread that waits here.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Wakes each, outside of every lock.
pub(crate) fn wake_all(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}
