//! A value that is sent once, to every OS thread.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::task::Waker;
use std::time::Duration;

use super::line::{Line, Ticket};
use super::wait::{Attempt, block, block_for, suspend, wake_all};
use crate::call::Green;
use crate::green;
use crate::greenthread::{GreenThread, spawn};
use crate::hub::same::same_object;
use crate::loom::{Mutex, MutexGuard, OnceLock};
use crate::timeout::{Timeout, with_timeout};

/// A value that is sent once, and that any number of green threads and OS threads wait for. Clones
/// are handles on one event, for any OS thread.
///
/// Each waiter gets a clone of the value, in the order in which they began to wait. What a waiter
/// gets is the value that was sent while it waited, even if the event was [`reset`](Self::reset)
/// and sent again before it ran.
///
/// An error is sent like any other value: in an `Event<Result<T, E>>`, which has
/// [`send_exception`](Self::send_exception) as well, `event.wait()?` raises what was sent to every
/// waiter.
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
            panic!(
                "the event was sent already\nhelp: `reset` it before it is sent again, or `set` its value anew"
            );
        }
    }

    /// Sends the value, unless the event was sent already. Does not wait.
    ///
    /// # Errors
    ///
    /// The value comes back; the first one stays.
    pub fn try_send(&self, value: T) -> Result<(), T> {
        self.round().send(value)
    }

    /// Sends the value, in the place of an earlier one if there is one. Does not wait.
    ///
    /// Waiters that an earlier value woke, and that have not run since, still get that one.
    pub fn set(&self, value: T) {
        let mut round = lock(&self.round);
        let old = match round.value.set(value) {
            Ok(()) => {
                let sent = round.clone();
                drop(round);
                return sent.wake();
            }
            // Nobody can wait in the new round before it is there, with its value.
            Err(value) => std::mem::replace(&mut *round, Arc::new(Round::sent_already(value))),
        };
        drop(round);
        // The value may go here, when nothing is locked.
        drop(old);
    }

    /// Was it sent? [`wait`](Self::wait) does not suspend then.
    pub fn is_ready(&self) -> bool {
        self.round().value.get().is_some()
    }

    /// eventlet's word for [`is_ready`](Self::is_ready).
    pub fn ready(&self) -> bool {
        self.is_ready()
    }

    /// Makes a sent event like new. Does not wait.
    ///
    /// Waiters that were woken and have not run yet get the value that was sent.
    ///
    /// # Panics
    ///
    /// If it was not sent: whoever waits for it would be forgotten. [`try_reset`](Self::try_reset)
    /// has that as a value.
    #[track_caller]
    pub fn reset(&self) {
        assert!(self.try_reset(), "an event that was not sent cannot be reset");
    }

    /// Makes a sent event like new, and says whether it was sent. Does not wait.
    ///
    /// One that was not sent stays as it is, with those who wait for it.
    pub fn try_reset(&self) -> bool {
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
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the value stays for the others.
    #[green(by_hand = "a wait, and little else")]
    pub fn wait(&self) -> Green<impl Future<Output = T>> {
        Green::new(async move {
            let round = self.round();
            suspend(Sent { round: &round, ticket: None }).await;
            round.sent().clone()
        })
    }

    /// Like [`wait`](Self::wait), for at most `limit`.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the value stays for the others.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    #[green(by_hand = "a wait, and little else")]
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

    /// Like [`wait_blocking`](Self::wait_blocking), for at most `limit`.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    ///
    /// # Panics
    ///
    /// As there.
    #[track_caller]
    pub fn wait_timeout_blocking(&self, limit: Duration) -> Result<T, Timeout> {
        let round = self.round();
        block_for(Sent { round: &round, ticket: None }, limit)?;
        Ok(round.sent().clone())
    }

    /// The value, if it was sent. Does not wait.
    pub fn poll(&self) -> Option<T> {
        self.round().value.get().cloned()
    }

    /// Calls `f` with the value when it is sent, in a green thread of its own on the hub of this OS
    /// thread. Does not wait.
    ///
    /// Links run in the order in which they were made, among the other waiters of this hub. Killing
    /// the thread that comes back undoes the link; dropping the handle does not.
    pub fn link(&self, f: impl FnOnce(T) + 'static) -> GreenThread<()>
    where
        T: 'static,
    {
        let round = self.round();
        spawn(move || async move {
            suspend(Sent { round: &round, ticket: None }).await;
            f(round.sent().clone());
        })
    }
}

/// An event that may bring an error.
impl<T, E> Event<Result<T, E>> {
    /// Sends an error to every waiter, present and future. Does not wait.
    ///
    /// # Panics
    ///
    /// As [`send`](Self::send).
    #[doc(alias = "set_error")]
    #[track_caller]
    pub fn send_exception(&self, error: E) {
        self.send(Err(error));
    }

    /// Was a value sent, and not an error?
    pub fn has_result(&self) -> bool {
        self.round().value.get().is_some_and(Result::is_ok)
    }

    /// Was an error sent?
    pub fn has_exception(&self) -> bool {
        self.round().value.get().is_some_and(Result::is_err)
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

    fn sent_already(value: T) -> Self {
        let round = Round::new();
        // The round is new: it has no value.
        let _ = round.value.set(value);
        round
    }

    /// Sends the value, or gives it back if there is one.
    fn send(&self, value: T) -> Result<(), T> {
        self.value.set(value)?;
        self.wake();
        Ok(())
    }

    /// Wakes everybody who waits for the value, which is there.
    fn wake(&self) {
        let waiters = self.line().notify_for(usize::MAX);
        wake_all(waiters);
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
        let unused = line.wait(&mut self.ticket, waker);
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
            let unused = self.round.line().dequeue(ticket);
            drop(unused);
        }
    }
}
