//! A wait's place in a line.

use std::cell::RefCell;

use super::{Ticket, WaitList};
use crate::hub::task::Waiter;

/// Where a line is. What comes out of it is dropped when the line is given back: it may be the last that is known of
/// a foreign waker, whose destructor is anybody's code and may use whatever the line belongs to.
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
/// A wait that a notification is lost with, so that it has to be passed on, [leaves](Self::leave) by itself when
/// it is dropped, and sees what had become of its place.
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

    /// Joins the line at its end, or, already in it, says whether this place has been notified; the place is given back
    /// then. `waiter` is whom to notify from now on.
    #[inline(always)]
    pub(crate) fn wait(&mut self, waiter: Waiter) -> bool {
        self.wait_bringing(waiter, None)
    }

    /// [`wait`](Self::wait) for one that brings something when it joins.
    #[inline(always)]
    pub(crate) fn wait_bringing(&mut self, waiter: Waiter, brought: Option<L::Brought>) -> bool {
        let Some(ticket) = self.ticket else {
            self.ticket = self.line.with(|line| line.join_with(waiter, brought));
            return false;
        };
        let left = self.line.with(|line| match line.is_notified(ticket) {
            true => Ok(line.leave(ticket)),
            false => Err(line.renew(ticket, waiter)),
        });
        let is_notified = matches!(left, Some(Ok(_)));
        if is_notified {
            self.ticket = None;
        }
        is_notified
    }

    /// [`wait`](Self::wait) for one that looks by itself whether there is something for it: one that was notified for
    /// nothing goes to the end of the line.
    pub(crate) fn wait_on(&mut self, waiter: Waiter) {
        let again = waiter.clone();
        if self.wait(waiter) {
            self.wait(again);
        }
    }

    /// Gives the place back, if there is one. `true` says that it had been notified.
    #[inline]
    pub(crate) fn leave(&mut self) -> bool {
        let Some(ticket) = self.ticket.take() else { return false };
        let left = self.line.with(|line| line.leave(ticket));
        left.is_some_and(|left| left.was_notified)
    }
}

impl<L: Line> Drop for Queued<L> {
    #[inline]
    fn drop(&mut self) {
        self.leave();
    }
}
