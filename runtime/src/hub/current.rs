//! The thread-locals: the hub of this OS thread, made on first use, and what must be there even
//! while that ends. Beside them lies what the running thread may still do before it gives way,
//! where a wait that need not wait finds it without asking for the hub.

use std::cell::{Cell, OnceCell, RefCell};
use std::mem::ManuallyDrop;
use std::rc::Rc;

use super::Hub;
use super::flat::{Flat, Work};
use crate::loom::thread_local;

thread_local! {
    static CURRENT: OnceCell<Owner> = const { OnceCell::new() };
}

thread_local! {
    static BUDGET: Cell<i32> = const { Cell::new(FULL_BUDGET) };
}

/// What a resumption may spend: so many waits that need not wait, or [`IO_COST`] times fewer
/// operations on descriptors. It keeps a loop over queues, locks or an always-ready socket from
/// holding the hub.
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

thread_local! {
    // With nothing to drop it has no destructor, and is there as long as the OS thread.
    static LASTING: ManuallyDrop<Lasting> = const { ManuallyDrop::new(Lasting::new()) };
}

/// What outlives the hub of an OS thread.
struct Lasting {
    flat: Flat,
    /// There is, or was, a hub: to look for one makes no thread-local.
    has_hub: Cell<bool>,
    /// The hub whose OS thread is ending, while it is being shut down.
    ending: RefCell<Option<Rc<Hub>>>,
    /// One that is made for whoever asks after that, and ends with the answer.
    after: RefCell<Option<Rc<Hub>>>,
}

impl Lasting {
    const fn new() -> Self {
        Lasting {
            flat: Flat::new(),
            has_hub: Cell::new(false),
            ending: RefCell::new(None),
            after: RefCell::new(None),
        }
    }
}

/// `None` in a model, which ends all thread-locals alike.
fn lasting<R>(f: impl FnOnce(&Lasting) -> R) -> Option<R> {
    LASTING.try_with(|lasting| f(lasting)).ok()
}

/// Ends the hub with its OS thread. What that calls finds the hub as it was.
struct Owner(Rc<Hub>);

impl Drop for Owner {
    fn drop(&mut self) {
        lasting(|lasting| lasting.ending.replace(Some(self.0.clone())));
        self.0.end();
        let ended = lasting(|lasting| lasting.ending.take());
        drop(ended);
    }
}

/// A hub that is there for one question, after the end of the OS thread's own.
struct After {
    hub: Rc<Hub>,
    outer: Option<Rc<Hub>>,
}

impl After {
    fn begin() -> Self {
        let hub = Hub::after_the_end();
        let outer = lasting(|lasting| lasting.after.replace(Some(hub.clone()))).flatten();
        After { hub, outer }
    }
}

impl Drop for After {
    fn drop(&mut self) {
        self.hub.end();
        let outer = self.outer.take();
        let ended = lasting(|lasting| lasting.after.replace(outer));
        drop(ended);
    }
}

/// Calls `f` with this OS thread's hub, which is made now if there was none: for what a hub drives.
///
/// # Panics
///
/// If the OS thread is ending, and its hub with it: nothing is driven then.
#[inline]
#[track_caller]
pub(crate) fn with_running<R>(f: impl FnOnce(&Rc<Hub>) -> R) -> R {
    // This is asked for at every wait. With a second call of `f`, for the end, it would not lie in
    // line.
    match CURRENT.try_with(|owner| f(&owner.get_or_init(make).0)) {
        Ok(result) => result,
        Err(_) => is_over(),
    }
}

/// Calls `f` with this OS thread's hub, which is made now if there was none.
///
/// When the OS thread is ending and its hub has ended before it, `f` has one that ends with it:
/// what is spawned there is killed before it begins.
#[inline]
pub(crate) fn with<R>(f: impl FnOnce(&Rc<Hub>) -> R) -> R {
    // Asked beforehand, so that `f` is moved no more often than it must be.
    if CURRENT.try_with(|_| ()).is_err() {
        let last = Found::at_the_end();
        return f(&last.hub);
    }
    with_running(f)
}

/// The hub that [`with`] would hand on, for those whose code is large: in a closure it would not
/// lie in line.
#[inline]
pub(crate) fn get() -> Found {
    match CURRENT.try_with(|owner| owner.get_or_init(make).0.clone()) {
        Ok(hub) => Found { hub, _after: None },
        Err(_) => Found::at_the_end(),
    }
}

/// Calls `f` with this OS thread's hub; `None` if it has none, or is ending.
#[inline]
pub(crate) fn try_with<R>(f: impl FnOnce(&Rc<Hub>) -> R) -> Option<R> {
    CURRENT.try_with(|owner| owner.get().map(|owner| f(&owner.0))).ok().flatten()
}

/// This OS thread's hub, even while it ends; `None` if it has none, or none any more.
#[inline]
pub(crate) fn find() -> Option<Rc<Hub>> {
    match CURRENT.try_with(|owner| owner.get().map(|owner| owner.0.clone())) {
        Ok(hub) => hub,
        Err(_) => ending(),
    }
}

#[cold]
fn make() -> Owner {
    let hub = Hub::new();
    lasting(|lasting| lasting.has_hub.set(true));
    Owner(hub)
}

/// The process was forked, and this is the one OS thread of the child. Asks for no memory, takes no
/// lock, and does not panic.
#[cfg(unix)]
pub(super) fn after_fork() {
    if lasting(|lasting| lasting.has_hub.get()) != Some(true) {
        return;
    }
    let _ = CURRENT.try_with(|owner| owner.get().map(|owner| owner.0.disown()));
    lasting(|lasting| lasting.ending.try_borrow().map(|hub| hub.as_ref().map(|hub| hub.disown())).is_ok());
}

#[cold]
fn ending() -> Option<Rc<Hub>> {
    lasting(|lasting| lasting.ending.borrow().clone()).flatten()
}

/// The hub that is asked: the OS thread's own, or another one where that may not be used any more.
pub(crate) struct Found {
    hub: Rc<Hub>,
    /// Counted, so that dropping it lies in line: there mostly is none.
    _after: Option<Rc<After>>,
}

impl std::ops::Deref for Found {
    type Target = Rc<Hub>;

    #[inline]
    fn deref(&self) -> &Rc<Hub> {
        &self.hub
    }
}

impl Found {
    #[cold]
    fn at_the_end() -> Self {
        let after = || lasting(|lasting| lasting.after.borrow().clone()).flatten();
        if let Some(hub) = ending().or_else(after) {
            return Found { hub, _after: None };
        }
        let after = After::begin();
        Found { hub: after.hub.clone(), _after: Some(Rc::new(after)) }
    }
}

/// For those that would wait here.
///
/// # Panics
///
/// If the OS thread is ending, and its hub with it.
#[track_caller]
pub(crate) fn expect_not_over() {
    if CURRENT.try_with(|_| ()).is_err() {
        is_over();
    }
}

#[cold]
#[track_caller]
fn is_over() -> ! {
    panic!(
        "this OS thread is ending and its hub has ended before it\n\
         note: this ran in the destructor of a thread-local\n\
         help: end what needs green threads before the OS thread ends"
    )
}

/// Calls `now` with the value, unless too many such calls stand on each other's stack already: then
/// what `later` makes of it is done by the deepest of them, before that returns.
pub(crate) fn nest<V>(value: V, now: impl FnOnce(V), later: impl FnOnce(V) -> Work) {
    let mut parts = Some((value, now, later));
    let nested = lasting(|lasting| {
        if let Some((value, now, later)) = parts.take() {
            lasting.flat.nest(value, now, later);
        }
    });
    if nested.is_none()
        && let Some((value, now, _)) = parts
    {
        now(value);
    }
}
