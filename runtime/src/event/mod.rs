//! Values that threads wait for: sent once, seen by everybody. eventlet's and gevent's `event`.
//!
//! An [`Event`] carries a value; a [`Flag`] is only up or down. A
//! [`Metaphore`](crate::coros::Metaphore) counts down to one.

mod flag;
pub(crate) mod metaphore;

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use crate::call::Green;
use crate::green;
use crate::greenthread::{GreenThread, spawn};
use crate::hub::same::same_object;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::wait_queue::{Queued, WaitList};
use crate::hub::wake_all;
use crate::timeout::{Timeout, with_timeout};

pub use flag::Flag;

/// A value that is sent once, and that any number of threads wait for. Clones are handles on one
/// event.
///
/// Each waiter gets a clone of the value, in the order in which they began to wait. What a waiter
/// gets is the value that was sent while it waited, even if the event was [`reset`](Self::reset)
/// and sent again before it ran.
///
/// An error is sent like any other value: in an `Event<Result<T, E>>`, which has
/// [`send_exception`](Self::send_exception) as well, `event.wait()?` raises what was sent to every
/// waiter.
///
/// # Examples
///
/// ```
/// use eventlet::{Event, green, spawn};
///
/// #[green]
/// fn baseball(ready: Event<&'static str>) -> usize {
///     ready.wait().len()
/// }
///
/// #[green]
/// fn main() {
///     let ready = Event::new();
///     let catcher = spawn({
///         let ready = ready.clone();
///         move || baseball(ready)
///     });
///     ready.send("curve");
///     assert_eq!(catcher.wait(), 5);
/// }
/// ```
///
/// eventlet's `Event` and, with [`set`](Self::set) and [`link`](Self::link), gevent's
/// `AsyncResult`.
#[doc(alias = "AsyncResult")]
pub struct Event<T = ()> {
    round: Rc<RefCell<Rc<Round<T>>>>,
}

/// From one reset to the next: one value, and those who wait for it.
struct Round<T> {
    value: OnceCell<T>,
    line: RefCell<WaitList>,
}

impl<T> Event<T> {
    /// An event that has not been sent.
    pub fn new() -> Self {
        Event { round: Rc::new(RefCell::new(Rc::new(Round::new()))) }
    }

    /// Sends the value: every waiter is woken. Does not suspend.
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

    /// Sends the value, unless the event was sent already. Does not suspend.
    ///
    /// # Errors
    ///
    /// The value comes back; the first one stays.
    pub fn try_send(&self, value: T) -> Result<(), T> {
        let round = self.round();
        round.value.set(value)?;
        let waiters = round.line.borrow_mut().notify_all();
        wake_all(waiters);
        Ok(())
    }

    /// Sends the value, in the place of an earlier one if there is one. Does not suspend.
    ///
    /// Waiters that an earlier value woke, and that have not run since, still get that one.
    /// gevent's `AsyncResult.set`.
    pub fn set(&self, value: T) {
        if let Err(value) = self.try_send(value) {
            let old = self.round.replace(Rc::new(Round { value: OnceCell::from(value), ..Round::new() }));
            // The earlier value goes when the new one is there, since its destructor is anybody's
            // code.
            drop(old);
        }
    }

    /// Was it sent? [`wait`](Self::wait) does not suspend then.
    pub fn is_ready(&self) -> bool {
        self.round.borrow().value.get().is_some()
    }

    /// eventlet's word for [`is_ready`](Self::is_ready).
    pub fn ready(&self) -> bool {
        self.is_ready()
    }

    /// Makes a sent event like new. Does not suspend.
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

    /// Makes a sent event like new, and says whether it was sent. Does not suspend.
    ///
    /// One that was not sent stays as it is, with those who wait for it.
    pub fn try_reset(&self) -> bool {
        let was_sent = self.is_ready();
        if was_sent {
            self.renew();
        }
        was_sent
    }

    /// How many threads wait.
    pub fn waiting(&self) -> usize {
        self.round().line.borrow().len()
    }

    fn renew(&self) {
        let old = self.round.replace(Rc::new(Round::new()));
        // The value may go here, when nothing is borrowed.
        drop(old);
    }

    fn round(&self) -> Rc<Round<T>> {
        self.round.borrow().clone()
    }
}

impl<T: Clone> Event<T> {
    /// Waits for the value. Suspends until it is sent; not at all if it has been. gevent's
    /// `AsyncResult.get`.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the value stays for the others.
    #[doc(alias = "get")]
    #[green(by_hand = "a wait, and little else")]
    pub fn wait(&self) -> Green<impl Future<Output = T>> {
        Green::new(async move {
            let round = self.round();
            until(Sent::of(&round)).await;
            round.sent().clone()
        })
    }

    /// Waits for the value, for at most `limit`. Suspends until it is sent; not at all if it has
    /// been.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the value stays for the others.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first. Unlike eventlet's `None` it cannot be taken for a
    /// value.
    #[green(by_hand = "a wait, and little else")]
    pub fn wait_timeout(&self, limit: Duration) -> Green<impl Future<Output = Result<T, Timeout>>> {
        Green::new(async move {
            let round = self.round();
            with_timeout(limit, || until(Sent::of(&round))).await?;
            Ok(round.sent().clone())
        })
    }

    /// The value, if it was sent. Does not suspend.
    pub fn poll(&self) -> Option<T> {
        self.round().value.get().cloned()
    }

    /// Calls `f` with the value when it is sent, in a green thread of its own. Does not suspend.
    ///
    /// Links run in the order in which they were made, among the other waiters. Killing the thread
    /// that comes back undoes the link; dropping the handle does not. eventlet has no such thing,
    /// gevent calls it `rawlink`.
    pub fn link(&self, f: impl FnOnce(T) + 'static) -> GreenThread<()>
    where
        T: 'static,
    {
        let round = self.round();
        spawn(move || async move {
            until(Sent::of(&round)).await;
            f(round.sent().clone());
        })
    }
}

/// An event that may bring an error.
impl<T, E> Event<Result<T, E>> {
    /// Sends an error to every waiter, present and future. Does not suspend. gevent's
    /// `set_exception` is `set(Err(error))`.
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
        Round { value: OnceCell::new(), line: RefCell::default() }
    }

    fn sent(&self) -> &T {
        self.value.get().expect("a wait for a value ends when it was sent")
    }
}

/// Waits until the value of a round is there.
struct Sent<'a, T> {
    round: &'a Round<T>,
    place: Queued<&'a RefCell<WaitList>>,
}

impl<'a, T> Sent<'a, T> {
    fn of(round: &'a Round<T>) -> Self {
        Sent { round, place: Queued::new(&round.line) }
    }
}

impl<T> Wait for Sent<'_, T> {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        if self.round.value.get().is_some() {
            return Some(());
        }
        self.place.wait(waiting);
        None
    }

    fn is_settled(&self) -> bool {
        self.place.is_in_line()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for an event to be sent ({} waiting)", self.round.line.borrow().len())
    }
}
