//! Where a server is, as whom to speak to it, and within which limits.

#[cfg(feature = "tls")]
use std::cell::RefCell;
use std::fmt;
use std::io;
use std::path::Path;
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
use tokio_postgres::Config;
use tokio_postgres::config::Host;
#[cfg(feature = "tls")]
use tokio_postgres::config::SslMode;
use tokio_postgres::error::DbError;

use crate::connection::Connection;
use crate::error::Error;
use crate::session::{Session, Stream};
#[cfg(feature = "tls")]
use crate::tls::Tls;

/// Connections that are lent: what [`Client::pool`] makes.
pub type Pool = ConnectionPool<Connection, Error>;

/// Why a [`Pool`] has no connection.
pub type PoolError = ConnectError<Error>;

/// What connects to a server. Clones are cheap, and have settings of their own.
#[derive(Clone)]
pub struct Client {
    config: Rc<Config>,
    connect_limit: Option<Duration>,
    limit: Option<Duration>,
    on_notice: Option<OnNotice>,
    #[cfg(feature = "tls")]
    connector: Rc<RefCell<Option<TlsConnector>>>,
}

pub(crate) type OnNotice = Rc<dyn Fn(&DbError)>;

/// A way to a server.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    Tcp {
        host: String,
        port: u16,
        /// What its certificate is for.
        #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "there are no certificates"))]
        name: String,
    },
    #[cfg(unix)]
    Unix(std::path::PathBuf),
}

impl Client {
    /// A client of the server that a connection string describes (`host=… user=… dbname=…`, or
    /// `postgres://user:password@host:port/database`). Does not suspend, and does not connect.
    ///
    /// # Errors
    ///
    /// [`Cause::Postgres`](crate::Cause::Postgres) if it is none.
    pub fn open(config: &str) -> Result<Client, Error> {
        let parsed = config.parse::<Config>();
        parsed.map(Client::from_config).map_err(|error| Error::new("open", &Arc::from("a string"), error))
    }

    /// A client of the server that this describes. Of several hosts the first one is taken that can
    /// be reached.
    pub fn from_config(config: Config) -> Client {
        let connect_limit = config.get_connect_timeout().copied();
        let connect_limit = Some(connect_limit.unwrap_or(Duration::from_secs(5)));
        Client {
            config: Rc::new(config),
            connect_limit,
            limit: None,
            on_notice: None,
            #[cfg(feature = "tls")]
            connector: Rc::default(),
        }
    }

    /// How long connecting may take, to all hosts together; 5 seconds if neither the string nor
    /// anybody says. `None` is for ever.
    pub fn connect_timeout(mut self, limit: Option<Duration>) -> Client {
        self.connect_limit = limit;
        self
    }

    /// How long each call on a connection may take; there is no limit if nobody says. A call whose
    /// limit is over has broken its connection. The server's own `statement_timeout` has not.
    pub fn timeout(mut self, limit: Option<Duration>) -> Client {
        self.limit = limit;
        self
    }

    /// What is told of the notices and warnings that the server sends. It cannot suspend. Without
    /// it they are dropped.
    pub fn on_notice(mut self, f: impl Fn(&DbError) + 'static) -> Client {
        self.on_notice = Some(Rc::new(f));
        self
    }

    /// Whom to trust, and what to show. It makes `sslmode=prefer`, which is meant if nothing is
    /// said, ask for TLS; with `require` whom the system trusts is trusted if nobody says. See
    /// [TLS](crate#tls).
    #[cfg(feature = "tls")]
    pub fn tls(mut self, connector: TlsConnector) -> Client {
        self.connector = Rc::new(RefCell::new(Some(connector)));
        self
    }

    /// A connection. Suspends until it is there.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing but the connection.
    ///
    /// # Errors
    ///
    /// [`Cause::Io`](crate::Cause::Io) if there is no way to the server,
    /// [`Cause::Postgres`](crate::Cause::Postgres) if it does not let us in,
    /// [`Cause::TimedOut`](crate::Cause::TimedOut).
    #[green]
    pub fn connect(&self) -> Result<Connection, Error> {
        match self.connect_limit {
            Some(limit) => match with_timeout(limit, || self.connect_at_leisure()) {
                Ok(connected) => connected,
                Err(timeout) => Err(Error::new("connect", &self.servers(), timeout)),
            },
            None => self.connect_at_leisure(),
        }
    }

    /// Connections that are made when they are needed, within these settings, and lent. Does not
    /// suspend.
    ///
    /// One that is no longer [usable](Connection::is_usable) is closed, and nobody gets it: after a
    /// kill in the middle of a query, after `SET` or `LISTEN`, or when the server was started anew.
    /// This is the pool's [check](Builder::check), in place of one that the settings have. Whether
    /// the server has ended it is asked once a loan, before it is lent: of what comes back, what is
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
        let mut failure = None;
        for address in self.addresses() {
            let server: Arc<str> = address.to_string().into();
            match self.connect_to(address, server.clone()) {
                Ok(connection) => return Ok(connection),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| {
            let missing = io::Error::new(io::ErrorKind::InvalidInput, "no host is given");
            Error::new("connect", &self.servers(), missing)
        }))
    }

    #[green]
    fn connect_to(&self, address: Address, server: Arc<str>) -> Result<Connection, Error> {
        let failed = |error: io::Error| Error::new("connect", &server, error);
        let stream = address.connect().map_err(failed)?;
        let other = stream.another().map_err(failed)?;
        let mut session = Session::new(server.clone(), address, other, self.limit);
        #[cfg(feature = "tls")]
        {
            session.tls = self.encryption(&session.address).map_err(failed)?;
        }
        *session.on_notice.get_mut() = self.on_notice.clone();
        Connection::establish(&self.config, stream, Rc::new(session))
    }

    /// How what goes there is encrypted, if the server will have it.
    #[cfg(feature = "tls")]
    #[green]
    fn encryption(&self, address: &Address) -> io::Result<Option<Tls>> {
        let Address::Tcp { name, .. } = address else { return Ok(None) };
        let known = self.connector.borrow().clone();
        let connector = match (known, self.config.get_ssl_mode()) {
            (_, SslMode::Disable) => return Ok(None),
            (Some(connector), _) => connector,
            (None, SslMode::Require) => {
                let connector = TlsConnector::new()?;
                self.connector.borrow_mut().insert(connector).clone()
            }
            (None, _) => return Ok(None),
        };
        Ok(Some(Tls::new(connector, name, self.config.get_ssl_negotiation())))
    }

    fn addresses(&self) -> Vec<Address> {
        let ports = self.config.get_ports();
        let port = |n: usize| ports.get(n).or(ports.first()).copied().unwrap_or(5432);
        let (numeric, hosts) = (self.config.get_hostaddrs(), self.config.get_hosts());
        if !numeric.is_empty() {
            // Their names are what certificates are for.
            let name = |n: usize| match hosts.get(n) {
                Some(Host::Tcp(name)) => Some(name.clone()),
                _ => None,
            };
            let all = numeric.iter().map(ToString::to_string).enumerate();
            let tcp = |(n, host): (usize, String)| Address::Tcp {
                name: name(n).unwrap_or_else(|| host.clone()),
                host,
                port: port(n),
            };
            return all.map(tcp).collect();
        }
        let all = hosts.iter().enumerate();
        all.map(|(n, host)| match host {
            Host::Tcp(host) => Address::Tcp { host: host.clone(), port: port(n), name: host.clone() },
            #[cfg(unix)]
            Host::Unix(folder) => Address::Unix(Path::join(folder, format!(".s.PGSQL.{}", port(n)))),
        })
        .collect()
    }

    fn servers(&self) -> Arc<str> {
        let all: Vec<String> = self.addresses().iter().map(Address::to_string).collect();
        if all.is_empty() { "no host".into() } else { all.join(", ").into() }
    }
}

impl Address {
    #[green]
    pub(crate) fn connect(&self) -> io::Result<Stream> {
        match self {
            Address::Tcp { host, port, .. } => {
                let stream = TcpStream::connect((host.as_str(), *port))?;
                stream.set_nodelay(true)?;
                Ok(Stream::Tcp(stream))
            }
            #[cfg(unix)]
            Address::Unix(path) => Ok(Stream::Unix(UnixStream::connect(path)?)),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp { host, port, .. } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Address::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
            #[cfg(unix)]
            Address::Unix(path) => path.display().fmt(f),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A password is nobody's business.
        f.debug_struct("Client")
            .field("server", &self.servers())
            .field("connect_timeout", &self.connect_limit)
            .field("timeout", &self.limit)
            .finish_non_exhaustive()
    }
}
