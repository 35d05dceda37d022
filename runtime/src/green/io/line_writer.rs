//! A writer with a buffer that is written at the end of each line.

use std::fmt;

use super::{BufWriter, IntoInnerError, Result, Write};
use crate::green;

/// Puts a buffer in front of a writer and hands it on whenever a line ends: std's `LineWriter`.
///
/// As with a [`BufWriter`], what is in the buffer when it is dropped (a line without its end) is
/// lost; call [`flush`](Write::flush).
pub struct LineWriter<W: Write> {
    inner: BufWriter<W>,
}

impl<W: Write> LineWriter<W> {
    /// With a buffer of 1 KiB; a longer line is written in parts.
    pub fn new(writer: W) -> Self {
        Self::with_capacity(1024, writer)
    }

    /// With a buffer of `capacity` bytes.
    pub fn with_capacity(capacity: usize, writer: W) -> Self {
        LineWriter { inner: BufWriter::with_capacity(capacity, writer) }
    }

    /// The writer.
    pub fn get_ref(&self) -> &W {
        self.inner.get_ref()
    }

    /// The writer. What is written here overtakes what is in the buffer.
    pub fn get_mut(&mut self) -> &mut W {
        self.inner.get_mut()
    }

    /// Writes what is in the buffer, and gives the writer back. Suspends until that is done.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here drops the writer, and what has not been written is lost.
    ///
    /// # Errors
    ///
    /// As [`BufWriter::into_inner`].
    #[green(crate = crate)]
    pub fn into_inner(self) -> std::result::Result<W, IntoInnerError<LineWriter<W>>> {
        self.inner.into_inner().map_err(|error| error.map(|inner| LineWriter { inner }))
    }

    /// Hands on lines that could not be handed on before.
    #[green(crate = crate)]
    fn flush_whole_lines(&mut self) -> Result<()> {
        if self.inner.buffer().last() == Some(&b'\n') {
            self.inner.flush_buffer()?;
        }
        Ok(())
    }
}

/// Where the last line that has its end stops.
fn end_of_lines(buf: &[u8]) -> usize {
    buf.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1)
}

impl<W: Write> Write for LineWriter<W> {
    #[green(crate = crate)]
    fn write(&mut self, buf: &[u8]) -> Result<usize> {
        let end = end_of_lines(buf);
        if end == 0 {
            self.flush_whole_lines()?;
            return self.inner.write(buf);
        }
        self.inner.flush_buffer()?;
        let written = self.get_mut().write(&buf[..end])?;
        if written == 0 {
            return Ok(0);
        }
        // Lines that did not go out are kept as far as there is room; behind them, the beginning of
        // the next line.
        let rest = if written == end { &buf[end..] } else { &buf[written..end] };
        Ok(written + self.inner.keep(rest))
    }

    #[green(crate = crate)]
    fn write_all(&mut self, buf: &[u8]) -> Result<()> {
        let (lines, rest) = buf.split_at(end_of_lines(buf));
        if lines.is_empty() {
            self.flush_whole_lines()?;
        } else if self.inner.buffer().is_empty() {
            self.get_mut().write_all(lines)?;
        } else {
            self.inner.write_all(lines)?;
            self.inner.flush_buffer()?;
        }
        self.inner.write_all(rest)
    }

    #[green(crate = crate)]
    fn flush(&mut self) -> Result<()> {
        self.inner.flush()
    }
}

impl<W: Write + fmt::Debug> fmt::Debug for LineWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineWriter").field("inner", &self.inner).finish()
    }
}
