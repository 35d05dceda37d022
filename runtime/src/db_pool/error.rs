//! Why there is no connection.

use std::error::Error;
use std::fmt;
use std::io;

use crate::timeout::Timeout;

/// The error of a pool that could not connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectError<E> {
    /// Connecting took longer than the pool allows: eventlet's `ConnectTimeout`.
    TimedOut(Timeout),
    /// What connects gave this error.
    Failed(E),
}

impl<E: fmt::Display> fmt::Display for ConnectError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectError::TimedOut(timeout) => write!(f, "connecting {timeout}"),
            ConnectError::Failed(error) => error.fmt(f),
        }
    }
}

impl<E: Error> Error for ConnectError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ConnectError::TimedOut(timeout) => Some(timeout),
            // Its sentence is ours, so that the cause is its cause.
            ConnectError::Failed(error) => error.source(),
        }
    }
}

impl From<ConnectError<io::Error>> for io::Error {
    fn from(error: ConnectError<io::Error>) -> Self {
        match error {
            ConnectError::TimedOut(timeout) => timeout.into(),
            ConnectError::Failed(error) => error,
        }
    }
}
