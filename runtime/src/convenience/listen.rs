//! Listening, with a choice of options.

use std::io;
use std::net::{self, SocketAddr};

use socket2::{Domain, Socket, Type};

use crate::green;
use crate::green::net::{TcpListener, ToSocketAddrs, each_address, new_socket};
use crate::hub::failed::cannot;

/// Listens for TCP connections at `address`. Suspends only while a host name is looked up.
///
/// With `SO_REUSEADDR` (not on Windows, where it means something else) and room for 128 connections
/// that have not been accepted, as in std and gevent (eventlet has 50); [`ListenOptions`] has other
/// choices.
///
/// # Cancel safety
///
/// A kill or timeout lets go at once, and nothing is lost.
///
/// # Errors
///
/// `AddrInUse`, and as [`TcpListener::bind`].
///
/// # Examples
///
/// ```
/// #[eventlet::green]
/// fn main() -> std::io::Result<()> {
///     let listener = eventlet::listen("127.0.0.1:0")?;
///     assert_ne!(listener.local_addr()?.port(), 0);
///     Ok(())
/// }
/// ```
#[green(crate = crate)]
pub fn listen<A: ToSocketAddrs>(address: A) -> io::Result<TcpListener> {
    ListenOptions::new().listen(address)
}

/// How to listen.
///
/// ```
/// use eventlet::convenience::ListenOptions;
///
/// #[eventlet::green]
/// fn main() -> std::io::Result<()> {
///     let listener = ListenOptions::new().backlog(1024).listen("127.0.0.1:0")?;
///     assert_ne!(listener.local_addr()?.port(), 0);
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ListenOptions {
    backlog: u32,
    reuse_address: bool,
    reuse_port: bool,
    only_v6: Option<bool>,
}

impl Default for ListenOptions {
    fn default() -> Self {
        ListenOptions { backlog: 128, reuse_address: cfg!(not(windows)), reuse_port: false, only_v6: None }
    }
}

impl ListenOptions {
    /// What [`listen`] does.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many connections that have not been accepted may wait; 128 if nothing is said. The
    /// operating system has a limit of its own.
    pub fn backlog(mut self, connections: u32) -> Self {
        self.backlog = connections;
        self
    }

    /// Whether the address may be taken while old connections of it linger (`SO_REUSEADDR`); yes if
    /// nothing is said, except on Windows.
    pub fn reuse_address(mut self, reuse: bool) -> Self {
        self.reuse_address = reuse;
        self
    }

    /// Whether several sockets may listen at the address, each getting a share of the connections
    /// (`SO_REUSEPORT`); no if nothing is said. (eventlet says yes by itself for a port that is not
    /// 0.)
    pub fn reuse_port(mut self, reuse: bool) -> Self {
        self.reuse_port = reuse;
        self
    }

    /// Whether an IPv6 socket is for IPv6 alone (`IPV6_V6ONLY`); what the operating system likes if
    /// nothing is said.
    pub fn only_v6(mut self, only: bool) -> Self {
        self.only_v6 = Some(only);
        self
    }

    /// Listens for TCP connections at `address`; if that is several, at the first that is free.
    /// Suspends only while a host name is looked up.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout lets go at once, and nothing is lost.
    ///
    /// # Errors
    ///
    /// As [`listen`]; `Unsupported` for [`reuse_port`](Self::reuse_port) where there is no such
    /// thing.
    #[green(crate = crate)]
    pub fn listen<A: ToSocketAddrs>(&self, address: A) -> io::Result<TcpListener> {
        each_address(address, async |address| {
            self.listen_at(address).map_err(cannot(|| format!("listen at {address}")))
        })
    }

    fn listen_at(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let socket = new_socket(Domain::for_address(address), Type::STREAM)?;
        socket.set_reuse_address(self.reuse_address)?;
        if self.reuse_port {
            set_reuse_port(&socket)?;
        }
        if let (true, Some(only)) = (address.is_ipv6(), self.only_v6) {
            socket.set_only_v6(only)?;
        }
        socket.bind(&address.into())?;
        socket.listen(i32::try_from(self.backlog).unwrap_or(i32::MAX))?;
        TcpListener::from_std(net::TcpListener::from(socket))
    }
}

#[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))))]
fn set_reuse_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(all(unix, not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin")))))]
fn set_reuse_port(_: &Socket) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this platform has no SO_REUSEPORT"))
}
