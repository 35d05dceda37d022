//! What can go wrong with accepting, and what to do about it.

use std::io;
use std::time::Duration;

use crate::green;
use crate::green::io::raw_os_error;
use crate::greenthread::sleep;

/// Why a connection could not be accepted.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It concerns that connection alone.
    Connection,
    /// There is not enough of something; later there may be.
    Resources,
    /// The listener is of no use any more.
    Listener(io::Error),
}

/// There are too many descriptors, watches, or too little memory.
#[cfg(unix)]
const SCARCE: [rustix::io::Errno; 5] = {
    use rustix::io::Errno;
    [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::NOSPC]
};
/// WSAEMFILE, WSAENOBUFS.
#[cfg(windows)]
const SCARCE: [i32; 2] = [10024, 10055];

/// What comes out of accepting and is about the connection that would have come: Linux passes on
/// what the network has to say of it, and accept(2) asks to take that as if there were none. The
/// firewall forbids one with EPERM.
#[cfg(unix)]
const OF_A_CONNECTION: &[rustix::io::Errno] = {
    use rustix::io::Errno;
    &[
        Errno::CONNABORTED,
        Errno::CONNRESET,
        Errno::NETDOWN,
        Errno::NETUNREACH,
        Errno::HOSTUNREACH,
        Errno::HOSTDOWN,
        Errno::PROTO,
        Errno::NOPROTOOPT,
        Errno::OPNOTSUPP,
        Errno::TIMEDOUT,
        Errno::PERM,
        #[cfg(target_os = "linux")]
        Errno::NONET,
        #[cfg(target_os = "linux")]
        Errno::NOSR,
    ]
};
/// WSAECONNABORTED, WSAECONNRESET, WSAENETDOWN, WSAENETUNREACH, WSAEHOSTUNREACH.
#[cfg(windows)]
const OF_A_CONNECTION: &[i32] = &[10053, 10054, 10050, 10051, 10065];

impl Trouble {
    pub(super) fn of(error: io::Error) -> Self {
        #[cfg(unix)]
        let is_one_of =
            |codes: &[rustix::io::Errno], code| codes.iter().any(|one| one.raw_os_error() == code);
        #[cfg(windows)]
        let is_one_of = |codes: &[i32], code| codes.contains(&code);
        match raw_os_error(&error) {
            Some(code) if is_one_of(&SCARCE, code) => Trouble::Resources,
            Some(code) if is_one_of(OF_A_CONNECTION, code) => Trouble::Connection,
            _ if is_of_a_connection(error.kind()) => Trouble::Connection,
            _ => Trouble::Listener(error),
        }
    }
}

/// The same for errors that have a kind and no code.
fn is_of_a_connection(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionReset, HostUnreachable, NetworkDown, NetworkUnreachable,
    };

    matches!(kind, ConnectionAborted | ConnectionReset | HostUnreachable | NetworkDown | NetworkUnreachable)
}

/// Pauses that grow.
pub(super) struct Backoff {
    next: Duration,
    /// Connections that were given up, one after another.
    given_up: u32,
}

/// How many connections in a row may be given up before it is taken for something that lasts.
const PATIENCE: u32 = 16;

impl Default for Backoff {
    fn default() -> Self {
        Backoff { next: Duration::from_millis(10), given_up: 0 }
    }
}

impl Backoff {
    #[green(crate = crate)]
    pub(super) fn pause(&mut self) {
        sleep(self.next);
        self.next = (2 * self.next).min(Duration::from_secs(1));
    }

    /// After a connection that was given up. The next one may be there, so this only yields; if
    /// that goes on and on, it is no flood of connections, and this pauses.
    #[green(crate = crate)]
    pub(super) fn pass_over(&mut self) {
        self.given_up = self.given_up.saturating_add(1);
        if self.given_up < PATIENCE {
            sleep(Duration::ZERO);
        } else {
            self.pause();
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io;

    use rustix::io::Errno;

    use super::Trouble;

    fn trouble(errno: Errno) -> Trouble {
        Trouble::of(io::Error::from_raw_os_error(errno.raw_os_error()))
    }

    #[test]
    fn what_is_scarce_may_be_there_later() {
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::NOSPC] {
            assert!(matches!(trouble(errno), Trouble::Resources), "{errno:?}");
        }
    }

    #[test]
    fn what_the_network_says_of_a_connection_is_about_that_connection() {
        for errno in super::OF_A_CONNECTION {
            assert!(matches!(trouble(*errno), Trouble::Connection), "{errno:?}");
        }
    }

    #[test]
    fn a_listener_that_is_none_is_of_no_use() {
        for errno in [Errno::BADF, Errno::INVAL, Errno::NOTSOCK, Errno::FAULT] {
            assert!(matches!(trouble(errno), Trouble::Listener(_)), "{errno:?}");
        }
        assert!(matches!(Trouble::of(io::ErrorKind::NotConnected.into()), Trouble::Listener(_)));
    }

    #[test]
    fn an_error_that_names_the_operation_is_known_by_what_is_inside() {
        let inner = io::Error::from_raw_os_error(Errno::NOSPC.raw_os_error());
        assert!(matches!(Trouble::of(io::Error::other(inner)), Trouble::Resources));
    }
}
