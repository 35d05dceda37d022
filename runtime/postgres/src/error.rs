//! What went wrong, in which call, at which server.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::sync::Arc;

use eventlet::Timeout;
use tokio_postgres::error::{DbError, SqlState};

/// The error of a call: its [cause](Cause), the call and the server.
///
/// It holds neither the text of a query nor its parameters, which may be secrets.
#[derive(Debug)]
pub struct Error {
    call: &'static str,
    server: Arc<str>,
    cause: Cause,
}

/// Why a call has failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// There is no way to the server.
    Io(io::Error),
    /// What the server says, or what the protocol comes to; [`Error::as_db_error`] is the former.
    /// If the server has ended the connection, that is broken.
    Postgres(tokio_postgres::Error),
    /// A limit is over. The connection is broken.
    TimedOut(Timeout),
    /// An earlier call on this connection was cut off.
    Broken,
    /// A transaction could not be committed, since the server had refused one of its statements.
    /// The connection is as it was.
    RolledBack,
    /// More notifications than this many came while nobody asked for one. The connection has ended.
    TooManyNotifications(usize),
}

impl Error {
    pub(crate) fn new(call: &'static str, server: &Arc<str>, cause: impl Into<Cause>) -> Self {
        Error { call, server: server.clone(), cause: cause.into() }
    }

    /// The call that has failed: "query", "connect" and so on.
    pub fn call(&self) -> &str {
        self.call
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

    /// What the server says of it, if it does.
    pub fn as_db_error(&self) -> Option<&DbError> {
        match &self.cause {
            Cause::Postgres(error) => error.as_db_error(),
            _ => None,
        }
    }

    /// The server's code, as `SqlState::UNIQUE_VIOLATION`.
    pub fn code(&self) -> Option<&SqlState> {
        self.as_db_error().map(DbError::code)
    }

    /// Was it a limit that is over?
    pub fn is_timeout(&self) -> bool {
        matches!(self.cause, Cause::TimedOut(_))
    }

    /// Has the connection ended?
    pub fn is_closed(&self) -> bool {
        match &self.cause {
            Cause::Postgres(error) => {
                error.is_closed() || error.source().is_some_and(|cause| cause.is::<io::Error>())
            }
            Cause::TooManyNotifications(_) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.call, self.server, self.cause)
    }
}

impl std::error::Error for Error {
    // The cause's sentence is a part of ours, and so is its own cause's.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Io(error) => error.source(),
            Cause::Postgres(error) => error.source().and_then(std::error::Error::source),
            _ => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Io(error) => error.fmt(f),
            Cause::Postgres(error) => match (error.as_db_error(), error.source()) {
                (Some(said), _) => said.fmt(f),
                (None, Some(source)) => write!(f, "{error}: {source}"),
                (None, None) => error.fmt(f),
            },
            Cause::TimedOut(timeout) => timeout.fmt(f),
            Cause::Broken => f.write_str("an earlier query on this connection was cut off"),
            Cause::RolledBack => f.write_str("a statement has failed, so all were rolled back"),
            Cause::TooManyNotifications(limit) => {
                write!(f, "more than {limit} notifications waited for somebody")
            }
        }
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Cause::Io(error)
    }
}

impl From<tokio_postgres::Error> for Cause {
    fn from(error: tokio_postgres::Error) -> Self {
        Cause::Postgres(error)
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
            Cause::Postgres(_) | Cause::RolledBack => io::ErrorKind::Other,
            Cause::TimedOut(_) => io::ErrorKind::TimedOut,
            Cause::Broken => io::ErrorKind::NotConnected,
            Cause::TooManyNotifications(_) => io::ErrorKind::OutOfMemory,
        };
        io::Error::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_io_is_of_its_kind_and_holds_what_was_called_and_where() {
        let server = Arc::from("127.0.0.1:5432");
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let error = io::Error::from(Error::new("connect", &server, refused));
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(error.to_string(), "connect at 127.0.0.1:5432: connection refused");
        let broken = io::Error::from(Error::new("query", &server, Cause::Broken));
        assert_eq!(broken.kind(), io::ErrorKind::NotConnected);
        let inner = broken.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        assert_eq!(inner.map(Error::call), Some("query"));
    }
}
