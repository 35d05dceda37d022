//! Where answers send requests, and what goes along.

use std::io;

use eventlet::green;
use eventlet::http::client::Phase;
use eventlet::http::{self, Body, Client, Method, Out};
use eventlet::testing::{run_clean, run_virtual};

use super::{Raw, SECOND, Step, ok, quiet, say};

/// `/301/a` leads to `/a` with 301; everything else is a page.
fn redirects(_connection: usize, request: &str) -> Vec<Step> {
    let path = request.split(' ').nth(1).unwrap();
    match path.get(1..4).and_then(|status| status.parse::<u16>().ok()) {
        Some(status) => {
            let target = &path[4..];
            vec![say(format!("HTTP/1.1 {status} x\r\nLocation: {target}\r\nContent-Length: 3\r\n\r\nbye"))]
        }
        None => vec![ok(&path[1..])],
    }
}

#[test]
fn the_method_and_the_body_change_as_they_do_in_browsers() {
    #[green]
    fn scenario() {
        let raw = Raw::new(redirects);
        let client = quiet();
        for (status, method, expected) in [
            (301, Method::POST, "GET"),
            (302, Method::POST, "GET"),
            (303, Method::POST, "GET"),
            (307, Method::POST, "POST"),
            (308, Method::POST, "POST"),
            (301, Method::PUT, "PUT"),
            (302, Method::DELETE, "DELETE"),
            (303, Method::PUT, "GET"),
            (303, Method::HEAD, "HEAD"),
            (301, Method::HEAD, "HEAD"),
        ] {
            let has_body = method != Method::HEAD;
            let mut sending = client.request(method.clone(), raw.url(&format!("/{status}/a")));
            if has_body {
                sending = sending.header("content-type", "text/x").body("body");
            }
            let answer = sending.send().unwrap();
            assert_eq!(answer.url(), raw.url("/a"));
            let (_, last) = raw.requests().pop().unwrap();
            assert!(last.starts_with(&format!("{expected} /a HTTP/1.1\r\n")), "{status} {method}: {last}");
            let keeps_body = has_body && expected != "GET";
            assert_eq!(last.ends_with("\r\n\r\nbody"), keeps_body, "{status} {method}: {last}");
            assert_eq!(last.contains("content-type: text/x"), keeps_body, "{status} {method}: {last}");
            assert_eq!(last.contains("content-length"), keeps_body, "{status} {method}: {last}");
        }
        drop(client);
        raw.end();
    }
    run_clean(scenario);
}

#[test]
fn they_are_followed_over_one_connection_until_there_are_too_many() {
    #[green]
    fn scenario() {
        let raw = Raw::new(redirects);
        let client = Client::builder().max_redirects(2).build().unwrap();
        assert_eq!(client.get(raw.url("/301/302/a")).send().unwrap().text().unwrap(), "a");
        assert!(raw.requests().iter().all(|(connection, _)| *connection == 0));
        let error = client.get(raw.url("/301/301/301/a")).send().unwrap_err();
        assert_eq!(error.phase(), Phase::Redirect);
        assert_eq!(
            error.to_string(),
            format!("GET {}: cannot follow the redirect: there were 2 before it", raw.url("/301/a"))
        );
        let none = Client::builder().max_redirects(0).build().unwrap();
        let answer = none.get(raw.url("/301/a")).send().unwrap();
        assert_eq!((answer.status().as_u16(), answer.header("location")), (301, Some("/a")));
        drop((client, none, answer));
        raw.end();
    }
    run_clean(scenario);
}

#[test]
fn secrets_stay_with_the_server_that_they_are_for() {
    #[green]
    fn scenario() {
        let stranger = Raw::new(|_, _| vec![ok("")]);
        // Another port is another server; so is another name.
        let there = [stranger.url("/a"), stranger.url("/b").replace("127.0.0.1", "localhost")];
        let raw = Raw::new(move |_, request| {
            let target = match request.split(' ').nth(1).unwrap() {
                "/same" => "/end".to_owned(),
                "/port" => there[0].clone(),
                "/name" => there[1].replace("//", "//me:secret@"),
                _ => return vec![ok("")],
            };
            vec![say(format!("HTTP/1.1 302 x\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"))]
        });
        let client = Client::builder().resolve("localhost", stranger.address).build().unwrap();
        for path in ["/same", "/port", "/name"] {
            let sending = client.get(raw.url(path)).bearer_auth("token").header("cookie", "a=b");
            sending.header("x-other", "stays").send().unwrap();
        }
        let (_, same) = &raw.requests()[1];
        assert!(
            same.contains("authorization: Bearer token\r\n") && same.contains("cookie: a=b\r\n"),
            "{same}"
        );
        for (_, request) in stranger.requests() {
            assert!(!request.contains("authorization") && !request.contains("cookie"), "{request}");
            assert!(request.contains("x-other: stays\r\n"), "{request}");
        }
        assert_eq!(stranger.requests().len(), 2);
        drop(client);
        raw.end();
        stranger.end();
    }
    run_clean(scenario);
}

#[test]
fn what_cannot_be_followed_says_why() {
    #[green]
    fn produce(out: Out) -> io::Result<()> {
        out.write("once")
    }
    #[green]
    fn scenario() {
        let raw = Raw::new(|_, request| {
            let location = match request.split(' ').nth(1).unwrap() {
                "/scheme" => "Location: file:///etc/passwd\r\n",
                "/bad" => "Location: http://[::1\r\n",
                "/stream" => "Location: /\r\n",
                _ => "",
            };
            vec![say(format!("HTTP/1.1 307 x\r\n{location}Content-Length: 0\r\n\r\n"))]
        });
        for (path, reason) in [
            ("/scheme", "it leads to `file:`"),
            ("/bad", "`http://[::1`: invalid IPv6 address"),
            ("/stream", "its body is a stream and cannot be sent again"),
        ] {
            let client = Client::new();
            let sending = client.put(raw.url(path)).body(Body::stream(produce));
            let error = sending.send().unwrap_err();
            assert_eq!(error.phase(), Phase::Redirect);
            assert_eq!(
                error.to_string(),
                format!("PUT {}: cannot follow the redirect: {reason}", raw.url(path))
            );
        }
        // Without a place to go to it is an answer.
        assert_eq!(http::get(raw.url("/none")).unwrap().status().as_u16(), 307);
        raw.end();
    }
    run_clean(scenario);
}

#[test]
fn only_https_may_be_asked_for() {
    #[green]
    fn scenario() {
        let client = Client::builder().https_only(true).build().unwrap();
        let error = client.get("http://example.org/").send().unwrap_err();
        assert_eq!(
            error.to_string(),
            "GET http://example.org/: cannot make the request: only https is allowed"
        );
    }
    run_clean(scenario);
}

#[test]
fn an_answer_tells_its_way_and_how_long_it_took_and_a_request_may_have_rules_of_its_own() {
    #[green]
    fn scenario() {
        let raw = Raw::local(|_, request| {
            let next = match request.split(' ').nth(1).unwrap() {
                "/a" => "301 x\r\nLocation: /b",
                "/b" => "302 x\r\nLocation: /c",
                _ => "200 OK",
            };
            vec![Step::Pause(SECOND), say(format!("HTTP/1.1 {next}\r\nContent-Length: 0\r\n\r\n"))]
        });
        let client = raw.client().max_redirects(1).build().unwrap();
        let answer = client.get(raw.url("/a")).max_redirects(2).send().unwrap();
        let way: Vec<_> = answer.history().iter().map(|one| (one.status.as_u16(), one.url.clone())).collect();
        assert_eq!(way, [(301, raw.url("/a")), (302, raw.url("/b"))]);
        assert_eq!((answer.url(), answer.elapsed()), (raw.url("/c").as_str(), SECOND));
        assert_eq!(client.get(raw.url("/a")).send().unwrap_err().phase(), Phase::Redirect);
        let answer = client.get(raw.url("/a")).max_redirects(0).send().unwrap();
        assert_eq!((answer.status().as_u16(), answer.history().len()), (301, 0));
        drop((answer, client));
        raw.end();
        // Room that is there too late.
        let raw = Raw::local(|_, _| vec![say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")]);
        let client = raw.client().max_connections(1).build().unwrap();
        let unread = client.get(raw.url("/")).send().unwrap();
        let begun = eventlet::testing::now();
        let error = client.get(raw.url("/")).connect_timeout(Some(2 * SECOND)).send().unwrap_err();
        assert_eq!((error.phase(), eventlet::testing::now() - begun), (Phase::Pool, 2 * SECOND));
        drop((unread, client));
        raw.end();
    }
    run_virtual(scenario);
}
