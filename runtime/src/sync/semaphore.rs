//! A number of permits, for every OS thread.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::task::Waker;
use std::time::Duration;

use super::line::{Line, Ticket};
use super::wait::{Attempt, block, block_for, suspend, wake_all};
use crate::call::Green;
use crate::green;
use crate::hub::same::same_object;
use crate::loom::{Mutex, MutexGuard};
use crate::timeout::{Timeout, with_timeout};

/// So many permits, taken and given back by green threads and OS threads. Clones are handles on one
/// semaphore, for any OS thread.
///
/// [`acquire`](Self::acquire) is first come, first served: whoever finds others waiting queues
/// behind them, even if a permit is free that the first of them has not taken yet; it takes at once
/// what is left over. Only [`try_acquire`](Self::try_acquire), which cannot wait, may take it
/// before; the one that was to have it keeps its place.
///
/// The `Send` counterpart of [`Semaphore`](crate::Semaphore), with the same meanings.
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

/// At all times as many in line are notified as there are permits, or all of them.
struct State {
    free: usize,
    line: Line,
}

/// A permit of a [`Semaphore`]. Dropping it, on whatever OS thread, gives it back, and wakes the
/// first in line.
#[must_use = "a permit that is not kept is given back at once; `forget` keeps it taken"]
#[derive(Debug)]
pub struct Permit {
    /// `None` once it is forgotten.
    semaphore: Option<Semaphore>,
}

impl Semaphore {
    /// A semaphore with so many permits; zero is a number as well.
    pub fn new(permits: usize) -> Self {
        Semaphore { shared: Arc::new(Mutex::new(State { free: permits, line: Line::default() })) }
    }

    /// Takes a permit. Suspends until there is one for this thread; not at all if there is.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here takes none: if one was meant for this thread already, the next in
    /// line has it.
    #[green(by_hand = "a wait, and little else")]
    pub fn acquire(&self) -> Green<impl Future<Output = Permit>> {
        Green::new(async move { suspend(Acquire { semaphore: self, ticket: None }).await })
    }

    /// Like [`acquire`](Self::acquire), for at most `limit`.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here takes none: if one was meant for this thread already, the next in
    /// line has it.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    #[green(by_hand = "a wait, and little else")]
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

    /// Like [`acquire_blocking`](Self::acquire_blocking), for at most `limit`.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    ///
    /// # Panics
    ///
    /// As there.
    #[track_caller]
    pub fn acquire_timeout_blocking(&self, limit: Duration) -> Result<Permit, Timeout> {
        block_for(Acquire { semaphore: self, ticket: None }, limit)
    }

    /// Takes a permit if one is free, even if others wait for it. Does not wait.
    pub fn try_acquire(&self) -> Option<Permit> {
        let mut state = self.state();
        let left = state.free.checked_sub(1)?;
        state.free = left;
        state.line.revoke_beyond(left);
        drop(state);
        Some(self.permit())
    }

    /// Waits until a permit is free, and leaves it there. Suspends until then; not at all if one
    /// is.
    ///
    /// Gives the number of free permits, which may be zero: the next in line may have been notified
    /// for it.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(by_hand = "a wait, and little else")]
    pub fn wait(&self) -> Green<impl Future<Output = usize>> {
        Green::new(async move {
            drop(suspend(Acquire { semaphore: self, ticket: None }).await);
            self.state().unclaimed()
        })
    }

    /// Waits until a permit is free, as [`wait`](Self::wait), on an OS thread that runs no green
    /// threads, which blocks.
    ///
    /// # Panics
    ///
    /// In a green thread, which would stop all others.
    #[track_caller]
    pub fn wait_blocking(&self) -> usize {
        drop(self.acquire_blocking());
        self.state().unclaimed()
    }

    /// Adds a permit, and wakes the first in line. Does not wait.
    ///
    /// It pairs with [`Permit::forget`]; a permit that is dropped is given back already.
    ///
    /// # Panics
    ///
    /// If more permits are free then than a `usize` counts.
    #[track_caller]
    pub fn release(&self) {
        let is_counted = self.give_back();
        assert!(is_counted, "the semaphore was released more often than it was acquired");
    }

    /// How many permits are free, those included for which a waiter in line was notified that has
    /// not run yet.
    #[doc(alias = "counter")]
    pub fn available(&self) -> usize {
        self.state().free
    }

    /// Is no permit free?
    pub fn is_locked(&self) -> bool {
        self.available() == 0
    }

    /// eventlet's word for [`is_locked`](Self::is_locked).
    pub fn locked(&self) -> bool {
        self.is_locked()
    }

    /// How many are in line, on all OS threads.
    pub fn waiting(&self) -> usize {
        self.state().waiting()
    }

    /// The free permits less those in line: below zero it says how many wait.
    pub fn balance(&self) -> isize {
        let state = self.state();
        isize::try_from(state.free).unwrap_or(isize::MAX).saturating_sub_unsigned(state.waiting())
    }

    /// Returns `false` if that is one more than can be counted.
    fn give_back(&self) -> bool {
        let mut state = self.state();
        let Some(free) = state.free.checked_add(1) else { return false };
        state.free = free;
        self.wake(state);
        true
    }

    fn permit(&self) -> Permit {
        Permit { semaphore: Some(self.clone()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds this lock.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notifies those for whom there are permits.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let free = state.free;
        let notified = state.line.notify_for(free);
        drop(state);
        wake_all(notified);
    }
}

impl Permit {
    /// Keeps the permit taken. [`Semaphore::release`] adds one again, from wherever it is called.
    pub fn forget(mut self) {
        self.semaphore = None;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(semaphore) = &self.semaphore {
            semaphore.give_back();
        }
    }
}

impl State {
    /// How many are free and nobody was notified for.
    fn unclaimed(&self) -> usize {
        self.free - self.line.notified()
    }

    /// How many are in line, those included who were notified and have not run yet.
    fn waiting(&self) -> usize {
        self.line.len() + self.line.notified()
    }
}

impl Default for Semaphore {
    /// With one permit.
    fn default() -> Self {
        Self::new(1)
    }
}

same_object!(impl[] Semaphore, |semaphore| &*semaphore.shared);

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Semaphore")
            .field("available", &state.free)
            .field("waiting", &state.waiting())
            .finish()
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
            // Those in line go first, notified or not.
            None if state.unclaimed() > 0 => {
                state.free -= 1;
                None
            }
            Some(ticket) if state.line.is_notified(ticket) => {
                self.ticket = None;
                state.free -= 1;
                state.line.dequeue(ticket)
            }
            _ => {
                let unused = state.line.wait(&mut self.ticket, waker);
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
            let unused = state.line.dequeue(ticket);
            // If it had been notified, the next one is.
            self.semaphore.wake(state);
            drop(unused);
        }
    }
}
