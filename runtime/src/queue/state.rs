//! What all handles on a queue share: items, and four lines of waiting threads.
//!
//! An item that is put lies in the queue until the thread that was notified for it takes it;
//! meanwhile a `try_get` may take it away. What a blocked putter brings moves in as soon as there
//! is room, without the putter having to run. So at all times:
//!
//! * as many getters are notified as there are items to take, or all of them;
//! * all getters are notified once the queue is shut down and drained;
//! * putters wait only while there is no room.

use std::cell::{Cell, RefCell, RefMut};

use super::error::{GetError, PutError};
use super::storage::Storage;
use crate::hub::current::{is_spent, spend};
use crate::hub::task::Waiter;
use crate::hub::wait_queue::{Ticket, WaitList};
use crate::hub::{wake, wake_all};

/// The inside of a queue. All its functions leave the cell unborrowed while they wake or drop
/// anything.
pub(crate) struct Shared<T, S> {
    pub(crate) state: RefCell<State<T, S>>,
    /// Drops the items that lie there at the end, or leaves them to be dropped after.
    drop_items: fn(&mut S),
}

pub(crate) struct State<T, S> {
    pub(crate) items: S,
    /// `usize::MAX`: no limit. Zero: an item goes from hand to hand.
    pub(crate) limit: usize,
    /// They bring their items.
    pub(crate) putters: WaitList<T>,
    pub(crate) getters: WaitList,
    pub(crate) peekers: WaitList,
    pub(crate) joiners: WaitList,
    /// Items that were put and not yet reported done.
    pub(crate) unfinished: usize,
    pub(crate) is_shut_down: bool,
}

impl<T, S: Storage<T>> Shared<T, S> {
    pub(crate) fn new(items: S, limit: usize, drop_items: fn(&mut S)) -> Self {
        Shared {
            drop_items,
            state: RefCell::new(State {
                items,
                limit,
                putters: WaitList::default(),
                getters: WaitList::default(),
                peekers: WaitList::default(),
                joiners: WaitList::default(),
                unfinished: 0,
                is_shut_down: false,
            }),
        }
    }

    pub(crate) fn try_put(&self, item: T) -> Result<(), PutError<T>> {
        let mut state = self.state.borrow_mut();
        if state.is_shut_down {
            return Err(PutError::ShutDown(item));
        }
        if !state.has_room() && !state.has_taker() {
            return Err(PutError::Full(item));
        }
        state.insert(item);
        self.after_putting(state);
        Ok(())
    }

    /// Puts an item that need not wait, within the budget of this resumption; otherwise it stays
    /// where it is. The short way, with nothing set up for a wait.
    #[inline(always)]
    pub(crate) fn put_at_once(&self, item: &Cell<Option<T>>) -> bool {
        let mut state = self.state.borrow_mut();
        if state.is_shut_down || !state.has_room() || is_spent() {
            return false;
        }
        let Some(item) = item.take() else { return false };
        spend(1);
        state.insert(item);
        if state.is_awaited() {
            self.after_putting_at_once(state);
        }
        true
    }

    /// Takes an item that lies there for whoever comes, within the budget of this resumption. The
    /// short way, with nothing set up for a wait.
    #[inline(always)]
    pub(crate) fn get_at_once(&self) -> Option<T> {
        let mut state = self.state.borrow_mut();
        if !state.is_quiet() {
            return self.get_among_others(state);
        }
        if is_spent() {
            return None;
        }
        let item = state.items.pop()?;
        spend(1);
        Some(item)
    }

    #[inline(never)]
    fn get_among_others(&self, mut state: RefMut<'_, State<T, S>>) -> Option<T> {
        // Those in line go first, so that the oldest item is for whoever came first.
        if state.getters.notified() > 0 || is_spent() {
            return None;
        }
        let (item, putter) = state.take()?;
        spend(1);
        self.after_taking(state, putter);
        Some(item)
    }

    pub(crate) fn try_get(&self) -> Result<T, GetError> {
        let mut state = self.state.borrow_mut();
        let Some((item, putter)) = state.take() else {
            state.items.give_back_room();
            return Err(if state.is_shut_down { GetError::ShutDown } else { GetError::Empty });
        };
        state.revoke_last();
        self.after_taking(state, putter);
        Ok(item)
    }

    /// [`after_putting`](Self::after_putting) an item that lies there now: mostly one waits, and
    /// takes.
    #[inline]
    fn after_putting_at_once(&self, mut state: RefMut<'_, State<T, S>>) {
        let is_first = state.getters.notified() == 0 && state.getters.len() == 1;
        if !is_first || !state.peekers.is_empty() {
            return self.after_putting(state);
        }
        let getter = state.getters.notify_first();
        drop(state);
        getter.into_iter().for_each(wake);
    }

    /// Wakes whose turn it is now that an item more is in or on offer.
    #[inline(never)]
    pub(crate) fn after_putting(&self, mut state: RefMut<'_, State<T, S>>) {
        let notified = state.notify_next();
        let are_more = state.may_notify();
        drop(state);
        notified.into_iter().for_each(wake);
        if are_more {
            self.wake();
        }
    }

    /// Wakes whose turn it is now that an item was taken.
    #[inline]
    pub(crate) fn after_taking(&self, state: RefMut<'_, State<T, S>>, putter: Option<Waiter>) {
        let is_shut_down = state.is_shut_down;
        drop(state);
        putter.into_iter().for_each(wake);
        if is_shut_down {
            self.wake();
        }
    }

    /// Takes the item of a getter that was notified and comes before so many that were notified
    /// earlier.
    #[cold]
    #[inline(never)]
    pub(crate) fn get_after(&self, mut state: RefMut<'_, State<T, S>>, others: usize) -> Option<T> {
        let mut putters = Vec::new();
        while state.items.size() <= others
            && let Some(putter) = state.admit()
        {
            putters.push(putter);
        }
        let item = state.items.pop_after(others);
        if state.has_room() {
            putters.extend(state.admit());
        }
        self.after_taking(state, None);
        wake_all(putters);
        item
    }

    pub(crate) fn resize(&self, limit: usize) {
        self.state.borrow_mut().limit = limit;
        self.wake();
    }

    pub(crate) fn shut_down(&self, immediate: bool) {
        let mut state = self.state.borrow_mut();
        state.is_shut_down = true;
        let mut discarded = Vec::new();
        if immediate {
            discarded.extend(std::iter::from_fn(|| state.items.pop()));
            state.unfinished = state.unfinished.saturating_sub(discarded.len());
        }
        // Putters find that they still have their item. Getters are notified below, when nothing is
        // left for them; those that were notified for what a putter takes back wait for that.
        let mut woken = state.putters.notify_all();
        while state.revoke_last() {}
        woken.append(&mut state.peekers.notify_all());
        if state.unfinished == 0 {
            woken.append(&mut state.joiners.notify_all());
        }
        drop(state);
        wake_all(woken);
        self.wake();
        drop(discarded);
    }

    /// Returns `false` if nothing is unfinished.
    pub(crate) fn task_done(&self) -> bool {
        let mut state = self.state.borrow_mut();
        let Some(left) = state.unfinished.checked_sub(1) else { return false };
        state.unfinished = left;
        let woken = if left == 0 { state.joiners.notify_all() } else { Vec::new() };
        drop(state);
        wake_all(woken);
        true
    }

    /// Notifies whoever can go on, one by one.
    pub(crate) fn wake(&self) {
        loop {
            let notified = self.state.borrow_mut().notify_next();
            if notified.is_none() {
                return;
            }
            notified.into_iter().for_each(wake);
        }
    }
}

impl<T, S> Drop for Shared<T, S> {
    fn drop(&mut self) {
        (self.drop_items)(&mut self.state.get_mut().items);
    }
}

impl<T, S: Storage<T>> State<T, S> {
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.items.size() < self.limit
    }

    /// Does anybody wait for an item who was not notified?
    #[inline]
    pub(crate) fn is_awaited(&self) -> bool {
        self.getters.len() | self.peekers.len() != 0
    }

    /// Is it open, without a putter in line or a getter that was notified? Then to take an item is
    /// to take it and no more.
    #[inline]
    fn is_quiet(&self) -> bool {
        (self.getters.notified() | self.putters.len()) == 0 && !self.is_shut_down
    }

    /// On a channel: does somebody wait for just this item?
    fn has_taker(&self) -> bool {
        self.limit == 0 && self.putters.is_empty() && !self.getters.is_empty()
    }

    /// How many items could be got without waiting.
    #[inline]
    pub(crate) fn supply(&self) -> usize {
        self.items.size() + self.putters.len()
    }

    #[inline]
    pub(crate) fn insert(&mut self, item: T) {
        // Counted first: a comparison of the user's may panic, and then the item is in all the
        // same.
        self.unfinished += 1;
        self.items.push(item);
    }

    /// A putter joins the line with what it brings.
    pub(crate) fn offer(&mut self, item: T, waiter: Waiter) -> Ticket {
        self.putters.enqueue_with(waiter, Some(item))
    }

    /// Takes the next item, and says which putter's item moved in for it.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<(T, Option<Waiter>)> {
        if self.putters.is_empty() { self.items.pop().map(|item| (item, None)) } else { self.take_of_many() }
    }

    /// The same while putters wait.
    #[inline(never)]
    fn take_of_many(&mut self) -> Option<(T, Option<Waiter>)> {
        // On a channel the item comes from the putter's hand.
        let mut putter = if self.items.size() == 0 { self.admit() } else { None };
        let item = self.items.pop()?;
        if putter.is_none() && self.has_room() {
            putter = self.admit();
        }
        Some((item, putter))
    }

    /// Moves in what the first putter in line brings, if there is one.
    fn admit(&mut self) -> Option<Waiter> {
        let ticket = self.putters.first()?;
        let item = self.putters.brought(ticket).take().expect("a putter in line has an item to put");
        // Notified first: inserting may panic, in a comparison of the user's.
        let putter = self.putters.notify_first();
        self.insert(item);
        putter
    }

    /// The next item, where it lies.
    pub(crate) fn first(&self) -> Option<&T> {
        self.items.first().or_else(|| self.putters.brought_by_first())
    }

    /// Is there something for somebody who was not notified yet: an item, or the end?
    #[inline]
    pub(crate) fn may_notify(&self) -> bool {
        self.may_notify_getter() || (!self.peekers.is_empty() && self.supply() > 0)
    }

    #[inline]
    fn may_notify_getter(&self) -> bool {
        !self.getters.is_empty() && (self.getters.notified() < self.supply() || self.is_over())
    }

    /// Notifies one that can go on: whoever only looks, then whoever takes, then whoever brings.
    fn notify_next(&mut self) -> Option<Waiter> {
        if !self.peekers.is_empty() && self.supply() > 0 {
            self.peekers.notify_first()
        } else if self.may_notify_getter() {
            self.getters.notify_first()
        } else if !self.putters.is_empty() && self.has_room() {
            self.admit()
        } else {
            None
        }
    }

    /// Shut down and drained?
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.is_shut_down && self.supply() == 0
    }

    /// The notification of a getter is revoked if what it was for is gone, and `true` said.
    pub(crate) fn revoke_last(&mut self) -> bool {
        let is_called_for_nothing = self.getters.notified() > self.supply() && !self.is_over();
        if is_called_for_nothing {
            self.getters.revoke_last();
        }
        is_called_for_nothing
    }
}
