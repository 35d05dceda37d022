//! Socket.IO: events in both directions with browsers and programs, whatever lies in between
//! (feature `socketio`).
//!
//! ```no_run
//! use std::io;
//! use eventlet::green;
//! use eventlet::socketio::{Event, Reason, Server, Socket, Value};
//! use eventlet::wsgi::{self, Router};
//!
//! #[green]
//! fn connected(socket: Socket, auth: Value) -> Result<(), &'static str> {
//!     let Some(room) = auth.get("room").and_then(Value::as_str) else { return Err("which room?") };
//!     socket.enter_room(room);
//!     Ok(())
//! }
//!
//! #[green]
//! fn said(socket: Socket, event: Event) {
//!     for room in socket.rooms() {
//!         socket.to(&room).emit("said", event.data().clone());
//!     }
//! }
//!
//! #[green]
//! fn disconnected(socket: Socket, reason: Reason) {
//!     println!("{} is gone: {reason}", socket.id());
//! }
//!
//! #[green]
//! fn main() -> io::Result<()> {
//!     let io = Server::new();
//!     io.on_connect(connected).on("say", said).on_disconnect(disconnected);
//!     let site = Router::new().files("/", "public").mount("/socket.io", io);
//!     wsgi::server(eventlet::listen("127.0.0.1:8090")?, site)
//! }
//! ```
//!
//! The protocols are Engine.IO 4 and Socket.IO 5: those of the JavaScript client since version 3,
//! and of `python-socketio` since version 5. A client begins with long polling or with a WebSocket,
//! and moves from the one to the other without a message being lost or coming twice.
//!
//! * A [`Server`] is an application of [`wsgi`](crate::wsgi), and the namespace `/`; others are
//!   made by [`Server::of`]. Clients are let in by [`Namespace::on_connect`] and
//!   [`Namespace::middleware`].
//! * A [`Socket`] is one client in one namespace. It is sent events by [`Socket::emit`], and by
//!   [`Socket::call`] where its acknowledgement is waited for.
//! * Handlers are green functions from a [`Socket`] and an [`Event`] to the acknowledgement: see
//!   [`Namespace::on`]. Each event has a green thread of its own.
//! * Rooms are names: [`Socket::enter_room`], and [`Namespace::to`] for sending.
//! * [`Value`] is JSON with bytes in it: what has bytes goes as a binary event.
//! * Several servers are one with an [`Adapter`]: [`Bus`] between the workers of a process.
//!
//! Sending never suspends. What waits for a client that is slow has a limit, beyond which it is
//! taken to be gone; all limits are in [`Options`].

mod adapter;
mod broadcast;
mod engine;
mod error;
mod namespace;
mod options;
mod packet;
mod server;
mod session;
mod socket;
#[cfg(all(test, not(loom)))]
mod tests;
mod transport;
mod value;

pub use adapter::{Adapter, Bus, Link, MAX_NOTICES};
pub use broadcast::Broadcast;
pub use error::{Admission, CallError, Reason, Refused};
pub use namespace::{Event, Namespace};
pub use options::{
    CONNECT_TIMEOUT, MAX_ATTACHMENTS, MAX_CLIENTS, MAX_HANDLERS, MAX_NAMESPACES, MAX_PAYLOAD, MAX_QUEUE,
    MAX_QUEUED_BYTES, Options, PING_INTERVAL, PING_TIMEOUT, Transport, UPGRADE_TIMEOUT,
};
pub use serde_json::json;
pub use server::Server;
pub use socket::Socket;
pub use value::{Args, IntoArgs, Reply, Value};
