//! A reader with a buffer.

use std::fmt;

use super::{BufRead, DEFAULT_SIZE, IoSliceMut, Read, Result, Seek, SeekFrom};
use crate::green;

/// Puts a buffer in front of a reader, so that small reads cost no system call: std's `BufReader`.
///
/// Dropping it, or [`into_inner`](Self::into_inner), loses what is in the buffer.
///
/// # Cancel safety
///
/// A kill or timeout in one of its calls loses nothing, in the middle of a line neither: what
/// [`read_line`](BufRead::read_line), [`read_until`](BufRead::read_until),
/// [`lines`](BufRead::lines) or [`split`](BufRead::split) had read by then is in the buffer again,
/// which grows for it if need be. What those that fill a buffer of the caller's (`read_exact`,
/// `read_to_end`) had read is there.
pub struct BufReader<R: ?Sized> {
    /// As long as `capacity`, unless what was put back needs more.
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    capacity: usize,
    reader: R,
}

impl<R> BufReader<R> {
    /// With a buffer of 8 KiB.
    pub fn new(reader: R) -> Self {
        Self::with_capacity(DEFAULT_SIZE, reader)
    }

    /// With a buffer of `capacity` bytes.
    pub fn with_capacity(capacity: usize, reader: R) -> Self {
        BufReader { buffer: vec![0; capacity].into_boxed_slice(), start: 0, end: 0, capacity, reader }
    }

    /// Gives the reader back. What is in the buffer is lost.
    pub fn into_inner(self) -> R {
        self.reader
    }
}

impl<R: ?Sized> BufReader<R> {
    /// The reader.
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// The reader. What is read here is missing behind the buffer.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// What is in the buffer now. Reads nothing.
    pub fn buffer(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// How many bytes the buffer can hold. (It holds more while a longer line that was cut off is
    /// kept for the next call.)
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    fn discard(&mut self) {
        self.start = 0;
        self.end = 0;
        if self.buffer.len() > self.capacity {
            self.buffer = vec![0; self.capacity].into_boxed_slice();
        }
    }
}

impl<R: Read + ?Sized> BufReader<R> {
    /// Sees to it that there is something in the buffer, unless the end has come.
    #[green(crate = crate)]
    fn fill(&mut self) -> Result<()> {
        if self.start == self.end {
            self.discard();
            self.end = self.reader.read(&mut self.buffer)?;
        }
        Ok(())
    }
}

impl<R: Seek + ?Sized> BufReader<R> {
    /// Moves by `offset`, and keeps the buffer if the new place is inside it; suspends if it is
    /// not.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here may have moved the reader already.
    ///
    /// # Errors
    ///
    /// As [`Seek::seek`].
    #[green(crate = crate)]
    pub fn seek_relative(&mut self, offset: i64) -> Result<()> {
        let start = i64::try_from(self.start).ok().and_then(|start| start.checked_add(offset));
        match start.and_then(|start| usize::try_from(start).ok()) {
            Some(start) if start <= self.end => {
                self.start = start;
                Ok(())
            }
            _ => Seek::seek(self, SeekFrom::Current(offset)).map(drop),
        }
    }
}

impl<R: Read + ?Sized> Read for BufReader<R> {
    #[green(crate = crate)]
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        if self.start == self.end && buf.len() >= self.capacity {
            // The buffer would only be in the way.
            self.discard();
            return self.reader.read(buf);
        }
        self.fill()?;
        let count = buf.len().min(self.end - self.start);
        buf[..count].copy_from_slice(&self.buffer()[..count]);
        self.consume(count);
        Ok(count)
    }

    #[green(crate = crate)]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let room: usize = bufs.iter().map(|buf| buf.len()).sum();
        if self.start == self.end && room >= self.capacity {
            self.discard();
            return self.reader.read_vectored(bufs);
        }
        self.fill()?;
        let mut total = 0;
        for buf in bufs {
            let count = buf.len().min(self.end - self.start);
            buf[..count].copy_from_slice(&self.buffer()[..count]);
            self.consume(count);
            total += count;
        }
        Ok(total)
    }
}

impl<R: Read + ?Sized> BufRead for BufReader<R> {
    #[green(crate = crate)]
    fn fill_buf(&mut self) -> Result<&[u8]> {
        self.fill()?;
        Ok(self.buffer())
    }

    fn consume(&mut self, amount: usize) {
        self.start = self.end.min(self.start.saturating_add(amount));
    }

    fn put_back(&mut self, bytes: &[u8]) -> bool {
        if let Some(start) = self.start.checked_sub(bytes.len()) {
            self.buffer[start..self.start].copy_from_slice(bytes);
            self.start = start;
            return true;
        }
        let mut buffer = [bytes, self.buffer()].concat();
        (self.start, self.end) = (0, buffer.len());
        buffer.resize(self.end.max(self.capacity), 0);
        self.buffer = buffer.into_boxed_slice();
        true
    }
}

/// Discards the buffer, and moves from where the caller stands, not from where the inner reader
/// does.
impl<R: Seek + ?Sized> Seek for BufReader<R> {
    #[green(crate = crate)]
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let unread = (self.end - self.start) as i64;
        let place = match to {
            SeekFrom::Current(offset) => match offset.checked_sub(unread) {
                Some(offset) => self.reader.seek(SeekFrom::Current(offset))?,
                None => {
                    self.reader.seek(SeekFrom::Current(-unread))?;
                    self.discard();
                    self.reader.seek(SeekFrom::Current(offset))?
                }
            },
            to => self.reader.seek(to)?,
        };
        self.discard();
        Ok(place)
    }
}

impl<R: fmt::Debug + ?Sized> fmt::Debug for BufReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filled = format_args!("{}/{}", self.end - self.start, self.buffer.len()).to_string();
        f.debug_struct("BufReader").field("reader", &&self.reader).field("buffer", &filled).finish()
    }
}
