//! Limits on how long a call may take. eventlet's and gevent's `timeout`.

mod deadline;
mod limited;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::call::Green;
use crate::call::{GreenCall, MakesGreenCall};
use crate::green;
use limited::Limited;

pub use deadline::Deadline;

/// The error of a call that took too long.
///
/// It belongs to one [`with_timeout`] or [`Deadline::limit`]: nested ones are told apart by where
/// they stand in the result's type, so that none can be taken for another. It converts into an
/// [`io::Error`](std::io::Error) of kind `TimedOut`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout {
    limit: Duration,
}

impl Timeout {
    /// That a limit was over, of somebody who measured it without [`with_timeout`].
    pub(crate) fn after(limit: Duration) -> Self {
        Timeout { limit }
    }

    /// The limit that was exceeded.
    pub fn limit(&self) -> Duration {
        self.limit
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "timed out after {:?}", self.limit)
    }
}

impl std::error::Error for Timeout {}

impl From<Timeout> for std::io::Error {
    fn from(timeout: Timeout) -> Self {
        std::io::Error::new(std::io::ErrorKind::TimedOut, timeout)
    }
}

/// Makes the call that `f` makes, for at most `limit`. Suspends while the call does.
///
/// The call is driven in place, in the same green thread, so it may borrow. When the limit is over
/// and the call still waits, the call is dropped where it stands (its destructors run first) and
/// the answer is `Err(Timeout)`. A call whose data has arrived by then wins: it is asked before the
/// clock is. Of nested limits that are over together the earliest comes out, and of equal ones the
/// outermost.
///
/// Code that computes is not interrupted: the limit is noticed where the call suspends. A limit of
/// zero lets the call run up to its first suspension.
///
/// The time runs from when this is called, computing included. A limit longer than the clock
/// reaches never ends.
///
/// Several calls can have one limit together: [`Deadline`].
///
/// # Cancel safety
///
/// What a call can lose when it is dropped is said in its own documentation; a kill loses the same.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, sleep, with_timeout};
///
/// #[green]
/// fn slow() -> u32 {
///     sleep(Duration::from_secs(3600));
///     1
/// }
///
/// #[green]
/// fn main() {
///     let answer = with_timeout(Duration::from_millis(10), slow);
///     assert_eq!(answer.unwrap_err().to_string(), "timed out after 10ms");
/// }
/// ```
///
/// eventlet's `with Timeout(limit)` and `with_timeout`; an error instead of an exception that is
/// thrown in.
#[doc(alias = "fail_after")]
#[green(by_hand = "it drives what it is given")]
pub fn with_timeout<F, G, T>(limit: Duration, f: F) -> Green<impl Future<Output = Result<T, Timeout>>>
where
    F: MakesGreenCall<G>,
    G: GreenCall<Value = T>,
    G::Value: Sized,
{
    Green::new(async move { Limited::from_now(f(), limit).await })
}

/// Like [`with_timeout`], with a value in place of the error. Suspends while the call does.
///
/// # Cancel safety
///
/// As in [`with_timeout`]; the value in place of the error is dropped if it is not needed.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, sleep, with_timeout_value};
///
/// #[green]
/// fn main() {
///     let answer = with_timeout_value(Duration::from_millis(1), || sleep(Duration::MAX), ());
///     assert_eq!(answer, ());
/// }
/// ```
///
/// eventlet's `with_timeout(…, timeout_value=…)`.
#[doc(alias = "move_on_after")]
#[green(by_hand = "it drives what it is given")]
pub fn with_timeout_value<F, G, T>(limit: Duration, f: F, default: T) -> Green<impl Future<Output = T>>
where
    F: MakesGreenCall<G>,
    G: GreenCall<Value = T>,
    G::Value: Sized,
{
    Green::new(async move { with_timeout(limit, f).await.unwrap_or(default) })
}
