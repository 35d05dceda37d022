//! What all green sockets share: a descriptor that the hub knows, limits on waiting, and the mode.

use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::call::Green;
use crate::green;
use crate::hub::poller::AsSource;
use crate::hub::sources::{Direction, Done, Kept, Reads, Source, Way, Writes};

/// A socket. Clones are handles on one: they share its registration, its limits and its mode.
pub(super) struct Socket<S: AsSource>(Rc<Source<S>>);

impl<S: AsSource> Clone for Socket<S> {
    fn clone(&self) -> Self {
        Socket(self.0.clone())
    }
}

impl<S: AsSource> Socket<S> {
    /// Takes a descriptor that does not block.
    pub(super) fn new(io: S) -> Self {
        Socket(Rc::new(Source::new(io)))
    }

    /// The descriptor, for what does not wait.
    pub(super) fn io(&self) -> &S {
        self.0.io()
    }

    /// Gives the descriptor back; the hub forgets it.
    ///
    /// # Errors
    ///
    /// `ResourceBusy` if this is not the only handle.
    pub(super) fn into_io(self) -> io::Result<S> {
        match self.try_into_io() {
            Ok(io) => Ok(io),
            Err(_) => {
                let message = "the socket has other handles\n\
                     help: drop what `try_clone` or `into_split` made, or `reunite` the halves";
                Err(io::Error::new(io::ErrorKind::ResourceBusy, message))
            }
        }
    }

    /// Gives the descriptor back, or this handle if it is not the only one.
    pub(super) fn try_into_io(self) -> Result<S, Self> {
        Rc::try_unwrap(self.0).map(Source::into_inner).map_err(Socket)
    }

    /// Are these handles on one socket?
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Ends every wait on the socket, now and later.
    pub(super) fn close(&self) {
        self.0.close();
    }

    /// Does `operation` when it has something to do, and suspends until then: for as long as the
    /// limit of that direction says, or not at all in the non-blocking mode.
    #[inline]
    #[green(by_hand = "a wait, and little else")]
    pub(super) fn when_ready<T, F>(
        &self,
        way: impl Way,
        operation: F,
    ) -> Green<impl Future<Output = io::Result<T>>>
    where
        F: FnMut(&S) -> io::Result<Done<T>>,
    {
        // No state machine of their own here and below: a read is its wait, and nothing is stored
        // twice.
        Green::new(self.0.when_ready(way, operation))
    }

    /// [`when_ready`](Self::when_ready) in the shape of a poll.
    #[inline]
    pub(super) fn poll_when_ready<T, F>(
        &self,
        kept: &mut Kept,
        way: impl Way,
        cx: &mut Context<'_>,
        operation: F,
    ) -> Poll<io::Result<T>>
    where
        F: FnMut(&S) -> io::Result<Done<T>>,
    {
        self.0.poll_when_ready(kept, way, cx, operation)
    }

    /// Gives up the wait that a poll has begun.
    pub(super) fn forget_poll(&self, kept: &mut Kept, way: impl Way) {
        self.0.forget_poll(kept, way);
    }

    /// Gives a wait that a poll has begun the limit that holds now.
    pub(super) fn renew_limit(&self, kept: &mut Kept, way: impl Way) {
        self.0.renew_limit(kept, way);
    }

    /// Does `operation` now or not at all, in either mode.
    ///
    /// # Errors
    ///
    /// `WouldBlock`; the operation's own.
    pub(super) fn at_once<T, F>(&self, way: impl Way, operation: F) -> io::Result<T>
    where
        F: FnMut(&S) -> io::Result<Done<T>>,
    {
        self.0.at_once(way, operation)
    }

    /// How long a wait in this direction may last.
    pub(super) fn timeout(&self, direction: Direction) -> Option<Duration> {
        self.0.limit(direction)
    }

    /// Sets it, zero included.
    pub(super) fn set_limit(&self, direction: Direction, limit: Option<Duration>) {
        self.0.set_limit(direction, limit);
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
        self.set_limit(direction, limit);
        Ok(())
    }

    pub(super) fn set_nonblocking(&self, nonblocking: bool) {
        self.0.set_nonblocking(nonblocking);
    }

    pub(super) fn is_nonblocking(&self) -> bool {
        self.0.is_nonblocking()
    }

    /// Says that it did block, and is to do so again when the last handle goes.
    #[cfg(unix)]
    pub(super) fn puts_back(&self) {
        self.0.puts_back();
    }

    /// Says that this is TCP, whose short counts are sure.
    pub(super) fn trust_counts(&self) {
        self.0.trust_counts();
    }

    pub(super) fn trusts_counts(&self) -> bool {
        self.0.trusts_counts()
    }

    /// A TCP type of std's can be made of any descriptor, so the operating system is asked.
    #[cfg(target_os = "linux")]
    pub(super) fn trust_counts_of_tcp(&self) {
        let protocol = rustix::net::sockopt::socket_protocol(self.0.io().as_source());
        if protocol.is_ok_and(|protocol| protocol == Some(rustix::net::ipproto::TCP)) {
            self.trust_counts();
        }
    }

    /// Elsewhere no poller makes use of it.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn trust_counts_of_tcp(&self) {}
}

/// A stream of bytes: what `read` and `write` mean for TCP and Unix sockets alike.
impl<S: AsSource> Socket<S>
where
    for<'a> &'a S: Read + Write,
{
    #[inline]
    #[green(by_hand = "it hands another call on")]
    pub(super) fn read(&self, buf: &mut [u8]) -> Green<impl Future<Output = io::Result<usize>>> {
        self.when_ready(Reads, move |mut io| Ok(Done::count(io.read(buf)?, buf.len())))
    }

    #[inline]
    #[green(by_hand = "it hands another call on")]
    pub(super) fn read_vectored(
        &self,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Green<impl Future<Output = io::Result<usize>>> {
        let room = room_in(bufs.iter().map(|buf| buf.len()));
        self.when_ready(Reads, move |mut io| Ok(Done::count(io.read_vectored(bufs)?, room)))
    }

    #[inline]
    #[green(by_hand = "it hands another call on")]
    pub(super) fn write(&self, buf: &[u8]) -> Green<impl Future<Output = io::Result<usize>>> {
        self.when_ready(Writes, move |mut io| Ok(Done::count(io.write(buf)?, buf.len())))
    }

    /// All of it, as one wait: half the size of a loop around [`write`](Self::write).
    #[inline]
    #[green(by_hand = "it hands another call on")]
    pub(super) fn write_all(&self, buf: &[u8]) -> Green<impl Future<Output = io::Result<()>>> {
        let mut written = 0;
        let write = move |mut io: &S| {
            let rest = &buf[written..];
            if rest.is_empty() {
                return Ok(Done::new(()));
            }
            let count = io.write(rest)?;
            if count == 0 {
                return Err(io::Error::new(io::ErrorKind::WriteZero, "failed to write whole buffer"));
            }
            written += count;
            Ok(if written == buf.len() { Done::new(()) } else { Done::partly(count, rest.len()) })
        };
        Green::new(self.0.when_ready_unless(buf.is_empty(), Writes, write))
    }

    #[inline]
    #[green(by_hand = "it hands another call on")]
    pub(super) fn write_vectored(
        &self,
        bufs: &[IoSlice<'_>],
    ) -> Green<impl Future<Output = io::Result<usize>>> {
        let room = room_in(bufs.iter().map(|buf| buf.len()));
        self.when_ready(Writes, move |mut io| Ok(Done::count(io.write_vectored(bufs)?, room)))
    }
}

/// As many buffers as one system call takes (Linux's `IOV_MAX`); std leaves the others for the next
/// call.
const MOST_BUFFERS: usize = 1024;

/// What one system call can fill of these.
fn room_in(lengths: impl Iterator<Item = usize>) -> usize {
    lengths.take(MOST_BUFFERS).fold(0, usize::saturating_add)
}

pub(super) fn zero_timeout_error() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "cannot set a 0 duration timeout")
}
