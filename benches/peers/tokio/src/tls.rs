//! TLS 1.3 by tokio-rustls, both ends in one process: handshakes, and bytes.

use std::sync::Arc;

use eventlet_bench_measure::{CERTIFICATE, KEY, MIB, Measured, PIECE, Stopwatch};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::spawn_local;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, crypto};
use tokio_rustls::{TlsAcceptor, TlsConnector, server};

/// The server's side and the client's, which resumes nothing.
fn sides() -> (TlsAcceptor, TlsConnector) {
    let provider = Arc::new(crypto::ring::default_provider());
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).expect("a key");
    let server = ServerConfig::builder_with_provider(provider.clone());
    let server = server.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    let server = server.with_single_cert(vec![certificate.clone()], key).expect("the certificate's key");
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a certificate");
    let client = ClientConfig::builder_with_provider(provider);
    let client = client.with_safe_default_protocol_versions().expect("versions");
    let mut client = client.with_root_certificates(roots).with_no_client_auth();
    client.resumption = Resumption::disabled();
    (TlsAcceptor::from(Arc::new(server)), TlsConnector::from(Arc::new(client)))
}

fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").expect("a name")
}

async fn answer(acceptor: TlsAcceptor, stream: UnixStream) {
    let mut stream = acceptor.accept(stream).await.expect("the client speaks");
    let mut byte = [0];
    stream.read_exact(&mut byte).await.expect("the client speaks");
    stream.write_all(&byte).await.expect("the client listens");
    stream.flush().await.expect("the client listens");
    // Whoever comes second may find the other gone.
    let _ = stream.shutdown().await;
}

/// Connections that are made, used for a byte there and one back, and dropped.
pub(crate) async fn handshakes(n: u64) -> Measured {
    let (acceptor, connector) = sides();
    let watch = Stopwatch::start();
    for _ in 0..n {
        let (one, other) = UnixStream::pair().expect("two sockets");
        let serving = spawn_local(answer(acceptor.clone(), other));
        let mut client = connector.connect(name(), one).await.expect("the server is trusted");
        client.write_all(&[7]).await.expect("the server listens");
        client.flush().await.expect("the server listens");
        let mut byte = [0];
        client.read_exact(&mut byte).await.expect("the server answers");
        assert_eq!(byte, [7]);
        let _ = client.shutdown().await;
        drop(client);
        serving.await.expect("no panic");
    }
    watch.stop(n)
}

async fn send(n: u64, mut stream: server::TlsStream<UnixStream>) {
    let piece = vec![7; PIECE];
    for _ in 0..n * (MIB / PIECE as u64) {
        stream.write_all(&piece).await.expect("the client listens");
    }
    stream.shutdown().await.expect("the client listens");
}

/// Mebibytes that one end writes and the other reads.
pub(crate) async fn bytes(n: u64) -> Measured {
    let (acceptor, connector) = sides();
    let (one, other) = UnixStream::pair().expect("two sockets");
    let accepting = spawn_local(async move { acceptor.accept(other).await.expect("the client speaks") });
    let mut client = connector.connect(name(), one).await.expect("the server is trusted");
    let server = accepting.await.expect("no panic");
    let mut space = vec![0; PIECE];
    let mut got = 0;
    let watch = Stopwatch::start();
    let sending = spawn_local(send(n, server));
    loop {
        match client.read(&mut space).await.expect("the server says when it ends") {
            0 => break,
            count => got += count as u64,
        }
    }
    sending.await.expect("no panic");
    let measured = watch.stop(n);
    assert_eq!(got, n * MIB);
    measured
}
