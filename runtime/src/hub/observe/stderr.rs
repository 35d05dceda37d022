//! What is said on standard error by the way.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};

/// Writes a line to standard error if that can be written to.
///
/// Whoever reads it may have gone (`program 2>&1 | head`), and a report must not change what
/// happens: `eprintln!` would panic, in a destructor or in the hub itself.
pub(crate) fn line(text: fmt::Arguments<'_>) {
    let mut line = String::new();
    // What cannot be shown is said as far as it can. Made before the lock is taken, since showing
    // may say something.
    let _ = line.write_fmt(text);
    line.push('\n');
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// [`line`], called as `eprintln!` is.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::hub::observe::stderr::line(format_args!($($text)*))
    };
}
pub(crate) use say;
