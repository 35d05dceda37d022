//! The client's end.

use std::rc::Rc;

use eventlet::green::io::{Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::green::os::unix::net::UnixStream;
use eventlet::http::{IntoResponse, Request, Response, StatusCode};
use eventlet::testing::run_clean;
use eventlet::tls::{TlsAcceptor, TlsConnector, TlsListener};
use eventlet::websocket::{self, Acceptor, Client, Deflate, Error, Message, Options, WebSocketWsgi};
use eventlet::wsgi::Server;
use eventlet::{green, listen, spawn};
use eventlet_web_tests::Site;
use eventlet_web_tests::authority::AUTHORITY;

use super::{echo, echoes, head_of};

/// Shakes hands with any client, and adds headers to the answer. Gives what was asked.
#[green]
pub(crate) fn welcome_any(stream: &mut TcpStream, more: &str) -> String {
    let head = head_of(stream);
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let accept = accept_of(key);
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{more}\r\n"
    );
    stream.write_all(answer.as_bytes()).unwrap();
    head
}

/// What a server answers to a key, as the one under test says it.
#[green]
fn accept_of(key: &str) -> String {
    let site = echoes(Options::new());
    let mut stream = eventlet::connect(site.address).unwrap();
    stream.write_all(super::hello("").replace(super::KEY, key).as_bytes()).unwrap();
    let head = head_of(&mut stream);
    drop(stream);
    site.end();
    head.lines().find_map(|line| line.strip_prefix("sec-websocket-accept: ")).unwrap().to_owned()
}

#[test]
fn both_ends_talk_with_every_agreement() {
    #[green]
    fn scenario() {
        let deflates = [
            None,
            Some(Deflate::new()),
            Some(Deflate::new().server_no_context_takeover(true).client_no_context_takeover(true)),
            Some(Deflate::new().server_max_window_bits(9).client_max_window_bits(10)),
            Some(Deflate::new().server_max_window_bits(8).client_max_window_bits(8).threshold(1)),
        ];
        let long = "many words, the same again and again; ".repeat(3000);
        for ours in &deflates {
            for theirs in &deflates {
                let site = echoes(Options::new().deflate(theirs.clone()).fragment(777));
                let client = Client::new().options(Options::new().deflate(ours.clone()).fragment(1234));
                let ws = client.connect(&format!("ws://{}/", site.address)).unwrap();
                assert_eq!(ws.is_deflated(), ours.is_some() && theirs.is_some());
                for _ in 0..2 {
                    for message in
                        [Message::from(""), "\u{4e16}\u{754c}".into(), b"\0\xff".into(), long.as_str().into()]
                    {
                        ws.send(&message).unwrap();
                        assert_eq!(ws.recv().unwrap(), Some(message));
                    }
                }
                ws.close().unwrap();
                assert_eq!(ws.close_frame().unwrap().code.get(), 1000);
                site.end();
            }
        }
    }
    run_clean(scenario);
}

#[test]
fn what_a_client_asks_is_a_handshake_with_its_own_headers() {
    #[green]
    fn scenario() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = spawn(
            #[green]
            move || {
                let (mut stream, _) = listener.accept().unwrap();
                let head = welcome_any(&mut stream, "Sec-WebSocket-Protocol: two\r\n\r\n\x02");
                let mut frame = [0; 9];
                stream.read_exact(&mut frame).unwrap();
                (head, frame)
            },
        );
        let client = Client::new()
            .protocols(["one", "two"])
            .origin("https://page.test")
            .header("Authorization", "Basic eA==")
            .header("Upgrade", "something else")
            .options(Options::new().deflate(None));
        let ws = client.connect(&format!("ws://{address}/a/path?q=1")).unwrap();
        assert_eq!((ws.path(), ws.protocol(), ws.origin()), ("/a/path", Some("two"), None));
        ws.send("abc").unwrap();
        let (head, frame) = server.wait();
        let lines: Vec<&str> = head.lines().filter(|line| !line.starts_with("Sec-WebSocket-Key: ")).collect();
        let host = format!("Host: {address}");
        let expected = [
            "GET /a/path?q=1 HTTP/1.1",
            &host,
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: one, two",
            "origin: https://page.test",
            "authorization: Basic eA==",
            "",
        ];
        assert_eq!(lines, expected);
        // Masked, with a key that is not told before.
        assert_eq!(frame[..2], [0x81, 0x83]);
        let plain: Vec<u8> = (0..3).map(|n| frame[6 + n] ^ frame[2 + n]).collect();
        assert_eq!(plain, b"abc");
        // What came with the head: half a frame, which is no message.
        assert_eq!(ws.recv().unwrap(), None);
    }
    run_clean(scenario);
}

#[test]
fn an_answer_that_is_none_is_an_error_that_says_why() {
    #[green]
    fn scenario() {
        let cases = [
            (
                "Sec-WebSocket-Protocol: other\r\n",
                "the server has chosen a sub-protocol that was not offered",
            ),
            (
                "Sec-WebSocket-Protocol: one\r\nSec-WebSocket-Protocol: one\r\n",
                "the server has chosen several sub-protocols",
            ),
            ("Sec-WebSocket-Extensions: x-other\r\n", "the server wants extensions that were not offered"),
            (
                "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=12\r\n",
                "the server's window is larger than was asked",
            ),
        ];
        let client = Client::new()
            .protocols(["one"])
            .options(Options::new().deflate(Some(Deflate::new().server_max_window_bits(10))));
        for (more, expected) in cases {
            let listener = listen("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let server = spawn(
                #[green]
                move || welcome_any(&mut listener.accept().unwrap().0, more),
            );
            let error = client.connect(&format!("ws://{address}/")).unwrap_err();
            assert!(matches!(error, Error::Handshake(_)));
            assert_eq!(error.to_string(), expected);
            server.wait();
        }
        let accept = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: ";
        let raw = [
            (
                format!("{accept}bm90IHlvdXJzIG5vdCB5b3Vycw==\r\n\r\n"),
                "the server has answered another handshake",
            ),
            (accept.replace("websocket", "other") + "\r\n\r\n", "the server switches to another protocol"),
            (
                accept.replace("HTTP/1.1", "HTTP/1.0") + "\r\n\r\n",
                "the server speaks HTTP/1.0, which has no way to switch",
            ),
            ("SSH-2.0-OpenSSH\r\n".to_owned(), "the server's answer is no HTTP: invalid HTTP version"),
            ("HTTP/1.1 101".to_owned(), "the server has left in the handshake"),
        ];
        for (answer, expected) in raw {
            let listener = listen("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let server = spawn(
                #[green]
                move || {
                    let (mut stream, _) = listener.accept().unwrap();
                    head_of(&mut stream);
                    stream.write_all(answer.as_bytes()).unwrap();
                },
            );
            let error = client.connect(&format!("ws://{address}/")).unwrap_err();
            assert_eq!(error.to_string(), expected);
            server.wait();
        }
    }
    run_clean(scenario);
}

#[test]
fn a_refusal_is_given_as_it_is() {
    #[green]
    fn app(_request: Request) -> Response {
        (StatusCode::UNAUTHORIZED, [("www-authenticate", "Basic")], "who are you?\n").into_response()
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        match websocket::connect(&format!("ws://{}/", site.address)) {
            Err(Error::Refused(response)) => {
                assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
                assert_eq!(response.headers()["www-authenticate"], "Basic");
                assert_eq!(response.body(), "who are you?\n");
            }
            other => panic!("{other:?}"),
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn what_cannot_be_asked_for_is_not_asked() {
    #[green]
    fn scenario() {
        for url in [
            "",
            "example.com",
            "http://example.com/",
            "ws://",
            "ws://user:secret@example.com/",
            "ws://a b/",
            "ws://127.0.0.1:99999/",
            "ws://127.0.0.1:x/",
        ] {
            let error = websocket::connect(url).unwrap_err();
            assert!(matches!(error, Error::Invalid(_)), "{url}: {error:?}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        for client in [
            Client::new().header("a b", "c"),
            Client::new().header("a", "b\r\nc: d"),
            Client::new().protocols(["a, b"]),
        ] {
            let (one, _other) = UnixStream::pair().unwrap();
            let error = client.connect_over(one, "ws://x/").unwrap_err();
            assert!(matches!(error, Error::Invalid(_)), "{error:?}");
        }
    }
    run_clean(scenario);
}

#[test]
fn a_server_behind_tls_and_one_behind_a_unix_socket_are_reached() {
    #[green]
    fn scenario() {
        let identity = AUTHORITY.identity(&["localhost"]);
        let acceptor = TlsAcceptor::new(identity.certificate, identity.key).unwrap();
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new();
        let handle = server.handle();
        let listener = TlsListener::new(listener, acceptor);
        let serving = spawn(move || server.serve(listener, WebSocketWsgi::configured(echo, Acceptor::new())));
        let connector = TlsConnector::builder().roots(AUTHORITY.pem.as_str()).build().unwrap();
        let client = Client::new().tls(connector);
        let ws = client.connect(&format!("wss://localhost:{}/", address.port())).unwrap();
        let large = Message::from(vec![1; 3 << 20]);
        let sender = spawn({
            let (ws, large) = (ws.clone(), large.clone());
            #[green]
            move || ws.send(large)
        });
        assert!(ws.recv().unwrap().unwrap() == large);
        sender.wait().unwrap();
        ws.close().unwrap();
        handle.stop();
        serving.wait().unwrap();

        let (near, far) = UnixStream::pair().unwrap();
        let far = Rc::new(far);
        let asked = spawn(
            #[green]
            move || {
                let mut request = vec![];
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    (&*far).read_exact(&mut byte).unwrap();
                    request.push(byte[0]);
                }
                (&*far).write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").unwrap();
                String::from_utf8(request).unwrap()
            },
        );
        let error = Client::new().connect_over(near, "ws://inside/ws").unwrap_err();
        assert_eq!(error.to_string(), "the server answers 404 Not Found");
        assert!(asked.wait().starts_with("GET /ws HTTP/1.1\r\nHost: inside\r\n"));
    }
    run_clean(scenario);
}
