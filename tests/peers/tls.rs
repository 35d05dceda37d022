//! TLS with OpenSSL, curl and Python at the other end.

use std::cell::RefCell;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::rc::Rc;
use std::sync::LazyLock;

use eventlet::green::io::{Read, Write};
use eventlet::http::Request;
use eventlet::tls::rustls::ProtocolVersion::{self, TLSv1_2, TLSv1_3};
use eventlet::tls::{AcceptorBuilder, TlsAcceptor, TlsConnector, TlsListener, TlsStream};
use eventlet::wsgi::{self, RequestExt};
use eventlet::{GreenThread, connect, green, listen, serve, sleep, spawn, with_timeout};
use eventlet_peer_tests::{Files, LIMIT, Program};
use eventlet_web_tests::authority::{AUTHORITY, Identity};

const NAME: &str = "server.test";

static SERVER: LazyLock<Identity> = LazyLock::new(|| AUTHORITY.identity(&[NAME]));
static PERSON: LazyLock<Identity> = LazyLock::new(|| AUTHORITY.identity(&["person.test"]));

/// What a server of ours has seen of a connection.
#[derive(Debug)]
struct Seen {
    version: Option<ProtocolVersion>,
    is_resumed: bool,
    alpn: Option<Vec<u8>>,
    name: Option<String>,
    /// The client has shown a certificate.
    has_shown: bool,
    /// How it has ended.
    end: Result<(), io::ErrorKind>,
}

/// A server that sends back what it gets, and takes note of its clients.
struct Echo {
    address: SocketAddr,
    seen: Rc<RefCell<Vec<Seen>>>,
    serving: GreenThread<io::Result<()>>,
}

impl Echo {
    #[green]
    fn new(acceptor: TlsAcceptor) -> Echo {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Rc::new(RefCell::new(Vec::new()));
        let handle = {
            let seen = seen.clone();
            move |client, _address: SocketAddr| echo(client, seen.clone())
        };
        let serving = spawn(move || serve(TlsListener::new(listener, acceptor), handle, 100));
        Echo { address, seen, serving }
    }

    /// What it has seen of the connection of this number, when that has ended.
    #[green]
    fn seen(&self, number: usize) -> Seen {
        let ended = with_timeout(
            LIMIT,
            #[green]
            || {
                while self.seen.borrow().len() <= number {
                    sleep(std::time::Duration::from_millis(5));
                }
            },
        );
        ended.expect("the connection ends");
        self.seen.borrow_mut().remove(number)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.serving.kill();
    }
}

#[green]
fn echo(mut client: TlsStream, seen: Rc<RefCell<Vec<Seen>>>) {
    let end = echo_all(&mut client).map_err(|error| error.kind());
    seen.borrow_mut().push(Seen {
        version: client.protocol_version(),
        is_resumed: client.is_resumed(),
        alpn: client.alpn_protocol(),
        name: client.server_name(),
        has_shown: client.peer_certificates().is_some(),
        end,
    });
}

#[green]
fn echo_all(client: &mut TlsStream) -> io::Result<()> {
    let mut buf = [0; 4096];
    loop {
        let count = client.read(&mut buf)?;
        if count == 0 {
            return client.shutdown(Shutdown::Write);
        }
        client.write_all(&buf[..count])?;
    }
}

fn acceptor() -> AcceptorBuilder {
    TlsAcceptor::builder(SERVER.certificate.clone(), SERVER.key.clone())
}

fn files(name: &str) -> Files {
    let files = Files::new(name).unwrap();
    files.add("server", &SERVER).unwrap();
    files.add("person", &PERSON).unwrap();
    files
}

/// `openssl s_client` on a server of ours, with more arguments.
#[green]
fn s_client(echo: &Echo, files: &Files, more: &[&str]) -> Program {
    let (address, authority) = (echo.address.to_string(), files.path("authority.pem"));
    let mut arguments = vec!["s_client", "-connect", &address, "-servername", NAME, "-verify_hostname", NAME];
    arguments.extend(["-CAfile", &authority, "-verify_return_error"]);
    arguments.extend(more);
    Program::start("openssl", &arguments)
}

#[eventlet::test(real_time)]
fn openssl_is_served_in_both_versions() {
    let files = files("s_client");
    for (flag, version) in [("-tls1_2", TLSv1_2), ("-tls1_3", TLSv1_3)] {
        let server = Echo::new(acceptor().alpn(["h2", "http/1.1"]).build().unwrap());
        let mut client = s_client(&server, &files, &[flag, "-alpn", "spdy/3,http/1.1"]);
        client.say("hello\n");
        client.until("hello\n");
        let (is_fine, printed) = client.finish();
        assert!(is_fine, "{printed}");
        assert!(printed.contains("Verification: OK"), "{printed}");
        assert!(printed.contains("ALPN protocol: http/1.1"), "{printed}");
        let seen = server.seen(0);
        assert_eq!(seen.version, Some(version));
        assert_eq!(seen.alpn.as_deref(), Some(&b"http/1.1"[..]));
        assert_eq!(seen.name.as_deref(), Some(NAME));
        assert_eq!((seen.is_resumed, seen.has_shown, seen.end), (false, false, Ok(())));
    }
}

#[eventlet::test(real_time)]
fn openssl_resumes_its_sessions_with_us() {
    let files = files("resumes");
    for flag in ["-tls1_2", "-tls1_3"] {
        let server = Echo::new(acceptor().build().unwrap());
        let session = files.path("session");
        for (number, argument) in ["-sess_out", "-sess_in"].into_iter().enumerate() {
            let mut client = s_client(&server, &files, &[flag, argument, &session]);
            client.say("hello\n");
            client.until("hello\n");
            let (is_fine, printed) = client.finish();
            assert!(is_fine, "{printed}");
            assert_eq!(printed.contains("Reused, TLSv1."), number == 1, "{printed}");
            assert_eq!(server.seen(0).is_resumed, number == 1, "{flag}");
        }
    }
}

#[eventlet::test(real_time)]
fn openssl_may_renew_its_keys() {
    let files = files("renews");
    let server = Echo::new(acceptor().build().unwrap());
    let mut client = s_client(&server, &files, &["-tls1_3"]);
    client.say("before\n");
    client.until("before\n");
    // `K` alone in a line: new keys, and ours are to be renewed, too.
    client.say("K\n");
    client.until("KEYUPDATE");
    client.say("after\n");
    client.until("after\n");
    assert!(client.finish().0);
    assert_eq!(server.seen(0).end, Ok(()));
}

#[eventlet::test(real_time)]
fn openssl_shows_its_certificate_when_it_is_asked() {
    let files = files("shows");
    let (certificate, key) = (files.path("person.pem"), files.path("person.key"));
    for flag in ["-tls1_2", "-tls1_3"] {
        let server = Echo::new(acceptor().client_roots(AUTHORITY.pem.clone()).build().unwrap());
        let mut client = s_client(&server, &files, &[flag, "-cert", &certificate, "-key", &key]);
        client.say("hello\n");
        client.until("hello\n");
        assert!(client.finish().0);
        assert!(server.seen(0).has_shown);

        let mut client = s_client(&server, &files, &[flag, "-ign_eof"]);
        let (is_fine, _) = {
            // With TLS 1.3 it learns only when it reads that it was refused.
            let _ = client.until("CONNECTED");
            client.finish()
        };
        assert!(!is_fine);
        assert_eq!(server.seen(0).end, Err(io::ErrorKind::InvalidData));
    }
}

/// An application that says what it knows of the connection.
#[green]
fn about(request: Request) -> String {
    let peer = request.peer().expect("the server knows its peer");
    format!("{:?} {}", request.version(), peer.is_encrypted())
}

#[eventlet::test(real_time)]
fn curl_fetches_over_both_versions_of_http_and_of_tls() {
    let files = files("curl");
    let server = wsgi::Server::new();
    let handle = server.handle();
    let listener = listen("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = acceptor().build().unwrap();
    let serving = spawn(move || server.serve(TlsListener::new(listener, acceptor), about));
    let (authority, resolve) = (files.path("authority.pem"), format!("{NAME}:{port}:127.0.0.1"));
    let url = format!("https://{NAME}:{port}/");
    for (more, expected) in [
        (vec!["--http1.1"], "HTTP/1.1 true"),
        (vec!["--http2"], "HTTP/2.0 true"),
        (vec!["--http1.1", "--tls-max", "1.2"], "HTTP/1.1 true"),
        (vec!["--http2", "--tls-max", "1.2"], "HTTP/2.0 true"),
    ] {
        let mut arguments =
            vec!["-sS", "--max-time", "15", "--cacert", &authority, "--resolve", &resolve, &url];
        arguments.extend(more);
        let (is_fine, printed) = Program::start("curl", &arguments).finish();
        assert_eq!((is_fine, &printed[..]), (true, expected), "{arguments:?}");
    }
    // It does not trust us without being told to.
    assert!(!Program::start("curl", &["-sS", "--resolve", &resolve, &url]).finish().0);
    handle.stop();
    serving.wait().unwrap();
}

const PYTHON_CLIENT: &str = r#"
import socket, ssl, sys
port, authority, how = int(sys.argv[1]), sys.argv[2], sys.argv[3]
context = ssl.create_default_context(cafile=authority)
s = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="server.test")
sent = b"0123456789" * 100_000
import threading
threading.Thread(target=s.sendall, args=(sent,)).start()
got = b""
while len(got) < len(sent):
    got += s.recv(65536)
assert got == sent
print(s.version(), len(got))
if how == "unwrap":
    s.unwrap()      # waits for the other end's close_notify
    print("unwrapped")
else:
    s.close()       # says nothing
"#;

#[eventlet::test(real_time)]
fn python_is_served_and_an_end_without_close_notify_is_told_from_one_with_it() {
    let files = files("python");
    let server = Echo::new(acceptor().build().unwrap());
    let (port, authority) = (server.address.port().to_string(), files.path("authority.pem"));
    let cases = [
        ("unwrap", "TLSv1.3 1000000\nunwrapped\n", Ok(())),
        ("close", "TLSv1.3 1000000\n", Err(io::ErrorKind::UnexpectedEof)),
    ];
    for (how, expected, end) in cases {
        let client = Program::start("python3", &["-c", PYTHON_CLIENT, &port, &authority, how]);
        assert_eq!(client.finish(), (true, expected.to_owned()), "{how}");
        assert_eq!(server.seen(0).end, end, "{how}");
    }
}

/// A client of ours.
#[green]
fn connector() -> TlsConnector {
    TlsConnector::builder()
        .roots(AUTHORITY.pem.clone())
        .identity(PERSON.certificate.clone(), PERSON.key.clone())
        .alpn(["h2", "http/1.1"])
        .build()
        .unwrap()
}

#[green]
fn open(connector: &TlsConnector, port: u16) -> io::Result<TlsStream> {
    let stream = connector.connect(NAME, connect(("127.0.0.1", port))?)?;
    stream.set_read_timeout(Some(LIMIT))?;
    Ok(stream)
}

/// `openssl s_server` that sends each line back in reverse, with more arguments; and its port.
#[green]
fn s_server(files: &Files, more: &[&str]) -> (Program, u16) {
    let (certificate, key) = (files.path("server.pem"), files.path("server.key"));
    let mut arguments =
        vec!["s_server", "-accept", "127.0.0.1:0", "-cert", &certificate, "-key", &key, "-rev"];
    arguments.extend(more);
    let mut server = Program::start("openssl", &arguments);
    let line = server.line("ACCEPT");
    let port = line.rsplit(':').next().and_then(|port| port.trim().parse().ok());
    (server, port.unwrap_or_else(|| panic!("no port in {line}")))
}

/// Says a word, and gives what comes back.
#[green]
fn reversed(stream: &mut TlsStream) -> String {
    stream.write_all(b"hello\n").unwrap();
    let mut word = [0; 6];
    stream.read_exact(&mut word).unwrap();
    String::from_utf8(word.to_vec()).unwrap()
}

#[eventlet::test(real_time)]
fn openssl_serves_us_in_both_versions_and_we_resume() {
    let files = files("s_server");
    for (flag, version) in [("-tls1_2", TLSv1_2), ("-tls1_3", TLSv1_3)] {
        let (_server, port) = s_server(&files, &[flag, "-alpn", "http/1.1"]);
        let connector = connector();
        for is_resumed in [false, true] {
            let mut stream = open(&connector, port).unwrap();
            assert_eq!(stream.protocol_version(), Some(version));
            assert_eq!(reversed(&mut stream), "olleh\n");
            assert_eq!(stream.is_resumed(), is_resumed, "{flag}");
            if !is_resumed {
                assert_eq!(stream.alpn_protocol().as_deref(), Some(&b"http/1.1"[..]));
            }
            stream.shutdown(Shutdown::Write).unwrap();
        }
    }
}

#[eventlet::test(real_time)]
fn openssl_asks_us_for_a_certificate_and_gets_it() {
    let files = files("asks");
    let authority = files.path("authority.pem");
    for flag in ["-tls1_2", "-tls1_3"] {
        let (_server, port) =
            s_server(&files, &[flag, "-Verify", "2", "-CAfile", &authority, "-verify_return_error"]);
        assert_eq!(reversed(&mut open(&connector(), port).unwrap()), "olleh\n");
        let nobody = TlsConnector::builder().roots(AUTHORITY.pem.clone()).build().unwrap();
        let error = match open(&nobody, port) {
            Err(error) => error,
            // With TLS 1.3 the refusal comes after the client's side is done.
            Ok(mut stream) => stream.read(&mut [0; 1]).unwrap_err(),
        };
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
    }
}

const PYTHON_SERVER: &str = r#"
import socket, ssl, sys
certificate, key, how = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
listener = socket.create_server(("127.0.0.1", 0))
print("port", listener.getsockname()[1], flush=True)
connection, _ = listener.accept()
s = context.wrap_socket(connection, server_side=True)
got = b""
while len(got) < 1_000_000:
    got += s.recv(65536)
s.sendall(got)
if how == "unwrap":
    s.unwrap()
    print("unwrapped")
else:
    s.shutdown(socket.SHUT_WR)      # the transport's end, and no close_notify
    connection = None
s.close()
"#;

#[eventlet::test(real_time)]
fn python_serves_us_and_an_end_without_close_notify_is_an_error_after_all_bytes() {
    let files = files("python-server");
    let (certificate, key) = (files.path("server.pem"), files.path("server.key"));
    for (how, end) in [("unwrap", Ok(1_000_000)), ("close", Err(io::ErrorKind::UnexpectedEof))] {
        let mut server = Program::start("python3", &["-c", PYTHON_SERVER, &certificate, &key, how]);
        let line = server.line("port");
        let port = line.rsplit(' ').next().unwrap().parse().unwrap();
        let mut stream = open(&connector(), port).unwrap();
        let sent = b"0123456789".repeat(100_000);
        stream.write_all(&sent).unwrap();
        let mut got = Vec::new();
        let result = stream.read_to_end(&mut got).map_err(|error| error.kind());
        assert_eq!((got == sent, result), (true, end), "{how}");
        stream.shutdown(Shutdown::Write).unwrap();
        let (is_fine, printed) = server.finish();
        assert!(is_fine);
        assert_eq!(printed.contains("unwrapped"), how == "unwrap", "{printed}");
    }
}
