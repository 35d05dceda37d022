//! The traits of `hyper::rt` that a stream has. Those of a runtime are in [`hubs`](crate::hubs).

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::hyper::rt::{Read, ReadBufCursor, Write};

use super::{PollRead, PollWrite, Polled};

impl<S: PollRead> Polled<S> {
    /// Reads for hyper, and shows the bytes that came to `see`.
    #[inline]
    #[expect(
        unsafe_code,
        reason = "hyper's cursor has no safe way to say how much was filled without a copy"
    )]
    pub(crate) fn poll_read_seen(
        &mut self,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
        see: impl FnOnce(&[u8]),
    ) -> Poll<io::Result<()>> {
        // SAFETY: nothing is made uninitialised: a read only writes into the buffer.
        let room = unsafe { buf.as_mut() };
        let count = ready!(self.poll_read_uninit(cx, room))?;
        let filled = room[..count].as_ptr().cast::<u8>();
        // SAFETY: the operating system has filled so many bytes at the buffer's beginning, and
        // nobody writes to them here.
        see(unsafe { std::slice::from_raw_parts(filled, count) });
        // SAFETY: as above, so many bytes are initialised.
        unsafe { buf.advance(count) };
        Poll::Ready(Ok(()))
    }
}

impl<S: PollRead + Unpin> Read for Polled<S> {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_read_seen(cx, buf, |_| {})
    }
}

impl<S: PollWrite + Unpin> Write for Polled<S> {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().poll_write(cx, buf)
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_close(cx)
    }
}
