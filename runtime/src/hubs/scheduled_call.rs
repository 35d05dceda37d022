//! Ordinary closures that the hub calls at a time.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::greenthread::{Thread, spawn, spawn_after, try_current};
use crate::hub::same::same_object;

/// Calls `f` after `delay`, between two resumptions, whatever becomes of the running thread. Does
/// not suspend.
///
/// `f` is ordinary code and cannot suspend, but may spawn. Calls of one deadline are made in the
/// order in which they were scheduled; with a delay of zero the call takes its turn among the
/// threads that are ready. A panic of `f` is printed and goes no further.
///
/// Until it is made the call counts as a green thread, which is what
/// [`greenthread::current`](crate::greenthread::current) gives in it.
///
/// # Examples
///
/// ```
/// use std::cell::Cell;
/// use std::rc::Rc;
/// use std::time::Duration;
/// use eventlet::{green, hubs, sleep};
///
/// #[green]
/// fn main() {
///     let rung = Rc::new(Cell::new(false));
///     let bell = rung.clone();
///     let call = hubs::schedule_call_global(Duration::from_millis(1), move || bell.set(true));
///     assert!(call.is_pending());
///     sleep(Duration::from_millis(5));
///     assert!(rung.get() && call.is_called());
/// }
/// ```
///
/// eventlet's `get_hub().schedule_call_global`.
///
/// Where the OS thread is ending and its hub has ended before it, the call is not made.
#[track_caller]
pub fn schedule_call_global(delay: Duration, f: impl FnOnce() + 'static) -> ScheduledCall {
    schedule(delay, || true, f)
}

/// Calls `f` after `delay`, unless the running green thread has ended by then, or none runs now.
/// Does not suspend.
///
/// In all else as [`schedule_call_global`]. eventlet's `get_hub().schedule_call_local`.
#[track_caller]
pub fn schedule_call_local(delay: Duration, f: impl FnOnce() + 'static) -> ScheduledCall {
    let owner = try_current();
    schedule(delay, move || owner.is_some_and(|owner| !owner.is_finished()), f)
}

#[track_caller]
fn schedule(
    delay: Duration,
    is_wanted: impl FnOnce() -> bool + 'static,
    f: impl FnOnce() + 'static,
) -> ScheduledCall {
    let called = Rc::new(Cell::new(false));
    let is_called = called.clone();
    let call = move || async move {
        if is_wanted() {
            called.set(true);
            f();
        }
    };
    let thread = if delay.is_zero() { spawn(call) } else { spawn_after(delay, call) };
    ScheduledCall { thread: thread.thread().clone(), is_called }
}

/// A call that was scheduled. Dropping this does not undo the call.
///
/// eventlet's `Timer`.
#[derive(Clone)]
pub struct ScheduledCall {
    thread: Thread,
    is_called: Rc<Cell<bool>>,
}

impl ScheduledCall {
    /// Undoes the call, if it has not been made: the closure is dropped now. Does not suspend.
    pub fn cancel(&self) {
        if !self.is_called() {
            self.thread.kill();
        }
    }

    /// Is it still to be made?
    pub fn is_pending(&self) -> bool {
        !self.is_called() && !self.thread.is_finished()
    }

    /// Was it made, or is it being made?
    pub fn is_called(&self) -> bool {
        self.is_called.get()
    }
}

same_object!(impl[] ScheduledCall, |call| &*call.is_called);

impl fmt::Debug for ScheduledCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScheduledCall")
            .field("pending", &self.is_pending())
            .field("called", &self.is_called())
            .finish()
    }
}
