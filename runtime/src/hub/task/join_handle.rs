//! The handles of a task that its users hold: with the right to its result, and without.

use std::marker::PhantomData;
use std::ptr::NonNull;

use super::super::current;
use super::super::flat::Work;
use super::{DETACHED, RESULT, TaskRef};
use crate::hub::exit::Exit;

/// A green thread, without the right to its value. Clones are handles on one thread.
#[derive(Clone)]
pub struct Thread(pub(crate) TaskRef);

/// The right to take the result of a task whose body gives a `T`.
pub(crate) struct JoinHandle<T> {
    thread: Thread,
    _result: PhantomData<T>,
}

impl<T> JoinHandle<T> {
    /// # Safety
    ///
    /// The task's body gives a `T`, and nobody else has the right to it.
    pub(super) unsafe fn of(task: &TaskRef) -> Self {
        JoinHandle { thread: Thread(task.clone()), _result: PhantomData }
    }

    pub(crate) fn thread(&self) -> &Thread {
        &self.thread
    }

    pub(crate) fn task(&self) -> &TaskRef {
        &self.thread.0
    }

    /// Takes the result of a task that is done; `None` before, and when it was taken already.
    pub(crate) fn take(&self) -> Option<Result<T, Exit>> {
        let task = self.task();
        if !task.is_done() {
            return None;
        }
        let mut result: Option<Result<T, Exit>> = None;
        // SAFETY: by `of` the body gives a `T`, so the cell's `take` writes through a pointer to
        // just this type. The task is done: nothing else touches the stage.
        unsafe { (task.header().vtable.take)(task.0, NonNull::from(&mut result).cast()) };
        result
    }
}

impl<T> JoinHandle<T> {
    /// It may hold the right to another result, and so on.
    fn drop_result(&self) {
        if self.task().is_main() {
            // It may borrow from whoever runs it, and cannot be put off.
            drop(self.take());
        } else {
            current::nest(
                self,
                |outcome| drop(outcome.take()),
                |outcome| Work::Result(outcome.task().clone()),
            );
        }
    }
}

impl<T> Drop for JoinHandle<T> {
    /// A result that nobody can take is dropped as soon as it is there.
    #[inline]
    fn drop(&mut self) {
        let task = self.task();
        if !task.is_done() {
            task.set(DETACHED);
        } else if task.has(RESULT) {
            task.report_lost();
            self.drop_result();
        }
    }
}
