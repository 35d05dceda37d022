//! Waiting until nobody else has anything to do.

use std::fmt;
use std::future::Future;

use crate::call::Green;
use crate::hub::current;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::wait_queue::Ticket;

/// Suspends until nothing else is ready: no thread, no I/O, no timer that is due.
///
/// Of several that are idle one goes on at a time, first come first served, each when nothing is ready again. With
/// virtual time this comes before the clock jumps. A kill or timeout here loses nothing.
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
pub fn idle() -> Green<impl Future<Output = ()>> {
    Green::new(async { until(Idle { ticket: None }).await })
}

struct Idle {
    ticket: Option<Ticket>,
}

impl Wait for Idle {
    type Output = ();

    /// It always suspends.
    const IS_COUNTED: bool = false;

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        let _left_over;
        let mut idlers = waiting.hub.idlers.borrow_mut();
        match self.ticket {
            None => self.ticket = Some(idlers.join(waiting.task())),
            Some(ticket) if idlers.is_notified(ticket) => return Some(()),
            Some(ticket) => _left_over = idlers.renew(ticket, waiting.task()),
        }
        None
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("until nothing else is ready")
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let left = current::try_with(|hub| hub.idlers.borrow_mut().leave(ticket));
            drop(left);
        }
    }
}
