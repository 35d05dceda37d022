//! The server's side.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::server::WebPkiClientVerifier;
use rustls::{Connection, RootCertStore, ServerConfig, ServerConnection};

use super::identity::{identity, provider, refused, roots};
use super::{HANDSHAKE_LIMIT, TlsStream, Transport};
use crate::green;

/// Makes the server's side of connections: what it shows, and what it asks of clients. Python's
/// `SSLContext` with `PROTOCOL_TLS_SERVER`.
///
/// Clones are cheap, and go to other OS threads; they share the sessions that can be resumed.
#[derive(Clone)]
pub struct TlsAcceptor {
    config: Arc<ServerConfig>,
    limit: Option<Duration>,
}

impl TlsAcceptor {
    /// An acceptor that shows this certificate: PEM, with those that vouch for it after it, and its
    /// key. Does not suspend. Python's `load_cert_chain`.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if a PEM is none, or the key does not belong to the certificate.
    pub fn new(certificates: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> io::Result<TlsAcceptor> {
        Self::builder(certificates.as_ref(), key.as_ref()).build()
    }

    /// An acceptor with a choice of settings.
    pub fn builder(certificates: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> AcceptorBuilder {
        AcceptorBuilder {
            identity: (certificates.into(), key.into()),
            client_roots: Vec::new(),
            is_anonymous_allowed: false,
            alpn: Vec::new(),
        }
    }

    /// How long a handshake may take from the first use of its connection on: 10 seconds if nothing
    /// is said; `None` is for ever.
    #[must_use]
    pub fn handshake_timeout(mut self, limit: Option<Duration>) -> TlsAcceptor {
        self.limit = limit;
        self
    }

    /// Puts TLS over a connection, and goes through the handshake. Suspends until that is over: not
    /// for an accept loop, in which a client that says nothing would hold up all others.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout closes the connection.
    ///
    /// # Errors
    ///
    /// As [`TlsStream::handshake`].
    #[green(crate = crate)]
    pub fn accept<S: Transport>(&self, transport: S) -> io::Result<TlsStream<S>> {
        let stream = self.wrap(transport)?;
        stream.handshake()?;
        Ok(stream)
    }

    /// Puts TLS over a connection; whoever reads or writes first goes through the handshake. Does
    /// not suspend.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if a configuration of one's own is of no use.
    pub fn wrap<S: Transport>(&self, transport: S) -> io::Result<TlsStream<S>> {
        let server = ServerConnection::new(self.config.clone()).map_err(refused)?;
        Ok(TlsStream::new(transport, Connection::Server(server), self.limit))
    }

    /// rustls' configuration.
    pub fn config(&self) -> &Arc<ServerConfig> {
        &self.config
    }

    /// Offers these protocols, if nobody has said which.
    #[cfg(feature = "http")]
    pub(crate) fn offer(&mut self, protocols: &[&[u8]]) {
        if self.config.alpn_protocols.is_empty() {
            let config = Arc::make_mut(&mut self.config);
            config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        }
    }
}

/// An acceptor with a configuration of rustls' own, and a handshake limit of 10 seconds.
impl From<Arc<ServerConfig>> for TlsAcceptor {
    fn from(config: Arc<ServerConfig>) -> Self {
        TlsAcceptor { config, limit: Some(HANDSHAKE_LIMIT) }
    }
}

impl fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsAcceptor").field("handshake_timeout", &self.limit).finish_non_exhaustive()
    }
}

/// A [`TlsAcceptor`], before it is made.
#[derive(Clone)]
#[must_use]
pub struct AcceptorBuilder {
    identity: (Vec<u8>, Vec<u8>),
    client_roots: Vec<Vec<u8>>,
    is_anonymous_allowed: bool,
    alpn: Vec<Vec<u8>>,
}

impl AcceptorBuilder {
    /// Asks clients for certificates, and takes those from these authorities (PEM); several calls
    /// add up. A client that shows none is refused, unless
    /// [`allow_anonymous`](Self::allow_anonymous) says otherwise. Python's `CERT_REQUIRED`.
    pub fn client_roots(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.client_roots.push(pem.into());
        self
    }

    /// Lets clients in that show no certificate. One that shows a wrong one is refused all the
    /// same. Python's `CERT_OPTIONAL`.
    pub fn allow_anonymous(mut self) -> Self {
        self.is_anonymous_allowed = true;
        self
    }

    /// Speaks these protocols (ALPN), the best first. A client that offers others alone is refused;
    /// one that offers none is not.
    pub fn alpn<P: Into<Vec<u8>>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.alpn = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Makes the acceptor. Does not suspend.
    ///
    /// # Errors
    ///
    /// As [`TlsAcceptor::new`].
    pub fn build(self) -> io::Result<TlsAcceptor> {
        let provider = provider();
        let config = ServerConfig::builder_with_provider(provider.clone());
        let config = config.with_safe_default_protocol_versions().map_err(refused)?;
        let config = if self.client_roots.is_empty() {
            config.with_no_client_auth()
        } else {
            let mut trusted = RootCertStore::empty();
            for pem in &self.client_roots {
                roots(pem, &mut trusted)?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), provider);
            let verifier =
                if self.is_anonymous_allowed { verifier.allow_unauthenticated() } else { verifier };
            config.with_client_cert_verifier(verifier.build().map_err(refused)?)
        };
        let (certificates, key) = identity(&self.identity.0, &self.identity.1)?;
        let mut config = config.with_single_cert(certificates, key).map_err(refused)?;
        config.alpn_protocols = self.alpn;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl fmt::Debug for AcceptorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptorBuilder").finish_non_exhaustive()
    }
}
