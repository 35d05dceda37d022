//! A number of permits and the line for them: what semaphores and locks have inside.
//!
//! A permit that comes back is free at once, and the first in line is notified for it. Until the
//! notified thread runs, [`Permits::try_take`] may take it away; the notification is revoked then,
//! and the thread keeps its place.

use std::cell::{Cell, RefCell};
use std::fmt;

use crate::hub::suspend::{Wait, Waiting};
use crate::hub::wait_queue::{Queued, WaitList};
use crate::hub::wake;

/// Free permits, and who waits for one.
///
/// Between calls of its functions as many in line are notified as there are permits, or all of
/// them.
pub(crate) struct Permits {
    free: Cell<usize>,
    line: RefCell<WaitList>,
}

impl Permits {
    pub(crate) fn new(free: usize) -> Self {
        Permits { free: Cell::new(free), line: RefCell::default() }
    }

    pub(crate) fn free(&self) -> usize {
        self.free.get()
    }

    /// How many are free and nobody was notified for.
    pub(crate) fn unclaimed(&self) -> usize {
        self.free.get() - self.line.borrow().notified()
    }

    /// How many are in line, those included who were notified and have not run yet.
    pub(crate) fn waiting(&self) -> usize {
        let line = self.line.borrow();
        line.len() + line.notified()
    }

    /// Takes a permit if one is free, even if others wait for one.
    pub(crate) fn try_take(&self) -> bool {
        let Some(left) = self.free.get().checked_sub(1) else { return false };
        self.free.set(left);
        let mut line = self.line.borrow_mut();
        if line.notified() > left {
            line.revoke_last();
        }
        true
    }

    /// Gives a permit back.
    #[inline]
    pub(crate) fn give_back(&self) {
        self.free.set(self.free.get().checked_add(1).expect("a semaphore counts to usize::MAX"));
        self.notify_next();
    }

    /// Says how many are free, whatever the number was: those in line for whom there are permits
    /// now are notified, and who was for one that is gone waits on.
    pub(crate) fn set_free(&self, free: usize) {
        self.free.set(free);
        let mut line = self.line.borrow_mut();
        while line.notified() > free {
            line.revoke_last();
        }
        let count = line.len().min(free - line.notified());
        drop(line);
        (0..count).for_each(|_| self.notify_next());
    }

    /// Waits for a permit, in line behind those who came before. `what` ends "for …".
    pub(crate) fn acquire(&self, what: &'static str) -> Acquire<'_> {
        Acquire { permits: self, what, place: Queued::new(&self.line) }
    }

    /// Notifies the first in line if there is a permit for it.
    fn notify_next(&self) {
        let mut line = self.line.borrow_mut();
        if line.is_empty() || line.notified() >= self.free.get() {
            return;
        }
        let notified = line.notify_first();
        drop(line);
        notified.into_iter().for_each(wake);
    }
}

/// The wait of [`Permits::acquire`].
pub(crate) struct Acquire<'a> {
    permits: &'a Permits,
    what: &'static str,
    place: Queued<&'a RefCell<WaitList>>,
}

impl Wait for Acquire<'_> {
    type Output = ();

    #[inline]
    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        let Permits { free, line } = self.permits;
        // Those in line go first, notified or not.
        let is_free = !self.place.is_in_line() && free.get() > line.borrow().notified();
        if !is_free && !self.place.wait(waiting) {
            return None;
        }
        free.set(free.get() - 1);
        Some(())
    }

    fn is_settled(&self) -> bool {
        self.place.is_in_line()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for {} ({} waiting)", self.what, self.permits.waiting())
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        if self.place.leave() {
            self.permits.notify_next();
        }
    }
}
