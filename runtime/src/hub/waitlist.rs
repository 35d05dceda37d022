//! A first come, first served line of waiting tasks.
//!
//! Joining, leaving from anywhere, and taking the first cost the same however long the line is. Whoever waits owns
//! its place and gives it back: [`WaitList::leave`] says whether it had been called by then, so that a call which
//! nobody will answer can be passed on.

use std::mem;

use super::task::TaskRef;

/// A line of waiting tasks.
pub(crate) struct WaitList {
    places: Vec<Place>,
    first: u32,
    last: u32,
    free: u32,
    waiting: u32,
}

/// A place in a line, owned by the wait that joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u32);

/// What a place had come to when it was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// It was still in the line.
    Waiting,
    /// It had been called.
    Called,
}

struct Place {
    /// `None` once the place was called, and while it is free.
    task: Option<TaskRef>,
    before: u32,
    after: u32,
}

const NONE: u32 = u32::MAX;

impl Default for WaitList {
    fn default() -> Self {
        WaitList { places: Vec::new(), first: NONE, last: NONE, free: NONE, waiting: 0 }
    }
}

impl WaitList {
    /// How many wait, those already called not counted.
    pub(crate) fn len(&self) -> usize {
        self.waiting as usize
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Joins at the end.
    pub(crate) fn join(&mut self, task: TaskRef) -> Ticket {
        let place = Place { task: Some(task), before: self.last, after: NONE };
        let index = if self.free == NONE {
            self.places.push(place);
            u32::try_from(self.places.len() - 1).expect("fewer than 2^32 tasks wait in one line")
        } else {
            let index = self.free;
            self.free = self.places[index as usize].after;
            self.places[index as usize] = place;
            index
        };
        match self.last {
            NONE => self.first = index,
            last => self.places[last as usize].after = index,
        }
        self.last = index;
        self.waiting += 1;
        Ticket(index)
    }

    /// Has this place been called?
    pub(crate) fn is_called(&self, ticket: Ticket) -> bool {
        self.places[ticket.0 as usize].task.is_none()
    }

    /// Whoever holds the place is now polled by `task`. The task that is left over comes back, to be dropped when
    /// nothing is borrowed: a stand-in for a foreign waker runs that one's destructor.
    pub(crate) fn renew(&mut self, ticket: Ticket, task: TaskRef) -> TaskRef {
        match &mut self.places[ticket.0 as usize].task {
            Some(waiting) => mem::replace(waiting, task),
            None => task,
        }
    }

    /// Calls the first in line; the caller wakes it.
    pub(crate) fn call_first(&mut self) -> Option<TaskRef> {
        if self.first == NONE {
            return None;
        }
        let index = self.first;
        self.unlink(index);
        self.places[index as usize].task.take()
    }

    /// Calls everybody who waits now, in order.
    pub(crate) fn call_all(&mut self) -> Vec<TaskRef> {
        let mut called = Vec::with_capacity(self.len());
        while let Some(task) = self.call_first() {
            called.push(task);
        }
        called
    }

    /// Gives the place back.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Left {
        match self.give_back(ticket) {
            Some(_waiting) => Left::Waiting,
            None => Left::Called,
        }
    }

    /// Gives the place back; the task comes back if it had not been called, to be dropped when nothing is borrowed.
    pub(crate) fn give_back(&mut self, ticket: Ticket) -> Option<TaskRef> {
        let index = ticket.0;
        let task = self.places[index as usize].task.take();
        if task.is_some() {
            self.unlink(index);
        }
        self.places[index as usize].after = self.free;
        self.free = index;
        task
    }

    fn unlink(&mut self, index: u32) {
        let Place { before, after, .. } = self.places[index as usize];
        match before {
            NONE => self.first = after,
            before => self.places[before as usize].after = after,
        }
        match after {
            NONE => self.last = before,
            after => self.places[after as usize].before = before,
        }
        self.waiting -= 1;
    }
}

#[cfg(test)]
mod tests;
