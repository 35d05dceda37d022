//! std's `os::unix`, with green sockets.

pub mod net;
