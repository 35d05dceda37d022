//! The server: its settings, and its accept loop.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::connection::{self, Connection, Open};
use super::log::{Sink, to_stderr};
use super::request::Peer;
use super::shutdown::{self, Handle};
use crate::Green;
use crate::convenience::Listener;
use crate::event::Flag;
use crate::green;
use crate::green::net::{TcpListener, TcpStream};
#[cfg(unix)]
use crate::green::os::unix::net::{SocketAddr as UnixAddr, UnixListener, UnixStream};
use crate::green::polled::{PollRead, PollWrite};
use crate::greenpool::GreenPool;
use crate::http::{IntoResponse, Request, Response};
#[cfg(feature = "tls")]
use crate::tls::{self, TlsListener, TlsStream};

/// Serves an application on a listener, until the process is told to end (SIGTERM, SIGINT) or the
/// listener is closed. Suspends for as long.
///
/// [`Server`] has all that can be set. On a signal no more connections are accepted, idle ones are
/// closed, and requests that are being answered have thirty seconds; this returns then. Killing the
/// thread that serves does the same.
///
/// # Errors
///
/// What accepting comes to, as [`serve`](crate::serve()).
///
/// # Cancel safety
///
/// A kill is a graceful end, which suspends: the connections finish first. A timeout is not: it
/// drops the server, and the requests that it is answering go on in their threads.
#[green(crate = crate)]
pub fn server<L: Transport, A: Application>(listener: L, app: A) -> io::Result<()> {
    Server::new().signals(true).serve(listener, app)
}

/// What is served: a function from a [`Request`] to a green call that gives an answer.
///
/// Every `#[green] fn(Request) -> impl IntoResponse` is one, every closure that makes such a call,
/// and a [`Router`](super::Router).
///
/// A type of one's own gives the call of a green function that has what it needs:
///
/// ```
/// use std::future::Future;
/// use std::rc::Rc;
/// use eventlet::http::{IntoResponse, Request, Response};
/// use eventlet::wsgi::Application;
/// use eventlet::{Green, green};
///
/// #[derive(Clone)]
/// struct Site(Rc<str>);
///
/// #[green]
/// fn answer(site: Site, request: Request) -> Response {
///     format!("{} at {}\n", site.0, request.uri().path()).into_response()
/// }
///
/// impl Application for Site {
///     fn respond(&self, request: Request) -> Green<impl Future<Output = Response> + 'static + use<>> {
///         answer(self.clone(), request)
///     }
/// }
///
/// #[green]
/// fn main() {
///     let site = Site("home".into());
///     let request = Request::get("/here").body(Default::default()).unwrap();
///     assert_eq!(site.respond(request).into_body().text().unwrap(), "home at /here\n");
/// }
/// ```
pub trait Application: 'static {
    /// Answers one request. Suspends as the application does.
    ///
    /// # Cancel safety
    ///
    /// What a kill or a timeout loses is said by the application; the request is gone.
    #[green(by_hand = "it captures no more than it says")]
    fn respond(&self, request: Request) -> Green<impl Future<Output = Response> + 'static + use<Self>>;
}

impl<F, G> Application for F
where
    F: Fn(Request) -> G + 'static,
    G: Future + 'static,
    G::Output: IntoResponse,
{
    #[green(by_hand = "it captures no more than it says")]
    fn respond(&self, request: Request) -> Green<impl Future<Output = Response> + 'static + use<F, G>> {
        let call = self(request);
        Green::new(async move { call.await.into_response() })
    }
}

/// What is served, by the names of ALPN.
const PROTOCOLS: &[&[u8]] = &[b"h2", b"http/1.1"];

/// A listener whose connections can be served.
pub trait Transport: Listener<Connection: PollRead + PollWrite + Unpin> + 'static {
    /// The peer's address, if it has one on the network.
    fn address(address: Self::Address) -> Option<SocketAddr>;

    /// Prepares a connection that was just accepted.
    fn prepare(connection: &Self::Connection) {
        let _ = connection;
    }

    /// Has what was read confirmed at once, where that can be asked for: a body is still to come,
    /// and its sender may wait for the confirmation of what it has sent before.
    fn confirm(connection: &Self::Connection) {
        let _ = connection;
    }

    /// Does it go through TLS?
    const IS_ENCRYPTED: bool = false;

    /// Offers the protocols that are served, where protocols are offered and nobody has said which.
    fn offer(&mut self, protocols: &[&[u8]]) {
        let _ = protocols;
    }
}

impl Transport for TcpListener {
    fn address(address: SocketAddr) -> Option<SocketAddr> {
        Some(address)
    }

    fn prepare(connection: &TcpStream) {
        // An answer in several writes must not wait for the peer's acknowledgement. Without it all
        // works, only later.
        let _ = connection.set_nodelay(true);
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn confirm(connection: &TcpStream) {
        // A client that writes a head and then a small body (Nagle's algorithm) holds the body back
        // until the head is confirmed, which would take 40 ms. Without it all works, only later.
        let _ = connection.set_quickack(true);
    }
}

#[cfg(unix)]
impl Transport for UnixListener {
    fn address(_address: UnixAddr) -> Option<SocketAddr> {
        None
    }

    fn prepare(_connection: &UnixStream) {}
}

/// Both versions of HTTP are offered (ALPN), unless the acceptor says which. The handshake is gone
/// through in the connection's own thread.
#[cfg(feature = "tls")]
impl<L: Transport<Connection: tls::Transport>> Transport for TlsListener<L> {
    fn address(address: L::Address) -> Option<SocketAddr> {
        L::address(address)
    }

    fn prepare(connection: &TlsStream<L::Connection>) {
        L::prepare(connection.get_ref());
    }

    fn confirm(connection: &TlsStream<L::Connection>) {
        L::confirm(connection.get_ref());
    }

    const IS_ENCRYPTED: bool = true;

    fn offer(&mut self, protocols: &[&[u8]]) {
        TlsListener::offer(self, protocols);
    }
}

/// What a request and its connection may come to.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) head_time: Duration,
    pub(super) idle_time: Duration,
    pub(super) body_time: Option<Duration>,
    pub(super) half_close_time: Duration,
    pub(super) url_length: usize,
    pub(super) headers: usize,
    pub(super) head: usize,
    pub(super) body: u64,
    pub(super) requests: u64,
    pub(super) http2_streams: u32,
    pub(super) http2_window: u32,
}

/// A server, before it serves: settings under eventlet's names where it has them.
///
/// ```no_run
/// use std::io;
/// use std::time::Duration;
/// use eventlet::http::Request;
/// use eventlet::{green, wsgi};
///
/// #[green]
/// fn app(_request: Request) -> &'static str {
///     "Hello, World!\n"
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let server = wsgi::Server::new().max_size(10_000).keepalive_timeout(Duration::from_secs(5)).log_output(true);
///     server.serve(eventlet::listen("127.0.0.1:8090")?, app)
/// }
/// ```
#[derive(Clone)]
pub struct Server {
    pub(super) limits: Limits,
    pub(super) pool: Option<GreenPool>,
    pub(super) max_size: usize,
    pub(super) keepalive: bool,
    pub(super) http1_only: bool,
    pub(super) capitalize: bool,
    pub(super) debug: bool,
    pub(super) log: Option<Sink>,
    pub(super) signals: bool,
    pub(super) grace: Duration,
    pub(super) closing: Flag,
}

impl Default for Server {
    fn default() -> Self {
        Server::new()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Server {
    /// A server with the limits that [the module](super) lists.
    pub fn new() -> Server {
        Server {
            limits: Limits {
                head_time: Duration::from_secs(30),
                idle_time: Duration::from_secs(75),
                body_time: Some(Duration::from_secs(30)),
                half_close_time: Duration::from_secs(10),
                url_length: 8192,
                headers: 100,
                head: 64 * 1024,
                body: 16 << 20,
                requests: u64::MAX,
                http2_streams: 256,
                http2_window: 1 << 20,
            },
            pool: None,
            max_size: 1024,
            keepalive: true,
            http1_only: false,
            capitalize: false,
            debug: false,
            log: None,
            signals: false,
            grace: Duration::from_secs(30),
            closing: Flag::new(),
        }
    }

    /// How many connections there may be at once: 1024 if nothing is said. At the limit nothing is
    /// accepted.
    #[must_use]
    pub fn max_size(mut self, connections: usize) -> Server {
        self.max_size = connections;
        self
    }

    /// Handles the connections in this pool, whose size is the limit then.
    #[must_use]
    pub fn custom_pool(mut self, pool: GreenPool) -> Server {
        self.pool = Some(pool);
        self
    }

    /// Whether a connection may carry several requests. It may if nothing is said.
    #[must_use]
    pub fn keepalive(mut self, keepalive: bool) -> Server {
        self.keepalive = keepalive;
        self
    }

    /// How long a connection may be without a request, and a peer without reading its answer;
    /// eventlet's numeric `keepalive`. It is closed up to half as long again after that. 75 seconds
    /// if nothing is said.
    #[must_use]
    pub fn keepalive_timeout(mut self, limit: Duration) -> Server {
        self.limits.idle_time = limit;
        self
    }

    /// How long a request's head may take from its first byte on; up to half as long again. 30
    /// seconds if nothing is said.
    #[must_use]
    pub fn head_timeout(mut self, limit: Duration) -> Server {
        self.limits.head_time = limit;
        self
    }

    /// How long a handler waits for a piece of a request's body. 30 seconds if nothing is said;
    /// `None` is for ever.
    #[must_use]
    pub fn body_timeout(mut self, limit: Option<Duration>) -> Server {
        self.limits.body_time = limit;
        self
    }

    /// How long a client that has ended its sending waits for its answer, or for the next piece of
    /// it: 10 seconds if nothing is said. Such an end is all that is seen of a client that has
    /// gone, too, so for as long a handler may work for nobody; a connection that is reset ends its
    /// handler at once. Zero is for servers whose clients never end one direction alone.
    #[must_use]
    pub fn half_close_timeout(mut self, limit: Duration) -> Server {
        self.limits.half_close_time = limit;
        self
    }

    /// All three limits on waiting for the peer; eventlet's `socket_timeout`. A handler may take as
    /// long as it likes.
    #[must_use]
    pub fn socket_timeout(mut self, limit: Duration) -> Server {
        self.limits.head_time = limit;
        self.limits.idle_time = limit;
        self.limits.body_time = Some(limit);
        self
    }

    /// A URL has fewer bytes than this: 8192 if nothing is said. A head larger than
    /// [`max_head`](Self::max_head) is refused before.
    #[must_use]
    pub fn url_length_limit(mut self, bytes: usize) -> Server {
        self.limits.url_length = bytes;
        self
    }

    /// How many headers a request may have: 100 if nothing is said.
    #[must_use]
    pub fn max_headers(mut self, headers: usize) -> Server {
        self.limits.headers = headers;
        self
    }

    /// How many bytes a request's line and headers may have together, at least 8192: 64 KiB if
    /// nothing is said.
    #[must_use]
    pub fn max_head(mut self, bytes: usize) -> Server {
        self.limits.head = bytes.max(8192);
        self
    }

    /// How many bytes a request's body may have: 16 MiB if nothing is said.
    #[must_use]
    pub fn max_body(mut self, bytes: u64) -> Server {
        self.limits.body = bytes;
        self
    }

    /// How many requests a connection may carry. There is no limit if nothing is said.
    #[must_use]
    pub fn max_requests(mut self, requests: u64) -> Server {
        self.limits.requests = requests.max(1);
        self
    }

    /// How many requests there may be at once on a connection of HTTP/2: 256 if nothing is said.
    /// Clients are told, and wait.
    #[must_use]
    pub fn http2_streams(mut self, streams: u32) -> Server {
        self.limits.http2_streams = streams.max(1);
        self
    }

    /// How many bytes of one request's body may have come over HTTP/2 that its handler has not
    /// read: 1 MiB if nothing is said, and at least 64 KiB. More than so much its client does not
    /// send. A connection may have so much of each of its [requests](Self::http2_streams), so that
    /// a handler which does not read holds up no other.
    #[must_use]
    pub fn http2_window(mut self, bytes: u32) -> Server {
        self.limits.http2_window = bytes.clamp(64 << 10, i32::MAX as u32);
        self
    }

    /// Speaks HTTP/1 only; else a client that begins with HTTP/2 gets that. eventlet's
    /// `max_http_version`.
    #[must_use]
    pub fn http1_only(mut self, only: bool) -> Server {
        self.http1_only = only;
        self
    }

    /// Writes header names of HTTP/1 as `Content-Type` instead of `content-type`. eventlet does;
    /// here it is off if nothing is said, since no reader may tell them apart.
    #[must_use]
    pub fn capitalize_response_headers(mut self, capitalize: bool) -> Server {
        self.capitalize = capitalize;
        self
    }

    /// Whether a 500 tells the peer what went wrong: the panic's message, or the error. Not if
    /// nothing is said. (eventlet does so by default, and so shows its insides to strangers.)
    #[must_use]
    pub fn debug(mut self, debug: bool) -> Server {
        self.debug = debug;
        self
    }

    /// Writes a line for each request to standard error, in eventlet's form. Not if nothing is
    /// said.
    #[must_use]
    pub fn log_output(mut self, log: bool) -> Server {
        self.log = log.then(to_stderr);
        self
    }

    /// Gives each line of the log to `f`.
    #[must_use]
    pub fn log(mut self, f: impl Fn(&dyn fmt::Display) + 'static) -> Server {
        self.log = Some(Rc::new(f));
        self
    }

    /// Whether SIGTERM and SIGINT end the server gracefully (feature `signal`, Unix). [`server`]
    /// sets it.
    #[must_use]
    pub fn signals(mut self, signals: bool) -> Server {
        self.signals = signals;
        self
    }

    /// How long requests may go on when the server ends, before they are killed: 30 seconds if
    /// nothing is said.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Server {
        self.grace = grace;
        self
    }

    /// What ends the server from another green thread.
    pub fn handle(&self) -> Handle {
        Handle::new(self.closing.clone())
    }

    /// Serves until the server is [told to end](Handle::stop), its thread is killed, or the
    /// listener is closed; then ends gracefully. Suspends for as long.
    ///
    /// # Errors
    ///
    /// What accepting comes to, as [`serve`](crate::serve()).
    ///
    /// # Cancel safety
    ///
    /// As [`server`].
    #[green(crate = crate)]
    pub fn serve<L: Transport, A: Application>(self, mut listener: L, app: A) -> io::Result<()> {
        listener.offer(if self.http1_only { &PROTOCOLS[1..] } else { PROTOCOLS });
        let pool = self.pool.clone().unwrap_or_else(|| GreenPool::new(self.max_size));
        let shared = Rc::new(Shared::new(self, app));
        let accept = {
            let (shared, pool) = (shared.clone(), pool.clone());
            move || {
                let handle = move |connection, address| {
                    let open = Open::new(&shared);
                    L::prepare(&connection);
                    let peer = Rc::new(Peer { address: L::address(address), is_encrypted: L::IS_ENCRYPTED });
                    async move { connection::serve(open, connection, L::confirm, peer).await }
                };
                crate::serve(listener, handle, pool)
            }
        };
        let result = shutdown::until_told(shared.clone(), accept);
        shutdown::drain(&shared.settings, &shared.connections);
        result
    }
}

/// What a server and its connections share.
pub(super) struct Shared<A> {
    pub(super) settings: Server,
    pub(super) app: A,
    pub(super) connections: Connections,
}

impl<A> Shared<A> {
    fn new(settings: Server, app: A) -> Self {
        Shared { settings, app, connections: Connections::default() }
    }
}

/// The connections that are open, to be told of the end.
#[derive(Default)]
pub(super) struct Connections {
    open: RefCell<HashMap<u64, Rc<Connection>>>,
    made: Cell<u64>,
    /// Up while the server ends.
    closing: Flag,
    /// Up while the server ends and none is open.
    all_gone: Flag,
}

impl Connections {
    pub(super) fn add(&self, connection: Rc<Connection>) -> u64 {
        let number = self.made.get();
        self.made.set(number + 1);
        if self.closing.is_set() {
            connection.close();
        }
        self.all_gone.clear();
        self.open.borrow_mut().insert(number, connection);
        number
    }

    pub(super) fn remove(&self, number: u64) {
        let gone = self.open.borrow_mut().remove(&number);
        drop(gone);
        self.note_end();
    }

    fn note_end(&self) {
        if self.closing.is_set() && self.open.borrow().is_empty() {
            self.all_gone.set();
        }
    }

    /// What tells whoever answers for long that the server ends.
    #[cfg(feature = "socketio")]
    pub(super) fn closing(&self) -> Flag {
        self.closing.clone()
    }

    /// Tells all of them that no more requests are taken.
    pub(super) fn close(&self) {
        self.closing.set();
        self.open().iter().for_each(|connection| connection.close());
        self.note_end();
    }

    /// Ends all of them where they stand.
    pub(super) fn cut(&self) {
        self.open().iter().for_each(|connection| connection.cut());
    }

    /// Waits until the last one has ended.
    pub(super) fn ended(&self) -> Flag {
        self.all_gone.clone()
    }

    /// What acts on one of them may take it off the list.
    fn open(&self) -> Vec<Rc<Connection>> {
        self.open.borrow().values().cloned().collect()
    }
}

#[cfg(all(test, unix, not(loom)))]
mod tests {
    use super::*;
    use crate::greenthread::{sleep, spawn};
    use crate::testing::run_clean;

    #[test]
    fn a_connection_that_has_ended_is_forgotten() {
        run_clean(|| async {
            let app = |_request: Request| async { "an answer" };
            let shared = Rc::new(Shared::new(Server::new(), app));
            let open = || shared.connections.open.borrow().len();
            let (ours, theirs) = UnixStream::pair().unwrap();
            let peer = Rc::new(Peer { address: None, is_encrypted: false });
            let serving = spawn({
                let open = Open::new(&shared);
                move || connection::serve(open, ours, |_| {}, peer)
            });
            sleep(Duration::ZERO).await;
            assert_eq!(open(), 1);
            drop(theirs);
            serving.wait().await;
            assert_eq!(open(), 0);
        });
    }
}
