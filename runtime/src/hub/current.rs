//! The one thread-local: the hub of this OS thread, made on first use. Beside it lies what the running thread may still do
//! before it gives way, where a wait that need not wait finds it without asking for the hub.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use super::Hub;
use crate::loom::thread_local;

thread_local! {
    static CURRENT: OnceCell<Owner> = const { OnceCell::new() };
}

thread_local! {
    static BUDGET: Cell<i32> = const { Cell::new(FULL_BUDGET) };
}

/// What a resumption may spend: so many waits that need not wait, or [`IO_COST`] times fewer operations on descriptors. It
/// keeps a loop over queues, locks or an always-ready socket from holding the hub.
pub(crate) const FULL_BUDGET: i32 = 1024;
/// What an operation on a descriptor costs: a system call takes longer than a look into a queue.
pub(crate) const IO_COST: i32 = 8;

/// Takes `cost` from what the running thread may do before it gives way.
#[inline(always)]
pub(crate) fn spend(cost: i32) {
    // Gone with its OS thread, and then nobody else is kept waiting.
    let _ = BUDGET.try_with(|budget| budget.set(budget.get() - cost));
}

/// Has the running thread spent all that it may, so that it has to give way before it does more?
#[inline(always)]
pub(crate) fn is_spent() -> bool {
    BUDGET.try_with(|budget| budget.get() <= 0).unwrap_or(false)
}

/// Gives `budget` to whoever runs next, and says what was left of the one before.
#[inline(always)]
pub(crate) fn replace_budget(budget: i32) -> i32 {
    BUDGET.try_with(|place| place.replace(budget)).unwrap_or(budget)
}

/// Ends the hub with its OS thread.
struct Owner(Rc<Hub>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.shut_down();
    }
}

/// Calls `f` with this OS thread's hub, which is made now if there was none.
///
/// # Panics
///
/// If the OS thread is ending and its hub has ended before it.
#[inline]
#[track_caller]
pub(crate) fn with<R>(f: impl FnOnce(&Rc<Hub>) -> R) -> R {
    match CURRENT.try_with(|owner| f(&owner.get_or_init(|| Owner(Hub::new())).0)) {
        Ok(result) => result,
        Err(_) => no_hub(),
    }
}

/// Calls `f` with this OS thread's hub; `None` if it has none, or none any more.
#[inline]
pub(crate) fn try_with<R>(f: impl FnOnce(&Rc<Hub>) -> R) -> Option<R> {
    CURRENT.try_with(|owner| owner.get().map(|owner| f(&owner.0))).ok().flatten()
}

#[cold]
#[track_caller]
fn no_hub() -> ! {
    panic!(
        "this OS thread is ending and its hub has ended before it\n\
         note: this ran in the destructor of a thread-local\n\
         help: end what needs green threads before the OS thread ends"
    )
}
