//! The server's end: WebSockets of requests.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::io;
use std::rc::Rc;

use ::http::header::{SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL};
use ::http::{HeaderMap, HeaderValue, Request, StatusCode};
use tungstenite::handshake::derive_accept_key;

use super::decode::Role;
use super::deflate::{Agreed, Deflate};
use super::error::{Error, is_disconnect};
use super::handshake::{self, Refused};
use super::message::CloseCode;
use super::options::Options;
use super::socket::{About, WebSocket};
use crate::Green;
use crate::branch::{Race2, race};
use crate::event::Flag;
use crate::green;
use crate::http::{Response, Upgraded};
use crate::wsgi::{self, Application};

/// What a handler of a WebSocket may give: nothing, or a `Result` of nothing whose error is an
/// [`Error`] or an [`io::Error`].
pub trait Outcome {
    /// What it came to.
    ///
    /// # Errors
    ///
    /// The handler's.
    fn into_result(self) -> io::Result<()>;
}

impl Outcome for () {
    fn into_result(self) -> io::Result<()> {
        Ok(())
    }
}

impl<E: Into<io::Error>> Outcome for Result<(), E> {
    fn into_result(self) -> io::Result<()> {
        self.map_err(Into::into)
    }
}

/// Which pages' scripts may connect.
#[derive(Clone)]
enum Origins {
    Same,
    Any,
    Checked(Rc<dyn Fn(&str) -> bool>),
}

/// Makes WebSockets of requests: what is offered, who may come, and the limits.
///
/// ```
/// use eventlet::green;
/// use eventlet::http::{IntoResponse, Request, Response};
/// use eventlet::websocket::{self, Acceptor, WebSocket};
///
/// #[green]
/// fn app(request: Request) -> Response {
///     match request.uri().path() {
///         "/chat" => Acceptor::new().protocols(["chat"]).accept(&request, echo),
///         _ => "see /chat\n".into_response(),
///     }
/// }
///
/// #[green]
/// fn echo(ws: WebSocket) -> websocket::Result<()> {
///     while let Some(message) = ws.recv()? {
///         ws.send(message)?;
///     }
///     Ok(())
/// }
/// # fn main() {
/// #     let request = Request::builder().uri("/chat").body("".into()).unwrap();
/// #     assert_eq!(eventlet::run(|| app(request)).status().as_u16(), 400);
/// # }
/// ```
#[derive(Clone)]
pub struct Acceptor {
    protocols: Vec<Cow<'static, str>>,
    origins: Origins,
    options: Options,
}

impl Default for Acceptor {
    fn default() -> Acceptor {
        Acceptor::new()
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor")
            .field("protocols", &self.protocols)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Acceptor {
    /// No sub-protocols, scripts of the server's own pages, and the default
    /// [options](Options::new).
    pub fn new() -> Acceptor {
        Acceptor { protocols: vec![], origins: Origins::Same, options: Options::new() }
    }

    /// The sub-protocols that are spoken here. The first of the client's that is among them is
    /// taken; if none is, the connection has none. eventlet's `supported_protocols`.
    #[must_use]
    pub fn protocols<P: Into<Cow<'static, str>>>(
        mut self,
        protocols: impl IntoIterator<Item = P>,
    ) -> Acceptor {
        self.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Lets scripts of any page connect. They do so with the cookies of whoever looks at the page:
    /// what a cookie allows must be asked for in another way then.
    #[must_use]
    pub fn any_origin(mut self) -> Acceptor {
        self.origins = Origins::Any;
        self
    }

    /// Asks `allows` about the origin of a page whose script connects, such as
    /// `https://example.com`; what is refused gets 403. Clients that are no browsers name none, and
    /// are not asked about. Pages of the same host and port may connect if nothing is said.
    /// eventlet's `origin_checker`.
    #[must_use]
    pub fn origin_checker(mut self, allows: impl Fn(&str) -> bool + 'static) -> Acceptor {
        self.origins = Origins::Checked(Rc::new(allows));
        self
    }

    /// Limits and habits of the connections.
    #[must_use]
    pub fn options(mut self, options: Options) -> Acceptor {
        self.options = options;
        self
    }

    /// Answers a request with a WebSocket, which `handler` has in a green thread of its own; the
    /// application must return the answer. Does not suspend.
    ///
    /// When the handler has ended the connection is closed: with 1000, or with 1011 after an error
    /// or a panic, which are also lines of the server's log. That the peer has gone is neither.
    /// When the server ends the peer is told 1001; a handler has the server's grace for its end,
    /// and is killed then.
    ///
    /// What is no handshake is answered otherwise:
    ///
    /// | the request | the answer |
    /// |---|---|
    /// | is no `GET` | 405 |
    /// | is not of HTTP/1.1, has a body, or no `Connection: upgrade` and `Upgrade: websocket` | 400 |
    /// | has no `Sec-WebSocket-Key` of 16 bytes, or several | 400 |
    /// | is of a version other than 13 and 8 | 426 |
    /// | comes from a page of another origin, or of one that cannot be read | 403 |
    pub fn accept<B, F, G>(&self, request: &Request<B>, handler: F) -> Response
    where
        F: FnOnce(WebSocket) -> G + 'static,
        G: Future + 'static,
        G::Output: Outcome,
    {
        let key = match handshake::key_of(request) {
            Ok(key) => key,
            Err(refused) => return refused.into_response(),
        };
        let headers = request.headers();
        let is_allowed = match (handshake::origin_of(headers), &self.origins) {
            (_, Origins::Any) => true,
            _ if handshake::is_origin_odd(headers) => false,
            (None, _) => true,
            (Some(origin), Origins::Same) => handshake::is_same_origin(headers, origin),
            (Some(origin), Origins::Checked(allows)) => allows(origin),
        };
        if !is_allowed {
            return Refused::of_origin().into_response();
        }
        let agreed = self.deflate().and_then(|deflate| deflate.answer(&handshake::extensions_of(headers)));
        let protocol = handshake::protocol_of(headers, &self.protocols);
        let accept = derive_accept_key(key.as_bytes());
        let said = answer(&accept, protocol.as_deref(), agreed.as_ref());
        let about = About { uri: request.uri().clone(), headers: headers.clone(), protocol };
        let options = self.options.clone();
        let take = move |connection: Upgraded| {
            let closing = connection.closing();
            let ws = WebSocket::new(connection, Role::Server, options, agreed.as_ref(), about);
            handle(ws, closing, handler)
        };
        let mut response = wsgi::upgrade(request, "websocket", take);
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            response.headers_mut().extend(said);
        }
        response
    }

    fn deflate(&self) -> Option<&Deflate> {
        self.options.deflate.as_ref()
    }
}

/// What the answer says besides.
fn answer(accept: &str, protocol: Option<&str>, agreed: Option<&Agreed>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let extensions = agreed.map(Agreed::header);
    let said = [
        (SEC_WEBSOCKET_ACCEPT, Some(accept)),
        (SEC_WEBSOCKET_PROTOCOL, protocol),
        (SEC_WEBSOCKET_EXTENSIONS, extensions.as_deref()),
    ];
    for (name, value) in said {
        // What came in a header can go out in one.
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// Lets a handler have its connection, tells the peer of the server's end, and sees the connection
/// to its own.
#[green(crate = crate)]
fn handle<F, G>(ws: WebSocket, closing: Flag, handler: F) -> io::Result<()>
where
    F: FnOnce(WebSocket) -> G,
    G: Future,
    G::Output: Outcome,
{
    let handed = ws.clone();
    let handler = || async { handler(handed).await };
    let going = || async {
        closing.wait().await;
        // How it ends the handler sees.
        let _ = ws.close_with(CloseCode::GOING_AWAY, "the server ends").await;
        std::future::pending::<()>().await;
    };
    let result = match race(handler, going) {
        Race2::First(outcome) => outcome.into_result(),
        Race2::Second(()) => Ok(()),
    };
    let result = match result {
        Err(error) if is_disconnect(error.kind()) => Ok(()),
        // The peer's mistake, of which it was told.
        Err(error) if error.get_ref().is_some_and(is_protocol) => Ok(()),
        result => result,
    };
    ws.finish(if result.is_ok() { CloseCode::NORMAL } else { CloseCode::INTERNAL_ERROR });
    result
}

fn is_protocol(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    matches!(error.downcast_ref::<Error>(), Some(Error::Protocol(_)))
}

/// Answers a request with a WebSocket for `handler`, with the defaults: [`Acceptor::accept`].
pub fn accept<B, F, G>(request: &Request<B>, handler: F) -> Response
where
    F: FnOnce(WebSocket) -> G + 'static,
    G: Future + 'static,
    G::Output: Outcome,
{
    Acceptor::new().accept(request, handler)
}

/// An application whose requests all are WebSockets: eventlet's `WebSocketWSGI`.
///
/// ```no_run
/// use std::io;
/// use eventlet::websocket::{self, WebSocket, WebSocketWsgi};
/// use eventlet::{green, wsgi};
///
/// #[green]
/// fn echo(ws: WebSocket) -> websocket::Result<()> {
///     while let Some(message) = ws.recv()? {
///         ws.send(message)?;
///     }
///     Ok(())
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     wsgi::server(eventlet::listen("127.0.0.1:8090")?, WebSocketWsgi::new(echo))
/// }
/// ```
#[doc(alias = "WebSocketWSGI")]
#[derive(Clone, Debug)]
pub struct WebSocketWsgi<F> {
    handler: Rc<F>,
    acceptor: Acceptor,
}

impl<F, G> WebSocketWsgi<F>
where
    F: Fn(WebSocket) -> G + 'static,
    G: Future + 'static,
    G::Output: Outcome,
{
    /// Every connection is `handler`'s, with the defaults.
    pub fn new(handler: F) -> Self {
        WebSocketWsgi::configured(handler, Acceptor::new())
    }

    /// Every connection is `handler`'s, as this says; eventlet's `configured`.
    pub fn configured(handler: F, acceptor: Acceptor) -> Self {
        WebSocketWsgi { handler: Rc::new(handler), acceptor }
    }
}

impl<F, G> Application for WebSocketWsgi<F>
where
    F: Fn(WebSocket) -> G + 'static,
    G: Future + 'static,
    G::Output: Outcome,
{
    #[green(by_hand = "it captures no more than it says")]
    fn respond(
        &self,
        request: crate::http::Request,
    ) -> Green<impl Future<Output = Response> + 'static + use<F, G>> {
        let handler = self.handler.clone();
        let response = self.acceptor.accept(&request, move |ws| handler(ws));
        Green::new(std::future::ready(response))
    }
}
