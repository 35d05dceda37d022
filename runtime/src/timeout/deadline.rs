//! One limit for several calls.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use super::Timeout;
use super::limited::Limited;
use crate::call::Green;
use crate::call::{GreenCall, MakesGreenCall};
use crate::green;
use crate::hub::current;

/// A time by which several calls have to be done, all together.
///
/// It begins when it is made, and each call under it has what the earlier ones have left. It is a
/// value and no timer: it interrupts nothing but the calls that are made through
/// [`limit`](Self::limit), costs nothing while there is none, and may be copied, kept, handed on
/// and forgotten.
///
/// It is measured on the clock of the hub on which it was made, and stays on that OS thread.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::{Deadline, Timeout, green, sleep};
///
/// #[green]
/// fn ask(question: &str) -> usize {
///     sleep(Duration::from_millis(1));
///     question.len()
/// }
///
/// #[green]
/// fn interview() -> Result<usize, Timeout> {
///     let deadline = Deadline::after(Duration::from_secs(5));
///     let first = deadline.limit(|| ask("who?"))?;
///     let second = deadline.limit(|| ask("why?"))?;
///     Ok(first + second)
/// }
///
/// #[green]
/// fn main() {
///     assert_eq!(interview(), Ok(8));
/// }
/// ```
///
/// eventlet's and gevent's `Timeout` that is started once and cancelled after many calls; this one
/// cannot be left running by accident.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    limit: Duration,
    /// By the hub's clock; the greatest is never.
    at: Duration,
    /// The clock is that of one hub.
    _of_one_hub: PhantomData<Rc<()>>,
}

impl Deadline {
    /// Begins now, and is over after `limit`; one that is longer than the clock reaches is never
    /// over. Does not suspend.
    ///
    /// eventlet's and gevent's `Timeout(seconds)`, `Timeout.start_new`.
    pub fn after(limit: Duration) -> Self {
        Deadline { limit, at: current::with(|hub| hub.deadline_in(limit)), _of_one_hub: PhantomData }
    }

    /// Is never over.
    ///
    /// eventlet's and gevent's `Timeout(None)`.
    pub fn never() -> Self {
        Deadline { limit: Duration::MAX, at: NEVER, _of_one_hub: PhantomData }
    }

    /// Makes the call that `f` makes, until the deadline at most. Suspends while the call does.
    ///
    /// It is [`with_timeout`](crate::with_timeout) with the time that is left: the call is driven
    /// in place, may borrow, wins if its data has arrived by then, and is dropped where it stands
    /// otherwise. Once the deadline is over a call still runs up to its first suspension, and one
    /// that does not suspend gives its value.
    ///
    /// # Cancel safety
    ///
    /// What a call can lose when it is dropped is said in its own documentation; a kill loses the
    /// same.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the deadline is over first. It tells the limit of the whole, not what this
    /// call had left of it.
    #[green(by_hand = "it drives what it is given")]
    pub fn limit<F, G, T>(self, f: F) -> Green<impl Future<Output = Result<T, Timeout>>>
    where
        F: MakesGreenCall<G>,
        G: GreenCall<Value = T>,
        G::Value: Sized,
    {
        Green::new(async move { Limited::until(f(), self.limit, self.at).await })
    }

    /// How much time is left: zero once it is over, `None` if it is [never](Self::never). Does not
    /// suspend.
    pub fn remaining(&self) -> Option<Duration> {
        (self.at != NEVER).then(|| self.at.saturating_sub(current::with(|hub| hub.now())))
    }

    /// Is no time left? Does not suspend.
    ///
    /// For a computation that wants to stop by itself: a limit interrupts nothing that does not
    /// suspend.
    pub fn is_over(&self) -> bool {
        self.remaining() == Some(Duration::ZERO)
    }
}

/// What the hub's clock does not reach.
const NEVER: Duration = Duration::MAX;

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deadline").field("limit", &self.limit).field("at", &self.at).finish()
    }
}
