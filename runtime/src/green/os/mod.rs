//! std's `os`, with green sockets.

#[cfg(unix)]
pub mod unix;
