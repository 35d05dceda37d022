//! Unix connections.

use std::io;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

use socket2::SockAddr;

use super::pauses::Pauses;
use crate::green;
use crate::green::net::connect_socket;
use crate::green::socket::Socket;
use crate::hub::failed::cannot;

/// A Unix connection: std's `UnixStream`.
///
/// Its reads and writes are those of [`Read`](crate::green::io::Read) and
/// [`Write`](crate::green::io::Write), also on `&UnixStream`.
///
/// # Examples
///
/// ```
/// use std::io;
/// use eventlet::{green, spawn};
/// use eventlet::green::io::{Read, Write};
/// use eventlet::green::os::unix::net::UnixStream;
///
/// #[green]
/// fn answer(mut stream: UnixStream) -> io::Result<()> {
///     let mut question = String::new();
///     stream.read_to_string(&mut question)?;
///     write!(stream, "{question}? yes")
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let (mut here, there) = UnixStream::pair()?;
///     spawn(move || answer(there));
///
///     here.write_all(b"ready")?;
///     here.shutdown(std::net::Shutdown::Write)?;
///     let mut text = String::new();
///     here.read_to_string(&mut text)?;
///     assert_eq!(text, "ready? yes");
///     Ok(())
/// }
/// ```
pub struct UnixStream {
    socket: Socket<net::UnixStream>,
}

impl UnixStream {
    /// Connects to the listener at `path`. Suspends while its queue is full.
    ///
    /// The operating system does not say when a full queue has room again, so this looks for
    /// itself: after 1 ms, then after twice as long each time, up to 100 ms.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout closes what was begun.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: `NotFound`, `ConnectionRefused`.
    #[green(crate = crate)]
    pub fn connect<P: AsRef<Path>>(path: P) -> io::Result<UnixStream> {
        let path = path.as_ref();
        connect(SockAddr::unix(path)?).map_err(cannot(|| format!("connect to {path:?}")))
    }

    /// Connects to the listener at `address`, as [`connect`](Self::connect) does.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout closes what was begun.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect); `InvalidInput` for an address without a name.
    #[green(crate = crate)]
    pub fn connect_addr(address: &SocketAddr) -> io::Result<UnixStream> {
        connect(super::listener::address_of(address)?).map_err(cannot(|| format!("connect to {address:?}")))
    }

    /// Two connections, each the other's peer.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: too many descriptors.
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, other) = net::UnixStream::pair().map_err(cannot(|| "make a pair of sockets"))?;
        Ok((Self::from_own(one)?, Self::from_own(other)?))
    }

    pub(super) fn accepted(stream: net::UnixStream) -> UnixStream {
        Self::from_nonblocking(stream)
    }

    /// The address of the peer.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
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

socket_handles!(UnixStream, net::UnixStream, counts_say_nothing, talks);
socket_buffers!(UnixStream);
socket_timeouts!(UnixStream);
byte_stream!(UnixStream);

#[green(crate = crate)]
fn connect(address: SockAddr) -> io::Result<UnixStream> {
    let mut pauses = Pauses::default();
    loop {
        match connect_socket(&address, None, None) {
            // The listener's queue is full.
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => pauses.pause(),
            result => return result.map(|socket| UnixStream { socket }),
        }
    }
}
