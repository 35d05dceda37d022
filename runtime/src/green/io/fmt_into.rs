//! Formatting into what never blocks.

use std::fmt::Arguments;
use std::io;

/// Writes formatted text to a writer of std's that never blocks: a `Vec<u8>`, a
/// [`Cursor`](io::Cursor). Never suspends.
///
/// `write!` calls the `write_fmt` of the trait that is in scope. Beside a green
/// [`Write`](super::Write) that is the green one, whose call does nothing in an ordinary function;
/// with both traits in scope it is ambiguous. This names the writer's own, whatever is in scope:
///
/// ```
/// use eventlet::green::io::{self, Write, fmt_into};
///
/// // An ordinary function, in a module that writes to green sockets elsewhere.
/// fn encode(words: &[&str]) -> io::Result<Vec<u8>> {
///     let mut frame = Vec::new();
///     fmt_into(&mut frame, format_args!("*{}\r\n", words.len()))?;
///     for word in words {
///         fmt_into(&mut frame, format_args!("${}\r\n{word}\r\n", word.len()))?;
///     }
///     Ok(frame)
/// }
///
/// # fn main() -> io::Result<()> {
/// assert_eq!(encode(&["GET", "a"])?, b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// Those of the writer. A `Vec<u8>` has none.
///
/// # Panics
///
/// As `write!` does: if a `Display` of the arguments fails though the writer has not.
pub fn fmt_into<W: io::Write + ?Sized>(writer: &mut W, text: Arguments<'_>) -> io::Result<()> {
    writer.write_fmt(text)
}
