//! The trampoline. Greenlets do not call each other: each hands what it asks for to its driver,
//! which goes on with the next.
//!
//! ```text
//!   main ── switch ──▶ driver ──▶ a          a wants b: a is suspended, the driver goes on with b
//!                        │  ▲     │
//!                        │  └─────┘          b ends or wants main: the driver is over
//!                        └──────▶ b
//! ```
//!
//! The base of a driver is the greenlet whose code called it: the main one, or one that called
//! ordinary code.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::trace::{Trace, Transfer};
use super::value::{InvalidSwitch, Thrown};
use super::{Greenlet, GreenletExit, Inner, State, Value};
use crate::hub::current;
use crate::hub::flat::drop_flat;
use crate::hub::task::is_trace_poll;

/// What passes from one greenlet to another.
pub(super) enum Passed {
    Value(Value),
    Thrown(Thrown),
    /// A panic that ended a greenlet, on its way to the parent.
    Panic(Box<dyn Any + Send>),
}

impl Passed {
    /// At the switch that it comes out of.
    fn arrive(self) -> Result<Value, Thrown> {
        match self {
            Passed::Value(value) => Ok(value),
            Passed::Thrown(thrown) => Err(thrown),
            Passed::Panic(payload) => resume_unwind(payload),
        }
    }

    /// What a greenlet that ends with this gives its parent.
    fn returned(self) -> Self {
        match self {
            Passed::Thrown(thrown) if thrown.is_exit() => Passed::Value(Value::new(GreenletExit)),
            passed => passed,
        }
    }

    fn transfer(&self) -> Transfer {
        if matches!(self, Passed::Value(_)) { Transfer::Switch } else { Transfer::Throw }
    }
}

impl From<Result<Value, Thrown>> for Passed {
    fn from(result: Result<Value, Thrown>) -> Self {
        result.map_or_else(Passed::Thrown, Passed::Value)
    }
}

/// What a hub keeps for its greenlets.
pub(super) struct Greenlets {
    pub(super) main: Greenlet,
    /// The one that runs, and in which green thread.
    running: RefCell<Option<(Greenlet, Option<u64>)>>,
    /// What the running greenlet wants of its driver.
    wish: Cell<Option<Wish>>,
    pub(super) trace: RefCell<Option<Trace>>,
}

struct Wish {
    target: Greenlet,
    passed: Passed,
}

impl Default for Greenlets {
    fn default() -> Self {
        Greenlets {
            main: Greenlet { inner: Inner::in_state(State::Main), _owner: None },
            running: RefCell::default(),
            wish: Cell::new(None),
            trace: RefCell::default(),
        }
    }
}

impl Greenlets {
    pub(super) fn current(&self) -> Greenlet {
        match &*self.running.borrow() {
            // A green thread that a greenlet resumes, by killing it, is not inside that greenlet.
            Some((greenlet, thread)) if *thread == thread_id() => {
                Greenlet { inner: greenlet.inner.clone(), _owner: None }
            }
            _ => self.main.clone(),
        }
    }
}

pub(super) fn state() -> Rc<Greenlets> {
    current::with(|hub| hub.extensions.get())
}

/// Tells whoever traces.
fn report(transfer: Transfer, origin: &Greenlet, target: &Greenlet) {
    let Some(trace) = state().trace.borrow().clone() else { return };
    if catch_unwind(AssertUnwindSafe(|| trace(transfer, origin, target))).is_err() {
        drop(state().trace.take());
    }
}

fn thread_id() -> Option<u64> {
    current::with(|hub| hub.current()).map(|task| task.id())
}

/// A switch, seen from the one that makes it.
pub(super) struct Switch {
    stage: Stage,
}

enum Stage {
    Made(Wish),
    /// Control has been handed to the driver. What comes back comes here.
    Waiting(Rc<Cell<Option<Passed>>>),
    Driving(Driver),
    Over,
}

impl Switch {
    pub(super) fn new(target: Greenlet, passed: Passed) -> Self {
        Switch { stage: Stage::Made(Wish { target, passed }) }
    }

    /// Hands a wish to the driver further up, or becomes one.
    fn begin(&mut self, wish: Wish) -> Option<Passed> {
        let greenlets = state();
        let myself = greenlets.current();
        if wish.target == myself {
            return Some(wish.passed);
        }
        if myself.is_main() {
            return match Driver::start(myself, wish) {
                Ok(driver) => {
                    self.stage = Stage::Driving(driver);
                    None
                }
                Err(passed) => Some(passed),
            };
        }
        // Something that came for a switch that was dropped is of no use to this one.
        drop(myself.inner.inbox.take());
        greenlets.wish.set(Some(wish));
        self.stage = Stage::Waiting(myself.inner.inbox.clone());
        None
    }

    fn proceed(&mut self, cx: &mut Context<'_>) -> Option<Passed> {
        if !is_trace_poll(cx)
            && let Stage::Made(_) = self.stage
            && let Stage::Made(wish) = std::mem::replace(&mut self.stage, Stage::Over)
            && let Some(passed) = self.begin(wish)
        {
            return Some(passed);
        }
        match &mut self.stage {
            Stage::Driving(driver) => driver.run(cx),
            Stage::Waiting(inbox) => inbox.take(),
            Stage::Made(_) => None,
            Stage::Over => unreachable!("a switch that is over is not driven again"),
        }
    }
}

// Greenlets are boxed: nothing in here is pinned.
impl Unpin for Switch {}

impl Future for Switch {
    type Output = Result<Value, Thrown>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Value, Thrown>> {
        match self.proceed(cx) {
            Some(passed) => {
                self.stage = Stage::Over;
                Poll::Ready(passed.arrive())
            }
            None => Poll::Pending,
        }
    }
}

/// A switch in ordinary code.
#[track_caller]
pub(super) fn in_place(target: &Greenlet, passed: Passed) -> Result<Value, Thrown> {
    let base = state().current();
    if *target == base {
        return passed.arrive();
    }
    let mut driver = match Driver::start(base, Wish { target: target.clone(), passed }) {
        Ok(driver) => driver,
        Err(passed) => return passed.arrive(),
    };
    match driver.run(&mut Context::from_waker(Waker::noop())) {
        Some(passed) => passed.arrive(),
        None => panic!(
            "a greenlet waits for the hub, and was switched to from ordinary code, which has none\n\
             help: switch to it from a green function, or by `eventlet::run(|| greenlet.switch(value))`"
        ),
    }
}

/// Drives greenlets, one after another, until control comes back to the base.
struct Driver {
    base: Greenlet,
    /// The one that runs, or waits for the hub.
    active: Greenlet,
}

impl Driver {
    /// Gives what came back to the base at once, if it did.
    fn start(base: Greenlet, wish: Wish) -> Result<Driver, Passed> {
        let active = pass(&base, base.clone(), wish)?;
        Ok(Driver { base, active })
    }

    /// Drives until control comes back to the base; `None` if it waits for the hub.
    fn run(&mut self, cx: &mut Context<'_>) -> Option<Passed> {
        loop {
            let wish = self.resume(cx)?;
            match pass(&self.base, self.active.clone(), wish) {
                Ok(next) => self.active = next,
                Err(passed) => return Some(passed),
            }
        }
    }

    /// Lets the active greenlet run until it wants control to pass on, or ends; `None` if it waits
    /// for the hub.
    fn resume(&self, cx: &mut Context<'_>) -> Option<Wish> {
        let active = &self.active;
        let mut body = active.inner.body.take().expect("an active greenlet has a body while it does not run");
        let greenlets = state();
        let outer = greenlets.running.replace(Some((active.clone(), thread_id())));
        let progress = catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(cx)));
        let wish = greenlets.wish.take();
        let wish = match progress {
            Ok(Poll::Pending) => {
                active.inner.body.set(Some(body));
                if wish.is_some() {
                    active.inner.state.set(State::Suspended);
                    if active.inner.is_orphan.get() {
                        end(&active.inner);
                    }
                }
                wish
            }
            Ok(Poll::Ready(result)) => Some(ended(active, body, result.into())),
            Err(payload) => Some(ended(active, body, Passed::Panic(payload))),
        };
        drop(greenlets.running.replace(outer));
        wish
    }
}

/// A body is over: control is to go to the parent.
fn ended(greenlet: &Greenlet, body: super::Body, passed: Passed) -> Wish {
    // What the body holds is dropped while it still counts as running; a destructor that panics
    // counts.
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(body)));
    greenlet.inner.state.set(State::Dead);
    let passed = dropped.map_or_else(Passed::Panic, |()| passed.returned());
    Wish { target: parent_of(greenlet), passed }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Interrupted while the active greenlet waits for the hub: nobody else can resume it.
        if self.active.inner.state.get() == State::Active {
            end(&self.active.inner);
        }
    }
}

/// Hands control on. Gives the greenlet to drive, or what comes back to the base.
fn pass(base: &Greenlet, mut from: Greenlet, wish: Wish) -> Result<Greenlet, Passed> {
    let Wish { mut target, mut passed } = wish;
    loop {
        let target_state = target.inner.state.get();
        let is_out_of_reach = target != *base && matches!(target_state, State::Active | State::Main);
        if is_out_of_reach && from.inner.state.get() == State::Suspended {
            // The greenlet that asked for it gets the error at its call.
            passed = Passed::Thrown(InvalidSwitch.into());
            target = from.clone();
            continue;
        }
        if is_out_of_reach && from == *base {
            return Err(Passed::Thrown(InvalidSwitch.into()));
        }
        if is_out_of_reach {
            target = base.clone();
        }
        if target_state != State::Dead {
            report(passed.transfer(), &from, &target);
        }
        if target == *base {
            return Err(passed);
        }
        match (target_state, passed) {
            (State::Suspended, passed) => {
                target.inner.state.set(State::Active);
                target.inner.inbox.set(Some(passed));
                return Ok(target);
            }
            (State::Unstarted, Passed::Value(first)) => {
                start(&target, first);
                return Ok(target);
            }
            (_, refused) => {
                end(&target.inner);
                passed = refused.returned();
                let parent = parent_of(&target);
                if target_state == State::Unstarted {
                    from = target;
                }
                target = parent;
            }
        }
    }
}

fn start(greenlet: &Greenlet, first: Value) {
    let start = greenlet.inner.start.take().expect("an unstarted greenlet has a beginning");
    greenlet.inner.state.set(State::Active);
    // The closure is called in the greenlet, not by whoever switches to it.
    greenlet.inner.body.set(Some(Box::pin(async move { start(first).await })));
}

/// Ends a greenlet that does not run: what it holds is dropped.
pub(super) fn end(greenlet: &Inner) {
    greenlet.state.set(State::Dead);
    let held = (greenlet.start.take(), greenlet.body.take(), greenlet.inbox.take());
    // It may be the last that holds another greenlet, and so on.
    drop_flat(held);
}

fn parent_of(greenlet: &Greenlet) -> Greenlet {
    greenlet.parent().expect("the main greenlet is never driven, and does not end")
}
