//! A first come, first served line of waiters.
//!
//! Joining, leaving from anywhere, notifying the first, and revoking that cost the same however
//! long the line is. Whoever waits owns its place and gives it back: [`WaitList::dequeue`] says
//! whether it had been notified by then, so that a notification which nobody will act on can be
//! passed on.
//!
//! ```text
//!     first                   next
//!       ▼                       ▼
//!   [notified] ⇄ [notified] ⇄ [waiting] ⇄ [waiting] ⇄ [waiting]
//! ```
//!
//! Those who were notified keep their places at the head of the line until they leave it. So a
//! notification can be revoked ([`WaitList::revoke_last`]), which is what happens when somebody
//! else takes what it was about, and nobody loses a place by it.

use super::table::KEPT;
use super::task::Waiter;

/// A line of waiting tasks, each with what it has brought, if it brings anything.
pub(crate) struct WaitList<B = ()> {
    places: Vec<Node<B>>,
    first: u32,
    /// The first that was not notified.
    next: u32,
    last: u32,
    free: u32,
    waiting: u32,
    notified: u32,
}

/// A place in a line, owned by the wait that joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u32);

impl Ticket {
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a place had come to when it was left.
///
/// It holds what the place held: drop it when nothing is borrowed (see [`LeftOver`]).
#[must_use = "bind it, so that it is dropped after the line is given back"]
pub(crate) struct Left {
    pub(crate) was_notified: bool,
    _left_over: LeftOver,
}

/// The waiter that a place has held. A stand-in for a foreign waker runs that one's destructor,
/// which is anybody's code and may use whatever the line belongs to: so this is declared before the
/// line is borrowed, and dropped after it.
pub(crate) type LeftOver = Option<Waiter>;

struct Node<B> {
    /// `None` while the place is free.
    waiter: Option<Waiter>,
    is_notified: bool,
    before: u32,
    after: u32,
    brought: Option<B>,
}

const NONE: u32 = u32::MAX;

impl<B> Default for WaitList<B> {
    fn default() -> Self {
        WaitList {
            places: Vec::new(),
            first: NONE,
            next: NONE,
            last: NONE,
            free: NONE,
            waiting: 0,
            notified: 0,
        }
    }
}

impl<B> WaitList<B> {
    /// How many wait, those already notified not counted.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.waiting as usize
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// How many were notified and have not left yet.
    #[inline]
    pub(crate) fn notified(&self) -> usize {
        self.notified as usize
    }

    /// Joins at the end.
    #[inline]
    pub(crate) fn enqueue(&mut self, waiter: Waiter) -> Ticket {
        self.enqueue_with(waiter, None)
    }

    /// Joins at the end, with what it brings.
    #[inline]
    pub(crate) fn enqueue_with(&mut self, waiter: Waiter, brought: Option<B>) -> Ticket {
        let index = self.free;
        // No place has the number that stands for none.
        let Some(place) = self.places.get_mut(index as usize) else {
            return self.enqueue_in_new_place(waiter, brought);
        };
        self.free = place.after;
        // Field by field: a whole place would be put together elsewhere first, and waited for when
        // it is copied.
        place.waiter = Some(waiter);
        place.brought = brought;
        place.is_notified = false;
        place.before = self.last;
        place.after = NONE;
        self.append(index);
        Ticket(index)
    }

    #[cold]
    #[inline(never)]
    fn enqueue_in_new_place(&mut self, waiter: Waiter, brought: Option<B>) -> Ticket {
        let index = u32::try_from(self.places.len()).ok().filter(|&index| index != NONE);
        let index = index.expect("fewer than 2^32 - 1 tasks wait in one line");
        let waiter = Some(waiter);
        self.places.push(Node { waiter, is_notified: false, before: self.last, after: NONE, brought });
        self.append(index);
        Ticket(index)
    }

    /// The place at the end of the line knows already who is before it.
    #[inline(always)]
    fn append(&mut self, index: u32) {
        match self.last {
            NONE => (self.first, self.next) = (index, index),
            last => {
                self.places[last as usize].after = index;
                if self.next == NONE {
                    self.next = index;
                }
            }
        }
        self.last = index;
        self.waiting += 1;
    }

    /// What the holder of this place has brought. It is taken by whoever it is for, or by the
    /// holder before that leaves.
    #[inline]
    pub(crate) fn brought(&mut self, ticket: Ticket) -> &mut Option<B> {
        &mut self.places[ticket.index()].brought
    }

    /// What the first in line has brought.
    pub(crate) fn brought_by_first(&self) -> Option<&B> {
        self.places.get(self.next as usize)?.brought.as_ref()
    }

    /// Has this place been notified?
    #[inline]
    pub(crate) fn is_notified(&self, ticket: Ticket) -> bool {
        self.places[ticket.index()].is_notified
    }

    /// Whoever holds the place is now polled by `waiter`.
    #[must_use = "bind it, so that it is dropped after the line is given back"]
    pub(crate) fn renew(&mut self, ticket: Ticket, waiter: Waiter) -> LeftOver {
        self.places[ticket.index()].waiter.replace(waiter)
    }

    /// Who is notified next.
    #[inline]
    pub(crate) fn first(&self) -> Option<Ticket> {
        (self.next != NONE).then_some(Ticket(self.next))
    }

    /// Notifies the first in line; the caller wakes it.
    #[inline]
    pub(crate) fn notify_first(&mut self) -> Option<Waiter> {
        if self.next == NONE {
            return None;
        }
        let place = &mut self.places[self.next as usize];
        place.is_notified = true;
        self.next = place.after;
        self.waiting -= 1;
        self.notified += 1;
        place.waiter.clone()
    }

    /// Notifies everybody who waits now, in order.
    pub(crate) fn notify_all(&mut self) -> Vec<Waiter> {
        let mut notified = Vec::with_capacity(self.len());
        while let Some(waiter) = self.notify_first() {
            notified.push(waiter);
        }
        notified
    }

    /// How many were notified before this one, and have not left yet.
    fn rank(&self, ticket: Ticket) -> usize {
        let mut rank = 0;
        let mut before = self.places[ticket.index()].before;
        while before != NONE {
            let place = &self.places[before as usize];
            rank += usize::from(place.is_notified);
            before = place.before;
        }
        rank
    }

    /// Takes back the notification of the last that was notified: it is the first in line again. It
    /// may have been woken.
    pub(crate) fn revoke_last(&mut self) {
        let last_called = match self.next {
            NONE => self.last,
            next => self.places[next as usize].before,
        };
        if last_called == NONE {
            return;
        }
        self.places[last_called as usize].is_notified = false;
        self.next = last_called;
        self.waiting += 1;
        self.notified -= 1;
    }

    /// Gives the place back.
    #[inline(always)]
    pub(crate) fn dequeue(&mut self, ticket: Ticket) -> Left {
        let index = ticket.0;
        let Node { is_notified, before, after, .. } = self.places[index as usize];
        match before {
            NONE => self.first = after,
            before => self.places[before as usize].after = after,
        }
        match after {
            NONE => {
                self.last = before;
                if before == NONE && self.places.len() > KEPT {
                    return self.dequeue_last(index);
                }
            }
            after => self.places[after as usize].before = before,
        }
        if self.next == index {
            self.next = after;
        }
        let place = &mut self.places[index as usize];
        let _left_over = place.waiter.take();
        place.after = self.free;
        self.free = index;
        *(if is_notified { &mut self.notified } else { &mut self.waiting }) -= 1;
        Left { was_notified: is_notified, _left_over }
    }

    /// Gives back a place that was notified, and says how many were notified before it and have not
    /// left yet.
    #[inline(always)]
    pub(crate) fn dequeue_notified(&mut self, ticket: Ticket) -> (LeftOver, usize) {
        let is_long = self.places.len() > KEPT;
        let place = &mut self.places[ticket.index()];
        let (before, after) = (place.before, place.after);
        if before != NONE || (after == NONE && is_long) {
            return self.dequeue_out_of_turn(ticket);
        }
        // The first of the line, and not the next to be notified: there is nothing before it to see
        // to.
        let left_over = place.waiter.take();
        place.after = self.free;
        self.free = ticket.0;
        self.first = after;
        match after {
            NONE => self.last = NONE,
            after => self.places[after as usize].before = NONE,
        }
        self.notified -= 1;
        (left_over, 0)
    }

    /// Out of line: those who were notified first mostly leave first.
    #[cold]
    #[inline(never)]
    fn dequeue_out_of_turn(&mut self, ticket: Ticket) -> (LeftOver, usize) {
        let rank = self.rank(ticket);
        (self.dequeue(ticket)._left_over, rank)
    }

    /// The last of a long line leaves: the places are nobody's, and go.
    #[cold]
    #[inline(never)]
    fn dequeue_last(&mut self, index: u32) -> Left {
        let place = &mut self.places[index as usize];
        let left = Left { was_notified: place.is_notified, _left_over: place.waiter.take() };
        *self = WaitList::default();
        left
    }
}

mod queued;
#[cfg(test)]
mod tests;

pub(crate) use queued::{Line, Queued};
