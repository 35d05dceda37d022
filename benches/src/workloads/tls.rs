//! TLS 1.3, both ends in one process: handshakes, and bytes.

use std::net::Shutdown;
use std::sync::Arc;

use eventlet::green::io::{Read, Write};
use eventlet::green::os::unix::net::UnixStream;
use eventlet::tls::rustls::ClientConfig;
use eventlet::tls::rustls::client::Resumption;
use eventlet::tls::{TlsAcceptor, TlsConnector, TlsStream};
use eventlet::{green, spawn};
use eventlet_bench_measure::{CERTIFICATE, KEY, MIB, Measured, PIECE, Stopwatch};

/// The server's side and the client's, which resumes nothing.
#[green]
fn sides() -> (TlsAcceptor, TlsConnector) {
    let acceptor = TlsAcceptor::new(CERTIFICATE, KEY).expect("a certificate and its key");
    let connector = TlsConnector::builder().roots(CERTIFICATE).build().expect("a certificate");
    let mut config = ClientConfig::clone(connector.config());
    config.resumption = Resumption::disabled();
    (acceptor, TlsConnector::from(Arc::new(config)))
}

#[green]
fn answer(mut stream: TlsStream<UnixStream>) {
    let mut byte = [0];
    stream.read_exact(&mut byte).expect("the client speaks");
    stream.write_all(&byte).expect("the client listens");
}

/// Connections that are made, used for a byte there and one back, and dropped.
#[green]
pub(crate) fn handshakes(n: u64) -> Measured {
    let (acceptor, connector) = sides();
    let watch = Stopwatch::start();
    for _ in 0..n {
        let (one, other) = UnixStream::pair().expect("two sockets");
        let server = acceptor.wrap(other).expect("a connection");
        let serving = spawn(move || answer(server));
        let mut client = connector.connect("localhost", one).expect("the server is trusted");
        client.write_all(&[7]).expect("the server listens");
        let mut byte = [0];
        client.read_exact(&mut byte).expect("the server answers");
        assert_eq!(byte, [7]);
        drop(client);
        serving.wait();
    }
    watch.stop(n)
}

#[green]
fn send(n: u64, mut stream: TlsStream<UnixStream>) {
    let piece = vec![7; PIECE];
    for _ in 0..n * (MIB / PIECE as u64) {
        stream.write_all(&piece).expect("the client listens");
    }
    stream.shutdown(Shutdown::Write).expect("the client listens");
}

/// Mebibytes that one end writes and the other reads.
#[green]
pub(crate) fn bytes(n: u64) -> Measured {
    let (acceptor, connector) = sides();
    let (one, other) = UnixStream::pair().expect("two sockets");
    let server = acceptor.wrap(other).expect("a connection");
    let sending = spawn(
        #[green]
        move || {
            server.handshake().expect("the client speaks");
            server
        },
    );
    let mut client = connector.connect("localhost", one).expect("the server is trusted");
    let server = sending.wait();
    let mut space = vec![0; PIECE];
    let mut got = 0;
    let watch = Stopwatch::start();
    let sending = spawn(move || send(n, server));
    loop {
        match client.read(&mut space).expect("the server says when it ends") {
            0 => break,
            count => got += count as u64,
        }
    }
    sending.wait();
    let measured = watch.stop(n);
    assert_eq!(got, n * MIB);
    measured
}
