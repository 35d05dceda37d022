//! TLS in the shape of polls. What waits is its transport, which keeps its own waits.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::private::{Reading, Registered, Writing};
use super::{PollRead, PollWrite, Pollable};
use crate::green::net::SplitStream;
use crate::green::net::halves::private::Stream;
use crate::hub::sources::{Direction, Kept};
use crate::tls::{TlsStream, Transport};

impl<S: Transport> Registered for TlsStream<S> {
    fn forget_read(&self, _kept: &mut Kept) {
        self.cancel_read();
    }

    fn forget_write(&self, _kept: &mut Kept) {
        self.cancel_write();
    }

    fn set_limit(&self, _kept: &mut Kept, direction: Direction, limit: Option<Duration>) -> io::Result<()> {
        match direction {
            Direction::Read => self.set_read_timeout(limit),
            Direction::Write => self.set_write_timeout(limit),
        }
    }
}

impl<S: Transport> Reading for TlsStream<S> {
    fn poll_read(&self, _kept: &mut Kept, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll_read(cx, buf)
    }

    fn poll_read_uninit(
        &self,
        _kept: &mut Kept,
        cx: &mut Context<'_>,
        buf: &mut [MaybeUninit<u8>],
    ) -> Poll<io::Result<usize>> {
        self.poll_read_record(cx, buf.len(), |bytes| {
            for (place, byte) in buf.iter_mut().zip(bytes) {
                place.write(*byte);
            }
        })
    }

    fn read_now(&self, buf: &mut [u8]) -> io::Result<usize> {
        let result = self.poll_read(&mut Context::from_waker(Waker::noop()), buf);
        self.cancel_read();
        now(result)
    }
}

impl<S: Transport> Writing for TlsStream<S> {
    fn poll_write(&self, _kept: &mut Kept, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        &self,
        _kept: &mut Kept,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write(cx, bufs)
    }

    fn write_now(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let result = self.poll_write(&mut Context::from_waker(Waker::noop()), bufs);
        self.cancel_write();
        now(result)
    }

    fn poll_flush(&self, _kept: &mut Kept, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }

    fn poll_close(&self, _kept: &mut Kept, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_close(cx)
    }

    fn abort(&self) {
        self.close();
    }
}

fn now(result: Poll<io::Result<usize>>) -> io::Result<usize> {
    match result {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl<S: Transport> Pollable for TlsStream<S> {}
impl<S: Transport> PollRead for TlsStream<S> {}
impl<S: Transport> PollWrite for TlsStream<S> {}

impl<S: Transport> SplitStream for TlsStream<S> {}

impl<S: Transport> Stream for TlsStream<S> {
    fn another(&self) -> Self {
        self.handle()
    }

    fn is_same(&self, other: &Self) -> bool {
        self.is_same(other)
    }

    fn shut(&self, how: Shutdown) -> io::Result<()> {
        self.shut_now(how);
        Ok(())
    }
}
