//! TLS in one call, under eventlet's names.

use std::io;
use std::path::{Path, PathBuf};

use super::{TlsAcceptor, TlsConnector, TlsListener, TlsStream};
use crate::green;
use crate::green::fs;
use crate::green::net::{TcpListener, TcpStream};
#[cfg(unix)]
use crate::green::os::unix::net::{UnixListener, UnixStream};

/// What a server asks of its clients: Python's `CERT_NONE` and its kin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CertReqs {
    /// No certificate.
    #[default]
    None,
    /// A certificate if they have one.
    Optional,
    /// A certificate.
    Required,
}

/// The arguments of [`wrap_ssl`], under Python's names.
///
/// ```
/// use eventlet::tls::SslOptions;
///
/// let server = SslOptions::new().certfile("server.pem").keyfile("server.key").server_side(true);
/// let client = SslOptions::new().server_hostname("example.org").ca_certs("our-authority.pem");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SslOptions {
    keyfile: Option<PathBuf>,
    certfile: Option<PathBuf>,
    ca_certs: Option<PathBuf>,
    cert_reqs: CertReqs,
    server_side: bool,
    server_hostname: Option<String>,
    do_handshake_on_connect: bool,
}

impl Default for SslOptions {
    fn default() -> Self {
        SslOptions::new()
    }
}

impl SslOptions {
    /// A client that shows no certificate and trusts whom the system trusts.
    pub fn new() -> SslOptions {
        SslOptions {
            keyfile: None,
            certfile: None,
            ca_certs: None,
            cert_reqs: CertReqs::None,
            server_side: false,
            server_hostname: None,
            do_handshake_on_connect: true,
        }
    }

    /// The file of the certificate to show (PEM). It may have the key, too.
    pub fn certfile(mut self, path: impl AsRef<Path>) -> SslOptions {
        self.certfile = Some(path.as_ref().to_owned());
        self
    }

    /// The file of its key (PEM).
    pub fn keyfile(mut self, path: impl AsRef<Path>) -> SslOptions {
        self.keyfile = Some(path.as_ref().to_owned());
        self
    }

    /// The file of the authorities to trust (PEM).
    pub fn ca_certs(mut self, path: impl AsRef<Path>) -> SslOptions {
        self.ca_certs = Some(path.as_ref().to_owned());
        self
    }

    /// What a server asks of its clients: nothing if nothing is said. A client always asks its
    /// server, whatever is said here. (In eventlet it does not unless it is told to.)
    pub fn cert_reqs(mut self, cert_reqs: CertReqs) -> SslOptions {
        self.cert_reqs = cert_reqs;
        self
    }

    /// Whether this is the server's side; not if nothing is said.
    pub fn server_side(mut self, server_side: bool) -> SslOptions {
        self.server_side = server_side;
        self
    }

    /// The server's name, which its certificate must be for. A client has to say it.
    pub fn server_hostname(mut self, name: impl Into<String>) -> SslOptions {
        self.server_hostname = Some(name.into());
        self
    }

    /// Whether a connection goes through its handshake at once, as it does if nothing is said, or
    /// at its first read or write. Those that a listener accepts always do the latter.
    pub fn do_handshake_on_connect(mut self, at_once: bool) -> SslOptions {
        self.do_handshake_on_connect = at_once;
        self
    }

    /// The certificate to show, and its key.
    #[green(crate = crate)]
    fn identity(&self) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
        let Some(certfile) = &self.certfile else { return Ok(None) };
        let certificates = fs::read(certfile)?;
        let key = match &self.keyfile {
            Some(keyfile) => fs::read(keyfile)?,
            None => certificates.clone(),
        };
        Ok(Some((certificates, key)))
    }

    #[green(crate = crate)]
    fn acceptor(&self) -> io::Result<TlsAcceptor> {
        let identity = self.identity()?;
        let (certificates, key) =
            identity.ok_or_else(|| missing("`certfile`: a server shows a certificate"))?;
        let mut builder = TlsAcceptor::builder(certificates, key);
        if self.cert_reqs != CertReqs::None {
            let ca_certs = self.ca_certs.as_ref();
            let ca_certs =
                ca_certs.ok_or_else(|| missing("`ca_certs`: clients are asked for certificates"))?;
            builder = builder.client_roots(fs::read(ca_certs)?);
            if self.cert_reqs == CertReqs::Optional {
                builder = builder.allow_anonymous();
            }
        }
        builder.build()
    }

    #[green(crate = crate)]
    fn connector(&self) -> io::Result<TlsConnector> {
        let mut builder = TlsConnector::builder();
        if let Some(ca_certs) = &self.ca_certs {
            builder = builder.roots(fs::read(ca_certs)?);
        }
        if let Some((certificates, key)) = self.identity()? {
            builder = builder.identity(certificates, key);
        }
        builder.build()
    }
}

fn missing(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("`wrap_ssl` needs {what}"))
}

/// What [`wrap_ssl`] can wrap: connections and listeners.
pub trait WrapSsl: Sized {
    /// A [`TlsStream`] or a [`TlsListener`].
    type Wrapped;

    /// Puts TLS over it.
    ///
    /// # Errors
    ///
    /// As [`wrap_ssl`].
    #[green(crate = crate)]
    fn wrap_ssl(self, options: SslOptions) -> io::Result<Self::Wrapped>;
}

/// Puts TLS over a connection or a listener. Suspends while files are read, and for a connection
/// until the handshake is over. eventlet's `wrap_ssl`.
///
/// It reads the files anew at each call: for many connections a [`TlsConnector`] or a
/// [`TlsAcceptor`] is made once.
///
/// # Cancel safety
///
/// A kill or timeout closes the socket.
///
/// # Errors
///
/// `InvalidInput` if a name or file is missing that this side needs, or a file is no PEM; what
/// reading the files comes to; as [`TlsStream::handshake`].
///
/// # Examples
///
/// ```no_run
/// use std::io;
/// use std::net::SocketAddr;
/// use eventlet::green::io::Write;
/// use eventlet::tls::{SslOptions, TlsStream, wrap_ssl};
/// use eventlet::{green, listen, serve};
///
/// #[green]
/// fn greet(mut client: TlsStream, _address: SocketAddr) -> io::Result<()> {
///     client.write_all(b"welcome\n")
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let options = SslOptions::new().certfile("server.pem").keyfile("server.key").server_side(true);
///     serve(wrap_ssl(listen("127.0.0.1:6443")?, options)?, greet, 1000)
/// }
/// ```
#[green(crate = crate)]
pub fn wrap_ssl<W: WrapSsl>(socket: W, options: SslOptions) -> io::Result<W::Wrapped> {
    socket.wrap_ssl(options)
}

macro_rules! wraps {
    ($stream:ty, $listener:ty) => {
        impl WrapSsl for $stream {
            type Wrapped = TlsStream<$stream>;

            #[green(crate = crate)]
            fn wrap_ssl(self, options: SslOptions) -> io::Result<TlsStream<$stream>> {
                let stream = if options.server_side {
                    options.acceptor()?.wrap(self)?
                } else {
                    let name = options.server_hostname.as_deref();
                    let name =
                        name.ok_or_else(|| missing("`server_hostname`: a client checks its server"))?;
                    options.connector()?.wrap(name, self)?
                };
                if options.do_handshake_on_connect {
                    stream.handshake()?;
                }
                Ok(stream)
            }
        }

        impl WrapSsl for $listener {
            type Wrapped = TlsListener<$listener>;

            #[green(crate = crate)]
            fn wrap_ssl(self, options: SslOptions) -> io::Result<TlsListener<$listener>> {
                if !options.server_side {
                    return Err(missing("`server_side` for a listener"));
                }
                Ok(TlsListener::new(self, options.acceptor()?))
            }
        }
    };
}

wraps!(TcpStream, TcpListener);
#[cfg(unix)]
wraps!(UnixStream, UnixListener);
