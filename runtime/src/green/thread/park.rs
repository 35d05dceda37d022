//! Threads that wait until another lets them go on.

use std::fmt;
use std::time::Duration;

use crate::green;
use crate::greenthread::{Thread, current};
use crate::hub;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::task::TaskRef;
use crate::hub::task::cold::Parking;
use crate::hub::wait_queue::Ticket;
use crate::timeout::with_timeout;

/// Suspends the running green thread until somebody [unparks](Thread::unpark) it; not at all if somebody has since it
/// was parked last. std's `park`.
///
/// Whoever parks in the branches of one green thread is let go together, so look whether what you wait for has
/// happened, as std says.
///
/// # Panics
///
/// Outside a green thread.
///
/// # Cancel safety
///
/// A kill or timeout here loses nothing: an `unpark` that comes too late is for the next `park`.
///
/// # Examples
///
/// ```
/// use std::cell::Cell;
/// use std::rc::Rc;
/// use eventlet::green;
/// use eventlet::green::thread;
///
/// #[green]
/// fn wait_for(flag: Rc<Cell<bool>>) -> bool {
///     while !flag.get() {
///         thread::park();
///     }
///     flag.get()
/// }
///
/// #[green]
/// fn main() {
///     let flag = Rc::new(Cell::new(false));
///     let parked = thread::spawn({
///         let flag = flag.clone();
///         move || wait_for(flag)
///     });
///     flag.set(true);
///     parked.thread().unpark();
///     assert!(parked.join().unwrap());
/// }
/// ```
#[green(crate = crate)]
pub fn park() {
    until(Parked { task: current().0, ticket: None }).await;
}

/// As [`park`], for at most `limit`. Suspends until then.
///
/// As in std nothing tells which of both it was.
///
/// # Panics
///
/// As [`park`].
///
/// # Cancel safety
///
/// As [`park`].
#[green(crate = crate)]
pub fn park_timeout(limit: Duration) {
    // That the limit was over is what the caller has to find out.
    let _ = with_timeout(limit, park);
}

impl Thread {
    /// Lets the thread go on, if it is [parked](crate::green::thread::park); else its next `park` does not wait. Does not
    /// suspend. std's `unpark`.
    ///
    /// Several of these before a `park` are as one. For a thread that has ended nothing happens.
    pub fn unpark(&self) {
        if self.is_finished() {
            return;
        }
        let parked = self.0.with_extra(|extra| {
            let parking = extra.parking.get_or_insert_default();
            parking.has_token = true;
            parking.line.notify_all()
        });
        hub::current::try_with(|hub| parked.iter().for_each(|task| hub.schedule(task)));
    }
}

/// Waits for the token of a green thread, which may be that of the branch around.
struct Parked {
    task: TaskRef,
    ticket: Option<Ticket>,
}

impl Parked {
    fn with_parking<R>(&self, f: impl FnOnce(&mut Parking) -> R) -> R {
        self.task.with_extra(|extra| f(extra.parking.get_or_insert_default()))
    }
}

impl Wait for Parked {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        let task = waiting.task();
        let (is_let_go, ticket, left_over) = self.with_parking(|parking| match self.ticket {
            None if std::mem::take(&mut parking.has_token) => (true, None, None),
            None => (false, Some(parking.line.join(task)), None),
            Some(ticket) if parking.line.is_notified(ticket) => {
                parking.has_token = false;
                (true, Some(ticket), None)
            }
            Some(ticket) => (false, Some(ticket), parking.line.renew(ticket, task)),
        });
        drop(left_over);
        self.ticket = ticket;
        is_let_go.then_some(())
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("to be unparked")
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let left = self.with_parking(|parking| parking.line.leave(ticket));
            drop(left);
        }
    }
}
