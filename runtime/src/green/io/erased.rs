//! The twins of the traits that may stand behind a `dyn`: their calls are on the heap.

use super::{BufRead, IoSlice, IoSliceMut, Read, Result, Seek, SeekFrom, Write};
use crate::green;

/// [`Read`] that can be made into an object. Every reader is one, and `dyn DynRead` is a reader.
pub trait DynRead {
    /// [`Read::read`].
    #[green(boxed, crate = crate)]
    fn dyn_read(&mut self, buf: &mut [u8]) -> Result<usize>;

    /// [`Read::read_vectored`].
    #[green(boxed, crate = crate)]
    fn dyn_read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize>;
}

/// [`Write`] that can be made into an object. Every writer is one, and `dyn DynWrite` is a writer.
pub trait DynWrite {
    /// [`Write::write`].
    #[green(boxed, crate = crate)]
    fn dyn_write(&mut self, buf: &[u8]) -> Result<usize>;

    /// [`Write::write_vectored`].
    #[green(boxed, crate = crate)]
    fn dyn_write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize>;

    /// [`Write::flush`].
    #[green(boxed, crate = crate)]
    fn dyn_flush(&mut self) -> Result<()>;
}

/// [`BufRead`] that can be made into an object. Every one is one, and `dyn DynBufRead` is a
/// `BufRead`.
pub trait DynBufRead: DynRead {
    /// [`BufRead::fill_buf`].
    #[green(boxed, crate = crate)]
    fn dyn_fill_buf<'a>(&'a mut self) -> Result<&'a [u8]>;

    /// [`BufRead::consume`].
    fn dyn_consume(&mut self, amount: usize);

    /// [`BufRead::put_back`].
    fn dyn_put_back(&mut self, bytes: &[u8]) -> bool;
}

/// [`Seek`] that can be made into an object. Every one is one, and `dyn DynSeek` is a `Seek`.
pub trait DynSeek {
    /// [`Seek::seek`].
    #[green(boxed, crate = crate)]
    fn dyn_seek(&mut self, to: SeekFrom) -> Result<u64>;
}

/// [`Read`] and [`Write`] together: `Box<dyn DynStream>` holds a connection of any kind.
pub trait DynStream: DynRead + DynWrite {}

impl<R: Read> DynRead for R {
    #[green(boxed, crate = crate)]
    fn dyn_read(&mut self, buf: &mut [u8]) -> Result<usize> {
        self.read(buf)
    }

    #[green(boxed, crate = crate)]
    fn dyn_read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.read_vectored(bufs)
    }
}

impl<W: Write> DynWrite for W {
    #[green(boxed, crate = crate)]
    fn dyn_write(&mut self, buf: &[u8]) -> Result<usize> {
        self.write(buf)
    }

    #[green(boxed, crate = crate)]
    fn dyn_write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        self.write_vectored(bufs)
    }

    #[green(boxed, crate = crate)]
    fn dyn_flush(&mut self) -> Result<()> {
        self.flush()
    }
}

impl<R: BufRead> DynBufRead for R {
    #[green(boxed, crate = crate)]
    fn dyn_fill_buf<'a>(&'a mut self) -> Result<&'a [u8]> {
        self.fill_buf()
    }

    fn dyn_consume(&mut self, amount: usize) {
        self.consume(amount);
    }

    fn dyn_put_back(&mut self, bytes: &[u8]) -> bool {
        self.put_back(bytes)
    }
}

impl<S: Seek> DynSeek for S {
    #[green(boxed, crate = crate)]
    fn dyn_seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.seek(to)
    }
}

impl<S: Read + Write> DynStream for S {}

macro_rules! read_through {
    ($($object:ty),*) => {$(
        impl Read for $object {
            #[green(crate = crate)]
            fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
                self.dyn_read(buf)
            }

            #[green(crate = crate)]
            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
                self.dyn_read_vectored(bufs)
            }
        }
    )*};
}

macro_rules! write_through {
    ($($object:ty),*) => {$(
        impl Write for $object {
            #[green(crate = crate)]
            fn write(&mut self, buf: &[u8]) -> Result<usize> {
                self.dyn_write(buf)
            }

            #[green(crate = crate)]
            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize> {
                self.dyn_write_vectored(bufs)
            }

            #[green(crate = crate)]
            fn flush(&mut self) -> Result<()> {
                self.dyn_flush()
            }
        }
    )*};
}

read_through!(dyn DynRead + '_, dyn DynBufRead + '_, dyn DynStream + '_);
write_through!(dyn DynWrite + '_, dyn DynStream + '_);

impl BufRead for dyn DynBufRead + '_ {
    #[green(crate = crate)]
    fn fill_buf(&mut self) -> Result<&[u8]> {
        self.dyn_fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.dyn_consume(amount);
    }

    fn put_back(&mut self, bytes: &[u8]) -> bool {
        self.dyn_put_back(bytes)
    }
}

impl Seek for dyn DynSeek + '_ {
    #[green(crate = crate)]
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.dyn_seek(to)
    }
}
