//! One connection: rustls' protocol over a polled transport, itself in the shape of polls.
//!
//! ```text
//! bytes from the peer ──> rustls ──> plaintext ──> a read
//! a write ──> rustls ──> records ──> bytes to the peer
//! ```
//!
//! Records leave in the order in which they were made, whoever sends them: a write, a read that the
//! protocol had to answer, the end. So nothing is lost between two calls, and only who has made
//! records and may never come back to send them (a write that is cut off) ends the connection.

use std::future::Future;
use std::io::{self, BufRead, IoSlice, Read};
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use rustls::{Connection, Reader};

use super::Transport;
use super::failure::{Failure, ended_in_handshake, truncated};
use crate::green::net::shut;
use crate::green::polled::Polled;
use crate::hubs::Alarm;

/// A connection, with what passes between it and its transport.
pub(super) struct Session<S: Transport> {
    io: Polled<S>,
    tls: Connection,
    handshake: Option<Handshake>,
    /// Why nothing goes any more.
    failure: Option<Failure>,
    /// The end of our direction was asked for: it follows what is still to be sent.
    is_closing: bool,
    /// The transport has been told of that end.
    has_closed: bool,
    /// Reads find the end, whatever comes.
    has_shut_read: bool,
    /// To be woken when this is not borrowed.
    woken: Vec<Waker>,
}

/// A handshake that is not over.
struct Handshake {
    has_begun: bool,
    limit: Option<Duration>,
    alarm: Option<Alarm>,
    /// Who waits for its end. The transport knows only one of them: whoever asked last.
    waiting: Vec<Waker>,
}

/// A handshake is waited for by a reader, a writer, and whoever looks at them.
const MOST_WAITING: usize = 8;

/// How much of what a peer still sends is thrown away at the end, so that no reset overtakes our
/// last words.
const MOST_DRAINED: usize = 64 * 1024;

impl<S: Transport> Session<S> {
    pub(super) fn new(stream: S, tls: Connection, limit: Option<Duration>) -> Self {
        Session {
            io: Polled::new(stream),
            tls,
            handshake: Some(Handshake { has_begun: false, limit, alarm: None, waiting: Vec::new() }),
            failure: None,
            is_closing: false,
            has_closed: false,
            has_shut_read: false,
            woken: Vec::new(),
        }
    }

    pub(super) fn tls(&self) -> &Connection {
        &self.tls
    }

    pub(super) fn io(&mut self) -> &mut Polled<S> {
        &mut self.io
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.handshake.is_some()
    }

    /// Who is to be woken now that this is not borrowed any more.
    #[inline]
    pub(super) fn take_woken(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.woken)
    }

    /// How many bytes are decrypted and have not been read.
    pub(super) fn pending(&mut self) -> usize {
        self.tls.process_new_packets().map_or(0, |state| state.plaintext_bytes_to_read())
    }

    /// Goes through the handshake, to its end.
    pub(super) fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(handshake) = &mut self.handshake else { return Poll::Ready(Ok(())) };
        handshake.has_begun = true;
        if let Some(failure) = &self.failure {
            return Poll::Ready(Err(failure.error()));
        }
        let result = self.advance(cx);
        let Some(handshake) = &mut self.handshake else { return Poll::Ready(Ok(())) };
        match result {
            Poll::Pending => {
                if handshake.poll_limit(cx).is_pending() {
                    handshake.keep(cx.waker());
                    return Poll::Pending;
                }
                let failure = Failure::TimedOut(handshake.limit.unwrap_or_default());
                let error = failure.error();
                self.fail(failure);
                self.io.abort();
                Poll::Ready(Err(error))
            }
            Poll::Ready(result) => {
                handshake.waiting.retain(|waker| !waker.will_wake(cx.waker()));
                self.woken.append(&mut handshake.waiting);
                if result.is_ok() {
                    self.handshake = None;
                    if self.is_closing {
                        self.tls.send_close_notify();
                        self.send_now();
                    }
                }
                Poll::Ready(result)
            }
        }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let sent = match self.poll_send(cx) {
                Poll::Ready(Err(error)) => return Poll::Ready(Err(self.why(error, cx))),
                sent => sent,
            };
            if !self.tls.is_handshaking() {
                return sent;
            }
            if ready!(self.poll_fill(cx))? == 0 {
                return Poll::Ready(Err(ended_in_handshake()));
            }
        }
    }

    /// A peer that takes nothing more in the handshake may have said why.
    #[cold]
    fn why(&mut self, error: io::Error, cx: &mut Context<'_>) -> io::Error {
        loop {
            match self.poll_fill(cx) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0)) => return ended_in_handshake(),
                Poll::Ready(Err(reason)) if reason.kind() == io::ErrorKind::InvalidData => return reason,
                Poll::Ready(Err(_)) | Poll::Pending => return error,
            }
        }
    }

    /// Reads with `read`, when there is something for it. What is decrypted comes before anything
    /// else, an error included.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        mut read: impl FnMut(Reader<'_>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_handshake(cx))?;
        loop {
            match read(self.tls.reader()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Poll::Ready(if self.has_shut_read { Ok(0) } else { Err(truncated()) });
                }
                result => return Poll::Ready(result),
            }
            if let Some(failure) = &self.failure {
                return Poll::Ready(Err(failure.error()));
            }
            if self.has_shut_read {
                return Poll::Ready(Ok(0));
            }
            // What the protocol answers goes now if there is room, else with the next write: it
            // need not come before that.
            self.send_now();
            ready!(self.poll_fill(cx))?;
        }
    }

    /// Lets the protocol read from the transport. 0 is the end of what comes.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut source = PollReader { io: &mut self.io, cx: &mut *cx, is_pending: false };
        let result = self.tls.read_tls(&mut source);
        if source.is_pending {
            return Poll::Pending;
        }
        let count = result?;
        match self.tls.process_new_packets() {
            Ok(_) => Poll::Ready(Ok(count)),
            Err(error) => Poll::Ready(self.refuse(error, cx)),
        }
    }

    /// The peer lies, or is not trusted: tells it so, and ends our direction. Whoever does not take
    /// the alert at once learns of it from the end.
    #[cold]
    fn refuse(&mut self, error: rustls::Error, cx: &mut Context<'_>) -> io::Result<usize> {
        let failure = Failure::Protocol(error);
        let told = failure.error();
        self.fail(failure);
        self.send_now();
        let _ = self.io.poll_close(cx);
        // What was decrypted before it went wrong is read first.
        match self.tls.reader().fill_buf() {
            Ok(plaintext) if !plaintext.is_empty() && self.handshake.is_none() => Ok(plaintext.len()),
            _ => Err(told),
        }
    }

    /// Encrypts some of `bufs`, and sends of it what there is room for. Pending while anything from
    /// before is unsent.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_handshake(cx))?;
        self.expect_open()?;
        ready!(self.poll_send(cx))?;
        let count = io::Write::write_vectored(&mut self.tls.writer(), bufs)?;
        match self.poll_send(cx) {
            Poll::Ready(Err(error)) if error.kind() != io::ErrorKind::WouldBlock => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(count)),
        }
    }

    /// Sends what is unsent.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(failure) = &self.failure {
            return Poll::Ready(Err(failure.error()));
        }
        self.poll_send(cx)
    }

    /// Ends our direction: `close_notify` after what is unsent, and then the transport's end. A
    /// handshake that has begun is gone through first.
    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.failure.is_some() || !self.may_close() && ready!(self.poll_handshake(cx)).is_err() {
            return Poll::Ready(Ok(()));
        }
        self.begin_close();
        match ready!(self.poll_send(cx)) {
            Err(error) if is_gone(&error) => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }

    /// As [`poll_close`](Self::poll_close), as far as it goes without waiting. Whoever sends the
    /// rest, or goes through the handshake, ends the transport, too.
    pub(super) fn close_now(&mut self) {
        if self.failure.is_none() {
            self.begin_close();
            self.send_now();
        }
    }

    /// The end must not come in the middle of a handshake that others go through.
    fn may_close(&self) -> bool {
        self.handshake.as_ref().is_none_or(|handshake| !handshake.has_begun)
    }

    fn begin_close(&mut self) {
        // Before the handshake is over there is nobody to say it to.
        if !std::mem::replace(&mut self.is_closing, true) && self.handshake.is_none() {
            self.tls.send_close_notify();
        }
    }

    /// Reads find the end from here on, the present one included.
    pub(super) fn shut_read(&mut self) {
        self.has_shut_read = true;
        // It fails when the connection is gone, and then there is nothing to end.
        let _ = shut(self.io.get_ref(), Shutdown::Read);
    }

    /// Ends both directions for all handles, and wakes whoever waits.
    pub(super) fn close(&mut self) {
        self.close_now();
        self.fail(Failure::Closed);
        self.io.abort();
    }

    /// Records were made that nobody will send: what comes after them has no meaning to the peer.
    pub(super) fn cut_off(&mut self) {
        self.fail(Failure::CutOff);
        self.io.abort();
    }

    /// Is something to be sent that has not been?
    pub(super) fn has_unsent(&self) -> bool {
        self.tls.wants_write()
    }

    /// Nobody waits to read any more.
    pub(super) fn cancel_read(&mut self) {
        self.io.cancel_read();
        self.hand_on();
    }

    /// Nobody waits to write any more.
    pub(super) fn cancel_write(&mut self) {
        self.io.cancel_write();
        self.hand_on();
    }

    /// Who went through the handshake does so no more: the others are asked again.
    pub(super) fn hand_on(&mut self) {
        if let Some(handshake) = &mut self.handshake {
            self.io.cancel_read();
            self.io.cancel_write();
            self.woken.append(&mut handshake.waiting);
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
        if let Some(handshake) = &mut self.handshake {
            self.woken.append(&mut handshake.waiting);
        }
    }

    fn expect_open(&self) -> io::Result<()> {
        match &self.failure {
            Some(failure) => Err(failure.error()),
            None if self.is_closing => {
                let message = "the writing direction of the TLS connection was ended";
                Err(io::Error::new(io::ErrorKind::BrokenPipe, message))
            }
            None => Ok(()),
        }
    }

    /// Sends what the protocol has to send, and then the end if it was asked for.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.tls.wants_write() {
            let mut out = PollWriter { io: &mut self.io, cx: &mut *cx, is_pending: false };
            let result = self.tls.write_tls(&mut out);
            if out.is_pending {
                return Poll::Pending;
            }
            if result? == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
        }
        if self.is_closing && !self.has_closed && self.may_close() {
            ready!(self.io.poll_close(cx))?;
            self.has_closed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Sends what there is room for now. Whoever waits to write goes on waiting.
    fn send_now(&mut self) {
        while self.tls.wants_write() {
            // An error comes out where somebody waits for the sending.
            let Ok(1..) = self.tls.write_tls(&mut NowWriter(&self.io)) else { return };
        }
        if self.is_closing && !self.has_closed && self.may_close() {
            self.has_closed = self.io.poll_close(&mut Context::from_waker(Waker::noop())).is_ready();
        }
    }
}

impl<S: Transport> Drop for Session<S> {
    /// Says goodbye as far as it goes without waiting. A panic is no orderly end, and the peer
    /// shall not take it for one.
    fn drop(&mut self) {
        if self.failure.is_some() || std::thread::panicking() {
            return;
        }
        self.close_now();
        // A descriptor that is closed with something unread resets the connection, and with TLS 1.3
        // a client that only writes always has something unread: the tickets.
        let mut waste = [0; 4096];
        let mut drained = 0;
        while self.has_closed
            && drained < MOST_DRAINED
            && let Ok(count @ 1..) = self.io.read_now(&mut waste)
        {
            drained += count;
        }
    }
}

impl Handshake {
    fn poll_limit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(limit) = self.limit else { return Poll::Pending };
        Pin::new(self.alarm.get_or_insert_with(|| Alarm::after(limit))).poll(cx)
    }

    fn keep(&mut self, waker: &Waker) {
        if self.waiting.iter().any(|kept| kept.will_wake(waker)) {
            return;
        }
        if self.waiting.len() == MOST_WAITING {
            self.waiting.remove(0);
        }
        self.waiting.push(waker.clone());
    }
}

/// Is it that the connection is not there any more?
fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionReset | NotConnected)
}

/// Reads as much as there is room for, of as many records as there are.
pub(super) fn into_slice(mut reader: Reader<'_>, buf: &mut [u8]) -> io::Result<usize> {
    reader.read(buf)
}

/// Shows `take` what there is of one record, up to `room`.
pub(super) fn into_hands(
    mut reader: Reader<'_>,
    room: usize,
    take: &mut impl FnMut(&[u8]),
) -> io::Result<usize> {
    let chunk = reader.fill_buf()?;
    let count = chunk.len().min(room);
    take(&chunk[..count]);
    reader.consume(count);
    Ok(count)
}

/// A polled transport as std's reader, for as long as one poll takes.
struct PollReader<'a, 'c, S: Transport> {
    io: &'a mut Polled<S>,
    cx: &'a mut Context<'c>,
    is_pending: bool,
}

impl<S: Transport> Read for PollReader<'_, '_, S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let result = self.io.poll_read(self.cx, buf);
        at_once(result, &mut self.is_pending)
    }
}

/// A polled transport as std's writer, for as long as one poll takes.
struct PollWriter<'a, 'c, S: Transport> {
    io: &'a mut Polled<S>,
    cx: &'a mut Context<'c>,
    is_pending: bool,
}

impl<S: Transport> io::Write for PollWriter<'_, '_, S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let result = self.io.poll_write(self.cx, buf);
        at_once(result, &mut self.is_pending)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let result = self.io.poll_write_vectored(self.cx, bufs);
        at_once(result, &mut self.is_pending)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says "pending" in std's words, and takes note of it.
fn at_once(result: Poll<io::Result<usize>>, is_pending: &mut bool) -> io::Result<usize> {
    match result {
        Poll::Ready(result) => result,
        Poll::Pending => {
            *is_pending = true;
            Err(io::ErrorKind::WouldBlock.into())
        }
    }
}

/// A transport as std's writer that never waits.
struct NowWriter<'a, S: Transport>(&'a Polled<S>);

impl<S: Transport> io::Write for NowWriter<'_, S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write_now(&[IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_now(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
