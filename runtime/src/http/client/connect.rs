//! From a host's name to a connection that speaks HTTP.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;

use super::error::{Phase, invalid};
use super::exchange::{Connection, Http1};
use super::http2::Http2;
use super::pool::{Origin, Versions};
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
        // What it is asked for a tunnel in is HTTP/1.
        let mut connector = connector(client, Versions::Http1).await?.handshake_timeout(None);
        connector.offer_only(PROTOCOL_1);
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
    match &proxy.socks {
        Some(socks) if socks.finds_names => socks.tunnel(&mut stream, &origin.host, origin.port).await?,
        Some(socks) => {
            phase.set(Phase::Resolve);
            let address = resolve(&client.settings, &origin.host, origin.port).await?[0];
            phase.set(Phase::Proxy);
            socks.tunnel(&mut stream, &address.ip().to_string(), address.port()).await?;
        }
        // In the clear the proxy sends requests on; they say where.
        None if !origin.is_encrypted => {}
        None => proxy.tunnel(&mut stream, origin).await?,
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
    let (stream, is_http2): (Box<dyn Stream>, bool) = if origin.is_encrypted {
        phase.set(Phase::Handshake);
        encrypt(client, origin, transport).await?
    } else {
        (Box::new(Polled::new(transport)), origin.versions == Versions::Http2)
    };
    if is_http2 {
        return Http2::new(stream, &client.settings.http2).await.map(Connection::Http2);
    }
    Http1::new(stream).await.map(Connection::Http1)
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

/// TLS over a connection, and whether HTTP/2 is to be spoken in it.
#[cfg(feature = "tls")]
async fn encrypt<S: Transport>(
    client: &Inner,
    origin: &Origin,
    transport: S,
) -> io::Result<(Box<dyn Stream>, bool)> {
    let connector = connector(client, origin.versions).await?;
    let stream = connector.handshake_timeout(None).connect(&origin.host, transport).await?;
    let is_http2 = match (stream.alpn_protocol().as_deref(), origin.versions) {
        (Some(b"h2"), Versions::Either | Versions::Http2) | (None, Versions::Http2) => true,
        (None | Some(b"http/1.1" | b"http/1.0"), Versions::Http1 | Versions::Either) => false,
        // The server would take what it gets for something else than it is.
        (other, _) => {
            let name = String::from_utf8_lossy(other.unwrap_or_default());
            return Err(invalid(format!("`{name}` was agreed on, which is not to be spoken here")));
        }
    };
    Ok((Box::new(Polled::new(stream)), is_http2))
}

/// The names of HTTP in ALPN.
#[cfg(feature = "tls")]
const PROTOCOL_1: &[&[u8]] = &[b"http/1.1"];
#[cfg(feature = "tls")]
const PROTOCOL_2: &[&[u8]] = &[b"h2"];
#[cfg(feature = "tls")]
const PROTOCOLS: &[&[u8]] = &[b"h2", b"http/1.1"];

/// The client's own connector, or that of all clients of the hub which have none: it knows whom the
/// system trusts, and the sessions that can be resumed.
#[cfg(feature = "tls")]
async fn connector(client: &Inner, versions: Versions) -> io::Result<TlsConnector> {
    if let Some(connector) = &client.settings.tls {
        return Ok(connector.clone());
    }
    let kept = crate::hubs::kept::<[std::cell::OnceCell<TlsConnector>; 3]>();
    let (place, protocols) = match versions {
        Versions::Http1 => (&kept[0], PROTOCOL_1),
        Versions::Either => (&kept[1], PROTOCOLS),
        Versions::Http2 => (&kept[2], PROTOCOL_2),
    };
    if let Some(connector) = place.get() {
        return Ok(connector.clone());
    }
    let mut made = match kept.iter().find_map(std::cell::OnceCell::get) {
        Some(other) => other.clone(),
        None => TlsConnector::builder().build().await?,
    };
    made.offer_only(protocols);
    // Somebody else may have made one meanwhile.
    Ok(place.get_or_init(|| made).clone())
}

/// What a connector of the client's own offers, if nobody has said it.
#[cfg(feature = "tls")]
pub(super) fn offer(connector: &mut TlsConnector, versions: Versions) {
    if connector.config().alpn_protocols.is_empty() {
        connector.offer_only(match versions {
            Versions::Http1 => PROTOCOL_1,
            Versions::Either => PROTOCOLS,
            Versions::Http2 => PROTOCOL_2,
        });
    }
}

#[cfg(not(feature = "tls"))]
async fn encrypt<S: Transport>(
    _client: &Inner,
    _origin: &Origin,
    _transport: S,
) -> io::Result<(Box<dyn Stream>, bool)> {
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
    Ok(Origin { is_encrypted, host, port, proxy: None, versions: Versions::Http1 })
}
