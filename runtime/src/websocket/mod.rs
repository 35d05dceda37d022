//! WebSockets, of either end: eventlet's `websocket`, and a client (feature `websocket`).
//!
//! ```
//! use std::cell::RefCell;
//! use std::rc::Rc;
//! use eventlet::green;
//! use eventlet::http::Request;
//! use eventlet::websocket::{self, Message, WebSocket};
//!
//! type Room = Rc<RefCell<Vec<WebSocket>>>;
//!
//! #[green]
//! fn chat(ws: WebSocket, room: Room) -> websocket::Result<()> {
//!     room.borrow_mut().push(ws.clone()); // a handle
//!     while let Some(message) = ws.recv()? {
//!         let everybody = room.borrow().clone(); // no borrow while suspended
//!         for other in everybody {
//!             let _ = other.send(&message);
//!         }
//!     }
//!     room.borrow_mut().retain(|other| *other != ws);
//!     Ok(())
//! }
//!
//! // The application that serves it: `wsgi::server(listen("127.0.0.1:8090")?, app(room))`.
//! fn app(room: Room) -> impl eventlet::wsgi::Application {
//!     move |request: Request| {
//!         let room = room.clone();
//!         let response = websocket::accept(&request, move |ws| chat(ws, room));
//!         async { response }
//!     }
//! }
//! # let _ = app(Room::default());
//! ```
//!
//! A [`WebSocket`] is a handle, and clones are handles on the same connection: one green thread
//! waits for messages, and any may send. What a connection may do and take is in [`Options`], which
//! lists the limits and their defaults.
//!
//! * **A server's** WebSockets are made of requests: by [`accept`] in any application of
//!   [`wsgi`](crate::wsgi), by an [`Acceptor`] that knows sub-protocols and origins, or all of them
//!   by [`WebSocketWsgi`].
//! * **A client's** are made by [`connect`](fn@connect), or by a [`Client`] that has headers and
//!   sub-protocols to offer.
//! * **permessage-deflate** is used where both ends have it; [`Deflate`] says how.
//! * **The protocol** is RFC 6455 with all that it asks for: what is wrong is told with its close
//!   code as soon as the first byte shows it, be it in the middle of a message.
//!
//! The heads of frames are taken apart by the crate `tungstenite`, and zlib is the crate `flate2`.

mod client;
mod decode;
mod deflate;
mod encode;
mod error;
mod handshake;
mod mask;
mod message;
mod options;
mod receiving;
mod server;
mod socket;
#[cfg(all(test, not(loom)))]
mod tests;

pub use client::{CONNECT_TIMEOUT, Client, connect};
pub use deflate::Deflate;
pub use error::{Error, Result};
#[cfg(feature = "socketio")]
pub(crate) use handshake::is_same_origin;
pub use message::{CloseCode, CloseFrame, Message};
pub use options::{CLOSE_TIMEOUT, MAX_MESSAGE, Options, PING_INTERVAL, PING_TIMEOUT, SEND_TIMEOUT};
pub use server::{Acceptor, Outcome, WebSocketWsgi, accept};
pub use socket::WebSocket;
