//! First come, first served, across OS threads.

use std::collections::{BTreeMap, BTreeSet};
use std::task::Waker;

/// A line of waiters. Whoever was called keeps its place in the set of those until it leaves.
///
/// It belongs into a lock. Wakers that come out of it are woken or dropped outside of that lock, since they may be
/// somebody else's code.
#[derive(Default)]
pub(super) struct Line {
    waiting: BTreeMap<Ticket, Waker>,
    called: BTreeSet<Ticket>,
    made: u64,
}

/// A place in a line; a lower one came earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

impl Line {
    /// How many wait, those called not counted.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// How many were called and have not left yet.
    pub(super) fn called(&self) -> usize {
        self.called.len()
    }

    /// Joins at the end.
    pub(super) fn join(&mut self, waker: Waker) -> Ticket {
        self.made += 1;
        let ticket = Ticket(self.made);
        self.waiting.insert(ticket, waker);
        ticket
    }

    /// Whoever holds the place is now woken by `waker`. Gives back the one of before, if it has not been used.
    #[must_use]
    pub(super) fn renew(&mut self, ticket: Ticket, waker: Waker) -> Option<Waker> {
        if self.called.contains(&ticket) { Some(waker) } else { self.waiting.insert(ticket, waker) }
    }

    pub(super) fn is_called(&self, ticket: Ticket) -> bool {
        self.called.contains(&ticket)
    }

    /// How many were called before this one, and have not left yet.
    pub(super) fn rank(&self, ticket: Ticket) -> usize {
        self.called.range(..ticket).count()
    }

    /// Calls the first in line; the caller wakes it.
    pub(super) fn call_first(&mut self) -> Option<Waker> {
        let (ticket, waker) = self.waiting.pop_first()?;
        self.called.insert(ticket);
        Some(waker)
    }

    /// Calls until there are as many who were called as there is for them to take, or nobody is left.
    pub(super) fn call_for(&mut self, supply: usize) -> Vec<Waker> {
        let count = supply.saturating_sub(self.called()).min(self.len());
        (0..count).filter_map(|_| self.call_first()).collect()
    }

    /// Takes calls back, the latest first, until no more are called than there is for them to take.
    ///
    /// They were woken, so each will ask, find that it is not called, and leave its waker anew.
    pub(super) fn recall_beyond(&mut self, supply: usize) {
        while self.called() > supply
            && let Some(ticket) = self.called.pop_last()
        {
            self.waiting.insert(ticket, Waker::noop().clone());
        }
    }

    /// Gives the place back, with its waker if that has not been used.
    #[must_use]
    pub(super) fn leave(&mut self, ticket: Ticket) -> Option<Waker> {
        self.called.remove(&ticket);
        self.waiting.remove(&ticket)
    }
}
