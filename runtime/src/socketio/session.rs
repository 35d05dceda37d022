//! A client's session, whichever way it is talked with: what waits to be sent, the signs of life,
//! and the namespaces that the client is in.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::rc::{Rc, Weak};
use std::time::Duration;

use super::engine::{Frame, Packet, payload};
use super::error::Reason;
use super::options::{Options, Transport};
use super::packet::{self, Decoder, Kind};
use super::server::Shared;
use super::socket::{Handshake, Socket};
use crate::branch::{Race5, race, race5};
use crate::event::Flag;
use crate::green;
use crate::greenpool::GreenPool;
use crate::greenthread::sleep;
use crate::timeout::with_timeout;

/// While a client moves to a WebSocket its polls are answered at least this often, so that it finds
/// a moment in which none is open.
const RELEASE: Duration = Duration::from_millis(100);

/// One client.
pub(super) struct Session {
    pub(super) id: String,
    pub(super) server: Weak<Shared>,
    pub(super) options: Rc<Options>,
    pub(super) handshake: Rc<Handshake>,
    /// Up when the server that it came through ends.
    closing: Flag,
    pub(super) transport: Cell<Transport>,
    /// It moves to a WebSocket, and has not yet.
    pub(super) is_probing: Cell<bool>,
    /// The poll that is open, or the next one, is answered for the sake of that.
    is_released: Cell<bool>,
    pub(super) is_polled: Cell<bool>,
    pub(super) is_posted: Cell<bool>,
    outgoing: RefCell<Outgoing>,
    /// Up when whoever sends has something to look at.
    changed: Flag,
    /// Up when nothing waits to be sent.
    drained: Flag,
    pong: Flag,
    reason: Cell<Option<Reason>>,
    over: Flag,
    /// The client has been told of the end.
    told: Flag,
    /// What it is to end with, as soon as its watch comes to it.
    fault: Cell<Option<Reason>>,
    faulty: Flag,
    decoder: RefCell<Decoder>,
    pub(super) sockets: RefCell<BTreeMap<String, Socket>>,
    has_joined: Cell<bool>,
    /// What handles its events.
    handlers: GreenPool,
}

#[derive(Default)]
struct Outgoing {
    frames: VecDeque<Frame>,
    bytes: usize,
}

impl Session {
    pub(super) fn new(
        id: String,
        server: &Rc<Shared>,
        handshake: Rc<Handshake>,
        transport: Transport,
        closing: Flag,
    ) -> Rc<Session> {
        let options = server.options.clone();
        Rc::new(Session {
            id,
            server: Rc::downgrade(server),
            handshake,
            closing,
            transport: Cell::new(transport),
            is_probing: Cell::new(false),
            is_released: Cell::new(false),
            is_polled: Cell::new(false),
            is_posted: Cell::new(false),
            outgoing: RefCell::default(),
            changed: Flag::new(),
            drained: Flag::new(),
            pong: Flag::new(),
            reason: Cell::new(None),
            over: Flag::new(),
            told: Flag::new(),
            fault: Cell::new(None),
            faulty: Flag::new(),
            decoder: RefCell::new(Decoder::new(options.max_attachments)),
            sockets: RefCell::default(),
            has_joined: Cell::new(false),
            handlers: GreenPool::new(options.max_handlers),
            options,
        })
    }

    /// The first packet, which tells the client what it has to know.
    pub(super) fn greet(&self) {
        let options = &self.options;
        let can_upgrade =
            self.transport.get() == Transport::Polling && options.transports.contains(&Transport::WebSocket);
        let greeting = format!(
            "0{{\"sid\":\"{}\",\"upgrades\":[{}],\"pingInterval\":{},\"pingTimeout\":{},\"maxPayload\":{}}}",
            self.id,
            if can_upgrade { "\"websocket\"" } else { "" },
            options.ping_interval.as_millis(),
            options.ping_timeout.as_millis(),
            options.max_payload,
        );
        self.push(&[Frame::text(greeting)]);
    }

    /// Why it is over.
    pub(super) fn reason(&self) -> Option<Reason> {
        self.reason.get()
    }

    /// Is it over, or about to be?
    pub(super) fn is_over(&self) -> bool {
        self.reason.get().is_some() || self.fault.get().is_some()
    }

    /// Would something be sent at once?
    pub(super) fn is_ready(&self) -> bool {
        let is_listening = self.transport.get() == Transport::WebSocket || self.is_polled.get();
        is_listening && self.outgoing.borrow().frames.is_empty()
    }

    /// Puts frames into the line, all or none.
    pub(super) fn push(&self, frames: &[Frame]) {
        if self.is_over() {
            return;
        }
        {
            let outgoing = &mut *self.outgoing.borrow_mut();
            let bytes = outgoing.bytes + frames.iter().map(Frame::len).sum::<usize>();
            if outgoing.frames.len() + frames.len() > self.options.max_queue
                || bytes > self.options.max_queued_bytes
            {
                // It takes nothing.
                outgoing.frames.clear();
                self.fail(Reason::TransportError);
                return;
            }
            outgoing.frames.extend(frames.iter().cloned());
            outgoing.bytes = bytes;
        }
        self.changed.set();
    }

    /// The next frame to be sent.
    pub(super) fn take_frame(&self) -> Option<Frame> {
        let (frame, is_empty) = {
            let outgoing = &mut *self.outgoing.borrow_mut();
            let frame = outgoing.frames.pop_front()?;
            outgoing.bytes -= frame.len();
            (frame, outgoing.frames.is_empty())
        };
        if is_empty {
            self.drained.set();
        }
        Some(frame)
    }

    fn take_frames(&self) -> Vec<Frame> {
        let outgoing = mem::take(&mut *self.outgoing.borrow_mut());
        self.drained.set();
        outgoing.frames.into()
    }

    /// Waits until there may be something to send, or the end is there.
    #[green(crate = crate)]
    pub(super) fn changed(&self) {
        self.changed.clear();
        self.changed.wait();
    }

    /// Waits until nothing waits to be sent.
    #[green(crate = crate)]
    pub(super) fn drained(&self) {
        while !self.outgoing.borrow().frames.is_empty() && !self.is_over() {
            self.drained.clear();
            self.drained.wait();
        }
    }

    /// What the next poll is answered with.
    #[green(crate = crate)]
    pub(super) fn next_payload(&self) -> String {
        const NOOP: &str = "6";
        loop {
            if self.transport.get() == Transport::WebSocket {
                return NOOP.to_owned();
            }
            let mut frames = self.take_frames();
            match self.reason.get() {
                Some(Reason::TransportClose) => return NOOP.to_owned(),
                Some(_) => {
                    frames.push(Frame::text("1"));
                    self.told.set();
                }
                None => {}
            }
            if !frames.is_empty() {
                return payload(&frames);
            }
            self.changed.clear();
            if !self.is_probing.get() {
                self.changed.wait();
            } else if self.is_released.take() || self.changed.wait_timeout(RELEASE).is_err() {
                return NOOP.to_owned();
            }
        }
    }

    /// A client that polls may move to the WebSocket on which this is called: its polls come to an
    /// end.
    pub(super) fn begin_probe(self: &Rc<Self>) -> Probing {
        self.is_probing.set(true);
        Probing(self.clone())
    }

    /// The client waits for its poll to come back.
    pub(super) fn release_poll(&self) {
        self.is_released.set(true);
        self.changed.set();
    }

    /// It has moved.
    pub(super) fn moved(&self) {
        self.transport.set(Transport::WebSocket);
        self.changed.set();
    }

    /// Has it end soon, in a thread of its own: where it must not be done at once.
    pub(super) fn fail(&self, reason: Reason) {
        if !self.is_over() {
            self.fault.set(Some(reason));
            self.faulty.set();
        }
    }

    /// Ends it. What waits to be sent still is if the end is ours. Does not suspend; handlers of
    /// the end have threads of their own.
    pub(super) fn close(&self, reason: Reason) {
        if self.reason.get().is_some() {
            return;
        }
        self.reason.set(Some(reason));
        if !self.is_ours() {
            let outgoing = mem::take(&mut *self.outgoing.borrow_mut());
            drop(outgoing);
        }
        if !self.lingers() {
            self.leave();
        }
        self.over.set();
        self.changed.set();
        self.drained.set();
        let sockets = mem::take(&mut *self.sockets.borrow_mut());
        sockets.into_values().for_each(|socket| socket.end(reason));
    }

    /// Is the end, once it is there, one that the server has made?
    fn is_ours(&self) -> bool {
        matches!(
            self.reason.get(),
            Some(Reason::ServerDisconnect | Reason::ServerShutdown | Reason::ForcedServerClose)
        )
    }

    /// Does it stay for what the client has to be told?
    fn lingers(&self) -> bool {
        self.is_ours() && self.transport.get() == Transport::Polling && !self.closing.is_set()
    }

    /// Leaves the server's list.
    fn leave(&self) {
        if let Some(server) = self.server.upgrade() {
            let session = server.sessions.borrow_mut().remove(&self.id);
            drop(session);
        }
    }

    pub(super) fn joined(&self) {
        self.has_joined.set(true);
    }

    /// Asks for signs of life, until there is none.
    #[green(crate = crate)]
    fn beat(&self) {
        loop {
            sleep(self.options.ping_interval);
            self.pong.clear();
            self.push(&[Frame::text("2")]);
            if self.pong.wait_timeout(self.options.ping_timeout).is_err() {
                return;
            }
        }
    }

    /// Over if the client joins no namespace in time.
    #[green(crate = crate)]
    fn unjoined(&self) {
        sleep(self.options.connect_timeout);
        if self.has_joined.get() {
            std::future::pending::<()>().await;
        }
    }
}

/// What a client that moves to a WebSocket leaves behind if it does not.
pub(super) struct Probing(Rc<Session>);

impl Drop for Probing {
    fn drop(&mut self) {
        self.0.is_probing.set(false);
        self.0.is_released.set(false);
    }
}

/// Watches over a session from its beginning to its end.
#[green(crate = crate)]
pub(super) fn watch(session: Rc<Session>) {
    let end = race5(
        || session.over.wait(),
        || session.faulty.wait(),
        || session.closing.wait(),
        || session.beat(),
        || session.unjoined(),
    );
    let reason = match end {
        Race5::First(()) => None,
        Race5::Second(()) => session.fault.get(),
        Race5::Third(()) => Some(Reason::ServerShutdown),
        Race5::Fourth(()) => Some(Reason::PingTimeout),
        Race5::Fifth(()) => Some(Reason::ForcedServerClose),
    };
    if let Some(reason) = reason {
        session.close(reason);
    }
    if session.lingers() {
        // Whoever does not come back for it is not told.
        let patience = || race(|| session.told.wait(), || session.closing.wait());
        let _ = with_timeout(session.options.ping_timeout, patience);
    }
    session.leave();
}

/// Takes what has come from the client. Suspends while too many of its events are being handled.
#[green(crate = crate)]
pub(super) fn receive(session: &Rc<Session>, packet: Packet<'_>) {
    let decoded = match packet {
        Packet::Close => return session.close(Reason::TransportClose),
        Packet::Pong => return session.pong.set(),
        // Only servers ask for signs of life.
        Packet::Ping(_) => return session.close(Reason::TransportError),
        Packet::Upgrade | Packet::Noop => return,
        Packet::Message(text) => session.decoder.borrow_mut().text(text),
        Packet::Binary(bytes) => session.decoder.borrow_mut().binary(bytes),
    };
    match decoded {
        Ok(Some(packet)) => act(session, packet),
        Ok(None) => {}
        Err(packet::Malformed) => session.close(Reason::ParseError),
    }
}

#[green(crate = crate)]
fn act(session: &Rc<Session>, packet: packet::Packet) {
    let socket = session.sockets.borrow().get(&packet.namespace).cloned();
    match (packet.kind, socket) {
        (Kind::Connect(auth), None) => {
            let Some(socket) = enter(session, &packet.namespace) else { return };
            session.handlers.spawn_n(move || socket.admit(auth));
        }
        (Kind::Connect(_), Some(_)) => session.close(Reason::ForcedClose),
        // It was sent before the client knew that it is no longer there.
        (_, None) => {}
        (Kind::Disconnect, Some(socket)) => socket.leave(Reason::ClientDisconnect),
        (Kind::Ack { args, ack }, Some(socket)) => socket.acknowledged(ack, args),
        (Kind::Event { name, args, ack }, Some(socket)) => {
            let handler = socket.namespace().handler(&name);
            if let Some(handler) = handler {
                session.handlers.spawn_n(move || socket.handle(handler, name, args, ack));
            }
        }
    }
}

/// A socket in a namespace, to be admitted. `None`: the client was told why not.
fn enter(session: &Rc<Session>, name: &str) -> Option<Socket> {
    let refuse = |message: &str| {
        let json = format!("{{\"message\":\"{message}\"}}");
        session.push(&[packet::plain('4', name, &json)]);
        None
    };
    let server = session.server.upgrade()?;
    let Some(namespace) = server.find(name) else { return refuse("Invalid namespace") };
    if session.sockets.borrow().len() >= session.options.max_namespaces {
        return refuse("Too many namespaces");
    }
    let socket = Socket::new(&server, namespace, session);
    session.sockets.borrow_mut().insert(name.to_owned(), socket.clone());
    Some(socket)
}
