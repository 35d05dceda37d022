//! Threads whose values are read one after another: what is behind a pile and an imap.
//!
//! A thread is announced before it is there, so that a reader knows whether the line is over or
//! only empty.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use crate::green;
use crate::greenthread::GreenThread;
use crate::greenthread::join::Join;
use crate::hub::exit::Exit;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::task::TaskRef;
use crate::hub::wait_queue::{Queued, WaitList};
use crate::hub::wake;

/// A line of threads.
pub(super) struct Line<T> {
    threads: RefCell<VecDeque<GreenThread<T>>>,
    announced: Cell<usize>,
    readers: RefCell<WaitList>,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Line { threads: RefCell::default(), announced: Cell::new(0), readers: RefCell::default() }
    }
}

impl<T> Line<T> {
    /// Says that a thread will come, or several.
    pub(super) fn announce(self: &Rc<Self>) -> Announced<T> {
        self.announced.set(self.announced.get() + 1);
        Announced { line: self.clone() }
    }

    /// How the first thread of the line ended, as soon as it has; `None` when the line is over.
    ///
    /// It leaves the line when this returns, so a reader that is interrupted loses nothing.
    #[green(crate = crate)]
    pub(super) fn next(&self) -> Option<Result<T, Exit>> {
        loop {
            let first = until(First { line: self, place: Queued::new(&self.readers) }).await?;
            until(Join::new(&first)).await;
            // Another reader may have been faster.
            let thread = self.take_if_first(&first);
            if let Some(result) = thread.and_then(GreenThread::into_result) {
                return Some(result);
            }
        }
    }

    fn first(&self) -> Option<TaskRef> {
        self.threads.borrow().front().map(|thread| thread.thread().0.clone())
    }

    fn take_if_first(&self, task: &TaskRef) -> Option<GreenThread<T>> {
        let mut threads = self.threads.borrow_mut();
        let is_first = threads.front().is_some_and(|thread| thread.id() == task.id());
        if is_first { threads.pop_front() } else { None }
    }

    /// There may be something for a reader: a thread, or the end.
    fn notify_reader(&self) {
        if self.threads.borrow().is_empty() && self.announced.get() > 0 {
            return;
        }
        let reader = self.readers.borrow_mut().notify_first();
        reader.into_iter().for_each(wake);
    }
}

/// A promise of threads, kept until dropped.
pub(super) struct Announced<T> {
    line: Rc<Line<T>>,
}

impl<T> Announced<T> {
    /// A second promise for the same line.
    pub(super) fn another(&self) -> Self {
        self.line.announce()
    }

    /// Puts a thread at the end of the line.
    pub(super) fn deliver(&self, thread: GreenThread<T>) {
        self.line.threads.borrow_mut().push_back(thread);
        self.line.notify_reader();
    }
}

impl<T> Drop for Announced<T> {
    fn drop(&mut self) {
        self.line.announced.set(self.line.announced.get() - 1);
        self.line.notify_reader();
    }
}

/// Waits for the first thread of a line, or the line's end.
struct First<'a, T> {
    line: &'a Line<T>,
    place: Queued<&'a RefCell<WaitList>>,
}

impl<T> Wait for First<'_, T> {
    type Output = Option<TaskRef>;

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<Option<TaskRef>> {
        let first = self.line.first();
        if first.is_some() || self.line.announced.get() == 0 {
            return Some(first);
        }
        self.place.wait_on(waiting);
        None
    }

    fn is_settled(&self) -> bool {
        self.place.is_in_line()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for the next result")
    }
}

impl<T> Drop for First<'_, T> {
    fn drop(&mut self) {
        if self.place.leave() {
            // Whether the notification was answered or not: there may be something for the next
            // reader as well.
            self.line.notify_reader();
        }
    }
}
