//! What can go wrong.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use super::message::{CloseCode, CloseFrame};
use crate::http::{Bytes, Response};

/// What a WebSocket connection can come to.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The connection below it: it cannot be made, is broken, was silent for too long, or was given
    /// up by another thread.
    Io(io::Error),
    /// The peer has broken the protocol, or sent more than is taken. It was told so, with this
    /// code.
    Protocol(CloseFrame),
    /// The closing has begun: nothing can be sent any more.
    Closed,
    /// The server has answered the handshake with something else. At most 64 KiB of the body are
    /// there.
    Refused(Box<Response<Bytes>>),
    /// The server has answered the handshake with what is no answer to it.
    Handshake(String),
    /// What was asked for makes no sense: a URL of another scheme, a header that is none.
    Invalid(String),
}

/// What may come to an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is wrong with what the peer has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: CloseCode,
    pub(super) reason: &'static str,
}

impl Fault {
    pub(super) const fn protocol(reason: &'static str) -> Fault {
        Fault { code: CloseCode::PROTOCOL_ERROR, reason }
    }

    pub(super) const fn invalid(reason: &'static str) -> Fault {
        Fault { code: CloseCode::INVALID_DATA, reason }
    }

    pub(super) const fn too_large() -> Fault {
        Fault { code: CloseCode::TOO_LARGE, reason: "the message is too large" }
    }
}

impl Error {
    pub(super) fn io(kind: io::ErrorKind, message: &'static str) -> Error {
        Error::Io(io::Error::new(kind, message))
    }

    /// Has the peer gone, or was the connection given up? There is nobody to tell of it then.
    pub fn is_disconnect(&self) -> bool {
        match self {
            Error::Closed => true,
            Error::Io(error) => is_disconnect(error.kind()),
            _ => false,
        }
    }
}

pub(super) fn is_disconnect(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => error.fmt(f),
            Error::Protocol(close) => write!(f, "the peer was told to go: {close}"),
            Error::Closed => f.write_str("the WebSocket is closed"),
            Error::Refused(response) => write!(f, "the server answers {}", response.status()),
            Error::Handshake(what) | Error::Invalid(what) => f.write_str(what),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Error::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Io(error)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        let kind = match error {
            Error::Io(error) => return error,
            Error::Protocol(_) | Error::Handshake(_) => io::ErrorKind::InvalidData,
            Error::Closed => io::ErrorKind::BrokenPipe,
            Error::Refused(_) => io::ErrorKind::ConnectionRefused,
            Error::Invalid(_) => io::ErrorKind::InvalidInput,
        };
        io::Error::new(kind, error)
    }
}
