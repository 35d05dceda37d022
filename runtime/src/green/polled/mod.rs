//! Sockets in the shape of polls, for libraries that drive their streams by hand.
//!
//! A green call owns its wait: it registers, suspends, and takes the registration back when it is
//! dropped. A library of `async` code wants a stream that can be *asked* instead, again and again,
//! and that remembers in between who waits. [`Polled`] is that: it takes a green stream and keeps
//! the wait of each direction beside it. There is no box, no allocation, and no system call more
//! than a green call makes.
//!
//! The traits of the libraries are features:
//!
//! | feature | traits |
//! |---|---|
//! | `futures-io` | `futures_io::{AsyncRead, AsyncWrite}` |
//! | `tokio-io` | `tokio::io::{AsyncRead, AsyncWrite}`; no reactor of tokio's comes along |
//! | `hyper` | `hyper::rt::{Read, Write, Timer, Sleep, Executor}` |
//!
//! ```
//! use std::future::poll_fn;
//! use std::io;
//! use eventlet::green;
//! use eventlet::green::os::unix::net::UnixStream;
//! use eventlet::green::polled::Polled;
//!
//! #[green]
//! fn main() -> io::Result<()> {
//!     let (one, other) = UnixStream::pair()?;
//!     let (mut one, mut other) = (Polled::new(one), Polled::new(other));
//!     assert_eq!(poll_fn(|cx| one.poll_write(cx, b"hello")).await?, 5);
//!     let mut buf = [0; 16];
//!     let count = poll_fn(|cx| other.poll_read(cx, &mut buf)).await?;
//!     assert_eq!(&buf[..count], b"hello");
//!     Ok(())
//! }
//! ```

#![allow(private_interfaces, reason = "the traits that name the hub's types are sealed in a private module")]

use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr};
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockRef;

use crate::green::net::{OwnedReadHalf, OwnedWriteHalf, SplitStream, TcpStream, UdpSocket};
#[cfg(unix)]
use crate::green::os::unix::net::UnixStream;
use crate::hub::sources::{Direction, Done, Kept, Reads, Receives, Sends, Writes};

#[cfg(feature = "futures-io")]
mod futures;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tokio-io")]
mod tokio;

/// A stream that can be polled: a [`TcpStream`], a Unix stream, TLS over one, or a half of these.
///
/// Nobody else can implement it: what a poll keeps between two calls belongs to the hub.
pub trait Pollable: private::Registered {}

/// A stream whose reads can be polled.
pub trait PollRead: Pollable + private::Reading {}

/// A stream whose writes can be polled.
pub trait PollWrite: Pollable + private::Writing {}

mod private {
    use super::*;

    pub trait Registered {
        fn forget_read(&self, kept: &mut Kept);
        fn forget_write(&self, kept: &mut Kept);
        fn set_limit(&self, kept: &mut Kept, direction: Direction, limit: Option<Duration>)
        -> io::Result<()>;
    }

    pub trait Reading {
        fn poll_read(&self, kept: &mut Kept, cx: &mut Context<'_>, buf: &mut [u8])
        -> Poll<io::Result<usize>>;
        fn poll_read_uninit(
            &self,
            kept: &mut Kept,
            cx: &mut Context<'_>,
            buf: &mut [MaybeUninit<u8>],
        ) -> Poll<io::Result<usize>>;
        /// Reads what is there now, or gives `WouldBlock`.
        fn read_now(&self, buf: &mut [u8]) -> io::Result<usize>;
    }

    pub trait Writing {
        fn poll_write(&self, kept: &mut Kept, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>>;
        fn poll_write_vectored(
            &self,
            kept: &mut Kept,
            cx: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>>;
        /// Writes what there is room for now, or gives `WouldBlock`.
        fn write_now(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize>;
        /// A socket keeps nothing back.
        fn poll_flush(&self, _kept: &mut Kept, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
        fn poll_close(&self, kept: &mut Kept, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
        /// Ends both directions at once, for all handles, and wakes whoever waits.
        fn abort(&self);
    }
}

use private::{Reading, Registered, Writing};

macro_rules! pollable {
    ($type:ty) => {
        impl Registered for $type {
            fn forget_read(&self, kept: &mut Kept) {
                self.socket().forget_poll(kept, Reads);
            }

            fn forget_write(&self, kept: &mut Kept) {
                self.socket().forget_poll(kept, Writes);
            }

            fn set_limit(
                &self,
                kept: &mut Kept,
                direction: Direction,
                limit: Option<Duration>,
            ) -> io::Result<()> {
                self.socket().set_timeout(direction, limit)?;
                match direction {
                    Direction::Read => self.socket().renew_limit(kept, Reads),
                    Direction::Write => self.socket().renew_limit(kept, Writes),
                }
                Ok(())
            }
        }

        impl Reading for $type {
            #[inline]
            fn poll_read(
                &self,
                kept: &mut Kept,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                let read = |mut io: &_| {
                    let count = Read::read(&mut io, buf)?;
                    Ok(Done::count(count, buf.len()))
                };
                self.socket().poll_when_ready(kept, Reads, cx, read)
            }

            #[inline]
            fn poll_read_uninit(
                &self,
                kept: &mut Kept,
                cx: &mut Context<'_>,
                buf: &mut [MaybeUninit<u8>],
            ) -> Poll<io::Result<usize>> {
                let room = buf.len();
                let receive = |io: &_| Ok(Done::count(SockRef::from(io).recv(buf)?, room));
                self.socket().poll_when_ready(kept, Reads, cx, receive)
            }

            fn read_now(&self, buf: &mut [u8]) -> io::Result<usize> {
                self.socket().at_once(Reads, |mut io| Ok(Done::count(Read::read(&mut io, buf)?, buf.len())))
            }
        }

        impl Writing for $type {
            #[inline]
            fn poll_write(
                &self,
                kept: &mut Kept,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                let write = |mut io: &_| {
                    let count = Write::write(&mut io, buf)?;
                    Ok(Done::count(count, buf.len()))
                };
                self.socket().poll_when_ready(kept, Writes, cx, write)
            }

            #[inline]
            fn poll_write_vectored(
                &self,
                kept: &mut Kept,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                let room = bufs.iter().map(|buf| buf.len()).sum();
                let write = |mut io: &_| {
                    let count = Write::write_vectored(&mut io, bufs)?;
                    Ok(Done::count(count, room))
                };
                self.socket().poll_when_ready(kept, Writes, cx, write)
            }

            fn write_now(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                let room = bufs.iter().map(|buf| buf.len()).sum();
                self.socket()
                    .at_once(Writes, |mut io| Ok(Done::count(Write::write_vectored(&mut io, bufs)?, room)))
            }

            /// Never pending: the operating system sends what it has before the end.
            fn poll_close(&self, _kept: &mut Kept, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                match self.shutdown(Shutdown::Write) {
                    // A connection that is gone has ended already.
                    Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
                    result => Poll::Ready(result),
                }
            }

            fn abort(&self) {
                self.close();
            }
        }

        impl Pollable for $type {}
        impl PollRead for $type {}
        impl PollWrite for $type {}
    };
}

pollable!(TcpStream);
#[cfg(unix)]
pollable!(UnixStream);

impl<S: SplitStream + Pollable> Registered for OwnedReadHalf<S> {
    fn forget_read(&self, kept: &mut Kept) {
        self.as_ref().forget_read(kept);
    }

    fn forget_write(&self, kept: &mut Kept) {
        self.as_ref().forget_write(kept);
    }

    fn set_limit(&self, kept: &mut Kept, direction: Direction, limit: Option<Duration>) -> io::Result<()> {
        self.as_ref().set_limit(kept, direction, limit)
    }
}

impl<S: SplitStream + PollRead> Reading for OwnedReadHalf<S> {
    #[inline]
    fn poll_read(&self, kept: &mut Kept, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.as_ref().poll_read(kept, cx, buf)
    }

    #[inline]
    fn poll_read_uninit(
        &self,
        kept: &mut Kept,
        cx: &mut Context<'_>,
        buf: &mut [MaybeUninit<u8>],
    ) -> Poll<io::Result<usize>> {
        self.as_ref().poll_read_uninit(kept, cx, buf)
    }

    fn read_now(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.as_ref().read_now(buf)
    }
}

impl<S: SplitStream + Pollable> Pollable for OwnedReadHalf<S> {}
impl<S: SplitStream + PollRead> PollRead for OwnedReadHalf<S> {}

impl<S: SplitStream + Pollable> Registered for OwnedWriteHalf<S> {
    fn forget_read(&self, kept: &mut Kept) {
        self.as_ref().forget_read(kept);
    }

    fn forget_write(&self, kept: &mut Kept) {
        self.as_ref().forget_write(kept);
    }

    fn set_limit(&self, kept: &mut Kept, direction: Direction, limit: Option<Duration>) -> io::Result<()> {
        self.as_ref().set_limit(kept, direction, limit)
    }
}

impl<S: SplitStream + PollWrite> Writing for OwnedWriteHalf<S> {
    #[inline]
    fn poll_write(&self, kept: &mut Kept, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.as_ref().poll_write(kept, cx, buf)
    }

    #[inline]
    fn poll_write_vectored(
        &self,
        kept: &mut Kept,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.as_ref().poll_write_vectored(kept, cx, bufs)
    }

    fn write_now(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.as_ref().write_now(bufs)
    }

    fn poll_flush(&self, kept: &mut Kept, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.as_ref().poll_flush(kept, cx)
    }

    fn poll_close(&self, kept: &mut Kept, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.as_ref().poll_close(kept, cx)
    }

    fn abort(&self) {
        self.as_ref().abort();
    }
}

impl<S: SplitStream + Pollable> Pollable for OwnedWriteHalf<S> {}
impl<S: SplitStream + PollWrite> PollWrite for OwnedWriteHalf<S> {}

/// A stream whose reads and writes are polls.
///
/// It registers at the first poll that finds nothing to do, wakes the task that polled last, and
/// gives up what it has registered when it is dropped. One task may poll the reads and another one
/// the writes. The timeouts of the stream hold, and can be changed while a poll waits:
/// [`set_read_timeout`](Self::set_read_timeout).
///
/// It stays on its hub's OS thread. Other handles on the stream go on working beside it, under the
/// same rule: one reader and one writer at a time.
pub struct Polled<S: Pollable> {
    /// `None` only on the way out, in `into_inner`.
    stream: Option<S>,
    read: Kept,
    write: Kept,
}

impl<S: Pollable> Polled<S> {
    /// Takes a green stream. Does not suspend.
    pub fn new(stream: S) -> Self {
        Polled { stream: Some(stream), read: Kept::default(), write: Kept::default() }
    }

    /// The stream: its addresses and options. A green call on it is a reader or writer of its own.
    #[inline]
    pub fn get_ref(&self) -> &S {
        self.stream.as_ref().expect("the stream is taken only when the wrapper is consumed")
    }

    /// Gives the stream back. What a poll has registered is given up.
    pub fn into_inner(mut self) -> S {
        self.give_up();
        self.stream.take().expect("the stream is taken only when the wrapper is consumed")
    }

    /// Limits each wait of a read, the present one included: its limit begins anew. A read that
    /// gets nothing for so long gives `TimedOut`.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for zero, as in std.
    pub fn set_read_timeout(&mut self, limit: Option<Duration>) -> io::Result<()> {
        let stream = self.stream.as_ref().expect("the stream is taken only when the wrapper is consumed");
        stream.set_limit(&mut self.read, Direction::Read, limit)
    }

    /// Limits each wait of a write, the present one included: its limit begins anew.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for zero, as in std.
    pub fn set_write_timeout(&mut self, limit: Option<Duration>) -> io::Result<()> {
        let stream = self.stream.as_ref().expect("the stream is taken only when the wrapper is consumed");
        stream.set_limit(&mut self.write, Direction::Write, limit)
    }

    /// Gives up what a poll of a read has registered: nobody is woken for it any more.
    pub fn cancel_read(&mut self) {
        if let Some(stream) = &self.stream {
            stream.forget_read(&mut self.read);
        }
    }

    /// Gives up what a poll of a write has registered: nobody is woken for it any more.
    pub fn cancel_write(&mut self) {
        if let Some(stream) = &self.stream {
            stream.forget_write(&mut self.write);
        }
    }

    fn give_up(&mut self) {
        self.cancel_read();
        self.cancel_write();
    }

    #[inline]
    fn reading(&mut self) -> (&S, &mut Kept) {
        (self.stream.as_ref().expect("the stream is taken only when the wrapper is consumed"), &mut self.read)
    }

    #[inline]
    fn writing(&mut self) -> (&S, &mut Kept) {
        (
            self.stream.as_ref().expect("the stream is taken only when the wrapper is consumed"),
            &mut self.write,
        )
    }
}

impl<S: PollRead> Polled<S> {
    /// Reads what is there. Pending until something is, and then the task of `cx` is woken.
    ///
    /// # Errors
    ///
    /// Those of a green read: `TimedOut` after the stream's read timeout, `NotConnected` after
    /// `close`, `ResourceBusy` while another green thread reads.
    #[inline]
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let (stream, kept) = self.reading();
        stream.poll_read(kept, cx, buf)
    }

    /// Reads into memory that holds nothing yet; so many bytes at its beginning do afterwards.
    ///
    /// # Errors
    ///
    /// As [`poll_read`](Self::poll_read).
    #[inline]
    pub fn poll_read_uninit(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [MaybeUninit<u8>],
    ) -> Poll<io::Result<usize>> {
        let (stream, kept) = self.reading();
        stream.poll_read_uninit(kept, cx, buf)
    }
}

impl<S: PollWrite> Polled<S> {
    /// Writes what there is room for. Pending until there is room, and then the task of `cx` is
    /// woken.
    ///
    /// # Errors
    ///
    /// Those of a green write: `TimedOut` after the stream's write timeout, `NotConnected` after
    /// `close`, `ResourceBusy` while another green thread writes.
    #[inline]
    pub fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let (stream, kept) = self.writing();
        stream.poll_write(kept, cx, buf)
    }

    /// Writes from several buffers, as if they were one.
    ///
    /// # Errors
    ///
    /// As [`poll_write`](Self::poll_write).
    #[inline]
    pub fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let (stream, kept) = self.writing();
        stream.poll_write_vectored(kept, cx, bufs)
    }

    /// Hands on what the stream keeps back: nothing, but for TLS, whose records wait for room after
    /// a write. Pending until all of it is out.
    ///
    /// # Errors
    ///
    /// As [`poll_write`](Self::poll_write).
    #[inline]
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (stream, kept) = self.writing();
        stream.poll_flush(kept, cx)
    }

    /// Ends the writing: the peer reads the end. A socket is never pending here; TLS is until what
    /// it keeps back is out. A connection that is gone has ended already.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (stream, kept) = self.writing();
        stream.poll_close(kept, cx)
    }
}

/// What TLS asks of its transport besides.
#[cfg(feature = "tls")]
impl<S: PollRead + PollWrite> Polled<S> {
    /// Reads what is there now, or gives `WouldBlock`. Whoever waits goes on waiting.
    pub(crate) fn read_now(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.get_ref().read_now(buf)
    }

    /// Writes what there is room for now, or gives `WouldBlock`. Whoever waits goes on waiting.
    pub(crate) fn write_now(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.get_ref().write_now(bufs)
    }

    /// Ends both directions at once, for all handles, and wakes whoever waits.
    pub(crate) fn abort(&self) {
        self.get_ref().abort();
    }
}

impl<S: Pollable> Drop for Polled<S> {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl<S: Pollable> From<S> for Polled<S> {
    fn from(stream: S) -> Self {
        Polled::new(stream)
    }
}

impl<S: Pollable + fmt::Debug> fmt::Debug for Polled<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Polled").field(&self.stream).finish()
    }
}

/// A UDP socket whose operations are polls; otherwise as [`Polled`].
pub struct PolledUdp {
    socket: Option<UdpSocket>,
    read: Kept,
    write: Kept,
}

impl PolledUdp {
    /// Takes a green socket. Does not suspend.
    pub fn new(socket: UdpSocket) -> Self {
        PolledUdp { socket: Some(socket), read: Kept::default(), write: Kept::default() }
    }

    /// The socket: its addresses and options.
    pub fn get_ref(&self) -> &UdpSocket {
        self.socket.as_ref().expect("the socket is taken only when the wrapper is consumed")
    }

    /// Gives the socket back. What a poll has registered is given up.
    pub fn into_inner(mut self) -> UdpSocket {
        self.give_up();
        self.socket.take().expect("the socket is taken only when the wrapper is consumed")
    }

    /// Receives a datagram, and says who sent it. Pending until there is one.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::recv_from`].
    pub fn poll_recv_from(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let socket = self.socket.as_ref().expect("the socket is taken only when the wrapper is consumed");
        let receive = |io: &std::net::UdpSocket| io.recv_from(buf).map(Done::new);
        socket.socket().poll_when_ready(&mut self.read, Receives, cx, receive)
    }

    /// Sends a datagram. Pending until there is room for it.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::send_to`].
    pub fn poll_send_to(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let socket = self.socket.as_ref().expect("the socket is taken only when the wrapper is consumed");
        let send = |io: &std::net::UdpSocket| io.send_to(buf, target).map(Done::new);
        socket.socket().poll_when_ready(&mut self.write, Sends, cx, send)
    }

    fn give_up(&mut self) {
        if let Some(socket) = &self.socket {
            socket.socket().forget_poll(&mut self.read, Receives);
            socket.socket().forget_poll(&mut self.write, Sends);
        }
    }
}

impl Drop for PolledUdp {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl fmt::Debug for PolledUdp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PolledUdp").field(&self.socket).finish()
    }
}
