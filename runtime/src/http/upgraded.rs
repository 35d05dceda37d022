//! A connection that speaks something other than HTTP from now on.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};

use crate::event::Flag;
use crate::green;
use crate::green::io::{Read, Write};
use crate::green::polled::{PollRead, PollWrite, Polled};

/// A connection after `101 Switching Protocols`: bytes in both directions.
///
/// Reads and writes are those of [`Read`] and [`Write`], also on `&Upgraded`, so that one green
/// thread can read while another one writes. Clones are handles on one connection; it ends with the
/// last of them. What the client sent before it had the answer is read first.
#[derive(Clone)]
pub struct Upgraded {
    shared: Rc<Shared>,
}

struct Shared {
    /// `None` once it is closed.
    stream: RefCell<Option<Box<dyn Duplex>>>,
    /// What came with the head.
    ahead: RefCell<Bytes>,
    closing: Flag,
    is_read: Cell<bool>,
    is_written: Cell<bool>,
}

/// A polled stream, whichever it is.
trait Duplex {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;
    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>>;
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
    fn cancel_read(&mut self);
    fn cancel_write(&mut self);
}

impl<S: PollRead + PollWrite> Duplex for Polled<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll_read(cx, buf)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write(cx, buf)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_close(cx)
    }

    fn cancel_read(&mut self) {
        self.cancel_read();
    }

    fn cancel_write(&mut self) {
        self.cancel_write();
    }
}

impl Upgraded {
    pub(crate) fn new<S>(stream: Polled<S>, ahead: Bytes, closing: Flag) -> Upgraded
    where
        S: PollRead + PollWrite + 'static,
    {
        let shared = Shared {
            stream: RefCell::new(Some(Box::new(stream))),
            ahead: RefCell::new(ahead),
            closing,
            is_read: Cell::new(false),
            is_written: Cell::new(false),
        };
        Upgraded { shared: Rc::new(shared) }
    }

    /// A flag that goes up when the server ends: what is spoken here should come to its end within
    /// the server's [grace](crate::wsgi::Server::grace). On a client's connection it stays down.
    pub fn closing(&self) -> Flag {
        self.shared.closing.clone()
    }

    /// Ends the writing: the peer reads the end. Suspends until what TLS keeps back is out; on a
    /// plain connection not at all.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Cancel safety
    ///
    /// The end may not have been sent.
    #[green(crate = crate)]
    pub fn shutdown(&self) -> io::Result<()> {
        let writing = Taken::begin(self, Side::Write)?;
        poll_fn(|cx| writing.of.poll_close(cx)).await
    }

    /// Closes the connection for all its handles. Does not suspend. Whoever waits for it is not
    /// woken; a later call gives `NotConnected`.
    #[cfg(feature = "websocket")]
    pub(crate) fn close(&self) {
        // It may be TLS, which says farewell.
        let stream = self.shared.stream.borrow_mut().take();
        drop(stream);
    }

    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        {
            let mut ahead = self.shared.ahead.borrow_mut();
            if !ahead.is_empty() {
                let count = ahead.len().min(buf.len());
                ahead.copy_to_slice(&mut buf[..count]);
                return Poll::Ready(Ok(count));
            }
        }
        self.with(|stream| stream.poll_read(cx, buf))
    }

    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write(cx, buf))
    }

    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(cx))
    }

    pub(crate) fn poll_close(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_close(cx))
    }

    pub(crate) fn cancel_read(&self) {
        if let Some(stream) = &mut *self.shared.stream.borrow_mut() {
            stream.cancel_read();
        }
    }

    pub(crate) fn cancel_write(&self) {
        if let Some(stream) = &mut *self.shared.stream.borrow_mut() {
            stream.cancel_write();
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut dyn Duplex) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match &mut *self.shared.stream.borrow_mut() {
            Some(stream) => f(&mut **stream),
            None => Poll::Ready(Err(io::Error::new(io::ErrorKind::NotConnected, "the connection is closed"))),
        }
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_open = self.shared.stream.try_borrow().map_or(true, |stream| stream.is_some());
        f.debug_struct("Upgraded").field("open", &is_open).finish()
    }
}

#[derive(Clone, Copy)]
enum Side {
    Read,
    Write,
}

/// The right to one direction, and what a call leaves registered when it ends.
struct Taken<'a> {
    of: &'a Upgraded,
    side: Side,
}

impl<'a> Taken<'a> {
    fn begin(of: &'a Upgraded, side: Side) -> io::Result<Taken<'a>> {
        let (taken, what) = match side {
            Side::Read => (&of.shared.is_read, "read"),
            Side::Write => (&of.shared.is_written, "write"),
        };
        if taken.replace(true) {
            let message = format!(
                "second simultaneous {what} on one connection\n\
                 help: let one green thread {what}, and share what it gets through a queue"
            );
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, message));
        }
        Ok(Taken { of, side })
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        match self.side {
            Side::Read => {
                self.of.cancel_read();
                self.of.shared.is_read.set(false);
            }
            Side::Write => {
                self.of.cancel_write();
                self.of.shared.is_written.set(false);
            }
        }
    }
}

impl Read for &Upgraded {
    #[green(crate = crate)]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let reading = Taken::begin(self, Side::Read)?;
        poll_fn(|cx| reading.of.poll_read(cx, buf)).await
    }
}

impl Write for &Upgraded {
    #[green(crate = crate)]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let writing = Taken::begin(self, Side::Write)?;
        let mut written = None;
        poll_fn(|cx| {
            // Nothing is kept back when a write has ended: nobody may flush.
            let count = match written {
                Some(count) => count,
                None => *written.insert(ready!(writing.of.poll_write(cx, buf))?),
            };
            ready!(writing.of.poll_flush(cx))?;
            Poll::Ready(Ok(count))
        })
        .await
    }

    #[green(crate = crate)]
    fn flush(&mut self) -> io::Result<()> {
        let writing = Taken::begin(self, Side::Write)?;
        poll_fn(|cx| writing.of.poll_flush(cx)).await
    }
}

impl Read for Upgraded {
    #[green(crate = crate)]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buf)
    }
}

impl Write for Upgraded {
    #[green(crate = crate)]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&*self).write(buf)
    }

    #[green(crate = crate)]
    fn flush(&mut self) -> io::Result<()> {
        (&*self).flush()
    }
}
