//! The client's side.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, RootCertStore};

use super::identity::{identity, provider, refused, roots};
use super::{HANDSHAKE_LIMIT, TlsStream, Transport};
use crate::green;
use crate::tpool;

/// Makes the client's side of connections: whom it trusts, what it shows, what it speaks. Python's
/// `SSLContext`.
///
/// It is made once and used for many connections, which share its sessions: the second one to a
/// server resumes the first. Clones are cheap, and go to other OS threads.
#[derive(Clone)]
pub struct TlsConnector {
    config: Arc<ClientConfig>,
    limit: Option<Duration>,
}

impl TlsConnector {
    /// A connector that trusts whom the system trusts. Suspends while its certificates are read, on
    /// another OS thread.
    ///
    /// The environment variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing; the other OS thread reads to the end all the same.
    ///
    /// # Errors
    ///
    /// `NotFound` if the system has no certificates.
    #[green(crate = crate)]
    pub fn new() -> io::Result<TlsConnector> {
        Self::builder().build()
    }

    /// A connector with a choice of settings.
    pub fn builder() -> ConnectorBuilder {
        ConnectorBuilder::default()
    }

    /// How long a handshake may take from the first use of its connection on: 10 seconds if nothing
    /// is said; `None` is for ever.
    #[must_use]
    pub fn handshake_timeout(mut self, limit: Option<Duration>) -> TlsConnector {
        self.limit = limit;
        self
    }

    /// Puts TLS over a connection to the server `name`, and goes through the handshake. Suspends
    /// until that is over.
    ///
    /// `name` is a host name or an IP address. The server must show a certificate for it, from
    /// somebody whom the connector trusts.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout closes the connection.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the name is none; else as [`TlsStream::handshake`].
    #[green(crate = crate)]
    pub fn connect<S: Transport>(&self, name: &str, transport: S) -> io::Result<TlsStream<S>> {
        let stream = self.wrap(name, transport)?;
        stream.handshake()?;
        Ok(stream)
    }

    /// Puts TLS over a connection; whoever reads or writes first goes through the handshake. Does
    /// not suspend.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the name is none.
    pub fn wrap<S: Transport>(&self, name: &str, transport: S) -> io::Result<TlsStream<S>> {
        let name = ServerName::try_from(name.to_owned()).map_err(refused)?;
        let client = ClientConnection::new(self.config.clone(), name).map_err(refused)?;
        Ok(TlsStream::new(transport, Connection::Client(client), self.limit))
    }

    /// rustls' configuration.
    pub fn config(&self) -> &Arc<ClientConfig> {
        &self.config
    }

    /// Offers these protocols, in the place of others.
    #[cfg(feature = "http-client")]
    pub(crate) fn offer_only(&mut self, protocols: &[&[u8]]) {
        let config = Arc::make_mut(&mut self.config);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    }
}

/// A connector with a configuration of rustls' own, and a handshake limit of 10 seconds.
impl From<Arc<ClientConfig>> for TlsConnector {
    fn from(config: Arc<ClientConfig>) -> Self {
        TlsConnector { config, limit: Some(HANDSHAKE_LIMIT) }
    }
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConnector").field("handshake_timeout", &self.limit).finish_non_exhaustive()
    }
}

/// A [`TlsConnector`], before it is made.
///
/// ```no_run
/// use eventlet::green;
/// use eventlet::green::fs;
/// use eventlet::tls::TlsConnector;
///
/// #[green]
/// fn main() -> std::io::Result<()> {
///     let connector = TlsConnector::builder()
///         .roots(fs::read("our-authority.pem")?)
///         .identity(fs::read("client.pem")?, fs::read("client.key")?)
///         .alpn(["h2", "http/1.1"])
///         .build()?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct ConnectorBuilder {
    roots: Vec<Vec<u8>>,
    with_native: bool,
    #[cfg(feature = "tls-bundled-roots")]
    with_bundled: bool,
    identity: Option<(Vec<u8>, Vec<u8>)>,
    alpn: Vec<Vec<u8>>,
}

impl ConnectorBuilder {
    /// Trusts these authorities, whose certificates are PEM; several calls add up. Those of the
    /// system are not trusted then, unless [`native_roots`](Self::native_roots) says so, too.
    pub fn roots(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// Trusts whom the system trusts. So it is if no others are named.
    pub fn native_roots(mut self) -> Self {
        self.with_native = true;
        self
    }

    /// Trusts Mozilla's list of authorities, as it was when this program was compiled (feature
    /// `tls-bundled-roots`).
    #[cfg(feature = "tls-bundled-roots")]
    pub fn bundled_roots(mut self) -> Self {
        self.with_bundled = true;
        self
    }

    /// Shows this certificate to servers that ask for one: PEM, with those that vouch for it after
    /// it, and its key.
    pub fn identity(mut self, certificates: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.identity = Some((certificates.into(), key.into()));
        self
    }

    /// Offers these protocols (ALPN), the best first.
    pub fn alpn<P: Into<Vec<u8>>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.alpn = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Makes the connector. Suspends while the system's certificates are read, on another OS
    /// thread; not at all if they are not asked for.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing but the settings; the other OS thread reads to the end all
    /// the same.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if a PEM is none, or a key does not belong to its certificate; `NotFound` if
    /// the system has no certificates.
    #[green(crate = crate)]
    pub fn build(self) -> io::Result<TlsConnector> {
        let mut trusted = RootCertStore::empty();
        for pem in &self.roots {
            roots(pem, &mut trusted)?;
        }
        #[cfg(feature = "tls-bundled-roots")]
        if self.with_bundled {
            trusted.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        if self.with_native || trusted.is_empty() {
            trusted.roots.extend(tpool::execute(native_roots)?.roots);
        }
        let config = ClientConfig::builder_with_provider(provider());
        let config = config.with_safe_default_protocol_versions().map_err(refused)?;
        let config = config.with_root_certificates(trusted);
        let mut config = match self.identity {
            Some((certificates, key)) => {
                let (certificates, key) = identity(&certificates, &key)?;
                config.with_client_auth_cert(certificates, key).map_err(refused)?
            }
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = self.alpn;
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

impl fmt::Debug for ConnectorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectorBuilder").finish_non_exhaustive()
    }
}

/// The certificates that the system trusts. Those that cannot be understood are left out, as
/// browsers do.
fn native_roots() -> io::Result<RootCertStore> {
    let loaded = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(loaded.certs);
    if roots.is_empty() {
        let reasons: String = loaded.errors.iter().map(|error| format!("\nnote: {error}")).collect();
        let message = format!("the system has no certificates of authorities{reasons}");
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    Ok(roots)
}
