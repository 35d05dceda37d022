//! Why a connection was not made, or is over.

use std::error::Error;
use std::fmt;
use std::io;

use super::value::Value;
use crate::Timeout;

/// Why a client is gone; [`as_str`](Self::as_str) is what the reference calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The program has disconnected it: [`Socket::disconnect`](super::Socket::disconnect).
    ServerDisconnect,
    /// It has left the namespace.
    ClientDisconnect,
    /// The server ends.
    ServerShutdown,
    /// It gave no sign of life.
    PingTimeout,
    /// Its connection was closed.
    TransportClose,
    /// Its connection has failed, or it takes nothing of what is sent to it.
    TransportError,
    /// It has sent what makes no sense.
    ParseError,
    /// It has sent what is against the order of things.
    ForcedClose,
    /// It has joined no namespace in time.
    ForcedServerClose,
}

impl Reason {
    /// The reference's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::ServerDisconnect => "server namespace disconnect",
            Reason::ClientDisconnect => "client namespace disconnect",
            Reason::ServerShutdown => "server shutting down",
            Reason::PingTimeout => "ping timeout",
            Reason::TransportClose => "transport close",
            Reason::TransportError => "transport error",
            Reason::ParseError => "parse error",
            Reason::ForcedClose => "forced close",
            Reason::ForcedServerClose => "forced server close",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A client is not let into a namespace: what it is told. Python's `ConnectionRefusedError`.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    pub(super) message: String,
    pub(super) data: Value,
}

impl Refused {
    /// With this message.
    pub fn new(message: impl Into<String>) -> Refused {
        Refused { message: message.into(), data: Value::Null }
    }

    /// And with more for the client's program, as its error's `data`.
    #[must_use]
    pub fn data(mut self, data: impl Into<Value>) -> Refused {
        self.data = data.into();
        self
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Refused {}

impl From<&str> for Refused {
    fn from(message: &str) -> Refused {
        Refused::new(message)
    }
}

/// What a handler of connections may give: nothing, or a `Result` of nothing whose error is a
/// [`Refused`].
pub trait Admission {
    /// What it came to.
    ///
    /// # Errors
    ///
    /// Why the client is not let in.
    fn into_result(self) -> Result<(), Refused>;
}

impl Admission for () {
    fn into_result(self) -> Result<(), Refused> {
        Ok(())
    }
}

impl<E: Into<Refused>> Admission for Result<(), E> {
    fn into_result(self) -> Result<(), Refused> {
        self.map_err(Into::into)
    }
}

/// An acknowledgement that has not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError {
    /// Not in time.
    TimedOut(Timeout),
    /// The client is gone.
    Disconnected,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::TimedOut(timeout) => write!(f, "an acknowledgement has not come: {timeout}"),
            CallError::Disconnected => f.write_str("an acknowledgement has not come: the client is gone"),
        }
    }
}

impl Error for CallError {}

impl From<CallError> for io::Error {
    fn from(error: CallError) -> io::Error {
        let kind = match error {
            CallError::TimedOut(_) => io::ErrorKind::TimedOut,
            CallError::Disconnected => io::ErrorKind::BrokenPipe,
        };
        io::Error::new(kind, error)
    }
}
