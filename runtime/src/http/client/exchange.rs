//! One request and its answer on one connection. One of HTTP/1 is driven by whoever waits for the
//! answer.

use std::cell::Cell;
use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http1;

use super::error::{Phase, What, timed_out};
use super::http2::{self, Http2};
use super::pool::Lease;
use super::wire::{Stream, Tap, Wire};
use crate::http::{Body, Request};
use crate::hubs::{Alarm, get_hub};

/// Most bytes of an answer's head.
pub(super) const MOST_HEAD: usize = 64 * 1024;

/// A connection without a request.
pub(super) enum Connection {
    Http1(Box<Http1>),
    Http2(Rc<Http2>),
}

impl Connection {
    /// Looks whether another request can go here, without waiting.
    pub(super) fn is_fit(&mut self) -> bool {
        match self {
            Connection::Http1(connection) => connection.is_fit(),
            Connection::Http2(connection) => connection.is_fit(),
        }
    }
}

/// What one request has of a connection.
pub(super) enum Exchange {
    /// All of it.
    Http1(Box<Http1>, Lease),
    Http2(http2::Stream),
}

impl Exchange {
    pub(super) fn is_http2(&self) -> bool {
        matches!(self, Exchange::Http2(_))
    }

    /// Has a request been answered on its connection?
    pub(super) fn is_used(&self) -> bool {
        match self {
            Exchange::Http1(connection, _) => connection.is_used,
            Exchange::Http2(stream) => stream.is_used(),
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
        match self {
            Exchange::Http1(connection, _) => connection.send(request, limit, phase).await,
            Exchange::Http2(stream) => stream.send(request, limit, phase).await,
        }
    }
}

/// Most bytes that come before there is an answer: its head, some of its body beside it, and what a
/// server says before (1xx).
const MOST_UNANSWERED: u64 = 4 * MOST_HEAD as u64;

/// A connection on which one request at a time goes.
pub(super) struct Http1 {
    sender: http1::SendRequest<Body>,
    driver: Pin<Box<http1::Connection<Tap, Body>>>,
    wire: Rc<Wire>,
    /// Has a request been answered on it?
    is_used: bool,
}

/// A request that was not answered.
pub(super) struct Failed {
    pub(super) phase: Phase,
    pub(super) reason: io::Error,
    /// The request, if nothing of it was sent.
    pub(super) unsent: Option<Request>,
    /// Not a byte of an answer came.
    pub(super) is_silent: bool,
    /// The server says that it has done nothing about it.
    pub(super) is_refused: bool,
}

impl Failed {
    pub(super) fn of(phase: Phase, reason: io::Error) -> Failed {
        Failed { phase, reason, unsent: None, is_silent: false, is_refused: false }
    }
}

impl Http1 {
    /// Speaks HTTP/1.1 over a stream. Never waits.
    pub(super) async fn new(stream: Box<dyn Stream>) -> io::Result<Box<Http1>> {
        let wire = Wire::new(stream);
        let (sender, driver) = http1::Builder::new()
            .max_buf_size(MOST_HEAD)
            .max_header_size(MOST_HEAD)
            .handshake(Tap(wire.clone()))
            .await
            .map_err(io::Error::other)?;
        Ok(Box::new(Http1 { sender, driver: Box::pin(driver), wire, is_used: false }))
    }

    async fn send(
        &mut self,
        mut request: Request,
        limit: Option<Duration>,
        phase: &Cell<Phase>,
    ) -> Result<::http::Response<Incoming>, Failed> {
        let waits = Rc::new(Cell::new(0));
        request.body_mut().count_waits(&waits);
        let before = self.wire.read.get();
        self.wire.most_unanswered.set(before + MOST_UNANSWERED);
        let mut answer = pin!(self.sender.try_send_request(request));
        let mut watch = Watch::new(limit);
        let driver = &mut self.driver;
        let wire = &self.wire;
        let is_sending = || wire.is_stalled.get() || wire.is_broken.get() || waits.get() > 0;
        let result = poll_fn(|cx| {
            // Its end says nothing that the answer does not say.
            let _ = driver.as_mut().poll(cx);
            if let Poll::Ready(result) = answer.as_mut().poll(cx) {
                return Poll::Ready(Ok(result));
            }
            phase.set(if is_sending() { Phase::Send } else { Phase::ReceiveHead });
            // Whoever waits for our own next piece is not slow.
            let is_ours = waits.get() > 0;
            watch.poll(cx, wire.written.get(), is_ours).map(Err)
        })
        .await;
        wire.most_unanswered.set(u64::MAX);
        let is_silent = wire.read.get() == before;
        let is_sending = is_sending();
        let phase = if is_sending { Phase::Send } else { Phase::ReceiveHead };
        let limit = limit.unwrap_or_default();
        match result {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(mut failed)) => {
                let unsent = failed.take_message();
                let error = failed.into_error();
                let phase = if error.is_user() { Phase::Send } else { phase };
                Err(Failed { phase, reason: in_words(error), unsent, is_silent, is_refused: false })
            }
            Err(()) => {
                let message = if is_sending {
                    format!("the server took nothing of it for {limit:?}")
                } else {
                    format!("none came for {limit:?}")
                };
                Err(Failed::of(phase, timed_out(message)))
            }
        }
    }

    fn is_fit(&mut self) -> bool {
        // What it would be woken for is of no interest until the next request.
        let mut cx = Context::from_waker(Waker::noop());
        let has_ended = self.driver.as_mut().poll(&mut cx).is_ready();
        self.wire.rest();
        !has_ended && self.sender.is_ready()
    }
}

/// hyper's error in the words of `io`.
pub(super) fn in_words(error: hyper::Error) -> io::Error {
    let kind = match error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
        // It is the server's word that is no HTTP, and nothing that was put in here.
        Some(source) if source.kind() == io::ErrorKind::InvalidInput => io::ErrorKind::InvalidData,
        Some(source) => source.kind(),
        None if error.is_incomplete_message() || error.is_canceled() => io::ErrorKind::UnexpectedEof,
        None if error.is_parse() => io::ErrorKind::InvalidData,
        None => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

/// A limit on how long nothing happens.
pub(super) struct Watch {
    limit: Option<Duration>,
    alarm: Option<Alarm>,
    seen: u64,
}

impl Watch {
    pub(super) fn new(limit: Option<Duration>) -> Watch {
        Watch { limit, alarm: None, seen: 0 }
    }

    /// Ready when `count` has not changed for the limit. While it `is_off` no time passes.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, count: u64, is_off: bool) -> Poll<()> {
        let Some(limit) = self.limit else { return Poll::Pending };
        if is_off || self.seen != count {
            self.seen = count;
            self.alarm = None;
        }
        if is_off {
            return Poll::Pending;
        }
        Pin::new(self.alarm.get_or_insert_with(|| Alarm::after(limit))).poll(cx)
    }
}

/// The body of an answer, with the connection that it comes over.
pub(super) struct Arriving {
    /// Until nobody wants it any more.
    body: Option<Incoming>,
    /// Until the end has come.
    exchange: Option<Exchange>,
    watch: Watch,
    total: Option<(Total, Alarm)>,
    what: What,
}

/// The limit on all of a request.
#[derive(Clone, Copy)]
pub(super) struct Total {
    limit: Duration,
    /// On the hub's clock.
    end: Duration,
}

impl Total {
    pub(super) fn from_now(limit: Duration) -> Total {
        Total { limit, end: get_hub().now().saturating_add(limit) }
    }

    pub(super) fn error(limit: Duration) -> io::Error {
        timed_out(format!("all of it took longer than {limit:?}"))
    }
}

impl Arriving {
    pub(super) fn new(
        response: ::http::Response<Incoming>,
        mut exchange: Exchange,
        limit: Option<Duration>,
        total: Option<Total>,
        what: What,
    ) -> ::http::Response<Arriving> {
        let (head, body) = response.into_parts();
        // What one reader takes for the end another one does not; nothing is read behind it.
        let is_twofold =
            head.headers.contains_key(TRANSFER_ENCODING) && head.headers.contains_key(CONTENT_LENGTH);
        if let (true, Exchange::Http1(_, lease)) = (is_twofold, &mut exchange) {
            lease.forbid();
        }
        let total = total.map(|total| (total, Alarm::after(total.end.saturating_sub(get_hub().now()))));
        let is_over = body.is_end_stream();
        let mut arriving =
            Arriving { body: Some(body), exchange: Some(exchange), watch: Watch::new(limit), total, what };
        if is_over {
            arriving.end();
        }
        ::http::Response::from_parts(head, arriving)
    }

    /// The answer is over: the connection goes back.
    fn end(&mut self) {
        match self.exchange.take() {
            Some(Exchange::Http1(mut connection, lease)) => {
                connection.is_used = true;
                lease.give_back(Connection::Http1(connection));
            }
            Some(Exchange::Http2(stream)) => drop(stream),
            None => {}
        }
    }

    /// What is left is of no use to anybody, and would be taken for the next answer.
    pub(super) fn abandon(&mut self) {
        self.body = None;
        self.exchange = None;
    }

    fn fail<T>(&mut self, reason: io::Error) -> Poll<Option<io::Result<T>>> {
        self.abandon();
        Poll::Ready(Some(Err(self.what.error(Phase::ReceiveBody, reason).into())))
    }

    /// The next piece, without a limit.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let (Some(exchange), Some(body)) = (&mut self.exchange, &mut self.body) else {
            return Poll::Ready(None);
        };
        let Exchange::Http1(connection, _) = exchange else { return Pin::new(body).poll_frame(cx) };
        // The second time for what the connection says only when it has been asked for.
        for _ in 0..2 {
            let _ = connection.driver.as_mut().poll(cx);
            if let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) {
                return Poll::Ready(frame);
            }
        }
        Poll::Pending
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if this.exchange.is_none() {
            return Poll::Ready(None);
        }
        // Of whoever takes its time to read it holds as well.
        if let Some((Total { limit, .. }, alarm)) = &mut this.total
            && Pin::new(alarm).poll(cx).is_ready()
        {
            let limit = *limit;
            return this.fail(Total::error(limit));
        }
        match this.poll_body(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(Exchange::Http2(stream)) = &mut this.exchange {
                    stream.hear();
                    this.watch.alarm = None;
                }
                if this.body.as_ref().is_some_and(HttpBody::is_end_stream) {
                    this.end();
                }
                return Poll::Ready(Some(Ok(frame)));
            }
            Poll::Ready(Some(Err(error))) => {
                let is_http2 = this.exchange.as_ref().is_some_and(Exchange::is_http2);
                return this.fail(if is_http2 { http2::reason(error) } else { in_words(error) });
            }
            Poll::Ready(None) => {
                this.end();
                return Poll::Ready(None);
            }
            Poll::Pending => {}
        }
        let count = match &this.exchange {
            Some(Exchange::Http1(connection, _)) => connection.wire.read.get(),
            // What comes over the connection may be for others.
            _ => 0,
        };
        match this.watch.poll(cx, count, false) {
            Poll::Ready(()) => {
                if let Some(Exchange::Http2(stream)) = &this.exchange {
                    stream.give_up();
                }
                let limit = this.watch.limit.unwrap_or_default();
                this.fail(timed_out(format!("nothing more came for {limit:?}")))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.exchange.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_else(|| SizeHint::with_exact(0))
    }
}
