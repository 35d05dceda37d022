//! Room for the one who waits, where there is never more than one.

use std::cell::RefCell;

use super::task::Waiter;
use super::wake;

/// Whom to wake, if somebody waits.
#[derive(Default)]
pub(crate) struct WaiterCell(RefCell<Option<Waiter>>);

impl WaiterCell {
    /// `waiter` is to be woken, in the place of the one before.
    pub(crate) fn register(&self, waiter: Waiter) {
        let before = self.0.replace(Some(waiter));
        // A foreign waker may go with it, which is somebody else's code.
        drop(before);
    }

    pub(crate) fn is_registered(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Wakes the one who waits, and forgets it.
    pub(crate) fn wake(&self) {
        if let Some(waiter) = self.0.take() {
            wake(waiter);
        }
    }

    /// Wakes the one who waits, who stays registered.
    pub(crate) fn wake_by_ref(&self) {
        let waiter = self.0.borrow().clone();
        if let Some(waiter) = waiter {
            wake(waiter);
        }
    }

    /// Nobody waits any more.
    pub(crate) fn clear(&self) {
        let before = self.0.take();
        drop(before);
    }
}
