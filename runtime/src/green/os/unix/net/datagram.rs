//! Unix datagrams.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

use super::pauses::Pauses;
use crate::green;
use crate::green::socket::Socket;
use crate::hub::failed::cannot;
use crate::hub::sources::{Direction, Done, Receives, Sends};
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
        let path = path.as_ref();
        let bound = net::UnixDatagram::bind(path);
        Self::from_own(bound.map_err(cannot(|| format!("take the name {path:?}")))?)
    }

    /// Takes the name `address`. Does not suspend.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind).
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixDatagram> {
        let bound = net::UnixDatagram::bind_addr(address);
        Self::from_own(bound.map_err(cannot(|| format!("take the name {address:?}")))?)
    }

    /// A socket without a name.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: too many descriptors.
    pub fn unbound() -> io::Result<UnixDatagram> {
        Self::from_own(net::UnixDatagram::unbound().map_err(cannot(|| "make a socket"))?)
    }

    /// Two sockets, each the other's peer.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: too many descriptors.
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = net::UnixDatagram::pair().map_err(cannot(|| "make a pair of sockets"))?;
        Ok((Self::from_own(one)?, Self::from_own(other)?))
    }

    /// Fixes the peer for [`send`](Self::send) and [`recv`](Self::recv). Does not suspend.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: `NotFound`.
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        let path = path.as_ref();
        self.socket.io().connect(path).map_err(cannot(|| format!("connect to {path:?}")))
    }

    /// Fixes the peer, as [`connect`](Self::connect) does.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub fn connect_addr(&self, address: &SocketAddr) -> io::Result<()> {
        self.socket.io().connect_addr(address).map_err(cannot(|| format!("connect to {address:?}")))
    }

    /// Sends a datagram to the socket at `path`. Suspends while there is no room for it.
    ///
    /// The operating system does not say when the receiver's queue has room again, so this looks
    /// for itself: after 1 ms, then after twice as long each time, up to 100 ms. A
    /// [connected](Self::connect) socket is told.
    ///
    /// # Cancel safety
    ///
    /// A datagram whose sending a kill or timeout ends was not sent.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: `NotFound`, `ConnectionRefused`; `TimedOut` after a
    /// [`set_write_timeout`](Self::set_write_timeout).
    #[green(crate = crate)]
    pub fn send_to<P: AsRef<Path>>(&self, buf: &[u8], path: P) -> io::Result<usize> {
        let path = path.as_ref();
        self.send_when_taken(|io| io.send_to(buf, path))
    }

    /// Sends a datagram to the socket at `address`, as [`send_to`](Self::send_to) does.
    ///
    /// # Cancel safety
    ///
    /// A datagram whose sending a kill or timeout ends was not sent.
    ///
    /// # Errors
    ///
    /// As [`send_to`](Self::send_to).
    #[green(crate = crate)]
    pub fn send_to_addr(&self, buf: &[u8], address: &SocketAddr) -> io::Result<usize> {
        self.send_when_taken(|io| io.send_to_addr(buf, address))
    }

    #[green(crate = crate)]
    fn send_when_taken<F>(&self, send: F) -> io::Result<usize>
    where
        F: FnMut(&net::UnixDatagram) -> io::Result<usize>,
    {
        match self.socket.timeout(Direction::Write) {
            Some(limit) => with_timeout(limit, || self.keep_sending(send))?,
            None => self.keep_sending(send),
        }
    }

    #[green(crate = crate)]
    fn keep_sending<F>(&self, mut send: F) -> io::Result<usize>
    where
        F: FnMut(&net::UnixDatagram) -> io::Result<usize>,
    {
        let mut pauses = Pauses::default();
        loop {
            match self.socket.at_once(Sends, |io| send(io).map(Done::new)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !self.socket.is_nonblocking() => {
                    pauses.pause();
                }
                result => return result,
            }
        }
    }

    /// Receives a datagram, and says how long it is and who sent it. Suspends until there is one.
    ///
    /// What is longer than `buf` is cut off. After a [`shutdown`](Self::shutdown) of this
    /// direction, when all that had come is taken, it is 0 bytes from nobody.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing.
    ///
    /// # Errors
    ///
    /// What the operating system says; `TimedOut` after a
    /// [`set_read_timeout`](Self::set_read_timeout).
    #[green(crate = crate)]
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.when_ready(Receives, |io| match io.recv_from(buf) {
            Err(error) if is_over(&error, io) => Ok(Done::new((0, SocketAddr::from_pathname("")?))),
            result => result.map(Done::new),
        })
    }

    /// Sends a datagram to the connected peer. Suspends while there is no room for it.
    ///
    /// # Cancel safety
    ///
    /// A datagram whose sending a kill or timeout ends was not sent.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    #[green(crate = crate)]
    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.socket.when_ready(Sends, |io| io.send(buf).map(Done::new))
    }

    /// Receives a datagram from the connected peer. Suspends until there is one; 0 bytes as
    /// [`recv_from`](Self::recv_from).
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing.
    ///
    /// # Errors
    ///
    /// As [`recv_from`](Self::recv_from).
    #[green(crate = crate)]
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.when_ready(Receives, |io| match io.recv(buf) {
            Err(error) if is_over(&error, io) => Ok(Done::new(0)),
            result => result.map(Done::new),
        })
    }

    /// Ends a direction, or both. Does not suspend. Whoever waits in that direction is woken.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.io().shutdown(how).map_err(cannot(|| "shut the socket down"))
    }

    /// Ends every wait for the socket with an error (`NotConnected`), now and later, for all
    /// handles. Does not suspend.
    pub fn close(&self) {
        self.socket.close();
    }

    /// The connected peer's address.
    ///
    /// # Errors
    ///
    /// `NotConnected`.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().peer_addr().map_err(cannot(|| "ask for the peer's address"))
    }

    /// The address of this end.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().local_addr().map_err(cannot(|| "ask for the socket's address"))
    }
}

socket_handles!(UnixDatagram, net::UnixDatagram, counts_say_nothing, talks);
socket_buffers!(UnixDatagram);
socket_timeouts!(UnixDatagram);

/// Nothing was there to receive: because this end was shut down? A blocking call gives 0 bytes
/// then; one that does not block is told the same as when something may still come, so that the
/// socket's state is asked for.
fn is_over(error: &io::Error, socket: &net::UnixDatagram) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    #[cfg(any(target_os = "linux", target_os = "android"))]
    const OVER: PollFlags = PollFlags::RDHUP;
    // Elsewhere the call says so itself.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const OVER: PollFlags = PollFlags::empty();

    if error.kind() != io::ErrorKind::WouldBlock || OVER.is_empty() {
        return false;
    }
    let mut asked = [PollFd::new(socket, OVER)];
    poll(&mut asked, Some(&Timespec::default())).is_ok() && asked[0].revents().intersects(OVER)
}
