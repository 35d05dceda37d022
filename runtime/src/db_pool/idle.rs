//! Connections that nobody uses, and when they are closed.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use crate::hub::current;
use crate::hubs::{ScheduledCall, schedule_call_global};

pub(super) struct Idle<C> {
    max_idle: Duration,
    max_age: Duration,
    /// The one that came back last is the last.
    waiting: RefCell<Vec<Waiting<C>>>,
    /// Closes the next that is to be closed, at this time or for nothing.
    closing: RefCell<Option<(Duration, ScheduledCall)>>,
}

/// A connection with its age.
pub(super) struct Entry<C> {
    pub(super) connection: C,
    made: Duration,
}

struct Waiting<C> {
    entry: Entry<C>,
    until: Duration,
}

impl<C> Entry<C> {
    pub(super) fn new(connection: C) -> Self {
        Entry { connection, made: now() }
    }

    /// The same connection, if the cleanup gives one back.
    pub(super) async fn cleaned<G>(self, cleanup: impl FnOnce(C) -> G) -> Option<Self>
    where
        G: Future<Output = Option<C>>,
    {
        let connection = cleanup(self.connection).await?;
        Some(Entry { connection, made: self.made })
    }
}

impl<C: 'static> Idle<C> {
    pub(super) fn new(max_idle: Duration, max_age: Duration) -> Self {
        Idle { max_idle, max_age, waiting: RefCell::default(), closing: RefCell::default() }
    }

    /// The one that came back last, if there is one that is still good.
    pub(super) fn take(&self) -> Option<Entry<C>> {
        self.close_old();
        Some(self.waiting.borrow_mut().pop()?.entry)
    }

    /// Keeps a connection, or closes one whose time is over.
    pub(super) fn bring_back(self: &Rc<Self>, entry: Entry<C>) {
        let now = now();
        let until = now.saturating_add(self.max_idle).min(entry.made.saturating_add(self.max_age));
        if until > now {
            self.waiting.borrow_mut().push(Waiting { entry, until });
            self.close_in_time();
        }
    }

    pub(super) fn clear(&self) {
        // Their destructors run when nothing is borrowed.
        let closed = self.waiting.take();
        drop(closed);
    }

    /// Closes what is too old now.
    fn close_old(&self) {
        let now = now();
        let closed: Vec<_> =
            self.waiting.borrow_mut().extract_if(.., |waiting| waiting.until <= now).collect();
        drop(closed);
    }

    /// Makes sure that there is a timer while there is a connection. One that fires for nothing
    /// sets the next one.
    fn close_in_time(self: &Rc<Self>) {
        let next = self.waiting.borrow().iter().map(|waiting| waiting.until).min();
        let Some(next) = next.filter(|next| *next != Duration::MAX) else { return };
        if self.is_closing_by(next) {
            return;
        }
        let idle = Rc::downgrade(self);
        let call = schedule_call_global(next.saturating_sub(now()), move || {
            if let Some(idle) = idle.upgrade() {
                idle.close_old();
                idle.close_in_time();
            }
        });
        let before = self.closing.replace(Some((next, call)));
        if let Some((_, before)) = before {
            before.cancel();
        }
    }

    fn is_closing_by(&self, time: Duration) -> bool {
        self.closing.borrow().as_ref().is_some_and(|(at, call)| call.is_pending() && *at <= time)
    }
}

impl<C> Idle<C> {
    pub(super) fn len(&self) -> usize {
        self.waiting.borrow().len()
    }
}

impl<C> Drop for Idle<C> {
    fn drop(&mut self) {
        // After the hub's end there is nothing to undo.
        if let Some((_, closing)) = self.closing.take()
            && current::try_with(|_| ()).is_some()
        {
            closing.cancel();
        }
    }
}

fn now() -> Duration {
    current::with(|hub| hub.now())
}
