//! Who keeps the memory of a task.

use std::sync::atomic::Ordering;

use crate::loom::{AtomicU32, fence};

#[cfg(all(test, loom))]
mod model;

/// Counts the cloned wakers of a task, on whatever OS thread, and all its local references together
/// as one.
pub(super) struct RemoteRefs(AtomicU32);

impl RemoteRefs {
    /// There are local references, and no wakers.
    pub(super) fn new() -> Self {
        RemoteRefs(AtomicU32::new(1))
    }

    /// Counts another waker.
    #[inline]
    pub(super) fn add(&self) {
        if self.0.fetch_add(1, Ordering::Relaxed) > u32::MAX / 2 {
            // As for `Arc`: wrapping round would free what is in use.
            std::process::abort();
        }
    }

    /// A waker goes. If it was the last reference of all, which is `true`, its owner frees the
    /// memory.
    #[inline]
    #[must_use]
    pub(super) fn remove(&self) -> bool {
        let is_last = self.0.fetch_sub(1, Ordering::Release) == 1;
        if is_last {
            fence(Ordering::Acquire);
        }
        is_last
    }

    /// Is any waker left? It may go at any time; on the home OS thread no new one comes meanwhile
    /// if there is none.
    pub(super) fn has_wakers(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }

    /// The last local reference goes. If no waker is left, which is `true`, its owner frees the
    /// memory.
    #[inline]
    #[must_use]
    pub(super) fn remove_local(&self) -> bool {
        // When it is the only one, nobody else can make another: a waker is cloned from a waker, or
        // from a poll, which needs a local reference.
        self.0.load(Ordering::Acquire) == 1 || self.remove()
    }
}
