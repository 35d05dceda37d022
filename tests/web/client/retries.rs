//! Requests that are made again.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use eventlet::green;
use eventlet::http::{Body, Method, Out};
use eventlet::testing::{now, run_virtual};

use super::{MS, Raw, SECOND, Step, ok, say};

/// A server that answers the requests like this, one after the other, and then well.
#[green]
fn raw(answers: &'static [&'static str]) -> Raw {
    let next = Rc::new(Cell::new(0));
    Raw::local(move |_, _| {
        let number = next.replace(next.get() + 1);
        match answers.get(number) {
            Some(&"") => vec![Step::Close],
            Some(answer) => vec![say(*answer)],
            None => vec![ok("well")],
        }
    })
}

const BUSY: &str = "HTTP/1.1 503 x\r\nContent-Length: 4\r\n\r\nbusy";
const LATER: &str = "HTTP/1.1 503 x\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";
const TOO_MANY: &str = "HTTP/1.1 429 x\r\nContent-Length: 0\r\n\r\n";
const TOO_MANY_NOW: &str = "HTTP/1.1 429 x\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n";
const TOMORROW: &str = "HTTP/1.1 503 x\r\nRetry-After: 86400\r\nContent-Length: 0\r\n\r\n";

#[test]
fn what_may_be_made_twice_is_made_again_after_longer_and_longer_pauses() {
    #[green]
    fn scenario() {
        let server = raw(&[BUSY, "", LATER, BUSY]);
        let client = server.client().retries(4).build().unwrap();
        let answer = client.put(server.url("/")).body("x").send().unwrap();
        assert_eq!(answer.text().unwrap(), "well");
        // The second one was lost on a kept connection, and sent again at once.
        assert_eq!(now(), 100 * MS + 7 * SECOND + 400 * MS);
        assert_eq!(server.requests().len(), 5);
        assert!(server.requests().iter().all(|(_, request)| request.ends_with("\r\n\r\nx")));
        drop(client);
        server.end();
    }
    run_virtual(scenario);
}

#[test]
fn whoever_asks_too_often_comes_back_when_it_is_told_to() {
    #[green]
    fn scenario() {
        let server = raw(&[TOO_MANY_NOW, TOO_MANY]);
        let client = server.client().retries(5).build().unwrap();
        let answer = client.get(server.url("/")).send().unwrap();
        assert_eq!((answer.status().as_u16(), server.requests().len(), now()), (429, 2, 3 * SECOND));
        drop((answer, client));
        server.end();
    }
    run_virtual(scenario);
}

/// Asks to wait for half a minute, by a clock that is years behind.
const AT_A_DATE: &str = "HTTP/1.1 503 x\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
                     Retry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\nContent-Length: 0\r\n\r\n";

#[test]
fn a_server_may_say_when_by_its_own_clock() {
    #[green]
    fn scenario() {
        let server = raw(&[AT_A_DATE]);
        let client = server.client().retries(1).build().unwrap();
        assert_eq!(client.get(server.url("/")).send().unwrap().status().as_u16(), 200);
        assert_eq!((server.requests().len(), now()), (2, Duration::from_secs(30)));
        drop(client);
        server.end();
    }
    run_virtual(scenario);
}

#[test]
fn the_last_answer_is_given_when_there_were_enough() {
    #[green]
    fn scenario() {
        let server = raw(&[BUSY, BUSY, BUSY]);
        let client = server.client().retries(1).build().unwrap();
        let answer = client.get(server.url("/")).send().unwrap();
        assert_eq!((answer.status().as_u16(), server.requests().len()), (503, 2));
        drop((answer, client));
        server.end();
    }
    run_virtual(scenario);
}

#[test]
fn what_may_do_harm_twice_is_not_made_again() {
    #[green]
    fn produce(out: Out) -> io::Result<()> {
        out.write("once")
    }
    #[green]
    fn scenario() {
        for (method, body) in [(Method::POST, Body::from("x")), (Method::PUT, Body::stream(produce))] {
            let server = raw(&[BUSY]);
            let client = server.client().retries(3).build().unwrap();
            let answer = client.request(method, server.url("/")).body(body).send().unwrap();
            assert_eq!((answer.status().as_u16(), server.requests().len()), (503, 1));
            drop((answer, client));
            server.end();
        }
        // Nor is what the server wants too late, or what is no HTTP.
        let server = raw(&[TOMORROW, "garbage\r\n\r\n"]);
        let client = server.client().retries(3).build().unwrap();
        assert_eq!(client.get(server.url("/")).send().unwrap().status().as_u16(), 503);
        assert_eq!(client.get(server.url("/")).send().unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!((server.requests().len(), now()), (2, Duration::ZERO));
        drop(client);
        server.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_server_that_is_not_there_yet_is_asked_again_whatever_the_method() {
    #[green]
    fn scenario() {
        let server = raw(&[]);
        let client =
            eventlet::http::Client::builder().unix_socket("/nowhere/at/all").retries(2).build().unwrap();
        let error = client.post(server.url("/")).send().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(now(), 300 * MS);
        server.end();
    }
    run_virtual(scenario);
}
