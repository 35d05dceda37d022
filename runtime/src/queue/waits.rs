//! What the threads in a queue's lines do there.
//!
//! The lines lie in the queue's state, where each step of a wait looks at more than its own: so
//! these keep their tickets by hand, and borrow once.

use std::cell::Cell;
use std::fmt;

use super::error::ShutDown;
use super::state::Shared;
use super::storage::Storage;
use crate::hub::suspend::{Wait, Waiting};
use crate::hub::wait_queue::Ticket;

/// Waits until its item is in the queue.
pub(crate) struct Put<'a, T, S: Storage<T>> {
    shared: &'a Shared<T, S>,
    /// The item is in here before the first attempt, and after a wait that came to nothing.
    item: &'a Cell<Option<T>>,
    ticket: Option<Ticket>,
}

impl<'a, T, S: Storage<T>> Put<'a, T, S> {
    pub(crate) fn new(shared: &'a Shared<T, S>, item: &'a Cell<Option<T>>) -> Self {
        Put { shared, item, ticket: None }
    }
}

impl<T, S: Storage<T>> Wait for Put<'_, T, S> {
    type Output = Result<(), ShutDown>;

    #[inline]
    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<Result<(), ShutDown>> {
        let _left_over;
        let mut state = self.shared.state.borrow_mut();
        if let Some(ticket) = self.ticket {
            if state.putters.brought(ticket).is_none() {
                return Some(Ok(()));
            }
            if state.is_shut_down {
                return Some(Err(ShutDown(())));
            }
            _left_over = state.putters.renew(ticket, waiting.waiter());
            return None;
        }
        if state.is_shut_down {
            return Some(Err(ShutDown(())));
        }
        let item = self.item.take().expect("an item is put once");
        let is_in = state.has_room();
        if is_in {
            state.insert(item);
        } else {
            self.ticket = Some(state.offer(item, waiting.waiter()));
        }
        self.shared.after_putting(state);
        is_in.then_some(Ok(()))
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state.borrow();
        let putters = state.putters.len();
        match state.limit {
            0 => write!(f, "for a taker at a channel ({putters} waiting)"),
            limit => write!(f, "for room in a queue of {limit} items ({putters} waiting)"),
        }
    }
}

impl<T, S: Storage<T>> Drop for Put<'_, T, S> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let _left;
        let mut state = self.shared.state.borrow_mut();
        let taken_back = state.putters.brought(ticket).take();
        _left = state.putters.dequeue(ticket);
        if let Some(item) = taken_back {
            state.revoke_last();
            drop(state);
            self.item.set(Some(item));
        }
    }
}

/// Waits for an item.
pub(crate) struct Get<'a, T, S: Storage<T>> {
    shared: &'a Shared<T, S>,
    ticket: Option<Ticket>,
}

impl<'a, T, S: Storage<T>> Get<'a, T, S> {
    pub(crate) fn new(shared: &'a Shared<T, S>) -> Self {
        Get { shared, ticket: None }
    }
}

impl<T, S: Storage<T>> Wait for Get<'_, T, S> {
    type Output = Result<T, ShutDown>;

    #[inline]
    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<Result<T, ShutDown>> {
        let _left_over;
        let mut state = self.shared.state.borrow_mut();
        let may_take = match self.ticket {
            // Those in line go first, called or not, so that the oldest item is for whoever came
            // first.
            None => state.getters.notified() == 0 && (state.supply() > 0 || state.is_over()),
            Some(ticket) => state.getters.is_notified(ticket),
        };
        if !may_take {
            match self.ticket {
                Some(ticket) => _left_over = state.getters.renew(ticket, waiting.waiter()),
                None => {
                    self.ticket = Some(state.getters.enqueue(waiting.waiter()));
                    // There may be an item for this one as well, or the end.
                    let may_notify = state.may_notify();
                    drop(state);
                    if may_notify {
                        self.shared.wake();
                    }
                }
            }
            return None;
        }
        if let Some(ticket) = self.ticket.take() {
            let others;
            (_left_over, others) = state.getters.dequeue_notified(ticket);
            if others > 0 {
                // The older items are for those who came first, though this one runs first.
                return Some(self.shared.get_after(state, others).ok_or(ShutDown(())));
            }
        }
        // Whoever was called finds an item, unless the queue is over.
        let Some((item, putter)) = state.take() else {
            debug_assert!(state.is_over(), "a getter was called for nothing");
            return Some(Err(ShutDown(())));
        };
        self.shared.after_taking(state, putter);
        Some(Ok(item))
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state.borrow();
        let getters = state.getters.len() + state.getters.notified();
        match state.limit {
            0 => write!(f, "for an item at a channel ({getters} waiting)"),
            _ => write!(f, "for an item of a queue ({getters} waiting)"),
        }
    }
}

impl<T, S: Storage<T>> Get<'_, T, S> {
    #[inline(never)]
    fn give_up(&self, ticket: Ticket) {
        let left = self.shared.state.borrow_mut().getters.dequeue(ticket);
        drop(left);
        // If it had been called, the next one is.
        self.shared.wake();
    }
}

impl<T, S: Storage<T>> Drop for Get<'_, T, S> {
    #[inline]
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.give_up(ticket);
        }
    }
}

/// Waits until there is an item to look at.
pub(crate) struct Peek<'a, T, S: Storage<T>> {
    shared: &'a Shared<T, S>,
    ticket: Option<Ticket>,
}

impl<'a, T, S: Storage<T>> Peek<'a, T, S> {
    pub(crate) fn new(shared: &'a Shared<T, S>) -> Self {
        Peek { shared, ticket: None }
    }
}

impl<T: Clone, S: Storage<T>> Wait for Peek<'_, T, S> {
    type Output = Result<T, ShutDown>;

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<Result<T, ShutDown>> {
        let state = self.shared.state.borrow();
        if let Some(item) = state.first() {
            return Some(Ok(item.clone()));
        }
        if state.is_shut_down {
            return Some(Err(ShutDown(())));
        }
        drop(state);
        let (_left, _left_over);
        let peekers = &mut self.shared.state.borrow_mut().peekers;
        match self.ticket {
            Some(ticket) if !peekers.is_notified(ticket) => {
                _left_over = peekers.renew(ticket, waiting.waiter())
            }
            called => {
                // Called for an item that is gone by now: back in line.
                if let Some(ticket) = called {
                    _left = peekers.dequeue(ticket);
                }
                self.ticket = Some(peekers.enqueue(waiting.waiter()));
            }
        }
        None
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for an item of a queue to look at")
    }
}

impl<T, S: Storage<T>> Drop for Peek<'_, T, S> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let left = self.shared.state.borrow_mut().peekers.dequeue(ticket);
            drop(left);
        }
    }
}

/// Waits until everything that was put is done.
pub(crate) struct Joined<'a, T, S: Storage<T>> {
    shared: &'a Shared<T, S>,
    ticket: Option<Ticket>,
}

impl<'a, T, S: Storage<T>> Joined<'a, T, S> {
    pub(crate) fn new(shared: &'a Shared<T, S>) -> Self {
        Joined { shared, ticket: None }
    }
}

impl<T, S: Storage<T>> Wait for Joined<'_, T, S> {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        let _left_over;
        let mut state = self.shared.state.borrow_mut();
        match self.ticket {
            None if state.unfinished == 0 => return Some(()),
            None => self.ticket = Some(state.joiners.enqueue(waiting.waiter())),
            Some(ticket) if state.joiners.is_notified(ticket) => return Some(()),
            Some(ticket) => _left_over = state.joiners.renew(ticket, waiting.waiter()),
        }
        None
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for {} items of a queue to be done", self.shared.state.borrow().unfinished)
    }
}

impl<T, S: Storage<T>> Drop for Joined<'_, T, S> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let left = self.shared.state.borrow_mut().joiners.dequeue(ticket);
            drop(left);
        }
    }
}
