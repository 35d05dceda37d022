//! What a client is made with.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use ::http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use super::decode::accepted;
use super::error::invalid;
use super::pool::{Pool, PoolLimits};
use super::proxy::Proxies;
use super::{Client, Inner};
#[cfg(feature = "tls")]
use crate::tls::TlsConnector;

/// Everything that a client keeps to.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) headers: HeaderMap,
    pub(super) connect_time: Option<Duration>,
    pub(super) read_time: Option<Duration>,
    pub(super) total_time: Option<Duration>,
    pub(super) redirects: usize,
    pub(super) retries: u32,
    pub(super) https_only: bool,
    pub(super) body: u64,
    pub(super) addresses: HashMap<String, SocketAddr>,
    pub(super) proxies: Proxies,
    #[cfg(unix)]
    pub(super) unix: Option<PathBuf>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<TlsConnector>,
}

/// A [`Client`], before it is made. [The module](super) lists the limits.
///
/// ```
/// use std::time::Duration;
/// use eventlet::green;
/// use eventlet::http::Client;
///
/// #[green]
/// fn main() -> std::io::Result<()> {
///     let client = Client::builder()
///         .header("accept-language", "fa")
///         .connect_timeout(Some(Duration::from_secs(3)))
///         .timeout(Some(Duration::from_secs(60)))
///         .max_redirects(3)
///         .build()?;
///     assert_eq!(client.idle_connections(), 0);
///     Ok(())
/// }
/// ```
#[derive(Clone)]
#[must_use]
pub struct ClientBuilder {
    settings: Settings,
    pool: PoolLimits,
    wrong: Option<String>,
    #[cfg(feature = "cookies")]
    cookies: bool,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("eventlet/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if let Some(codings) = accepted() {
            headers.insert(ACCEPT_ENCODING, codings);
        }
        ClientBuilder {
            settings: Settings {
                headers,
                connect_time: Some(Duration::from_secs(10)),
                read_time: Some(Duration::from_secs(30)),
                total_time: None,
                redirects: 10,
                retries: 0,
                https_only: false,
                body: 64 << 20,
                addresses: HashMap::new(),
                proxies: Proxies::of_environment(|name| std::env::var(name).ok()),
                #[cfg(unix)]
                unix: None,
                #[cfg(feature = "tls")]
                tls: None,
            },
            pool: PoolLimits {
                total: 1024,
                per_host: 256,
                idle_per_host: 16,
                idle_time: Duration::from_secs(60),
            },
            wrong: None,
            #[cfg(feature = "cookies")]
            cookies: false,
        }
    }
}

impl ClientBuilder {
    /// Sends this header with each request that does not have it. `User-Agent` and `Accept` have
    /// values if nothing is said, and so has `Accept-Encoding` with the features `gzip` and
    /// `brotli`.
    pub fn header<N, V>(mut self, name: N, value: V) -> ClientBuilder
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => drop(self.settings.headers.insert(name, value)),
            _ => self.wrong = Some("a header's name or value cannot be one".to_owned()),
        }
        self
    }

    /// The `User-Agent`: `eventlet/` and this crate's version if nothing is said.
    pub fn user_agent(self, name: impl AsRef<str>) -> ClientBuilder {
        self.header(USER_AGENT, name.as_ref())
    }

    /// Whether cookies are kept, and sent back to where they came from (feature `cookies`). Not if
    /// nothing is said: whoever shares a client shares them. At most 3000 are kept, 180 of one
    /// server, of 4096 bytes each; a server sets none for `com` or `co.uk`.
    #[cfg(feature = "cookies")]
    pub fn cookies(mut self, keep: bool) -> ClientBuilder {
        self.cookies = keep;
        self
    }

    /// How long it may take until there is a connection: waiting for room, looking the name up,
    /// connecting, the TLS handshake. 10 seconds if nothing is said; `None` is for ever.
    pub fn connect_timeout(mut self, limit: Option<Duration>) -> ClientBuilder {
        self.settings.connect_time = limit;
        self
    }

    /// For how long nothing may go out while a request is sent; then, how long the head of the
    /// answer may take; then, how long each piece of its body. 30 seconds if nothing is said;
    /// `None` is for ever.
    pub fn read_timeout(mut self, limit: Option<Duration>) -> ClientBuilder {
        self.settings.read_time = limit;
        self
    }

    /// How long a request may take with everything: redirects, and the body until it has been read.
    /// There is no such limit if nothing is said.
    pub fn timeout(mut self, limit: Option<Duration>) -> ClientBuilder {
        self.settings.total_time = limit;
        self
    }

    /// How many redirects are followed: 10 if nothing is said. The next one is an error; with zero
    /// none is followed, and the answer that redirects is given.
    pub fn max_redirects(mut self, redirects: usize) -> ClientBuilder {
        self.settings.redirects = redirects;
        self
    }

    /// How often a request is made anew that came to nothing and may be made twice: none if nothing
    /// is said.
    ///
    /// That is one for which no connection could be made; and, of an idempotent method (`GET`,
    /// `HEAD`, `PUT`, `DELETE`, `OPTIONS`, `TRACE`), one that got no answer, or 502, 503 or 504. A
    /// body that is streamed cannot be sent again. It waits for 100 ms before the first time, twice
    /// as long before each further one, at most 10 seconds; or for as long as `Retry-After` says,
    /// if that is no more than a minute, and else gives the answer.
    pub fn retries(mut self, retries: u32) -> ClientBuilder {
        self.settings.retries = retries;
        self
    }

    /// Refuses URLs of `http`, those of redirects included.
    pub fn https_only(mut self, only: bool) -> ClientBuilder {
        self.settings.https_only = only;
        self
    }

    /// How many bytes of a body may be read into memory ([`bytes`](super::Response::bytes),
    /// [`text`](super::Response::text), `json`, one of [`lines`](super::Response::lines)): 64 MiB
    /// if nothing is said. A body that is read piece by piece has no limit.
    pub fn max_body(mut self, bytes: u64) -> ClientBuilder {
        self.settings.body = bytes;
        self
    }

    /// How many connections there may be at once: 1024 if nothing is said. Further requests wait.
    pub fn max_connections(mut self, connections: usize) -> ClientBuilder {
        self.pool.total = connections.max(1);
        self
    }

    /// How many connections there may be to one host and port at once: 256 if nothing is said.
    pub fn max_connections_per_host(mut self, connections: usize) -> ClientBuilder {
        self.pool.per_host = connections.max(1);
        self
    }

    /// How many connections to one host and port are kept for later requests: 16 if nothing is
    /// said. With zero each request has a connection of its own.
    pub fn max_idle_per_host(mut self, connections: usize) -> ClientBuilder {
        self.pool.idle_per_host = connections;
        self
    }

    /// How long a connection is kept for a later request: 60 seconds if nothing is said.
    pub fn idle_timeout(mut self, limit: Duration) -> ClientBuilder {
        self.pool.idle_time = limit;
        self
    }

    /// Connects to `address` where the URL says `host`; with a port of zero, to the URL's. The
    /// `Host` header and the certificate stay `host`'s. curl's `--resolve`.
    pub fn resolve(mut self, host: impl Into<String>, address: SocketAddr) -> ClientBuilder {
        self.settings.addresses.insert(host.into().to_ascii_lowercase(), address);
        self
    }

    /// Sends everything through this proxy (`http://name:password@proxy:3128`, `https://…`, or host
    /// and port), in the place of those of the environment.
    pub fn proxy(mut self, url: impl AsRef<str>) -> ClientBuilder {
        match Proxies::all(url.as_ref()) {
            Ok(proxies) => self.settings.proxies = proxies,
            Err(wrong) => self.wrong = Some(wrong),
        }
        self
    }

    /// Asks these hosts directly, whatever proxy there is: a list like that in the environment's
    /// `no_proxy` (`example.org, 10.0.0.0/8, [::1], host:8080`). A name stands for those below it,
    /// too, and `*` for all.
    pub fn no_proxy_for(mut self, hosts: impl AsRef<str>) -> ClientBuilder {
        self.settings.proxies.except(hosts.as_ref());
        self
    }

    /// Uses no proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> ClientBuilder {
        self.settings.proxies = Proxies::default();
        self
    }

    /// Connects to this Unix socket, whatever the URL says; what it says is what the server is
    /// asked for. There is no proxy then. curl's `--unix-socket`.
    #[cfg(unix)]
    pub fn unix_socket(mut self, path: impl Into<PathBuf>) -> ClientBuilder {
        self.settings.unix = Some(path.into());
        self
    }

    /// What makes the client's side of TLS: whom it trusts, what it shows. Clients that are told
    /// nothing share one, which trusts whom the system trusts. The limit on a handshake is that on
    /// [connecting](Self::connect_timeout). If it offers protocols (ALPN), `http/1.1` must be all.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, connector: TlsConnector) -> ClientBuilder {
        self.settings.tls = Some(connector);
        self
    }

    /// Makes the client. Does not suspend.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a header or a proxy that is none. (One of the environment's is the error
    /// of those requests that would go through it.)
    pub fn build(self) -> std::io::Result<Client> {
        match self.wrong {
            Some(wrong) => Err(invalid(wrong)),
            None => Ok(Client(Rc::new(Inner {
                settings: self.settings,
                pool: Pool::new(self.pool),
                #[cfg(feature = "cookies")]
                jar: self.cookies.then(Default::default),
            }))),
        }
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("pool", &self.pool).finish_non_exhaustive()
    }
}
