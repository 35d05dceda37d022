//! Connections that are handed over to their handlers.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::rc::Rc;

use ::http::header::{CONNECTION, HeaderMap, UPGRADE};
use ::http::{HeaderValue, StatusCode, Version};

use super::request::Linked;
use crate::GreenThread;
use crate::greenthread::Builder;
use crate::http::{IntoResponse, Request, Response, Upgraded};

/// What takes a connection over: it begins a green thread.
pub(super) type Takeover = Box<dyn FnOnce(Upgraded) -> GreenThread<io::Result<()>>>;

/// What a handler has left to be done after its answer.
#[derive(Default)]
pub(super) struct Place(RefCell<Option<Takeover>>);

impl Place {
    pub(super) fn take(&self) -> Option<Takeover> {
        self.0.borrow_mut().take()
    }

    pub(super) fn put(&self, takeover: Option<Takeover>) {
        *self.0.borrow_mut() = takeover;
    }
}

/// Hands a request's connection over: the answer is `101 Switching Protocols` to `protocol`, and
/// then `f` has the connection, in a green thread of its own. More headers can be put into the
/// answer, which the handler must return. Does not suspend.
///
/// The answer is another one if the request does not ask for this protocol: 426, with the
/// protocol's name. Nothing is handed over then, nor if the handler returns another answer. Only
/// HTTP/1.1 can do it.
///
/// None of the server's limits on time holds for such a connection, and it has its place among
/// [`max_size`](super::Server::max_size). When the server ends it is told
/// ([`Upgraded::closing`]), and killed after the server's [grace](super::Server::grace). An error
/// or a panic is a line in the server's log. eventlet's `ALREADY_HANDLED`, gevent's way to answer
/// an upgrade.
///
/// ```
/// use std::io;
/// use eventlet::green;
/// use eventlet::green::io::{Read, Write};
/// use eventlet::http::{Request, Response, Upgraded};
/// use eventlet::wsgi;
///
/// #[green]
/// fn app(request: Request) -> Response {
///     wsgi::upgrade(&request, "echo", echo)
/// }
///
/// #[green]
/// fn echo(mut connection: Upgraded) -> io::Result<()> {
///     let mut buf = [0; 1024];
///     loop {
///         let n = connection.read(&mut buf)?;
///         if n == 0 {
///             return Ok(());
///         }
///         connection.write_all(&buf[..n])?;
///     }
/// }
/// # fn main() {
/// #     let answer = eventlet::run(|| app(Request::new("".into())));
/// #     assert_eq!(answer.status().as_u16(), 426);
/// # }
/// ```
pub fn upgrade<B, F, G>(request: &Request<B>, protocol: &'static str, f: F) -> Response
where
    F: FnOnce(Upgraded) -> G + 'static,
    G: Future<Output = io::Result<()>> + 'static,
{
    let headers = request.headers();
    let is_asked = request.version() == Version::HTTP_11
        && has_token(headers, CONNECTION.as_str(), "upgrade")
        && has_token(headers, UPGRADE.as_str(), protocol);
    let protocol = HeaderValue::from_static(protocol);
    if !is_asked {
        return (StatusCode::UPGRADE_REQUIRED, [(UPGRADE, protocol)], "Upgrade Required\n").into_response();
    }
    let Some(link) = request.extensions().get::<Linked>() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let takeover = |connection| Builder::new().name("upgraded").spawn(move || f(connection));
    link.upgrade.put(Some(Box::new(takeover)));
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let headers = response.headers_mut();
    headers.clear();
    headers.insert(UPGRADE, protocol);
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    response
}

/// Is this word among the values of a header that is a list?
pub(crate) fn has_token(headers: &HeaderMap, name: &str, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case(token))
}

/// What an answer promises, and whether it can be kept.
pub(super) fn settle(
    response: &Response,
    place: &Rc<super::request::Link>,
    version: Version,
) -> Result<Option<Takeover>, &'static str> {
    let takeover = place.upgrade.take();
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(None);
    }
    match takeover {
        Some(takeover) if version == Version::HTTP_11 => Ok(Some(takeover)),
        _ => Err("the answer switches protocols, and nothing takes the connection over"),
    }
}
