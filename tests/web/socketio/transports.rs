//! Long polling, WebSockets, and the way from the one to the other.

use std::time::Duration;

use eventlet::green::io::Write;
use eventlet::socketio::{Event, Options, Server, Socket, Transport};
use eventlet::testing::run_clean;
use eventlet::websocket::{self, Message};
use eventlet::{connect, green, sleep, spawn};
use eventlet_web_tests::Site;

use super::{POLLING, Poller, ask, ask_with, echoes, heard, joined, opened, sid_of};

#[test]
fn a_client_is_told_all_that_it_has_to_know() {
    #[green]
    fn scenario() {
        let (site, _) = echoes(Options::new());
        let (status, head, greeting) = ask_with(site.address, "GET", POLLING, "", "");
        assert_eq!(status, 200);
        assert!(
            head.contains("\r\ncontent-type: text/plain; charset=utf-8\r\ncache-control: no-store"),
            "{head}"
        );
        let sid = sid_of(&greeting);
        assert_eq!(sid.len(), 20);
        assert_eq!(
            greeting,
            format!(
                "0{{\"sid\":\"{sid}\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\
                 \"pingTimeout\":20000,\"maxPayload\":1000000}}"
            )
        );
        let (other, _) = opened(&site);
        other.close().unwrap();
        site.end();
        let only = Options::new().transports([Transport::WebSocket]).max_payload(5000);
        let (site, _) = echoes(only);
        let (ws, greeting) = opened(&site);
        let sid = sid_of(&greeting);
        assert_eq!(
            greeting,
            format!(
                "0{{\"sid\":\"{sid}\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\
                 \"maxPayload\":5000}}"
            )
        );
        let refused = "{\"code\":0,\"message\":\"Transport unknown\"}".to_owned();
        assert_eq!(ask(site.address, "GET", POLLING, ""), (400, refused));
        ws.close().unwrap();
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn what_is_no_request_of_the_protocol_is_refused_with_its_code() {
    #[green]
    fn scenario() {
        let (site, _) = echoes(Options::new());
        let poller = Poller::open(&site);
        let cases = [
            ("GET", "", 5, "Unsupported protocol version"),
            ("GET", "EIO=3&transport=polling", 5, "Unsupported protocol version"),
            ("GET", "EIO=4", 0, "Transport unknown"),
            ("GET", "EIO=4&transport=pigeon", 0, "Transport unknown"),
            ("GET", "EIO=4&transport=polling&sid=x", 1, "Session ID unknown"),
            ("POST", "EIO=4&transport=polling", 2, "Bad handshake method"),
            ("PUT", POLLING, 2, "Bad handshake method"),
            ("DELETE", &poller.query, 3, "Bad request"),
        ];
        for (method, query, code, message) in cases {
            let expected = format!("{{\"code\":{code},\"message\":\"{message}\"}}");
            assert_eq!(ask(site.address, method, query, ""), (400, expected), "{method} {query}");
        }
        // A WebSocket that is none.
        assert_eq!(ask(site.address, "GET", "EIO=4&transport=websocket", "").0, 400);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn several_packets_travel_in_one_request_in_either_direction() {
    #[green]
    fn scenario() {
        let (site, notes) = echoes(Options::new());
        let (poller, _) = Poller::join(&site);
        poller.send("42[\"echo\",1]\x1e423[\"echo\",\"two\"]\x1e42[\"nobody's\"]\x1e42[\"echo\"]");
        assert_eq!(poller.poll(), "42[\"echo\",1]\x1e42[\"echo\",\"two\"]\x1e433[\"two\"]\x1e42[\"echo\"]");
        // With bytes in it, which travel in base64.
        poller.send("451-[\"echo\",{\"_placeholder\":true,\"num\":0}]\x1ebAQIDBA==");
        assert_eq!(poller.poll(), "451-[\"echo\",{\"_placeholder\":true,\"num\":0}]\x1ebAQIDBA==");
        // Its own end.
        let waiting = spawn({
            let poller = poller.clone();
            #[green]
            move || poller.get()
        });
        sleep(Duration::ZERO);
        poller.send("1");
        assert_eq!(waiting.wait(), (200, "6".to_owned()));
        assert_eq!(poller.get().0, 400);
        assert_eq!(*notes.borrow(), ["transport close"]);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn what_makes_no_sense_ends_the_session() {
    #[green]
    fn scenario() {
        let (site, notes) = echoes(Options::new());
        for bad in ["abc", "", "42[\"echo\"]\x1e", "4abc", "42{}", "42[\"connect\"]", "bAQ=="] {
            let (poller, _) = Poller::join(&site);
            poller.post(bad);
            assert_eq!(poller.get().0, 400, "{bad:?}");
        }
        assert_eq!(*notes.borrow(), ["parse error"; 7]);
        notes.borrow_mut().clear();
        let (poller, _) = Poller::join(&site);
        poller.send("40");
        assert_eq!(poller.get().0, 400);
        for bad in ["abc", "4abc"] {
            let (ws, _) = joined(&site);
            ws.send(bad).unwrap();
            assert_eq!(heard(&ws), "Ok(None)");
        }
        assert_eq!(*notes.borrow(), ["forced close", "parse error", "parse error"]);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_second_poll_or_post_at_the_same_time_ends_the_session() {
    #[green]
    fn scenario() {
        let (site, notes) = echoes(Options::new());
        let (poller, _) = Poller::join(&site);
        let first = spawn({
            let poller = poller.clone();
            #[green]
            move || poller.get()
        });
        sleep(Duration::ZERO);
        let bad = (400, "{\"code\":3,\"message\":\"Bad request\"}".to_owned());
        while notes.borrow().is_empty() {
            assert_eq!(poller.get(), bad);
            sleep(Duration::ZERO);
        }
        assert_eq!(first.wait(), (200, "1".to_owned()));
        assert_eq!(*notes.borrow(), ["transport error"]);

        let (poller, _) = Poller::join(&site);
        let mut half = connect(site.address).unwrap();
        let head = format!("POST /?{} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n", poller.query);
        half.write_all(head.as_bytes()).unwrap();
        // The other ones are taken until this one has come.
        while notes.borrow().len() < 2 {
            poller.post("42[\"nobody's\"]");
            sleep(Duration::ZERO);
        }
        assert_eq!(*notes.borrow(), ["transport error", "transport error"]);
        drop(half);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_websocket_from_the_beginning_carries_text_and_bytes() {
    #[green]
    fn scenario() {
        let (site, notes) = echoes(Options::new());
        let (ws, _) = joined(&site);
        ws.send("427[\"echo\",{\"a\":[1,2.5,null]}]").unwrap();
        assert_eq!(heard(&ws), "42[\"echo\",{\"a\":[1,2.5,null]}]");
        assert_eq!(heard(&ws), "437[{\"a\":[1,2.5,null]}]");
        let text = "452-[\"echo\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]";
        ws.send(text).unwrap();
        ws.send(vec![1, 2]).unwrap();
        ws.send(vec![3]).unwrap();
        assert_eq!(heard(&ws), text);
        assert_eq!(ws.recv().unwrap(), Some(Message::from(vec![1, 2])));
        assert_eq!(ws.recv().unwrap(), Some(Message::from(vec![3])));
        ws.close().unwrap();
        while notes.borrow().is_empty() {
            sleep(Duration::ZERO);
        }
        assert_eq!(*notes.borrow(), ["transport close"]);
        site.end();
    }
    run_clean(scenario);
}

/// Says numbers, as fast as the others let it.
#[green]
fn count(socket: Socket, event: Event) {
    for number in 0..event.data().as_u64().unwrap() {
        socket.emit("number", number);
        sleep(Duration::ZERO);
    }
}

#[test]
fn nothing_is_lost_or_comes_twice_on_the_way_to_a_websocket() {
    #[green]
    fn scenario() {
        for numbers in [0, 1, 5, 50, 500] {
            let io = Server::new();
            io.on("count", count);
            let site = Site::new(eventlet::wsgi::Server::new(), io);
            let (poller, _) = Poller::join(&site);
            poller.send(&format!("42[\"count\",{numbers}]"));
            let polling = spawn({
                let poller = poller.clone();
                move || polled_until_noop(poller)
            });
            let ws = poller.websocket();
            ws.send("2probe").unwrap();
            assert_eq!(heard(&ws), "3probe");
            let mut said = polling.wait();
            // A client says this when no poll of its is open any more.
            ws.send("5").unwrap();
            ws.send("42[\"count\",0]").unwrap();
            while said.len() < numbers {
                said.push(heard(&ws));
            }
            let expected: Vec<String> =
                (0..numbers).map(|number| format!("42[\"number\",{number}]")).collect();
            assert_eq!(said, expected);
            // From now on it does not poll, and has one WebSocket.
            assert_eq!(poller.get().0, 400);
            let query = poller.query.replace("polling", "websocket");
            let second = websocket::connect(&format!("ws://{}/?{query}", site.address));
            assert!(matches!(second, Err(websocket::Error::Refused(_))));
            ws.close().unwrap();
            site.end();
        }
    }
    /// Polls until a poll is answered with nothing, as it is for the sake of the move.
    #[green]
    fn polled_until_noop(poller: Poller) -> Vec<String> {
        let mut said = vec![];
        loop {
            for packet in poller.poll().split('\x1e') {
                if packet == "6" {
                    return said;
                }
                said.push(packet.to_owned());
            }
        }
    }
    run_clean(scenario);
}

#[test]
fn a_poll_that_is_taken_back_is_an_end() {
    #[green]
    fn scenario() {
        let io_and_notes = super::echoing(Options::new());
        let (io, notes) = io_and_notes;
        let server = eventlet::wsgi::Server::new().half_close_timeout(Duration::ZERO);
        let site = Site::new(server, io);
        let (poller, _) = Poller::join(&site);
        let mut stream = connect(site.address).unwrap();
        let request = format!("GET /?{} HTTP/1.1\r\nHost: x\r\n\r\n", poller.query);
        stream.write_all(request.as_bytes()).unwrap();
        ask(site.address, "GET", "", "");
        drop(stream);
        while notes.borrow().is_empty() {
            sleep(Duration::ZERO);
        }
        assert_eq!(*notes.borrow(), ["transport error"]);
        assert_eq!(poller.get().0, 400);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn pages_of_other_origins_are_let_in_by_whom_the_program_names() {
    #[green]
    fn asked(options: Options, method: &str, origin: &str) -> (u16, Vec<String>) {
        let (site, _) = echoes(options);
        let more = format!("Origin: {origin}\r\nAccess-Control-Request-Headers: content-type\r\n");
        let (status, head, _) = ask_with(site.address, method, POLLING, &more, "");
        site.end();
        let lines =
            head.lines().filter(|line| line.starts_with("access-control") || line.starts_with("vary"));
        (status, lines.map(str::to_owned).collect())
    }
    #[green]
    fn scenario() {
        assert_eq!(asked(Options::new(), "GET", "http://x"), (200, vec![]));
        assert_eq!(asked(Options::new(), "GET", "http://evil.test"), (403, vec![]));
        assert_eq!(asked(Options::new(), "OPTIONS", "http://evil.test"), (403, vec![]));
        let any = asked(Options::new().any_origin(), "GET", "http://other.test");
        assert_eq!(any, (200, vec!["access-control-allow-origin: *".to_owned()]));
        let checked = || Options::new().origin_checker(|origin| origin == "http://friend.test");
        assert_eq!(asked(checked(), "GET", "http://evil.test"), (403, vec![]));
        let (status, mut lines) = asked(checked(), "OPTIONS", "http://friend.test");
        lines.sort();
        assert_eq!(status, 204);
        assert_eq!(
            lines,
            [
                "access-control-allow-credentials: true",
                "access-control-allow-headers: content-type",
                "access-control-allow-methods: GET, POST, OPTIONS",
                "access-control-allow-origin: http://friend.test",
                "vary: Origin",
            ]
        );
    }
    run_clean(scenario);
}
