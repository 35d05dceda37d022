//! Why there is no answer.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::ResponseCode;

/// Why a question has no answer. As an [`io::Error`] it is `NotFound`, `TimedOut`, `InvalidInput`,
/// or of the kind of its cause.
#[derive(Debug)]
#[non_exhaustive]
pub enum LookupError {
    /// There is no such name (`NXDOMAIN`).
    NoSuchName(String),
    /// There is such a name, and it has no record of this kind.
    NoRecords(String),
    /// There was no answer in time.
    TimedOut(String, Duration),
    /// The nameserver refuses or fails, with this code: `Server Failure`.
    Refused(String, String),
    /// What was asked for is no name: its text, and why.
    BadName(String, String),
    /// The nameserver cannot be reached, or does not make sense.
    Failed(String, io::Error),
}

impl LookupError {
    /// The name that was asked for.
    pub fn name(&self) -> &str {
        match self {
            LookupError::NoSuchName(name)
            | LookupError::NoRecords(name)
            | LookupError::TimedOut(name, _)
            | LookupError::Refused(name, _)
            | LookupError::BadName(name, _)
            | LookupError::Failed(name, _) => name,
        }
    }

    /// Does it answer the question? Then nobody else need be asked.
    pub(super) fn is_an_answer(&self) -> bool {
        matches!(self, LookupError::NoSuchName(_) | LookupError::NoRecords(_))
    }

    pub(super) fn of(error: NetError, name: &str, limit: Duration) -> LookupError {
        let name = name.to_owned();
        match error {
            NetError::Dns(DnsError::NoRecordsFound(NoRecords { response_code, .. })) => match response_code {
                ResponseCode::NXDomain => LookupError::NoSuchName(name),
                ResponseCode::NoError => LookupError::NoRecords(name),
                code => LookupError::Refused(name, code.to_string()),
            },
            NetError::Dns(DnsError::ResponseCode(code)) => LookupError::Refused(name, code.to_string()),
            NetError::Timeout => LookupError::TimedOut(name, limit),
            NetError::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                LookupError::TimedOut(name, limit)
            }
            NetError::Io(error) => LookupError::Failed(name, io::Error::new(error.kind(), error)),
            other => LookupError::Failed(name, io::Error::other(other)),
        }
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LookupError::NoSuchName(name) => write!(f, "there is no name `{name}`"),
            LookupError::NoRecords(name) => write!(f, "`{name}` has no record of this kind"),
            LookupError::TimedOut(name, limit) => {
                write!(f, "no nameserver answers for `{name}` within {limit:?}")
            }
            LookupError::Refused(name, code) => {
                write!(f, "the nameserver has no answer for `{name}`: {code}")
            }
            LookupError::BadName(name, why) => write!(f, "`{name}` is no name: {why}"),
            LookupError::Failed(name, error) => write!(f, "cannot ask for `{name}`: {error}"),
        }
    }
}

impl Error for LookupError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            LookupError::Failed(_, error) => Some(error),
            _ => None,
        }
    }
}

impl From<LookupError> for io::Error {
    fn from(error: LookupError) -> io::Error {
        let kind = match &error {
            LookupError::NoSuchName(_) | LookupError::NoRecords(_) => io::ErrorKind::NotFound,
            LookupError::TimedOut(..) => io::ErrorKind::TimedOut,
            LookupError::BadName(..) => io::ErrorKind::InvalidInput,
            LookupError::Refused(..) => io::ErrorKind::Other,
            LookupError::Failed(_, error) => error.kind(),
        };
        io::Error::new(kind, error)
    }
}
