//! The stream of a connection, as the request on it sees it.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};

use crate::green::polled::{PollRead, PollWrite, Polled};

/// A stream to a server, whatever it goes through.
pub(super) trait Stream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<usize>>;
    fn poll_write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>>;
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
    /// Gives up what polls have registered.
    fn rest(&mut self);
}

impl<S: PollRead + PollWrite + Unpin> Stream for Polled<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<usize>> {
        let mut count = 0;
        ready!(self.poll_read_seen(cx, buf, |bytes| count = bytes.len()))?;
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match bufs {
            [one] => Polled::poll_write(self, cx, one),
            several => self.poll_write_vectored(cx, several),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Polled::poll_flush(self, cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Polled::poll_close(self, cx)
    }

    fn rest(&mut self) {
        self.cancel_read();
        self.cancel_write();
    }
}

/// A connection's stream, and what has happened on it.
pub(super) struct Wire {
    stream: RefCell<Box<dyn Stream>>,
    /// How many bytes have come.
    pub(super) read: Cell<u64>,
    /// How many may have come before there is an answer.
    pub(super) most_unanswered: Cell<u64>,
    /// How many bytes have gone.
    pub(super) written: Cell<u64>,
    /// The peer does not take what is to be written.
    pub(super) is_stalled: Cell<bool>,
    /// What is to be written cannot be.
    pub(super) is_broken: Cell<bool>,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>) -> Rc<Wire> {
        Rc::new(Wire {
            stream: RefCell::new(stream),
            read: Cell::default(),
            most_unanswered: Cell::new(u64::MAX),
            written: Cell::default(),
            is_stalled: Cell::default(),
            is_broken: Cell::default(),
        })
    }

    /// Nobody waits for anything here until the next request.
    pub(super) fn rest(&self) {
        self.stream.borrow_mut().rest();
    }

    fn write(&self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let result = self.stream.borrow_mut().poll_write(cx, bufs);
        self.is_stalled.set(result.is_pending());
        match &result {
            Poll::Ready(Ok(count)) => self.written.set(self.written.get() + *count as u64),
            Poll::Ready(Err(_)) => self.is_broken.set(true),
            Poll::Pending => {}
        }
        result
    }
}

/// The stream as hyper sees it.
pub(super) struct Tap(pub(super) Rc<Wire>);

impl Read for Tap {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        if self.0.read.get() > self.0.most_unanswered.get() {
            let message = "too much comes before the answer";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, message)));
        }
        let count = ready!(self.0.stream.borrow_mut().poll_read(cx, buf))?;
        self.0.read.set(self.0.read.get() + count as u64);
        Poll::Ready(Ok(()))
    }
}

impl Write for Tap {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.0.write(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.write(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = self.0.stream.borrow_mut().poll_flush(cx);
        self.0.is_stalled.set(result.is_pending());
        result
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.stream.borrow_mut().poll_close(cx)
    }
}
