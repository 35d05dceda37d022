//! The server: its clients and namespaces, and the requests that come.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::rc::Rc;

use super::adapter::{Adapter, Attached, Notice};
use super::error::Reason;
use super::namespace::Namespace;
use super::options::Options;
use super::session::Session;
use super::transport;
use crate::Green;
use crate::green;
use crate::http::{Request, Response};
use crate::wsgi::Application;

/// A Socket.IO server: an application of [`wsgi`](crate::wsgi), and the namespace `/`, which it
/// derefs to. Clones are handles on the same.
///
/// It answers every request that it is given, whichever path that has; clients ask at
/// `/socket.io/` if they are told nothing else, so it mostly stands in a
/// [`Router`](crate::wsgi::Router).
///
/// ```
/// use std::io;
/// use eventlet::green;
/// use eventlet::socketio::{Event, Server, Socket, Value, json};
/// use eventlet::wsgi::{self, Router};
///
/// #[green]
/// fn greet(socket: Socket, auth: Value) {
///     socket.enter_room("everybody");
///     socket.emit("welcome", json!({"you are": auth.get("name").and_then(Value::as_str)}));
/// }
///
/// #[green]
/// fn say(socket: Socket, event: Event) -> &'static str {
///     socket.to("everybody").emit("said", event.data().clone());
///     "heard"                                     // the acknowledgement
/// }
///
/// #[green]
/// fn serve() -> io::Result<()> {
///     let io = Server::new();
///     io.on_connect(greet).on("say", say);
///     let site = Router::new().mount("/socket.io", io.clone());
///     wsgi::server(eventlet::listen("127.0.0.1:8090")?, site)
/// }
/// # let _ = serve;
/// ```
///
/// A handler reaches the server's clients by [`Socket::namespace`](super::Socket::namespace); one
/// that holds the server itself keeps it from ever being dropped.
#[derive(Clone)]
pub struct Server {
    main: Namespace,
    shared: Rc<Shared>,
}

/// What the server's parts share.
pub(super) struct Shared {
    pub(super) options: Rc<Options>,
    pub(super) sessions: RefCell<HashMap<String, Rc<Session>>>,
    namespaces: RefCell<HashMap<String, Namespace>>,
    numbers: Cell<u64>,
    pub(super) is_closed: Cell<bool>,
    attached: RefCell<Option<Attached>>,
}

impl Server {
    /// A server with the defaults of [`Options`].
    pub fn new() -> Server {
        Server::configured(Options::new())
    }

    /// A server with these limits and habits.
    pub fn configured(options: Options) -> Server {
        let shared = Rc::new(Shared {
            options: Rc::new(options),
            sessions: RefCell::default(),
            namespaces: RefCell::default(),
            numbers: Cell::new(0),
            is_closed: Cell::new(false),
            attached: RefCell::default(),
        });
        let main = Namespace::new("/", Rc::downgrade(&shared));
        shared.namespaces.borrow_mut().insert("/".to_owned(), main.clone());
        Server { main, shared }
    }

    /// The namespace of this name, which is there from then on: clients that ask for another one
    /// are told that it is invalid. Does not suspend.
    ///
    /// # Panics
    ///
    /// If the name does not begin with a slash, or has a comma in it, which ends it in a packet.
    #[track_caller]
    pub fn of(&self, name: &str) -> Namespace {
        assert!(name.starts_with('/') && !name.contains(','), "`{name}` cannot be a namespace");
        let mut namespaces = self.shared.namespaces.borrow_mut();
        let namespace = || Namespace::new(name, Rc::downgrade(&self.shared));
        namespaces.entry(name.to_owned()).or_insert_with(namespace).clone()
    }

    /// How many clients are connected to this server.
    pub fn clients(&self) -> usize {
        self.shared.sessions.borrow().len()
    }

    /// Ends: the clients are told that the server shuts down, as far as they can be, and new ones
    /// get 503. Does not suspend; what handles the ends of clients has threads of its own.
    ///
    /// The end of the [`wsgi`](crate::wsgi) server that a client came through does the same to it.
    pub fn shutdown(&self) {
        self.shared.is_closed.set(true);
        let sessions: Vec<_> = self.shared.sessions.borrow().values().cloned().collect();
        sessions.iter().for_each(|session| session.close(Reason::ServerShutdown));
        let attached = self.shared.attached.borrow_mut().take();
        drop(attached);
    }

    /// Joins other servers: what is sent to rooms here goes to the clients of all of them. Until
    /// the server is shut down or dropped the adapter runs in a green thread of its own, and is
    /// killed then; its error is [reported](crate::greenthread::set_error_hook). A later adapter
    /// takes the place of an earlier one. Does not suspend.
    pub fn adapter(&self, adapter: impl Adapter) {
        let attached = Attached::new(adapter, Rc::downgrade(&self.shared));
        let before = self.shared.attached.borrow_mut().replace(attached);
        drop(before);
    }
}

impl Shared {
    pub(super) fn find(&self, name: &str) -> Option<Namespace> {
        self.namespaces.borrow().get(name).cloned()
    }

    pub(super) fn next_number(&self) -> u64 {
        let number = self.numbers.get();
        self.numbers.set(number + 1);
        number
    }

    /// Tells the other servers, if there are any.
    pub(super) fn publish(&self, notice: impl FnOnce() -> Notice) {
        if let Some(attached) = &*self.attached.borrow() {
            attached.publish(&notice());
        }
    }
}

impl Deref for Server {
    type Target = Namespace;

    fn deref(&self) -> &Namespace {
        &self.main
    }
}

impl Default for Server {
    fn default() -> Server {
        Server::new()
    }
}

impl Application for Server {
    #[green(by_hand = "it captures no more than it says")]
    fn respond(&self, request: Request) -> Green<impl Future<Output = Response> + 'static + use<>> {
        transport::respond(self.shared.clone(), request)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("clients", &self.clients()).finish_non_exhaustive()
    }
}

/// An identifier that nobody can guess: 120 random bits.
pub(super) fn random_id() -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut random = [0; 20];
    getrandom::fill(&mut random).expect("the operating system has random numbers");
    random.iter().map(|byte| char::from(DIGITS[usize::from(byte % 64)])).collect()
}
