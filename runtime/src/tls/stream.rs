//! A TLS connection, as green code sees it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::{CipherSuite, Connection, HandshakeKind, ProtocolVersion};

use super::Transport;
use super::session::{Session, into_hands, into_slice};
use crate::green;
use crate::green::io::{Read, Write};
use crate::green::net::{
    OwnedReadHalf, OwnedWriteHalf, ReadHalf, TcpStream, WriteHalf, another, into_split, split,
};
use crate::semaphore::{Permit, Semaphore};

/// A TLS connection over a [`TcpStream`] or another [`Transport`]: Python's `SSLSocket`.
///
/// Its reads and writes are those of [`Read`] and [`Write`], also on `&TlsStream`, so that one
/// green thread can read while another one writes. [`try_clone`](Self::try_clone) makes another
/// handle, [`into_split`](Self::into_split) takes it apart.
///
/// * The **handshake** is gone through by whoever reads or writes first, and has a
///   [limit](super::TlsAcceptor::handshake_timeout). [`handshake`](Self::handshake) does it alone.
/// * A **write** ends when the operating system has taken all of its records; nothing is kept back,
///   and `flush` has nothing to do.
/// * A **read** gives what is decrypted without waiting. `Ok(0)` is an end that the peer has
///   announced; one without its `close_notify` is the error `UnexpectedEof`, since somebody in
///   between may have made it.
/// * A peer that breaks the protocol, or is not trusted, is an error of kind `InvalidData` that
///   holds a [`rustls::Error`], and is told so.
/// * **Dropping** the last handle says `close_notify` before the end, as far as that goes without
///   waiting; [`shutdown`](Self::shutdown) waits. In a panic, or after a write that was cut off,
///   nothing is said, and the peer sees that something is missing.
///
/// # Cancel safety
///
/// A kill or timeout in a read loses nothing, nor does one in the handshake, with which the next
/// call goes on. A **write** that is ended in its middle, by a write timeout as well, loses the
/// connection: it is closed for all handles, whose calls give `ConnectionAborted`. Half a record,
/// or half of what an application meant to say, is never followed by anything.
///
/// # Memory
///
/// Up to 64 KiB of records that the peer does not take, 18 KiB of plaintext that nobody reads, and
/// the one record that is being received; in the handshake, up to 64 KiB of messages.
pub struct TlsStream<S: Transport = TcpStream> {
    shared: Rc<Shared<S>>,
}

struct Shared<S: Transport> {
    session: RefCell<Session<S>>,
    /// Another handle on what the session goes over.
    transport: S,
    is_read: Cell<bool>,
    /// The right to write. Whoever ends the writing waits for it.
    writing: Semaphore,
}

impl<S: Transport> Shared<S> {
    /// Borrows the session for as long as nothing is called that could come back here, then wakes
    /// whom that has concerned.
    #[inline]
    fn with<T>(&self, f: impl FnOnce(&mut Session<S>) -> T) -> T {
        let mut session = self.session.borrow_mut();
        let result = f(&mut session);
        let woken = session.take_woken();
        drop(session);
        woken.into_iter().for_each(std::task::Waker::wake);
        result
    }
}

impl<S: Transport> TlsStream<S> {
    pub(super) fn new(transport: S, tls: Connection, limit: Option<Duration>) -> Self {
        let session = RefCell::new(Session::new(another(&transport), tls, limit));
        let shared = Shared { session, transport, is_read: Cell::new(false), writing: Semaphore::new(1) };
        TlsStream { shared: Rc::new(shared) }
    }

    /// Goes through the handshake. Suspends until it is over; not at all if it is.
    ///
    /// Python's `do_handshake`.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing: the next call goes on with it.
    ///
    /// # Errors
    ///
    /// `InvalidData` with a [`rustls::Error`]: the peer is not trusted, has nothing in common with
    /// this end, or does not speak TLS. `TimedOut` after the limit. `UnexpectedEof` if it goes
    /// away. What the transport comes to.
    #[green(crate = crate)]
    pub fn handshake(&self) -> io::Result<()> {
        let shaking = Shaking { shared: &self.shared };
        poll_fn(|cx| shaking.shared.with(|session| session.poll_handshake(cx))).await
    }

    /// Is the handshake still to be gone through, or under way?
    pub fn is_handshaking(&self) -> bool {
        self.shared.with(|session| session.is_handshaking())
    }

    /// How many bytes are decrypted and can be read without waiting. Python's `pending`.
    pub fn pending(&self) -> usize {
        self.shared.with(Session::pending)
    }

    /// The protocol that both ends have agreed on (ALPN). Python's `selected_alpn_protocol`.
    pub fn alpn_protocol(&self) -> Option<Vec<u8>> {
        self.shared.with(|session| session.tls().alpn_protocol().map(<[u8]>::to_vec))
    }

    /// The name by which a client has asked for this server (SNI); `None` on the client's side, and
    /// if it has named none.
    pub fn server_name(&self) -> Option<String> {
        self.shared.with(|session| match session.tls() {
            Connection::Server(server) => server.server_name().map(str::to_owned),
            Connection::Client(_) => None,
        })
    }

    /// The peer's certificate and those that vouch for it, in that order; `None` if it has shown
    /// none. Python's `getpeercert`.
    pub fn peer_certificates(&self) -> Option<Vec<CertificateDer<'static>>> {
        self.shared.with(|session| session.tls().peer_certificates().map(<[_]>::to_vec))
    }

    /// The version of the protocol; `None` before the handshake. Python's `version`.
    pub fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.shared.with(|session| session.tls().protocol_version())
    }

    /// The cipher suite; `None` before the handshake. Python's `cipher`.
    pub fn cipher_suite(&self) -> Option<CipherSuite> {
        self.shared.with(|session| session.tls().negotiated_cipher_suite().map(|suite| suite.suite()))
    }

    /// Was an earlier session taken up, which saves the certificates and half of the work? Python's
    /// `session_reused`.
    pub fn is_resumed(&self) -> bool {
        let kind = self.shared.with(|session| session.tls().handshake_kind());
        kind == Some(HandshakeKind::Resumed)
    }

    /// What the connection goes over: its addresses and options. Bytes that are read from it or
    /// written to it are missed by the protocol.
    pub fn get_ref(&self) -> &S {
        &self.shared.transport
    }

    /// Limits each wait of a read, as [`TcpStream::set_read_timeout`] does, the present one
    /// included.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for zero, as in std.
    #[doc(alias = "settimeout")]
    pub fn set_read_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        self.shared.with(|session| session.io().set_read_timeout(limit))
    }

    /// Limits each wait of a write, as [`TcpStream::set_write_timeout`] does, the present one
    /// included. A write that it ends has lost the connection.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for zero, as in std.
    #[doc(alias = "settimeout")]
    pub fn set_write_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        self.shared.with(|session| session.io().set_write_timeout(limit))
    }

    /// Another handle on the connection. Does not suspend, and never fails.
    ///
    /// # Errors
    ///
    /// None; the result has std's type.
    pub fn try_clone(&self) -> io::Result<TlsStream<S>> {
        Ok(self.handle())
    }

    /// Borrows the connection as its two directions.
    pub fn split(&mut self) -> (ReadHalf<'_, Self>, WriteHalf<'_, Self>) {
        split(self)
    }

    /// Takes the connection apart into its two directions, for two green threads. Dropping the
    /// writing half ends that direction, with `close_notify`.
    ///
    /// [`reunite`](OwnedReadHalf::reunite) puts it together again.
    pub fn into_split(self) -> (OwnedReadHalf<Self>, OwnedWriteHalf<Self>) {
        into_split(self)
    }

    /// Ends a direction, or both, for all handles. Ending the writing says `close_notify`, and
    /// suspends until it is sent, after what others are writing now, and after a handshake that has
    /// begun; the peer can go on sending.
    ///
    /// # Cancel safety
    ///
    /// After a kill or timeout the direction has ended all the same, and its last bytes are sent if
    /// there is room for them.
    ///
    /// # Errors
    ///
    /// What the transport comes to. That the connection is gone is none.
    #[green(crate = crate)]
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Write {
            self.shared.with(Session::shut_read);
        }
        if how == Shutdown::Read {
            return Ok(());
        }
        let turn =
            Turn { permit: self.shared.writing.acquire(), shared: &self.shared, has_begun: Cell::new(false) };
        poll_fn(|cx| turn.shared.with(|session| session.poll_close(cx))).await
    }

    /// Closes the connection for all its handles, with `close_notify` if there is room for it. Does
    /// not suspend.
    ///
    /// Every green thread that waits for it is woken with an error (`NotConnected`), and every
    /// later call gives that error.
    pub fn close(&self) {
        self.shared.with(Session::close);
    }
}

/// In the shape of polls, for [`Polled`](crate::green::polled::Polled) and its traits.
impl<S: Transport> TlsStream<S> {
    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.shared.with(|session| session.poll_read(cx, |reader| into_slice(reader, buf)))
    }

    pub(crate) fn poll_read_record(
        &self,
        cx: &mut Context<'_>,
        room: usize,
        mut take: impl FnMut(&[u8]),
    ) -> Poll<io::Result<usize>> {
        self.shared.with(|session| session.poll_read(cx, |reader| into_hands(reader, room, &mut take)))
    }

    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.shared.with(|session| session.poll_write(cx, bufs))
    }

    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.with(|session| session.poll_flush(cx))
    }

    pub(crate) fn poll_close(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.with(|session| session.poll_close(cx))
    }

    pub(crate) fn cancel_read(&self) {
        self.shared.with(Session::cancel_read);
    }

    pub(crate) fn cancel_write(&self) {
        self.shared.with(Session::cancel_write);
    }

    pub(crate) fn handle(&self) -> Self {
        TlsStream { shared: self.shared.clone() }
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.shared, &other.shared)
    }

    /// Ends a direction as far as that goes without waiting; whoever sends the rest ends it then.
    pub(crate) fn shut_now(&self, how: Shutdown) {
        self.shared.with(|session| {
            if how != Shutdown::Write {
                session.shut_read();
            }
            if how != Shutdown::Read {
                session.close_now();
            }
        });
    }
}

impl<S: Transport> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("TlsStream");
        if let Ok(session) = self.shared.session.try_borrow() {
            debug.field("version", &session.tls().protocol_version());
        }
        debug.finish_non_exhaustive()
    }
}

/// Somebody goes through the handshake, until this is dropped.
struct Shaking<'a, S: Transport> {
    shared: &'a Shared<S>,
}

impl<S: Transport> Drop for Shaking<'_, S> {
    fn drop(&mut self) {
        self.shared.with(Session::hand_on);
    }
}

/// The right to read, and what a read leaves behind when it ends.
struct Reading<'a, S: Transport> {
    shared: &'a Shared<S>,
}

impl<'a, S: Transport> Reading<'a, S> {
    fn begin(shared: &'a Shared<S>) -> io::Result<Self> {
        if shared.is_read.replace(true) {
            return Err(taken("read"));
        }
        Ok(Reading { shared })
    }
}

impl<S: Transport> Drop for Reading<'_, S> {
    #[inline]
    fn drop(&mut self) {
        self.shared.is_read.set(false);
        self.shared.with(Session::cancel_read);
    }
}

/// The right to write, and what a write leaves behind when it ends.
struct Turn<'a, S: Transport> {
    shared: &'a Shared<S>,
    /// Records were made, and must be sent.
    has_begun: Cell<bool>,
    /// Given back after everything else.
    #[expect(dead_code, reason = "it is held")]
    permit: Permit,
}

impl<'a, S: Transport> Turn<'a, S> {
    fn begin(shared: &'a Shared<S>) -> io::Result<Self> {
        let permit = shared.writing.try_acquire().ok_or_else(|| taken("write"))?;
        Ok(Turn { shared, has_begun: Cell::new(false), permit })
    }

    /// Writes some of it, and suspends until that is sent.
    #[green(crate = crate)]
    fn write(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let count = poll_fn(|cx| self.shared.with(|session| session.poll_write(cx, bufs))).await?;
        self.has_begun.set(true);
        match poll_fn(|cx| self.shared.with(|session| session.poll_flush(cx))).await {
            // In the non-blocking mode the rest goes with the next write.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => {
                // A connection that is gone needs no end.
                self.has_begun.set(error.kind() == io::ErrorKind::TimedOut);
                return Err(error);
            }
            Ok(()) => {}
        }
        self.has_begun.set(false);
        Ok(count)
    }
}

impl<S: Transport> Drop for Turn<'_, S> {
    fn drop(&mut self) {
        let is_cut_off = self.has_begun.get();
        self.shared.with(|session| {
            if is_cut_off && session.has_unsent() {
                session.cut_off();
            } else {
                session.cancel_write();
            }
        });
    }
}

#[cold]
fn taken(what: &str) -> io::Error {
    let message = format!(
        "second simultaneous {what} on one TLS connection\n\
         help: let one green thread {what}, and share what it gets through a queue"
    );
    io::Error::new(io::ErrorKind::ResourceBusy, message)
}

macro_rules! reads_and_writes {
    ($type:ty) => {
        impl<S: Transport> Read for $type {
            #[green(crate = crate)]
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                let reading = Reading::begin(&self.shared)?;
                let read = |cx: &mut Context<'_>| {
                    reading.shared.with(|session| session.poll_read(cx, |reader| into_slice(reader, buf)))
                };
                poll_fn(read).await
            }
        }

        impl<S: Transport> Write for $type {
            #[green(crate = crate)]
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                let turn = Turn::begin(&self.shared)?;
                turn.write(&[IoSlice::new(buf)])
            }

            #[green(crate = crate)]
            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                let turn = Turn::begin(&self.shared)?;
                turn.write(bufs)
            }

            #[green(crate = crate)]
            fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
                let turn = Turn::begin(&self.shared)?;
                let mut written = 0;
                while written < buf.len() {
                    written += turn.write(&[IoSlice::new(&buf[written..])])?;
                }
                Ok(())
            }

            /// Sends what a poll has left behind; writes of green code leave nothing.
            #[green(crate = crate)]
            fn flush(&mut self) -> io::Result<()> {
                let turn = Turn::begin(&self.shared)?;
                poll_fn(|cx| turn.shared.with(|session| session.poll_flush(cx))).await
            }
        }
    };
}

reads_and_writes!(TlsStream<S>);
reads_and_writes!(&TlsStream<S>);
