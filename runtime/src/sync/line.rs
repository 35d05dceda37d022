//! First come, first served, across OS threads.

use std::collections::{BTreeMap, BTreeSet};
use std::task::Waker;

/// A line of waiters. Whoever was notified keeps its place in the set of those until it leaves.
///
/// The waits keep their tickets by hand: each looks at more of what the lock guards than its own
/// place, and takes the lock once.
///
/// It belongs into a lock. Wakers that come out of it are woken or dropped outside of that lock,
/// since they may be somebody else's code.
#[derive(Default)]
pub(crate) struct Line {
    waiting: BTreeMap<Ticket, Waker>,
    notified: BTreeSet<Ticket>,
    made: u64,
}

/// A place in a line; a lower one came earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

impl Line {
    /// A line with nobody in it, where a default cannot be asked for: in a constant.
    pub(crate) const fn new() -> Self {
        Line { waiting: BTreeMap::new(), notified: BTreeSet::new(), made: 0 }
    }

    /// How many wait, those notified not counted.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// How many were notified and have not left yet.
    pub(crate) fn notified(&self) -> usize {
        self.notified.len()
    }

    /// Joins at the end.
    pub(crate) fn enqueue(&mut self, waker: Waker) -> Ticket {
        self.made += 1;
        let ticket = Ticket(self.made);
        self.waiting.insert(ticket, waker);
        ticket
    }

    /// Whoever holds the place is now woken by `waker`. Gives back the one of before, if it has not
    /// been used.
    #[must_use]
    pub(crate) fn renew(&mut self, ticket: Ticket, waker: Waker) -> Option<Waker> {
        if self.notified.contains(&ticket) { Some(waker) } else { self.waiting.insert(ticket, waker) }
    }

    /// One that waits on: it joins at the end, or is woken by `waker` from now on. What comes back
    /// is not needed.
    #[must_use]
    pub(crate) fn wait(&mut self, place: &mut Option<Ticket>, waker: Waker) -> Option<Waker> {
        match *place {
            Some(ticket) => self.renew(ticket, waker),
            None => {
                *place = Some(self.enqueue(waker));
                None
            }
        }
    }

    pub(crate) fn is_notified(&self, ticket: Ticket) -> bool {
        self.notified.contains(&ticket)
    }

    /// How many were notified before this one, and have not left yet.
    pub(crate) fn rank(&self, ticket: Ticket) -> usize {
        self.notified.range(..ticket).count()
    }

    /// Notifies the first in line; the caller wakes it.
    pub(crate) fn notify_first(&mut self) -> Option<Waker> {
        let (ticket, waker) = self.waiting.pop_first()?;
        self.notified.insert(ticket);
        Some(waker)
    }

    /// Notifies until there are as many who were notified as there is for them to take, or nobody
    /// is left.
    pub(crate) fn notify_for(&mut self, supply: usize) -> Vec<Waker> {
        let count = supply.saturating_sub(self.notified()).min(self.len());
        (0..count).filter_map(|_| self.notify_first()).collect()
    }

    /// Takes notifies back, the latest first, until no more are notified than there is for them to
    /// take.
    ///
    /// They were woken, so each will ask, find that it is not notified, and leave its waker anew.
    pub(crate) fn revoke_beyond(&mut self, supply: usize) {
        while self.notified() > supply
            && let Some(ticket) = self.notified.pop_last()
        {
            self.waiting.insert(ticket, Waker::noop().clone());
        }
    }

    /// Gives the place back, with its waker if that has not been used.
    #[must_use]
    pub(crate) fn dequeue(&mut self, ticket: Ticket) -> Option<Waker> {
        self.notified.remove(&ticket);
        self.waiting.remove(&ticket)
    }
}
