//! Listening for Unix connections.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

use socket2::{SockAddr, SockRef};

use super::UnixStream;
use crate::green;
use crate::green::accept;
use crate::green::socket::Socket;
use crate::hub::failed::cannot;
use crate::hub::sources::Accepts;
use crate::iter::{GreenIterator, IntoGreenIterator};

/// A socket that listens for Unix connections: std's `UnixListener`.
///
/// Its file stays when it is dropped, as in std. One green thread at a time may wait in
/// [`accept`](Self::accept).
pub struct UnixListener {
    socket: Socket<net::UnixListener>,
}

impl UnixListener {
    /// Listens at `path`, which must not exist. Does not suspend.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: `AddrInUse`.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixListener> {
        let path = path.as_ref();
        let bound = net::UnixListener::bind(path);
        Self::from_own(bound.map_err(cannot(|| format!("listen at {path:?}")))?)
    }

    /// Listens at `address`. Does not suspend.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind).
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixListener> {
        let bound = net::UnixListener::bind_addr(address);
        Self::from_own(bound.map_err(cannot(|| format!("listen at {address:?}")))?)
    }

    /// The next connection. Suspends until there is one.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses no connection.
    ///
    /// # Errors
    ///
    /// What the operating system says, as in std.
    #[green(crate = crate)]
    pub fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        self.socket
            .when_ready(Accepts, accept::unix)
            .map(|(stream, address)| (UnixStream::accepted(stream), address))
    }

    /// The connections one after the other, as a [`GreenIterator`] that never ends.
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming { listener: self }
    }

    /// Ends the listening for all handles. Does not suspend.
    ///
    /// A green thread that waits in [`accept`](Self::accept) is woken with an error
    /// (`NotConnected`), and every later `accept` gives that error. New connections are refused (on
    /// Linux at once, elsewhere when the last handle is dropped).
    pub fn close(&self) {
        self.socket.close();
        // Where a listening socket cannot be shut down it goes on until it is dropped.
        let _ = SockRef::from(self.socket.io()).shutdown(std::net::Shutdown::Both);
    }

    /// The address that it listens at.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().local_addr().map_err(cannot(|| "ask for the socket's address"))
    }
}

socket_handles!(UnixListener, net::UnixListener, counts_say_nothing, listens);

/// The iterator that [`UnixListener::incoming`] makes.
#[derive(Debug)]
pub struct Incoming<'a> {
    listener: &'a UnixListener,
}

own_next! { for [] Incoming<'_> }

impl GreenIterator for Incoming<'_> {
    type Item = io::Result<UnixStream>;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<io::Result<UnixStream>> {
        Some(self.listener.accept().map(|(stream, _)| stream))
    }
}

/// As [`UnixListener::incoming`].
impl<'a> IntoGreenIterator for &'a UnixListener {
    type Item = io::Result<UnixStream>;
    type IntoIter = Incoming<'a>;

    fn into_green_iter(self) -> Incoming<'a> {
        self.incoming()
    }
}

/// The same address, as the operating system takes it.
///
/// # Errors
///
/// `InvalidInput` if it has no name.
pub(super) fn address_of(address: &SocketAddr) -> io::Result<SockAddr> {
    if let Some(path) = address.as_pathname() {
        return SockAddr::unix(path);
    }
    if let Some(name) = abstract_name(address) {
        // This is how such a name is told from a path.
        let name = [b"\0", name].concat();
        return SockAddr::unix(OsStr::from_bytes(&name));
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "the address has no name, so nobody listens there"))
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn abstract_name(address: &SocketAddr) -> Option<&[u8]> {
    #[cfg(target_os = "android")]
    use std::os::android::net::SocketAddrExt;
    #[cfg(target_os = "linux")]
    use std::os::linux::net::SocketAddrExt;

    address.as_abstract_name()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn abstract_name(_: &SocketAddr) -> Option<&[u8]> {
    None
}
