//! One connection and several green threads.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use eventlet::green::io::{Read, Write};
use eventlet::greenthread::{catch_exit, joinall};
use eventlet::http::Request;
use eventlet::testing::run_clean;
use eventlet::websocket::{self, Acceptor, Client, CloseCode, Error, Message, Options, WebSocket};
use eventlet::wsgi::Server;
use eventlet::{Event, GreenThread, green, sleep, spawn, with_timeout};
use eventlet_web_tests::{MS, Site};

use super::{close, closed, echoes, frame, rest_of, shaken};

/// A server that gives the handle of its one connection to the test.
#[green]
fn lending(options: Options) -> (Site, Event<WebSocket>) {
    let lent = Event::new();
    let lender = lent.clone();
    let acceptor = Acceptor::new().options(options);
    let app = move |request: Request| {
        let lender = lender.clone();
        let response = acceptor.accept(&request, move |ws: WebSocket| async move {
            lender.send(ws);
            // The test has it now, and the end of the handler is the end of it.
            std::future::pending::<()>().await;
        });
        async { response }
    };
    (Site::new(Server::new().grace(MS), app), lent)
}

#[test]
fn what_many_threads_send_at_once_arrives_message_by_message() {
    #[green]
    fn scenario() {
        let (site, lent) = lending(Options::new().fragment(1000).deflate(None));
        let client = websocket::connect(&format!("ws://{}/", site.address)).unwrap();
        let ws = lent.wait();
        let senders: Vec<GreenThread<()>> = (b'a'..=b'z')
            .map(|letter| {
                let ws = ws.clone();
                spawn(
                    #[green]
                    move || ws.send(vec![letter; 200_000]).unwrap(),
                )
            })
            .collect();
        for letter in b'a'..=b'z' {
            let message = client.recv().unwrap().unwrap();
            assert!(message == Message::from(vec![letter; 200_000]), "{}", letter as char);
        }
        joinall(senders);
        drop((client, ws));
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn one_thread_waits_while_others_send_and_pings_are_answered_between_frames() {
    #[green]
    fn scenario() {
        let (site, lent) = lending(Options::new().fragment(1000));
        let mut stream = shaken(site.address);
        let ws = lent.wait();
        let receiver = spawn({
            let ws = ws.clone();
            #[green]
            move || ws.recv()
        });
        let sender = spawn({
            let ws = ws.clone();
            #[green]
            move || ws.send(vec![7; 8 << 20])
        });
        // The server has more to say than there is room for.
        sleep(10 * MS);
        assert!(!sender.is_finished());
        stream.write_all(&frame(0x89, b"now")).unwrap();
        stream.write_all(&frame(0x81, b"heard")).unwrap();
        assert_eq!(receiver.wait().unwrap(), Some(Message::from("heard")));
        stream.write_all(&close(1000)).unwrap();
        let drain = spawn({
            let ws = ws.clone();
            #[green]
            move || ws.recv()
        });
        let all = rest_of(stream);
        // In the middle of the message, at the end of a frame.
        let ping = all.windows(5).position(|bytes| bytes == b"\x8a\x03now").unwrap();
        assert_eq!(ping % 1004, 0, "{ping}");
        assert!(ping > 1000 && ping < 8 << 20, "{ping}");
        // A message that was begun when the close came ends with it.
        assert!(all.ends_with(&closed(1000, "")));
        assert!(matches!(sender.wait(), Err(Error::Closed)));
        assert_eq!(drain.wait().unwrap(), None);
        drop(ws);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_second_receiver_is_told_so() {
    #[green]
    fn scenario() {
        let site = echoes(Options::new());
        let ws = websocket::connect(&format!("ws://{}/", site.address)).unwrap();
        let first = spawn({
            let ws = ws.clone();
            #[green]
            move || ws.recv()
        });
        sleep(Duration::ZERO);
        match ws.recv() {
            Err(Error::Io(error)) => assert_eq!(error.kind(), ErrorKind::ResourceBusy),
            other => panic!("{other:?}"),
        }
        ws.send("for the first").unwrap();
        assert_eq!(first.wait().unwrap(), Some(Message::from("for the first")));
        ws.close().unwrap();
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_send_that_is_killed_in_its_middle_ends_the_connection_and_nothing_follows_it() {
    #[green]
    fn scenario() {
        let (site, lent) = lending(Options::new());
        let stream = shaken(site.address);
        let ws = lent.wait();
        let sender = spawn({
            let ws = ws.clone();
            #[green]
            move || catch_exit(|| ws.send(vec![7; 16 << 20])).is_err()
        });
        sleep(10 * MS);
        let next = spawn({
            let ws = ws.clone();
            #[green]
            move || ws.send("next")
        });
        let receiver = spawn({
            let ws = ws.clone();
            #[green]
            move || ws.recv()
        });
        sleep(Duration::ZERO);
        sender.kill();
        assert!(sender.wait());
        for result in [next.wait().map(|()| None), receiver.wait()] {
            match result {
                Err(Error::Io(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionAborted),
                other => panic!("{other:?}"),
            }
        }
        let all = rest_of(stream);
        assert!(all.starts_with(b"\x82\x7f\0\0\0\0\x01\0\0\0"));
        assert!(all.len() < 16 << 20 && all[10..].iter().all(|byte| *byte == 7), "{}", all.len());
        assert!(ws.is_closed());
        drop(ws);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_send_that_is_killed_before_its_turn_has_sent_nothing_and_harms_nobody() {
    #[green]
    fn scenario() {
        let (site, lent) = lending(Options::new());
        let mut stream = shaken(site.address);
        let ws = lent.wait();
        let first = spawn({
            let ws = ws.clone();
            #[green]
            move || ws.send(vec![7; 8 << 20])
        });
        sleep(10 * MS);
        let second = spawn({
            let ws = ws.clone();
            #[green]
            move || ws.send("never")
        });
        sleep(Duration::ZERO);
        second.kill();
        let mut message = vec![0; 10 + (8 << 20)];
        stream.read_exact(&mut message).unwrap();
        first.wait().unwrap();
        ws.send("third").unwrap();
        let mut third = [0; 7];
        stream.read_exact(&mut third).unwrap();
        assert_eq!(&third, b"\x81\x05third");
        drop((stream, ws));
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_receive_that_ends_in_the_middle_of_a_message_loses_nothing() {
    #[green]
    fn scenario() {
        let (site, lent) = lending(Options::new());
        let mut stream = shaken(site.address);
        let ws = lent.wait();
        let bytes = [frame(0x01, b"a text "), frame(0x89, b"p"), frame(0x80, b"in two frames")].concat();
        stream.set_nodelay(true).unwrap();
        for piece in bytes[..bytes.len() - 1].chunks(3) {
            stream.write_all(piece).unwrap();
            assert!(with_timeout(2 * MS, || ws.recv()).is_err());
        }
        stream.write_all(&bytes[bytes.len() - 1..]).unwrap();
        assert_eq!(ws.recv().unwrap(), Some(Message::from("a text in two frames")));
        let mut pong = [0; 3];
        stream.read_exact(&mut pong).unwrap();
        assert_eq!(&pong, b"\x8a\x01p");
        drop((stream, ws));
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_close_by_another_thread_ends_the_one_that_waits() {
    #[green]
    fn scenario() {
        let site = echoes(Options::new());
        let ws = Client::new().connect(&format!("ws://{}/", site.address)).unwrap();
        let other = ws.clone();
        assert!(other == ws);
        let receiver = spawn(
            #[green]
            move || other.recv(),
        );
        sleep(Duration::ZERO);
        ws.close().unwrap();
        assert_eq!(receiver.wait().unwrap(), None);
        assert_eq!(ws.close_frame().unwrap().code.get(), 1000);
        assert!(matches!(ws.send("late"), Err(Error::Closed)));
        ws.close().unwrap();
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_thread_that_comes_to_receive_during_a_close_has_what_still_comes() {
    #[green]
    fn scenario() {
        let (site, lent) = lending(Options::new());
        let mut stream = shaken(site.address);
        let ws = lent.wait();
        let closers = [1000, 1001].map(|code| {
            let ws = ws.clone();
            spawn(
                #[green]
                move || ws.close_with(CloseCode::new(code).unwrap(), "").unwrap(),
            )
        });
        sleep(Duration::ZERO);
        for text in ["one", "two"] {
            let receiver = spawn({
                let ws = ws.clone();
                #[green]
                move || ws.recv()
            });
            sleep(Duration::ZERO);
            assert!(matches!(ws.recv(), Err(Error::Io(error)) if error.kind() == ErrorKind::ResourceBusy));
            stream.write_all(&frame(0x81, text.as_bytes())).unwrap();
            assert_eq!(receiver.wait().unwrap(), Some(Message::from(text)));
        }
        // With nobody there the closers see to the end, one of them at a time.
        stream.write_all(&frame(0x81, b"lost")).unwrap();
        stream.write_all(&close(1000)).unwrap();
        joinall(closers);
        assert_eq!(ws.recv().unwrap(), None);
        assert_eq!(rest_of(stream), closed(1000, ""));
        drop(ws);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn the_last_handle_says_where_it_goes() {
    #[green]
    fn scenario() {
        let heard = Rc::new(RefCell::new(None));
        let notes = heard.clone();
        let app = move |request: Request| {
            let notes = notes.clone();
            let response = websocket::accept(&request, move |ws: WebSocket| async move {
                let end = ws.recv().await;
                *notes.borrow_mut() = Some((end.unwrap(), ws.close_frame().map(|frame| frame.code.get())));
            });
            async { response }
        };
        let site = Site::new(Server::new(), app);
        let ws = websocket::connect(&format!("ws://{}/", site.address)).unwrap();
        drop(ws.clone());
        assert!(!ws.is_closed());
        drop(ws);
        site.end();
        assert_eq!(heard.take(), Some((None, Some(1001))));
    }
    run_clean(scenario);
}

#[test]
fn the_end_of_the_server_is_told_to_its_peers_and_a_handler_has_the_grace() {
    #[green]
    fn scenario() {
        let site = echoes(Options::new());
        let stream = shaken(site.address);
        let client = websocket::connect(&format!("ws://{}/", site.address)).unwrap();
        let waiting = spawn({
            let client = client.clone();
            #[green]
            move || client.recv()
        });
        let Site { handle, serving, .. } = site;
        sleep(10 * MS);
        handle.stop();
        // One answers the close, and the other one goes at once.
        assert_eq!(waiting.wait().unwrap(), None);
        assert_eq!(client.close_frame().unwrap().to_string(), "1001 (the server ends)");
        assert_eq!(rest_of_told(stream), closed(1001, "the server ends"));
        serving.wait().unwrap();

        let told = Rc::new(RefCell::new(false));
        let note = told.clone();
        let app = move |request: Request| {
            let note = note.clone();
            let response = websocket::accept(&request, move |_ws: WebSocket| async move {
                *note.borrow_mut() = catch_exit(|| sleep(Duration::from_secs(1000))).await.is_err();
            });
            async { response }
        };
        let site = Site::new(Server::new().grace(50 * MS), app);
        let stream = shaken(site.address);
        sleep(10 * MS);
        site.end();
        assert!(*told.borrow());
        assert!(rest_of(stream).starts_with(&closed(1001, "the server ends")));
    }
    run_clean(scenario);
}

/// All that comes, once the close has been answered.
#[green]
fn rest_of_told(mut stream: eventlet::green::net::TcpStream) -> Vec<u8> {
    stream.write_all(&close(1001)).unwrap();
    rest_of(stream)
}
