//! A web server for plain green code: eventlet's `wsgi`.
//!
//! ```no_run
//! use std::io;
//! use std::time::Duration;
//! use eventlet::http::{self, IntoResponse, Out, Request, Response, StatusCode};
//! use eventlet::{green, sleep, wsgi};
//!
//! #[green]
//! fn app(request: Request) -> Response {
//!     match request.uri().path() {
//!         "/" => "Hello, World!\n".into_response(),
//!         "/count" => http::stream(count),
//!         _ => (StatusCode::NOT_FOUND, "Not Found\n").into_response(),
//!     }
//! }
//!
//! #[green]
//! fn count(out: Out) -> io::Result<()> {
//!     for n in 0..5 {
//!         out.write(format!("{n}\n"))?;
//!         sleep(Duration::from_secs(1));
//!     }
//!     Ok(())
//! }
//!
//! #[green]
//! fn main() -> io::Result<()> {
//!     wsgi::server(eventlet::listen("127.0.0.1:8090")?, app)
//! }
//! ```
//!
//! An *application* is a green function from a [`Request`](crate::http::Request) to anything that
//! is [`IntoResponse`](crate::http::IntoResponse). Each request is handled in a green thread of its
//! own: it may sleep, read from databases and call other servers, while the others are served. One
//! that does not wait costs no switch. A [`Router`] is such an application made of several.
//!
//! * A panic in a handler is a 500 and a line in the log; it harms nobody else.
//! * When the client leaves, the handler is killed where it waits;
//!   [`catch_exit`](crate::greenthread::catch_exit) hears of it. A client that only ends its
//!   sending looks the same at first, and has [some time](Server::half_close_timeout) to get its
//!   answer.
//! * What the handler leaves of a request's body is never taken for the next request.
//! * Requests of one connection are answered in order, pipelined or not.
//!
//! The protocol is hyper's: HTTP/1.1, and HTTP/2 for clients that begin with it.
//!
//! Over TLS (feature `tls`) the listener is a `TlsListener`:
//! `wsgi::server(TlsListener::new(listen("0.0.0.0:443")?, acceptor), app)`. Both versions are
//! offered by ALPN then, and a handler's [`Peer::is_encrypted`] is true.
//!
//! One OS thread serves. [`workers`] are several, each with a hub of its own.
//!
//! # Limits
//!
//! All are on unless said otherwise, and each is a method of [`Server`].
//!
//! | what | default | beyond it |
//! |---|---|---|
//! | connections at once ([`max_size`](Server::max_size)) | 1024 | they wait in the operating system's queue |
//! | time for a request's head ([`head_timeout`](Server::head_timeout)) | 30 s | closed |
//! | a connection without a request, whatever it pings ([`keepalive_timeout`](Server::keepalive_timeout)) | 75 s | closed |
//! | a wait for a piece of a body ([`body_timeout`](Server::body_timeout)) | 30 s | the handler's read fails with `TimedOut`; handed on with `?`, 408 |
//! | length of the URL ([`url_length_limit`](Server::url_length_limit)) | 8192 bytes | 414 |
//! | headers of a request | 100 ([`max_headers`](Server::max_headers)), 64 KiB ([`max_head`](Server::max_head)) | 431 |
//! | body ([`max_body`](Server::max_body)) | 16 MiB | 413, or the handler's read fails with `FileTooLarge` |
//! | a form with files ([`Multipart`]) | parts, headers, fields and files have limits of their own | the handler's read fails with `FileTooLarge`; handed on with `?`, 413 |
//! | requests of one connection ([`max_requests`](Server::max_requests)) | none | the last answer says `Connection: close`; HTTP/2 is told to go away |
//! | requests at once on a connection of HTTP/2 ([`http2_streams`](Server::http2_streams)) | 256 | the client waits |
//! | what has come over HTTP/2 and was not read ([`http2_window`](Server::http2_window)) | 1 MiB of each body, 256 MiB of a connection | the client waits |
//! | a body that nobody reads, when its request has been answered | what comes in 2 s, with HTTP/2 at most 1 MiB | closed; with HTTP/2 its stream is reset |
//! | a peer that does not read its answer | the keep-alive limit without progress | closed |
//! | a client that has ended its sending ([`half_close_timeout`](Server::half_close_timeout)) | 10 s without a piece of its answer | closed |
//!
//! No limit on reading cuts off a handler that takes its time, nor a stream that does.
//!
//! # What is refused
//!
//! A request that two readers could understand in two ways is answered with an error, and its
//! connection is closed:
//!
//! * both `Content-Length` and `Transfer-Encoding`, or lengths that differ or are no numbers (400);
//! * a line that ends in a bare line feed (400), and whatever hyper's parser refuses (400, 431);
//! * a transfer coding other than `chunked` (501);
//! * no `Host` in HTTP/1.1, several, or one that is none (400). A target that names its host goes
//!   before the header;
//! * a target that is neither a path nor a URL of HTTP, but for `OPTIONS *` (400); `CONNECT` (501);
//! * an expectation other than `100-continue` (417).
//!
//! Headers whose name has an underscore are dropped, as eventlet does, since they could pass for
//! others behind a gateway.
//!
//! What an application says of its answer's framing is looked at, too: a `Content-Length` that is
//! not its body's is a 500 and a line in the log, `Transfer-Encoding` is the server's own to say,
//! and a stream that is longer or shorter than its `Content-Length` is cut off with its connection.

mod check;
mod connection;
mod frames;
mod framing;
mod io;
mod log;
mod multipart;
mod request;
mod router;
mod server;
mod shutdown;
mod statics;
#[cfg(feature = "tower")]
mod tower;
mod workers;
mod upgrade;

pub use multipart::{Multipart, Part};
#[cfg(feature = "socketio")]
pub(crate) use request::closing;
pub use request::{Params, Peer, RequestExt, form};
pub use router::Router;
pub use server::{Application, Server, Transport, server};
pub use shutdown::Handle;
pub use statics::StaticFiles;
#[cfg(feature = "tower")]
pub use tower::{SendBody, Tower, tower};
#[cfg(feature = "websocket")]
pub(crate) use upgrade::has_token;
pub use upgrade::upgrade;
pub use workers::workers;
