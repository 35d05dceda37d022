//! Unix datagrams.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

use super::patience::Patience;
use crate::green;
use crate::green::socket::Socket;
use crate::hub::sources::{Direction, Done};
use crate::timeout::with_timeout;

/// A Unix datagram socket: std's `UnixDatagram`.
pub struct UnixDatagram {
    socket: Socket<net::UnixDatagram>,
}

impl UnixDatagram {
    /// Takes the name `path`, which must not exist. Does not suspend.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: `AddrInUse`.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixDatagram> {
        Self::from_std(net::UnixDatagram::bind(path)?)
    }

    /// A socket without a name.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: too many descriptors.
    pub fn unbound() -> io::Result<UnixDatagram> {
        Self::from_std(net::UnixDatagram::unbound()?)
    }

    /// Two sockets, each the other's peer.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: too many descriptors.
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = net::UnixDatagram::pair()?;
        Ok((Self::from_std(one)?, Self::from_std(other)?))
    }

    /// Fixes the peer for [`send`](Self::send) and [`recv`](Self::recv). Does not suspend.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: `NotFound`.
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.socket.io().connect(path)
    }

    /// Sends a datagram to the socket at `path`. Suspends while there is no room for it.
    ///
    /// The operating system does not say when the receiver's queue has room again, so this looks for itself: after
    /// 1 ms, then after twice as long each time, up to 100 ms. A [connected](Self::connect) socket is told.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: `NotFound`, `ConnectionRefused`; `TimedOut` after a
    /// [`set_write_timeout`](Self::set_write_timeout).
    #[green(crate = crate)]
    pub fn send_to<P: AsRef<Path>>(&self, buf: &[u8], path: P) -> io::Result<usize> {
        let path = path.as_ref();
        match self.socket.timeout(Direction::Write) {
            Some(limit) => with_timeout(limit, || self.send_when_taken(buf, path))?,
            None => self.send_when_taken(buf, path),
        }
    }

    #[green(crate = crate)]
    fn send_when_taken(&self, buf: &[u8], path: &Path) -> io::Result<usize> {
        let mut patience = Patience::default();
        loop {
            match self.socket.at_once(|io| io.send_to(buf, path).map(Done::new)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !self.socket.is_nonblocking() => {
                    patience.pause();
                }
                result => return result,
            }
        }
    }

    /// Receives a datagram, and says how long it is and who sent it. Suspends until there is one.
    ///
    /// What is longer than `buf` is cut off. A kill or timeout loses nothing.
    ///
    /// # Errors
    ///
    /// What the operating system says; `TimedOut` after a [`set_read_timeout`](Self::set_read_timeout).
    #[green(crate = crate)]
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.when_ready(Direction::Read, |io| io.recv_from(buf).map(Done::new))
    }

    /// Sends a datagram to the connected peer. Suspends while there is no room for it.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    #[green(crate = crate)]
    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.socket.when_ready(Direction::Write, |io| io.send(buf).map(Done::new))
    }

    /// Receives a datagram from the connected peer. Suspends until there is one.
    ///
    /// # Errors
    ///
    /// As [`recv_from`](Self::recv_from).
    #[green(crate = crate)]
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.when_ready(Direction::Read, |io| io.recv(buf).map(Done::new))
    }

    /// Ends a direction, or both. Does not suspend.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.io().shutdown(how)
    }

    /// Ends every wait for the socket with an error (`NotConnected`), now and later, for all handles. Does not suspend.
    pub fn close(&self) {
        self.socket.close();
    }

    /// The connected peer's address.
    ///
    /// # Errors
    ///
    /// `NotConnected`.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().peer_addr()
    }

    /// The address of this end.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().local_addr()
    }
}

socket_handles!(UnixDatagram, net::UnixDatagram);
socket_timeouts!(UnixDatagram);
