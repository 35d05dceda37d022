//! A connection, as green code sees it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::decode::{Decoder, Event, Role};
use super::deflate::Agreed;
use super::encode::Encoder;
use super::error::{Error, Fault, Result};
use super::message::{CloseCode, CloseFrame, Message};
use super::options::Options;
use super::receiving::{Receiver, Receiving};
use crate::branch::race;
use crate::event::Flag;
use crate::green;
use crate::http::{HeaderMap, Upgraded, Uri};
use crate::hubs::{Alarm, spend};
use crate::semaphore::{Permit, Semaphore};
use crate::timeout::with_timeout;

/// A WebSocket connection, of either end. Clones are handles on one connection.
///
/// One green thread waits for messages ([`recv`](Self::recv)), and meanwhile any may
/// [`send`](Self::send): each message goes out whole, after those that were begun before it. Pings
/// are answered, closes are answered, and limits are kept by whoever waits in `recv`, and also
/// between the frames that somebody sends; a program that only sends should have a thread that
/// waits all the same.
///
/// When the last handle is dropped the peer is told 1001, as far as that goes without waiting;
/// [`close`](Self::close) waits. (What a handler leaves behind its server closes, with 1000.)
///
/// eventlet's `WebSocket`.
#[derive(Clone)]
pub struct WebSocket {
    pub(super) shared: Rc<Shared>,
}

/// What was said in the handshake.
#[derive(Debug)]
pub(super) struct About {
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) protocol: Option<String>,
}

pub(super) struct Shared {
    pub(super) stream: Upgraded,
    role: Role,
    options: Options,
    about: About,
    is_deflated: bool,
    pub(super) state: RefCell<State>,
    /// The right to send a message.
    pub(super) sending: Semaphore,
    pub(super) receiver: Cell<Receiver>,
    /// How often somebody has begun to receive.
    pub(super) turns: Cell<u64>,
    /// Up while nobody receives.
    pub(super) free: Flag,
    /// Up when the connection has ended.
    over: Flag,
}

pub(super) struct State {
    decoder: Decoder,
    encoder: Encoder,
    /// What was read and not yet understood.
    input: BytesMut,
    /// Whole frames, to be written, and how much of them was.
    out: Vec<u8>,
    written: usize,
    /// The latest of the pings for which there was no room: all of them are answered with it.
    ping: Option<Bytes>,
    /// The peer's last word.
    received: Option<CloseFrame>,
    is_close_sent: bool,
    is_close_received: bool,
    fault: Option<Fault>,
    ended: Option<Ended>,
    /// For how long the end may take from now on.
    closing: Option<Alarm>,
    silence: Option<Alarm>,
    /// A ping was sent, and nothing has come since.
    is_asked: bool,
    idle: Option<Alarm>,
    /// Whoever waits in `recv`.
    pub(super) reader: Option<Waker>,
    /// Whoever waits for room.
    writer: Option<Waker>,
}

/// How it has ended.
#[derive(Clone, Debug)]
enum Ended {
    /// With a closing handshake, or with an end of the stream.
    Closed,
    Broken(io::ErrorKind, &'static str),
    Faulty(Fault),
}

impl Ended {
    fn result<T>(&self) -> Result<Option<T>> {
        match self {
            Ended::Closed => Ok(None),
            Ended::Broken(kind, what) => Err(Error::io(*kind, what)),
            Ended::Faulty(fault) => Err(Error::Protocol(CloseFrame::new(fault.code, fault.reason))),
        }
    }
}

impl WebSocket {
    pub(super) fn new(
        stream: Upgraded,
        role: Role,
        options: Options,
        agreed: Option<&Agreed>,
        about: About,
    ) -> WebSocket {
        let (inflater, deflater) = match (agreed, role) {
            (None, _) => (None, None),
            (Some(agreed), Role::Server) => agreed.of_server(),
            (Some(agreed), Role::Client) => agreed.of_client(),
        };
        let state = State {
            decoder: Decoder::new(role, options.max_message, inflater),
            encoder: Encoder::new(role, deflater),
            input: BytesMut::new(),
            out: vec![],
            written: 0,
            ping: None,
            received: None,
            is_close_sent: false,
            is_close_received: false,
            fault: None,
            ended: None,
            closing: None,
            silence: options.ping_interval.map(Alarm::after),
            is_asked: false,
            idle: options.idle_timeout.map(Alarm::after),
            reader: None,
            writer: None,
        };
        let shared = Shared {
            stream,
            role,
            options,
            about,
            is_deflated: agreed.is_some(),
            state: RefCell::new(state),
            sending: Semaphore::new(1),
            receiver: Cell::new(Receiver::Nobody),
            turns: Cell::new(0),
            free: Flag::new(),
            over: Flag::new(),
        };
        shared.free.set();
        WebSocket { shared: Rc::new(shared) }
    }

    /// The next message. Suspends until there is one. `None`: the connection has ended, and
    /// [`close_frame`](Self::close_frame) says how.
    ///
    /// Pings and closes are answered meanwhile. A peer that goes without a word is an end as any
    /// other.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`] if the peer breaks the protocol; it was told so then. [`Error::Io`] with
    /// `TimedOut` if it gives no sign of life, `ConnectionReset` and what else the operating system
    /// says, `ConnectionAborted` after a send that was cut off, and `ResourceBusy` if another
    /// thread waits already.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: what has come of a message is kept for the next call.
    #[doc(alias = "wait")]
    #[green(crate = crate)]
    pub fn recv(&self) -> Result<Option<Message>> {
        let receiving = Receiving::begin(&self.shared, Receiver::Thread)?;
        poll_fn(|cx| receiving.shared.poll_recv(cx)).await
    }

    /// eventlet's name for [`recv`](Self::recv).
    ///
    /// # Errors
    ///
    /// As `recv`.
    ///
    /// # Cancel safety
    ///
    /// As `recv`.
    #[green(crate = crate)]
    pub fn wait(&self) -> Result<Option<Message>> {
        self.recv()
    }

    /// Sends a message: text of a `&str` or `String`, bytes of a `Vec<u8>` or `&[u8]`. Suspends
    /// until those that were begun before are out, and then until the operating system has taken
    /// all of it.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] once the closing has begun. [`Error::Io`] if the connection is broken, and
    /// with `TimedOut` if the peer takes nothing for as long as
    /// [`send_timeout`](Options::send_timeout) says.
    ///
    /// # Cancel safety
    ///
    /// A call that is ended while it waits for its turn has sent nothing. One that is ended in the
    /// middle of its message ends the **connection**, for all handles: half a message is never
    /// followed by anything.
    #[green(crate = crate)]
    pub fn send(&self, message: impl Into<Message>) -> Result<()> {
        let message = message.into();
        let permit = self.shared.sending.acquire();
        let mut sending = Sending { shared: &self.shared, has_begun: false, permit: Some(permit) };
        let limit = self.shared.options.send_timeout;
        let mut patience = limit.map(Alarm::after);
        let mut outgoing = None;
        poll_fn(|cx| sending.poll_send(&message, &mut outgoing, &mut patience, cx)).await
    }

    /// Sends a ping, whose answer is nobody's. Suspends as [`send`](Self::send). The payload has
    /// 125 bytes at most; what is beyond them is left out.
    ///
    /// # Errors
    ///
    /// As `send`.
    ///
    /// # Cancel safety
    ///
    /// A call that is ended may have sent its ping, or not.
    #[green(crate = crate)]
    pub fn ping(&self, payload: &[u8]) -> Result<()> {
        let permit = self.shared.sending.acquire();
        let payload = &payload[..payload.len().min(125)];
        self.shared.sendable()?;
        {
            let state = &mut *self.shared.state.borrow_mut();
            state.encoder.ping(payload, &mut state.out);
        }
        let mut sending = Sending { shared: &self.shared, has_begun: false, permit: Some(permit) };
        let mut patience = self.shared.options.send_timeout.map(Alarm::after);
        poll_fn(|cx| sending.poll_out(&mut patience, cx)).await
    }

    /// Closes the connection: says so, and suspends until the peer has said so, too, for as long as
    /// [`close_timeout`](Options::close_timeout) at most. Messages that still come are given to
    /// whoever waits in [`recv`](Self::recv), or lost if nobody does. A connection that has ended
    /// is left as it is.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a code that may not be sent. How the connection ends is no error.
    ///
    /// # Cancel safety
    ///
    /// The closing goes on after a kill or timeout, as far as somebody waits in `recv`.
    #[green(crate = crate)]
    pub fn close(&self) -> Result<()> {
        self.close_with(CloseCode::NORMAL, "")
    }

    /// [`close`](Self::close) with a reason: a code, and a sentence of which 123 bytes are sent.
    ///
    /// # Errors
    ///
    /// As `close`.
    ///
    /// # Cancel safety
    ///
    /// As `close`.
    #[green(crate = crate)]
    pub fn close_with(&self, code: CloseCode, reason: &str) -> Result<()> {
        if CloseCode::new(code.get()).is_none() {
            return Err(Error::Invalid(format!("{code} is no code that may be sent")));
        }
        self.shared.begin_close(Some(CloseFrame::new(code, reason)));
        self.shared.ended();
        Ok(())
    }

    /// How the connection has ended: what the peer said, or 1005 if it gave no code, and 1006 if it
    /// went without a word or the connection broke. `None` until then.
    pub fn close_frame(&self) -> Option<CloseFrame> {
        let state = self.shared.state.borrow();
        if let Some(received) = &state.received {
            return Some(received.clone());
        }
        state.ended.as_ref()?;
        let code = if state.is_close_received { CloseCode::NO_STATUS } else { CloseCode::ABNORMAL };
        Some(CloseFrame { code, reason: String::new() })
    }

    /// Can nothing be sent any more?
    pub fn is_closed(&self) -> bool {
        let state = self.shared.state.borrow();
        state.is_close_sent || state.is_close_received || state.ended.is_some()
    }

    /// The path that the client asked for; eventlet's `path`.
    pub fn path(&self) -> &str {
        self.shared.about.uri.path()
    }

    /// What the client asked for.
    pub fn uri(&self) -> &Uri {
        &self.shared.about.uri
    }

    /// The sub-protocol that both ends have agreed on; eventlet's `protocol`.
    pub fn protocol(&self) -> Option<&str> {
        self.shared.about.protocol.as_deref()
    }

    /// The page that the client runs in, as a browser says it; eventlet's `origin`. `None` on the
    /// client's side.
    pub fn origin(&self) -> Option<&str> {
        if self.shared.role == Role::Client {
            return None;
        }
        super::handshake::origin_of(self.headers())
    }

    /// The headers of the peer's part of the handshake: eventlet's `environ`.
    pub fn headers(&self) -> &HeaderMap {
        &self.shared.about.headers
    }

    /// Have both ends agreed on permessage-deflate?
    pub fn is_deflated(&self) -> bool {
        self.shared.is_deflated
    }

    /// The end of a handler: closes with this code, and lets the peer read what it was told.
    #[green(crate = crate)]
    pub(super) fn finish(&self, code: CloseCode) {
        self.shared.begin_close(Some(CloseFrame::new(code, "")));
        self.shared.ended();
        self.shared.linger();
    }
}

impl PartialEq for WebSocket {
    /// Are they handles on one connection?
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.shared, &other.shared)
    }
}

impl Eq for WebSocket {}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("role", &self.shared.role)
            .field("uri", &self.shared.about.uri)
            .field("protocol", &self.shared.about.protocol)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// The next message, or the end. Answers what there is to answer, and keeps the limits.
    pub(super) fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>>> {
        loop {
            if let Some(ended) = &self.state.borrow().ended {
                return Poll::Ready(ended.result());
            }
            if let Some(message) = self.decode() {
                return Poll::Ready(Ok(Some(message)));
            }
            if let Poll::Ready(ended) = self.poll_end(cx) {
                self.end(ended);
                continue;
            }
            match self.poll_fill(cx) {
                Poll::Ready(true) => continue,
                Poll::Ready(false) => {}
                Poll::Pending => {
                    if self.poll_alarms(cx) {
                        continue;
                    }
                    keep(&mut self.state.borrow_mut().reader, cx);
                    return Poll::Pending;
                }
            }
        }
    }

    /// Understands what was read: the next message, and on the way there whatever has to be
    /// answered.
    fn decode(&self) -> Option<Message> {
        let state = &mut *self.state.borrow_mut();
        if state.fault.is_some() {
            return None;
        }
        loop {
            let decoded = state.decoder.decode(&mut state.input);
            // As of all that need not be waited for: many small frames come in one read.
            spend(1);
            match decoded {
                Ok(None) => return None,
                Ok(Some(Event::Message(message))) => {
                    if let (Some(idle), Some(limit)) = (&mut state.idle, self.options.idle_timeout) {
                        idle.reset(limit);
                    }
                    return Some(message);
                }
                Ok(Some(Event::Ping(payload))) => state.answer(payload),
                Ok(Some(Event::Pong(_))) => {}
                Ok(Some(Event::Close(close))) => {
                    state.is_close_received = true;
                    state.received.clone_from(&close);
                    state.close(close, self.options.close_timeout);
                    return None;
                }
                Err(fault) => {
                    let close = CloseFrame::new(fault.code, fault.reason);
                    state.close(Some(close), self.options.close_timeout);
                    state.fault = Some(fault);
                    return None;
                }
            }
        }
    }

    /// Writes what there is to write, unless somebody does. Ready once nothing more is to come of
    /// the connection.
    fn poll_end(&self, cx: &mut Context<'_>) -> Poll<Ended> {
        let is_out = match self.sending.try_acquire() {
            // Whoever sends takes along what is to be answered.
            None => false,
            Some(permit) => {
                let out = self.poll_out(cx);
                drop(permit);
                match out {
                    Poll::Pending => false,
                    Poll::Ready(Ok(())) => true,
                    Poll::Ready(Err(error)) => return Poll::Ready(self.gone(&error)),
                }
            }
        };
        let state = self.state.borrow();
        if !(is_out && state.is_close_sent) {
            return Poll::Pending;
        }
        if let Some(fault) = &state.fault {
            let fault = fault.clone();
            drop(state);
            let _ = self.stream.poll_close(cx);
            return Poll::Ready(Ended::Faulty(fault));
        }
        // A client waits for the server to end the connection (RFC 6455, 7.1.1).
        if state.is_close_received && self.role == Role::Server {
            drop(state);
            let _ = self.stream.poll_close(cx);
            return Poll::Ready(Ended::Closed);
        }
        Poll::Pending
    }

    /// What an error of the stream is the end of: a close that the peer has sent before is one all
    /// the same.
    fn gone(&self, error: &io::Error) -> Ended {
        let state = self.state.borrow();
        match &state.fault {
            Some(fault) => Ended::Faulty(fault.clone()),
            None if state.is_close_received => Ended::Closed,
            None => Ended::Broken(error.kind(), "the connection is broken"),
        }
    }

    /// Reads. Ready with `true` if something has come.
    fn poll_fill(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let mut space = [0; 16 * 1024];
        match self.stream.poll_read(cx, &mut space) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(0)) => {
                let fault = self.state.borrow().fault.clone();
                self.end(fault.map_or(Ended::Closed, Ended::Faulty));
                Poll::Ready(false)
            }
            Poll::Ready(Ok(count)) => {
                let state = &mut *self.state.borrow_mut();
                state.is_asked = false;
                if let (Some(silence), Some(interval)) = (&mut state.silence, self.options.ping_interval) {
                    silence.reset(interval);
                }
                if state.fault.is_none() {
                    state.input.extend_from_slice(&space[..count]);
                }
                Poll::Ready(true)
            }
            Poll::Ready(Err(error)) => {
                let ended = self.gone(&error);
                self.end(ended);
                Poll::Ready(false)
            }
        }
    }

    /// Nothing has come. Has something to happen for that?
    fn poll_alarms(&self, cx: &mut Context<'_>) -> bool {
        let mut state = self.state.borrow_mut();
        if is_over(&mut state.closing, cx) {
            let fault = state.fault.clone();
            drop(state);
            self.end(fault.map_or(Ended::Closed, Ended::Faulty));
            return true;
        }
        if state.is_close_sent {
            return false;
        }
        if is_over(&mut state.silence, cx) {
            if state.is_asked {
                drop(state);
                self.say_now(CloseCode::INTERNAL_ERROR, "no sign of life");
                self.end(Ended::Broken(io::ErrorKind::TimedOut, "the peer gives no sign of life"));
                return true;
            }
            let state = &mut *state;
            state.is_asked = true;
            state.silence = Some(Alarm::after(self.options.ping_timeout));
            state.encoder.ping(b"", &mut state.out);
            return true;
        }
        if is_over(&mut state.idle, cx) {
            let close = CloseFrame::new(CloseCode::GOING_AWAY, "idle");
            state.close(Some(close), self.options.close_timeout);
            return true;
        }
        false
    }

    /// Writes all that is to be written. Whoever calls has the right to send, or takes it for as
    /// long.
    fn poll_out(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut state = self.state.borrow_mut();
            if state.out.is_empty() {
                let state = &mut *state;
                match state.ping.take() {
                    Some(payload) if !state.is_close_sent => state.encoder.pong(&payload, &mut state.out),
                    _ => break,
                }
            }
            match self.stream.poll_write(cx, &state.out[state.written..]) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(count)) => state.wrote(count),
            }
        }
        self.stream.poll_flush(cx)
    }

    /// Says a last word if there is room for it.
    fn say_now(&self, code: CloseCode, reason: &str) {
        let state = &mut *self.state.borrow_mut();
        state.close(Some(CloseFrame::new(code, reason)), self.options.close_timeout);
        let cx = &mut Context::from_waker(Waker::noop());
        if let Poll::Ready(Ok(count)) = self.stream.poll_write(cx, &state.out[state.written..]) {
            state.wrote(count);
        }
        let _ = self.stream.poll_flush(cx);
        let _ = self.stream.poll_close(cx);
    }

    /// The connection has ended: everybody hears of it.
    fn end(&self, ended: Ended) {
        let is_broken = matches!(ended, Ended::Broken(..));
        let woken = {
            let mut state = self.state.borrow_mut();
            if state.ended.is_some() {
                return;
            }
            state.ended = Some(ended);
            (state.closing, state.silence, state.idle) = (None, None, None);
            [state.reader.take(), state.writer.take()]
        };
        if is_broken || self.role == Role::Client {
            self.stream.close();
        }
        self.over.set();
        woken.into_iter().flatten().for_each(Waker::wake);
    }

    /// Can a message be sent?
    fn sendable(&self) -> Result<()> {
        let state = self.state.borrow();
        match &state.ended {
            Some(Ended::Broken(kind, what)) => Err(Error::io(*kind, what)),
            Some(_) => Err(Error::Closed),
            None if state.is_close_sent || state.is_close_received => Err(Error::Closed),
            None => Ok(()),
        }
    }

    fn begin_close(&self, close: Option<CloseFrame>) {
        let reader = {
            let mut state = self.state.borrow_mut();
            if state.ended.is_some() {
                return;
            }
            state.close(close, self.options.close_timeout);
            state.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Waits until the connection has ended, and sees to it if nobody else does.
    #[green(crate = crate)]
    fn ended(&self) {
        while self.state.borrow().ended.is_none() {
            match Receiving::begin(self, Receiver::Closer) {
                Ok(receiving) => while poll_fn(|cx| receiving.poll_waste(cx)).await {},
                Err(_) => {
                    race(|| self.over.wait(), || self.free.wait());
                }
            }
        }
    }

    /// To close with something unread is to reset, and a reset may overtake the last word. So what
    /// still comes is thrown away for a while.
    #[green(crate = crate)]
    fn linger(&self) {
        let drain = || async {
            let mut waste = [0; 4096];
            while let Ok(1..) = poll_fn(|cx| self.stream.poll_read(cx, &mut waste)).await {}
        };
        let _ = with_timeout(LINGER.min(self.options.close_timeout), drain);
        self.stream.close();
    }
}

/// For how long what still comes is thrown away.
const LINGER: Duration = Duration::from_secs(2);

/// So much may wait to be written before pings are no longer answered one by one.
const MOST_PONGS: usize = 16 * 1024;

impl State {
    /// Answers a ping. Who asks and asks, and does not read, is answered once (RFC 6455, 5.5.3).
    fn answer(&mut self, payload: Bytes) {
        if self.is_close_sent {
            return;
        }
        if self.ping.is_none() && self.out.len() - self.written < MOST_PONGS {
            self.encoder.pong(&payload, &mut self.out);
        } else {
            self.ping = Some(payload);
        }
    }

    /// Says the last word, unless it was said.
    fn close(&mut self, close: Option<CloseFrame>, limit: Duration) {
        if !std::mem::replace(&mut self.is_close_sent, true) {
            self.encoder.close(close.as_ref(), &mut self.out);
        }
        self.closing.get_or_insert_with(|| Alarm::after(limit));
    }

    fn wrote(&mut self, count: usize) {
        self.written += count;
        if self.written == self.out.len() {
            self.written = 0;
            self.out.clear();
            // A large message was an exception.
            self.out.shrink_to(64 * 1024);
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        if state.ended.is_some() || state.is_close_sent {
            return;
        }
        let code = if std::thread::panicking() { CloseCode::INTERNAL_ERROR } else { CloseCode::GOING_AWAY };
        self.say_now(code, "");
    }
}

fn is_over(place: &mut Option<Alarm>, cx: &mut Context<'_>) -> bool {
    let is_over = place.as_mut().is_some_and(|alarm| Pin::new(alarm).poll(cx).is_ready());
    if is_over {
        *place = None;
    }
    is_over
}

fn keep(place: &mut Option<Waker>, cx: &Context<'_>) {
    match place {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *place = Some(cx.waker().clone()),
    }
}

/// The right to send, and what a call leaves behind when it ends.
struct Sending<'a> {
    shared: &'a Shared,
    /// A message is half out.
    has_begun: bool,
    permit: Option<Permit>,
}

impl Sending<'_> {
    fn poll_send<'m>(
        &mut self,
        message: &'m Message,
        outgoing: &mut Option<super::encode::Outgoing<'m>>,
        patience: &mut Option<Alarm>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<()>> {
        let shared = self.shared;
        loop {
            // What was there before goes first, and what is begun goes out whole.
            match self.poll_out(patience, cx) {
                Poll::Ready(Ok(())) => {}
                other => return other,
            }
            let is_last = matches!(outgoing, Some(outgoing) if outgoing.is_over());
            if is_last {
                self.has_begun = false;
                return Poll::Ready(Ok(()));
            }
            if let Err(error) = shared.sendable() {
                self.has_begun = false;
                return Poll::Ready(Err(error));
            }
            let state = &mut *shared.state.borrow_mut();
            self.has_begun = true;
            let outgoing = match outgoing {
                Some(outgoing) => outgoing,
                None => {
                    if let (Some(idle), Some(limit)) = (&mut state.idle, shared.options.idle_timeout) {
                        idle.reset(limit);
                    }
                    outgoing.insert(state.encoder.begin(message))
                }
            };
            state.encoder.next(outgoing, shared.options.fragment, &mut state.out);
        }
    }

    fn poll_out(&mut self, patience: &mut Option<Alarm>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let shared = self.shared;
        if shared.state.borrow().ended.is_some() {
            self.has_begun = false;
            return Poll::Ready(shared.sendable());
        }
        let before = shared.left();
        let error = match shared.poll_out(cx) {
            Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
            Poll::Ready(Err(error)) => shared.gone(&error),
            Poll::Pending => {
                if let (Some(alarm), Some(limit)) = (&mut *patience, shared.options.send_timeout)
                    && shared.left() != before
                {
                    alarm.reset(limit);
                }
                if !is_over(patience, cx) {
                    keep(&mut shared.state.borrow_mut().writer, cx);
                    return Poll::Pending;
                }
                Ended::Broken(io::ErrorKind::TimedOut, "the peer takes nothing")
            }
        };
        self.has_begun = false;
        shared.end(error);
        Poll::Ready(shared.sendable())
    }
}

impl Shared {
    /// How much is to be written.
    fn left(&self) -> usize {
        let state = self.state.borrow();
        state.out.len() - state.written
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        let shared = self.shared;
        if self.has_begun {
            shared.end(Ended::Broken(io::ErrorKind::ConnectionAborted, "a send was cut off in its middle"));
        } else {
            shared.stream.cancel_write();
        }
        shared.state.borrow_mut().writer = None;
        self.permit = None;
        // What is left to be written is the reader's from now on.
        if shared.left() > 0 {
            let reader = shared.state.borrow_mut().reader.take();
            if let Some(reader) = reader {
                reader.wake();
            }
        }
    }
}
