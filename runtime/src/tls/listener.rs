//! Listening for TLS connections.

use std::fmt;
use std::io;

use super::{TlsAcceptor, TlsStream, Transport};
use crate::convenience::Listener;
use crate::green;
use crate::green::net::TcpListener;

/// A listener whose connections speak TLS: for [`serve`](crate::serve()), for `wsgi`, or for a loop
/// of one's own.
///
/// Accepting does not wait for any client: the handshake is gone through by whoever reads from the
/// connection or writes to it first, in its own green thread. A client that stalls or lies there
/// holds up that thread alone, and for no longer than the
/// [limit](TlsAcceptor::handshake_timeout).
pub struct TlsListener<L = TcpListener> {
    listener: L,
    acceptor: TlsAcceptor,
}

impl<L: Listener<Connection: Transport>> TlsListener<L> {
    /// Takes a listener. Does not suspend.
    pub fn new(listener: L, acceptor: TlsAcceptor) -> TlsListener<L> {
        TlsListener { listener, acceptor }
    }

    /// The next connection, before its handshake, and who connects. Suspends until there is one.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses no connection.
    ///
    /// # Errors
    ///
    /// Those of the listener.
    #[green(crate = crate)]
    pub fn accept(&self) -> io::Result<(TlsStream<L::Connection>, L::Address)> {
        let (connection, address) = self.listener.accept()?;
        Ok((self.acceptor.wrap(connection)?, address))
    }
}

impl<L> TlsListener<L> {
    /// What listens: its address and options.
    pub fn get_ref(&self) -> &L {
        &self.listener
    }

    /// What makes the connections.
    pub fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// Offers these protocols, if nobody has said which.
    #[cfg(feature = "http")]
    pub(crate) fn offer(&mut self, protocols: &[&[u8]]) {
        self.acceptor.offer(protocols);
    }
}

impl<L: Listener<Connection: Transport>> Listener for TlsListener<L> {
    type Connection = TlsStream<L::Connection>;
    type Address = L::Address;

    #[green(crate = crate)]
    fn accept(&self) -> io::Result<(TlsStream<L::Connection>, L::Address)> {
        self.accept()
    }
}

impl<L: fmt::Debug> fmt::Debug for TlsListener<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsListener").field("listener", &self.listener).finish_non_exhaustive()
    }
}
