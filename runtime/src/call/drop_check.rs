//! In debug builds: a green call that was dropped without having run is reported, with the line
//! that made it.
//!
//! The line takes space in every call, so release builds are without. It is in a field of its own,
//! because a `Drop` of [`Green`](crate::Green) itself would make the compiler stricter about what a
//! call borrows.

#[cfg(debug_assertions)]
use std::panic::Location;

#[cfg(debug_assertions)]
use crate::hub::observe::stderr::say;

/// Where a call was made, until it is driven.
#[cfg(debug_assertions)]
pub(crate) struct Made(Option<&'static Location<'static>>);

#[cfg(debug_assertions)]
impl Made {
    #[inline(always)]
    #[track_caller]
    pub(crate) fn here() -> Self {
        Made(Some(Location::caller()))
    }

    /// The call is driven: there is nothing to report.
    #[inline(always)]
    pub(crate) fn is_driven(&mut self) {
        self.0 = None;
    }
}

#[cfg(debug_assertions)]
impl Drop for Made {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(line) = self.0 {
            report(line);
        }
    }
}

/// While a panic unwinds, calls are dropped that would have run.
#[cfg(debug_assertions)]
#[cold]
fn report(line: &Location<'_>) {
    if !std::thread::panicking() {
        say!(
            "eventlet: a green call was dropped without having run\n\
             note: it was made at {line}\n\
             help: make it in a `#[green]` function or closure, or give it to `eventlet::run`"
        );
    }
}

#[cfg(not(debug_assertions))]
pub(crate) struct Made;

#[cfg(not(debug_assertions))]
impl Made {
    #[inline(always)]
    pub(crate) fn here() -> Self {
        Made
    }

    #[inline(always)]
    pub(crate) fn is_driven(&mut self) {}
}
