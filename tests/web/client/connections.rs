//! Connections: which are kept, which are not, and how many there are.

use std::cell::Cell;
use std::rc::Rc;

use eventlet::http::{Body, Client, Out, Request};
use eventlet::testing::{run_clean, run_virtual};
use eventlet::wsgi::Server;
use eventlet::{green, sleep, spawn, with_timeout};

use super::{Local, MS, Raw, SECOND, Step, ok, say};

/// The connection of each request.
fn connections(raw: &Raw) -> Vec<usize> {
    raw.requests().iter().map(|(connection, _)| *connection).collect()
}

#[test]
fn a_connection_is_kept_when_its_answer_was_read_to_the_end_and_closed_otherwise() {
    #[green]
    fn scenario() {
        let raw = Raw::new(|_, request| match request.starts_with("GET /twofold ") {
            true => vec![say(
                "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            )],
            false => vec![ok("abc")],
        });
        let client = Client::new();
        client.get(raw.url("/")).send().unwrap().text().unwrap();
        assert_eq!(client.idle_connections(), 1);
        let unread = client.get(raw.url("/")).send().unwrap();
        assert_eq!(client.idle_connections(), 0);
        drop(unread);
        assert_eq!(client.idle_connections(), 0);
        client.get(raw.url("/")).send().unwrap().text().unwrap();
        // What has two lengths ends its connection.
        assert_eq!(client.get(raw.url("/twofold")).send().unwrap().text().unwrap(), "abc");
        assert_eq!(client.idle_connections(), 0);
        client.get(raw.url("/")).send().unwrap().text().unwrap();
        assert_eq!(connections(&raw), [0, 0, 1, 1, 2]);
        client.close_idle();
        assert_eq!(client.idle_connections(), 0);
        raw.end();
    }
    run_clean(scenario);
}

#[test]
fn bytes_that_nobody_asked_for_are_no_answer() {
    #[green]
    fn scenario() {
        let raw = Raw::local(|_, _| vec![ok("abc"), Step::Pause(MS), ok("smuggled")]);
        let client = raw.client().build().unwrap();
        for _ in 0..3 {
            assert_eq!(client.get(raw.url("/")).send().unwrap().text().unwrap(), "abc");
            sleep(2 * MS);
        }
        assert_eq!(connections(&raw), [0, 1, 2]);
        drop(client);
        raw.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_kept_connection_that_has_ended_is_not_used() {
    #[green]
    fn scenario() {
        let raw = Raw::local(|_, _| vec![ok("abc"), Step::Close]);
        let client = raw.client().build().unwrap();
        for _ in 0..3 {
            assert_eq!(client.post(raw.url("/")).body("x").send().unwrap().text().unwrap(), "abc");
            sleep(MS);
        }
        assert_eq!(connections(&raw), [0, 1, 2]);
        drop(client);
        raw.end();
    }
    run_virtual(scenario);
}

/// The server ends its side when the next request is on its way.
#[test]
fn a_request_that_a_kept_connection_lost_is_sent_once_more_where_that_does_no_harm() {
    #[green]
    fn scenario() {
        // Each connection serves one request, and loses the second.
        let served = Rc::new(Cell::new([false; 16]));
        let raw = Raw::new(move |connection, _| {
            let mut all = served.get();
            if std::mem::replace(&mut all[connection], true) {
                return vec![Step::Close];
            }
            served.set(all);
            vec![ok("abc")]
        });
        let client = Client::new();
        let get = |body: &'static str| client.put(raw.url("/")).body(body);
        assert_eq!(get("one").send().unwrap().text().unwrap(), "abc");
        assert_eq!(get("two").send().unwrap().text().unwrap(), "abc");
        assert_eq!(connections(&raw), [0, 0, 1]);
        assert!(raw.requests()[2].1.ends_with("\r\n\r\ntwo"), "{:?}", raw.requests()[2]);
        // A `POST` may have been obeyed.
        let error = client.post(raw.url("/")).body("three").send().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof, "{error}");
        assert_eq!(connections(&raw), [0, 0, 1, 1]);
        // A stream is gone.
        client.get(raw.url("/")).send().unwrap().text().unwrap();
        #[green]
        fn produce(out: Out) -> std::io::Result<()> {
            out.write("four")
        }
        let error = client.put(raw.url("/")).body(Body::stream(produce)).send().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof, "{error}");
        assert_eq!(connections(&raw), [0, 0, 1, 1, 2, 2]);
        // What a new connection loses is lost.
        drop(client);
        raw.end();
    }
    run_clean(scenario);
}

#[test]
fn a_request_that_is_killed_closes_its_connection() {
    #[green]
    fn scenario() {
        let raw = Raw::local(|connection, request| match (connection, request.starts_with("GET /slow")) {
            (0, true) => vec![Step::Pause(10 * SECOND), ok("late")],
            (1, true) => vec![
                say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nla"),
                Step::Pause(10 * SECOND),
                say("te"),
            ],
            _ => vec![ok("abc")],
        });
        let client = raw.client().build().unwrap();
        // In the head.
        assert!(with_timeout(SECOND, || client.get(raw.url("/slow")).send()).is_err());
        assert_eq!(client.idle_connections(), 0);
        assert_eq!(client.get(raw.url("/")).send().unwrap().text().unwrap(), "abc");
        // In the body.
        let answer = client.get(raw.url("/slow")).send().unwrap();
        let reading = spawn(move || answer.bytes());
        sleep(SECOND);
        reading.kill();
        assert_eq!(client.idle_connections(), 0);
        assert_eq!(client.get(raw.url("/")).send().unwrap().text().unwrap(), "abc");
        assert_eq!(connections(&raw), [0, 1, 1, 2]);
        drop(client);
        raw.end();
    }
    run_virtual(scenario);
}

#[test]
fn connections_to_a_host_and_in_all_are_limited_and_requests_wait_in_order() {
    thread_local!(static PEAK: Cell<(u32, u32)> = const { Cell::new((0, 0)) });
    #[green]
    fn slow(request: Request) -> String {
        let (now, peak) = PEAK.get();
        PEAK.set((now + 1, peak.max(now + 1)));
        sleep(SECOND);
        PEAK.set((PEAK.get().0 - 1, PEAK.get().1));
        request.uri().path().to_owned()
    }
    #[green]
    fn scenario() {
        let site = Local::new(Server::new(), slow);
        for builder in
            [site.place.client().max_connections_per_host(2), site.place.client().max_connections(2)]
        {
            let client = builder.build().unwrap();
            PEAK.set((0, 0));
            let begun = eventlet::testing::now();
            let asking = (0..6).map(|number| {
                let sending = client.get(format!("http://site/{number}"));
                spawn(
                    #[green]
                    move || (sending.send().unwrap().text().unwrap(), eventlet::testing::now()),
                )
            });
            let asking: Vec<_> = asking.collect();
            for (number, asking) in asking.into_iter().enumerate() {
                let (text, at) = asking.wait();
                assert_eq!(text, format!("/{number}"));
                assert_eq!(at - begun, (number as u32 / 2 + 1) * SECOND);
            }
            assert_eq!(PEAK.get(), (0, 2));
            assert_eq!(client.idle_connections(), 2);
        }
        site.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_full_client_gives_up_a_connection_that_another_host_has_no_use_for() {
    #[green]
    fn scenario() {
        let (one, other) = (Raw::new(|_, _| vec![ok("one")]), Raw::new(|_, _| vec![ok("other")]));
        let client = Client::builder().max_connections(1).build().unwrap();
        for _ in 0..2 {
            assert_eq!(client.get(one.url("/")).send().unwrap().text().unwrap(), "one");
            assert_eq!(client.get(other.url("/")).send().unwrap().text().unwrap(), "other");
            assert_eq!(client.idle_connections(), 1);
        }
        assert_eq!((connections(&one), connections(&other)), (vec![0, 1], vec![0, 1]));
        drop(client);
        one.end();
        other.end();
    }
    run_clean(scenario);
}

#[test]
fn a_connection_is_kept_for_so_long_and_so_many_are() {
    #[green]
    fn scenario() {
        let raw = Raw::local(|_, _| vec![Step::Pause(MS), ok("abc")]);
        let client = raw.client().idle_timeout(10 * SECOND).max_idle_per_host(2).build().unwrap();
        let asking = (0..3).map(|_| {
            let sending = client.get(raw.url("/"));
            spawn(
                #[green]
                move || sending.send().unwrap().text().unwrap(),
            )
        });
        for asking in asking.collect::<Vec<_>>() {
            asking.wait();
        }
        assert_eq!(client.idle_connections(), 2);
        sleep(9 * SECOND);
        client.get(raw.url("/")).send().unwrap().text().unwrap();
        assert_eq!(client.idle_connections(), 2);
        sleep(2 * SECOND);
        assert_eq!(client.idle_connections(), 1);
        sleep(9 * SECOND);
        assert_eq!(client.idle_connections(), 0);
        drop(client);
        raw.end();
    }
    run_virtual(scenario);
}
