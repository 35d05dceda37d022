//! The trait of readers.

use super::adaptors::{Bytes, Chain, Take};
use super::partial::{Tail, Text, is_interruption};
use super::{Error, ErrorKind, IoSliceMut, Result};
use crate::green;

/// A source of bytes, whose reads may suspend: std's `Read`.
///
/// Only [`read`](Self::read) must be written. [The module](super) has an example.
///
/// # Cancel safety
///
/// A kill or timeout in one read loses nothing. What it leaves of several is said where they are
/// made, and in [the module](super).
pub trait Read {
    /// Reads some bytes into `buf` and says how many. Suspends until there is at least one, or the
    /// end.
    ///
    /// Zero means the end, or an empty `buf`. What std says of implementations and callers of
    /// `read` holds here.
    ///
    /// # Errors
    ///
    /// The reader's own; an error means that nothing was read. `Interrupted` is not fatal: the
    /// provided methods try again.
    #[green(crate = crate)]
    fn read(&mut self, buf: &mut [u8]) -> Result<usize>;

    /// Reads into several buffers, filling one after the other. Suspends as [`read`](Self::read)
    /// does.
    ///
    /// If it is not overridden it reads into the first buffer that is not empty.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    #[green(crate = crate)]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        match bufs.iter_mut().find(|buf| !buf.is_empty()) {
            Some(buf) => self.read(buf),
            None => self.read(&mut []),
        }
    }

    /// Appends everything up to the end to `buf`, and says how many bytes. Suspends while there is
    /// nothing and no end.
    ///
    /// There is no limit on how much that is; [`take`](Self::take) sets one.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); what was read before stays in `buf`, after a kill or timeout too.
    #[green(crate = crate)]
    fn read_to_end(&mut self, buf: &mut Vec<u8>) -> Result<usize> {
        let mut tail = Tail::new(buf);
        let mut total = 0;
        loop {
            let result = tail.read_once(self, 32);
            if is_interruption(&result) {
                continue;
            }
            match result? {
                0 => return Ok(total),
                count => total += count,
            }
        }
    }

    /// Appends everything up to the end to `buf`, and says how many bytes. Suspends as
    /// [`read_to_end`](Self::read_to_end) does.
    ///
    /// # Errors
    ///
    /// `InvalidData` if it is not UTF-8, and then `buf` is as it was before; else as
    /// [`read`](Self::read), and then whole characters that were read stay in `buf`, after a kill
    /// or timeout too.
    #[green(crate = crate)]
    fn read_to_string(&mut self, buf: &mut String) -> Result<usize> {
        let mut text = Text::new(buf);
        let result = self.read_to_end(text.bytes());
        text.finish(result)
    }

    /// Fills `buf`. Suspends until it is full.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the end comes first; else as [`read`](Self::read). How much was read by
    /// then is not told, nor after a kill or timeout.
    #[green(crate = crate)]
    fn read_exact(&mut self, buf: &mut [u8]) -> Result<()> {
        let mut filled = 0;
        while filled < buf.len() {
            let result = self.read(&mut buf[filled..]);
            if is_interruption(&result) {
                continue;
            }
            match result? {
                0 => return Err(Error::new(ErrorKind::UnexpectedEof, "failed to fill whole buffer")),
                count => filled += count,
            }
        }
        Ok(())
    }

    /// A borrowed reader, for adaptors that would take this one away.
    fn by_ref(&mut self) -> &mut Self
    where
        Self: Sized,
    {
        self
    }

    /// The bytes one by one, as a [`GreenIterator`](crate::GreenIterator) of results. Each step is
    /// one read: put a [`BufReader`](super::BufReader) in between.
    fn bytes(self) -> Bytes<Self>
    where
        Self: Sized,
    {
        Bytes::new(self)
    }

    /// This reader up to its end, and then `next`.
    fn chain<R: Read>(self, next: R) -> Chain<Self, R>
    where
        Self: Sized,
    {
        Chain::new(self, next)
    }

    /// At most the next `limit` bytes of this reader.
    fn take(self, limit: u64) -> Take<Self>
    where
        Self: Sized,
    {
        Take::new(self, limit)
    }
}

macro_rules! forward_read {
    ($($type:ty),*) => {$(
        impl<R: Read + ?Sized> Read for $type {
            #[green(crate = crate)]
            fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
                (**self).read(buf)
            }

            #[green(crate = crate)]
            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
                (**self).read_vectored(bufs)
            }

            #[green(crate = crate)]
            fn read_to_end(&mut self, buf: &mut Vec<u8>) -> Result<usize> {
                (**self).read_to_end(buf)
            }

            #[green(crate = crate)]
            fn read_to_string(&mut self, buf: &mut String) -> Result<usize> {
                (**self).read_to_string(buf)
            }

            #[green(crate = crate)]
            fn read_exact(&mut self, buf: &mut [u8]) -> Result<()> {
                (**self).read_exact(buf)
            }
        }
    )*};
}

forward_read!(&mut R, Box<R>);

/// Reads everything up to the end as text. Suspends while there is nothing and no end.
///
/// # Cancel safety
///
/// A kill or timeout loses what was read by then; [`Read::read_to_string`] keeps it.
///
/// # Errors
///
/// As [`Read::read_to_string`].
#[green(crate = crate)]
pub fn read_to_string<R: Read>(mut reader: R) -> Result<String> {
    let mut text = String::new();
    reader.read_to_string(&mut text)?;
    Ok(text)
}
