//! TCP connections.

use std::io;
use std::net::{self, SocketAddr};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

use super::addr::first_address;
use super::{ToSocketAddrs, connect_socket};
use crate::green;
use crate::green::socket::{Socket, zero_timeout_error};
use crate::hub::failed::cannot;
use crate::hub::sources::{Done, Peeks};

/// A TCP connection: std's `TcpStream`.
///
/// Its reads and writes are those of [`Read`](super::super::io::Read) and
/// [`Write`](super::super::io::Write), also on `&TcpStream`. When the last handle is dropped the
/// connection is closed.
///
/// The settings that most programs need are methods here; `socket2::SockRef::from(&stream)` reaches
/// all others.
///
/// A reset by the peer is the error `ConnectionReset`, as in std. (In eventlet a reset reads like
/// the end.)
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
    /// Of several the first is tried; the next one when it has failed, or beside it after 250 ms;
    /// and so on. IPv6 and IPv4 take turns, beginning with the family of the first address, so that
    /// a machine where one of them leads nowhere connects by the other all the same. The first
    /// connection that is made closes what else was begun. (RFC 8305, "happy eyeballs".) Of
    /// very many, 32 attempts at most are under way at a time.
    ///
    /// There is no limit but the operating system's; see [`connect_timeout`](Self::connect_timeout)
    /// and [`with_timeout`](crate::with_timeout).
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout closes what was begun.
    ///
    /// # Errors
    ///
    /// What the last attempt came to; those of [`ToSocketAddrs`].
    #[green(crate = crate)]
    pub fn connect<A: ToSocketAddrs>(address: A) -> io::Result<TcpStream> {
        first_address(address, async |address| {
            Ok(Self::of_tcp(
                connect_socket(&address.into(), None, None).await.map_err(cannot_connect(address))?,
            ))
        })
    }

    /// Connects to `address` from the local address `local`.
    #[green(crate = crate)]
    pub(crate) fn connect_from<A: ToSocketAddrs>(local: SocketAddr, address: A) -> io::Result<TcpStream> {
        first_address(address, async |address| {
            Ok(Self::of_tcp(
                connect_socket(&address.into(), Some(&local.into()), None)
                    .await
                    .map_err(cannot_connect(address))?,
            ))
        })
    }

    /// Connects to one address within `timeout`. Suspends until then.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout closes what was begun.
    ///
    /// # Errors
    ///
    /// `TimedOut`; `InvalidInput` for a timeout of zero; what the attempt came to.
    #[green(crate = crate)]
    pub fn connect_timeout(address: &SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
        if timeout.is_zero() {
            return Err(zero_timeout_error());
        }
        let socket =
            connect_socket(&(*address).into(), None, Some(timeout)).map_err(cannot_connect(*address))?;
        Ok(Self::of_tcp(socket))
    }

    /// A connection that was accepted; `is_tcp` says that its listener is known to be TCP's.
    pub(super) fn accepted(stream: net::TcpStream, is_tcp: bool) -> TcpStream {
        let stream = Self::from_nonblocking(stream);
        if is_tcp {
            stream.socket.trust_counts();
        }
        stream
    }

    fn of_tcp(socket: Socket<net::TcpStream>) -> TcpStream {
        socket.trust_counts();
        TcpStream { socket }
    }

    /// Reads without taking: the next read gives the same bytes. Suspends until there is at least
    /// one, or the end.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing.
    ///
    /// # Errors
    ///
    /// As a read.
    #[green(crate = crate)]
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.when_ready(Peeks, |io| io.peek(buf).map(Done::new))
    }
}

fn cannot_connect(address: SocketAddr) -> impl FnOnce(io::Error) -> io::Error {
    cannot(move || format!("connect to {address}"))
}

socket_handles!(TcpStream, net::TcpStream, counts_of_tcp, talks);
socket_timeouts!(TcpStream);
byte_stream!(TcpStream);
socket_buffers!(TcpStream);
socket_tos!(TcpStream);
socket2_options! { TcpStream:
    /// Whether the operating system asks now and then if a peer that says nothing is still there
    /// (`SO_KEEPALIVE`). One that is not ends the connection with the error `TimedOut`.
    keepalive = keepalive, set_keepalive = set_keepalive: bool;
}

#[cfg(any(target_os = "linux", target_os = "android"))]
socket2_options! { TcpStream:
    /// Whether what does not fill a packet waits for more, for 200 ms at most (`TCP_CORK`). Setting
    /// `false` sends it.
    cork = tcp_cork, set_cork = set_tcp_cork: bool;
    /// Whether what arrives is confirmed at once (`TCP_QUICKACK`). The operating system changes it
    /// by itself, so that it has to be set again and again: std's `TcpStreamExt::quickack`.
    quickack = tcp_quickack, set_quickack = set_tcp_quickack: bool;
    /// How long what was sent may stay unconfirmed before the connection ends with an error
    /// (`TCP_USER_TIMEOUT`), in whole milliseconds; `None` is as the operating system likes.
    user_timeout = tcp_user_timeout, set_user_timeout = set_tcp_user_timeout: Option<Duration>;
}

/// The times of [`set_keepalive`](TcpStream::set_keepalive), in whole seconds. Setting one turns it
/// on.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    target_os = "ios",
    target_os = "freebsd",
    target_os = "netbsd"
))]
impl TcpStream {
    /// How long the peer may say nothing before it is asked the first time (`TCP_KEEPIDLE`).
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn keepalive_time(&self) -> io::Result<Duration> {
        SockRef::from(self.socket.io()).tcp_keepalive_time().map_err(cannot(|| "read `keepalive_time`"))
    }

    /// Sets what [`keepalive_time`](Self::keepalive_time) reads.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: `InvalidInput` for less than a second.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventlet::green;
    /// use eventlet::green::net::{TcpListener, TcpStream};
    ///
    /// #[green]
    /// fn main() -> std::io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0")?;
    ///     let stream = TcpStream::connect(listener.local_addr()?)?;
    ///     // A peer that has gone without a word is noticed after 60 + 5 × 10 seconds.
    ///     stream.set_keepalive_time(Duration::from_secs(60))?;
    ///     stream.set_keepalive_interval(Duration::from_secs(10))?;
    ///     stream.set_keepalive_retries(5)?;
    ///     assert!(stream.keepalive()?);
    ///     Ok(())
    /// }
    /// ```
    pub fn set_keepalive_time(&self, time: Duration) -> io::Result<()> {
        self.set_keepalive_to(TcpKeepalive::new().with_time(time))
    }

    /// How long it is from one question that has no answer to the next (`TCP_KEEPINTVL`).
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn keepalive_interval(&self) -> io::Result<Duration> {
        SockRef::from(self.socket.io())
            .tcp_keepalive_interval()
            .map_err(cannot(|| "read `keepalive_interval`"))
    }

    /// Sets what [`keepalive_interval`](Self::keepalive_interval) reads.
    ///
    /// # Errors
    ///
    /// As [`set_keepalive_time`](Self::set_keepalive_time).
    pub fn set_keepalive_interval(&self, interval: Duration) -> io::Result<()> {
        self.set_keepalive_to(TcpKeepalive::new().with_interval(interval))
    }

    /// How many questions may stay without an answer before the connection ends (`TCP_KEEPCNT`).
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn keepalive_retries(&self) -> io::Result<u32> {
        SockRef::from(self.socket.io()).tcp_keepalive_retries().map_err(cannot(|| "read `keepalive_retries`"))
    }

    /// Sets what [`keepalive_retries`](Self::keepalive_retries) reads.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: `InvalidInput` for zero.
    pub fn set_keepalive_retries(&self, retries: u32) -> io::Result<()> {
        self.set_keepalive_to(TcpKeepalive::new().with_retries(retries))
    }

    fn set_keepalive_to(&self, keepalive: TcpKeepalive) -> io::Result<()> {
        SockRef::from(self.socket.io())
            .set_tcp_keepalive(&keepalive)
            .map_err(cannot(|| "set the times of `keepalive`"))
    }
}
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

    /// Where the peer wanted to go, on a connection that a packet filter has redirected to this
    /// process (`SO_ORIGINAL_DST`).
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: that no filter has redirected it.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn original_dst(&self) -> io::Result<SocketAddr> {
        let socket = SockRef::from(self.socket.io());
        let is_v4 = match self.local_addr()? {
            SocketAddr::V4(_) => true,
            SocketAddr::V6(address) => address.ip().to_ipv4_mapped().is_some(),
        };
        let address = if is_v4 { socket.original_dst_v4() } else { socket.original_dst_v6() };
        let address = address.map_err(cannot(|| "read `original_dst`"))?;
        address.as_socket().ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// How long the operating system goes on sending after the last handle is dropped
    /// (`SO_LINGER`).
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        SockRef::from(self.socket.io()).linger().map_err(cannot(|| "read `linger`"))
    }

    /// Sets what [`linger`](Self::linger) reads, in whole seconds. Zero drops what was not sent and
    /// resets the connection.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        SockRef::from(self.socket.io()).set_linger(linger).map_err(cannot(|| "set `linger`"))
    }
}
