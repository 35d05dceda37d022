//! An HTTP client for plain green code: what `requests` and eventlet's green `urllib` are in
//! Python.
//!
//! ```
//! use std::io;
//! use eventlet::http::{self, Request};
//! use eventlet::{GreenPool, green, spawn, wsgi};
//!
//! #[green]
//! fn app(request: Request) -> String {
//!     format!("this is {}", request.uri().path())
//! }
//!
//! #[green]
//! fn fetch(url: String) -> io::Result<String> {
//!     Ok(http::get(url)?.error_for_status()?.text()?)
//! }
//!
//! #[green]
//! fn main() -> io::Result<()> {
//!     let listener = eventlet::listen("127.0.0.1:0")?;
//!     let site = format!("http://{}", listener.local_addr()?);
//!     let server = spawn(move || wsgi::Server::new().serve(listener, app));
//!
//!     let urls = ["/a", "/b", "/c"].map(|path| format!("{site}{path}"));
//!     let pages: io::Result<Vec<String>> = GreenPool::new(200).imap(fetch, urls).try_collect();
//!     assert_eq!(pages?, ["this is /a", "this is /b", "this is /c"]);
//!     server.kill();
//!     Ok(())
//! }
//! # use eventlet::GreenIterator;
//! ```
//!
//! [`get`], [`post`] and their kind make one request each. A [`Client`] is for several: it keeps
//! connections for the next request, and has settings. Requests suspend their own green thread and
//! no other; a thousand at once need one OS thread.
//!
//! The protocol is hyper's: HTTP/1.1, and HTTP/2 where a server agrees on it while TLS begins
//! (feature `tls`) or is [known](ClientBuilder::http2_prior_knowledge) to speak it. With HTTP/1
//! nothing runs in the background: whoever waits for an answer drives its connection. A connection
//! of HTTP/2 has a green thread, and serves many requests at once.
//!
//! # Limits
//!
//! All are on unless said otherwise, and each is a method of [`ClientBuilder`].
//!
//! | what | default | beyond it |
//! |---|---|---|
//! | time until there is a connection ([`connect_timeout`](ClientBuilder::connect_timeout)) | 10 s | `TimedOut`, with the [`Phase`] in which it was |
//! | time without progress while sending, for the head, for a piece of the body ([`read_timeout`](ClientBuilder::read_timeout)) | 30 s | `TimedOut`, closed |
//! | time for everything ([`timeout`](ClientBuilder::timeout)) | none | `TimedOut`, closed |
//! | redirects ([`max_redirects`](ClientBuilder::max_redirects)) | 10 | an error of [`Phase::Redirect`] |
//! | a body that is read into memory, and a line of it ([`max_body`](ClientBuilder::max_body)) | 64 MiB | `FileTooLarge` |
//! | the head of an answer | 64 KiB, with HTTP/1 100 headers; 256 KiB with what is said before it (1xx) | `InvalidData` |
//! | connections at once ([`max_connections`](ClientBuilder::max_connections)) | 1024 | requests wait, as long as they may until there is a connection |
//! | connections to a host at once ([`max_connections_per_host`](ClientBuilder::max_connections_per_host)) | 256 | the same |
//! | requests at once on a connection of HTTP/2 | what the server allows, 100 until it has said so, and as many as to a host | the same |
//! | what has come over HTTP/2 and was not read ([`http2_window`](ClientBuilder::http2_window)) | 1 MiB of each answer | the server waits |
//! | silence on a connection of HTTP/2 that has requests on it ([`http2_ping`](ClientBuilder::http2_ping)) | 20 s, and as long for an answer to a ping | `TimedOut` for each of them, closed |
//! | connections that are kept for a host ([`max_idle_per_host`](ClientBuilder::max_idle_per_host)) | 16, for [60 s](ClientBuilder::idle_timeout) | the oldest is closed |
//!
//! # What is done unasked
//!
//! * **Redirects** are followed. 301 and 302 make a `GET` of a `POST`, 303 of everything but
//!   `HEAD`; 307 and 308 send the same again. `Authorization` and `Cookie` do not go to another
//!   scheme, host or port, and neither does a `Host` of one's own.
//! * **A kept connection** may have been closed by its server in the very moment in which a request
//!   is sent. Where nothing of an answer has come and sending twice does no harm (the method is
//!   idempotent and the body no stream, or nothing was sent), it is sent once more, over a new
//!   connection.
//! * **A request that was not looked at**, as a server of HTTP/2 says by `GOAWAY` or
//!   `REFUSED_STREAM`, is sent again whatever its method, up to three times, if its body is no
//!   stream. A connection that takes no more requests serves those that it has, and new ones go
//!   over another one.
//! * **An answer** with both `Content-Length` and `Transfer-Encoding` is the last of its
//!   connection, as is one whose body was not read to its end.
//! * Name and password in a URL become `Authorization: Basic`. With the feature `digest-auth`
//!   [`digest_auth`](RequestBuilder::digest_auth) answers what a server asks instead.
//! * **Proxies** are those of the environment: `http_proxy`, `https_proxy`, `all_proxy` and
//!   `no_proxy`, in lower or upper case, as curl has them. What is on this machine is asked
//!   directly. Requests of `https` go through a tunnel (`CONNECT`), so the proxy sees nothing of
//!   them. Through a proxy of `socks5` everything goes in a tunnel; to one of `socks5h` it is left
//!   to find the hosts.
//! * Compressed answers are asked for and decoded with the features `gzip`, `brotli` and `zstd`, a
//!   little at a time: what a few bytes unfold to counts in full for
//!   [`max_body`](ClientBuilder::max_body). A window of zstd has 8 MiB at most, as HTTP wants it;
//!   what is in the window comes when it is full or the answer has ended, so an answer that goes on
//!   telling is better asked for with an `Accept-Encoding` of one's own.
//!
//! # What a kill or a timeout can lose
//!
//! A request that is killed closes its connection, which serves nobody afterwards; with HTTP/2 it
//! resets its stream, and the other requests go on. Whether the server has got it is not known.

mod builder;
mod connect;
#[cfg(feature = "cookies")]
mod cookies;
mod decode;
#[cfg(feature = "digest-auth")]
mod digest;
mod error;
mod exchange;
mod http2;
mod measured;
mod multipart;
mod pool;
mod proxy;
mod redirect;
mod request;
mod response;
mod retry;
mod socks;
#[cfg(all(test, not(loom), feature = "brotli", feature = "cookies", feature = "gzip", feature = "zstd"))]
mod tests;
mod wire;
#[cfg(feature = "zstd")]
mod zstd;

use std::fmt;
use std::rc::Rc;

use ::http::Method;

use super::Body;
use crate::green;

pub use builder::ClientBuilder;
use builder::Settings;
pub use error::{Error, Phase, Result};
pub use multipart::Form;
pub use request::RequestBuilder;
pub use response::{Lines, Progress, Redirect, Response};

/// Makes requests, and keeps connections for the next ones. `requests.Session`.
///
/// Clones share everything. It belongs to one hub.
///
/// ```
/// use std::io;
/// use eventlet::http::{Client, Request};
/// use eventlet::{green, spawn, wsgi};
///
/// #[green]
/// fn hello(_request: Request) -> &'static str {
///     "hello"
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let listener = eventlet::listen("127.0.0.1:0")?;
///     let url = format!("http://{}/", listener.local_addr()?);
///     let server = spawn(move || wsgi::Server::new().serve(listener, hello));
///
///     let client = Client::new();
///     for _ in 0..3 {
///         assert_eq!(client.get(&url).send()?.text()?, "hello");
///     }
///     assert_eq!(client.idle_connections(), 1); // all three went over it
///     server.kill();
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Client(Rc<Inner>);

struct Inner {
    settings: Settings,
    pool: Rc<pool::Pool>,
    #[cfg(feature = "cookies")]
    jar: Option<cookies::Jar>,
    #[cfg(feature = "digest-auth")]
    digests: digest::Digests,
}

impl Inner {
    /// What a request to `origin` goes through.
    fn proxy(&self, origin: &pool::Origin) -> std::io::Result<Option<Rc<proxy::Proxy>>> {
        #[cfg(unix)]
        if self.settings.unix.is_some() {
            return Ok(None);
        }
        self.settings.proxies.find(origin)
    }
}

impl Client {
    /// A client with the limits that [the module](self) lists.
    pub fn new() -> Client {
        Client::builder().build().expect("the defaults are in order")
    }

    /// A client with a choice of settings.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A request with any method.
    pub fn request(&self, method: Method, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self.clone(), method, url.as_ref())
    }

    /// A `GET`.
    pub fn get(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// A `HEAD`.
    pub fn head(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// A `POST`.
    pub fn post(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// A `PUT`.
    pub fn put(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// A `PATCH`.
    pub fn patch(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// A `DELETE`.
    pub fn delete(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// Keeps a cookie as if `url` had set it (`"name=value; Path=/"`), and says whether it does:
    /// not if the client keeps none (feature `cookies`, [`ClientBuilder::cookies`]), or `url` may
    /// not.
    #[cfg(feature = "cookies")]
    pub fn set_cookie(&self, url: impl AsRef<str>, cookie: &str) -> bool {
        let Ok(url) = url::Url::parse(url.as_ref()) else { return false };
        self.0.jar.as_ref().is_some_and(|jar| jar.set(&url, cookie))
    }

    /// The cookies that `url` is sent: `name=value; other=value`.
    #[cfg(feature = "cookies")]
    pub fn cookies(&self, url: impl AsRef<str>) -> Option<String> {
        let url = url::Url::parse(url.as_ref()).ok()?;
        let header = self.0.jar.as_ref()?.header(&url)?;
        header.to_str().ok().map(str::to_owned)
    }

    /// Forgets all cookies.
    #[cfg(feature = "cookies")]
    pub fn clear_cookies(&self) {
        if let Some(jar) = &self.0.jar {
            jar.clear();
        }
    }

    /// How many connections have nothing to do, and wait for a request.
    pub fn idle_connections(&self) -> usize {
        self.0.pool.idle()
    }

    /// Closes the connections that wait for a request. Those that are in use are kept afterwards as
    /// before.
    pub fn close_idle(&self) {
        self.0.pool.clear();
    }
}

impl Default for Client {
    fn default() -> Self {
        Client::new()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("idle", &self.idle_connections()).finish_non_exhaustive()
    }
}

macro_rules! once {
    ($($name:ident $method:ident $article:literal;)*) => {$(
        #[doc = concat!("Makes ", $article, " request, over a connection of its own, and follows redirects.")]
        /// Suspends until the head of the answer is there.
        ///
        /// # Errors
        ///
        /// Whatever kept the answer from coming; a status that says so is an answer
        /// ([`Response::error_for_status`]).
        ///
        /// # Cancel safety
        ///
        /// A kill or timeout closes the connection. The server may have the request all the same.
        #[green(crate = crate)]
        pub fn $name(url: impl AsRef<str>) -> Result<Response> {
            Client::new().request(Method::$method, url).send()
        }
    )*};
}

once! {
    get GET "a `GET`";
    head HEAD "a `HEAD`";
    delete DELETE "a `DELETE`";
}

macro_rules! once_with_body {
    ($($name:ident $method:ident $article:literal;)*) => {$(
        #[doc = concat!("Makes ", $article, " request with this body, over a connection of its own, and follows redirects.")]
        /// Suspends until the head of the answer is there.
        ///
        /// # Errors
        ///
        /// Whatever kept the answer from coming; a status that says so is an answer
        /// ([`Response::error_for_status`]).
        ///
        /// # Cancel safety
        ///
        /// A kill or timeout closes the connection. The server may have the request all the same.
        #[green(crate = crate)]
        pub fn $name(url: impl AsRef<str>, body: impl Into<Body>) -> Result<Response> {
            Client::new().request(Method::$method, url).body(body).send()
        }
    )*};
}

once_with_body! {
    post POST "a `POST`";
    put PUT "a `PUT`";
}
