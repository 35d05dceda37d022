//! What can go wrong with accepting, and what to do about it.

use std::io;
use std::time::Duration;

use crate::green;
use crate::greenthread::sleep;

/// Why a connection could not be accepted.
pub(super) enum Trouble {
    /// It concerns that connection alone.
    Connection,
    /// There is not enough of something; later there may be.
    Resources,
    /// The listener is of no use any more.
    Listener(io::Error),
}

impl Trouble {
    pub(super) fn of(error: io::Error) -> Self {
        use io::ErrorKind::{
            ConnectionAborted, ConnectionReset, HostUnreachable, NetworkDown, NetworkUnreachable,
        };

        #[cfg(unix)]
        let scarce = {
            use rustix::io::Errno;
            [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM].map(Errno::raw_os_error)
        };
        // WSAEMFILE, WSAENOBUFS.
        #[cfg(windows)]
        let scarce = [10024, 10055];
        if crate::failed::raw_os_error(&error).is_some_and(|code| scarce.contains(&code)) {
            return Trouble::Resources;
        }
        match error.kind() {
            // The network's troubles of a connection come out of accepting it.
            ConnectionAborted | ConnectionReset | HostUnreachable | NetworkDown | NetworkUnreachable => {
                Trouble::Connection
            }
            _ => Trouble::Listener(error),
        }
    }
}

/// Pauses that grow.
pub(super) struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Backoff(Duration::from_millis(10))
    }
}

impl Backoff {
    #[green(crate = crate)]
    pub(super) fn pause(&mut self) {
        sleep(self.0);
        self.0 = (2 * self.0).min(Duration::from_secs(1));
    }
}
