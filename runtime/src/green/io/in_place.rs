//! Green streams for code that knows std's traits alone.

use std::io;

use super::{BufRead, IoSlice, IoSliceMut, Read, Result, Seek, SeekFrom, Write};

/// A green stream with std's own [`Read`](io::Read), [`Write`](io::Write),
/// [`BufRead`](io::BufRead) and [`Seek`](io::Seek), for somebody else's code that asks for those: a
/// parser that reads from any `std::io::Read`, a `write!` into an `impl std::io::Write`.
///
/// Such code cannot suspend, so its reads and writes wait **in place**, as what is marked
/// `#[green(in_place)]` does: the hub looks after descriptors, timers and mail meanwhile, and
/// resumes nobody. All other green threads of the OS thread stand still for as long as the peer
/// takes, and a kill or timeout around it comes afterwards; a read or write timeout of the stream
/// bounds it. Where that is too long, read with a green call first and hand on the bytes. (For
/// `async` code there is [`polled`](crate::green::polled).)
///
/// Outside of green code the hub runs meanwhile.
///
/// # Panics
///
/// Its methods panic if nothing is left that could end the wait, with a report, as a deadlock does.
///
/// # Examples
///
/// ```
/// use std::io::{BufReader, BufRead};
/// use eventlet::green;
/// use eventlet::green::io::{InPlace, Write, pipe};
///
/// /// Somebody else's: it knows std alone.
/// fn words(from: impl std::io::Read) -> std::io::Result<usize> {
///     let mut words = 0;
///     for line in BufReader::new(from).lines() {
///         words += line?.split(' ').count();
///     }
///     Ok(words)
/// }
///
/// #[green]
/// fn main() -> std::io::Result<()> {
///     let (reader, mut writer) = pipe()?;
///     writer.write_all(b"one two\nthree\n")?;
///     drop(writer);
///     assert_eq!(words(InPlace::new(reader))?, 3);
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct InPlace<S> {
    stream: S,
}

impl<S> InPlace<S> {
    /// Wraps a stream, or a mutable reference to one. Does not suspend.
    pub fn new(stream: S) -> Self {
        InPlace { stream }
    }

    /// The stream.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The stream.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Read> io::Read for InPlace<S> {
    #[track_caller]
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        self.stream.read(buf).wait_in_place()
    }

    #[track_caller]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.stream.read_vectored(bufs).wait_in_place()
    }

    #[track_caller]
    fn read_exact(&mut self, buf: &mut [u8]) -> Result<()> {
        self.stream.read_exact(buf).wait_in_place()
    }
}

impl<S: BufRead> io::BufRead for InPlace<S> {
    #[track_caller]
    fn fill_buf(&mut self) -> Result<&[u8]> {
        self.stream.fill_buf().wait_in_place()
    }

    fn consume(&mut self, amount: usize) {
        self.stream.consume(amount);
    }
}

impl<S: Write> io::Write for InPlace<S> {
    #[track_caller]
    fn write(&mut self, buf: &[u8]) -> Result<usize> {
        self.stream.write(buf).wait_in_place()
    }

    #[track_caller]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        self.stream.write_vectored(bufs).wait_in_place()
    }

    #[track_caller]
    fn write_all(&mut self, buf: &[u8]) -> Result<()> {
        self.stream.write_all(buf).wait_in_place()
    }

    #[track_caller]
    fn flush(&mut self) -> Result<()> {
        self.stream.flush().wait_in_place()
    }
}

impl<S: Seek> io::Seek for InPlace<S> {
    #[track_caller]
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.stream.seek(to).wait_in_place()
    }
}
