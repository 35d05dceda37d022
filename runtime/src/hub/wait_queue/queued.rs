//! A wait's place in a line.

use std::cell::RefCell;

use super::{Ticket, WaitList};
use crate::hub::suspend::Waiting;

/// Where a line is. What comes out of it is dropped when the line is given back: it may be the last
/// that is known of a foreign waker, whose destructor is anybody's code and may use whatever the
/// line belongs to.
pub(crate) trait Line {
    /// What those in it bring.
    type Brought;

    /// Hands the line to `f`; `None` if there is none any more.
    fn with<R>(&self, f: impl FnOnce(&mut WaitList<Self::Brought>) -> R) -> Option<R>;
}

impl<B> Line for &RefCell<WaitList<B>> {
    type Brought = B;

    #[inline(always)]
    fn with<R>(&self, f: impl FnOnce(&mut WaitList<B>) -> R) -> Option<R> {
        Some(f(&mut self.borrow_mut()))
    }
}

/// A place in a line, which is given back when this is dropped, and not before the wait begins.
///
/// A wait that a notification is lost with, so that it has to be passed on, [leaves](Self::leave)
/// by itself when it is dropped, and sees what had become of its place.
pub(crate) struct Queued<L: Line> {
    line: L,
    ticket: Option<Ticket>,
}

impl<L: Line> Queued<L> {
    pub(crate) fn new(line: L) -> Self {
        Queued { line, ticket: None }
    }

    pub(crate) fn line(&self) -> &L {
        &self.line
    }

    /// Has the wait begun, and not ended?
    #[inline]
    pub(crate) fn is_in_line(&self) -> bool {
        self.ticket.is_some()
    }

    /// Joins the line at its end, or, already in it, says whether this place has been notified; the
    /// place is given back then. Else it is `waiting` who is notified from now on.
    #[inline(always)]
    pub(crate) fn wait(&mut self, waiting: &Waiting<'_>) -> bool {
        self.wait_bringing(waiting, None)
    }

    /// [`wait`](Self::wait) for one that brings something when it joins.
    #[inline(always)]
    pub(crate) fn wait_bringing(&mut self, waiting: &Waiting<'_>, brought: Option<L::Brought>) -> bool {
        let Some(ticket) = self.ticket else {
            let waiter = waiting.waiter();
            self.ticket = self.line.with(|line| line.enqueue_with(waiter, brought));
            return false;
        };
        if self.line.with(|line| line.is_notified(ticket)) == Some(true) {
            return self.leave();
        }
        let waiter = waiting.waiter();
        let left_over = self.line.with(|line| line.renew(ticket, waiter));
        drop(left_over);
        false
    }

    /// [`wait`](Self::wait) for one that looks by itself whether there is something for it: one
    /// that was notified for nothing goes to the end of the line.
    pub(crate) fn wait_on(&mut self, waiting: &Waiting<'_>) {
        if self.wait(waiting) {
            self.wait(waiting);
        }
    }

    /// Gives the place back, if there is one. `true` says that it had been notified.
    #[inline]
    pub(crate) fn leave(&mut self) -> bool {
        let Some(ticket) = self.ticket.take() else { return false };
        let left = self.line.with(|line| line.dequeue(ticket));
        left.is_some_and(|left| left.was_notified)
    }
}

impl<L: Line> Drop for Queued<L> {
    #[inline]
    fn drop(&mut self) {
        self.leave();
    }
}
