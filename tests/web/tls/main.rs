//! TLS on green streams: rustls at both ends, and peers that say something else.

use std::io;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use eventlet::green;
use eventlet::green::os::unix::net::UnixStream;
use eventlet::spawn;
use eventlet::tls::rustls::{self, ClientConfig, RootCertStore, SupportedProtocolVersion};
use eventlet::tls::{ConnectorBuilder, TlsAcceptor, TlsConnector, TlsStream, Transport};
use eventlet_web_tests::authority::{AUTHORITY, Identity};

mod endings;
mod handshake;
mod https;
mod peers;
mod served;
mod streams;

const MS: Duration = Duration::from_millis(1);
/// The name that the server's certificate is for.
const NAME: &str = "server.test";

static SERVER: LazyLock<Identity> = LazyLock::new(|| AUTHORITY.identity(&[NAME, "127.0.0.1"]));

type Stream = TlsStream<UnixStream>;

fn acceptor() -> TlsAcceptor {
    TlsAcceptor::new(&SERVER.certificate, &SERVER.key).unwrap()
}

/// A client that trusts the authority of the tests.
fn client() -> ConnectorBuilder {
    TlsConnector::builder().roots(AUTHORITY.pem.clone())
}

#[green]
fn connector() -> TlsConnector {
    client().build().unwrap()
}

/// A client that speaks one version.
fn connector_of(version: &'static SupportedProtocolVersion) -> TlsConnector {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(AUTHORITY.pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_protocol_versions(&[version]).unwrap().with_root_certificates(roots);
    TlsConnector::from(Arc::new(config.with_no_client_auth()))
}

/// Goes through the handshake at both ends, and says what each came to.
#[green]
fn shake<S: Transport>(client: &TlsStream<S>, server: &TlsStream<S>) -> (io::Result<()>, io::Result<()>) {
    let server = server.try_clone().unwrap();
    let serving = spawn(
        #[green]
        move || server.handshake(),
    );
    let client = client.handshake();
    (client, serving.wait())
}

/// Goes through the handshake at both ends, which agree.
#[green]
fn agree<S: Transport>(client: &TlsStream<S>, server: &TlsStream<S>) {
    let (at_client, at_server) = shake(client, server);
    at_client.unwrap();
    at_server.unwrap();
}

/// Both ends of a connection, before the handshake: the client's first.
#[green]
fn fresh() -> (Stream, Stream) {
    let (one, other) = UnixStream::pair().unwrap();
    (connector().wrap(NAME, one).unwrap(), acceptor().wrap(other).unwrap())
}

/// Both ends of a connection: the client's first.
#[green]
fn pair() -> (Stream, Stream) {
    let (client, server) = fresh();
    agree(&client, &server);
    (client, server)
}

/// What rustls says inside of an error of kind `InvalidData`.
#[track_caller]
fn protocol_error(error: &io::Error) -> rustls::Error {
    assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error:?}");
    error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).expect("rustls' own").clone()
}
