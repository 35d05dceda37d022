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
use super::http2::Http2Settings;
use super::pool::{Pool, PoolLimits, Versions};
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
    is_http1_only: bool,
    is_http2_known: bool,
    pub(super) http2: Http2Settings,
}

impl Settings {
    /// What is spoken with a server that is asked directly, or through a tunnel.
    pub(super) fn versions(&self, is_encrypted: bool) -> Versions {
        match (self.is_http1_only, self.is_http2_known) {
            (true, _) => Versions::Http1,
            (false, true) => Versions::Http2,
            (false, false) if is_encrypted => Versions::Either,
            (false, false) => Versions::Http1,
        }
    }
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
                is_http1_only: false,
                is_http2_known: false,
                http2: Http2Settings { window: 1 << 20, ping: Some(Duration::from_secs(20)), streams: 0 },
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
    /// values if nothing is said, and so has `Accept-Encoding` with the features `gzip`, `brotli`
    /// and `zstd`.
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
    /// site (`example.org` with all that is below it), of 4096 bytes each; what is beyond that is
    /// not kept. A server sets none for `com` or `co.uk`.
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
    /// `HEAD`, `PUT`, `DELETE`, `OPTIONS`, `TRACE`), one that got no answer, or 502, 503 or 504, or
    /// 429 with `Retry-After`. A body that is streamed cannot be sent again. It waits for 100 ms
    /// before the first time, twice as long before each further one, at most 10 seconds; or for as
    /// long as `Retry-After` says (seconds, or a date, which is compared with the answer's own), if
    /// that is no more than a minute, and else gives the answer.
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
    /// Of a connection that requests share each of them counts.
    pub fn max_connections(mut self, connections: usize) -> ClientBuilder {
        self.pool.total = connections.max(1);
        self
    }

    /// How many connections there may be to one host and port at once: 256 if nothing is said. Of a
    /// connection that requests share each of them counts.
    pub fn max_connections_per_host(mut self, connections: usize) -> ClientBuilder {
        self.pool.per_host = connections.max(1);
        self
    }

    /// How many connections to one host and port are kept for later requests: 16 if nothing is
    /// said. With zero none is kept that has nothing to do.
    pub fn max_idle_per_host(mut self, connections: usize) -> ClientBuilder {
        self.pool.idle_per_host = connections;
        self
    }

    /// How long a connection is kept for a later request: 60 seconds if nothing is said.
    pub fn idle_timeout(mut self, limit: Duration) -> ClientBuilder {
        self.pool.idle_time = limit;
        self
    }

    /// Speaks HTTP/1 only; else a server may choose HTTP/2 where TLS begins.
    pub fn http1_only(mut self, only: bool) -> ClientBuilder {
        self.settings.is_http1_only = only;
        self
    }

    /// Speaks HTTP/2 without asking, and so without TLS, too: the servers are known to. A proxy
    /// that sends requests on is asked in HTTP/1 all the same.
    pub fn http2_prior_knowledge(mut self, is_known: bool) -> ClientBuilder {
        self.settings.is_http2_known = is_known;
        self
    }

    /// How many bytes of an answer that comes over HTTP/2 may be there and not read: 1 MiB if
    /// nothing is said, and at least 64 KiB. More than so much the server does not send.
    pub fn http2_window(mut self, bytes: u32) -> ClientBuilder {
        self.settings.http2.window = bytes.clamp(64 << 10, i32::MAX as u32);
        self
    }

    /// When a connection of HTTP/2 that has requests on it has been silent for so long, the server
    /// is asked whether it is there; if it does not answer for as long again, all of them fail with
    /// `TimedOut`. 20 seconds if nothing is said; with `None` it is not asked.
    pub fn http2_ping(mut self, interval: Option<Duration>) -> ClientBuilder {
        self.settings.http2.ping = interval;
        self
    }

    /// Connects to `address` where the URL says `host`; with a port of zero, to the URL's. The
    /// `Host` header and the certificate stay `host`'s. curl's `--resolve`.
    pub fn resolve(mut self, host: impl Into<String>, address: SocketAddr) -> ClientBuilder {
        self.settings.addresses.insert(host.into().to_ascii_lowercase(), address);
        self
    }

    /// Sends everything through this proxy (`http://name:password@proxy:3128`, `https://…`,
    /// `socks5://…`, `socks5h://…`, or host and port), in the place of those of the environment.
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
    /// [connecting](Self::connect_timeout). If it offers no protocols (ALPN), it is made to offer
    /// those that the client speaks.
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
    pub fn build(mut self) -> std::io::Result<Client> {
        self.settings.http2.streams = self.pool.per_host;
        #[cfg(feature = "tls")]
        {
            let versions = self.settings.versions(true);
            if let Some(connector) = &mut self.settings.tls {
                super::connect::offer(connector, versions);
            }
        }
        match self.wrong {
            Some(wrong) => Err(invalid(wrong)),
            None => Ok(Client(Rc::new(Inner {
                settings: self.settings,
                pool: Pool::new(self.pool),
                #[cfg(feature = "cookies")]
                jar: self.cookies.then(Default::default),
                #[cfg(feature = "digest-auth")]
                digests: Default::default(),
            }))),
        }
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("pool", &self.pool).finish_non_exhaustive()
    }
}
