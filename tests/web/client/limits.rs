//! Limits on time and on size.

use std::io;

use eventlet::http::client::{Error, Phase};
use eventlet::http::{Body, Client};
use eventlet::testing::{now, run_clean, run_virtual};
use eventlet::{GreenIterator, green, sleep};

use super::{Place, Raw, SECOND, Step, ok, say};

/// What is wrong, and how long it took to see.
#[track_caller]
fn assert_times_out(error: &Error, phase: Phase, after: u64) {
    assert_eq!((error.kind(), error.phase()), (io::ErrorKind::TimedOut, phase), "{error}");
    assert!(error.is_timeout());
    assert_eq!(now().as_secs(), after, "{error}");
}

#[test]
fn a_handshake_that_does_not_end_is_a_connection_that_is_not_made() {
    #[green]
    fn scenario() {
        let place = Place::new();
        let _silent = place.listen();
        let url = "https://server.test/";
        let client = place.client().connect_timeout(Some(5 * SECOND)).build().unwrap();
        let error = client.get(url).send().unwrap_err();
        assert_times_out(&error, Phase::Handshake, 5);
        assert_eq!(error.to_string(), format!("GET {url}: cannot begin TLS: it took longer than 5s"));
    }
    run_virtual(scenario);
}

#[test]
fn a_request_waits_for_a_free_connection_as_long_as_for_a_new_one() {
    #[green]
    fn scenario() {
        let raw = Raw::local(|_, _| vec![ok("abc")]);
        let client =
            raw.client().max_connections_per_host(1).connect_timeout(Some(5 * SECOND)).build().unwrap();
        let unread = client.get(raw.url("/")).send().unwrap();
        let error = client.get(raw.url("/")).send().unwrap_err();
        assert_times_out(&error, Phase::Pool, 5);
        drop(unread);
        assert_eq!(client.get(raw.url("/")).send().unwrap().text().unwrap(), "abc");
        drop(client);
        raw.end();
    }
    run_virtual(scenario);
}

#[test]
fn the_head_of_an_answer_has_its_time_however_slowly_it_comes() {
    #[green]
    fn scenario() {
        let raw = Raw::local(|_, _| {
            let mut steps = vec![];
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" {
                steps.extend([say([*byte]), Step::Pause(SECOND)]);
            }
            steps
        });
        let client = raw.client().read_timeout(Some(10 * SECOND)).build().unwrap();
        let error = client.get(raw.url("/")).send().unwrap_err();
        assert_times_out(&error, Phase::ReceiveHead, 10);
        assert_eq!(
            error.to_string(),
            format!("GET {}: there was no answer: none came for 10s", raw.url("/"))
        );
        // The request's own limit goes before the client's.
        let answer = client.get(raw.url("/")).read_timeout(Some(60 * SECOND)).send().unwrap();
        assert_eq!(now().as_secs(), 10 + 37);
        drop(answer);
        drop(client);
        raw.end();
    }
    run_virtual(scenario);
}

#[test]
fn each_piece_of_a_body_has_its_time() {
    #[green]
    fn scenario() {
        let raw = Raw::local(|_, _| {
            vec![
                say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na"),
                Step::Pause(9 * SECOND),
                say("b"),
                Step::Pause(9 * SECOND),
                say("c"),
                Step::Pause(20 * SECOND),
            ]
        });
        let client = raw.client().read_timeout(Some(10 * SECOND)).build().unwrap();
        let answer = client.get(raw.url("/")).send().unwrap();
        let error = answer.bytes().unwrap_err();
        assert_times_out(&error, Phase::ReceiveBody, 28);
        assert_eq!(
            error.to_string(),
            format!("GET {}: cannot read the answer: nothing more came for 10s", raw.url("/"))
        );
        assert_eq!(client.idle_connections(), 0);
        raw.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_server_that_takes_nothing_is_not_sent_to_for_ever() {
    #[green]
    fn scenario() {
        let place = Place::new();
        let _silent = place.listen();
        let url = "http://server.test/";
        let client = place.client().read_timeout(Some(10 * SECOND)).build().unwrap();
        let error = client.post(url).body(Body::from(vec![0; 20_000_000])).send().unwrap_err();
        assert_times_out(&error, Phase::Send, 10);
        assert_eq!(
            error.to_string(),
            format!("POST {url}: cannot send the request: the server took nothing of it for 10s")
        );
    }
    run_virtual(scenario);
}

#[test]
fn the_limit_on_everything_spans_redirects_and_the_body() {
    #[green]
    fn scenario() {
        let raw = Raw::local(|_, request| match request.split(' ').nth(1).unwrap() {
            "/" => vec![
                Step::Pause(4 * SECOND),
                say("HTTP/1.1 302 x\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"),
            ],
            "/b" => vec![
                Step::Pause(4 * SECOND),
                say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"),
                Step::Pause(4 * SECOND),
                say("b"),
            ],
            "/at-once" => vec![say(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n",
            )],
            _ => vec![Step::Pause(20 * SECOND)],
        });
        let client = raw.client().timeout(Some(10 * SECOND)).build().unwrap();
        let error = client.get(raw.url("/")).send().unwrap().text().unwrap_err();
        assert_times_out(&error, Phase::ReceiveBody, 10);
        let error = client.get(raw.url("/c")).timeout(Some(3 * SECOND)).send().unwrap_err();
        assert_times_out(&error, Phase::ReceiveHead, 13);
        assert_eq!(
            error.to_string(),
            format!("GET {}: there was no answer: all of it took longer than 3s", raw.url("/c"))
        );
        // Of whoever takes its time to read what is there it holds, too.
        let mut answer = client.get(raw.url("/at-once")).send().unwrap();
        assert_eq!(answer.piece().unwrap().unwrap(), "a");
        sleep(11 * SECOND);
        assert_times_out(&answer.piece().unwrap_err(), Phase::ReceiveBody, 24);
        drop((answer, client));
        raw.end();
    }
    run_virtual(scenario);
}

#[test]
fn what_is_read_into_memory_is_limited_and_what_is_read_in_pieces_is_not() {
    #[green]
    fn scenario() {
        let raw = Raw::new(|_, _| vec![ok(&"x".repeat(1001))]);
        let client = Client::builder().max_body(1000).build().unwrap();
        let answer = client.get(raw.url("/")).send().unwrap();
        let error = answer.bytes().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(error.to_string().ends_with("the body has more than 1000 bytes"), "{error}");
        let error = client.get(raw.url("/")).send().unwrap().into_body().text().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        let error = client.get(raw.url("/")).send().unwrap().lines().next().unwrap().unwrap_err();
        assert!(error.to_string().ends_with("a line has more than 1000 bytes"), "{error}");
        let mut answer = client.get(raw.url("/")).send().unwrap();
        let mut count = 0;
        while let Some(piece) = answer.piece().unwrap() {
            count += piece.len();
        }
        assert_eq!(count, 1001);
        drop(client);
        raw.end();
    }
    run_clean(scenario);
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    #[green]
    fn scenario() {
        let raw = Raw::new(|_, request| {
            let interim = "HTTP/1.1 103 Early Hints\r\n\r\n";
            let (before, headers) = match request.split(' ').nth(1).unwrap() {
                "/many" => (String::new(), "a: b\r\n".repeat(101)),
                "/long" => (String::new(), format!("a: {}\r\n", "b".repeat(70_000))),
                "/late" => (interim.repeat(20_000), String::new()),
                _ => (interim.repeat(100), String::new()),
            };
            vec![say(format!("{before}HTTP/1.1 200 OK\r\n{headers}Content-Length: 0\r\n\r\n"))]
        });
        let client = Client::new();
        assert_eq!(client.get(raw.url("/")).send().unwrap().text().unwrap(), "");
        for path in ["/many", "/long", "/late"] {
            let error = client.get(raw.url(path)).send().unwrap_err();
            assert_eq!(
                (error.kind(), error.phase()),
                (io::ErrorKind::InvalidData, Phase::ReceiveHead),
                "{error}"
            );
        }
        drop(client);
        raw.end();
    }
    run_clean(scenario);
}
