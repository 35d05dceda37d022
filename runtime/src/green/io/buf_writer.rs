//! A writer with a buffer.

use std::fmt;

use super::partial::is_interruption;
use super::{DEFAULT_SIZE, Error, ErrorKind, IoSlice, Result, Seek, SeekFrom, Write, WriterPanicked};
use crate::green;
use crate::hub::observe::stderr::say;

/// Puts a buffer in front of a writer, so that small writes cost no system call: std's `BufWriter`.
///
/// **Call [`flush`](Write::flush) before it is dropped.** A destructor cannot suspend, so unlike
/// std's this one writes nothing when it is dropped: what is in the buffer is lost. In debug builds
/// a line on stderr says so, unless the thread is panicking.
///
/// # Cancel safety
///
/// A kill or timeout while the buffer is being written loses nothing: it keeps what has not been
/// written.
pub struct BufWriter<W: Write> {
    buffer: Vec<u8>,
    /// How much of the buffer has been written; the rest moves up when the writing is over.
    written: usize,
    /// `None` only on the way out, in `into_inner`.
    writer: Option<W>,
}

impl<W: Write> BufWriter<W> {
    /// With a buffer of 8 KiB.
    pub fn new(writer: W) -> Self {
        Self::with_capacity(DEFAULT_SIZE, writer)
    }

    /// With a buffer of `capacity` bytes.
    pub fn with_capacity(capacity: usize, writer: W) -> Self {
        BufWriter { buffer: Vec::with_capacity(capacity), written: 0, writer: Some(writer) }
    }

    /// The writer.
    pub fn get_ref(&self) -> &W {
        self.writer.as_ref().expect("the writer is taken only when the buffer is consumed")
    }

    /// The writer. What is written here overtakes what is in the buffer.
    pub fn get_mut(&mut self) -> &mut W {
        self.writer.as_mut().expect("the writer is taken only when the buffer is consumed")
    }

    /// What is in the buffer now.
    pub fn buffer(&self) -> &[u8] {
        &self.buffer[self.written..]
    }

    /// How many bytes the buffer can hold.
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Writes what is in the buffer, and gives the writer back. Suspends until that is done.
    ///
    /// The writer itself is not flushed, as in std.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here drops the writer, and what has not been written is lost.
    ///
    /// # Errors
    ///
    /// Those of the writing, together with the `BufWriter`, which still has what was not written.
    #[green(crate = crate)]
    pub fn into_inner(mut self) -> std::result::Result<W, IntoInnerError<BufWriter<W>>> {
        match self.flush_buffer() {
            Err(error) => Err(IntoInnerError { writer: self, error }),
            Ok(()) => Ok(self.take_apart().0),
        }
    }

    /// Gives the writer back, and what is in the buffer. Writes nothing and does not suspend.
    ///
    /// The buffer is always `Ok` (a panic of the writer does not lose it here); the result has
    /// std's type.
    pub fn into_parts(self) -> (W, std::result::Result<Vec<u8>, WriterPanicked>) {
        let (writer, buffer) = self.take_apart();
        (writer, Ok(buffer))
    }

    fn take_apart(mut self) -> (W, Vec<u8>) {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.drain(..std::mem::take(&mut self.written));
        let writer = self.writer.take().expect("the writer is taken only when the buffer is consumed");
        (writer, buffer)
    }

    /// Hands what is in the buffer to the writer, all of it.
    #[green(crate = crate)]
    pub(super) fn flush_buffer(&mut self) -> Result<()> {
        while self.written < self.buffer.len() {
            let writer = self.writer.as_mut().expect("the writer is taken only when the buffer is consumed");
            let result = writer.write(&self.buffer[self.written..]);
            if is_interruption(&result) {
                continue;
            }
            match result? {
                0 => return Err(Error::new(ErrorKind::WriteZero, "failed to write the buffered data")),
                count => self.written += count,
            }
        }
        self.buffer.clear();
        self.written = 0;
        Ok(())
    }

    /// Puts as much into the buffer as there is room for.
    pub(super) fn keep(&mut self, buf: &[u8]) -> usize {
        let count = buf.len().min(self.room());
        self.buffer.extend_from_slice(&buf[..count]);
        count
    }

    fn room(&self) -> usize {
        self.buffer.capacity() - self.buffer.len()
    }
}

impl<W: Write> Write for BufWriter<W> {
    #[green(crate = crate)]
    fn write(&mut self, buf: &[u8]) -> Result<usize> {
        if buf.len() > self.room() {
            self.flush_buffer()?;
        }
        if buf.len() >= self.buffer.capacity() {
            return self.get_mut().write(buf);
        }
        self.buffer.extend_from_slice(buf);
        Ok(buf.len())
    }

    #[green(crate = crate)]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let total = bufs.iter().map(|buf| buf.len()).fold(0, usize::saturating_add);
        if total > self.room() {
            self.flush_buffer()?;
        }
        if total >= self.buffer.capacity() {
            return self.get_mut().write_vectored(bufs);
        }
        bufs.iter().for_each(|buf| self.buffer.extend_from_slice(buf));
        Ok(total)
    }

    #[green(crate = crate)]
    fn write_all(&mut self, buf: &[u8]) -> Result<()> {
        if buf.len() > self.room() {
            self.flush_buffer()?;
        }
        if buf.len() >= self.buffer.capacity() {
            return self.get_mut().write_all(buf);
        }
        self.buffer.extend_from_slice(buf);
        Ok(())
    }

    #[green(crate = crate)]
    fn flush(&mut self) -> Result<()> {
        self.flush_buffer()?;
        self.get_mut().flush()
    }
}

/// Writes what is in the buffer first.
impl<W: Write + Seek> Seek for BufWriter<W> {
    #[green(crate = crate)]
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.flush_buffer()?;
        self.get_mut().seek(to)
    }
}

impl<W: Write> Drop for BufWriter<W> {
    fn drop(&mut self) {
        let lost = self.buffer().len();
        if cfg!(debug_assertions) && lost > 0 && self.writer.is_some() && !std::thread::panicking() {
            say!(
                "a `BufWriter` was dropped with {lost} bytes that were never written\n\
                 note: a destructor cannot suspend, so it cannot write\n\
                 help: call `flush`, or `into_parts` to discard them"
            );
        }
    }
}

impl<W: Write + fmt::Debug> fmt::Debug for BufWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filled = format_args!("{}/{}", self.buffer().len(), self.buffer.capacity()).to_string();
        f.debug_struct("BufWriter").field("writer", self.get_ref()).field("buffer", &filled).finish()
    }
}

/// The error of [`BufWriter::into_inner`]: why, and the writer with what it still holds.
#[derive(Debug)]
pub struct IntoInnerError<W> {
    writer: W,
    error: Error,
}

impl<W> IntoInnerError<W> {
    /// Why it could not be written.
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Why it could not be written; the writer is dropped.
    pub fn into_error(self) -> Error {
        self.error
    }

    /// The writer, to try again.
    pub fn into_inner(self) -> W {
        self.writer
    }

    /// Both.
    pub fn into_parts(self) -> (Error, W) {
        (self.error, self.writer)
    }

    pub(super) fn map<V>(self, f: impl FnOnce(W) -> V) -> IntoInnerError<V> {
        IntoInnerError { writer: f(self.writer), error: self.error }
    }
}

impl<W> From<IntoInnerError<W>> for Error {
    fn from(error: IntoInnerError<W>) -> Error {
        error.error
    }
}

impl<W> fmt::Display for IntoInnerError<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl<W: fmt::Debug> std::error::Error for IntoInnerError<W> {}
