//! The stream of a connection, as its watch sees it: how much has come and gone, and what it begins with.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use hyper::rt::{Read, ReadBufCursor, Write};

/// How often a connection has read, and how many bytes it has written.
#[derive(Default)]
pub(super) struct Traffic {
    pub(super) read: Cell<u64>,
    pub(super) written: Cell<u64>,
}

/// A stream that counts, and that gives what was read ahead first.
pub(super) struct Tap<S> {
    stream: S,
    ahead: Bytes,
    traffic: Rc<Traffic>,
}

impl<S> Tap<S> {
    pub(super) fn new(stream: S, traffic: Rc<Traffic>) -> Self {
        Tap { stream, ahead: Bytes::new(), traffic }
    }

    /// What was read and will be read again.
    pub(super) fn ahead(&self) -> &[u8] {
        &self.ahead
    }

    /// These bytes come before those of the stream from now on.
    pub(super) fn unread(&mut self, ahead: Bytes) {
        self.ahead = ahead;
    }
}

impl<S: Read + Unpin> Tap<S> {
    /// Reads from the stream, past what is kept.
    pub(super) fn poll_past(&mut self, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        if result.is_ready() {
            self.traffic.read.set(self.traffic.read.get() + 1);
        }
        result
    }
}

impl<S: Read + Unpin> Read for Tap<S> {
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

impl<S: Write + Unpin> Tap<S> {
    #[inline]
    fn note(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let count = ready!(result)?;
        self.traffic.written.set(self.traffic.written.get() + count as u64);
        Poll::Ready(Ok(count))
    }
}

impl<S: Write + Unpin> Write for Tap<S> {
    #[inline]
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.note(result)
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.note(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    #[inline]
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
