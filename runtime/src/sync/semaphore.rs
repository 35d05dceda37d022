//! A number of permits, for every OS thread.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::task::Waker;
use std::time::Duration;

use super::line::{Line, Ticket};
use super::wait::{Attempt, block, block_for, suspend, wake_all};
use crate::call::Green;
use crate::loom::{Mutex, MutexGuard};
use crate::same::same_object;
use crate::timeout::{Timeout, with_timeout};

/// So many permits, taken and given back by green threads and OS threads. Clones are handles on one semaphore, for any
/// OS thread.
///
/// Permits go to those who wait in the order in which they came; nobody who comes later takes one before them.
///
/// The `Send` counterpart of [`Semaphore`](crate::Semaphore).
///
/// # Examples
///
/// ```
/// use eventlet::{green, sync::Semaphore};
///
/// #[green]
/// fn main() {
///     let slots = Semaphore::new(1);
///     let permit = slots.acquire();
///     let worker = std::thread::spawn({
///         let slots = slots.clone();
///         move || drop(slots.acquire_blocking()) // blocks that OS thread
///     });
///     drop(permit);
///     worker.join().unwrap();
///     assert_eq!(slots.available(), 1);
/// }
/// ```
#[derive(Clone)]
pub struct Semaphore {
    shared: Arc<Mutex<State>>,
}

struct State {
    /// Permits that nobody has, those included that a waiter was called for.
    count: usize,
    line: Line,
}

/// A permit of a [`Semaphore`], given back when it is dropped, on whatever OS thread.
#[must_use = "the permit is given back when it is dropped"]
pub struct Permit {
    /// `None` once it is forgotten.
    semaphore: Option<Semaphore>,
}

impl Semaphore {
    /// A semaphore with so many permits.
    pub fn new(count: usize) -> Self {
        Semaphore { shared: Arc::new(Mutex::new(State { count, line: Line::default() })) }
    }

    /// Takes a permit. Suspends until there is one for this thread; not at all if there is.
    ///
    /// A kill or timeout here takes none: if one was meant for this thread already, the next in line has it.
    pub fn acquire(&self) -> Green<impl Future<Output = Permit>> {
        Green::new(async move { suspend(Acquire { semaphore: self, ticket: None }).await })
    }

    /// Like [`acquire`](Self::acquire), for at most `limit`.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    pub fn acquire_timeout(&self, limit: Duration) -> Green<impl Future<Output = Result<Permit, Timeout>>> {
        Green::new(async move { with_timeout(limit, || self.acquire()).await })
    }

    /// Takes a permit on an OS thread that runs no green threads, which blocks until there is one.
    ///
    /// # Panics
    ///
    /// In a green thread, which would stop all others: [`acquire`](Self::acquire) is for those.
    #[track_caller]
    pub fn acquire_blocking(&self) -> Permit {
        block(Acquire { semaphore: self, ticket: None })
    }

    /// Like [`acquire_blocking`](Self::acquire_blocking), for at most `limit`; `None` when it is over first.
    ///
    /// # Panics
    ///
    /// As there.
    #[track_caller]
    pub fn acquire_timeout_blocking(&self, limit: Duration) -> Option<Permit> {
        block_for(Acquire { semaphore: self, ticket: None }, limit)
    }

    /// Takes a permit if there is one that nobody waits for. Does not wait.
    pub fn try_acquire(&self) -> Option<Permit> {
        let mut state = self.state();
        state.take_free().then(|| self.permit())
    }

    /// Adds permits. Does not wait.
    ///
    /// # Panics
    ///
    /// If there would be more than a `usize` counts.
    #[track_caller]
    pub fn add_permits(&self, count: usize) {
        let mut state = self.state();
        match state.count.checked_add(count) {
            Some(sum) => state.count = sum,
            None => {
                drop(state);
                panic!("a semaphore counts no further than `usize::MAX`");
            }
        }
        self.wake(state);
    }

    /// How many permits nobody has or waits for.
    pub fn available(&self) -> usize {
        self.state().available()
    }

    /// How many wait, on all OS threads.
    pub fn waiting(&self) -> usize {
        self.state().line.len()
    }

    fn permit(&self) -> Permit {
        Permit { semaphore: Some(self.clone()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds this lock.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls those for whom there are permits.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let count = state.count;
        let called = state.line.call_for(count);
        drop(state);
        wake_all(called);
    }
}

impl Permit {
    /// Keeps the permit for good: the semaphore has one less from now on.
    pub fn forget(mut self) {
        self.semaphore = None;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(semaphore) = &self.semaphore {
            let mut state = semaphore.state();
            state.count += 1;
            semaphore.wake(state);
        }
    }
}

impl State {
    fn available(&self) -> usize {
        self.count - self.line.notified()
    }

    /// Takes a permit that is meant for nobody else.
    fn take_free(&mut self) -> bool {
        let is_free = self.available() > 0;
        if is_free {
            self.count -= 1;
        }
        is_free
    }
}

same_object!(impl[] Semaphore, |semaphore| &*semaphore.shared);

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Semaphore")
            .field("available", &state.available())
            .field("waiting", &state.line.len())
            .finish()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// Waits for a permit.
struct Acquire<'a> {
    semaphore: &'a Semaphore,
    ticket: Option<Ticket>,
}

impl Attempt for Acquire<'_> {
    type Output = Permit;

    fn attempt(&mut self, waker: &Waker) -> Option<Permit> {
        let waker = waker.clone();
        let mut state = self.semaphore.state();
        let unused = match self.ticket {
            // Whoever waits has been called for all that is there, so what is free is free for anybody.
            None if state.take_free() => {
                drop(state);
                return Some(self.semaphore.permit());
            }
            None => {
                self.ticket = Some(state.line.join(waker));
                return None;
            }
            Some(ticket) if state.line.is_notified(ticket) => {
                self.ticket = None;
                state.count -= 1;
                state.line.leave(ticket)
            }
            Some(ticket) => {
                let unused = state.line.renew(ticket, waker);
                drop(state);
                drop(unused);
                return None;
            }
        };
        drop(state);
        drop(unused);
        Some(self.semaphore.permit())
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for a permit that any OS thread may give back")
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let mut state = self.semaphore.state();
            let unused = state.line.leave(ticket);
            // If it had been called, the next one is.
            self.semaphore.wake(state);
            drop(unused);
        }
    }
}
