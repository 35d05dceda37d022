//! Seeing every switch.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::Greenlet;
use super::driver::state;

/// How control passes from one greenlet to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// With a value.
    Switch,
    /// With an error.
    Throw,
}

/// What [`settrace`] takes: called with what happens, where control comes from, and where it goes.
pub type Trace = Rc<dyn Fn(Transfer, &Greenlet, &Greenlet)>;

/// Calls `trace` at every switch between greenlets of this OS thread, just before the target goes
/// on; `None` ends that. Gives the one before. Does not suspend.
///
/// A `trace` that panics is not called again; what it panics with is printed and goes no further. A
/// greenlet that ends passes control to its parent, which is a switch as well.
///
/// ```
/// use std::cell::RefCell;
/// use std::rc::Rc;
/// use eventlet::greenlet::{Greenlet, Thrown, Transfer, settrace};
///
/// async fn body() -> Result<(), Thrown> {
///     Ok(())
/// }
///
/// let seen = Rc::new(RefCell::new(vec![]));
/// let log = seen.clone();
/// settrace(Some(Rc::new(move |transfer, _origin, _target| log.borrow_mut().push(transfer))));
/// Greenlet::new(|()| body()).switch_in_place(()).unwrap();
/// settrace(None);
/// assert_eq!(*seen.borrow(), [Transfer::Switch, Transfer::Switch]);
/// ```
///
/// greenlet's `settrace`.
pub fn settrace(trace: Option<Trace>) -> Option<Trace> {
    state().trace.replace(trace)
}

/// The function that is called now.
///
/// greenlet's `gettrace`.
pub fn gettrace() -> Option<Trace> {
    state().trace.borrow().clone()
}

pub(super) fn report(transfer: Transfer, origin: &Greenlet, target: &Greenlet) {
    let Some(trace) = gettrace() else { return };
    if catch_unwind(AssertUnwindSafe(|| trace(transfer, origin, target))).is_err() {
        drop(settrace(None));
    }
}
