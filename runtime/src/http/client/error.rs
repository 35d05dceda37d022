//! What a request comes to when it does not come to an answer.

use std::error;
use std::fmt;
use std::io;

use ::http::{Method, StatusCode};
use url::Url;

use crate::http::shown::without_password;

/// How far a request had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// It cannot be made: its URL, a header or its body is none.
    Build,
    /// It waited for room among the connections.
    Pool,
    /// The name of the host was looked up.
    Resolve,
    /// The connection was made.
    Connect,
    /// A proxy was asked for a tunnel, or none could be made of its URL.
    Proxy,
    /// The TLS handshake was gone through.
    Handshake,
    /// It was sent.
    Send,
    /// The head of the answer was waited for.
    ReceiveHead,
    /// The body of the answer was read.
    ReceiveBody,
    /// The answer sent it elsewhere, and there it could not go.
    Redirect,
    /// The answer's status is an error, which was [asked for](super::Response::error_for_status).
    Status,
}

impl Phase {
    fn words(self) -> &'static str {
        match self {
            Phase::Build => "cannot make the request",
            Phase::Pool => "no connection became free",
            Phase::Resolve => "cannot find the host",
            Phase::Connect => "cannot connect",
            Phase::Proxy => "cannot go through the proxy",
            Phase::Handshake => "cannot begin TLS",
            Phase::Send => "cannot send the request",
            Phase::ReceiveHead => "there was no answer",
            Phase::ReceiveBody => "cannot read the answer",
            Phase::Redirect => "cannot follow the redirect",
            Phase::Status => "the answer is an error",
        }
    }
}

/// What a request came to: its method and URL, how far it had come, and why it went no further.
///
/// It turns into an `io::Error` of its [kind](Self::kind), so `?` hands it on in functions that
/// return `io::Result`. A password in the URL is never shown.
///
/// ```
/// use std::io;
/// use eventlet::http::client::Phase;
/// use eventlet::{green, http};
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let unused = eventlet::listen("127.0.0.1:0")?.local_addr()?;
///     let error = http::get(format!("http://me:secret@{unused}/")).unwrap_err();
///     assert_eq!(error.phase(), Phase::Connect);
///     assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
///     assert!(error.to_string().starts_with(&format!("GET http://me@{unused}/: cannot connect: ")));
///     Ok(())
/// }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    what: What,
    phase: Phase,
    status: Option<StatusCode>,
    reason: io::Error,
}

/// Which request it is about.
#[derive(Clone, Debug)]
pub(super) struct What {
    pub(super) method: Method,
    /// Without its password.
    pub(super) url: String,
}

impl What {
    pub(super) fn new(method: &Method, url: &Url) -> What {
        let mut shown = url.clone();
        if shown.set_password(None).is_err() {
            return What::of_text(method, url.as_str());
        }
        What { method: method.clone(), url: shown.into() }
    }

    /// The same of what is no URL.
    pub(super) fn of_text(method: &Method, text: &str) -> What {
        What { method: method.clone(), url: without_password(text) }
    }

    pub(super) fn error(&self, phase: Phase, reason: io::Error) -> Error {
        Error(Box::new(Inner { what: self.clone(), phase, status: None, reason }))
    }

    pub(super) fn status_error(&self, status: StatusCode) -> Error {
        let reason = io::Error::other(status.to_string());
        Error(Box::new(Inner { what: self.clone(), phase: Phase::Status, status: Some(status), reason }))
    }
}

impl Error {
    /// How far the request had come.
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// What kind of error it is: `TimedOut` for every limit on time, `ConnectionRefused`,
    /// `InvalidData` for an answer that is no HTTP or a certificate that is not trusted, …
    pub fn kind(&self) -> io::ErrorKind {
        self.0.reason.kind()
    }

    /// Was a limit on time over?
    pub fn is_timeout(&self) -> bool {
        self.kind() == io::ErrorKind::TimedOut
    }

    /// The URL at which it happened (after redirects, the last one), without its password.
    pub fn url(&self) -> &str {
        &self.0.what.url
    }

    /// The method of the request.
    pub fn method(&self) -> &Method {
        &self.0.what.method
    }

    /// The answer's status, if that is the error.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The error that an answer's body gave, which is one of these.
    pub(super) fn of_body(what: &What, error: io::Error) -> Error {
        match error.downcast::<Error>() {
            Ok(error) => error,
            Err(error) => what.error(Phase::ReceiveBody, error),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { what, phase, reason, .. } = &*self.0;
        write!(f, "{} {}: {}: {reason}", what.method, what.url, phase.words())?;
        // A library's error says why in what stands behind it.
        let mut source = reason.get_ref().and_then(|inner| inner.source());
        while let Some(inner) = source {
            write!(f, ": {inner}")?;
            source = inner.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { what, phase, status, reason } = &*self.0;
        f.debug_struct("Error")
            .field("method", &what.method)
            .field("url", &what.url)
            .field("phase", phase)
            .field("status", status)
            .field("reason", reason)
            .finish()
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&self.0.reason)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        io::Error::new(error.kind(), error)
    }
}

/// The result of a request.
pub type Result<T, E = Error> = std::result::Result<T, E>;

pub(super) fn invalid(reason: impl Into<Box<dyn error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

pub(super) fn timed_out(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, message)
}
