//! The trait of readers with a buffer, and the iterators over their lines and parts.

use super::partial::{Text, is_interruption};
use super::{Read, Result};
use crate::green;
use crate::iter::GreenIterator;

/// A reader that has a buffer of its own, and so can look for the end of a line: std's `BufRead`.
pub trait BufRead: Read {
    /// What is in the buffer, which is filled first if it is empty. Suspends until there is something, or the end.
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

    /// Appends everything up to `byte`, this included, or up to the end, and says how many bytes. Suspends until then.
    ///
    /// There is no limit on how much that is; [`Read::take`] sets one.
    ///
    /// # Errors
    ///
    /// As [`Read::read`]; what was read before stays in `buf`, after a kill or timeout too.
    #[green(crate = crate)]
    fn read_until(&mut self, byte: u8, buf: &mut Vec<u8>) -> Result<usize> {
        let mut total = 0;
        loop {
            let (found, used) = {
                let result = self.fill_buf();
                if is_interruption(&result) {
                    continue;
                }
                let available = result?;
                let (found, used) = up_to(byte, available);
                buf.extend_from_slice(&available[..used]);
                (found, used)
            };
            self.consume(used);
            total += used;
            if found || used == 0 {
                return Ok(total);
            }
        }
    }

    /// Skips everything up to `byte`, this included, or up to the end, and says how many bytes. Suspends until then.
    ///
    /// # Errors
    ///
    /// As [`Read::read`].
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

    /// Appends a line, its `\n` included, and says how many bytes; none at the end. Suspends until then.
    ///
    /// There is no limit on how long a line is; [`Read::take`] sets one.
    ///
    /// # Errors
    ///
    /// `InvalidData` if it is not UTF-8, and then `buf` is as it was before, and the line has been consumed; else as
    /// [`Read::read`], and then whole characters that were read stay in `buf`, after a kill or timeout too.
    #[green(crate = crate)]
    fn read_line(&mut self, buf: &mut String) -> Result<usize> {
        let mut text = Text::new(buf);
        let result = self.read_until(b'\n', text.bytes());
        text.finish(result)
    }

    /// The parts between the `byte`s, without them, as a [`GreenIterator`] of results.
    fn split(self, byte: u8) -> Split<Self>
    where
        Self: Sized,
    {
        Split { reader: self, byte }
    }

    /// The lines, without their `\n` or `\r\n`, as a [`GreenIterator`] of results.
    ///
    /// A kill or timeout during a step loses the part of the line that was read by then;
    /// [`read_line`](Self::read_line) keeps it.
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
        Lines { reader: self }
    }
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
}

impl<R: BufRead + ?Sized> BufRead for Box<R> {
    #[green(crate = crate)]
    fn fill_buf(&mut self) -> Result<&[u8]> {
        (**self).fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        (**self).consume(amount);
    }
}

/// The iterator that [`BufRead::split`] makes.
#[derive(Debug)]
pub struct Split<R> {
    reader: R,
    byte: u8,
}

impl<R: BufRead> GreenIterator for Split<R> {
    type Item = Result<Vec<u8>>;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<Result<Vec<u8>>> {
        let mut part = Vec::new();
        match self.reader.read_until(self.byte, &mut part) {
            Ok(0) => None,
            Ok(_) => {
                if part.last() == Some(&self.byte) {
                    part.pop();
                }
                Some(Ok(part))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

/// The iterator that [`BufRead::lines`] makes.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
}

impl<R: BufRead> GreenIterator for Lines<R> {
    type Item = Result<String>;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<Result<String>> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => {
                if line.ends_with('\n') {
                    line.pop();
                    if line.ends_with('\r') {
                        line.pop();
                    }
                }
                Some(Ok(line))
            }
            Err(error) => Some(Err(error)),
        }
    }
}
