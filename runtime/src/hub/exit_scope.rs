//! Who hears of a kill: the `catch_exit` scopes of a thread, which are a tree where the thread
//! drives several calls at once.
//!
//! A scope knows the one around it, which is the one whose call was being driven when it was
//! entered, whatever combinators stand in between. A kill is for those that have no other inside:
//! each of them is *called*, woken if something else than the thread itself drives it, and *hears*
//! when it is driven next.
//!
//! ```text
//!   kill ─▶ KILLED ─▶ notify_scopes: every innermost scope is called ─▶ the thread is resumed at once
//!                                                                       │ one is driven: it hears
//!                                    none was driven ◀─────────────────┴──▶ the thread goes on from there
//!                                    the thread ends
//! ```

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use super::Hub;
use super::task::{TaskRef, Waiter};
use super::wake;
use crate::hub::exit::Reason;

/// A place inside a `catch_exit`.
pub(crate) struct ExitScope {
    task: TaskRef,
    number: u64,
    around: Option<Rc<ExitScope>>,
    /// How many stand directly inside.
    inside: Cell<usize>,
    is_notified: Cell<bool>,
    reason: RefCell<Option<Reason>>,
    driver: RefCell<Driver>,
}

/// Who drives what stands in a scope.
#[derive(Clone)]
enum Driver {
    Thread,
    /// A branch of it.
    Branch(Waiter),
    /// A part of it that is driven by a combinator from elsewhere, with wakers of its own.
    Foreign(Waker),
}

impl Driver {
    fn of(waker: &Waker, thread: &TaskRef, hub: &Hub) -> Self {
        match Waiter::borrow_from(waker, &hub.remote) {
            Some(waiter) if waiter.is(thread) => Driver::Thread,
            Some(branch) => Driver::Branch(Waiter::clone(&branch)),
            None => Driver::Foreign(waker.clone()),
        }
    }

    /// Is it the one with this waker?
    fn has(&self, waker: &Waker, thread: &TaskRef, hub: &Hub) -> bool {
        match self {
            Driver::Thread => Waiter::borrow_from(waker, &hub.remote).is_some_and(|waiter| waiter.is(thread)),
            Driver::Branch(branch) => {
                Waiter::borrow_from(waker, &hub.remote).is_some_and(|waiter| waiter.is_same(branch))
            }
            Driver::Foreign(known) => known.will_wake(waker),
        }
    }

    /// The thread itself is resumed anyway.
    fn wake(self) {
        match self {
            Driver::Thread => {}
            Driver::Branch(branch) => wake(branch),
            Driver::Foreign(waker) => waker.wake(),
        }
    }
}

impl Hub {
    /// The running thread comes to stand in a scope. `None` where there is nobody whom a kill would
    /// ask.
    pub(crate) fn enter_scope(&self) -> Option<Rc<ExitScope>> {
        if self.is_shielded() {
            return None;
        }
        let task = self.current()?;
        let around = self.scheduler.exit_scope.take();
        self.scheduler.exit_scope.set(around.clone());
        if let Some(around) = &around {
            around.inside.set(around.inside.get() + 1);
        }
        let scope = task.with_cold(|cold| {
            let exits = cold.exits();
            exits.scopes_made += 1;
            let number = exits.scopes_made;
            let scope = Rc::new(ExitScope {
                task: task.clone(),
                number,
                around,
                inside: Cell::new(0),
                is_notified: Cell::new(false),
                reason: RefCell::default(),
                driver: RefCell::new(Driver::Thread),
            });
            exits.scopes.insert(number, scope.clone());
            scope
        });
        task.set_scoped(true);
        if task.is_killed() {
            // It killed itself on the way here, and has not suspended since.
            task.notify_scopes();
        }
        Some(scope)
    }
}

impl ExitScope {
    /// The thread no longer stands in it.
    pub(crate) fn leave(&self) {
        if let Some(around) = &self.around {
            around.inside.set(around.inside.get() - 1);
        }
        let left = self.task.if_cold(|cold| {
            let scopes = &mut cold.exits.as_mut()?.scopes;
            let left = scopes.remove(&self.number);
            Some((left, scopes.is_empty()))
        });
        if let Some((left, is_last)) = left.flatten() {
            self.task.set_scoped(!is_last);
            drop(left);
        }
    }

    /// Is a kill for this scope? It is asked once for each.
    pub(crate) fn hears(&self) -> bool {
        let is_notified = self.is_notified.take();
        if is_notified {
            self.task.hear_kill();
        }
        is_notified
    }

    /// Why, after it has heard.
    pub(crate) fn take_reason(&self) -> Option<Reason> {
        self.reason.take()
    }

    /// Calls `drive` as what stands inside. `waker` is what it is driven with.
    pub(crate) fn during<R>(self: &Rc<Self>, hub: &Hub, waker: &Waker, drive: impl FnOnce() -> R) -> R {
        self.note_driver(hub, waker);
        let _restored = Around { hub, outer: hub.scheduler.exit_scope.replace(Some(self.clone())) };
        drive()
    }

    fn note_driver(&self, hub: &Hub, waker: &Waker) {
        if !self.driver.borrow().has(waker, &self.task, hub) {
            let outgoing = self.driver.replace(Driver::of(waker, &self.task, hub));
            drop(outgoing);
        }
    }

    fn call(&self, reason: Option<&Reason>) -> Option<Driver> {
        if self.inside.get() > 0 {
            return None;
        }
        self.is_notified.set(true);
        self.reason.replace(reason.cloned());
        Some(self.driver.borrow().clone())
    }
}

impl TaskRef {
    /// How many scopes it has entered so far.
    pub(crate) fn scopes_made(&self) -> u64 {
        let made = self.if_cold(|cold| cold.exits.as_ref().map(|exits| exits.scopes_made));
        made.flatten().unwrap_or_default()
    }

    /// Does it stand in a scope that it has entered after so many?
    pub(crate) fn has_scope_after(&self, made: u64) -> bool {
        let newest = self.if_cold(|cold| {
            let (number, _) = cold.exits.as_ref()?.scopes.last_key_value()?;
            Some(*number)
        });
        newest.flatten().is_some_and(|number| number > made)
    }

    /// A kill is delivered: each innermost scope is called.
    pub(in crate::hub) fn notify_scopes(&self) {
        self.take_kill();
        let drivers = self.if_cold(|cold| {
            let exits = cold.exits();
            let reason = exits.reason.take();
            exits.scopes.values().filter_map(|scope| scope.call(reason.as_ref())).collect::<Vec<Driver>>()
        });
        drivers.into_iter().flatten().for_each(Driver::wake);
    }
}

/// Puts the scope around back, panic or not.
struct Around<'a> {
    hub: &'a Hub,
    outer: Option<Rc<ExitScope>>,
}

impl Drop for Around<'_> {
    fn drop(&mut self) {
        self.hub.scheduler.exit_scope.set(self.outer.take());
    }
}
