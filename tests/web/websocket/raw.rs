//! Frames, byte for byte.

use std::time::Duration;

use eventlet::green::io::{Read, Write};
use eventlet::http::Request;
use eventlet::testing::run_clean;
use eventlet::websocket::{self, Acceptor, CloseCode, Error, Options, WebSocket};
use eventlet::wsgi::Server;
use eventlet::{green, sleep};
use eventlet_web_tests::Site;

use super::{Notes, close, closed, echo, echoes, frame, rest_of, shaken};

/// What comes back for these bytes, in pieces of this size, until the server ends.
#[green]
fn answer(site: &Site, bytes: &[u8], size: usize) -> Vec<u8> {
    let mut stream = shaken(site.address);
    for piece in bytes.chunks(size) {
        if stream.write_all(piece).is_err() {
            break;
        }
        if size < bytes.len() {
            sleep(Duration::ZERO);
        }
    }
    rest_of(stream)
}

#[test]
fn messages_in_frames_of_any_size_and_in_any_pieces_are_one_message() {
    #[green]
    fn scenario() {
        let site = echoes(Options::new());
        let mut bytes = frame(0x01, b"Gr\xc3");
        bytes.extend(frame(0x89, b"between"));
        bytes.extend(frame(0x00, b""));
        bytes.extend(frame(0x80, b"\xbcn"));
        bytes.extend(frame(0x82, b""));
        bytes.extend(frame(0x8a, b"nobody has asked"));
        bytes.extend(frame(0x88, b""));
        let expected = b"\x8a\x07between\x81\x05Gr\xc3\xbcn\x82\x00\x88\x00";
        for size in 1..=bytes.len() {
            assert_eq!(answer(&site, &bytes, size), expected, "pieces of {size}");
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn long_messages_come_back_whole() {
    #[green]
    fn scenario() {
        let site = echoes(Options::new());
        for (length, head) in [
            (125, &b"\x82\x7d"[..]),
            (126, b"\x82\x7e\x00\x7e"),
            (65535, b"\x82\x7e\xff\xff"),
            (65536, b"\x82\x7f\0\0\0\0\0\x01\0\0"),
            (3 << 20, b"\x82\x7f\0\0\0\0\0\x30\0\0"),
        ] {
            let payload = vec![7; length];
            let mut bytes = frame(0x82, &payload);
            bytes.extend(close(1000));
            let mut expected = [head, &payload].concat();
            expected.extend(closed(1000, ""));
            assert!(answer(&site, &bytes, usize::MAX) == expected, "{length}");
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn what_breaks_the_protocol_is_told_its_code_and_nothing_after_it_is_read() {
    #[green]
    fn scenario() {
        let site = echoes(Options::new().max_message(1000));
        let masked = |bytes: &[u8]| bytes.to_vec();
        let cases: [(Vec<u8>, u16, &str); 12] = [
            (masked(b"\x81\x05Hello"), 1002, "a client's frame is not masked"),
            (frame(0xc1, b"a"), 1002, "a reserved bit is set"),
            (frame(0x91, b"a"), 1002, "a reserved bit is set"),
            (frame(0x83, b""), 1002, "an unknown kind of frame"),
            (frame(0x09, b""), 1002, "a control frame in pieces"),
            (frame(0x89, &[1; 126]), 1002, "a control frame of more than 125 bytes"),
            (frame(0x80, b""), 1002, "a continuation of nothing"),
            (frame(0x88, b"\x03"), 1002, "a close with half a code"),
            (close(1005), 1002, "a close with a code that is none"),
            (frame(0x88, b"\x03\xe8\xff"), 1007, "a text that is not UTF-8"),
            (frame(0x81, b"\xc3\x28"), 1007, "a text that is not UTF-8"),
            (frame(0x82, &[1; 1001]), 1009, "the message is too large"),
        ];
        for (bad, code, reason) in cases {
            let mut bytes = frame(0x81, b"before");
            bytes.extend(&bad);
            bytes.extend(frame(0x81, b"after"));
            let mut expected = b"\x81\x06before".to_vec();
            expected.extend(closed(code, reason));
            for size in [1, 3, usize::MAX] {
                assert_eq!(answer(&site, &bytes, size), expected, "{reason}, in pieces of {size}");
            }
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_text_that_is_none_is_told_so_before_its_frame_is_whole() {
    #[green]
    fn scenario() {
        let site = echoes(Options::new());
        let mut stream = shaken(site.address);
        let bytes = frame(0x81, &[b"\xf4\x90", &[b'a'; 500][..]].concat());
        // The head, the mask and two bytes; the rest never comes.
        stream.write_all(&bytes[..10]).unwrap();
        let expected = closed(1007, "a text that is not UTF-8");
        let mut answer = vec![0; expected.len()];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, expected);
        drop(stream);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_handler_hears_how_its_connection_ends() {
    #[green]
    fn talk(ws: WebSocket, notes: Notes) -> websocket::Result<()> {
        let heard = loop {
            match ws.recv() {
                Ok(Some(message)) => ws.send(message)?,
                Ok(None) => break "the end".to_owned(),
                Err(Error::Protocol(close)) => break format!("told {close}"),
                Err(error) => break format!("{error}"),
            }
        };
        let sent = ws.send("too late").unwrap_err();
        let again = matches!(ws.recv(), Ok(None) | Err(Error::Protocol(_)));
        let frame = ws.close_frame().map(|frame| frame.to_string());
        notes.borrow_mut().push(format!("{heard}; {frame:?}; {sent}; {again}"));
        Ok(())
    }
    #[green]
    fn scenario() {
        let notes = Notes::default();
        let told = notes.clone();
        let app = move |request: Request| {
            let told = told.clone();
            let response = Acceptor::new().accept(&request, move |ws| talk(ws, told));
            async { response }
        };
        let site = Site::new(Server::new(), app);
        for bytes in [frame(0x88, b"\x0f\xa0bye"), frame(0x88, b""), frame(0x83, b"")] {
            answer(&site, &bytes, usize::MAX);
        }
        // One goes without a word, and one in the middle of a frame.
        drop(shaken(site.address));
        let mut cut = shaken(site.address);
        cut.write_all(&frame(0x81, b"hello")[..8]).unwrap();
        drop(cut);
        site.end();
        let closed = "the WebSocket is closed; true";
        let mut expected = vec![
            format!("the end; Some(\"4000 (bye)\"); {closed}"),
            format!("the end; Some(\"1005\"); {closed}"),
            format!("told 1002 (an unknown kind of frame); Some(\"1006\"); {closed}"),
            format!("the end; Some(\"1006\"); {closed}"),
            format!("the end; Some(\"1006\"); {closed}"),
        ];
        let mut notes = notes.take();
        notes.sort();
        expected.sort();
        assert_eq!(notes, expected);
    }
    run_clean(scenario);
}

#[test]
fn what_a_handler_leaves_is_closed_with_the_code_of_its_end() {
    #[green]
    fn talk(ws: WebSocket, path: String) -> std::io::Result<()> {
        match &*path {
            "/fails" => Err(std::io::Error::other("no database")),
            "/panics" => panic!("a handler that panics"),
            "/own" => {
                let _ = ws.close_with(CloseCode::new(4001).unwrap(), "go").is_ok();
                Ok(())
            }
            _ => Ok(()),
        }
    }
    #[green]
    fn scenario() {
        let log = Notes::default();
        let lines = log.clone();
        let app = |request: Request| {
            let path = request.uri().path().to_owned();
            let response = websocket::accept(&request, move |ws| talk(ws, path));
            async { response }
        };
        let server = Server::new().log(move |line| lines.borrow_mut().push(line.to_string()));
        let site = Site::new(server, app);
        let cases = [
            ("/", closed(1000, "")),
            ("/fails", closed(1011, "")),
            ("/panics", closed(1011, "")),
            ("/own", closed(4001, "go")),
        ];
        for (path, expected) in cases {
            let mut stream = eventlet::connect(site.address).unwrap();
            stream.write_all(super::hello("").replace("/ws", path).as_bytes()).unwrap();
            super::head_of(&mut stream);
            stream.write_all(&close(1000)).unwrap();
            assert_eq!(rest_of(stream), expected, "{path}");
        }
        site.end();
        let failed: Vec<String> =
            log.take().into_iter().filter(|line| line.contains("handed over")).collect();
        assert_eq!(
            failed,
            [
                "a connection that was handed over has failed: no database",
                "a connection that was handed over has failed: a handler that panics",
            ]
        );
    }
    run_clean(scenario);
}

#[test]
fn a_close_before_the_handler_has_read_is_answered_by_what_sees_to_its_end() {
    #[green]
    fn scenario() {
        // The handler is busy with something else when the close comes.
        #[green]
        fn talk(ws: WebSocket) -> websocket::Result<()> {
            sleep(Duration::from_millis(20));
            echo(ws)
        }
        let app = |request: Request| {
            let response = websocket::accept(&request, talk);
            async { response }
        };
        let site = Site::new(Server::new(), app);
        assert_eq!(answer(&site, &close(1001), usize::MAX), closed(1001, ""));
        site.end();
    }
    run_clean(scenario);
}
