//! std's `Barrier`.

use std::fmt;
use std::sync::PoisonError;
use std::task::Waker;

use crate::green;
use crate::loom::{self, const_unless_modelled};
use crate::sync::line::{Line, Ticket};
use crate::sync::wait::{Attempt, suspend, wake_all};

/// A place at which a number of threads wait for each other, and then all go on: std's `Barrier`,
/// whose wait suspends. It can be used again at once.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::std::sync::{Arc, Barrier};
/// use eventlet::green::std::thread;
///
/// #[green]
/// fn arrive(barrier: Arc<Barrier>) -> bool {
///     barrier.wait().is_leader()
/// }
///
/// #[green]
/// fn main() {
///     let barrier = Arc::new(Barrier::new(2));
///     let other = barrier.clone();
///     let first = thread::spawn(move || arrive(other));
///     let second = thread::spawn(move || arrive(barrier));
///     assert!(first.join().unwrap() != second.join().unwrap(), "one of them leads");
/// }
/// ```
pub struct Barrier {
    size: usize,
    line: loom::Mutex<Line>,
}

/// Whether the thread that waited leads the others.
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Does it? Of those that went on together one does: the last to arrive.
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl fmt::Debug for BarrierWaitResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWaitResult").field("is_leader", &self.0).finish()
    }
}

impl Barrier {
    const_unless_modelled! {
        /// A barrier that lets threads pass when so many of them are there. With a size of zero or
        /// one all pass at once.
        pub const fn new(size: usize) -> Self {
            Barrier { size, line: loom::Mutex::new(Line::new()) }
        }
    }

    /// Waits until as many threads as the barrier asks for are there. Suspends until then; the last
    /// to arrive does not suspend, and leads.
    ///
    /// # Cancel safety
    ///
    /// A thread that is killed or timed out while it waits is not there any more: the barrier asks
    /// for another one.
    #[green(crate = crate)]
    pub fn wait(&self) -> BarrierWaitResult {
        BarrierWaitResult(suspend(Passed { barrier: self, ticket: None }).await)
    }

    fn line(&self) -> loom::MutexGuard<'_, Line> {
        // Nothing panics while it holds this lock.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}

struct Passed<'a> {
    barrier: &'a Barrier,
    ticket: Option<Ticket>,
}

impl Attempt for Passed<'_> {
    type Output = bool;

    fn attempt(&mut self, waker: &Waker) -> Option<bool> {
        let waker = waker.clone();
        let mut line = self.barrier.line();
        if self.ticket.is_none() && line.len() + 1 >= self.barrier.size {
            let others = line.notify_for(usize::MAX);
            drop(line);
            wake_all(others);
            return Some(true);
        }
        if let Some(ticket) = self.ticket.take_if(|ticket| line.is_notified(*ticket)) {
            let unused = line.dequeue(ticket);
            drop(line);
            drop(unused);
            return Some(false);
        }
        let unused = line.wait(&mut self.ticket, waker);
        drop(line);
        drop(unused);
        None
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.barrier.line().len();
        write!(f, "at a barrier of all OS threads with {waiting} of {}", self.barrier.size)
    }
}

impl Drop for Passed<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let unused = self.barrier.line().dequeue(ticket);
            drop(unused);
        }
    }
}
