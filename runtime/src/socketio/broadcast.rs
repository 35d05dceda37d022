//! Several clients that are sent the same.

use std::fmt;
use std::rc::Rc;

use super::adapter::Notice;
use super::namespace::Namespace;
use super::packet;
use super::socket::{Socket, assert_free};
use super::value::IntoArgs;

/// Some of a namespace's clients, to be sent something: what [`Namespace::to`] and its kind make.
///
/// ```
/// use eventlet::socketio::{Server, json};
///
/// let io = Server::new();
/// io.to("kitchen").to("garden").except("cats").emit("dinner", json!({"at": "eight"}));
/// ```
#[derive(Clone)]
#[must_use = "nothing is sent before `emit` says what"]
pub struct Broadcast {
    namespace: Namespace,
    rooms: Vec<Rc<str>>,
    except: Vec<Rc<str>>,
    is_volatile: bool,
    is_local: bool,
}

impl Broadcast {
    pub(super) fn new(namespace: Namespace) -> Broadcast {
        Broadcast { namespace, rooms: vec![], except: vec![], is_volatile: false, is_local: false }
    }

    /// Those in this room as well, or the client with this id. Whoever is in several rooms is sent
    /// it once.
    pub fn to(mut self, room: &str) -> Broadcast {
        self.rooms.push(room.into());
        self
    }

    /// But for those in this room, or the client with this id: Python's `skip_sid`.
    pub fn except(mut self, room: &str) -> Broadcast {
        self.except.push(room.into());
        self
    }

    /// What may be lost: a client to which it cannot go at once, because something else waits or
    /// because it polls and has no request open, is not sent it. On other servers it is sent like
    /// everything else.
    pub fn volatile(mut self) -> Broadcast {
        self.is_volatile = true;
        self
    }

    /// Only those that are connected to this server.
    pub fn local(mut self) -> Broadcast {
        self.is_local = true;
        self
    }

    /// Sends them an event. Does not suspend.
    ///
    /// # Panics
    ///
    /// As [`Socket::emit`].
    #[track_caller]
    pub fn emit(&self, event: &str, args: impl IntoArgs) {
        assert_free(event);
        let args = args.into_args();
        let sockets = self.sockets();
        if !sockets.is_empty() {
            let frames = packet::event(self.namespace.name(), event, &args, None);
            sockets.iter().for_each(|socket| socket.send(&frames, self.is_volatile));
        }
        if !self.is_local {
            let (rooms, except) = (&self.rooms, &self.except);
            self.namespace.publish(|| Notice::emit(self.namespace.name(), event, args, rooms, except));
        }
    }

    /// Those of them that are connected to this server, in the order in which they came.
    pub fn sockets(&self) -> Vec<Socket> {
        self.namespace.chosen(&self.rooms, &self.except)
    }
}

impl fmt::Debug for Broadcast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcast")
            .field("namespace", &self.namespace.name())
            .field("rooms", &self.rooms)
            .field("except", &self.except)
            .finish_non_exhaustive()
    }
}
