//! A notifier made of a pair of sockets, for pollers without one of their own.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use super::Notify;

/// The end that a poller watches, and the end that other threads write to.
pub(crate) struct Pair {
    watched: UnixStream,
    told: Arc<Told>,
}

struct Told(UnixStream);

impl Pair {
    pub(crate) fn new() -> io::Result<Self> {
        let (watched, told) = UnixStream::pair()?;
        watched.set_nonblocking(true)?;
        told.set_nonblocking(true)?;
        Ok(Pair { watched, told: Arc::new(Told(told)) })
    }

    pub(crate) fn watched(&self) -> BorrowedFd<'_> {
        self.watched.as_fd()
    }

    /// Makes the watched end unreadable again.
    pub(crate) fn clear(&self) {
        let mut bytes = [0; 64];
        while matches!((&self.watched).read(&mut bytes), Ok(count) if count == bytes.len()) {}
    }

    pub(crate) fn notifier(&self) -> Arc<dyn Notify> {
        self.told.clone()
    }
}

impl Notify for Told {
    fn notify(&self) {
        // A full buffer has been noticed or will be.
        let _ = (&self.0).write(&[1]);
    }
}
