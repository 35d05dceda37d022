//! The ready queue: first come, first served, linked through the tasks themselves.

use std::cell::Cell;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::TaskRef;
use super::cell::Header;

/// What can be in a ready queue: threads in a hub's, subtasks in one of theirs.
pub(crate) trait Queueable {
    fn into_task(self) -> TaskRef;
    /// Of what [`into_task`](Self::into_task) gave.
    fn from_task(task: TaskRef) -> Self;
}

impl Queueable for TaskRef {
    #[inline]
    fn into_task(self) -> TaskRef {
        self
    }

    #[inline]
    fn from_task(task: TaskRef) -> Self {
        task
    }
}

/// Tasks in line to be resumed. Nothing is allocated for it.
///
/// # Invariant
///
/// `first`, its header's `next`, and so on lead to the header of `last`, whose `next` is `None`;
/// each of these is a counted reference, which the queue owns. An empty queue has neither `first`
/// nor `last`.
pub(crate) struct ReadyQueue<T: Queueable = TaskRef> {
    first: Cell<Option<NonNull<Header>>>,
    last: Cell<Option<NonNull<Header>>>,
    _tasks: PhantomData<T>,
}

impl<T: Queueable> Default for ReadyQueue<T> {
    fn default() -> Self {
        ReadyQueue { first: Cell::new(None), last: Cell::new(None), _tasks: PhantomData }
    }
}

impl<T: Queueable> ReadyQueue<T> {
    /// How many there are, but no more than `most`: they are counted one by one.
    pub(crate) fn count_up_to(&self, most: usize) -> usize {
        // SAFETY: by the invariant every header in the chain lives.
        let next = |header: &NonNull<Header>| unsafe { header.as_ref() }.next.get();
        std::iter::successors(self.first.get(), next).take(most).count()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.get().is_none()
    }

    /// Appends a task that is not in the queue (its `SCHEDULED` flag, just set, says so).
    #[inline]
    pub(crate) fn push(&self, task: T) {
        let header = ManuallyDrop::new(task.into_task()).0;
        match self.last.replace(Some(header)) {
            // SAFETY: by the invariant the queue has counted it, so it lives.
            Some(last) => unsafe { last.as_ref() }.next.set(Some(header)),
            None => self.first.set(Some(header)),
        }
    }

    #[inline]
    pub(crate) fn pop(&self) -> Option<T> {
        // By the invariant this reference was counted: it is handed on as it is.
        let task = TaskRef(self.first.get()?);
        let next = task.header().next.take();
        if next.is_none() {
            self.last.set(None);
        }
        self.first.set(next);
        Some(T::from_task(task))
    }

    /// Drops what is in the queue, one by one: a chain of a million must not be dropped from its
    /// head.
    pub(crate) fn clear(&self) {
        while self.pop().is_some() {}
    }
}

impl<T: Queueable> Drop for ReadyQueue<T> {
    fn drop(&mut self) {
        self.clear();
    }
}
