//! Requests of clients: polls, posts, and WebSockets.

use std::io;
use std::rc::Rc;

use ::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, CACHE_CONTROL, CONTENT_TYPE, ORIGIN, VARY,
};
use ::http::{HeaderValue, Method, StatusCode};

use super::engine::Packet;
use super::error::Reason;
use super::options::{Origins, Transport};
use super::server::{Shared, random_id};
use super::session::{Session, receive, watch};
use super::socket::Handshake;
use crate::branch::{Race2, race};
use crate::event::Flag;
use crate::green;
use crate::greenthread::Builder;
use crate::http::{Body, IntoResponse, Request, Response};
use crate::timeout::with_timeout;
use crate::websocket::{self, Acceptor, Message, WebSocket, is_same_origin};
use crate::wsgi::{RequestExt, closing};

/// Answers a request.
#[green(crate = crate)]
pub(super) fn respond(shared: Rc<Shared>, request: Request) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let allowance = match allowance(&shared, &request, origin.as_ref()) {
        Ok(allowance) => allowance,
        Err(()) => return refused(StatusCode::FORBIDDEN, 4, "Forbidden"),
    };
    let asked = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let is_question = request.method() == Method::OPTIONS;
    let mut response =
        if is_question { StatusCode::NO_CONTENT.into_response() } else { answer(shared, request) };
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return response;
    }
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(allowance) = allowance {
        if allowance != "*" {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowance);
        if is_question {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, OPTIONS"));
            if let Some(asked) = asked {
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked);
            }
        }
    }
    response
}

/// What a browser is told of pages of other origins. `Err`: this page may not ask.
fn allowance(
    shared: &Shared,
    request: &Request,
    origin: Option<&HeaderValue>,
) -> Result<Option<HeaderValue>, ()> {
    let Some(origin) = origin else { return Ok(None) };
    match &shared.options.origins {
        Origins::Any => Ok(Some(HeaderValue::from_static("*"))),
        Origins::Checked(allows) => {
            let is_allowed = origin.to_str().is_ok_and(|origin| allows(origin));
            if is_allowed { Ok(Some(origin.clone())) } else { Err(()) }
        }
        Origins::Same => {
            let is_same = origin.to_str().is_ok_and(|origin| is_same_origin(request.headers(), origin));
            if is_same { Ok(None) } else { Err(()) }
        }
    }
}

/// An error as the reference words it.
fn refused(status: StatusCode, code: u8, message: &str) -> Response {
    let json = format!("{{\"code\":{code},\"message\":\"{message}\"}}");
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], json).into_response()
}

fn bad(code: u8, message: &str) -> Response {
    refused(StatusCode::BAD_REQUEST, code, message)
}

#[green(crate = crate)]
fn answer(shared: Rc<Shared>, request: Request) -> Response {
    if request.query("EIO").as_deref() != Some("4") {
        return bad(5, "Unsupported protocol version");
    }
    let transport = match request.query("transport").as_deref() {
        Some("polling") => Transport::Polling,
        Some("websocket") => Transport::WebSocket,
        _ => return bad(0, "Transport unknown"),
    };
    if !shared.options.transports.contains(&transport) {
        return bad(0, "Transport unknown");
    }
    let Some(id) = request.query("sid").map(|id| id.into_owned()) else {
        return begin(shared, request, transport);
    };
    let session = shared.sessions.borrow().get(&id).cloned();
    let Some(session) = session else { return bad(1, "Session ID unknown") };
    let method = request.method().clone();
    match (transport, session.transport.get()) {
        (Transport::Polling, Transport::Polling) if method == Method::GET => poll(session),
        (Transport::Polling, Transport::Polling) if method == Method::POST => post(session, request),
        (Transport::WebSocket, Transport::Polling) if !session.is_probing.get() => {
            let handler = move |ws| upgrade(ws, session);
            acceptor(&shared).accept(&request, handler)
        }
        _ => bad(3, "Bad request"),
    }
}

/// A new client.
#[green(crate = crate)]
fn begin(shared: Rc<Shared>, request: Request, transport: Transport) -> Response {
    if request.method() != Method::GET {
        return bad(2, "Bad handshake method");
    }
    if shared.is_closed.get() || shared.sessions.borrow().len() >= shared.options.max_clients {
        return (StatusCode::SERVICE_UNAVAILABLE, "no more clients are taken\n").into_response();
    }
    let handshake = Rc::new(Handshake {
        uri: request.uri().clone(),
        headers: request.headers().clone(),
        peer: request.peer().cloned(),
    });
    let closing = closing(&request);
    match transport {
        Transport::Polling => {
            let session = open(&shared, handshake, transport, closing);
            poll(session)
        }
        Transport::WebSocket => {
            let acceptor = acceptor(&shared);
            let handler = move |ws| async move {
                let session = open(&shared, handshake, transport, closing);
                talk(ws, session).await
            };
            acceptor.accept(&request, handler)
        }
    }
}

fn open(shared: &Rc<Shared>, handshake: Rc<Handshake>, transport: Transport, closing: Flag) -> Rc<Session> {
    let session = Session::new(random_id(), shared, handshake, transport, closing);
    shared.sessions.borrow_mut().insert(session.id.clone(), session.clone());
    session.greet();
    let watched = session.clone();
    drop(Builder::new().name("client").spawn(move || watch(watched)));
    session
}

/// WebSockets here have their signs of life in the protocol above, and origins were looked at.
fn acceptor(shared: &Shared) -> Acceptor {
    let options = websocket::Options::new();
    let options = options.max_message(shared.options.max_payload).ping_interval(None).deflate(None);
    Acceptor::new().any_origin().options(options)
}

/// Answers with what there is to be sent. Suspends until there is something.
#[green(crate = crate)]
fn poll(session: Rc<Session>) -> Response {
    if session.is_polled.replace(true) {
        // A client that cannot know which of the two will be answered.
        session.close(Reason::TransportError);
        return bad(3, "Bad request");
    }
    let mut polling = Polling { session, is_answered: false };
    let payload = polling.session.next_payload();
    polling.is_answered = true;
    payload.into_response()
}

/// A poll. A client that takes it back has gone.
struct Polling {
    session: Rc<Session>,
    is_answered: bool,
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.session.is_polled.set(false);
        if !self.is_answered {
            self.session.fail(Reason::TransportError);
        }
    }
}

/// Takes what the client sends.
#[green(crate = crate)]
fn post(session: Rc<Session>, request: Request) -> Response {
    if session.is_posted.replace(true) {
        // What came first is anybody's guess.
        session.close(Reason::TransportError);
        return bad(3, "Bad request");
    }
    let _posting = Posting(session.clone());
    let limit = session.options.max_payload;
    let bytes = match read(request.into_body(), limit) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return (StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large\n").into_response(),
        Err(error) => return error.into_response(),
    };
    let packets = std::str::from_utf8(&bytes).ok().and_then(Packet::of_payload);
    let Some(packets) = packets else {
        session.close(Reason::ParseError);
        return bad(3, "Bad request");
    };
    for packet in packets {
        receive(&session, packet);
        if session.is_over() {
            break;
        }
    }
    "ok".into_response()
}

struct Posting(Rc<Session>);

impl Drop for Posting {
    fn drop(&mut self) {
        self.0.is_posted.set(false);
    }
}

/// All of a body. `None`: it has more than `limit` bytes.
#[green(crate = crate)]
fn read(mut body: Body, limit: usize) -> io::Result<Option<Vec<u8>>> {
    if body.len().is_some_and(|length| length > limit as u64) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    while let Some(piece) = body.piece()? {
        if bytes.len() + piece.len() > limit {
            return Ok(None);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Some(bytes))
}

/// Moves a client that polls to a WebSocket.
#[green(crate = crate)]
fn upgrade(ws: WebSocket, session: Rc<Session>) -> websocket::Result<()> {
    if session.is_probing.get() || session.transport.get() == Transport::WebSocket {
        return Ok(());
    }
    let probing = session.begin_probe();
    let limit = session.options.upgrade_timeout;
    let has_moved = match with_timeout(limit, || probe(&ws, &session)) {
        Ok(has_moved) => has_moved?,
        Err(_) => false,
    };
    if has_moved && !session.is_over() {
        session.moved();
        drop(probing);
        return talk(ws, session);
    }
    Ok(())
}

/// Lets a client try its WebSocket. Has it decided for it?
#[green(crate = crate)]
fn probe(ws: &WebSocket, session: &Rc<Session>) -> websocket::Result<bool> {
    let said = ws.recv()?;
    if said.as_ref().and_then(Message::as_text) != Some("2probe") {
        return Ok(false);
    }
    ws.send("3probe")?;
    session.release_poll();
    let said = ws.recv()?;
    Ok(said.as_ref().and_then(Message::as_text) == Some("5"))
}

/// Talks with a client over its WebSocket, to the end of either.
#[green(crate = crate)]
fn talk(ws: WebSocket, session: Rc<Session>) -> websocket::Result<()> {
    let mut talking = Talking { session, reason: Reason::TransportClose };
    let session = &talking.session;
    let end = race(|| hear(&ws, session), || say(&ws, session));
    let (Race2::First(reason) | Race2::Second(reason)) = end;
    talking.reason = reason;
    talking.session.close(reason);
    Ok(())
}

/// A connection. One that is cut off is an end as well.
struct Talking {
    session: Rc<Session>,
    reason: Reason,
}

impl Drop for Talking {
    fn drop(&mut self) {
        self.session.fail(self.reason);
    }
}

#[green(crate = crate)]
fn hear(ws: &WebSocket, session: &Rc<Session>) -> Reason {
    while !session.is_over() {
        match ws.recv() {
            Ok(Some(Message::Text(text))) => match Packet::of_text(&text) {
                Some(packet) => receive(session, packet),
                None => return Reason::ParseError,
            },
            Ok(Some(Message::Binary(bytes))) => receive(session, Packet::Binary(bytes)),
            Ok(None) => return Reason::TransportClose,
            Err(_) => return Reason::TransportError,
        }
    }
    // What was to be sent before the end goes out.
    std::future::pending().await
}

#[green(crate = crate)]
fn say(ws: &WebSocket, session: &Rc<Session>) -> Reason {
    loop {
        while let Some(frame) = session.take_frame() {
            if ws.send(frame).is_err() {
                return Reason::TransportError;
            }
        }
        if let Some(reason) = session.reason() {
            return reason;
        }
        session.changed();
    }
}
