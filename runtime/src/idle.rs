//! Waiting until there is nothing else to do.

use std::fmt;
use std::future::Future;

use crate::call::Green;
use crate::hub::current;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::waitlist::Ticket;

/// Waits until there is nothing else to do: no green thread is ready, no descriptor that one waits for, and no timer
/// is due. Suspends until then, always.
///
/// Several that wait so are woken together, in the order in which they came. Under a virtual clock that is before the
/// time moves on. On a hub that is never idle this waits for ever.
///
/// A kill or timeout here loses nothing.
///
/// # Panics
///
/// If another executor drives the call and the hub does not run.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, greenthread, sleep, spawn};
///
/// #[green]
/// fn busy() {
///     for _ in 0..10 {
///         sleep(Duration::ZERO);
///     }
/// }
///
/// #[green]
/// fn main() {
///     let thread = spawn(busy);
///     greenthread::idle();
///     assert!(thread.is_finished());
/// }
/// ```
///
/// gevent's `idle`, without priorities.
#[cfg_attr(debug_assertions, track_caller)]
pub fn idle() -> Green<impl Future<Output = ()>> {
    Green::new(until(Idle { ticket: None }))
}

struct Idle {
    ticket: Option<Ticket>,
}

impl Wait for Idle {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        let task = waiting.task();
        match self.ticket {
            None => {
                waiting.hub.expect_to_run(&task);
                self.ticket = Some(waiting.hub.idlers.borrow_mut().join(task));
            }
            Some(ticket) => {
                if waiting.hub.idlers.borrow().is_called(ticket) {
                    return Some(());
                }
                let former = waiting.hub.idlers.borrow_mut().withdraw(ticket);
                waiting.hub.idlers.borrow_mut().renew(ticket, task);
                drop(former);
            }
        }
        None
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("until there is nothing else to do")
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        current::try_with(|hub| {
            let task = hub.idlers.borrow_mut().withdraw(ticket);
            hub.idlers.borrow_mut().leave(ticket);
            drop(task);
        });
    }
}
