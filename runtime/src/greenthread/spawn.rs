//! Starting green threads.

use std::time::Duration;

use crate::call::{GreenCall, MakesGreenCall};
use crate::greenthread::builder::Unstarted;
use crate::greenthread::{GreenThread, Thread, try_current};
use crate::hub::current;
use crate::hub::task::Place;

/// Starts a green thread that makes and drives the green call of `f`. Does not suspend.
///
/// The thread begins when the running one next suspends, after all that are ready already; threads
/// begin in the order in which they were spawned. `f` itself is called in the new thread. Any
/// [`Future`] will do for a green call.
///
/// Dropping the handle lets the thread go on by itself; an `Err` that it ends with is reported
/// then, see [`set_error_hook`](crate::greenthread::set_error_hook). A panic in it ends it alone;
/// it is printed when it happens, and [`wait`](GreenThread::wait) raises it.
///
/// Where the OS thread is ending and its hub has ended before it, in the destructor of a
/// thread-local, the thread is killed before it begins.
///
/// # Examples
///
/// ```
/// use eventlet::{green, spawn};
///
/// #[green]
/// fn double(n: u32) -> u32 {
///     2 * n
/// }
///
/// #[green]
/// fn main() {
///     let thread = spawn(|| double(21));
///     assert_eq!(thread.wait(), 42);
/// }
/// ```
///
/// eventlet's and gevent's `spawn`; the closure takes the place of the arguments.
#[track_caller]
pub fn spawn<F, G>(f: F) -> GreenThread<G::Value>
where
    F: MakesGreenCall<G> + 'static, // arguments go into a closure: `move || work(1, 2)`
    G: GreenCall + 'static,
    G::Value: 'static,
{
    let place = Place::here();
    // Not inside a closure, of which there would be two copies: the thread's body is large.
    let hub = current::get();
    let outcome = hub.create_task(f);
    outcome.task().spawned_at(place);
    hub.schedule(outcome.task());
    GreenThread::new(outcome)
}

/// Starts a green thread whose value nobody wants. Does not suspend.
///
/// [`spawn`] with the handle dropped; a panic in the thread is printed when it happens, and so is
/// an `Err` that it ends with. eventlet's `spawn_n`.
///
/// # Panics
///
/// As [`spawn`].
#[doc(alias = "spawn_raw")]
#[track_caller]
pub fn spawn_n<F, G>(f: F)
where
    F: MakesGreenCall<G> + 'static, // arguments go into a closure: `move || work(1, 2)`
    G: GreenCall + 'static,
    G::Value: 'static,
{
    drop(spawn(f));
}

/// Starts a green thread after `delay`, whatever becomes of the running one. Does not suspend.
///
/// Until then [`cancel`](Thread::cancel) undoes it. eventlet's `spawn_after`, gevent's
/// `spawn_later`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::{Exit, green, spawn_after, sleep};
///
/// #[green]
/// fn ring() -> &'static str {
///     "ring"
/// }
///
/// #[green]
/// fn main() {
///     let alarm = spawn_after(Duration::from_millis(5), ring);
///     assert_eq!(alarm.wait(), "ring");
///
///     let alarm = spawn_after(Duration::from_secs(3600), ring);
///     alarm.cancel();
///     assert!(matches!(alarm.join(), Err(Exit::Killed)));
/// }
/// ```
#[doc(alias = "call_later")]
#[doc(alias = "spawn_later")]
#[track_caller]
pub fn spawn_after<F, G>(delay: Duration, f: F) -> GreenThread<G::Value>
where
    F: MakesGreenCall<G> + 'static, // arguments go into a closure: `move || work(1, 2)`
    G: GreenCall + 'static,
    G::Value: 'static,
{
    spawn_later(delay, None, f)
}

/// Starts a green thread after `delay`, unless the running one has ended by then. Does not suspend.
///
/// In that case, and when no green thread runs now, the new one ends as
/// [`Exit::Killed`](crate::Exit::Killed) when its time has come. eventlet's `spawn_after_local`.
#[track_caller]
pub fn spawn_after_local<F, G>(delay: Duration, f: F) -> GreenThread<G::Value>
where
    F: MakesGreenCall<G> + 'static, // arguments go into a closure: `move || work(1, 2)`
    G: GreenCall + 'static,
    G::Value: 'static,
{
    spawn_later(delay, Some(try_current()), f)
}

/// `owner`: whose end prevents the beginning, if anybody's does.
#[track_caller]
fn spawn_later<F, G>(delay: Duration, owner: Option<Option<Thread>>, f: F) -> GreenThread<G::Value>
where
    F: MakesGreenCall<G> + 'static, // arguments go into a closure: `move || work(1, 2)`
    G: GreenCall + 'static,
    G::Value: 'static,
{
    Unstarted::new(owner, delay, f).start()
}
