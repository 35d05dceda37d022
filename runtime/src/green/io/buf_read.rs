//! The trait of readers with a buffer, and the iterators over their lines and parts.

use super::partial::{Begun, Text, is_interruption, not_text};
use super::{Error, ErrorKind, Read, Result};
use crate::green;
use crate::iter::GreenIterator;

/// A reader that has a buffer of its own, and so can look for the end of a line: std's `BufRead`.
pub trait BufRead: Read {
    /// What is in the buffer, which is filled first if it is empty. Suspends until there is
    /// something, or the end.
    ///
    /// An empty buffer means the end. What is used of it must be [consumed](Self::consume).
    ///
    /// # Errors
    ///
    /// As [`Read::read`].
    #[green(crate = crate)]
    fn fill_buf(&mut self) -> Result<&[u8]>;

    /// Takes the first `amount` bytes out of the buffer. Does not suspend.
    fn consume(&mut self, amount: usize);

    /// Takes bytes back that were consumed, and gives them again before all others. `true` says
    /// that it has. Does not suspend.
    ///
    /// This is how a reader keeps the beginning of a line that nobody got.
    /// [`BufReader`](super::BufReader) does, and those adaptors do whose readers do. If it is not
    /// overridden it takes nothing.
    fn put_back(&mut self, bytes: &[u8]) -> bool {
        let _ = bytes;
        false
    }

    /// Appends everything up to `byte`, this included, or up to the end, and says how many bytes.
    /// Suspends until then.
    ///
    /// There is no limit on how much that is; [`Read::take`] sets one.
    ///
    /// # Errors
    ///
    /// As [`Read::read`]. What was read before `TimedOut` or `WouldBlock` is kept for the next
    /// call, as below; before another error it stays in `buf`, as in std.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: `buf` is as it was before, and what had come is [put
    /// back](Self::put_back), so that the next call, in this green thread or another, gives the
    /// whole. A reader that takes nothing back (one of your own that does not override `put_back`)
    /// leaves it in `buf`, and then the next call appends the rest to that.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventlet::green::io::{self, BufRead, BufReader, Write, pipe};
    /// use eventlet::{green, with_timeout};
    ///
    /// #[green]
    /// fn main() -> io::Result<()> {
    ///     let (reader, mut writer) = pipe()?;
    ///     let mut reader = BufReader::new(reader);
    ///     let mut name = vec![];
    ///     writer.write_all(b"beginning and ")?;
    ///     let limit = Duration::from_millis(1);
    ///     assert!(with_timeout(limit, || reader.read_until(b';', &mut name)).is_err());
    ///     assert_eq!(name, b"");
    ///
    ///     writer.write_all(b"end;")?;
    ///     reader.read_until(b';', &mut name)?;
    ///     assert_eq!(name, b"beginning and end;");
    ///     Ok(())
    /// }
    /// ```
    #[green(crate = crate)]
    fn read_until(&mut self, byte: u8, buf: &mut Vec<u8>) -> Result<usize> {
        let begun = Begun::new(self, buf);
        loop {
            let (found, used) = {
                let result = begun.reader.fill_buf();
                if is_interruption(&result) {
                    continue;
                }
                let available = match result {
                    Ok(available) => available,
                    Err(error) => {
                        if !is_limit(&error) {
                            begun.finish();
                        }
                        return Err(error);
                    }
                };
                let (found, used) = up_to(byte, available);
                begun.buf.extend_from_slice(&available[..used]);
                (found, used)
            };
            begun.reader.consume(used);
            if found || used == 0 {
                return Ok(begun.finish());
            }
        }
    }

    /// Skips everything up to `byte`, this included, or up to the end, and says how many bytes.
    /// Suspends until then.
    ///
    /// # Errors
    ///
    /// As [`Read::read`].
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here leaves what was skipped skipped, and the next call goes on there. How
    /// much that was is not told.
    #[green(crate = crate)]
    fn skip_until(&mut self, byte: u8) -> Result<usize> {
        let mut total = 0;
        loop {
            let (found, used) = {
                let result = self.fill_buf();
                if is_interruption(&result) {
                    continue;
                }
                up_to(byte, result?)
            };
            self.consume(used);
            total += used;
            if found || used == 0 {
                return Ok(total);
            }
        }
    }

    /// Appends a line, its `\n` included, and says how many bytes; none at the end. Suspends until
    /// then.
    ///
    /// There is no limit on how long a line is; [`Read::take`] sets one.
    ///
    /// # Errors
    ///
    /// `InvalidData` if it is not UTF-8, and then `buf` is as it was before, and the line has been
    /// consumed; else as [`read_until`](Self::read_until): what was read before a limit is kept for
    /// the next call, and whole characters that were read before another error stay in `buf`.
    ///
    /// # Cancel safety
    ///
    /// As [`read_until`](Self::read_until): the next call gives the whole line. (A reader that
    /// takes nothing back leaves the characters that are complete in `buf`, and half a character is
    /// lost.)
    #[green(crate = crate)]
    fn read_line(&mut self, buf: &mut String) -> Result<usize> {
        let mut text = Text::new(buf);
        let result = self.read_until(b'\n', text.bytes());
        text.finish(result)
    }

    /// The parts between the `byte`s, without them, as a [`GreenIterator`] of results.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout during a step loses nothing: the next step gives the whole part, and if
    /// the iterator goes first, the reader keeps the beginning as it does in
    /// [`read_until`](Self::read_until).
    fn split(self, byte: u8) -> Split<Self>
    where
        Self: Sized,
    {
        Split { reader: self, byte, part: Vec::new() }
    }

    /// The lines, without their `\n` or `\r\n`, as a [`GreenIterator`] of results.
    ///
    /// # Cancel safety
    ///
    /// As [`split`](Self::split): the next step gives the whole line.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventlet::green;
    /// use eventlet::green::io::{self, BufRead};
    ///
    /// #[green]
    /// fn main() -> io::Result<()> {
    ///     let mut lengths = vec![];
    ///     for line in "one\nthree\r\n".as_bytes().lines() {
    ///         lengths.push(line?.len());
    ///     }
    ///     assert_eq!(lengths, [3, 5]);
    ///     Ok(())
    /// }
    /// ```
    fn lines(self) -> Lines<Self>
    where
        Self: Sized,
    {
        Lines { reader: self, line: Vec::new() }
    }
}

/// Has the time that was set for a read run out, while the reader itself is well?
fn is_limit(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

/// How much of `available` to use when looking for `byte`, and whether it is there.
fn up_to(byte: u8, available: &[u8]) -> (bool, usize) {
    match available.iter().position(|&other| other == byte) {
        Some(position) => (true, position + 1),
        None => (false, available.len()),
    }
}

impl<R: BufRead + ?Sized> BufRead for &mut R {
    #[green(crate = crate)]
    fn fill_buf(&mut self) -> Result<&[u8]> {
        (**self).fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        (**self).consume(amount);
    }

    fn put_back(&mut self, bytes: &[u8]) -> bool {
        (**self).put_back(bytes)
    }
}

impl<R: BufRead + ?Sized> BufRead for Box<R> {
    #[green(crate = crate)]
    fn fill_buf(&mut self) -> Result<&[u8]> {
        (**self).fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        (**self).consume(amount);
    }

    fn put_back(&mut self, bytes: &[u8]) -> bool {
        (**self).put_back(bytes)
    }
}

/// The iterator that [`BufRead::split`] makes.
#[derive(Debug)]
pub struct Split<R> {
    reader: R,
    byte: u8,
    /// The beginning of a part that was cut off, if the reader did not take it back.
    part: Vec<u8>,
}

own_next! { for [R: BufRead] Split<R> }

impl<R: BufRead> GreenIterator for Split<R> {
    type Item = Result<Vec<u8>>;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<Result<Vec<u8>>> {
        next_part(&mut self.reader, self.byte, &mut self.part).transpose()
    }
}

/// The iterator that [`BufRead::lines`] makes.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    /// The beginning of a line that was cut off, if the reader did not take it back.
    line: Vec<u8>,
}

own_next! { for [R: BufRead] Lines<R> }

impl<R: BufRead> GreenIterator for Lines<R> {
    type Item = Result<String>;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<Result<String>> {
        next_line(&mut self.reader, &mut self.line).transpose()
    }
}

/// The next part, without its `byte`; `begun` is what there is of it already.
#[green(crate = crate)]
fn next_part<R: BufRead>(reader: &mut R, byte: u8, begun: &mut Vec<u8>) -> Result<Option<Vec<u8>>> {
    let read = reader.read_until(byte, begun)?;
    if read == 0 && begun.is_empty() {
        return Ok(None);
    }
    let mut part = std::mem::take(begun);
    part.pop_if(|last| *last == byte);
    Ok(Some(part))
}

/// The next line, without its end; `begun` is what there is of it already.
#[green(crate = crate)]
pub(super) fn next_line<R: BufRead>(reader: &mut R, begun: &mut Vec<u8>) -> Result<Option<String>> {
    let read = reader.read_until(b'\n', begun)?;
    if read == 0 && begun.is_empty() {
        return Ok(None);
    }
    let mut line = String::from_utf8(std::mem::take(begun)).map_err(|_| not_text())?;
    if line.ends_with('\n') {
        line.pop();
        if line.ends_with('\r') {
            line.pop();
        }
    }
    Ok(Some(line))
}
