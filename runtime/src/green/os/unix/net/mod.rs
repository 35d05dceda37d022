//! Unix sockets: std's `os::unix::net` with calls that suspend.
//!
//! The rules are those of [`green::net`](crate::green::net).

mod datagram;
mod listener;
pub(in crate::green) mod pauses;
mod stream;

pub use std::os::unix::net::SocketAddr;

pub use datagram::UnixDatagram;
pub use listener::{Incoming, UnixListener};
pub(in crate::green) use pauses::Pauses;
pub use stream::UnixStream;
