//! What is said before the first frame.

use std::cell::RefCell;
use std::rc::Rc;

use eventlet::green::io::{Read, Write};
use eventlet::http::{IntoResponse, Request, Response, StatusCode, Upgraded};
use eventlet::testing::run_clean;
use eventlet::websocket::{self, Acceptor, Options, WebSocket};
use eventlet::wsgi::{self, Server};
use eventlet::{connect, green};
use eventlet_web_tests::{Site, statuses};

use super::{Notes, close, closed, echoes, frame, head_of, hello, rest_of, welcome};

/// A request and what follows it at once are answered alike wherever the bytes are cut.
#[test]
fn the_handshake_and_the_first_frames_may_come_in_any_pieces() {
    #[green]
    fn scenario() {
        let site = echoes(Options::new());
        let mut bytes = hello("").into_bytes();
        bytes.extend(frame(0x81, b"one"));
        bytes.extend(frame(0x82, b"two"));
        bytes.extend(close(1000));
        let mut expected = welcome("").into_bytes();
        expected.extend(b"\x81\x03one\x82\x03two");
        expected.extend(closed(1000, ""));
        let expected = String::from_utf8_lossy(&expected).into_owned();
        for cut in 1..=bytes.len() {
            assert_eq!(site.exchange_cut(&bytes, cut, false), expected, "cut at {cut}");
        }
        for size in [1, 2, 3, 7, 50] {
            assert_eq!(site.exchange_in(&bytes, size), expected, "pieces of {size}");
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn what_is_no_handshake_is_refused_with_its_status() {
    #[green]
    fn scenario() {
        let site = echoes(Options::new());
        let good = hello("");
        let without = |line: &str| {
            let kept = good.split_inclusive("\r\n").filter(|kept| !kept.starts_with(line));
            kept.collect::<String>()
        };
        let with = |old: &str, new: &str| good.replace(old, new);
        let cases = [
            (with("GET /ws", "POST /ws"), 405),
            (with("HTTP/1.1", "HTTP/1.0"), 400),
            (without("Upgrade:"), 400),
            (without("Connection:"), 400),
            (with("Upgrade: websocket", "Upgrade: h2c"), 400),
            (with("Connection: Upgrade", "Connection: keep-alive"), 400),
            (without("Sec-WebSocket-Key:"), 400),
            (with("Sec-WebSocket-Key: dGhl", "Sec-WebSocket-Key: dGh"), 400),
            (hello("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), 400),
            (without("Sec-WebSocket-Version:"), 426),
            (with("Version: 13", "Version: 12"), 426),
            (with("Version: 13", "Version: 7"), 426),
            (hello("Sec-WebSocket-Version: 13\r\n"), 400),
            (hello("Content-Length: 5\r\n") + "hello", 400),
            (hello("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400),
            (hello("Origin: http://elsewhere.test\r\n"), 403),
            (hello("Origin: null\r\n"), 403),
        ];
        for (request, status) in cases {
            let answer = site.exchange(&request);
            assert_eq!(statuses(&answer), [status], "{request}");
            let names_versions = answer.contains("sec-websocket-version: 13, 8\r\n");
            assert_eq!(names_versions, status == 426, "{answer}");
        }
        let fine = [
            good.clone(),
            with("Upgrade: websocket", "Upgrade: h2c, WebSocket"),
            with("Connection: Upgrade", "Connection: keep-alive, upgrade"),
            with("Version: 13", "Version: 8"),
            hello("Content-Length: 0\r\n"),
            hello("Origin: http://x\r\n"),
        ];
        for request in fine {
            let mut stream = connect(site.address).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            assert_eq!(head_of(&mut stream), welcome(""), "{request}");
            stream.write_all(&close(1000)).unwrap();
            assert_eq!(rest_of(stream), closed(1000, ""));
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn the_first_sub_protocol_of_the_client_that_is_known_is_taken() {
    #[green]
    fn talk(ws: WebSocket, notes: Notes) {
        notes.borrow_mut().push(format!("{} {:?} {:?}", ws.path(), ws.protocol(), ws.origin()));
    }
    #[green]
    fn scenario() {
        let notes = Notes::default();
        let acceptor = Acceptor::new().protocols(["chat", "superchat"]).any_origin();
        let told = notes.clone();
        let app = move |request: Request| {
            let told = told.clone();
            let response = acceptor.accept(&request, move |ws| talk(ws, told));
            async { response }
        };
        let site = Site::new(Server::new(), app);
        let cases = [
            ("", ""),
            ("Sec-WebSocket-Protocol: superchat, chat\r\n", "sec-websocket-protocol: superchat\r\n"),
            ("Sec-WebSocket-Protocol: none, chat\r\n", "sec-websocket-protocol: chat\r\n"),
            (
                "Sec-WebSocket-Protocol: none\r\nSec-WebSocket-Protocol: chat\r\n",
                "sec-websocket-protocol: chat\r\n",
            ),
            ("Sec-WebSocket-Protocol: none\r\nOrigin: https://a.test\r\n", ""),
        ];
        for (offer, choice) in cases {
            let mut stream = connect(site.address).unwrap();
            stream.write_all(hello(offer).as_bytes()).unwrap();
            assert_eq!(head_of(&mut stream), welcome(choice), "{offer}");
            // A handler that has ended closes.
            stream.write_all(&close(1000)).unwrap();
            assert_eq!(rest_of(stream), closed(1000, ""));
        }
        site.end();
        let expected = [
            "/ws None None",
            "/ws Some(\"superchat\") None",
            "/ws Some(\"chat\") None",
            "/ws Some(\"chat\") None",
            "/ws None Some(\"https://a.test\")",
        ];
        assert_eq!(*notes.borrow(), expected);
    }
    run_clean(scenario);
}

#[test]
fn a_checker_of_origins_is_asked_about_pages_and_not_about_programs() {
    #[green]
    fn talk(_ws: WebSocket) {}
    #[green]
    fn scenario() {
        let asked = Rc::new(RefCell::new(vec![]));
        let told = asked.clone();
        let acceptor = Acceptor::new().origin_checker(move |origin| {
            told.borrow_mut().push(origin.to_owned());
            origin == "https://good.test"
        });
        let app = move |request: Request| {
            let response = acceptor.accept(&request, talk);
            async { response }
        };
        let site = Site::new(Server::new(), app);
        for (origin, status) in
            [("", 101), ("Origin: https://good.test\r\n", 101), ("Origin: http://x\r\n", 403)]
        {
            let mut stream = connect(site.address).unwrap();
            stream.write_all(hello(origin).as_bytes()).unwrap();
            let head = head_of(&mut stream);
            assert_eq!(statuses(&head), [status], "{origin}");
        }
        // What cannot be read, or names two, may be anybody's.
        for origin in [&b"\xff"[..], b"https://good.test\r\nOrigin: http://x"] {
            let mut stream = connect(site.address).unwrap();
            let request = hello("Origin: ?\r\n");
            let (before, after) = request.split_once('?').unwrap();
            stream.write_all(&[before.as_bytes(), origin, after.as_bytes()].concat()).unwrap();
            assert_eq!(statuses(&head_of(&mut stream)), [403], "{origin:?}");
        }
        site.end();
        assert_eq!(*asked.borrow(), ["https://good.test", "http://x"]);
    }
    run_clean(scenario);
}

#[test]
fn extensions_are_answered_as_they_are_offered() {
    #[green]
    fn scenario() {
        let site = echoes(Options::new());
        let cases = [
            ("permessage-deflate", "permessage-deflate"),
            (
                "permessage-deflate; server_no_context_takeover; client_max_window_bits=10",
                "permessage-deflate; server_no_context_takeover; client_max_window_bits=10",
            ),
            ("permessage-deflate; server_max_window_bits=99, permessage-deflate", "permessage-deflate"),
            ("bbf-usp-protocol", ""),
        ];
        for (offer, answer) in cases {
            let mut stream = connect(site.address).unwrap();
            stream.write_all(hello(&format!("Sec-WebSocket-Extensions: {offer}\r\n")).as_bytes()).unwrap();
            let said = if answer.is_empty() {
                String::new()
            } else {
                format!("sec-websocket-extensions: {answer}\r\n")
            };
            assert_eq!(head_of(&mut stream), welcome(&said), "{offer}");
            if !answer.is_empty() {
                // The RFC's compressed Hello.
                stream.write_all(&frame(0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00")).unwrap();
                stream.write_all(&close(1000)).unwrap();
                let mut expected = b"\x81\x05Hello".to_vec();
                expected.extend(closed(1000, ""));
                assert_eq!(rest_of(stream), expected);
            }
        }
        site.end();
        let plain = echoes(Options::new().deflate(None));
        let mut stream = connect(plain.address).unwrap();
        stream.write_all(hello("Sec-WebSocket-Extensions: permessage-deflate\r\n").as_bytes()).unwrap();
        assert_eq!(head_of(&mut stream), welcome(""));
        drop(stream);
        plain.end();
    }
    run_clean(scenario);
}

#[test]
fn any_protocol_can_have_a_connection_and_what_was_sent_early_is_read_first() {
    #[green]
    fn shout(mut connection: Upgraded) -> std::io::Result<()> {
        let mut buf = [0; 4];
        loop {
            let count = connection.read(&mut buf)?;
            if count == 0 {
                return connection.shutdown();
            }
            connection.write_all(&buf[..count].to_ascii_uppercase())?;
        }
    }
    #[green]
    fn app(request: Request) -> Response {
        match request.uri().path() {
            "/shout" => wsgi::upgrade(&request, "shout", shout),
            // The answer is another one after all.
            "/no" => {
                let _ = wsgi::upgrade(&request, "shout", shout);
                "no\n".into_response()
            }
            _ => StatusCode::SWITCHING_PROTOCOLS.into_response(),
        }
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let ask = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n");
        let upgrade = "Upgrade: shout\r\nConnection: upgrade\r\n";
        let expected =
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: shout\r\nconnection: Upgrade\r\n\r\nHELLO, WORLD";
        let bytes = ask("/shout", upgrade) + "hello, world";
        for cut in 1..=bytes.len() {
            assert_eq!(site.exchange_cut(bytes.as_bytes(), cut, true), expected, "cut at {cut}");
        }
        let refused = site.exchange(&ask("/shout", "Connection: close\r\n"));
        assert_eq!(statuses(&refused), [426]);
        assert!(refused.contains("upgrade: shout\r\n"), "{refused}");
        // Who answers something else, or takes nothing over, stays with HTTP.
        let twice = ask("/no", upgrade) + &ask("/other", "Upgrade: shout\r\nConnection: upgrade, close\r\n");
        assert_eq!(statuses(&site.exchange(&twice)), [200, 500]);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_server_without_keep_alive_hands_connections_over_all_the_same() {
    #[green]
    fn scenario() {
        let site = Site::new(
            Server::new().keepalive(false).max_requests(1),
            websocket::WebSocketWsgi::new(super::echo),
        );
        let mut stream = connect(site.address).unwrap();
        stream.write_all(hello("").as_bytes()).unwrap();
        assert_eq!(head_of(&mut stream), welcome(""));
        stream.write_all(&close(1000)).unwrap();
        assert_eq!(rest_of(stream), closed(1000, ""));
        site.end();
    }
    run_clean(scenario);
}
