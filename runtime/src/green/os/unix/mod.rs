//! std's `os::unix`, with green sockets.
