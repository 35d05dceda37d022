//! Clients that hear of each other, and what is done when they speak.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::future::Future;
use std::io;
use std::ops::Deref;
use std::pin::Pin;
use std::rc::{Rc, Weak};

use super::adapter::Notice;
use super::broadcast::Broadcast;
use super::error::{Admission, Reason, Refused};
use super::packet;
use super::server::Shared;
use super::socket::Socket;
use super::value::{Args, IntoArgs, Reply, Value};
use crate::call::GreenCall;

type Calling<T> = Pin<Box<dyn Future<Output = T>>>;
pub(super) type Handler = Rc<dyn Fn(Socket, Event) -> Calling<io::Result<Args>>>;
pub(super) type Gate = Rc<dyn Fn(Socket, Value) -> Calling<Result<(), Refused>>>;
pub(super) type Farewell = Rc<dyn Fn(Socket, Reason) -> Calling<io::Result<()>>>;

/// An event of a client's: its name, and its arguments, which it derefs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What it is called.
    pub name: String,
    /// What it carries.
    pub args: Args,
}

impl Deref for Event {
    type Target = Args;

    fn deref(&self) -> &Args {
        &self.args
    }
}

/// A part of a server that clients join and leave: `/` is there from the beginning, and others are
/// made by [`Server::of`](super::Server::of). Clones are handles on the same.
#[derive(Clone)]
pub struct Namespace {
    inner: Rc<Inner>,
}

struct Inner {
    name: String,
    server: Weak<Shared>,
    handlers: RefCell<HashMap<String, Handler>>,
    gates: RefCell<Vec<Gate>>,
    on_connect: RefCell<Option<Gate>>,
    on_disconnect: RefCell<Option<Farewell>>,
    members: RefCell<Members>,
}

#[derive(Default)]
struct Members {
    sockets: BTreeMap<u64, Socket>,
    /// Their numbers, by room.
    rooms: HashMap<Rc<str>, BTreeSet<u64>>,
}

impl Namespace {
    pub(super) fn new(name: &str, server: Weak<Shared>) -> Namespace {
        let inner = Inner {
            name: name.to_owned(),
            server,
            handlers: RefCell::default(),
            gates: RefCell::default(),
            on_connect: RefCell::default(),
            on_disconnect: RefCell::default(),
            members: RefCell::default(),
        };
        Namespace { inner: Rc::new(inner) }
    }

    /// What it is called, with the slash that it begins with.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Handles events of this name: each in a green thread of its own, begun in the order in which
    /// they came, so that a handler may wait while others go on. `*` stands for every name that has
    /// no handler. A later handler takes the place of an earlier one. Does not suspend.
    ///
    /// What the handler gives is the acknowledgement, if the client asks for one. An error or a
    /// panic is [reported](crate::greenthread::set_error_hook), and nothing is acknowledged then.
    ///
    /// # Panics
    ///
    /// For `connect` and `disconnect`, which have methods of their own, and the other names that no
    /// event can have.
    #[track_caller]
    pub fn on<F, G>(&self, event: &str, handler: F) -> &Namespace
    where
        F: Fn(Socket, Event) -> G + 'static,
        G: GreenCall + 'static,
        G::Value: Reply,
    {
        let hint = match event {
            "connect" => ": see `on_connect`",
            "disconnect" => ": see `on_disconnect`",
            _ => "",
        };
        assert!(!packet::RESERVED.contains(&event), "no event can have the name `{event}`{hint}");
        let handler: Handler = Rc::new(move |socket, event| {
            let call = handler(socket, event);
            Box::pin(async move { call.await.into_result() })
        });
        let before = self.inner.handlers.borrow_mut().insert(event.to_owned(), handler);
        drop(before);
        self
    }

    /// Asks `handler` whether a client may come in, with what it says of itself (its `auth`; null
    /// if it says nothing). What is emitted to it meanwhile goes out when it is in. A later handler
    /// takes the place of an earlier one. Does not suspend.
    ///
    /// An error is told to the client, whose program gets a `connect_error`.
    pub fn on_connect<F, G>(&self, handler: F) -> &Namespace
    where
        F: Fn(Socket, Value) -> G + 'static,
        G: GreenCall + 'static,
        G::Value: Admission,
    {
        let before = self.inner.on_connect.borrow_mut().replace(gate(handler));
        drop(before);
        self
    }

    /// Asks this as well, before the handler of [`on_connect`](Self::on_connect) and after those
    /// that were added earlier: the reference's `use`. The first that refuses a client is the last
    /// that is asked. Does not suspend.
    pub fn middleware<F, G>(&self, f: F) -> &Namespace
    where
        F: Fn(Socket, Value) -> G + 'static,
        G: GreenCall + 'static,
        G::Value: Admission,
    {
        self.inner.gates.borrow_mut().push(gate(f));
        self
    }

    /// Calls `handler` when a client that was let in has gone, with the reason, in a green thread
    /// of its own. It is in no room any more; [`Socket::rooms`] still says in which it was. A later
    /// handler takes the place of an earlier one. Does not suspend.
    pub fn on_disconnect<F, G>(&self, handler: F) -> &Namespace
    where
        F: Fn(Socket, Reason) -> G + 'static,
        G: GreenCall + 'static,
        G::Value: Reply,
    {
        let handler: Farewell = Rc::new(move |socket, reason| {
            let call = handler(socket, reason);
            Box::pin(async move { call.await.into_result().map(drop) })
        });
        let before = self.inner.on_disconnect.borrow_mut().replace(handler);
        drop(before);
        self
    }

    /// Sends an event to all clients in the namespace. Does not suspend.
    ///
    /// # Panics
    ///
    /// As [`Socket::emit`].
    #[track_caller]
    pub fn emit(&self, event: &str, args: impl IntoArgs) {
        self.everybody().emit(event, args);
    }

    /// All clients in this room, to be sent something. With the [`id`](Socket::id) of a client it
    /// is that one.
    pub fn to(&self, room: &str) -> Broadcast {
        self.everybody().to(room)
    }

    /// All but those in this room, or but the client with this id.
    pub fn except(&self, room: &str) -> Broadcast {
        self.everybody().except(room)
    }

    /// All, to be sent what may be lost: see [`Broadcast::volatile`].
    pub fn volatile(&self) -> Broadcast {
        self.everybody().volatile()
    }

    /// All that are connected to this server, and not to the others that an
    /// [adapter](super::Adapter) leads to.
    pub fn local(&self) -> Broadcast {
        self.everybody().local()
    }

    pub(super) fn everybody(&self) -> Broadcast {
        Broadcast::new(self.clone())
    }

    /// The client with this id, if it is connected to this server.
    pub fn socket(&self, id: &str) -> Option<Socket> {
        self.local().to(id).sockets().into_iter().find(|socket| socket.id() == id)
    }

    /// The clients that are connected to this server, in the order in which they came.
    pub fn sockets(&self) -> Vec<Socket> {
        self.inner.members.borrow().sockets.values().cloned().collect()
    }

    /// Puts the client with this id into a room, whichever server it is connected to.
    pub fn enter_room(&self, id: &str, room: &str) {
        match self.socket(id) {
            Some(socket) => socket.enter_room(room),
            None => self.publish(|| Notice::enter_room(self.name(), id, room)),
        }
    }

    /// Takes the client with this id out of a room, whichever server it is connected to.
    pub fn leave_room(&self, id: &str, room: &str) {
        match self.socket(id) {
            Some(socket) => socket.leave_room(room),
            None => self.publish(|| Notice::leave_room(self.name(), id, room)),
        }
    }

    /// Takes all clients out of a room, on every server.
    pub fn close_room(&self, room: &str) {
        self.close_room_here(room);
        self.publish(|| Notice::close_room(self.name(), room));
    }

    pub(super) fn close_room_here(&self, room: &str) {
        self.local().to(room).sockets().iter().for_each(|socket| socket.leave_room(room));
    }

    /// The rooms that a client of this server is in, by its id; none if there is no such client.
    pub fn rooms(&self, id: &str) -> Vec<String> {
        self.socket(id).map(|socket| socket.rooms()).unwrap_or_default()
    }

    /// [Disconnects](Socket::disconnect) the client with this id, whichever server it is connected
    /// to. Does not suspend.
    pub fn disconnect(&self, id: &str) {
        match self.socket(id) {
            Some(socket) => socket.disconnect(),
            None => self.publish(|| Notice::disconnect(self.name(), id)),
        }
    }

    /// Tells the other servers, if there are any.
    pub(super) fn publish(&self, notice: impl FnOnce() -> Notice) {
        if let Some(server) = self.inner.server.upgrade() {
            server.publish(notice);
        }
    }

    pub(super) fn handler(&self, event: &str) -> Option<Handler> {
        let handlers = self.inner.handlers.borrow();
        handlers.get(event).or_else(|| handlers.get("*")).cloned()
    }

    /// Whoever has to be asked about a client.
    pub(super) fn gates(&self) -> Vec<Gate> {
        let gates = self.inner.gates.borrow();
        gates.iter().chain(&*self.inner.on_connect.borrow()).cloned().collect()
    }

    pub(super) fn farewell(&self) -> Option<Farewell> {
        self.inner.on_disconnect.borrow().clone()
    }

    pub(super) fn add(&self, socket: &Socket) {
        self.put(socket, socket.id());
        self.inner.members.borrow_mut().sockets.insert(socket.inner.number, socket.clone());
    }

    pub(super) fn put(&self, socket: &Socket, room: &str) {
        let mut members = self.inner.members.borrow_mut();
        let name = members.rooms.get_key_value(room).map_or_else(|| room.into(), |(name, _)| name.clone());
        socket.inner.rooms.borrow_mut().insert(Rc::clone(&name));
        members.rooms.entry(name).or_default().insert(socket.inner.number);
    }

    pub(super) fn take(&self, socket: &Socket, room: &str) {
        socket.inner.rooms.borrow_mut().remove(room);
        self.inner.members.borrow_mut().take(socket.inner.number, room);
    }

    /// Takes a client out of everything; it keeps the names of its rooms.
    pub(super) fn remove(&self, socket: &Socket) {
        let gone = {
            let mut members = self.inner.members.borrow_mut();
            for room in &*socket.inner.rooms.borrow() {
                members.take(socket.inner.number, room);
            }
            members.sockets.remove(&socket.inner.number)
        };
        drop(gone);
    }

    /// The clients in any of these rooms, or all if none is named, but for those in any of the
    /// others; in the order in which they came.
    pub(super) fn chosen(&self, rooms: &[Rc<str>], except: &[Rc<str>]) -> Vec<Socket> {
        let members = self.inner.members.borrow();
        let is_excepted = |number: &u64| {
            except.iter().any(|room| members.rooms.get(room).is_some_and(|inside| inside.contains(number)))
        };
        if rooms.is_empty() {
            let all = members.sockets.iter().filter(|(number, _)| !is_excepted(number));
            return all.map(|(_, socket)| socket.clone()).collect();
        }
        let inside = rooms.iter().filter_map(|room| members.rooms.get(room));
        let numbers: BTreeSet<u64> =
            inside.flatten().copied().filter(|number| !is_excepted(number)).collect();
        numbers.iter().filter_map(|number| members.sockets.get(number).cloned()).collect()
    }
}

impl Members {
    fn take(&mut self, number: u64, room: &str) {
        if let Some(inside) = self.rooms.get_mut(room) {
            inside.remove(&number);
            if inside.is_empty() {
                self.rooms.remove(room);
            }
        }
    }
}

fn gate<F, G>(f: F) -> Gate
where
    F: Fn(Socket, Value) -> G + 'static,
    G: GreenCall + 'static,
    G::Value: Admission,
{
    Rc::new(move |socket, auth| {
        let call = f(socket, auth);
        Box::pin(async move { call.await.into_result() })
    })
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clients = self.inner.members.borrow().sockets.len();
        f.debug_struct("Namespace")
            .field("name", &self.name())
            .field("clients", &clients)
            .finish_non_exhaustive()
    }
}
