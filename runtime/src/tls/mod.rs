//! TLS for green code: eventlet's `green.ssl`, by way of [rustls](https://docs.rs/rustls).
//!
//! A [`TlsConnector`] makes a client's side of a connection, a [`TlsAcceptor`] a server's, and a
//! [`TlsListener`] accepts connections whose handshake happens in their own threads. What they give
//! is a [`TlsStream`], with the reads and writes of every green stream.
//!
//! ```no_run
//! use std::io;
//! use eventlet::green;
//! use eventlet::green::io::{Read, Write};
//! use eventlet::green::net::TcpStream;
//! use eventlet::tls::TlsConnector;
//!
//! #[green]
//! fn main() -> io::Result<()> {
//!     let connector = TlsConnector::new()?; // trusts whom the system trusts
//!     let tcp = TcpStream::connect("example.org:443")?;
//!     let mut stream = connector.connect("example.org", tcp)?;
//!     stream.write_all(b"GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n")?;
//!     let mut answer = Vec::new();
//!     stream.read_to_end(&mut answer)?;
//!     Ok(())
//! }
//! ```
//!
//! A server, whose certificate and key are files as every authority gives them:
//!
//! ```no_run
//! use std::io;
//! use std::net::SocketAddr;
//! use eventlet::green::fs;
//! use eventlet::green::io::{Read, Write};
//! use eventlet::tls::{TlsAcceptor, TlsListener, TlsStream};
//! use eventlet::{green, listen, serve};
//!
//! #[green]
//! fn echo(mut client: TlsStream, _address: SocketAddr) -> io::Result<()> {
//!     let mut buf = [0; 4096];
//!     loop {
//!         let n = client.read(&mut buf)?; // the first one goes through the handshake
//!         if n == 0 {
//!             return Ok(());
//!         }
//!         client.write_all(&buf[..n])?;
//!     }
//! }
//!
//! #[green]
//! fn main() -> io::Result<()> {
//!     let acceptor = TlsAcceptor::new(fs::read("server.pem")?, fs::read("server.key")?)?;
//!     serve(TlsListener::new(listen("0.0.0.0:6443")?, acceptor), echo, 1000)
//! }
//! ```
//!
//! # Limits
//!
//! | what | default | beyond it |
//! |---|---|---|
//! | the handshake, from the first use on ([`handshake_timeout`](TlsAcceptor::handshake_timeout)) | 10 s | `TimedOut`, closed |
//! | what is encrypted and not sent | 64 KiB | writes wait |
//! | what is decrypted and not read | what came in one read, 18 KiB at most | nothing more is read from the peer |
//! | messages of the handshake | 64 KiB | `InvalidData` |
//! | sessions that can be resumed | 256 for each acceptor and each connector | the oldest are forgotten |
//!
//! # Features
//!
//! `tls` is rustls with `ring`, and trusts the certificates of the system. `tls-bundled-roots` adds
//! Mozilla's list, compiled in: [`ConnectorBuilder::bundled_roots`]. `tls-aws-lc-rs` takes
//! `aws-lc-rs` in the place of `ring`; that builds C code for a minute or more.
//!
//! TLS 1.3 and 1.2 are spoken, nothing older. Everything that the builders do not have can be said
//! with rustls' own types, which are [re-exported](rustls): a connector is made of an
//! `Arc<ClientConfig>`, an acceptor of an `Arc<ServerConfig>`.

mod acceptor;
mod connector;
mod failure;
mod identity;
mod listener;
mod session;
mod stream;
mod wrap_ssl;

use std::time::Duration;

use crate::green::net::SplitStream;
use crate::green::polled::{PollRead, PollWrite};

pub use acceptor::{AcceptorBuilder, TlsAcceptor};
pub use connector::{ConnectorBuilder, TlsConnector};
pub use listener::TlsListener;
#[doc(no_inline)]
pub use rustls;
pub use stream::TlsStream;
pub use wrap_ssl::{CertReqs, SslOptions, WrapSsl, wrap_ssl};

/// How long a handshake may take, if nobody says.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// A stream that TLS can go over: a [`TcpStream`](crate::green::net::TcpStream), a Unix stream, or
/// TLS itself, which is how a proxy is reached that speaks TLS, too.
pub trait Transport: PollRead + PollWrite + SplitStream + Unpin + 'static {}

impl<S: PollRead + PollWrite + SplitStream + Unpin + 'static> Transport for S {}
