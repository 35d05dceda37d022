//! TCP connections.

use std::io;
use std::net::{self, SocketAddr};
use std::time::Duration;

use socket2::SockRef;

use super::addr::each_address;
use super::{ToSocketAddrs, connect_socket};
use crate::green;
use crate::green::socket::{Socket, zero_timeout_error};
use crate::hub::sources::{Done, Reads};

/// A TCP connection: std's `TcpStream`.
///
/// Its reads and writes are those of [`Read`](super::super::io::Read) and [`Write`](super::super::io::Write), also on
/// `&TcpStream`. When the last handle is dropped the connection is closed.
///
/// A reset by the peer is the error `ConnectionReset`, as in std. (In eventlet a reset reads like the end.)
///
/// # Examples
///
/// ```
/// use std::io;
/// use eventlet::{green, spawn};
/// use eventlet::green::io::{Read, Write};
/// use eventlet::green::net::{TcpListener, TcpStream};
///
/// #[green]
/// fn serve_one(listener: TcpListener) -> io::Result<()> {
///     let (mut client, _) = listener.accept()?;
///     client.write_all(b"hello")
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let listener = TcpListener::bind("127.0.0.1:0")?;
///     let address = listener.local_addr()?;
///     spawn(move || serve_one(listener));
///
///     let mut text = String::new();
///     TcpStream::connect(address)?.read_to_string(&mut text)?;
///     assert_eq!(text, "hello");
///     Ok(())
/// }
/// ```
pub struct TcpStream {
    socket: Socket<net::TcpStream>,
}

impl TcpStream {
    /// Connects to `address`; if that is several, to the first that accepts. Suspends until then.
    ///
    /// A kill or timeout closes what was begun. There is no limit but the operating system's; see
    /// [`connect_timeout`](Self::connect_timeout) and [`with_timeout`](crate::with_timeout).
    ///
    /// # Errors
    ///
    /// What the last attempt came to; those of [`ToSocketAddrs`].
    #[green(crate = crate)]
    pub fn connect<A: ToSocketAddrs>(address: A) -> io::Result<TcpStream> {
        each_address(address, async |address| {
            Ok(TcpStream { socket: connect_socket(&address.into(), None, None).await? })
        })
    }

    /// Connects to `address` from the local address `local`.
    #[green(crate = crate)]
    pub(crate) fn connect_from<A: ToSocketAddrs>(local: SocketAddr, address: A) -> io::Result<TcpStream> {
        each_address(address, async |address| {
            Ok(TcpStream { socket: connect_socket(&address.into(), Some(&local.into()), None).await? })
        })
    }

    /// Connects to one address within `timeout`. Suspends until then.
    ///
    /// # Errors
    ///
    /// `TimedOut`; `InvalidInput` for a timeout of zero; what the attempt came to.
    #[green(crate = crate)]
    pub fn connect_timeout(address: &SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
        if timeout.is_zero() {
            return Err(zero_timeout_error());
        }
        Ok(TcpStream { socket: connect_socket(&(*address).into(), None, Some(timeout))? })
    }

    pub(super) fn accepted(stream: net::TcpStream) -> TcpStream {
        Self::from_nonblocking(stream)
    }

    /// Reads without taking: the next read gives the same bytes. Suspends until there is at least one, or the end.
    ///
    /// # Errors
    ///
    /// As a read.
    #[green(crate = crate)]
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.when_ready(Reads, |io| io.peek(buf).map(Done::new))
    }
}

socket_handles!(TcpStream, net::TcpStream);
socket_timeouts!(TcpStream);
byte_stream!(TcpStream);
socket_options! { TcpStream:
    /// Whether small writes go out at once (`TCP_NODELAY`).
    nodelay, set_nodelay: bool;
    /// How many hops a packet may make (`IP_TTL`).
    ttl, set_ttl: u32;
}

impl TcpStream {
    /// The address of the peer.
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

    /// How long the operating system goes on sending after the last handle is dropped (`SO_LINGER`).
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        SockRef::from(self.socket.io()).linger()
    }

    /// Sets what [`linger`](Self::linger) reads, in whole seconds. Zero drops what was not sent and resets the
    /// connection.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        SockRef::from(self.socket.io()).set_linger(linger)
    }
}
