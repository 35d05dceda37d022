//! What ends a TLS connection other than its peer.

use std::io;
use std::time::Duration;

/// Why nothing goes any more. Every later call says it again.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The protocol's own: a peer that lies, or is not trusted.
    Protocol(rustls::Error),
    /// The handshake took too long.
    TimedOut(Duration),
    /// A write ended in its middle.
    CutOff,
    /// It was closed here.
    Closed,
}

impl Failure {
    #[cold]
    pub(super) fn error(&self) -> io::Error {
        match self {
            Failure::Protocol(error) => io::Error::new(io::ErrorKind::InvalidData, error.clone()),
            Failure::TimedOut(limit) => io::Error::new(
                io::ErrorKind::TimedOut,
                format!("the TLS handshake took longer than {limit:?}"),
            ),
            Failure::CutOff => {
                let message = "the TLS connection was given up\n\
                     note: a kill or a timeout ended a write in its middle, and what follows half a record means nothing";
                io::Error::new(io::ErrorKind::ConnectionAborted, message)
            }
            Failure::Closed => io::Error::new(
                io::ErrorKind::NotConnected,
                "the TLS connection was closed by another green thread",
            ),
        }
    }
}

/// The end of the transport without the protocol's: perhaps somebody in between has cut it off.
#[cold]
pub(super) fn truncated() -> io::Error {
    let message = "the connection ended without a close_notify";
    io::Error::new(io::ErrorKind::UnexpectedEof, message)
}

#[cold]
pub(super) fn ended_in_handshake() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended during the TLS handshake")
}
