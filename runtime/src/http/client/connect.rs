//! From a host's name to a connection that speaks HTTP.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;

use super::error::{Phase, invalid};
use super::exchange::Connection;
use super::pool::Origin;
use super::proxy::Proxy;
use super::wire::Stream;
use super::{Inner, Settings};
use crate::green::io::{Read, Write};
use crate::green::net::{TcpStream, ToSocketAddrs};
#[cfg(unix)]
use crate::green::os::unix::net::UnixStream;
use crate::green::polled::Polled;
#[cfg(not(feature = "tls"))]
use crate::green::polled::{PollRead, PollWrite};
#[cfg(feature = "tls")]
use crate::tls::TlsConnector;

/// Makes a connection to `origin`, and says in `phase` how far that is.
pub(super) async fn connect(client: &Inner, origin: &Origin, phase: &Cell<Phase>) -> io::Result<Connection> {
    client.pool.make_room();
    #[cfg(unix)]
    if let Some(path) = &client.settings.unix {
        phase.set(Phase::Connect);
        let stream = UnixStream::connect(path).await?;
        return over(client, origin, stream, phase).await;
    }
    phase.set(Phase::Resolve);
    let (host, port) = match &origin.proxy {
        Some(proxy) => (&proxy.host, proxy.port),
        None => (&origin.host, origin.port),
    };
    let addresses = resolve(&client.settings, host, port).await?;
    phase.set(Phase::Connect);
    let tcp = TcpStream::connect(&addresses[..]).await?;
    // A request in several writes must not wait for the server's acknowledgement. Without it all
    // works, only later.
    let _ = tcp.set_nodelay(true);
    match &origin.proxy {
        Some(proxy) => through(client, proxy, origin, tcp, phase).await,
        None => over(client, origin, tcp, phase).await,
    }
}

/// Goes on from a proxy, which may be reached over TLS itself.
async fn through(
    client: &Inner,
    proxy: &Proxy,
    origin: &Origin,
    tcp: TcpStream,
    phase: &Cell<Phase>,
) -> io::Result<Connection> {
    phase.set(Phase::Proxy);
    if !proxy.is_encrypted {
        return tunnel(client, proxy, origin, tcp, phase).await;
    }
    #[cfg(feature = "tls")]
    {
        let connector = connector(client).await?.handshake_timeout(None);
        let stream = connector.connect(&proxy.host, tcp).await?;
        tunnel(client, proxy, origin, stream, phase).await
    }
    #[cfg(not(feature = "tls"))]
    Err(invalid("the feature `tls` is not enabled"))
}

async fn tunnel<S: Transport + Read + Write>(
    client: &Inner,
    proxy: &Proxy,
    origin: &Origin,
    mut stream: S,
    phase: &Cell<Phase>,
) -> io::Result<Connection> {
    // In the clear the proxy sends requests on; they say where.
    if origin.is_encrypted {
        proxy.tunnel(&mut stream, origin).await?;
    }
    over(client, origin, stream, phase).await
}

/// A transport, as the protocol asks for it.
#[cfg(feature = "tls")]
trait Transport: crate::tls::Transport {}
#[cfg(feature = "tls")]
impl<S: crate::tls::Transport> Transport for S {}
#[cfg(not(feature = "tls"))]
trait Transport: PollRead + PollWrite + Unpin + 'static {}
#[cfg(not(feature = "tls"))]
impl<S: PollRead + PollWrite + Unpin + 'static> Transport for S {}

async fn over<S: Transport>(
    client: &Inner,
    origin: &Origin,
    transport: S,
    phase: &Cell<Phase>,
) -> io::Result<Connection> {
    let stream: Box<dyn Stream> = if origin.is_encrypted {
        phase.set(Phase::Handshake);
        encrypt(client, origin, transport).await?
    } else {
        Box::new(Polled::new(transport))
    };
    Connection::new(stream).await
}

async fn resolve(settings: &Settings, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Some(address) = settings.addresses.get(host) {
        // A port of zero is the URL's.
        let port = if address.port() == 0 { port } else { address.port() };
        return Ok(vec![SocketAddr::new(address.ip(), port)]);
    }
    let addresses: Vec<SocketAddr> = (host, port).to_socket_addrs().await?.collect();
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("`{host}` has no address")));
    }
    Ok(addresses)
}

#[cfg(feature = "tls")]
async fn encrypt<S: Transport>(client: &Inner, origin: &Origin, transport: S) -> io::Result<Box<dyn Stream>> {
    let connector = connector(client).await?;
    let stream = connector.handshake_timeout(None).connect(&origin.host, transport).await?;
    // The server would take what it gets for something else than it is.
    match stream.alpn_protocol().as_deref() {
        None | Some(b"http/1.1" | b"http/1.0") => {}
        Some(other) => {
            let name = String::from_utf8_lossy(other);
            return Err(invalid(format!(
                "the connector has offered `{name}`, and only HTTP/1.1 is spoken here"
            )));
        }
    }
    Ok(Box::new(Polled::new(stream)))
}

/// The client's own connector, or that of all clients of the hub which have none: it knows whom the
/// system trusts, and the sessions that can be resumed.
#[cfg(feature = "tls")]
async fn connector(client: &Inner) -> io::Result<TlsConnector> {
    if let Some(connector) = &client.settings.tls {
        return Ok(connector.clone());
    }
    let kept = crate::hubs::kept::<std::cell::OnceCell<TlsConnector>>();
    if let Some(connector) = kept.get() {
        return Ok(connector.clone());
    }
    let made = TlsConnector::builder().alpn(["http/1.1"]).build().await?;
    // Somebody else may have made one meanwhile.
    Ok(kept.get_or_init(|| made).clone())
}

#[cfg(not(feature = "tls"))]
async fn encrypt<S: Transport>(
    _client: &Inner,
    _origin: &Origin,
    _transport: S,
) -> io::Result<Box<dyn Stream>> {
    Err(invalid("the feature `tls` is not enabled"))
}

/// Where this URL leads, or why nowhere.
pub(super) fn origin(url: &url::Url) -> io::Result<Origin> {
    let is_encrypted = match url.scheme() {
        "http" => false,
        "https" if cfg!(feature = "tls") => true,
        "https" => return Err(invalid("the feature `tls` is not enabled")),
        other => return Err(invalid(format!("`{other}` is neither http nor https"))),
    };
    let host = match url.host() {
        Some(url::Host::Domain(name)) => name.to_owned(),
        Some(url::Host::Ipv4(address)) => address.to_string(),
        Some(url::Host::Ipv6(address)) => address.to_string(),
        None => return Err(invalid("there is no host in it")),
    };
    let port = url.port_or_known_default().unwrap_or(80);
    Ok(Origin { is_encrypted, host, port, proxy: None })
}
