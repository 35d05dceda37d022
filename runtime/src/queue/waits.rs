//! What the threads in a queue's lines do there.
//!
//! The lines lie in the queue's state. Each step of a put or a get looks at more there than its own
//! line: so these two keep their tickets by hand, and borrow once.

use std::cell::Cell;
use std::fmt;

use super::error::ShutDown;
use super::state::Shared;
use super::storage::Storage;
use crate::hub::suspend::{Wait, Waiting};
use crate::hub::wait_queue::{Line, Queued, Ticket, WaitList};

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
        let _left;
        let _left_over;
        let mut state = self.shared.state.borrow_mut();
        if let Some(ticket) = self.ticket {
            if state.putters.brought(ticket).is_none() {
                self.ticket = None;
                _left = state.putters.dequeue(ticket);
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
        if state.is_awaited() {
            self.shared.after_putting(state);
        }
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

impl<T, S: Storage<T>> Put<'_, T, S> {
    #[inline(never)]
    fn give_up(&self, ticket: Ticket) {
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

impl<T, S: Storage<T>> Drop for Put<'_, T, S> {
    #[inline]
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.give_up(ticket);
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
            // Those in line go first, notified or not, so that the oldest item is for whoever came
            // first.
            None => state.getters.notified() == 0 && (state.supply() > 0 || state.is_over()),
            Some(ticket) => state.getters.is_notified(ticket),
        };
        if !may_take {
            match self.ticket {
                Some(ticket) => _left_over = state.getters.renew(ticket, waiting.waiter()),
                None => {
                    state.items.give_back_room();
                    // Behind one that was notified there may be an item for this one as well, or
                    // the end; otherwise there is nothing, as has been seen.
                    let is_behind = state.getters.notified() > 0;
                    self.ticket = Some(state.getters.enqueue(waiting.waiter()));
                    drop(state);
                    if is_behind {
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
        // Whoever was notified finds an item, unless the queue is over.
        let Some((item, putter)) = state.take() else {
            debug_assert!(state.is_over(), "a getter was notified for nothing");
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
        // If it had been notified, the next one is.
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

/// Where those who look at the next item stand.
struct Peekers<'a, T, S>(&'a Shared<T, S>);

impl<T, S> Line for Peekers<'_, T, S> {
    type Brought = ();

    fn with<R>(&self, f: impl FnOnce(&mut WaitList) -> R) -> Option<R> {
        Some(f(&mut self.0.state.borrow_mut().peekers))
    }
}

/// Waits until there is an item to look at.
pub(crate) struct Peek<'a, T, S> {
    place: Queued<Peekers<'a, T, S>>,
}

impl<'a, T, S> Peek<'a, T, S> {
    pub(crate) fn new(shared: &'a Shared<T, S>) -> Self {
        Peek { place: Queued::new(Peekers(shared)) }
    }
}

impl<T: Clone, S: Storage<T>> Wait for Peek<'_, T, S> {
    type Output = Result<T, ShutDown>;

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<Result<T, ShutDown>> {
        let Peekers(shared) = self.place.line();
        let state = shared.state.borrow();
        if let Some(item) = state.first() {
            return Some(Ok(item.clone()));
        }
        if state.is_shut_down {
            return Some(Err(ShutDown(())));
        }
        drop(state);
        // Notified of an item that is gone by now, it goes back in line.
        self.place.wait_on(waiting);
        None
    }

    fn is_settled(&self) -> bool {
        self.place.is_in_line()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for an item of a queue to look at")
    }
}

/// Where those who wait for the queue to be done with stand.
struct Joiners<'a, T, S>(&'a Shared<T, S>);

impl<T, S> Line for Joiners<'_, T, S> {
    type Brought = ();

    fn with<R>(&self, f: impl FnOnce(&mut WaitList) -> R) -> Option<R> {
        Some(f(&mut self.0.state.borrow_mut().joiners))
    }
}

/// Waits until everything that was put is done.
pub(crate) struct Joined<'a, T, S> {
    place: Queued<Joiners<'a, T, S>>,
}

impl<'a, T, S> Joined<'a, T, S> {
    pub(crate) fn new(shared: &'a Shared<T, S>) -> Self {
        Joined { place: Queued::new(Joiners(shared)) }
    }

    fn unfinished(&self) -> usize {
        self.place.line().0.state.borrow().unfinished
    }
}

impl<T, S> Wait for Joined<'_, T, S> {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        let is_done = !self.place.is_in_line() && self.unfinished() == 0;
        (is_done || self.place.wait(waiting)).then_some(())
    }

    fn is_settled(&self) -> bool {
        self.place.is_in_line()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for {} items of a queue to be done", self.unfinished())
    }
}
