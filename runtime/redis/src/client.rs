//! Where a server is, as whom to speak to it, and within which limits.

#[cfg(feature = "tls")]
use std::cell::RefCell;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use eventlet::db_pool::{Builder, ConnectError, ConnectionPool};
use eventlet::green::net::TcpStream;
#[cfg(unix)]
use eventlet::green::os::unix::net::UnixStream;
#[cfg(feature = "tls")]
use eventlet::tls::TlsConnector;
use eventlet::{green, with_timeout};
use redis::{Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo, RedisError, cmd};

use crate::connection::Connection;
use crate::error::Error;
use crate::pubsub::PubSub;
use crate::stream::Stream;

/// Connections that are lent: what [`Client::pool`] makes.
pub type Pool = ConnectionPool<Connection, Error>;

/// Why a [`Pool`] has no connection.
pub type PoolError = ConnectError<Error>;

/// What connects to a server. Clones are cheap, and have settings of their own.
#[derive(Clone)]
pub struct Client {
    info: Rc<ConnectionInfo>,
    server: Arc<str>,
    is_encrypted: bool,
    #[cfg(feature = "tls")]
    connector: Rc<RefCell<Option<TlsConnector>>>,
    connect_limit: Option<Duration>,
    limit: Option<Duration>,
    max_reply: usize,
}

impl Client {
    /// A client of the server at this URL. Does not suspend, and does not connect.
    ///
    /// | URL | |
    /// |---|---|
    /// | `redis://user:password@host:6379/2` | TCP; all but the host may be left out |
    /// | `redis://host/?protocol=resp3` | in the newer protocol, whose replies have more types |
    /// | `redis+unix:///run/redis.sock?db=2&pass=password` | a Unix socket |
    /// | `rediss://host` | TLS, with the feature `tls` |
    ///
    /// # Errors
    ///
    /// [`Cause::Redis`](crate::Cause::Redis) if it is no such URL, or speaks of TLS without the
    /// feature. A certificate that is not to be checked (`#insecure`) is refused.
    pub fn open(url: &str) -> Result<Client, Error> {
        // The crate knows these only with its own TLS.
        let plain = ["redis", "valkey"].into_iter().find_map(|scheme| {
            let rest = url.strip_prefix(scheme)?.strip_prefix("s://")?;
            Some(format!("{scheme}://{rest}"))
        });
        let is_encrypted = plain.is_some();
        let url = plain.unwrap_or_else(|| url.to_owned());
        let refused = |why: &'static str| {
            let error = RedisError::from((ErrorKind::InvalidClientConfig, why));
            Error::new("open", &Arc::from("a URL"), error)
        };
        if is_encrypted && !cfg!(feature = "tls") {
            return Err(refused("TLS needs the feature `tls` of `eventlet-redis`"));
        }
        if is_encrypted && url.contains('#') {
            return Err(refused("certificates are always checked"));
        }
        let info = url.as_str().into_connection_info();
        let info = info.map_err(|error| Error::new("open", &Arc::from("a URL"), error))?;
        Ok(Client::of(info, is_encrypted))
    }

    /// A client of a server that is described with the types of the crate [`redis`].
    pub fn from_info(info: ConnectionInfo) -> Client {
        Client::of(info, false)
    }

    fn of(info: ConnectionInfo, is_encrypted: bool) -> Client {
        let is_encrypted = is_encrypted || matches!(info.addr(), ConnectionAddr::TcpTls { .. });
        Client {
            server: info.addr().to_string().into(),
            info: Rc::new(info),
            is_encrypted,
            #[cfg(feature = "tls")]
            connector: Rc::default(),
            connect_limit: Some(Duration::from_secs(5)),
            limit: None,
            max_reply: 64 << 20,
        }
    }

    /// How long connecting and greeting may take; 5 seconds if nobody says. `None` is for ever.
    pub fn connect_timeout(mut self, limit: Option<Duration>) -> Client {
        self.connect_limit = limit;
        self
    }

    /// How long each call on a connection may take; if nobody says there is no limit, since
    /// commands such as `BLPOP` wait. A call whose limit is over has broken its connection.
    pub fn timeout(mut self, limit: Option<Duration>) -> Client {
        self.limit = limit;
        self
    }

    /// How many bytes a reply may have; 64 MiB if nobody says. What is read ahead counts up to
    /// another 16 KiB.
    pub fn max_reply(mut self, bytes: usize) -> Client {
        self.max_reply = bytes;
        self
    }

    /// Whom to trust with `rediss://`; if nobody says, whom the system trusts.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, connector: TlsConnector) -> Client {
        self.connector = Rc::new(RefCell::new(Some(connector)));
        self
    }

    /// The address of the server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// A connection, greeted, with its user and its database. Suspends until it is there.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing but the connection.
    ///
    /// # Errors
    ///
    /// [`Cause::Io`](crate::Cause::Io) if there is no way to the server,
    /// [`Cause::Redis`](crate::Cause::Redis) if it does not let in whom the URL names,
    /// [`Cause::TimedOut`](crate::Cause::TimedOut).
    #[green]
    pub fn connect(&self) -> Result<Connection, Error> {
        match self.connect_limit {
            Some(limit) => match with_timeout(limit, || self.connect_at_leisure()) {
                Ok(connected) => connected,
                Err(timeout) => Err(Error::new("connect", &self.server, timeout)),
            },
            None => self.connect_at_leisure(),
        }
    }

    /// A connection for messages. Suspends until it is there.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    #[green]
    pub fn pubsub(&self) -> Result<PubSub, Error> {
        Ok(self.connect()?.into_pubsub())
    }

    /// Connections that are made when they are needed, within these settings, and lent. Does not
    /// suspend.
    ///
    /// One that is no longer [usable](Connection::is_usable) is closed, and nobody gets it: after a
    /// kill in the middle of a query, after `SELECT`, or when the server was started anew. This is
    /// the pool's [check](Builder::check), in place of one that the settings have. Whether the
    /// server has ended it is asked once a loan, before it is lent: of what comes back, what is
    /// known is looked at alone ([`Builder::check_on_return`]).
    pub fn pool(&self, settings: Builder<Connection>) -> Pool {
        let client = self.clone();
        let settings = settings.check(Connection::is_usable).check_on_return(Connection::is_settled);
        settings.build(move || {
            let client = client.clone();
            async move { client.connect().await }
        })
    }

    #[green]
    fn connect_at_leisure(&self) -> Result<Connection, Error> {
        let stream = self.stream().map_err(|error| Error::new("connect", &self.server, error))?;
        // Its calls are within the limit around all of them.
        let mut connection = Connection::new(stream, self.max_reply, self.server.clone(), None);
        for command in self.greeting() {
            connection.query::<redis::Value>(&command)?;
        }
        connection.begin();
        connection.set_timeout(self.limit);
        Ok(connection)
    }

    #[green]
    fn stream(&self) -> io::Result<Stream> {
        match self.info.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                let stream = TcpStream::connect((host.as_str(), *port))?;
                stream.set_nodelay(true)?;
                if self.is_encrypted { self.encrypted(host, stream) } else { Ok(Stream::Tcp(stream)) }
            }
            #[cfg(unix)]
            ConnectionAddr::Unix(path) => Ok(Stream::Unix(UnixStream::connect(path)?)),
            _ => Err(io::Error::new(io::ErrorKind::Unsupported, "there is no way to such an address")),
        }
    }

    #[cfg(feature = "tls")]
    #[green]
    fn encrypted(&self, host: &str, stream: TcpStream) -> io::Result<Stream> {
        let known = self.connector.borrow().clone();
        let connector = match known {
            Some(connector) => connector,
            None => {
                let connector = TlsConnector::new()?;
                self.connector.borrow_mut().insert(connector).clone()
            }
        };
        Ok(Stream::Tls(connector.connect(host, stream)?))
    }

    #[cfg(not(feature = "tls"))]
    #[green]
    fn encrypted(&self, _host: &str, _stream: TcpStream) -> io::Result<Stream> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "TLS needs the feature `tls` of `eventlet-redis`"))
    }

    /// What a connection begins with.
    fn greeting(&self) -> Vec<Cmd> {
        let info = self.info.redis_settings();
        let mut commands = Vec::new();
        if info.protocol().supports_resp3() {
            let mut hello = cmd("HELLO");
            hello.arg(3);
            if let Some(password) = info.password() {
                hello.arg("AUTH").arg(info.username().unwrap_or("default")).arg(password);
            }
            commands.push(hello);
        } else if let Some(password) = info.password() {
            let mut auth = cmd("AUTH");
            if let Some(user) = info.username() {
                auth.arg(user);
            }
            auth.arg(password);
            commands.push(auth);
        }
        if info.db() != 0 {
            let mut select = cmd("SELECT");
            select.arg(info.db());
            commands.push(select);
        }
        if self.is_encrypted && commands.is_empty() {
            // A server that refuses our certificate says so after the handshake, and one that does
            // not sends what resumes it: neither is left for the first command.
            commands.push(cmd("PING"));
        }
        commands
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A password is nobody's business.
        f.debug_struct("Client")
            .field("server", &self.server)
            .field("is_encrypted", &self.is_encrypted)
            .field("connect_timeout", &self.connect_limit)
            .field("timeout", &self.limit)
            .field("max_reply", &self.max_reply)
            .finish_non_exhaustive()
    }
}
