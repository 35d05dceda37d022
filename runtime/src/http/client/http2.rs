//! A connection of HTTP/2, over which many requests go at once, and the stream of one of them.
//!
//! It has a green thread of its own, which nobody's request drives: what one stream waits for must
//! not hold up the others.

use std::cell::{Cell, RefCell};
use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper::rt::Executor;

use super::error::{Phase, timed_out};
use super::exchange::{Connection, Failed, MOST_HEAD, Watch, in_words};
use super::pool::Lease;
use super::wire::{Stream as Transport, Tap, Wire};
use crate::greenthread::{Builder, KillOnDrop, Thread};
use crate::http::{Body, Request};
use crate::hubs::HubTimer;
use crate::semaphore::{Permit, Semaphore};

/// A body is handed over in pieces of so many bytes, so that it can be seen how it gets on.
const PIECE: usize = 16 * 1024;

/// So much of a request's body may wait in the connection's memory, beside a piece.
const SEND_BUFFER: usize = 64 * 1024;

/// How many streams there may be before the server has said how many: what the standard asks of
/// servers at least.
const STREAMS_AT_FIRST: usize = 100;

/// What a client keeps to on connections of HTTP/2.
#[derive(Clone, Debug)]
pub(super) struct Http2Settings {
    /// How many bytes of one answer may have come that nobody has read.
    pub(super) window: u32,
    /// How long nothing may have come before the server is asked whether it is there, and how long
    /// its answer may take.
    pub(super) ping: Option<Duration>,
    /// How many streams of a connection there may be, whatever the server says.
    pub(super) streams: usize,
}

/// A connection that many requests share.
pub(super) struct Http2 {
    sender: http2::SendRequest<Body>,
    wire: Rc<Wire>,
    state: Rc<State>,
    tasks: Tasks,
    _thread: KillOnDrop<()>,
}

/// What the connection's thread and its streams know of it.
struct State {
    /// The right to a stream each.
    streams: Semaphore,
    /// How many there may be.
    allowed: Cell<usize>,
    /// How many more there are than there may be.
    excess: Cell<usize>,
    /// No more requests go over it.
    is_closed: Cell<bool>,
    /// Has a request been answered on it?
    is_used: Cell<bool>,
}

impl State {
    fn new(streams: usize) -> Rc<State> {
        Rc::new(State {
            streams: Semaphore::new(streams),
            allowed: Cell::new(streams),
            excess: Cell::default(),
            is_closed: Cell::default(),
            is_used: Cell::default(),
        })
    }

    /// The server has said how many streams there may be.
    fn allow(&self, streams: usize) {
        let before = self.allowed.replace(streams);
        for _ in before..streams {
            match self.excess.get() {
                0 => self.streams.release(),
                excess => self.excess.set(excess - 1),
            }
        }
        for _ in streams..before {
            match self.streams.try_acquire() {
                Some(permit) => permit.forget(),
                None => self.excess.set(self.excess.get() + 1),
            }
        }
    }

    fn give_back(&self, permit: Permit) {
        match self.excess.get() {
            0 => drop(permit),
            excess => {
                permit.forget();
                self.excess.set(excess - 1);
            }
        }
    }

    /// Whoever waits for a stream has to look for another connection.
    fn close(&self) {
        self.is_closed.set(true);
        for _ in 0..self.streams.waiting() {
            self.streams.release();
        }
    }
}

impl Http2 {
    /// Speaks HTTP/2 over a stream, without waiting for what the server says first.
    pub(super) async fn new(stream: Box<dyn Transport>, settings: &Http2Settings) -> io::Result<Rc<Http2>> {
        let wire = Wire::new(stream);
        let tasks = Tasks::default();
        let streams = settings.streams.min(STREAMS_AT_FIRST);
        // Nobody who leaves an answer unread keeps the others from theirs.
        let whole = u64::from(settings.window).saturating_mul(settings.streams as u64);
        let whole = u32::try_from(whole).unwrap_or(u32::MAX).min(i32::MAX as u32);
        let mut builder = http2::Builder::new(tasks.clone());
        builder
            .timer(HubTimer)
            .initial_stream_window_size(settings.window)
            .initial_connection_window_size(whole)
            .initial_max_send_streams(streams)
            .max_header_list_size(MOST_HEAD as u32)
            .max_send_buf_size(SEND_BUFFER)
            .keep_alive_interval(settings.ping)
            .keep_alive_timeout(settings.ping.unwrap_or(Duration::MAX));
        let (sender, driver) = builder.handshake(Tap(wire.clone())).await.map_err(reason)?;
        let state = State::new(streams);
        let connection = tasks.begin();
        let most = settings.streams;
        let known = state.clone();
        let driving = move || async move {
            let mut connection = connection;
            let mut driver = Some(driver);
            poll_fn(|cx| {
                let has_ended =
                    connection.as_mut().is_none_or(|connection| connection.as_mut().poll(cx).is_ready());
                // It takes requests until the server wants no more of them, and gives back those
                // that it has not taken.
                if has_ended || driver.as_mut().is_some_and(|driver| Pin::new(driver).poll(cx).is_ready()) {
                    driver = None;
                }
                match &driver {
                    Some(driver) => known.allow(driver.current_max_send_streams().min(most)),
                    None => known.close(),
                }
                if has_ended { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        };
        let thread = Builder::new().name("http2").spawn(driving).kill_on_drop();
        Ok(Rc::new(Http2 { sender, wire, state, tasks, _thread: thread }))
    }

    /// Can another request go here?
    pub(super) fn is_fit(&self) -> bool {
        !self.state.is_closed.get() && !self.sender.is_closed()
    }

    /// No more requests are to go here.
    pub(super) fn forbid(&self) {
        self.state.close();
    }
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.tasks.end();
    }
}

/// What hyper has to do beside: each in a green thread, which ends with the connection.
#[derive(Clone, Default)]
struct Tasks(Rc<RefCell<TaskList>>);

#[derive(Default)]
struct TaskList {
    /// The first one, which is the connection itself.
    first: Option<Pin<Box<dyn Future<Output = ()>>>>,
    has_begun: bool,
    threads: Vec<Thread>,
    /// Those that have ended are left out when there are so many.
    full: usize,
}

impl Tasks {
    /// The connection, whose tasks get threads from now on.
    fn begin(&self) -> Option<Pin<Box<dyn Future<Output = ()>>>> {
        let mut list = self.0.borrow_mut();
        list.has_begun = true;
        list.first.take()
    }

    fn end(&self) {
        let threads = std::mem::take(&mut self.0.borrow_mut().threads);
        threads.iter().for_each(|thread| thread.kill());
    }
}

impl<F: Future<Output = ()> + 'static> Executor<F> for Tasks {
    fn execute(&self, future: F) {
        if !self.0.borrow().has_begun {
            self.0.borrow_mut().first = Some(Box::pin(future));
            return;
        }
        let thread = Builder::new().name("http2").spawn(move || future);
        let mut list = self.0.borrow_mut();
        if list.threads.len() >= list.full {
            list.threads.retain(|thread| !thread.is_finished());
            list.full = 2 * list.threads.len() + 16;
        }
        list.threads.push(thread.thread().clone());
    }
}

/// The right to one request at a time on a connection that is shared.
pub(super) struct Stream {
    connection: Rc<Http2>,
    /// Until it is over.
    lease: Option<Lease>,
    permit: Option<Permit>,
    /// How much had come over the connection when this request heard something last.
    heard: u64,
}

impl Stream {
    /// Waits until the server takes another request. `Err`: it takes no more on this connection.
    pub(super) async fn new(connection: Rc<Http2>, lease: Lease) -> Result<Stream, Lease> {
        let mut stream = Stream { connection, lease: Some(lease), permit: None, heard: 0 };
        let state = stream.connection.state.clone();
        stream.permit = Some(state.streams.acquire().await);
        if stream.connection.is_fit() {
            return Ok(stream);
        }
        Err(stream.lease.take().expect("it is taken when this ends"))
    }

    /// Has a request been answered on its connection?
    pub(super) fn is_used(&self) -> bool {
        self.connection.state.is_used.get()
    }

    /// No more requests are to go over this connection; those that are there go on.
    pub(super) fn forbid(&self) {
        self.connection.forbid();
    }

    /// Something has come.
    pub(super) fn hear(&mut self) {
        self.heard = self.connection.wire.read.get();
    }

    /// This request has heard nothing for too long. If nobody has, the others need not try.
    pub(super) fn give_up(&self) {
        if self.connection.wire.read.get() == self.heard {
            self.connection.forbid();
        }
    }

    /// Sends a request, and waits for the head of its answer; not for longer than `limit` while
    /// nothing of the request goes out. `phase` says how far it is.
    pub(super) async fn send(
        &mut self,
        request: Request,
        limit: Option<Duration>,
        phase: &Cell<Phase>,
    ) -> Result<::http::Response<Incoming>, Failed> {
        let sending = Rc::new(Sending::default());
        sending.is_over.set(request.body().is_end_stream());
        let seen = sending.clone();
        let request = request.map(|body| {
            Body::arriving(Counted { body, rest: Bytes::new(), sending: seen, is_waiting: false }, u64::MAX)
        });
        self.hear();
        let mut sender = self.connection.sender.clone();
        let mut answer = pin!(sender.try_send_request(request));
        let mut watch = Watch::new(limit);
        let result = poll_fn(|cx| {
            if let Poll::Ready(result) = answer.as_mut().poll(cx) {
                return Poll::Ready(Ok(result));
            }
            sending.keep_waker(cx);
            phase.set(sending.phase());
            watch.poll(cx, sending.pieces.get(), sending.is_waiting.get()).map(Err)
        })
        .await;
        let phase = sending.phase();
        match result {
            Ok(Ok(response)) => {
                self.connection.state.is_used.set(true);
                self.hear();
                Ok(response)
            }
            Ok(Err(mut failed)) => {
                let unsent = failed.take_message();
                let error = failed.into_error();
                let own = sending.failure.take();
                let cause = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
                let is_refused = cause.is_some_and(is_unprocessed);
                // What ends one stream is a reset; all else ends the connection.
                let is_lost = own.is_none() && !cause.is_some_and(h2::Error::is_reset) && !error.is_user();
                if is_lost || unsent.is_some() {
                    self.forbid();
                }
                let is_silent = is_lost && cause.is_none() && !error.is_timeout();
                let reason = own.unwrap_or_else(|| reason(error));
                Err(Failed { phase, reason, unsent, is_silent, is_refused })
            }
            Err(()) => {
                self.give_up();
                let limit = limit.unwrap_or_default();
                let message = match phase {
                    Phase::Send => format!("the server took nothing of it for {limit:?}"),
                    _ => format!("none came for {limit:?}"),
                };
                Err(Failed::of(phase, timed_out(message)))
            }
        }
    }
}

/// hyper's error in the words of `io`.
pub(super) fn reason(error: hyper::Error) -> io::Error {
    // So the library calls the end of what it reads.
    let of_io = |kind| match kind {
        io::ErrorKind::BrokenPipe => io::ErrorKind::UnexpectedEof,
        kind => kind,
    };
    let kind = match error.source().and_then(|source| source.downcast_ref::<h2::Error>()) {
        Some(cause) if cause.is_io() => {
            cause.get_io().map_or(io::ErrorKind::Other, |error| of_io(error.kind()))
        }
        Some(cause) if cause.is_library() => io::ErrorKind::InvalidData,
        Some(cause) if cause.is_go_away() => io::ErrorKind::ConnectionAborted,
        Some(cause) if cause.is_reset() => io::ErrorKind::ConnectionReset,
        Some(_) => io::ErrorKind::Other,
        None if error.is_timeout() => io::ErrorKind::TimedOut,
        None => {
            let error = in_words(error);
            return io::Error::new(of_io(error.kind()), error);
        }
    };
    io::Error::new(kind, error)
}

/// Does the server say by this that it has done nothing about the request?
fn is_unprocessed(error: &h2::Error) -> bool {
    // A connection that ends says which streams were begun; only the others end with that word.
    error.is_remote() && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM))
}

impl Drop for Stream {
    /// The last one gives the connection back.
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.connection.state.give_back(permit);
        }
        if let Some(lease) = self.lease.take()
            && Rc::strong_count(&self.connection) == 1
        {
            lease.give_back(Connection::Http2(self.connection.clone()));
        }
    }
}

/// How far the sending of a body is.
#[derive(Default)]
struct Sending {
    /// So many pieces of it have been taken.
    pieces: Cell<u64>,
    /// All of it has.
    is_over: Cell<bool>,
    /// Whoever writes it has not yet written the next one.
    is_waiting: Cell<bool>,
    /// Why there is no next one.
    failure: RefCell<Option<io::Error>>,
    /// Whoever waits for the answer.
    waker: RefCell<Option<Waker>>,
}

impl Sending {
    fn phase(&self) -> Phase {
        if self.is_over.get() { Phase::ReceiveHead } else { Phase::Send }
    }

    fn keep_waker(&self, cx: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
    }

    fn wake(&self) {
        let waker = self.waker.borrow_mut().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A body that says how far it is.
struct Counted {
    body: Body,
    /// What has been taken from it and not handed over.
    rest: Bytes,
    sending: Rc<Sending>,
    is_waiting: bool,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        let mut frame = match this.rest.is_empty() {
            true => Pin::new(&mut this.body).poll_frame(cx),
            false => Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.rest))))),
        };
        if let Poll::Ready(Some(Ok(whole))) = &mut frame
            && let Some(data) = whole.data_mut()
            && data.len() > PIECE
        {
            this.rest = data.split_off(PIECE);
        }
        let sending = &this.sending;
        sending.is_waiting.set(frame.is_pending());
        let is_news = frame.is_ready() || !this.is_waiting;
        this.is_waiting = frame.is_pending();
        match &mut frame {
            Poll::Ready(Some(Ok(_))) => sending.pieces.set(sending.pieces.get() + 1),
            Poll::Ready(Some(Err(error))) => {
                let told = io::Error::new(error.kind(), error.to_string());
                *sending.failure.borrow_mut() = Some(std::mem::replace(error, told));
            }
            _ => {}
        }
        let is_over = match &frame {
            Poll::Ready(None) => true,
            // What fails is not over.
            Poll::Ready(Some(Err(_))) => false,
            _ => this.rest.is_empty() && this.body.is_end_stream(),
        };
        sending.is_over.set(is_over);
        if is_news {
            sending.wake();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.body.size_hint();
        let rest = self.rest.len() as u64;
        let mut total = SizeHint::new();
        total.set_lower(hint.lower().saturating_add(rest));
        if let Some(upper) = hint.upper().and_then(|upper| upper.checked_add(rest)) {
            total.set_upper(upper);
        }
        total
    }
}
