//! Servers over TLS, libraries on it, and eventlet's names for it.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use bytes::Bytes;
use eventlet::green::io::{Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::green::os::unix::net::UnixStream;
use eventlet::green::polled::Polled;
use eventlet::green::{fs, ssl};
use eventlet::http::{Request, StatusCode};
use eventlet::hubs::Local;
use eventlet::tls::{CertReqs, SslOptions, TlsConnector, TlsListener, TlsStream};
use eventlet::wsgi::{self, RequestExt};
use eventlet::{connect, green, listen, serve, sleep, spawn, wrap_ssl};
use eventlet_web_tests::authority::AUTHORITY;
use http_body_util::{BodyExt, Empty};

use super::{MS, NAME, SERVER, acceptor, client, connector, pair};

#[green]
fn echo(mut client: TlsStream, _address: SocketAddr) -> io::Result<()> {
    let mut buf = [0; 4096];
    loop {
        let count = client.read(&mut buf)?;
        if count == 0 {
            return Ok(());
        }
        client.write_all(&buf[..count])?;
    }
}

/// Sends a word, and gives what comes back.
#[green]
fn ask(connector: &TlsConnector, address: SocketAddr) -> io::Result<[u8; 5]> {
    let mut stream = connector.connect(NAME, connect(address)?)?;
    stream.write_all(b"hello")?;
    let mut word = [0; 5];
    stream.read_exact(&mut word)?;
    Ok(word)
}

#[eventlet::test]
fn peers_that_stall_or_lie_do_not_hold_up_the_accept_loop() {
    eventlet::greenthread::set_error_hook(|_| {});
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = spawn(move || serve(TlsListener::new(listener, acceptor()), echo, 100));
    let mut others: Vec<TcpStream> = Vec::new();
    for n in 0..50 {
        let mut other = connect(address).unwrap();
        if n % 2 == 0 {
            other.write_all(b"this is no TLS").unwrap();
        }
        others.push(other);
    }
    assert_eq!(&ask(&connector(), address).unwrap(), b"hello");
    // No time has passed meanwhile: nobody waited for a limit.
    assert_eq!(eventlet::testing::now(), std::time::Duration::ZERO);
    drop(others);
    serving.kill();
    // The handlers find their peers gone.
    sleep(MS);
}

/// An application that says what it knows of the connection.
#[green]
fn about(request: Request) -> String {
    let peer = request.peer().expect("the server knows its peer");
    format!("{:?} {} {}", request.version(), request.uri().path(), peer.is_encrypted())
}

/// A request of hyper's over a TLS stream, by the protocol that was agreed on.
#[green]
fn fetch(stream: TlsStream) -> (StatusCode, String) {
    let protocol = stream.alpn_protocol();
    let request = hyper::Request::get("https://server.test/page").header("host", NAME);
    let request = request.body(Empty::<Bytes>::new()).unwrap();
    let response = if protocol.as_deref() == Some(b"h2") {
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(Local, Polled::new(stream)).await.unwrap();
        eventlet::spawn_n(move || async move { drop(connection.await) });
        sender.send_request(request).await.unwrap()
    } else {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(Polled::new(stream)).await.unwrap();
        eventlet::spawn_n(move || async move { drop(connection.await) });
        sender.send_request(request).await.unwrap()
    };
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[eventlet::test]
fn wsgi_speaks_both_versions_of_http_over_tls_as_alpn_says() {
    let server = wsgi::Server::new();
    let handle = server.handle();
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = spawn(move || server.serve(TlsListener::new(listener, acceptor()), about));
    let cases: [(&[&str], &str); 4] = [
        (&[], "HTTP/1.1 /page true"),
        (&["http/1.1"], "HTTP/1.1 /page true"),
        (&["h2", "http/1.1"], "HTTP/2.0 /page true"),
        (&["h2"], "HTTP/2.0 /page true"),
    ];
    for (offered, expected) in cases {
        let connector = client().alpn(offered.iter().copied()).build().unwrap();
        let stream = connector.connect(NAME, connect(address).unwrap()).unwrap();
        assert_eq!(fetch(stream), (StatusCode::OK, expected.to_owned()), "{offered:?}");
    }
    handle.stop();
    serving.wait().unwrap();
    // hyper's ends of the connections find the others gone.
    sleep(MS);
}

#[eventlet::test]
fn a_server_of_http1_alone_offers_no_more() {
    let server = wsgi::Server::new().http1_only(true);
    let handle = server.handle();
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = spawn(move || server.serve(TlsListener::new(listener, acceptor()), about));
    let connector = client().alpn(["h2", "http/1.1"]).build().unwrap();
    let stream = connector.connect(NAME, connect(address).unwrap()).unwrap();
    assert_eq!(stream.alpn_protocol().as_deref(), Some(&b"http/1.1"[..]));
    assert_eq!(fetch(stream).1, "HTTP/1.1 /page true");
    handle.stop();
    serving.wait().unwrap();
    // hyper's ends of the connections find the others gone.
    sleep(MS);
}

#[eventlet::test]
fn pipelined_requests_and_the_end_come_whole_over_tls() {
    let server = wsgi::Server::new();
    let handle = server.handle();
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let large = |_request: Request| async { "x".repeat(300_000) };
    let serving = spawn(move || server.serve(TlsListener::new(listener, acceptor()), large));
    let mut stream = connector().connect(NAME, connect(address).unwrap()).unwrap();
    let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(9)
        + "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    // It ends with close_notify, or this would be an error.
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 10);
    assert_eq!(answer.matches('x').count(), 10 * 300_000 + 10 * "text".matches('x').count());
    handle.stop();
    serving.wait().unwrap();
    // hyper's ends of the connections find the others gone.
    sleep(MS);
}

#[eventlet::test]
fn a_polled_tls_stream_has_the_traits_of_futures_io_and_tokio() {
    let (client, server) = pair();
    let (mut client, mut server) = (Polled::new(client), Polled::new(server));
    let writing = spawn(
        #[green]
        move || {
            let sent = vec![5; 300_000];
            let mut written = 0;
            while written < sent.len() {
                written += poll_fn(|cx| {
                    futures_io::AsyncWrite::poll_write(Pin::new(&mut client), cx, &sent[written..])
                })
                .await
                .unwrap();
            }
            poll_fn(|cx| futures_io::AsyncWrite::poll_flush(Pin::new(&mut client), cx)).await.unwrap();
            poll_fn(|cx| tokio::io::AsyncWrite::poll_shutdown(Pin::new(&mut client), cx)).await.unwrap();
        },
    );
    let mut got = 0;
    let mut space = [0; 10_000];
    loop {
        let mut buf = tokio::io::ReadBuf::new(&mut space);
        poll_fn(|cx| tokio::io::AsyncRead::poll_read(Pin::new(&mut server), cx, &mut buf)).await.unwrap();
        if buf.filled().is_empty() {
            break;
        }
        got += buf.filled().len();
    }
    assert_eq!(got, 300_000);
    writing.wait();
}

#[eventlet::test]
fn a_poll_of_a_write_keeps_no_more_than_it_says() {
    let (client, server) = pair();
    let mut polled = Polled::new(client.try_clone().unwrap());
    let mut taken = 0;
    let full = with_nothing_read(&mut polled, &mut taken);
    assert!(full.is_err());
    // What the socket holds, and 64 KiB of records.
    let held = taken - socket_holds();
    assert!(held <= 2 * 65_536, "{held}");
    drop((polled, client, server));
}

/// Writes until nothing goes any more.
#[green]
fn with_nothing_read(
    polled: &mut Polled<TlsStream<UnixStream>>,
    taken: &mut usize,
) -> Result<(), eventlet::Timeout> {
    eventlet::with_timeout(
        MS,
        #[green]
        || {
            loop {
                *taken += poll_fn(|cx| polled.poll_write(cx, &[0; 65_536])).await.unwrap();
            }
        },
    )
}

/// How much a pair of Unix sockets takes before somebody reads, as raw bytes.
#[green]
fn socket_holds() -> usize {
    let (mut one, _other) = UnixStream::pair().unwrap();
    one.set_nonblocking(true).unwrap();
    let mut taken = 0;
    while let Ok(count) = one.write(&[0; 16_384]) {
        taken += count;
    }
    taken
}

/// A folder with the files of a server, gone at the end.
struct Files(std::path::PathBuf);

impl Files {
    fn new(name: &str) -> Files {
        let folder = std::env::temp_dir().join(format!("eventlet-tls-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("server.pem"), &SERVER.certificate).unwrap();
        std::fs::write(folder.join("server.key"), &SERVER.key).unwrap();
        std::fs::write(folder.join("authority.pem"), &AUTHORITY.pem).unwrap();
        let both = format!("{}{}", SERVER.certificate, SERVER.key);
        std::fs::write(folder.join("both.pem"), both).unwrap();
        Files(folder)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.join(name)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[eventlet::test(real_time)]
fn wrap_ssl_makes_a_server_of_a_listener_and_a_client_of_a_connection() {
    let files = Files::new("wrap");
    let options = SslOptions::new().certfile(files.path("server.pem")).keyfile(files.path("server.key"));
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let listener = wrap_ssl(listener, options.server_side(true)).unwrap();
    let serving = spawn(move || serve(listener, echo, 10));
    let options = SslOptions::new().ca_certs(files.path("authority.pem")).server_hostname(NAME);
    let mut stream: ssl::TlsStream = ssl::wrap_ssl(connect(address).unwrap(), options).unwrap();
    assert!(!stream.is_handshaking());
    stream.write_all(b"hello").unwrap();
    let mut word = [0; 5];
    stream.read_exact(&mut word).unwrap();
    assert_eq!(&word, b"hello");
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut word).unwrap(), 0);
    serving.kill();
}

#[eventlet::test(real_time)]
fn wrap_ssl_asks_clients_for_certificates_when_it_is_told_to() {
    let files = Files::new("asks");
    let both = files.path("both.pem");
    for (reqs, is_let_in) in [(CertReqs::None, true), (CertReqs::Optional, true), (CertReqs::Required, false)]
    {
        for shows in [false, true] {
            let (one, other) = UnixStream::pair().unwrap();
            let options = SslOptions::new().certfile(&both).server_side(true).do_handshake_on_connect(false);
            let options = options.cert_reqs(reqs).ca_certs(files.path("authority.pem"));
            let server = wrap_ssl(other, options).unwrap();
            let serving = spawn(
                #[green]
                move || server.handshake().is_ok(),
            );
            let mut options = SslOptions::new().ca_certs(files.path("authority.pem")).server_hostname(NAME);
            if shows {
                options = options.certfile(&both);
            }
            let client = wrap_ssl(one, options);
            assert_eq!(serving.wait(), is_let_in || shows, "{reqs:?} {shows}");
            drop(client);
        }
    }
}

#[eventlet::test(real_time)]
fn wrap_ssl_says_what_it_needs() {
    let (one, _other) = UnixStream::pair().unwrap();
    let another = || one.try_clone().unwrap();
    let asking = SslOptions::new().server_side(true).cert_reqs(CertReqs::Required);
    let files = Files::new("needs");
    let cases = [
        (SslOptions::new(), "`wrap_ssl` needs `server_hostname`: a client checks its server"),
        (SslOptions::new().server_side(true), "`wrap_ssl` needs `certfile`: a server shows a certificate"),
        (
            asking.certfile(files.path("both.pem")),
            "`wrap_ssl` needs `ca_certs`: clients are asked for certificates",
        ),
    ];
    for (options, message) in cases {
        let error = wrap_ssl(another(), options).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (io::ErrorKind::InvalidInput, message.to_owned()));
    }
    let error = wrap_ssl(listen("127.0.0.1:0").unwrap(), SslOptions::new()).unwrap_err();
    assert_eq!(error.to_string(), "`wrap_ssl` needs `server_side` for a listener");
    assert!(fs::read(files.path("missing.pem")).is_err());
    let options = SslOptions::new().certfile(files.path("missing.pem")).server_side(true);
    assert_eq!(wrap_ssl(another(), options).unwrap_err().kind(), io::ErrorKind::NotFound);
}
