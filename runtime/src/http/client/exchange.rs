//! One request and its answer on one connection, which whoever waits for the answer drives.

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
use super::pool::Lease;
use super::wire::{Stream, Tap, Wire};
use crate::http::{Body, Request};
use crate::hubs::{Alarm, get_hub};

/// Most bytes of an answer's head.
const MOST_HEAD: usize = 64 * 1024;

/// A connection on which one request at a time goes.
pub(super) struct Connection {
    sender: http1::SendRequest<Body>,
    driver: Pin<Box<http1::Connection<Tap, Body>>>,
    wire: Rc<Wire>,
    /// Has a request been answered on it?
    pub(super) is_used: bool,
}

/// A request that was not answered.
pub(super) struct Failed {
    pub(super) phase: Phase,
    pub(super) reason: io::Error,
    /// The request, if nothing of it was sent.
    pub(super) unsent: Option<Request>,
    /// Not a byte of an answer came.
    pub(super) is_silent: bool,
}

impl Connection {
    /// Speaks HTTP/1.1 over a stream. Never waits.
    pub(super) async fn new(stream: Box<dyn Stream>) -> io::Result<Connection> {
        let wire = Wire::new(stream);
        let (sender, driver) = http1::Builder::new()
            .max_buf_size(MOST_HEAD)
            .max_header_size(MOST_HEAD)
            .handshake(Tap(wire.clone()))
            .await
            .map_err(io::Error::other)?;
        Ok(Connection { sender, driver: Box::pin(driver), wire, is_used: false })
    }

    /// Sends a request, and waits for the head of its answer; not for longer than `limit` while
    /// nothing of the request goes out. `phase` says how far it is.
    pub(super) async fn send(
        &mut self,
        mut request: Request,
        limit: Option<Duration>,
        phase: &Cell<Phase>,
    ) -> Result<::http::Response<Incoming>, Failed> {
        let waits = Rc::new(Cell::new(0));
        request.body_mut().count_waits(&waits);
        let before = self.wire.read.get();
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
                Err(Failed { phase, reason: in_words(error), unsent, is_silent })
            }
            Err(()) => {
                let message = if is_sending {
                    format!("the server took nothing of it for {limit:?}")
                } else {
                    format!("none came for {limit:?}")
                };
                Err(Failed { phase, reason: timed_out(message), unsent: None, is_silent: false })
            }
        }
    }

    /// Looks whether another request can go here, without waiting.
    pub(super) fn is_fit(&mut self) -> bool {
        // What it would be woken for is of no interest until the next request.
        let mut cx = Context::from_waker(Waker::noop());
        let has_ended = self.driver.as_mut().poll(&mut cx).is_ready();
        self.wire.rest();
        !has_ended && self.sender.is_ready()
    }
}

/// hyper's error in the words of `io`.
fn in_words(error: hyper::Error) -> io::Error {
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
struct Watch {
    limit: Option<Duration>,
    alarm: Option<Alarm>,
    seen: u64,
}

impl Watch {
    fn new(limit: Option<Duration>) -> Watch {
        Watch { limit, alarm: None, seen: 0 }
    }

    /// Ready when `count` has not changed for the limit. While it `is_off` no time passes.
    fn poll(&mut self, cx: &mut Context<'_>, count: u64, is_off: bool) -> Poll<()> {
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
    body: Incoming,
    /// Until the end has come.
    connection: Option<(Connection, Lease)>,
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
        connection: (Connection, Lease),
        limit: Option<Duration>,
        total: Option<Total>,
        what: What,
    ) -> ::http::Response<Arriving> {
        let (head, body) = response.into_parts();
        // What one reader takes for the end another one does not; nothing is read behind it.
        let is_twofold =
            head.headers.contains_key(TRANSFER_ENCODING) && head.headers.contains_key(CONTENT_LENGTH);
        let total = total.map(|total| (total, Alarm::after(total.end.saturating_sub(get_hub().now()))));
        let mut arriving =
            Arriving { body, connection: Some(connection), watch: Watch::new(limit), total, what };
        if is_twofold {
            arriving.connection.as_mut().expect("it was just put there").1.forbid();
        }
        if arriving.body.is_end_stream() {
            arriving.end();
        }
        ::http::Response::from_parts(head, arriving)
    }

    /// The answer is over: the connection goes back.
    fn end(&mut self) {
        if let Some((mut connection, lease)) = self.connection.take() {
            connection.is_used = true;
            lease.give_back(connection);
        }
    }

    /// What is left is of no use to anybody.
    pub(super) fn abandon(&mut self) {
        self.connection = None;
    }

    fn fail<T>(&mut self, reason: io::Error) -> Poll<Option<io::Result<T>>> {
        // The rest of it would be taken for the next answer.
        self.connection = None;
        Poll::Ready(Some(Err(self.what.error(Phase::ReceiveBody, reason).into())))
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
        let Some((connection, _)) = &mut this.connection else { return Poll::Ready(None) };
        // The second time for what the connection says only when it has been asked for.
        for _ in 0..2 {
            let _ = connection.driver.as_mut().poll(cx);
            match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if this.body.is_end_stream() {
                        this.end();
                    }
                    return Poll::Ready(Some(Ok(frame)));
                }
                Poll::Ready(Some(Err(error))) => return this.fail(in_words(error)),
                Poll::Ready(None) => {
                    this.end();
                    return Poll::Ready(None);
                }
                Poll::Pending => {}
            }
        }
        if let Some((Total { limit, .. }, alarm)) = &mut this.total
            && Pin::new(alarm).poll(cx).is_ready()
        {
            let limit = *limit;
            return this.fail(Total::error(limit));
        }
        match this.watch.poll(cx, connection.wire.read.get(), false) {
            Poll::Ready(()) => {
                let limit = this.watch.limit.unwrap_or_default();
                this.fail(timed_out(format!("nothing more came for {limit:?}")))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.connection.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
