//! The stream of a connection, as its watch sees it: how much has come and gone, and what it begins with.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use hyper::rt::{Read, ReadBufCursor, Write};

use super::framing::Framing;
use crate::green::polled::{PollRead, PollWrite, Polled};
use crate::timeout::with_timeout;

/// What has happened on a connection.
pub(super) struct Traffic {
    /// How often something was read.
    pub(super) reads: Cell<u64>,
    /// How many bytes were written.
    pub(super) written: Cell<u64>,
    /// The peer has ended, or the connection is broken.
    has_ended: Cell<bool>,
    /// `None` where the bytes are not HTTP/1.
    pub(super) framing: RefCell<Option<Framing>>,
    /// Requests that were handed over.
    pub(super) requests: Cell<u64>,
}

impl Default for Traffic {
    fn default() -> Self {
        Traffic {
            reads: Cell::new(0),
            written: Cell::new(0),
            has_ended: Cell::new(false),
            framing: RefCell::new(None),
            requests: Cell::new(0),
        }
    }
}

impl Traffic {
    /// Is another request here already, whose answer can go out with the present one's?
    fn has_next(&self) -> bool {
        self.framing.borrow().as_ref().is_some_and(|framing| framing.heads() > self.requests.get())
    }

    /// Follows the bytes of HTTP/1 from here on, those that were read ahead first.
    pub(super) fn follow(&self, ahead: &[u8], limit: usize) {
        let mut framing = Framing::new(limit);
        framing.follow(ahead);
        self.framing.replace(Some(framing));
    }
}

/// A stream that takes note of what passes, and that gives what was read ahead first.
pub(super) struct Tap<S: PollRead + PollWrite> {
    stream: Rc<RefCell<Polled<S>>>,
    ahead: Bytes,
    /// Answers to pipelined requests, to be written together. hyper's own way to do this (`pipeline_flush`) holds answers
    /// back while *anything* is unread, the rest of a body included: they would never go out.
    held: Vec<u8>,
    traffic: Rc<Traffic>,
}

/// No more than this is held back.
const MOST_HELD: usize = 32 * 1024;

impl<S: PollRead + PollWrite + Unpin> Tap<S> {
    pub(super) fn new(stream: Rc<RefCell<Polled<S>>>, traffic: Rc<Traffic>) -> Self {
        Tap { stream, ahead: Bytes::new(), held: Vec::new(), traffic }
    }

    /// What was read and will be read again.
    pub(super) fn ahead(&self) -> &[u8] {
        &self.ahead
    }

    /// These bytes come before those of the stream from now on.
    pub(super) fn unread(&mut self, ahead: Bytes) {
        self.ahead = ahead;
    }

    /// Reads from the stream, past what is kept.
    pub(super) fn poll_past(&mut self, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let traffic = &self.traffic;
        let see = |bytes: &[u8]| {
            traffic.reads.set(traffic.reads.get() + 1);
            if bytes.is_empty() {
                traffic.has_ended.set(true);
            } else if let Some(framing) = &mut *traffic.framing.borrow_mut() {
                framing.follow(bytes);
            }
        };
        let result = self.stream.borrow_mut().poll_read_seen(cx, buf, see);
        if let Poll::Ready(Err(_)) = result {
            self.traffic.has_ended.set(true);
        }
        result
    }

    /// Holds back what is to be written if more will follow at once.
    #[inline]
    fn hold(&mut self, count: usize) -> bool {
        let has_room = self.held.len() + count <= MOST_HELD;
        has_room && (!self.held.is_empty() || self.traffic.has_next())
    }

    /// Writes what was held back.
    #[inline]
    fn poll_held(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut written = 0;
        while written < self.held.len() {
            let poll = self.stream.borrow_mut().poll_write(cx, &self.held[written..]);
            match poll {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => written += count,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.held.drain(..written);
                    return Poll::Pending;
                }
            }
        }
        self.held.clear();
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn note(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let count = ready!(result)?;
        self.traffic.written.set(self.traffic.written.get() + count as u64);
        Poll::Ready(Ok(count))
    }
}

impl<S: PollRead + PollWrite + Unpin> Read for Tap<S> {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.ahead.is_empty() {
            let count = this.ahead.len().min(buf.remaining());
            buf.put_slice(&this.ahead[..count]);
            this.ahead.advance(count);
            return Poll::Ready(Ok(()));
        }
        this.poll_past(cx, buf)
    }
}

impl<S: PollRead + PollWrite + Unpin> Write for Tap<S> {
    #[inline]
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.hold(buf.len()) {
            self.held.extend_from_slice(buf);
            return self.note(Poll::Ready(Ok(buf.len())));
        }
        ready!(self.poll_held(cx))?;
        let result = self.stream.borrow_mut().poll_write(cx, buf);
        self.note(result)
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let count = bufs.iter().map(|buf| buf.len()).sum();
        if self.hold(count) {
            bufs.iter().for_each(|buf| self.held.extend_from_slice(buf));
            return self.note(Poll::Ready(Ok(count)));
        }
        ready!(self.poll_held(cx))?;
        let result = self.stream.borrow_mut().poll_write_vectored(cx, bufs);
        self.note(result)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// What is held back stays so while another request is here, whose answer will bring it along.
    #[inline]
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.held.is_empty() || self.traffic.has_next() {
            return Poll::Ready(Ok(()));
        }
        self.poll_held(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_held(cx))?;
        self.stream.borrow_mut().poll_close()
    }
}

/// For how long a peer may go on sending what nobody reads, after the last answer.
const LINGER: Duration = Duration::from_secs(2);

/// Ends a connection whose answer has been written, although the peer may have more to say.
///
/// To close with something unread is to reset, and a reset may overtake the answer: the peer would see an error instead of
/// its 413. So the writing ends first, and what still comes is thrown away for a while.
pub(super) async fn linger<S>(stream: &RefCell<Polled<S>>, traffic: &Traffic)
where
    S: PollRead + PollWrite + Unpin,
{
    if traffic.has_ended.get() {
        return;
    }
    let Poll::Ready(ended) = stream.borrow_mut().poll_close() else { return };
    if ended.is_err() {
        return;
    }
    let drain = async {
        let mut waste = [0; 4096];
        while let Ok(1..) = poll_fn(|cx| stream.borrow_mut().poll_read(cx, &mut waste)).await {}
    };
    // Whoever does not end in time is reset after all.
    let _ = with_timeout(LINGER, || drain).await;
}
