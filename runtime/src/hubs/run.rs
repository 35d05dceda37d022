//! From ordinary code into green code: `run`.

use crate::call::{GreenCall, MakesGreenCall};
use crate::hub::exit::Exit;
use crate::hub::poller::none::FORKED;
use crate::hub::{current, turn::RunEnd};

/// Runs the green call that `f` makes on this OS thread's hub, and gives its value.
///
/// This is how ordinary code enters green code. The call becomes the hub's main green thread; the
/// others take turns with it while it runs, and stay as they are, suspended, when it is over. What
/// `f` makes may borrow from the caller. `#[green] fn main` and `#[green] #[test] fn` call this by
/// themselves.
///
/// The OS thread blocks until the value is there.
///
/// # Panics
///
/// * inside a green thread: there the call is made directly;
/// * if the call panics: with its panic;
/// * if the call's thread is killed, or the hub is [stopped](crate::hubs::Handle::stop):
///   [`try_run`] has that as a value;
/// * on a deadlock, when the call waits and nothing is left that could wake any thread: with a
///   report of every waiting thread and the line where it waits (gevent's `LoopExit`);
/// * in the destructor of a thread-local: the OS thread is ending, and its hub with it;
/// * in a process that was forked after this OS thread's hub was made: that hub is the parent's
///   (see [`hubs`](crate::hubs)).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// #[eventlet::green]
/// fn add(a: u32, b: u32) -> u32 {
///     eventlet::sleep(Duration::from_millis(1));
///     a + b
/// }
///
/// fn main() {
///     assert_eq!(eventlet::run(|| add(1, 2)), 3);
/// }
/// ```
#[doc(alias = "block_on")]
#[track_caller]
pub fn run<F, G>(f: F) -> G::Value
where
    F: MakesGreenCall<G>,
    G: GreenCall,
{
    match try_run(f) {
        Ok(value) => value,
        Err(Exit::Killed) => {
            panic!("the main green thread was killed, or its hub stopped, before it had a value")
        }
        Err(exit) => exit.raise(),
    }
}

/// Like [`run`], with the ways in which a green thread can end without a value as an error.
///
/// # Errors
///
/// [`Exit::Killed`] if the call's thread was killed or the hub
/// [stopped](crate::hubs::Handle::stop); [`Exit::Panicked`] with the panic.
///
/// # Panics
///
/// Inside a green thread, on a deadlock, and in an OS thread that is ending, as [`run`].
#[track_caller]
pub fn try_run<F, G>(f: F) -> Result<G::Value, Exit>
where
    F: MakesGreenCall<G>,
    G: GreenCall,
{
    current::expect_not_over();
    let hub = current::with(|hub| hub.clone());
    let _running = hub.begin_run();
    match hub.run_scoped(f) {
        Ok(result) => result,
        Err(RunEnd::Deadlock(report)) => panic!("{report}"),
        Err(RunEnd::Forked) => panic!("{FORKED}"),
        Err(RunEnd::Done | RunEnd::Stopped) => Err(Exit::Killed),
    }
}
