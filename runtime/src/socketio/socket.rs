//! One client in one namespace.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io;
use std::mem;
use std::rc::{Rc, Weak};
use std::time::Duration;

use super::broadcast::Broadcast;
use super::engine::Frame;
use super::error::{CallError, Reason, Refused};
use super::namespace::{Event, Handler, Namespace};
use super::options::Transport;
use super::packet;
use super::server::{Shared, random_id};
use super::session::Session;
use super::value::{Args, IntoArgs, Value};
use crate::event::Flag;
use crate::green;
use crate::greenthread::Builder;
use crate::http::{HeaderMap, Uri};
use crate::wsgi::Peer;

/// What a client has begun with.
pub(super) struct Handshake {
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) peer: Option<Peer>,
}

/// A client in a namespace: what handlers have, and what is sent to. Clones are handles on the
/// same.
///
/// A client that comes back after its connection was lost is another one, with another
/// [`id`](Self::id).
#[derive(Clone)]
pub struct Socket {
    pub(super) inner: Rc<Inner>,
}

pub(super) struct Inner {
    id: Rc<str>,
    /// Clients have an order: that in which they came.
    pub(super) number: u64,
    namespace: Namespace,
    session: Weak<Session>,
    handshake: Rc<Handshake>,
    state: RefCell<State>,
    pub(super) rooms: RefCell<BTreeSet<Rc<str>>>,
    /// The acknowledgements that are waited for.
    pending: RefCell<HashMap<u64, Rc<Pending>>>,
    asked: Cell<u64>,
    stored: RefCell<HashMap<TypeId, Rc<dyn Any>>>,
}

enum State {
    /// Not admitted yet: what is sent meanwhile is kept.
    Entering(Vec<Frame>),
    Connected,
    Gone,
}

#[derive(Default)]
struct Pending {
    is_over: Flag,
    args: RefCell<Option<Args>>,
}

impl Socket {
    pub(super) fn new(server: &Shared, namespace: Namespace, session: &Rc<Session>) -> Socket {
        let inner = Inner {
            id: random_id().into(),
            number: server.next_number(),
            namespace,
            session: Rc::downgrade(session),
            handshake: session.handshake.clone(),
            state: RefCell::new(State::Entering(vec![])),
            rooms: RefCell::default(),
            pending: RefCell::default(),
            asked: Cell::new(0),
            stored: RefCell::default(),
        };
        Socket { inner: Rc::new(inner) }
    }

    /// What it is known by, here and at the client's end: Python's `sid`. It is also the name of a
    /// room that the client alone is in.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// The namespace that it is in.
    pub fn namespace(&self) -> &Namespace {
        &self.inner.namespace
    }

    /// Is it there?
    pub fn is_connected(&self) -> bool {
        matches!(*self.inner.state.borrow(), State::Connected)
    }

    /// How the client is talked with at the moment; `None` when it is gone.
    pub fn transport(&self) -> Option<Transport> {
        let session = self.inner.session.upgrade()?;
        session.reason().is_none().then(|| session.transport.get())
    }

    /// What the client asked for when it began, with its query.
    pub fn uri(&self) -> &Uri {
        &self.inner.handshake.uri
    }

    /// The headers of the client's first request: Python's `environ`.
    pub fn headers(&self) -> &HeaderMap {
        &self.inner.handshake.headers
    }

    /// Who sent the client's first request.
    pub fn peer(&self) -> Option<&Peer> {
        self.inner.handshake.peer.as_ref()
    }

    /// Sends an event to this client. Does not suspend: it goes out in its turn, after what was
    /// sent before. To a client that is gone nothing is sent.
    ///
    /// What waits for a client has [limits](super::Options); [`flush`](Self::flush) waits until it
    /// has gone out.
    ///
    /// # Panics
    ///
    /// For the names that stand for something else at the client's end: `connect`, `connect_error`,
    /// `disconnect`, `disconnecting`, `newListener` and `removeListener`.
    #[track_caller]
    pub fn emit(&self, event: &str, args: impl IntoArgs) {
        assert_free(event);
        let frames = packet::event(self.namespace().name(), event, &args.into_args(), None);
        self.send(&frames, false);
    }

    /// Sends an event to this client, and waits for its acknowledgement, for `limit` at most.
    /// Suspends until then. Python's `call`, the reference's `emitWithAck`.
    ///
    /// # Errors
    ///
    /// [`CallError::TimedOut`], and [`CallError::Disconnected`] as soon as the client is gone.
    ///
    /// # Cancel safety
    ///
    /// The event is sent once this was driven; its acknowledgement is lost then.
    ///
    /// # Panics
    ///
    /// As [`emit`](Self::emit).
    #[green(crate = crate)]
    pub fn call(&self, event: &str, args: impl IntoArgs, limit: Duration) -> Result<Args, CallError> {
        assert_free(event);
        if !self.is_connected() {
            return Err(CallError::Disconnected);
        }
        let awaited = Awaited::new(self);
        let frames = packet::event(self.namespace().name(), event, &args.into_args(), Some(awaited.number));
        self.send(&frames, false);
        if let Err(timeout) = awaited.pending.is_over.wait_timeout(limit) {
            return Err(CallError::TimedOut(timeout));
        }
        let args = awaited.pending.args.take();
        args.ok_or(CallError::Disconnected)
    }

    /// Waits until all that was sent to this client has been given to its transport, or it is gone.
    /// Suspends until then: whoever has much to say is as slow as the client with it.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(crate = crate)]
    pub fn flush(&self) {
        let session = self.inner.session.upgrade();
        if let Some(session) = session {
            session.drained();
        }
    }

    /// All the others in the namespace, to be sent something.
    pub fn broadcast(&self) -> Broadcast {
        self.namespace().everybody().except(self.id())
    }

    /// All in this room but this client, to be sent something.
    pub fn to(&self, room: &str) -> Broadcast {
        self.broadcast().to(room)
    }

    /// Puts the client into a room, which there is from then on. One that is gone is in none.
    pub fn enter_room(&self, room: &str) {
        if !matches!(*self.inner.state.borrow(), State::Gone) {
            self.namespace().put(self, room);
        }
    }

    /// Takes the client out of a room.
    pub fn leave_room(&self, room: &str) {
        self.namespace().take(self, room);
    }

    /// The rooms that the client is in, its own among them. A handler of its end is told those in
    /// which it was.
    pub fn rooms(&self) -> Vec<String> {
        self.inner.rooms.borrow().iter().map(|room| room.to_string()).collect()
    }

    /// Keeps a value for this client: Python's `save_session`. There is one for each type; the one
    /// before is given back.
    ///
    /// ```
    /// # use eventlet::socketio::Socket;
    /// struct User(String);
    ///
    /// # fn known(socket: Socket) {
    /// socket.save_session(User("anna".to_owned()));
    /// assert_eq!(socket.session::<User>().unwrap().0, "anna");
    /// # }
    /// ```
    pub fn save_session<T: 'static>(&self, value: T) -> Option<Rc<T>> {
        let before = self.inner.stored.borrow_mut().insert(TypeId::of::<T>(), Rc::new(value));
        before.and_then(|before| before.downcast().ok())
    }

    /// The value of this type that was kept for the client: Python's `get_session`.
    pub fn session<T: 'static>(&self) -> Option<Rc<T>> {
        let stored = self.inner.stored.borrow().get(&TypeId::of::<T>()).cloned();
        stored.and_then(|stored| stored.downcast().ok())
    }

    /// Takes the client out of the namespace, and tells it so. Its connection stays, for other
    /// namespaces; [`close`](Self::close) ends that as well. Does not suspend.
    pub fn disconnect(&self) {
        if let Some(session) = self.inner.session.upgrade()
            && self.is_connected()
        {
            session.push(&[packet::plain('1', self.namespace().name(), "")]);
        }
        self.leave(Reason::ServerDisconnect);
    }

    /// Ends the client's connection, and with it all of its namespaces. What was sent before still
    /// goes out. Does not suspend.
    pub fn close(&self) {
        if let Some(session) = self.inner.session.upgrade() {
            session.close(Reason::ServerDisconnect);
        }
    }

    /// Sends frames, or keeps them for later.
    pub(super) fn send(&self, frames: &[Frame], is_volatile: bool) {
        match &mut *self.inner.state.borrow_mut() {
            State::Entering(kept) if !is_volatile => {
                let Some(session) = self.inner.session.upgrade() else { return };
                if kept.len() + frames.len() <= session.options.max_queue {
                    kept.extend(frames.iter().cloned());
                } else {
                    session.fail(Reason::TransportError);
                }
            }
            State::Connected => {
                if let Some(session) = self.inner.session.upgrade()
                    && (!is_volatile || session.is_ready())
                {
                    session.push(frames);
                }
            }
            State::Entering(_) | State::Gone => {}
        }
    }

    /// Asks whoever has to be asked whether the client may come in, and tells it.
    #[green(crate = crate)]
    pub(super) fn admit(self, auth: Value) {
        let gates = self.namespace().gates();
        for gate in gates {
            let call = gate(self.clone(), auth.clone());
            if let Err(refused) = call.await {
                self.refuse(&refused);
                return;
            }
        }
        self.enter();
    }

    fn enter(&self) {
        let Some(session) = self.inner.session.upgrade() else { return };
        let kept = {
            let state = &mut *self.inner.state.borrow_mut();
            match mem::replace(state, State::Connected) {
                State::Entering(kept) => kept,
                // It has left in the meantime.
                other => {
                    *state = other;
                    return;
                }
            }
        };
        session.joined();
        self.namespace().add(self);
        let welcome = format!("{{\"sid\":\"{}\"}}", self.id());
        session.push(&[packet::plain('0', self.namespace().name(), &welcome)]);
        session.push(&kept);
    }

    fn refuse(&self, refused: &Refused) {
        let Some(session) = self.inner.session.upgrade() else { return };
        let mut fields = std::collections::BTreeMap::new();
        fields.insert("message".to_owned(), Value::from(refused.message.as_str()));
        if !refused.data.is_null() {
            fields.insert("data".to_owned(), refused.data.clone());
        }
        // Bytes have no place in it.
        let json = Value::from(Value::Object(fields).to_json()).to_string();
        session.push(&[packet::plain('4', self.namespace().name(), &json)]);
        self.leave(Reason::ServerDisconnect);
    }

    /// Handles an event of the client's, and acknowledges it if that is asked for.
    #[green(crate = crate)]
    pub(super) fn handle(
        self,
        handler: Handler,
        name: String,
        args: Args,
        ack: Option<u64>,
    ) -> io::Result<()> {
        // What comes after the end is nobody's.
        if !self.is_connected() {
            return Ok(());
        }
        let call = handler(self.clone(), Event { name, args });
        let args = call.await?;
        if let Some(ack) = ack {
            self.send(&packet::ack(self.namespace().name(), &args, ack), false);
        }
        Ok(())
    }

    pub(super) fn acknowledged(&self, number: u64, args: Args) {
        let pending = self.inner.pending.borrow_mut().remove(&number);
        if let Some(pending) = pending {
            *pending.args.borrow_mut() = Some(args);
            pending.is_over.set();
        }
    }

    /// Leaves the namespace.
    pub(super) fn leave(&self, reason: Reason) {
        if let Some(session) = self.inner.session.upgrade() {
            let name = self.namespace().name();
            let is_there = session.sockets.borrow().get(name).is_some_and(|socket| socket == self);
            if is_there {
                let socket = session.sockets.borrow_mut().remove(name);
                drop(socket);
            }
        }
        self.end(reason);
    }

    /// It is gone: whoever waits for it hears so, and the handler of its end is called.
    pub(super) fn end(&self, reason: Reason) {
        let before = mem::replace(&mut *self.inner.state.borrow_mut(), State::Gone);
        if matches!(before, State::Gone) {
            return;
        }
        self.namespace().remove(self);
        let pending = mem::take(&mut *self.inner.pending.borrow_mut());
        pending.into_values().for_each(|pending| pending.is_over.set());
        if let (State::Connected, Some(farewell)) = (before, self.namespace().farewell()) {
            let socket = self.clone();
            let call = move || async move { farewell(socket, reason).await };
            drop(Builder::new().name("disconnected").spawn(call));
        }
    }
}

/// Events by these names would be taken for something else at the other end.
#[track_caller]
pub(super) fn assert_free(event: &str) {
    assert!(!packet::RESERVED.contains(&event), "no event can have the name `{event}`");
}

/// An acknowledgement that is waited for.
struct Awaited<'a> {
    socket: &'a Socket,
    number: u64,
    pending: Rc<Pending>,
}

impl<'a> Awaited<'a> {
    fn new(socket: &'a Socket) -> Awaited<'a> {
        let number = socket.inner.asked.get();
        socket.inner.asked.set(number + 1);
        let pending = Rc::<Pending>::default();
        socket.inner.pending.borrow_mut().insert(number, pending.clone());
        Awaited { socket, number, pending }
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.socket.inner.pending.borrow_mut().remove(&self.number);
    }
}

impl PartialEq for Socket {
    /// Are they handles on one client in one namespace?
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }
}

impl Eq for Socket {}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.id())
            .field("namespace", &self.namespace().name())
            .field("connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}
