//! Waiting until nobody else has anything to do.

use std::fmt;
use std::future::Future;

use crate::call::Green;
use crate::green;
use crate::hub::current;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::wait_queue::{Line, Queued, WaitList};

/// Suspends until nothing else is ready: no thread, no I/O, no timer that is due.
///
/// Of several that are idle one goes on at a time, first come first served, each when nothing is
/// ready again. With virtual time this comes before the clock jumps.
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, sleep, spawn};
/// use eventlet::greenthread::idle;
///
/// #[green]
/// fn spin(times: u32) {
///     for _ in 0..times {
///         sleep(Duration::ZERO);
///     }
/// }
///
/// #[green]
/// fn main() {
///     let busy = spawn(|| spin(100));
///     idle();
///     assert!(busy.is_finished());
/// }
/// ```
///
/// gevent's `idle`.
///
/// # Cancel safety
///
/// A kill or timeout here loses nothing.
#[green(by_hand = "a wait, and little else")]
pub fn idle() -> Green<impl Future<Output = ()>> {
    Green::new(async { until(Idle(Queued::new(Idlers))).await })
}

/// The line of the running hub.
struct Idlers;

impl Line for Idlers {
    type Brought = ();

    fn with<R>(&self, f: impl FnOnce(&mut WaitList) -> R) -> Option<R> {
        current::try_with(|hub| f(&mut hub.scheduler.idlers.borrow_mut()))
    }
}

struct Idle(Queued<Idlers>);

impl Wait for Idle {
    type Output = ();

    /// It always suspends.
    const IS_COUNTED: bool = false;

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        self.0.wait(waiting).then_some(())
    }

    fn is_settled(&self) -> bool {
        self.0.is_in_line()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("until nothing else is ready")
    }
}
