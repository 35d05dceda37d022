//! The client's end.

use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::http::header::{
    CONNECTION, HOST, HeaderName, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use ::http::{HeaderMap, HeaderValue, StatusCode, Uri, Version};
use bytes::BytesMut;
use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;

use super::decode::Role;
use super::deflate::Agreed;
use super::error::{Error, Result};
use super::handshake::extensions_of;
use super::options::Options;
use super::socket::{About, WebSocket};
use crate::event::Flag;
use crate::green;
use crate::green::net::TcpStream;
use crate::green::polled::{PollRead, PollWrite, Polled};
use crate::http::Response;
use crate::http::shown::without_password;
use crate::timeout::with_timeout;
#[cfg(feature = "tls")]
use crate::tls::TlsConnector;
use crate::wsgi::has_token;

/// How long a connection may take to be made, if nothing else is said: 30 seconds.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// What the head of a server's answer may have.
const MAX_HEAD: usize = 64 * 1024;

/// What is kept of a refusal's body.
const MAX_BODY: usize = 64 * 1024;

/// How many headers a server's answer may have.
const MAX_HEADERS: usize = 100;

/// Connects to a WebSocket server, at a URL of `ws://` or (feature `tls`) `wss://`. Suspends until
/// the handshake is over.
///
/// [`Client`] has all that can be set.
///
/// ```
/// use std::io;
/// use eventlet::websocket::{self, Message, WebSocket, WebSocketWsgi};
/// use eventlet::{green, listen, spawn, wsgi};
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
///     let listener = listen("127.0.0.1:0")?;
///     let address = listener.local_addr()?;
///     let serving = spawn(move || wsgi::Server::new().serve(listener, WebSocketWsgi::new(echo)));
///
///     let ws = websocket::connect(&format!("ws://{address}/"))?;
///     ws.send("hello")?;
///     assert_eq!(ws.recv()?, Some(Message::from("hello")));
///     ws.close()?;
///     serving.kill();
///     Ok(())
/// }
/// ```
///
/// # Errors
///
/// [`Error::Invalid`] for a URL that is none of these; [`Error::Io`] for what connecting comes to,
/// with `TimedOut` after [`CONNECT_TIMEOUT`]; [`Error::Refused`] with the server's answer if that
/// is no 101, a redirect included; [`Error::Handshake`] if it is no answer to this handshake.
///
/// # Cancel safety
///
/// A kill or timeout gives the connection up.
#[green(crate = crate)]
pub fn connect(url: &str) -> Result<WebSocket> {
    Client::new().connect(url)
}

/// Connects to WebSocket servers: what is asked for, and the limits.
#[derive(Clone)]
pub struct Client {
    headers: HeaderMap,
    protocols: Vec<Cow<'static, str>>,
    options: Options,
    timeout: Duration,
    /// A header that is none, to be told of when there is somebody to tell.
    invalid: Option<String>,
    #[cfg(feature = "tls")]
    tls: Option<TlsConnector>,
}

impl Default for Client {
    fn default() -> Client {
        Client::new()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("protocols", &self.protocols)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// No headers of its own, no sub-protocols, and the default [options](Options::new).
    pub fn new() -> Client {
        Client {
            headers: HeaderMap::new(),
            protocols: vec![],
            options: Options::new(),
            timeout: CONNECT_TIMEOUT,
            invalid: None,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Sends a header with the handshake, such as `Authorization` or `Cookie`. Those that make the
    /// handshake what it is are the client's own.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Client {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => {
                self.headers.append(name, value);
            }
            _ => self.invalid = Some(format!("`{name}` is no header")),
        }
        self
    }

    /// The page in whose name this connects, as browsers say it.
    #[must_use]
    pub fn origin(self, origin: &str) -> Client {
        self.header(ORIGIN.as_str(), origin)
    }

    /// Offers these sub-protocols, the best one first. The server takes one of them, or none
    /// ([`WebSocket::protocol`]).
    #[must_use]
    pub fn protocols<P: Into<Cow<'static, str>>>(mut self, protocols: impl IntoIterator<Item = P>) -> Client {
        self.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Limits and habits of the connection.
    #[must_use]
    pub fn options(mut self, options: Options) -> Client {
        self.options = options;
        self
    }

    /// How long a connection may take to be made, from the look-up of its name to the end of the
    /// handshake: [`CONNECT_TIMEOUT`] if nothing is said.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Client {
        self.timeout = limit;
        self
    }

    /// What makes `wss://` (feature `tls`): a connector that trusts the system's certificates if
    /// nothing is said.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, connector: TlsConnector) -> Client {
        self.tls = Some(connector);
        self
    }

    /// Connects to a server. Suspends until the handshake is over.
    ///
    /// # Errors
    ///
    /// As [`connect`](fn@connect).
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout gives the connection up.
    #[green(crate = crate)]
    pub fn connect(&self, url: &str) -> Result<WebSocket> {
        let target = Target::of(url)?;
        match with_timeout(self.timeout, || self.reach(target)) {
            Ok(result) => result,
            Err(_) => Err(Error::io(io::ErrorKind::TimedOut, "the connection was not made in time")),
        }
    }

    #[green(crate = crate)]
    fn reach(&self, target: Target) -> Result<WebSocket> {
        let stream = TcpStream::connect((&*target.host, target.port))?;
        // A message must not wait for the peer's acknowledgement. Without it all works, only later.
        let _ = stream.set_nodelay(true);
        if !target.is_encrypted {
            return self.shake(stream, target);
        }
        #[cfg(feature = "tls")]
        {
            let connector = match &self.tls {
                Some(connector) => connector.clone(),
                None => TlsConnector::new()?,
            };
            let stream = connector.connect(&target.host, stream)?;
            self.shake(stream, target)
        }
        #[cfg(not(feature = "tls"))]
        Err(Error::Invalid("`wss` needs the feature `tls`".to_owned()))
    }

    /// Makes a WebSocket of a stream that is connected already: through a proxy, or over a Unix
    /// socket. The URL says what to ask for, and of which host; whether the stream is encrypted is
    /// the caller's business. Suspends until the handshake is over. eventlet's
    /// `RFC6455WebSocket(sock, …, client=True)`.
    ///
    /// # Errors
    ///
    /// As [`connect`](fn@connect).
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout drops the stream.
    #[green(crate = crate)]
    pub fn connect_over<S>(&self, stream: S, url: &str) -> Result<WebSocket>
    where
        S: PollRead + PollWrite + 'static,
    {
        let target = Target::of(url)?;
        match with_timeout(self.timeout, || self.shake(stream, target)) {
            Ok(result) => result,
            Err(_) => Err(Error::io(io::ErrorKind::TimedOut, "the handshake was not over in time")),
        }
    }

    #[green(crate = crate)]
    fn shake<S>(&self, stream: S, target: Target) -> Result<WebSocket>
    where
        S: PollRead + PollWrite + 'static,
    {
        let key = generate_key();
        let head = self.head(&target, &key)?;
        let mut stream = Polled::new(stream);
        let mut written = 0;
        poll_fn(|cx| poll_write_all(&mut stream, &head, &mut written, cx)).await?;
        let mut input = BytesMut::new();
        let response = loop {
            if let Some(response) = response_of(&mut input)? {
                break response;
            }
            if poll_fn(|cx| poll_more(&mut stream, &mut input, cx)).await? == 0 {
                return Err(Error::io(io::ErrorKind::UnexpectedEof, "the server has left in the handshake"));
            }
        };
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let length = response.headers().get(::http::header::CONTENT_LENGTH);
            let length = length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(MAX_BODY);
            // Whoever sends less than it promised has said what it had to say.
            while input.len() < length.min(MAX_BODY)
                && !matches!(poll_fn(|cx| poll_more(&mut stream, &mut input, cx)).await, Ok(0) | Err(_))
            {
            }
            input.truncate(MAX_BODY);
            return Err(Error::Refused(Box::new(response.map(|()| input.freeze()))));
        }
        let (protocol, agreed) = self.verify(&response, &key)?;
        let headers = response.into_parts().0.headers;
        let about = About { uri: target.uri, headers, protocol };
        let stream = crate::http::Upgraded::new(stream, input.freeze(), Flag::new());
        Ok(WebSocket::new(stream, Role::Client, self.options.clone(), agreed.as_ref(), about))
    }

    /// The request.
    fn head(&self, target: &Target, key: &str) -> Result<Vec<u8>> {
        if let Some(invalid) = &self.invalid {
            return Err(Error::Invalid(invalid.clone()));
        }
        let path = target.uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let mut head = format!("GET {path} HTTP/1.1\r\n").into_bytes();
        let mut say = |name: &str, value: &[u8]| {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        };
        say("Host", target.authority.as_bytes());
        say("Upgrade", b"websocket");
        say("Connection", b"Upgrade");
        say("Sec-WebSocket-Version", b"13");
        say("Sec-WebSocket-Key", key.as_bytes());
        if !self.protocols.is_empty() {
            let protocols = self.protocols.join(", ");
            let is_list = HeaderValue::from_str(&protocols).is_ok()
                && self.protocols.iter().all(|name| HeaderName::try_from(&**name).is_ok());
            if !is_list {
                return Err(Error::Invalid(format!("`{protocols}` are no names of protocols")));
            }
            say("Sec-WebSocket-Protocol", protocols.as_bytes());
        }
        if let Some(deflate) = &self.options.deflate {
            say("Sec-WebSocket-Extensions", deflate.offer().as_bytes());
        }
        let own = [
            HOST,
            UPGRADE,
            CONNECTION,
            SEC_WEBSOCKET_VERSION,
            SEC_WEBSOCKET_KEY,
            SEC_WEBSOCKET_PROTOCOL,
            SEC_WEBSOCKET_EXTENSIONS,
        ];
        for (name, value) in self.headers.iter().filter(|(name, _)| !own.contains(name)) {
            say(name.as_str(), value.as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        Ok(head)
    }

    /// Is this an answer to the handshake? Then what both have agreed on.
    fn verify(&self, response: &Response<()>, key: &str) -> Result<(Option<String>, Option<Agreed>)> {
        let headers = response.headers();
        let wrong = |what: &str| Err(Error::Handshake(what.to_owned()));
        if response.version() < Version::HTTP_11 {
            return wrong("the server speaks HTTP/1.0, which has no way to switch");
        }
        if !has_token(headers, UPGRADE.as_str(), "websocket")
            || !has_token(headers, CONNECTION.as_str(), "upgrade")
        {
            return wrong("the server switches to another protocol");
        }
        let accept = derive_accept_key(key.as_bytes());
        if headers.get(SEC_WEBSOCKET_ACCEPT).is_none_or(|value| value.as_bytes() != accept.as_bytes()) {
            return wrong("the server has answered another handshake");
        }
        let mut protocols = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
        let protocol = match (protocols.next(), protocols.next()) {
            (None, _) => None,
            (Some(name), None) => match name.to_str() {
                Ok(name) if self.protocols.iter().any(|offered| offered == name) => Some(name.to_owned()),
                _ => return wrong("the server has chosen a sub-protocol that was not offered"),
            },
            _ => return wrong("the server has chosen several sub-protocols"),
        };
        let extensions = extensions_of(headers);
        let agreed = match &self.options.deflate {
            _ if extensions.trim().is_empty() => None,
            None => return wrong("the server wants extensions that were not offered"),
            Some(deflate) => {
                Some(deflate.accept(&extensions).map_err(|what| Error::Handshake(what.to_owned()))?)
            }
        };
        Ok((protocol, agreed))
    }
}

/// Where to connect, and what to ask for there.
struct Target {
    uri: Uri,
    host: String,
    port: u16,
    authority: String,
    is_encrypted: bool,
}

impl Target {
    fn of(url: &str) -> Result<Target> {
        let invalid = |what: &str| Error::Invalid(format!("`{}` {what}", without_password(url)));
        let uri: Uri = url.parse().map_err(|_| invalid("is no URL"))?;
        let is_encrypted = match uri.scheme_str() {
            Some("ws") => false,
            Some("wss") => true,
            _ => return Err(invalid("is no URL of `ws` or `wss`")),
        };
        let authority = uri.authority().ok_or_else(|| invalid("names no host"))?;
        if authority.as_str().contains('@') {
            return Err(invalid("names a user; send the header `Authorization`"));
        }
        let host = authority.host();
        let usual = if is_encrypted { 443 } else { 80 };
        let port = match &authority.as_str()[host.len()..] {
            "" | ":" => usual,
            // What can be no port is not left out.
            _ => authority.port_u16().ok_or_else(|| invalid("names a port that is none"))?,
        };
        let said = if port == usual { host.to_owned() } else { format!("{host}:{port}") };
        // The brackets of an IPv6 address are the URL's.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Target { host, port, authority: said, is_encrypted, uri })
    }
}

/// The head of the server's answer, once all of it is here.
fn response_of(input: &mut BytesMut) -> Result<Option<Response<()>>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Response::new(&mut headers);
    let bad = |what: String| Error::Handshake(format!("the server's answer is no HTTP: {what}"));
    let length = match parsed.parse(input) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if input.len() > MAX_HEAD => return Err(bad("it is too long".into())),
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(bad(error.to_string())),
    };
    let version = if parsed.version == Some(1) { Version::HTTP_11 } else { Version::HTTP_10 };
    let mut response = ::http::Response::builder().status(parsed.code.unwrap_or_default()).version(version);
    for header in parsed.headers.iter() {
        response = response.header(header.name, header.value);
    }
    let response = response.body(()).map_err(|error| bad(error.to_string()))?;
    let _ = input.split_to(length);
    Ok(Some(response))
}

fn poll_write_all<S: PollRead + PollWrite>(
    stream: &mut Polled<S>,
    bytes: &[u8],
    written: &mut usize,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while *written < bytes.len() {
        match ready!(stream.poll_write(cx, &bytes[*written..]))? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            count => *written += count,
        }
    }
    stream.poll_flush(cx)
}

fn poll_more<S: PollRead>(
    stream: &mut Polled<S>,
    input: &mut BytesMut,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut space = [0; 4096];
    let count = ready!(stream.poll_read(cx, &mut space))?;
    input.extend_from_slice(&space[..count]);
    Poll::Ready(Ok(count))
}
