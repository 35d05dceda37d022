//! std's `os::unix`, with green sockets.

pub mod fs;
pub mod net;
