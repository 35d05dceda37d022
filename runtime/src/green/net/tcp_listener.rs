//! Listening for TCP connections.

use std::io;
use std::net::{self, SocketAddr};

use super::addr::each_address;
use super::{TcpStream, ToSocketAddrs};
use crate::green;
use crate::green::accept;
use crate::green::socket::Socket;
use crate::hub::failed::cannot;
use crate::hub::sources::Accepts;
use crate::iter::GreenIterator;

/// A socket that listens for TCP connections: std's `TcpListener`.
///
/// One green thread at a time may wait in [`accept`](Self::accept).
pub struct TcpListener {
    socket: Socket<net::TcpListener>,
}

impl TcpListener {
    /// Listens at `address`; if that is several, at the first that is free. Port 0 is any free
    /// port. Suspends only while a host name is looked up.
    ///
    /// Address reuse and backlog are std's: `SO_REUSEADDR` on Unix, 128 connections.
    /// [`listen`](crate::listen) can have others.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout lets go at once, and nothing is lost.
    ///
    /// # Errors
    ///
    /// What the last attempt came to; those of [`ToSocketAddrs`].
    #[green(crate = crate)]
    pub fn bind<A: ToSocketAddrs>(address: A) -> io::Result<TcpListener> {
        each_address(address, async |address| {
            let bound = net::TcpListener::bind(address);
            Self::from_own(bound.map_err(cannot(|| format!("listen at {address}")))?)
        })
    }

    /// The next connection. Suspends until there is one.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses no connection.
    ///
    /// # Errors
    ///
    /// What the operating system says, as in std: a connection that was given up before it was
    /// accepted is `ConnectionAborted`, and with too many descriptors open the connection stays in
    /// the queue. [`serve`](crate::serve) goes on after these.
    #[green(crate = crate)]
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.socket
            .when_ready(Accepts, accept::tcp)
            .map(|(stream, address)| (TcpStream::accepted(stream, self.socket.trusts_counts()), address))
    }

    /// The connections one after the other, as a [`GreenIterator`] that never ends.
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming { listener: self }
    }

    /// Ends the listening for all handles. Does not suspend.
    ///
    /// A green thread that waits in [`accept`](Self::accept) is woken with an error
    /// (`NotConnected`), and every later `accept` gives that error. New connections are refused (on
    /// Linux at once, elsewhere when the last handle is dropped, which frees the port).
    pub fn close(&self) {
        self.socket.close();
        // Where a listening socket cannot be shut down it goes on until it is dropped.
        let _ = socket2::SockRef::from(self.socket.io()).shutdown(net::Shutdown::Both);
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

socket_handles!(TcpListener, net::TcpListener, counts_of_tcp, listens);
socket_buffers!(TcpListener);
socket_options! { TcpListener:
    /// How many hops a packet may make (`IP_TTL`).
    ttl, set_ttl: u32;
}

/// The iterator that [`TcpListener::incoming`] makes.
#[derive(Debug)]
pub struct Incoming<'a> {
    listener: &'a TcpListener,
}

own_next! { for [] Incoming<'_> }

impl GreenIterator for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<io::Result<TcpStream>> {
        Some(self.listener.accept().map(|(stream, _)| stream))
    }
}
