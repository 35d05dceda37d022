//! The web server over TLS: its limits, and its end.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use eventlet::green::io::{Read, Write};
use eventlet::green::os::unix::net::{UnixListener, UnixStream};
use eventlet::http::Request;
use eventlet::testing::now;
use eventlet::tls::{TlsListener, TlsStream};
use eventlet::wsgi::{self, Handle, RequestExt, Server};
use eventlet::{GreenThread, connect, green, listen, sleep, spawn};

use super::{MS, NAME, acceptor, connector};

const SECOND: Duration = Duration::from_secs(1);

/// A server that is over TLS.
struct Site {
    address: SocketAddr,
    handle: Handle,
    serving: GreenThread<io::Result<()>>,
}

impl Site {
    #[green]
    fn new(server: Server, app: impl wsgi::Application) -> Site {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let handle = server.handle();
        let serving = spawn(move || server.serve(TlsListener::new(listener, acceptor()), app));
        Site { address, handle, serving }
    }

    #[green]
    fn open(&self) -> TlsStream {
        connector().connect(NAME, connect(self.address).unwrap()).unwrap()
    }

    #[green]
    fn end(self) {
        self.handle.stop();
        self.serving.wait().unwrap();
        sleep(MS);
    }
}

#[green]
fn hello(_request: Request) -> &'static str {
    "hello\n"
}

/// Sends a request, and reads as much as its answer is long.
#[green]
fn ask(stream: &mut TlsStream) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut answer = String::new();
    while !answer.ends_with("hello\n") {
        let mut buf = [0; 512];
        let count = stream.read(&mut buf).unwrap();
        assert!(count > 0, "{answer}");
        answer += std::str::from_utf8(&buf[..count]).unwrap();
    }
    answer
}

#[eventlet::test]
fn a_connection_carries_several_requests_and_an_idle_one_is_told_goodbye_at_the_end() {
    let site = Site::new(Server::new(), hello);
    let mut stream = site.open();
    for _ in 0..3 {
        assert!(ask(&mut stream).starts_with("HTTP/1.1 200 OK\r\n"));
    }
    site.handle.stop();
    // `Ok(0)`, not `UnexpectedEof`.
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
    site.end();
}

#[eventlet::test]
fn clients_that_do_not_finish_their_handshake_have_ten_seconds_and_hold_up_nobody() {
    let site = Site::new(Server::new(), hello);
    let mut silent = connect(site.address).unwrap();
    let mut liar = connect(site.address).unwrap();
    liar.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = liar.read_to_end(&mut answer);
    // An alert, and no word of HTTP.
    assert_eq!(&answer[..5], [21, 3, 3, 0, 2]);
    assert!(ask(&mut site.open()).contains("200 OK"));
    assert_eq!(now(), Duration::ZERO);
    assert_eq!(silent.read(&mut [0; 1]).unwrap(), 0);
    assert_eq!(now(), 10 * SECOND);
    site.end();
}

#[eventlet::test]
fn a_client_in_its_handshake_does_not_hold_up_the_end() {
    let site = Site::new(Server::new(), hello);
    let mut silent = connect(site.address).unwrap();
    sleep(MS);
    site.end();
    assert_eq!(silent.read(&mut [0; 1]).unwrap(), 0);
    assert!(now() < SECOND, "{:?}", now());
}

#[eventlet::test]
fn a_client_that_says_no_more_is_closed_in_time() {
    let site = Site::new(Server::new().keepalive_timeout(4 * SECOND).head_timeout(2 * SECOND), hello);
    let mut idle = site.open();
    ask(&mut idle);
    assert_eq!(idle.read(&mut [0; 1]).unwrap(), 0);
    let idle_for = now();
    assert!((4 * SECOND..=6 * SECOND).contains(&idle_for), "{idle_for:?}");
    let mut slow = site.open();
    slow.write_all(b"GET / HT").unwrap();
    assert_eq!(slow.read(&mut [0; 1]).unwrap(), 0);
    let slow_for = now() - idle_for;
    assert!((2 * SECOND..=3 * SECOND + MS).contains(&slow_for), "{slow_for:?}");
    site.end();
}

#[eventlet::test]
fn a_client_that_does_not_read_its_answer_is_closed_in_time() {
    let large = |_request: Request| async { vec![b'x'; 16 << 20] };
    let site = Site::new(Server::new().keepalive_timeout(4 * SECOND), large);
    let mut stream = site.open();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    sleep(10 * SECOND);
    let mut got = Vec::new();
    let error = stream.read_to_end(&mut got).unwrap_err();
    // What it did not read in time is missing, and it knows.
    assert!(got.len() < 16 << 20);
    assert!(
        matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset),
        "{error:?}"
    );
    site.end();
}

#[eventlet::test]
fn a_unix_socket_serves_over_tls_too() {
    let path = std::env::temp_dir().join(format!("eventlet-https-{}", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let server = Server::new();
    let handle = server.handle();
    let about = |request: Request| {
        let peer = request.peer().cloned().expect("the server knows its peer");
        async move { format!("{peer} {}", peer.is_encrypted()) }
    };
    let serving = spawn(move || server.serve(TlsListener::new(listener, acceptor()), about));
    let mut stream = connector().connect(NAME, UnixStream::connect(&path).unwrap()).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("\r\n\r\nunix true"), "{answer}");
    std::fs::remove_file(&path).unwrap();
    handle.stop();
    serving.wait().unwrap();
}
