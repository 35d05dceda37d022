//! The green libraries: std's blocking modules, with calls that suspend the green thread instead of
//! blocking the OS thread.
//!
//! The names, arguments and errors are std's, so that `use std::net::TcpStream` becomes
//! `use eventlet::green::net::TcpStream` and the rest of a `#[green]` body stays as it is.
//! eventlet's `eventlet.green`.

#[macro_use]
mod own_next;
#[macro_use]
mod socket_macros;

mod accept;
pub mod fs;
#[macro_use]
pub mod io;
pub mod net;
pub mod os;
pub mod polled;
#[cfg(unix)]
pub mod process;
mod socket;
#[cfg(feature = "tls")]
pub mod ssl;
pub mod std;
pub mod sync;
pub mod thread;
pub mod time;
