//! The two directions of a stream, as two values.

use std::fmt;
use std::io;
use std::net::Shutdown;

use crate::green;
use crate::green::io::{IoSlice, IoSliceMut, Read, Write};

/// A stream that can be split: a [`TcpStream`](super::TcpStream), a Unix stream, and TLS over one.
pub trait SplitStream: private::Stream {}

pub(in crate::green) mod private {
    use std::io;
    use std::net::Shutdown;

    /// What the halves need of their stream.
    pub trait Stream: Sized {
        /// Another handle on the same stream.
        fn another(&self) -> Self;
        /// Is this a handle on the same stream?
        fn is_same(&self, other: &Self) -> bool;
        /// Ends a direction.
        fn shut(&self, how: Shutdown) -> io::Result<()>;
    }
}

/// Another handle on a stream.
#[cfg(feature = "tls")]
pub(crate) fn another<S: SplitStream>(stream: &S) -> S {
    stream.another()
}

/// Ends a direction of a stream.
#[cfg(feature = "tls")]
pub(crate) fn shut<S: SplitStream>(stream: &S, how: Shutdown) -> io::Result<()> {
    stream.shut(how)
}

/// Borrows a stream as its two directions.
pub(crate) fn split<S: SplitStream>(stream: &mut S) -> (ReadHalf<'_, S>, WriteHalf<'_, S>) {
    (ReadHalf { stream }, WriteHalf { stream })
}

/// Takes a stream apart into its two directions.
pub(crate) fn into_split<S: SplitStream>(stream: S) -> (OwnedReadHalf<S>, OwnedWriteHalf<S>) {
    let writer = OwnedWriteHalf { stream: Some(stream.another()) };
    (OwnedReadHalf { stream }, writer)
}

/// The reading direction of a stream, borrowed: what `split` gives.
#[derive(Debug)]
pub struct ReadHalf<'a, S> {
    stream: &'a S,
}

/// The writing direction of a stream, borrowed: what `split` gives. Dropping it changes nothing.
#[derive(Debug)]
pub struct WriteHalf<'a, S> {
    stream: &'a S,
}

/// The reading direction of a stream: what `into_split` gives.
#[derive(Debug)]
pub struct OwnedReadHalf<S: SplitStream> {
    stream: S,
}

/// The writing direction of a stream: what `into_split` gives.
///
/// Dropping it ends that direction: the peer reads the end. [`forget`](Self::forget) drops it
/// without.
#[derive(Debug)]
pub struct OwnedWriteHalf<S: SplitStream> {
    /// `None` only on the way out.
    stream: Option<S>,
}

impl<S> AsRef<S> for ReadHalf<'_, S> {
    fn as_ref(&self) -> &S {
        self.stream
    }
}

impl<S> AsRef<S> for WriteHalf<'_, S> {
    fn as_ref(&self) -> &S {
        self.stream
    }
}

impl<S: SplitStream> AsRef<S> for OwnedReadHalf<S> {
    fn as_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: SplitStream> AsRef<S> for OwnedWriteHalf<S> {
    fn as_ref(&self) -> &S {
        self.stream.as_ref().expect("the stream is taken only when the half is consumed")
    }
}

impl<S: SplitStream> OwnedReadHalf<S> {
    /// Puts the stream together again.
    ///
    /// # Errors
    ///
    /// [`ReuniteError`], with both halves, if they are not of one stream.
    pub fn reunite(self, other: OwnedWriteHalf<S>) -> Result<S, ReuniteError<S>> {
        if self.stream.is_same(other.as_ref()) {
            other.forget();
            Ok(self.stream)
        } else {
            Err(ReuniteError(self, other))
        }
    }
}

impl<S: SplitStream> OwnedWriteHalf<S> {
    /// Puts the stream together again.
    ///
    /// # Errors
    ///
    /// [`ReuniteError`], with both halves, if they are not of one stream.
    pub fn reunite(self, other: OwnedReadHalf<S>) -> Result<S, ReuniteError<S>> {
        other.reunite(self)
    }

    /// Drops the half and leaves the direction open for as long as the other half lives.
    pub fn forget(mut self) {
        drop(self.stream.take());
    }
}

impl<S: SplitStream> Drop for OwnedWriteHalf<S> {
    fn drop(&mut self) {
        if let Some(stream) = &self.stream {
            // It fails when the connection is gone, and then there is nothing to end.
            let _ = stream.shut(Shutdown::Write);
        }
    }
}

/// The error of `reunite`: the halves are of two streams. It holds both.
#[derive(Debug)]
pub struct ReuniteError<S: SplitStream>(pub OwnedReadHalf<S>, pub OwnedWriteHalf<S>);

impl<S: SplitStream> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the two halves are not of one stream")
    }
}

impl<S: SplitStream + fmt::Debug> std::error::Error for ReuniteError<S> {}

macro_rules! reads {
    ($half:ty $(, $bound:path)?) => {
        impl<S $(: $bound)?> Read for $half
        where
            for<'s> &'s S: Read,
        {
            #[green(crate = crate)]
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                let mut stream: &S = (*self).as_ref();
                stream.read(buf)
            }

            #[green(crate = crate)]
            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                let mut stream: &S = (*self).as_ref();
                stream.read_vectored(bufs)
            }
        }
    };
}

macro_rules! writes {
    ($half:ty $(, $bound:path)?) => {
        impl<S $(: $bound)?> Write for $half
        where
            for<'s> &'s S: Write,
        {
            #[green(crate = crate)]
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                let mut stream: &S = (*self).as_ref();
                stream.write(buf)
            }

            #[green(crate = crate)]
            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                let mut stream: &S = (*self).as_ref();
                stream.write_vectored(bufs)
            }

            #[green(crate = crate)]
            fn flush(&mut self) -> io::Result<()> {
                let mut stream: &S = (*self).as_ref();
                stream.flush()
            }
        }
    };
}

reads!(ReadHalf<'_, S>);
reads!(OwnedReadHalf<S>, SplitStream);
writes!(WriteHalf<'_, S>);
writes!(OwnedWriteHalf<S>, SplitStream);
