//! UDP.

use std::io;
use std::net::{self, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Type};

use super::addr::each_address;
use super::{ToSocketAddrs, new_socket};
use crate::green;
use crate::green::socket::Socket;
use crate::hub::failed::cannot;
use crate::hub::sources::{Done, Peeks, Receives, Sends};

/// A UDP socket: std's `UdpSocket`.
///
/// # Examples
///
/// ```
/// use std::io;
/// use eventlet::green;
/// use eventlet::green::net::UdpSocket;
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let receiver = UdpSocket::bind("127.0.0.1:0")?;
///     let sender = UdpSocket::bind("127.0.0.1:0")?;
///     sender.send_to(b"ping", receiver.local_addr()?)?;
///
///     let mut buf = [0; 16];
///     let (count, from) = receiver.recv_from(&mut buf)?;
///     assert_eq!((&buf[..count], from), (&b"ping"[..], sender.local_addr()?));
///     Ok(())
/// }
/// ```
pub struct UdpSocket {
    socket: Socket<net::UdpSocket>,
}

impl UdpSocket {
    /// Takes `address`; if that is several, the first that is free. Port 0 is any free port.
    /// Suspends only while a host name is looked up.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout lets go at once, and nothing is lost.
    ///
    /// # Errors
    ///
    /// What the last attempt came to; those of [`ToSocketAddrs`].
    #[green(crate = crate)]
    pub fn bind<A: ToSocketAddrs>(address: A) -> io::Result<UdpSocket> {
        each_address(address, async |address| {
            let bound = net::UdpSocket::bind(address);
            Self::from_own(bound.map_err(cannot(|| format!("take the address {address}")))?)
        })
    }

    /// Takes `address` together with other sockets that are made like this (`SO_REUSEPORT`), each
    /// of which gets a share of the datagrams. Suspends as [`bind`](Self::bind) does.
    ///
    /// This is how several processes, or several OS threads each with a hub, serve one port.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout lets go at once, and nothing is lost.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind); `Unsupported` where there is no such thing.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventlet::green;
    /// use eventlet::green::net::UdpSocket;
    ///
    /// #[green]
    /// fn main() -> std::io::Result<()> {
    ///     let one = UdpSocket::bind_shared("127.0.0.1:0")?;
    ///     let other = UdpSocket::bind_shared(one.local_addr()?)?;
    ///     assert_eq!(one.local_addr()?, other.local_addr()?);
    ///     Ok(())
    /// }
    /// ```
    #[green(crate = crate)]
    pub fn bind_shared<A: ToSocketAddrs>(address: A) -> io::Result<UdpSocket> {
        each_address(address, async |address| {
            let taken = bind_together(address);
            Ok(Self::from_nonblocking(taken.map_err(cannot(|| format!("take the address {address}")))?))
        })
    }

    /// Fixes the peer for [`send`](Self::send) and [`recv`](Self::recv); others are no longer
    /// heard. Suspends only while a host name is looked up.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout lets go at once, and nothing is lost.
    ///
    /// # Errors
    ///
    /// What the last attempt came to; those of [`ToSocketAddrs`].
    #[green(crate = crate)]
    pub fn connect<A: ToSocketAddrs>(&self, address: A) -> io::Result<()> {
        each_address(address, async |address| {
            self.socket.io().connect(address).map_err(cannot(|| format!("connect to {address}")))
        })
    }

    /// Sends a datagram to `address` (if that is several, to the first). Suspends while there is no
    /// room for it.
    ///
    /// # Cancel safety
    ///
    /// A datagram whose sending a kill or timeout ends was not sent.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if there is no address; what the operating system says.
    #[green(crate = crate)]
    pub fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], address: A) -> io::Result<usize> {
        let Some(address) = address.to_socket_addrs()?.next() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no addresses to send data to"));
        };
        self.socket.when_ready(Sends, |io| io.send_to(buf, address).map(Done::new))
    }

    /// Receives a datagram, and says how long it is and who sent it. Suspends until there is one.
    ///
    /// What is longer than `buf` is cut off.
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
        self.socket.when_ready(Receives, |io| io.recv_from(buf).map(Done::new))
    }

    /// Like [`recv_from`](Self::recv_from), and leaves the datagram where it is.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing.
    ///
    /// # Errors
    ///
    /// As [`recv_from`](Self::recv_from).
    #[green(crate = crate)]
    pub fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.when_ready(Peeks, |io| io.peek_from(buf).map(Done::new))
    }

    /// Sends a datagram to the [connected](Self::connect) peer. Suspends while there is no room for
    /// it.
    ///
    /// # Cancel safety
    ///
    /// A datagram whose sending a kill or timeout ends was not sent.
    ///
    /// # Errors
    ///
    /// What the operating system says: `ConnectionRefused` if an earlier datagram found nobody.
    #[green(crate = crate)]
    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.socket.when_ready(Sends, |io| io.send(buf).map(Done::new))
    }

    /// Receives a datagram from the [connected](Self::connect) peer. Suspends until there is one.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing.
    ///
    /// # Errors
    ///
    /// As [`recv_from`](Self::recv_from), and `ConnectionRefused` if an earlier datagram found
    /// nobody.
    #[green(crate = crate)]
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.when_ready(Receives, |io| io.recv(buf).map(Done::new))
    }

    /// Like [`recv`](Self::recv), and leaves the datagram where it is.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    #[green(crate = crate)]
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.when_ready(Peeks, |io| io.peek(buf).map(Done::new))
    }

    /// Ends every wait for the socket with an error (`NotConnected`), now and later, for all
    /// handles. Does not suspend. The port is free when the last handle is dropped.
    pub fn close(&self) {
        self.socket.close();
    }

    /// The peer that was [connected](Self::connect).
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

fn bind_together(address: SocketAddr) -> io::Result<net::UdpSocket> {
    let socket = new_socket(Domain::for_address(address), Type::DGRAM)?;
    share_port(&socket)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

#[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))))]
fn share_port(socket: &socket2::Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(all(unix, not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin")))))]
fn share_port(_: &socket2::Socket) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this platform has no SO_REUSEPORT"))
}

socket_handles!(UdpSocket, net::UdpSocket, counts_say_nothing, talks);
socket_timeouts!(UdpSocket);
socket_buffers!(UdpSocket);
socket_tos!(UdpSocket);
socket_options! { UdpSocket:
    /// Whether datagrams may go to broadcast addresses (`SO_BROADCAST`).
    broadcast, set_broadcast: bool;
    /// How many hops a datagram may make (`IP_TTL`).
    ttl, set_ttl: u32;
    /// Whether one's own multicast datagrams come back (`IP_MULTICAST_LOOP`).
    multicast_loop_v4, set_multicast_loop_v4: bool;
    /// How many hops a multicast datagram may make (`IP_MULTICAST_TTL`).
    multicast_ttl_v4, set_multicast_ttl_v4: u32;
    /// Whether one's own multicast datagrams come back (`IPV6_MULTICAST_LOOP`).
    multicast_loop_v6, set_multicast_loop_v6: bool;
}

/// Multicast groups.
impl UdpSocket {
    /// Joins a group (`IP_ADD_MEMBERSHIP`).
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn join_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.socket.io().join_multicast_v4(group, interface).map_err(cannot(|| "join the multicast group"))
    }

    /// Joins a group (`IPV6_ADD_MEMBERSHIP`).
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket.io().join_multicast_v6(group, interface).map_err(cannot(|| "join the multicast group"))
    }

    /// Leaves a group (`IP_DROP_MEMBERSHIP`).
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn leave_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.socket.io().leave_multicast_v4(group, interface).map_err(cannot(|| "leave the multicast group"))
    }

    /// Leaves a group (`IPV6_DROP_MEMBERSHIP`).
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket.io().leave_multicast_v6(group, interface).map_err(cannot(|| "leave the multicast group"))
    }
}
