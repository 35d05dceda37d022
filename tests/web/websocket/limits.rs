//! Limits on time, in virtual time.

use std::cell::Cell;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use eventlet::green::io::{Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::http::Request;
use eventlet::testing::{now, run_clean, run_virtual};
use eventlet::websocket::{self, Acceptor, Client, Error, Options, WebSocket};
use eventlet::wsgi::Server;
use eventlet::{Event, green, listen, sleep, spawn};
use eventlet_web_tests::Site;

use super::{closed, echoes, frame, rest_of, shaken};

const SECOND: Duration = Duration::from_secs(1);

/// Reads exactly this, and says when it had come.
#[green]
fn when(stream: &mut TcpStream, expected: &[u8]) -> Duration {
    let mut bytes = vec![0; expected.len()];
    stream.read_exact(&mut bytes).unwrap();
    assert_eq!(bytes, expected);
    now()
}

/// A server whose handler waits for a message, and the test for what that comes to.
#[green]
fn listening(options: Options) -> (Site, Event<(Duration, String)>) {
    let heard = Event::new();
    let teller = heard.clone();
    let acceptor = Acceptor::new().options(options);
    let app = move |request: Request| {
        let teller = teller.clone();
        let response = acceptor.accept(&request, move |ws: WebSocket| async move {
            let end = ws.recv().await;
            let text = match end {
                Err(Error::Io(error)) => format!("{:?}", error.kind()),
                other => format!("{other:?}"),
            };
            teller.send((now(), text));
        });
        async { response }
    };
    (Site::new(Server::new(), app), heard)
}

#[test]
fn silence_is_asked_about_and_then_given_up() {
    #[green]
    fn scenario() {
        let options = Options::new().ping_interval(Some(30 * SECOND)).ping_timeout(20 * SECOND);
        let (site, heard) = listening(options);
        let mut stream = shaken(site.address);
        assert_eq!(when(&mut stream, b"\x89\x00"), 30 * SECOND);
        assert_eq!(when(&mut stream, &closed(1011, "no sign of life")), 50 * SECOND);
        assert_eq!(heard.wait(), (50 * SECOND, "TimedOut".to_owned()));
        assert_eq!(rest_of(stream), b"");
        site.end();
    }
    run_virtual(scenario);
}

#[test]
fn whoever_answers_is_alive() {
    #[green]
    fn scenario() {
        let options = Options::new().ping_interval(Some(30 * SECOND)).ping_timeout(20 * SECOND);
        let (site, heard) = listening(options);
        let mut stream = shaken(site.address);
        for n in 1..=5 {
            assert_eq!(when(&mut stream, b"\x89\x00"), n * 40 * SECOND - 10 * SECOND);
            sleep(10 * SECOND);
            stream.write_all(&frame(0x8a, b"")).unwrap();
        }
        drop(stream);
        assert_eq!(heard.wait(), (200 * SECOND, "Ok(None)".to_owned()));
        site.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_connection_without_messages_is_closed_if_that_is_asked_for() {
    #[green]
    fn scenario() {
        let options = Options::new().ping_interval(None).idle_timeout(Some(60 * SECOND));
        let site = echoes(options);
        let mut stream = shaken(site.address);
        sleep(50 * SECOND);
        stream.write_all(&frame(0x81, b"a")).unwrap();
        assert_eq!(when(&mut stream, b"\x81\x01a"), 50 * SECOND);
        sleep(50 * SECOND);
        // A ping is no message.
        stream.write_all(&frame(0x89, b"")).unwrap();
        assert_eq!(when(&mut stream, b"\x8a\x00"), 100 * SECOND);
        assert_eq!(when(&mut stream, &closed(1001, "idle")), 110 * SECOND);
        stream.write_all(&super::close(1001)).unwrap();
        assert_eq!(rest_of(stream), b"");
        assert_eq!(now(), 110 * SECOND);
        site.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_peer_that_takes_nothing_is_given_up() {
    #[green]
    fn scenario() {
        let sent = Event::new();
        let teller = sent.clone();
        let app = move |request: Request| {
            let teller = teller.clone();
            let response = websocket::accept(&request, move |ws: WebSocket| async move {
                let kind = match ws.send(vec![7; 32 << 20]).await {
                    Err(Error::Io(error)) => Some(error.kind()),
                    _ => None,
                };
                teller.send((now(), kind));
            });
            async { response }
        };
        let site = Site::new(Server::new(), app);
        let stream = shaken(site.address);
        assert_eq!(sent.wait(), (60 * SECOND, Some(ErrorKind::TimedOut)));
        assert!(rest_of(stream).len() < 32 << 20);
        site.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_close_that_is_not_answered_is_waited_for_so_long_at_either_end() {
    #[green]
    fn scenario() {
        let app = |request: Request| {
            let response = websocket::accept(&request, |ws: WebSocket| async move { ws.close().await });
            async { response }
        };
        let site = Site::new(Server::new(), app);
        let mut stream = shaken(site.address);
        assert_eq!(when(&mut stream, &closed(1000, "")), Duration::ZERO);
        // The limit, and the time for what still comes.
        assert_eq!(rest_of(stream), b"");
        assert_eq!(now(), 12 * SECOND);
        site.end();
        let begin = now();

        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // A server that shakes hands, and never says a word again.
        let silent = spawn(
            #[green]
            move || {
                let (mut stream, _) = listener.accept().unwrap();
                super::client::welcome_any(&mut stream, "");
                rest_of(stream).len()
            },
        );
        let client = Client::new().options(Options::new().close_timeout(5 * SECOND));
        let ws = client.connect(&format!("ws://{address}/")).unwrap();
        ws.close().unwrap();
        assert_eq!(now() - begin, 5 * SECOND);
        assert_eq!(ws.close_frame().unwrap().code.get(), 1006);
        assert_eq!(silent.wait(), 8);
    }
    run_virtual(scenario);
}

#[test]
fn a_connection_that_is_not_made_in_time_is_given_up() {
    #[green]
    fn scenario() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let client = Client::new().connect_timeout(7 * SECOND);
        match client.connect(&format!("ws://{address}/")) {
            Err(Error::Io(error)) => assert_eq!(error.kind(), ErrorKind::TimedOut),
            other => panic!("{other:?}"),
        }
        assert_eq!(now(), 7 * SECOND);
    }
    run_virtual(scenario);
}

/// Who asks and asks, and does not read, makes nothing grow.
#[test]
fn many_small_frames_do_not_hold_the_hub() {
    #[green]
    fn scenario() {
        let site = echoes(Options::new());
        let mut stream = shaken(site.address);
        let turns = Rc::new(Cell::new(0));
        let counted = turns.clone();
        let counting = spawn(move || async move {
            loop {
                sleep(Duration::ZERO).await;
                counted.set(counted.get() + 1);
            }
        });
        // Eight reads' worth, which wait for the server.
        stream.write_all(&frame(0x8a, b"").repeat(20_000)).unwrap();
        stream.write_all(&frame(0x81, b"last")).unwrap();
        let mut answer = [0; 6];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"\x81\x04last");
        assert!(turns.get() >= 7, "{}", turns.get());
        counting.kill();
        drop(stream);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn pings_are_answered_one_by_one_until_nobody_reads_the_answers() {
    #[green]
    fn scenario() {
        let site = echoes(Options::new());
        let mut stream = shaken(site.address);
        stream.write_all(&frame(0x89, b"ping").repeat(100)).unwrap();
        let mut pongs = vec![0; 600];
        stream.read_exact(&mut pongs).unwrap();
        assert_eq!(pongs, b"\x8a\x04ping".repeat(100));

        let ping = frame(0x89, &[b'p'; 125]);
        let many = 100_000;
        let asking = spawn({
            let mut stream = stream.try_clone().unwrap();
            #[green]
            move || {
                for _ in 0..many / 100 {
                    stream.write_all(&ping.repeat(100)).unwrap();
                }
                stream.write_all(&super::close(1000)).unwrap();
            }
        });
        // All of it was read, although no answer was.
        asking.wait();
        let rest = rest_of(stream);
        assert!(rest.ends_with(&closed(1000, "")));
        assert_eq!((rest.len() - 4) % 127, 0);
        let answered = (rest.len() - 4) / 127;
        assert!(answered > 100 && answered < many, "{answered}");
        site.end();
    }
    eventlet::testing::run_clean(scenario);
}
