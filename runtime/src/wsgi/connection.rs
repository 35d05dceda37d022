//! One connection: hyper's protocol, a green thread for each request, and a watch over both.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use ::http::header::{CONNECTION, HeaderValue};
use ::http::{Method, StatusCode, Version};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;

use super::check;
use super::io::{Doing, Tap, Traffic, Wire, linger};
use super::log::{Entry, Sink};
use super::request::{Link, Peer};
use super::server::{Application, Limits, Server, Shared};
use super::upgrade::{self, Place};
use crate::Exit;
use crate::event::Flag;
use crate::green::polled::{PollRead, PollWrite};
use crate::greenthread::at_once::at_once;
use crate::http::{Body, Failure, IntoResponse, Request, Response, Unread, Upgraded, trim_values};
use crate::hubs::{Alarm, Here, Local};

/// What a connection's thread, its requests and its server know of it.
#[derive(Default)]
pub(super) struct Connection {
    traffic: Rc<Traffic>,
    /// Answers that the peer waits for because of us: handlers at work, and streams whose next
    /// piece is not there.
    in_flight: Rc<Cell<u32>>,
    /// What handlers have left of their requests' bodies, with HTTP/2.
    unread: Rc<Unread>,
    is_closing: Cell<bool>,
    is_cut: Cell<bool>,
    waker: RefCell<Option<Waker>>,
    /// What takes the connection over when its 101 is out.
    upgrade: Place,
    /// Tells whoever has taken it over that the server ends.
    upgraded: RefCell<Option<Flag>>,
}

impl Connection {
    /// No more requests are taken.
    pub(super) fn close(&self) {
        self.is_closing.set(true);
        if let Some(closing) = &*self.upgraded.borrow() {
            closing.set();
        }
        self.wake();
    }

    /// Ends it where it stands, and the handlers with it.
    pub(super) fn cut(&self) {
        self.is_cut.set(true);
        self.wake();
    }

    fn wake(&self) {
        let waker = self.waker.borrow_mut().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn keep_waker(&self, cx: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
    }
}

/// A connection's place on its server's list, which it leaves however it ends.
pub(super) struct Open<A> {
    connection: Rc<Connection>,
    number: u64,
    shared: Rc<Shared<A>>,
}

impl<A> Open<A> {
    pub(super) fn new(shared: &Rc<Shared<A>>) -> Self {
        let connection = Rc::new(Connection::default());
        Open { number: shared.connections.add(connection.clone()), connection, shared: shared.clone() }
    }
}

impl<A> Drop for Open<A> {
    fn drop(&mut self) {
        self.shared.connections.remove(self.number);
    }
}

/// Serves one connection to its end.
pub(super) async fn serve<A, S>(open: Open<A>, stream: S, confirm: fn(&S), peer: Rc<Peer>)
where
    A: Application,
    S: PollRead + PollWrite + Unpin + 'static,
{
    let connection = open.connection.clone();
    let mut serving = pin!(speak(open.shared.clone(), connection.clone(), stream, confirm, peer));
    poll_fn(|cx| {
        if connection.is_cut.get() {
            return Poll::Ready(());
        }
        connection.keep_waker(cx);
        serving.as_mut().poll(cx)
    })
    .await;
}

/// Speaks whichever protocol the client begins with.
async fn speak<A, S>(
    shared: Rc<Shared<A>>,
    connection: Rc<Connection>,
    stream: S,
    confirm: fn(&S),
    peer: Rc<Peer>,
) where
    A: Application,
    S: PollRead + PollWrite + Unpin + 'static,
{
    let limits = &shared.settings.limits;
    let wire = Rc::new(Wire::new(stream, confirm, connection.traffic.clone()));
    let mut watch = Watch::new(limits);
    let is_http2 = !shared.settings.http1_only
        && match poll_fn(|cx| poll_first(&wire, &connection, &mut watch, cx)).await {
            Some(is_http2) => is_http2,
            None => return,
        };
    let service = service_fn(|request| answer(shared.clone(), connection.clone(), peer.clone(), request));
    // What few connections come to, or only at their end, lies in boxes of its own: it would make
    // each that is idle some kilobytes larger.
    let is_done = if is_http2 {
        connection.traffic.follow_frames(&wire.ahead());
        let mut serving = Box::pin(http2(limits).serve_connection(Tap(wire.clone()), service));
        drive(
            serving.as_mut(),
            |serving| serving.graceful_shutdown(),
            &connection,
            Some(&connection.unread),
            &wire,
            watch,
        )
        .await
    } else {
        connection.traffic.follow(&wire.ahead(), limits.head);
        let mut serving = http1(&shared.settings).serve_connection(Tap(wire.clone()), service);
        let close = |serving: Pin<&mut http1::Connection<_, _>>| serving.graceful_shutdown();
        let is_done = drive(Pin::new(&mut serving), close, &connection, None, &wire, watch).await;
        if let Some(takeover) = connection.upgrade.take()
            && is_done
        {
            let ahead = serving.into_parts().read_buf;
            Box::pin(hand_over(&shared.settings, &connection, wire, ahead, takeover)).await;
            return;
        }
        is_done
    };
    // Whoever has used up its time gets no more of it.
    if is_done {
        Box::pin(linger(&wire)).await;
    }
}

/// Hands a connection whose 101 has been made over, and stays until that has ended.
async fn hand_over<S>(
    settings: &Server,
    connection: &Connection,
    wire: Rc<Wire<S>>,
    ahead: Bytes,
    takeover: upgrade::Takeover,
) where
    S: PollRead + PollWrite + Unpin + 'static,
{
    // The answer may have been held back for the sake of what looked like a next request.
    if poll_fn(|cx| wire.poll_held(cx)).await.is_err() {
        return;
    }
    // hyper's part of it is gone, and so it has one owner.
    let Some(wire) = Rc::into_inner(wire) else { return };
    let (stream, later) = wire.into_parts();
    let ahead = if later.is_empty() { ahead } else { [ahead, later].concat().into() };
    let closing = Flag::new();
    if connection.is_closing.get() {
        closing.set();
    }
    *connection.upgraded.borrow_mut() = Some(closing.clone());
    let thread = takeover(Upgraded::new(stream, ahead, closing)).kill_on_drop();
    let failure = match thread.join().await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(Exit::Panicked(panic)) => panic.message().unwrap_or("a panic without a message").to_owned(),
        Err(_) => "it was killed".to_owned(),
    };
    note(settings, &format_args!("a connection that was handed over has failed: {failure}"));
}

/// What a client of HTTP/2 begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Reads until it is certain whether the client speaks HTTP/2; what was read comes again. `None`:
/// it has gone without a word, or says nothing in time.
fn poll_first<S: PollRead + PollWrite + Unpin>(
    wire: &Wire<S>,
    connection: &Connection,
    watch: &mut Watch,
    cx: &mut Context<'_>,
) -> Poll<Option<bool>> {
    loop {
        let (known, is_preface) = {
            let ahead = wire.ahead();
            let known = ahead.len().min(PREFACE.len());
            (known, ahead[..known] == PREFACE[..known])
        };
        if !is_preface || known == PREFACE.len() {
            return Poll::Ready(Some(is_preface));
        }
        match wire.poll_more(cx) {
            // The `P` of `POST`, and the end: the parser says what it says of every request that is
            // cut off.
            Poll::Ready(Ok(0)) if known > 0 => return Poll::Ready(Some(false)),
            Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(None),
            Poll::Ready(Ok(_)) => {}
            Poll::Pending if connection.is_closing.get() || watch.poll(connection, cx).is_ready() => {
                return Poll::Ready(None);
            }
            Poll::Pending => return Poll::Pending,
        }
    }
}

fn http1(settings: &Server) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .max_buf_size(settings.limits.head)
        .title_case_headers(settings.capitalize)
        // A client that has ended its sending waits for its answer. Whether it has gone altogether
        // is looked at here.
        .half_close(true)
        // Limits on time are the watch's: one timer for a connection, and not one for each head.
        .header_read_timeout(None);
    if settings.limits.headers != 100 {
        builder.max_headers(settings.limits.headers);
    }
    builder
}

fn http2(limits: &Limits) -> http2::Builder<Local> {
    let mut builder = http2::Builder::new(Local);
    // Nobody who leaves a body unread keeps the others from theirs.
    let whole = u64::from(limits.http2_window).saturating_mul(u64::from(limits.http2_streams));
    builder
        .max_header_list_size(u32::try_from(limits.head).unwrap_or(u32::MAX))
        .max_concurrent_streams(limits.http2_streams)
        .initial_stream_window_size(limits.http2_window)
        .initial_connection_window_size(u32::try_from(whole).unwrap_or(u32::MAX).min(i32::MAX as u32));
    builder
}

/// Drives hyper's side of a connection to its end, or to the end of the peer's time. Was it the
/// former?
async fn drive<C: Future, S: PollRead + PollWrite + Unpin>(
    mut serving: Pin<&mut C>,
    close: impl Fn(Pin<&mut C>),
    connection: &Connection,
    unread: Option<&Unread>,
    wire: &Wire<S>,
    mut watch: Watch,
) -> bool {
    let mut is_closing = false;
    poll_fn(|cx| {
        loop {
            wire.begin_turn();
            // The connection first: a thread dump names the first wait that it meets.
            if serving.as_mut().poll(cx).is_ready() {
                return Poll::Ready(true);
            }
            if let Some(unread) = unread {
                unread.poll(cx);
            }
            if connection.is_closing.get() && !is_closing {
                is_closing = true;
                close(serving.as_mut());
                continue;
            }
            match wire.poll_peer(cx) {
                Doing::Waits => break,
                Doing::Spoke => {}
                Doing::Left => return Poll::Ready(false),
            }
        }
        if wire.poll_overdue(cx).is_err() {
            return Poll::Ready(false);
        }
        watch.poll(connection, cx).map(|()| false)
    })
    .await
}

/// Answers one request, in a green thread of its own that ends with the connection.
async fn answer<A: Application>(
    shared: Rc<Shared<A>>,
    connection: Rc<Connection>,
    peer: Rc<Peer>,
    request: ::http::Request<Incoming>,
) -> Result<Response, Infallible> {
    let settings = &shared.settings;
    let in_flight = InFlight::begin(&connection);
    let mut logged = settings.log.clone().map(|log| Box::new(Logged::of(&request, &peer, log)));
    let (version, is_head) = (request.version(), *request.method() == Method::HEAD);
    let link = Rc::new(Link {
        peer,
        hooks: RefCell::default(),
        upgrade: Place::default(),
        #[cfg(feature = "socketio")]
        closing: shared.connections.closing(),
    });
    let number = connection.traffic.requests.get() - 1;
    let bad = connection.traffic.framing.borrow().as_ref().and_then(|framing| framing.bad(number));
    let mut response = match check::head(&request, &settings.limits, bad) {
        Err(refused) => {
            if version == Version::HTTP_2 {
                connection.unread.add(request.into_body());
            }
            let mut response = (refused.status, refused.reason).into_response();
            close_after(&mut response, version);
            response
        }
        Ok(()) => {
            let method = request.method().clone();
            let unread = (version == Version::HTTP_2).then(|| connection.unread.clone());
            let request = prepare(request, &settings.limits, &link, unread);
            let mut response = match handle(shared.clone(), request).await {
                Ok(response) => checked(settings, response),
                Err(exit) => unanswered(settings, exit),
            };
            let settled = upgrade::settle(&response, &link, version);
            match check::framing(&mut response, &method).and(settled) {
                Ok(None) => response,
                Ok(Some(_)) if connection.is_closing.get() => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                Ok(Some(takeover)) => {
                    connection.upgrade.put(Some(takeover));
                    response
                }
                Err(wrong) => failed(settings, wrong),
            }
        }
    };
    if version == Version::HTTP_2 {
        check::leave_out_body(&mut response, is_head);
        trim_values(response.headers_mut());
    }
    if settings.limits.requests <= connection.traffic.requests.get() && version == Version::HTTP_2 {
        // Streams that have begun are answered.
        connection.close();
    }
    let is_last = !settings.keepalive
        || settings.limits.requests <= connection.traffic.requests.get()
        || connection.is_closing.get();
    if is_last && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        close_after(&mut response, version);
    }
    drop(in_flight);
    response.body_mut().count_waits(&connection.in_flight);
    let hooks = link.hooks.take();
    if logged.is_some() || !hooks.is_empty() {
        if let Some(logged) = &mut logged {
            logged.entry.status = response.status();
        }
        response = response.map(|body| Body::wrap(Finishing { body, bytes: 0, logged, hooks }));
    }
    Ok(response)
}

fn close_after(response: &mut Response, version: Version) {
    if version <= Version::HTTP_11 {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

/// A request with its body as the application sees it.
///
/// In a box, because it is large and goes through many hands.
fn prepare(
    request: ::http::Request<Incoming>,
    limits: &Limits,
    link: &Rc<Link>,
    unread: Option<Rc<Unread>>,
) -> Box<Request> {
    let received = |body| Body::received(body, limits.body, limits.body_time, unread);
    let mut request = Box::new(request.map(received));
    check::prefer_target_host(&mut request);
    check::drop_underscores(request.headers_mut());
    request.extensions_mut().insert(Here::new(link.clone()));
    request
}

/// Calls the application in a green thread of its own, which is killed if this is dropped because
/// the client has gone. It begins here and now: the connection suspends only if the handler does.
fn handle<A: Application>(
    shared: Rc<Shared<A>>,
    request: Box<Request>,
) -> impl Future<Output = Result<Response, Exit>> {
    at_once(move || async move { shared.app.respond(*request).await })
}

/// What a handler has given, unless it says that it has failed.
fn checked(settings: &Server, response: Response) -> Response {
    match response.extensions().get::<Here<Failure>>() {
        Some(failure) if response.status() == StatusCode::INTERNAL_SERVER_ERROR => {
            failed(settings, &failure.0.to_string())
        }
        _ => response,
    }
}

/// The answer in the place of a handler that has given none.
#[cold]
fn unanswered(settings: &Server, exit: Exit) -> Response {
    match exit {
        Exit::Panicked(panic) => failed(settings, panic.message().unwrap_or("a panic without a message")),
        _ => failed(settings, "the handler was killed"),
    }
}

/// The answer of a handler that gave none, or one that must not be sent.
fn failed(settings: &Server, failure: &str) -> Response {
    note(settings, &format_args!("a request was not answered: {failure}"));
    let text = if settings.debug { format!("{failure}\n") } else { "Internal Server Error\n".to_owned() };
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}

/// A request whose answer is not ready: no limit on the connection's silence holds meanwhile.
struct InFlight(Rc<Cell<u32>>);

impl InFlight {
    fn begin(connection: &Rc<Connection>) -> InFlight {
        connection.in_flight.set(connection.in_flight.get() + 1);
        let requests = &connection.traffic.requests;
        requests.set(requests.get() + 1);
        InFlight(connection.in_flight.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Ends connections that do nothing.
///
/// One timer for a connection's whole life, which looks now and then at what has happened since: a
/// request pays nothing for its limits. So a limit is kept to within half of the shortest one.
struct Watch {
    alarm: Alarm,
    period: Duration,
    head_time: Duration,
    idle_time: Duration,
    seen: Seen,
    /// For how long nothing has come or gone, as far as is known.
    idle: Duration,
    /// For how long a head has been coming, as far as is known.
    head: Duration,
    /// When a client that has ended its sending is taken to have gone, unless something can be
    /// written to it before.
    gone: Option<Alarm>,
    half_close_time: Duration,
    written: u64,
}

/// What had happened when the watch looked last.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Seen {
    read: u64,
    written: u64,
    requests: u64,
}

impl Watch {
    fn new(limits: &Limits) -> Watch {
        let period = (limits.head_time.min(limits.idle_time) / 2).max(Duration::from_millis(1));
        Watch {
            alarm: Alarm::after(period),
            period,
            head_time: limits.head_time,
            idle_time: limits.idle_time,
            seen: Seen::default(),
            idle: Duration::ZERO,
            head: Duration::ZERO,
            gone: None,
            half_close_time: limits.half_close_time,
            written: 0,
        }
    }

    /// Ready when the connection has used up one of its limits.
    fn poll(&mut self, connection: &Connection, cx: &mut Context<'_>) -> Poll<()> {
        while Pin::new(&mut self.alarm).poll(cx).is_ready() {
            if self.is_over(connection) {
                return Poll::Ready(());
            }
            self.alarm.reset(self.period);
        }
        if connection.traffic.has_ended() { self.poll_gone(connection, cx) } else { Poll::Pending }
    }

    /// Ready when a client that has ended its sending was not heard of for too long: an end of its
    /// sending is all that is seen of a client that has gone, until something is sent to it.
    fn poll_gone(&mut self, connection: &Connection, cx: &mut Context<'_>) -> Poll<()> {
        let written = std::mem::replace(&mut self.written, connection.traffic.written.get());
        if written != self.written {
            self.gone = None;
        }
        let limit = self.half_close_time;
        Pin::new(self.gone.get_or_insert_with(|| Alarm::after(limit))).poll(cx)
    }

    fn is_over(&mut self, connection: &Connection) -> bool {
        let traffic = &connection.traffic;
        let now = Seen {
            read: traffic.reads.get(),
            written: traffic.written.get(),
            requests: connection.traffic.requests.get(),
        };
        let before = std::mem::replace(&mut self.seen, now);
        let is_ours = connection.in_flight.get() > 0 && !traffic.is_stalled();
        if is_ours || now.requests != before.requests {
            (self.idle, self.head) = (Duration::ZERO, Duration::ZERO);
            return false;
        }
        // Something comes, but no request has been whole since.
        let is_head = now.written == before.written && (now.read != before.read || !self.head.is_zero());
        self.head = if is_head { self.head + self.period } else { Duration::ZERO };
        self.idle = if now == before { self.idle + self.period } else { Duration::ZERO };
        self.head > self.head_time || self.idle >= self.idle_time
    }
}

/// A request, to be written to the log when its answer has been sent.
struct Logged {
    entry: Entry,
    began: Instant,
    log: Sink,
}

impl Logged {
    fn of(request: &::http::Request<Incoming>, peer: &Peer, log: Sink) -> Logged {
        let entry = Entry {
            client: peer.to_string(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            status: StatusCode::OK,
            bytes: 0,
            time: Duration::ZERO,
            ended: SystemTime::UNIX_EPOCH,
        };
        Logged { entry, began: Instant::now(), log }
    }

    fn write(mut self, bytes: u64) {
        self.entry.bytes = bytes;
        self.entry.time = self.began.elapsed();
        self.entry.ended = SystemTime::now();
        (self.log)(&self.entry);
    }
}

/// A response's body, which does something when it has been sent, or will never be.
struct Finishing {
    body: Body,
    bytes: u64,
    logged: Option<Box<Logged>>,
    hooks: Vec<Box<dyn FnOnce()>>,
}

impl HttpBody for Finishing {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Finishing {
    fn drop(&mut self) {
        if let Some(logged) = self.logged.take() {
            let bytes = self.bytes;
            contain(move || logged.write(bytes));
        }
        std::mem::take(&mut self.hooks).into_iter().for_each(contain);
    }
}

/// Writes a line to the log, if there is one.
fn note(settings: &Server, line: &dyn Display) {
    if let Some(log) = &settings.log {
        contain(|| log(line));
    }
}

/// Calls what an application wants to be called. Its panic has been printed, and ends neither the
/// answer, which may not be out yet, nor other requests of the connection.
fn contain(f: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(f)) {
        // Its destructor might panic as well.
        std::mem::forget(panic);
    }
}
