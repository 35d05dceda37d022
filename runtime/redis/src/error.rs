//! What went wrong, with which command, at which server.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;

use eventlet::Timeout;
use redis::RedisError;

/// The error of a call: its [cause](Cause), the command and the server.
///
/// It never holds the arguments of a command, which may be secrets.
#[derive(Debug)]
pub struct Error {
    command: Cow<'static, str>,
    server: Arc<str>,
    cause: Cause,
}

/// Why a call has failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// What the stream comes to; `UnexpectedEof` if the server has gone away. The connection is
    /// broken.
    Io(io::Error),
    /// The server refuses the command, or what it says cannot be understood as what was asked for.
    /// The connection is as it was, unless the protocol itself was broken.
    Redis(RedisError),
    /// A limit is over. The connection is broken.
    TimedOut(Timeout),
    /// An earlier call on this connection was cut off, or has failed in the middle.
    Broken,
    /// A reply is larger than this many bytes. The connection is broken.
    TooLarge(usize),
    /// More messages than this many came while nobody asked for one. The connection is broken.
    TooManyMessages(usize),
    /// The command is not for such a call, for this reason. Nothing was sent.
    Refused(&'static str),
}

impl Error {
    pub(crate) fn new(
        command: impl Into<Cow<'static, str>>,
        server: &Arc<str>,
        cause: impl Into<Cause>,
    ) -> Self {
        Error { command: command.into(), server: server.clone(), cause: cause.into() }
    }

    /// The name of the command, or what was done else, as "connect".
    pub fn command(&self) -> &str {
        &self.command
    }

    /// The address of the server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Why.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// Why, without the rest.
    pub fn into_cause(self) -> Cause {
        self.cause
    }

    /// Was it a limit that is over?
    pub fn is_timeout(&self) -> bool {
        match &self.cause {
            Cause::TimedOut(_) => true,
            Cause::Io(error) => error.kind() == io::ErrorKind::TimedOut,
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.command, self.server, self.cause)
    }
}

impl std::error::Error for Error {
    // The cause's sentence is a part of ours.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Io(error) => error.source(),
            Cause::Redis(error) => error.source(),
            _ => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Io(error) => error.fmt(f),
            Cause::Redis(error) => error.fmt(f),
            Cause::TimedOut(timeout) => timeout.fmt(f),
            Cause::Broken => f.write_str("an earlier command on this connection was cut off"),
            Cause::TooLarge(limit) => write!(f, "a reply has more than {limit} bytes"),
            Cause::TooManyMessages(limit) => write!(f, "more than {limit} messages wait for somebody"),
            Cause::Refused(why) => f.write_str(why),
        }
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Cause::Io(error)
    }
}

impl From<RedisError> for Cause {
    fn from(error: RedisError) -> Self {
        Cause::Redis(error)
    }
}

impl From<Timeout> for Cause {
    fn from(timeout: Timeout) -> Self {
        Cause::TimedOut(timeout)
    }
}

/// For functions that give an `io::Result`; the error is inside.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error.cause {
            Cause::Io(cause) => cause.kind(),
            Cause::Redis(_) => io::ErrorKind::Other,
            Cause::TimedOut(_) => io::ErrorKind::TimedOut,
            Cause::Broken => io::ErrorKind::NotConnected,
            Cause::TooLarge(_) | Cause::TooManyMessages(_) => io::ErrorKind::OutOfMemory,
            Cause::Refused(_) => io::ErrorKind::InvalidInput,
        };
        io::Error::new(kind, error)
    }
}
