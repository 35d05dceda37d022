//! The stream of a connection, as its watch sees it: how much has come and gone, and what it begins
//! with.

use std::cell::{Cell, Ref, RefCell};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};

use super::frames::Frames;
use super::framing::Framing;
use crate::green::polled::{PollRead, PollWrite, Polled};
use crate::timeout::with_timeout;

/// What has happened on a connection.
#[derive(Default)]
pub(super) struct Traffic {
    /// How often something was read; with HTTP/2, something of a message.
    pub(super) reads: Cell<u64>,
    /// How many bytes were written; with HTTP/2, together with something of a message.
    pub(super) written: Cell<u64>,
    /// The peer has ended, or the connection is broken.
    has_ended: Cell<bool>,
    /// The parser waits for bytes: it will see for itself what the peer does.
    is_reading: Cell<bool>,
    /// The peer does not take what is to be written.
    is_stalled: Cell<bool>,
    /// `None` where the bytes are not HTTP/1.
    pub(super) framing: RefCell<Option<Framing>>,
    /// What has come, and what has gone, where it is HTTP/2.
    frames: RefCell<Option<[Frames; 2]>>,
    /// Requests that were handed over.
    pub(super) requests: Cell<u64>,
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

    /// Follows the frames of HTTP/2, of which these bytes were read ahead.
    pub(super) fn follow_frames(&self, ahead: &[u8]) {
        let mut came = Frames::of_client();
        came.follow(ahead);
        self.frames.replace(Some([came, Frames::default()]));
        // That it has begun is news as well: no head has been coming since.
        self.written.set(self.written.get() + 1);
    }

    /// The peer does not take what is to be written.
    pub(super) fn is_stalled(&self) -> bool {
        self.is_stalled.get()
    }

    /// Has the peer ended its sending?
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.get()
    }
}

/// A connection's stream, with what is kept on either side of it.
pub(super) struct Wire<S: PollRead + PollWrite> {
    stream: RefCell<Polled<S>>,
    /// What was read and will be read again.
    ahead: RefCell<Bytes>,
    /// Answers to pipelined requests, to be written together. hyper's own way to do this
    /// (`pipeline_flush`) holds answers back while *anything* is unread, the rest of a body
    /// included: they would never go out.
    held: RefCell<Vec<u8>>,
    /// What had been asked and written when something was held last while there was nothing else to
    /// do.
    held_at: Cell<(u64, u64)>,
    /// Has what was read confirmed at once.
    confirm: fn(&S),
    pub(super) traffic: Rc<Traffic>,
}

/// No more than this is held back.
const MOST_HELD: usize = 32 * 1024;

/// What the peer does while its answer is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// It waits, or nobody has to know.
    Waits,
    /// It has sent something, or ended its sending.
    Spoke,
    /// The connection is broken.
    Left,
}

impl<S: PollRead + PollWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S, confirm: fn(&S), traffic: Rc<Traffic>) -> Self {
        Wire {
            stream: RefCell::new(Polled::new(stream)),
            ahead: RefCell::default(),
            held: RefCell::default(),
            held_at: Cell::default(),
            confirm,
            traffic,
        }
    }

    /// What was read and will be read again.
    pub(super) fn ahead(&self) -> Ref<'_, Bytes> {
        self.ahead.borrow()
    }

    /// The stream, and what was read of it and not asked for.
    pub(super) fn into_parts(self) -> (Polled<S>, Bytes) {
        (self.stream.into_inner(), self.ahead.into_inner())
    }

    /// Reads more, which is kept to be read again. Gives how much has come: 0 at the end.
    pub(super) fn poll_more(&self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut space = [MaybeUninit::uninit(); 4096];
        let mut buf = ReadBuf::uninit(&mut space);
        ready!(self.poll_past(cx, buf.unfilled()))?;
        let came = buf.filled();
        let mut ahead = self.ahead.borrow_mut();
        *ahead =
            if ahead.is_empty() { Bytes::copy_from_slice(came) } else { [&ahead[..], came].concat().into() };
        Poll::Ready(Ok(came.len()))
    }

    /// Reads from the stream, past what is kept.
    fn poll_past(&self, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let traffic = &self.traffic;
        let see = |bytes: &[u8]| {
            let is_news = traffic.frames.borrow_mut().as_mut().is_none_or(|[came, _]| came.follow(bytes));
            traffic.reads.set(traffic.reads.get() + u64::from(is_news));
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

    /// The parser is about to be asked: has it anything to read for?
    pub(super) fn begin_turn(&self) {
        self.traffic.is_reading.set(false);
    }

    /// Looks at the peer while the parser does not: it takes no byte of the next request before
    /// this one is answered.
    pub(super) fn poll_peer(&self, cx: &mut Context<'_>) -> Doing {
        let traffic = &self.traffic;
        let is_between = || traffic.framing.borrow().as_ref().is_some_and(Framing::is_between);
        // In a body that nobody reads, reading would be to keep it all.
        if traffic.is_reading.get()
            || traffic.has_ended.get()
            || !self.ahead.borrow().is_empty()
            || !is_between()
        {
            return Doing::Waits;
        }
        match self.poll_more(cx) {
            Poll::Pending => Doing::Waits,
            Poll::Ready(Ok(_)) => Doing::Spoke,
            Poll::Ready(Err(_)) => Doing::Left,
        }
    }

    /// Holds back what is to be written if more will follow at once.
    #[inline]
    fn hold(&self, count: usize) -> bool {
        let held = self.held.borrow().len();
        held + count <= MOST_HELD && (held > 0 || self.traffic.has_next())
    }

    /// Writes what was held back.
    #[inline]
    pub(super) fn poll_held(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut held = self.held.borrow_mut();
        let mut written = 0;
        while written < held.len() {
            match self.poll_write(cx, |stream, cx| stream.poll_write(cx, &held[written..])) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => written += count,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    held.drain(..written);
                    return Poll::Pending;
                }
            }
        }
        held.clear();
        Poll::Ready(Ok(()))
    }

    /// Writes what was held back for answers that do not come: the next handler takes its time, or
    /// the piece that is held is of a stream whose next one does. Whatever was about to come has a
    /// turn to do so.
    pub(super) fn poll_overdue(&self, cx: &mut Context<'_>) -> io::Result<()> {
        if let Poll::Ready(Err(error)) = self.stream.borrow_mut().poll_flush(cx) {
            return Err(error);
        }
        if self.held.borrow().is_empty() {
            return Ok(());
        }
        let now = (self.traffic.requests.get(), self.traffic.written.get());
        if self.held_at.replace(now) != now {
            cx.waker().wake_by_ref();
            return Ok(());
        }
        match self.poll_held(cx) {
            Poll::Ready(result) => result,
            Poll::Pending => Ok(()),
        }
    }

    #[inline]
    fn poll_write(
        &self,
        cx: &mut Context<'_>,
        write: impl FnOnce(&mut Polled<S>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let result = write(&mut self.stream.borrow_mut(), cx);
        self.traffic.is_stalled.set(result.is_pending());
        result
    }

    /// Takes note of what was written of these.
    #[inline]
    fn note(&self, result: Poll<io::Result<usize>>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let count = ready!(result)?;
        let traffic = &self.traffic;
        let is_news = match &mut *traffic.frames.borrow_mut() {
            None => true,
            Some([_, gone]) => {
                let mut left = count;
                let mut has_message = false;
                for buf in bufs {
                    let written = &buf[..left.min(buf.len())];
                    left -= written.len();
                    has_message |= gone.follow(written);
                }
                has_message
            }
        };
        if is_news {
            traffic.written.set(traffic.written.get() + count as u64);
        }
        Poll::Ready(Ok(count))
    }
}

/// A wire as hyper sees it: it takes note of what passes, and gives what was read ahead first.
pub(super) struct Tap<S: PollRead + PollWrite>(pub(super) Rc<Wire<S>>);

impl<S: PollRead + PollWrite + Unpin> Read for Tap<S> {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = &*self.0;
        {
            let mut ahead = wire.ahead.borrow_mut();
            if !ahead.is_empty() {
                let count = ahead.len().min(buf.remaining());
                buf.put_slice(&ahead[..count]);
                ahead.advance(count);
                return Poll::Ready(Ok(()));
            }
        }
        let result = wire.poll_past(cx, buf);
        wire.traffic.is_reading.set(result.is_pending());
        if result.is_pending() && wire.traffic.framing.borrow().as_ref().is_some_and(Framing::is_in_body) {
            (wire.confirm)(wire.stream.borrow().get_ref());
        }
        result
    }
}

impl<S: PollRead + PollWrite + Unpin> Write for Tap<S> {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let wire = &*self.0;
        if wire.hold(buf.len()) {
            wire.held.borrow_mut().extend_from_slice(buf);
            return wire.note(Poll::Ready(Ok(buf.len())), &[IoSlice::new(buf)]);
        }
        ready!(wire.poll_held(cx))?;
        wire.note(wire.poll_write(cx, |stream, cx| stream.poll_write(cx, buf)), &[IoSlice::new(buf)])
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = &*self.0;
        let count = bufs.iter().map(|buf| buf.len()).sum();
        if wire.hold(count) {
            let mut held = wire.held.borrow_mut();
            bufs.iter().for_each(|buf| held.extend_from_slice(buf));
            return wire.note(Poll::Ready(Ok(count)), bufs);
        }
        ready!(wire.poll_held(cx))?;
        wire.note(wire.poll_write(cx, |stream, cx| stream.poll_write_vectored(cx, bufs)), bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// What is held back stays so while another request is here, whose answer will bring it along.
    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = &*self.0;
        if !wire.held.borrow().is_empty() && !wire.traffic.has_next() {
            ready!(wire.poll_held(cx))?;
        }
        wire.stream.borrow_mut().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.0.poll_held(cx))?;
        self.0.stream.borrow_mut().poll_close(cx)
    }
}

/// For how long a peer may go on sending what nobody reads, after the last answer.
const LINGER: Duration = Duration::from_secs(2);

/// Ends a connection whose answer has been written, although the peer may have more to say.
///
/// To close with something unread is to reset, and a reset may overtake the answer: the peer would
/// see an error instead of its 413. So the writing ends first, and what still comes is thrown away
/// for a while.
pub(super) async fn linger<S>(wire: &Wire<S>)
where
    S: PollRead + PollWrite + Unpin,
{
    // An answer that fails is no reason to lose those before it.
    let rest = with_timeout(LINGER, || poll_fn(|cx| wire.poll_held(cx))).await;
    if wire.traffic.has_ended.get() || !matches!(rest, Ok(Ok(()))) {
        return;
    }
    let stream = &wire.stream;
    let drain = async {
        let mut waste = [0; 4096];
        let ended = poll_fn(|cx| stream.borrow_mut().poll_close(cx)).await;
        if ended.is_err() {
            return;
        }
        while let Ok(1..) = poll_fn(|cx| stream.borrow_mut().poll_read(cx, &mut waste)).await {}
    };
    // Whoever does not end in time is reset after all.
    let _ = with_timeout(LINGER, || drain).await;
}
