//! Text that `write!` is given before its destination is asked for room.

use std::fmt::{self, Write as _};

/// What the arguments of a `write!` come to.
///
/// It owns the text, so that what the arguments borrowed is free again while a green destination
/// suspends.
#[derive(Default)]
pub struct Text {
    text: String,
    has_failed: bool,
}

impl Text {
    /// What `write!` calls. An error of a `Display` is kept, and comes out where the text is
    /// written.
    pub fn write_fmt(&mut self, text: fmt::Arguments<'_>) {
        self.has_failed |= self.text.write_fmt(text).is_err();
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As far as it came, like `write!` itself.
        f.write_str(&self.text)?;
        if self.has_failed { Err(fmt::Error) } else { Ok(()) }
    }
}
