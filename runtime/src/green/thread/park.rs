//! Threads that wait until another lets them go on.

use std::fmt;
use std::time::Duration;

use crate::green;
use crate::greenthread::{Thread, current};
use crate::hub;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::task::TaskRef;
use crate::hub::task::cold::Parking;
use crate::hub::wait_queue::{Line, Queued, WaitList};
use crate::timeout::with_timeout;

/// Suspends the running green thread until somebody [unparks](Thread::unpark) it; not at all if
/// somebody has since it was parked last. std's `park`.
///
/// Whoever parks in the branches of one green thread is let go together, so look whether what you
/// wait for has happened, as std says.
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
    until(Parked(Queued::new(Parkers(current().0)))).await;
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
    /// Lets the thread go on, if it is [parked](crate::green::thread::park); else its next `park`
    /// does not wait. Does not suspend. std's `unpark`.
    ///
    /// Several of these before a `park` are as one. For a thread that has ended nothing happens.
    pub fn unpark(&self) {
        if self.is_finished() {
            return;
        }
        let parked = self.0.with_cold(|cold| {
            let parking = cold.parking.get_or_insert_default();
            parking.has_token = true;
            parking.line.notify_all()
        });
        hub::wake_all(parked);
    }
}

/// Waits for the token of a green thread, which may be that of the branch around.
struct Parked(Queued<Parkers>);

/// Those who are parked as this thread: it, and branches of it.
struct Parkers(TaskRef);

impl Parkers {
    fn with_parking<R>(&self, f: impl FnOnce(&mut Parking) -> R) -> R {
        self.0.with_cold(|cold| f(cold.parking.get_or_insert_default()))
    }
}

impl Line for Parkers {
    type Brought = ();

    fn with<R>(&self, f: impl FnOnce(&mut WaitList) -> R) -> Option<R> {
        Some(self.with_parking(|parking| f(&mut parking.line)))
    }
}

impl Wait for Parked {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        let take_token =
            |parkers: &Parkers| parkers.with_parking(|parking| std::mem::take(&mut parking.has_token));
        if !self.0.is_in_line() && take_token(self.0.line()) {
            return Some(());
        }
        let is_let_go = self.0.wait(waiting);
        is_let_go.then(|| _ = take_token(self.0.line()))
    }

    fn is_settled(&self) -> bool {
        self.0.is_in_line()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("to be unparked")
    }
}
