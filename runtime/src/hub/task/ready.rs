//! The ready queue: first come, first served, linked through the tasks themselves.

use std::cell::Cell;
use std::ptr::NonNull;

use super::TaskRef;
use super::cell::Header;

/// Tasks in line to be resumed. Nothing is allocated for it.
#[derive(Default)]
pub(crate) struct ReadyQueue {
    /// Owns the first task, whose header owns the next, and so on.
    first: Cell<Option<TaskRef>>,
    /// # Invariant
    ///
    /// Points to the header of the last task in the chain that begins at `first`; `None` if there is none.
    last: Cell<Option<NonNull<Header>>>,
    len: Cell<usize>,
}

impl ReadyQueue {
    pub(crate) fn len(&self) -> usize {
        self.len.get()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len.get() == 0
    }

    /// Appends a task that is not in the queue (its `SCHEDULED` flag, just set, says so).
    #[inline]
    pub(crate) fn push(&self, task: TaskRef) {
        self.len.set(self.len.get() + 1);
        match self.last.replace(Some(task.0)) {
            // SAFETY: by the invariant `last` points into the chain, which keeps every header in it alive.
            Some(last) => unsafe { last.as_ref() }.next.set(Some(task)),
            None => self.first.set(Some(task)),
        }
    }

    #[inline]
    pub(crate) fn pop(&self) -> Option<TaskRef> {
        let task = self.first.take()?;
        self.len.set(self.len.get() - 1);
        let next = task.header().next.take();
        if next.is_none() {
            self.last.set(None);
        }
        self.first.set(next);
        Some(task)
    }

    /// Drops what is in the queue, one by one: a chain of a million must not be dropped from its head.
    pub(crate) fn clear(&self) {
        while self.pop().is_some() {}
    }
}

impl Drop for ReadyQueue {
    fn drop(&mut self) {
        self.clear();
    }
}
