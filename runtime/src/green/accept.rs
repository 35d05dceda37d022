//! Accepting a connection that does not block: one system call, where the operating system can.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::{self as unix, UnixListener, UnixStream};

use crate::hub::sources::Done;

/// The next TCP connection, and its peer's address.
pub(super) fn tcp(listener: &TcpListener) -> io::Result<Done<(TcpStream, SocketAddr)>> {
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    {
        let (connection, address) = accept4(listener)?;
        // A peer that is gone already may have no address any more.
        let address = address.ok_or(io::ErrorKind::ConnectionAborted)?;
        Ok(Done::new((connection.into(), address.try_into()?)))
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    {
        let (connection, address) = listener.accept()?;
        connection.set_nonblocking(true)?;
        Ok(Done::new((connection, address)))
    }
}

/// The next Unix connection, and its peer's address.
#[cfg(unix)]
pub(super) fn unix(listener: &UnixListener) -> io::Result<Done<(UnixStream, unix::SocketAddr)>> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let (connection, address) = accept4(listener)?;
        let connection = UnixStream::from(connection);
        // Hardly any peer has a name. One that has is asked for it, since no more than its length
        // is sure here.
        let has_name = address.is_some_and(|address| address.addr_len() as usize > size_of::<u16>());
        let address = match has_name.then(|| connection.peer_addr()) {
            Some(Ok(address)) => address,
            // It has none, or is gone already.
            _ => unix::SocketAddr::from_pathname("")?,
        };
        Ok(Done::new((connection, address)))
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let (connection, address) = listener.accept()?;
        connection.set_nonblocking(true)?;
        Ok(Done::new((connection, address)))
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn accept4(
    listener: impl std::os::fd::AsFd,
) -> io::Result<(std::os::fd::OwnedFd, Option<rustix::net::SocketAddrAny>)> {
    use rustix::net::SocketFlags;

    Ok(rustix::net::acceptfrom_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?)
}
