//! Lines on standard error, each with the request that it is about.

use std::fmt::Display;
use std::rc::Rc;

use eventlet::green_context;

green_context! {
    /// The id of the request that is being answered; the threads that its handler starts have it too.
    pub(crate) static REQUEST: Rc<str> = "-".into();
}

/// Writes a line.
pub(crate) fn line(text: impl Display) {
    eprintln!("request={} {text}", REQUEST.get());
}
