//! Listening, connecting and serving in a line each: eventlet's `convenience`.

mod accept_error;
mod listen;
mod serve;
mod server;
mod stop;

use std::io;
use std::net::SocketAddr;

use crate::green;
use crate::green::net::{TcpStream, ToSocketAddrs};

pub use listen::{ListenOptions, listen};
pub use serve::{Listener, serve};
pub use server::{Server, Stopped};
pub use stop::{Handled, StopServe};

#[cfg(feature = "tls")]
pub use crate::tls::wrap_ssl;

/// Connects to `address`; if that is several, to the first that accepts. Suspends until then.
///
/// [`TcpStream::connect`] under eventlet's name.
///
/// # Cancel safety
///
/// A kill or timeout closes what was begun.
///
/// # Errors
///
/// As [`TcpStream::connect`].
#[green(crate = crate)]
pub fn connect<A: ToSocketAddrs>(address: A) -> io::Result<TcpStream> {
    TcpStream::connect(address)
}

/// Connects to `address` from the local address `local`, whose port 0 is any free one. Suspends
/// until then.
///
/// eventlet's `connect(…, bind=…)`.
///
/// # Cancel safety
///
/// A kill or timeout closes what was begun.
///
/// # Errors
///
/// As [`connect`], and those of taking the local address: `AddrInUse`, `AddrNotAvailable`.
#[green(crate = crate)]
pub fn connect_from<A: ToSocketAddrs>(local: SocketAddr, address: A) -> io::Result<TcpStream> {
    TcpStream::connect_from(local, address)
}
