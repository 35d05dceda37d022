//! The trait of writers.

use std::fmt;

use super::partial::is_interruption;
use super::{Error, ErrorKind, IoSlice, Result};
use crate::green;

/// A sink for bytes, whose writes may suspend: std's `Write`.
///
/// [`write`](Self::write) and [`flush`](Self::flush) must be written. `write!` and `writeln!` work
/// in green bodies.
///
/// # Cancel safety
///
/// A kill or timeout in one write loses nothing. What it leaves of several is said where they are
/// made, and in [the module](super).
pub trait Write {
    /// Writes some of `buf` and says how many bytes. Suspends until there is room for at least one.
    ///
    /// # Errors
    ///
    /// The writer's own; an error means that nothing was written. `Interrupted` is not fatal: the
    /// provided methods try again.
    #[green(crate = crate)]
    fn write(&mut self, buf: &[u8]) -> Result<usize>;

    /// Hands on what is still in buffers. Suspends until that is done.
    ///
    /// # Errors
    ///
    /// The writer's own.
    #[green(crate = crate)]
    fn flush(&mut self) -> Result<()>;

    /// Writes from several buffers, one after the other. Suspends as [`write`](Self::write) does.
    ///
    /// If it is not overridden it writes from the first buffer that is not empty.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    #[green(crate = crate)]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        match bufs.iter().find(|buf| !buf.is_empty()) {
            Some(buf) => self.write(buf),
            None => self.write(&[]),
        }
    }

    /// Writes all of `buf`. Suspends until that is done. eventlet's `sendall`.
    ///
    /// # Errors
    ///
    /// `WriteZero` if the writer takes nothing more; else as [`write`](Self::write). How much was
    /// written by then is not told, nor after a kill or timeout.
    #[doc(alias = "sendall")]
    #[green(crate = crate)]
    fn write_all(&mut self, buf: &[u8]) -> Result<()> {
        let mut written = 0;
        while written < buf.len() {
            let result = self.write(&buf[written..]);
            if is_interruption(&result) {
                continue;
            }
            match result? {
                0 => return Err(Error::new(ErrorKind::WriteZero, "failed to write whole buffer")),
                count => written += count,
            }
        }
        Ok(())
    }

    /// Writes formatted text, all of it: what `write!` calls. Suspends until that is done.
    ///
    /// The text is put together in memory first, since a `Display` cannot suspend; then it is
    /// written at one go. In a green body `write!` and `writeln!` let go of what their arguments
    /// borrowed before that: `write!(out, "{}", names.borrow().len())` holds no borrow while `out`
    /// suspends. (A borrow that a variable holds lives on.)
    ///
    /// # Errors
    ///
    /// As [`write_all`](Self::write_all); an error of a `Display` comes out as one of kind `Other`.
    #[green(crate = crate)]
    fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> Result<()> {
        if let Some(text) = text.as_str() {
            return self.write_all(text.as_bytes());
        }
        let mut whole = String::new();
        fmt::Write::write_fmt(&mut whole, text).map_err(|_| Error::other("formatter error"))?;
        self.write_all(whole.as_bytes())
    }

    /// A borrowed writer, for adaptors that would take this one away.
    fn by_ref(&mut self) -> &mut Self
    where
        Self: Sized,
    {
        self
    }
}

macro_rules! forward_write {
    ($($type:ty),*) => {$(
        impl<W: Write + ?Sized> Write for $type {
            #[green(crate = crate)]
            fn write(&mut self, buf: &[u8]) -> Result<usize> {
                (**self).write(buf)
            }

            #[green(crate = crate)]
            fn flush(&mut self) -> Result<()> {
                (**self).flush()
            }

            #[green(crate = crate)]
            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize> {
                (**self).write_vectored(bufs)
            }

            #[green(crate = crate)]
            fn write_all(&mut self, buf: &[u8]) -> Result<()> {
                (**self).write_all(buf)
            }

            #[green(crate = crate)]
            fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> Result<()> {
                (**self).write_fmt(text)
            }
        }
    )*};
}

forward_write!(&mut W, Box<W>);
