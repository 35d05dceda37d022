//! What all green sockets share: a descriptor that the hub knows, limits on waiting, and the mode.

use std::cell::Cell;
use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::rc::Rc;
use std::time::Duration;

use crate::call::Green;
use crate::hub::poller::AsSource;
use crate::hub::sources::{Direction, Done, Patience, Source};

/// A socket. Clones are handles on one: they share its registration, its limits and its mode.
pub(super) struct Socket<S: AsSource>(Rc<Shared<S>>);

struct Shared<S: AsSource> {
    source: Source<S>,
    read_limit: Cell<Option<Duration>>,
    write_limit: Cell<Option<Duration>>,
    is_nonblocking: Cell<bool>,
}

impl<S: AsSource> Clone for Socket<S> {
    fn clone(&self) -> Self {
        Socket(self.0.clone())
    }
}

impl<S: AsSource> Socket<S> {
    /// Takes a descriptor that does not block.
    pub(super) fn new(io: S) -> Self {
        Socket(Rc::new(Shared {
            source: Source::new(io),
            read_limit: Cell::new(None),
            write_limit: Cell::new(None),
            is_nonblocking: Cell::new(false),
        }))
    }

    /// The descriptor, for what does not wait.
    pub(super) fn io(&self) -> &S {
        self.0.source.io()
    }

    /// Gives the descriptor back; the hub forgets it.
    ///
    /// # Errors
    ///
    /// `ResourceBusy` if this is not the only handle.
    pub(super) fn into_io(self) -> io::Result<S> {
        match Rc::try_unwrap(self.0) {
            Ok(shared) => Ok(shared.source.into_inner()),
            Err(_) => {
                let message = "the socket has other handles\n\
                     help: drop what `try_clone` or `into_split` made, or `reunite` the halves";
                Err(io::Error::new(io::ErrorKind::ResourceBusy, message))
            }
        }
    }

    /// Are these handles on one socket?
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Ends every wait on the socket, now and later.
    pub(super) fn close(&self) {
        self.0.source.close();
    }

    /// Does `operation` when it has something to do, and suspends until then: for as long as the limit of that
    /// direction says, or not at all in the non-blocking mode.
    #[inline]
    pub(super) fn when_ready<T, F>(
        &self,
        direction: Direction,
        operation: F,
    ) -> Green<impl Future<Output = io::Result<T>>>
    where
        F: FnMut(&S) -> io::Result<Done<T>>,
    {
        let limit = self.limit(direction).get();
        let patience = if self.0.is_nonblocking.get() { Patience::None } else { limit.into() };
        self.within(patience, direction, operation)
    }

    /// Like [`when_ready`](Self::when_ready), with a patience of its own.
    #[inline]
    pub(super) fn within<T, F>(
        &self,
        patience: impl Into<Patience>,
        direction: Direction,
        operation: F,
    ) -> Green<impl Future<Output = io::Result<T>>>
    where
        F: FnMut(&S) -> io::Result<Done<T>>,
    {
        // No state machine of their own here and below: a read is its wait, and nothing is stored twice.
        Green::new(self.0.source.when_ready(direction, patience, operation))
    }

    fn limit(&self, direction: Direction) -> &Cell<Option<Duration>> {
        match direction {
            Direction::Read => &self.0.read_limit,
            Direction::Write => &self.0.write_limit,
        }
    }

    /// How long a wait in this direction may last.
    pub(super) fn timeout(&self, direction: Direction) -> Option<Duration> {
        self.limit(direction).get()
    }

    /// Limits every later wait in this direction.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a limit of zero, as in std.
    pub(super) fn set_timeout(&self, direction: Direction, limit: Option<Duration>) -> io::Result<()> {
        if limit == Some(Duration::ZERO) {
            return Err(zero_timeout_error());
        }
        self.limit(direction).set(limit);
        Ok(())
    }

    pub(super) fn set_nonblocking(&self, nonblocking: bool) {
        self.0.is_nonblocking.set(nonblocking);
    }

    pub(super) fn is_nonblocking(&self) -> bool {
        self.0.is_nonblocking.get()
    }
}

/// A stream of bytes: what `read` and `write` mean for TCP and Unix sockets alike.
impl<S: AsSource> Socket<S>
where
    for<'a> &'a S: Read + Write,
{
    #[inline]
    pub(super) fn read(&self, buf: &mut [u8]) -> Green<impl Future<Output = io::Result<usize>>> {
        self.when_ready(Direction::Read, move |mut io| Ok(Done::count(io.read(buf)?, buf.len())))
    }

    #[inline]
    pub(super) fn read_vectored(
        &self,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Green<impl Future<Output = io::Result<usize>>> {
        let room = bufs.iter().map(|buf| buf.len()).sum();
        self.when_ready(Direction::Read, move |mut io| Ok(Done::count(io.read_vectored(bufs)?, room)))
    }

    #[inline]
    pub(super) fn write(&self, buf: &[u8]) -> Green<impl Future<Output = io::Result<usize>>> {
        self.when_ready(Direction::Write, move |mut io| Ok(Done::count(io.write(buf)?, buf.len())))
    }

    #[inline]
    pub(super) fn write_vectored(
        &self,
        bufs: &[IoSlice<'_>],
    ) -> Green<impl Future<Output = io::Result<usize>>> {
        let room = bufs.iter().map(|buf| buf.len()).sum();
        self.when_ready(Direction::Write, move |mut io| Ok(Done::count(io.write_vectored(bufs)?, room)))
    }
}

pub(super) fn zero_timeout_error() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "cannot set a 0 duration timeout")
}
