//! Connecting without blocking.

use std::io;
use std::time::Duration;

use socket2::{Domain, SockAddr, SockRef, Type};

use crate::green;
use crate::green::socket::Socket;
use crate::hub::failed::{cannot, cannot_now};
use crate::hub::poller::AsSource;
use crate::hub::sources::{Connects, Direction, Done};

/// A new socket that does not block.
///
/// # Errors
///
/// Whatever the operating system says: too many descriptors.
pub(crate) fn new_socket(domain: Domain, kind: Type) -> io::Result<socket2::Socket> {
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    return socket2::Socket::new(domain, kind.nonblocking(), None);
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    {
        let socket = socket2::Socket::new(domain, kind, None)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }
}

/// Connects a stream socket that does not block to `address`, from the address `local` if that
/// matters. Suspends until it is connected, at most for `limit`.
///
/// `ResourceBusy` says that a Unix listener's queue is full, or that there is no port left to
/// connect from.
///
/// # Cancel safety
///
/// A kill or timeout here closes the socket.
#[green(crate = crate)]
pub(in crate::green) fn connect_socket<S>(
    address: &SockAddr,
    local: Option<&SockAddr>,
    limit: Option<Duration>,
) -> io::Result<Socket<S>>
where
    S: AsSource + From<socket2::Socket>,
    for<'a> SockRef<'a>: From<&'a S>,
{
    let socket = new_socket(address.domain(), Type::STREAM)?;
    if let Some(local) = local {
        socket.bind(local).map_err(cannot(|| "take the local address"))?;
    }
    let socket: Socket<S> = Socket::new(S::from(socket));
    let mut has_begun = false;
    socket.set_limit(Direction::Write, limit);
    socket.when_ready(Connects, |io| {
        let io = SockRef::from(io);
        if !has_begun {
            has_begun = true;
            return begin(&io, address);
        }
        match io.take_error()? {
            Some(error) => Err(error),
            None => io.peer_addr().map(|_| Done::new(())).map_err(still_connecting),
        }
    })?;
    socket.set_limit(Direction::Write, None);
    Ok(socket)
}

fn begin(socket: &SockRef<'_>, address: &SockAddr) -> io::Result<Done<()>> {
    match socket.connect(address) {
        // A connection that has begun is finished in the background, a signal notwithstanding.
        Err(error) if is_in_progress(&error) => Err(io::ErrorKind::WouldBlock.into()),
        // The queue of a Unix listener is full, or there is no port left: nothing has begun, and no
        // event will come.
        Err(error) if cfg!(unix) && error.kind() == io::ErrorKind::WouldBlock => {
            Err(io::Error::new(io::ErrorKind::ResourceBusy, cannot_now(|| "connect")(error)))
        }
        result => result.map(Done::new),
    }
}

fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(unix)]
    let codes = [rustix::io::Errno::INPROGRESS, rustix::io::Errno::INTR].map(|code| code.raw_os_error());
    // WSAEWOULDBLOCK.
    #[cfg(windows)]
    let codes = [10035];
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

fn still_connecting(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::NotConnected { io::ErrorKind::WouldBlock.into() } else { error }
}
