//! TCP connections.

use std::fmt;
use std::io;
use std::net::{self, Shutdown, SocketAddr};
use std::time::Duration;

use super::addr::each_address;
use super::halves::{self, private};
use super::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, SplitStream, ToSocketAddrs, WriteHalf};
use super::{connect_socket, stream_io};
use crate::green;
use crate::green::socket::{Socket, zero_timeout_error};
use crate::hub::sources::{Direction, Done};

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
    pub(in crate::green) socket: Socket<net::TcpStream>,
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
            Ok(TcpStream { socket: connect_socket(&address.into(), None).await? })
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
        Ok(TcpStream { socket: connect_socket(&(*address).into(), Some(timeout))? })
    }

    /// Takes one of std's connections.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says when it is told not to block.
    pub fn from_std(stream: net::TcpStream) -> io::Result<TcpStream> {
        stream.set_nonblocking(true)?;
        Ok(Self::from_nonblocking(stream))
    }

    /// Gives std's connection back, for another OS thread perhaps. It blocks, unless
    /// [`set_nonblocking`](Self::set_nonblocking) was on.
    ///
    /// # Errors
    ///
    /// `ResourceBusy` if there are other handles on it; whatever the operating system says when it is told to block.
    pub fn into_std(self) -> io::Result<net::TcpStream> {
        let nonblocking = self.socket.is_nonblocking();
        let stream = self.socket.into_io()?;
        stream.set_nonblocking(nonblocking)?;
        Ok(stream)
    }

    pub(super) fn from_nonblocking(stream: net::TcpStream) -> TcpStream {
        TcpStream { socket: Socket::new(stream) }
    }

    /// Another handle on the connection. Does not suspend, and never fails.
    ///
    /// Both share everything: the descriptor, the timeouts, the mode, and the rule of one reader and one writer. The
    /// connection is closed with the last of them. (In std the handles are two descriptors.)
    ///
    /// # Errors
    ///
    /// None; the result has std's type.
    pub fn try_clone(&self) -> io::Result<TcpStream> {
        Ok(private::Stream::another(self))
    }

    /// Borrows the connection as its two directions.
    pub fn split(&mut self) -> (ReadHalf<'_, TcpStream>, WriteHalf<'_, TcpStream>) {
        halves::split(self)
    }

    /// Takes the connection apart into its two directions, for two green threads;
    /// [`reunite`](OwnedReadHalf::reunite) puts it together again. Dropping the writing half ends that direction.
    pub fn into_split(self) -> (OwnedReadHalf<TcpStream>, OwnedWriteHalf<TcpStream>) {
        halves::into_split(self)
    }

    /// Reads without taking: the next read gives the same bytes. Suspends until there is at least one, or the end.
    ///
    /// # Errors
    ///
    /// As a read.
    #[green(crate = crate)]
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.when_ready(Direction::Read, |io| io.peek(buf).map(Done::new))
    }

    /// Closes the connection for all its handles. Does not suspend.
    ///
    /// Every green thread that waits for it is woken with an error (`NotConnected`), and every later read or write
    /// gives that error. The peer reads the end; the descriptor is free when the last handle is dropped. (In eventlet
    /// a waiting reader sleeps on for ever; in gevent it is woken, too.)
    pub fn close(&self) {
        self.socket.close();
        // It fails when the connection is gone, and then there is nothing to end.
        let _ = self.shutdown(Shutdown::Both);
    }
}

stream_io!(TcpStream);
stream_settings!(TcpStream);

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

    /// Whether small writes go out at once (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.socket.io().nodelay()
    }

    /// Says whether small writes go out at once (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.socket.io().set_nodelay(nodelay)
    }

    /// How many hops a packet may make (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket.io().ttl()
    }

    /// Says how many hops a packet may make (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket.io().set_ttl(ttl)
    }
}

impl SplitStream for TcpStream {}

impl private::Stream for TcpStream {
    fn another(&self) -> Self {
        TcpStream { socket: self.socket.clone() }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.socket.is_same(&other.socket)
    }

    fn shut(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown(how)
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.io().fmt(f)
    }
}
