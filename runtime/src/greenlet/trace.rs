//! Seeing every switch.

use std::rc::Rc;

use super::Greenlet;

/// How control passes from one greenlet to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// With a value.
    Switch,
    /// With an error.
    Throw,
}

/// What [`settrace`](super::settrace) takes: called with what happens, where control comes from,
/// and where it goes.
pub type Trace = Rc<dyn Fn(Transfer, &Greenlet, &Greenlet)>;
