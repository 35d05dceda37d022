//! Whose panic poisons a lock.

use std::sync::{Mutex, RwLock};
use std::thread::panicking;

use crate::hub::lifecycle::is_panicking;

/// What keeps the poison: std's lock.
pub(super) trait Poisoned {
    fn is_poisoned(&self) -> bool;
    fn clear_poison(&self);
}

macro_rules! poisoned {
    ($($Lock:ident),*) => {$(
        impl<T: ?Sized> Poisoned for $Lock<T> {
            fn is_poisoned(&self) -> bool {
                self.is_poisoned()
            }

            fn clear_poison(&self) {
                self.clear_poison();
            }
        }
    )*};
}

poisoned!(Mutex, RwLock);

/// Stands behind std's guard, and takes back what that does to its lock if the panic in whose
/// middle it goes is another thread's: one whose destructors kill the thread that has the guard.
pub(super) struct Antidote<'a, L: Poisoned + ?Sized> {
    lock: &'a L,
    /// Then there is nothing to take back.
    was_poisoned: bool,
}

impl<'a, L: Poisoned + ?Sized> Antidote<'a, L> {
    /// For a lock that has just been locked.
    pub(super) fn new(lock: &'a L) -> Self {
        Antidote { lock, was_poisoned: lock.is_poisoned() }
    }
}

impl<L: Poisoned + ?Sized> Drop for Antidote<'_, L> {
    fn drop(&mut self) {
        if panicking() && !self.was_poisoned && !is_panicking() {
            self.lock.clear_poison();
        }
    }
}
