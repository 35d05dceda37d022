//! A value that is sent once, to every OS thread.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::task::Waker;
use std::time::Duration;

use super::line::{Line, Ticket};
use super::wait::{Attempt, block, block_for, suspend, wake_all};
use crate::call::Green;
use crate::loom::{Mutex, MutexGuard, OnceLock};
use crate::same::same_object;
use crate::timeout::{Timeout, with_timeout};

/// A value that is sent once, and that any number of green threads and OS threads wait for. Clones are handles on one
/// event, for any OS thread.
///
/// Each waiter gets a clone of the value, in the order in which they began to wait. What a waiter gets is the value
/// that was sent while it waited, even if the event was [`reset`](Self::reset) and sent again before it ran.
///
/// The `Send` counterpart of [`Event`](crate::Event), with the same meanings.
///
/// # Examples
///
/// ```
/// use eventlet::{green, sync::Event};
///
/// #[green]
/// fn main() {
///     let ready = Event::new();
///     let there = ready.clone();
///     let worker = std::thread::spawn(move || there.send("done"));
///     assert_eq!(ready.wait(), "done"); // suspends this green thread
///     worker.join().unwrap();
/// }
/// ```
pub struct Event<T = ()> {
    round: Arc<Mutex<Arc<Round<T>>>>,
}

/// From one reset to the next.
struct Round<T> {
    value: OnceLock<T>,
    line: Mutex<Line>,
}

impl<T> Event<T> {
    /// An event that has not been sent.
    pub fn new() -> Self {
        Event { round: Arc::new(Mutex::new(Arc::new(Round::new()))) }
    }

    /// Sends the value: every waiter is woken. Does not wait.
    ///
    /// # Panics
    ///
    /// If the event was sent already. [`try_send`](Self::try_send) has that as a value.
    #[track_caller]
    pub fn send(&self, value: T) {
        if self.try_send(value).is_err() {
            panic!("the event was sent already\nhelp: `reset` it before it is sent again");
        }
    }

    /// Sends the value, unless the event was sent already. Does not wait.
    ///
    /// # Errors
    ///
    /// The value comes back; the first one stays.
    pub fn try_send(&self, value: T) -> Result<(), T> {
        let round = self.round();
        round.value.set(value)?;
        let waiters = round.line().call_for(usize::MAX);
        wake_all(waiters);
        Ok(())
    }

    /// Was it sent? [`wait`](Self::wait) does not suspend then.
    pub fn ready(&self) -> bool {
        self.round().value.get().is_some()
    }

    /// Makes a sent event like new, and says whether it was sent. Does not wait.
    ///
    /// One that was not sent stays as it is, so that nobody who waits is forgotten. Waiters that were woken and have
    /// not run yet get the value that was sent.
    pub fn reset(&self) -> bool {
        let mut round = lock(&self.round);
        if round.value.get().is_none() {
            return false;
        }
        let old = std::mem::replace(&mut *round, Arc::new(Round::new()));
        drop(round);
        // The value may go here, when nothing is locked.
        drop(old);
        true
    }

    /// How many wait, on all OS threads.
    pub fn waiting(&self) -> usize {
        self.round().line().len()
    }

    fn round(&self) -> Arc<Round<T>> {
        lock(&self.round).clone()
    }
}

impl<T: Clone> Event<T> {
    /// Waits for the value. Suspends until it is sent; not at all if it has been.
    ///
    /// A kill or timeout here loses nothing: the value stays for the others.
    pub fn wait(&self) -> Green<impl Future<Output = T>> {
        Green::new(async move {
            let round = self.round();
            suspend(Sent { round: &round, ticket: None }).await;
            round.sent().clone()
        })
    }

    /// Like [`wait`](Self::wait), for at most `limit`.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    pub fn wait_timeout(&self, limit: Duration) -> Green<impl Future<Output = Result<T, Timeout>>> {
        Green::new(async move { with_timeout(limit, || self.wait()).await })
    }

    /// Waits for the value on an OS thread that runs no green threads, which blocks.
    ///
    /// # Panics
    ///
    /// In a green thread, which would stop all others: [`wait`](Self::wait) is for those.
    #[track_caller]
    pub fn wait_blocking(&self) -> T {
        let round = self.round();
        block(Sent { round: &round, ticket: None });
        round.sent().clone()
    }

    /// Like [`wait_blocking`](Self::wait_blocking), for at most `limit`; `None` when it is over first.
    ///
    /// # Panics
    ///
    /// As there.
    #[track_caller]
    pub fn wait_timeout_blocking(&self, limit: Duration) -> Option<T> {
        let round = self.round();
        block_for(Sent { round: &round, ticket: None }, limit)?;
        Some(round.sent().clone())
    }

    /// The value, if it was sent. Does not wait.
    pub fn poll(&self) -> Option<T> {
        self.round().value.get().cloned()
    }
}

impl<T> Clone for Event<T> {
    fn clone(&self) -> Self {
        Event { round: self.round.clone() }
    }
}

impl<T> Default for Event<T> {
    fn default() -> Self {
        Self::new()
    }
}

same_object!(impl[T] Event<T>, |event| &*event.round);

impl<T> fmt::Debug for Event<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("ready", &self.ready()).field("waiting", &self.waiting()).finish()
    }
}

impl<T> Round<T> {
    fn new() -> Self {
        Round { value: OnceLock::new(), line: Mutex::default() }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        lock(&self.line)
    }

    fn sent(&self) -> &T {
        self.value.get().expect("a wait for a value ends when it was sent")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it holds one of these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until the value of a round is there.
struct Sent<'a, T> {
    round: &'a Round<T>,
    ticket: Option<Ticket>,
}

impl<T> Attempt for Sent<'_, T> {
    type Output = ();

    fn attempt(&mut self, waker: &Waker) -> Option<()> {
        let waker = waker.clone();
        let mut line = self.round.line();
        // Looked at under the lock: who sends takes it after the value is there.
        if self.round.value.get().is_some() {
            drop(line);
            return Some(());
        }
        let unused = match self.ticket {
            Some(ticket) => line.renew(ticket, waker),
            None => {
                self.ticket = Some(line.join(waker));
                None
            }
        };
        drop(line);
        drop(unused);
        None
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for an event that any OS thread may send")
    }
}

impl<T> Drop for Sent<'_, T> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let unused = self.round.line().leave(ticket);
            drop(unused);
        }
    }
}
