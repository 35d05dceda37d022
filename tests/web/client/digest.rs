//! Digest authentication: who is asked what, how often, and what is sent to whom.

use eventlet::green;
use eventlet::http::{Body, Client, Out};
use eventlet::testing::run_virtual;

use super::{Raw, Step, ok, say};

/// A 401 that asks this.
fn ask(challenge: &str) -> Step {
    say(format!("HTTP/1.1 401 x\r\nWWW-Authenticate: {challenge}\r\nContent-Length: 2\r\n\r\nno"))
}

/// Asks with this nonce.
fn nonce(nonce: &str, more: &str) -> Step {
    ask(&format!("Digest realm=\"r\", qop=\"auth\", nonce=\"{nonce}\"{more}"))
}

/// The nonce and the count that a request has answered with.
fn answered(request: &str) -> Option<(&str, &str)> {
    let header = request.lines().find_map(|line| line.strip_prefix("authorization: Digest "))?;
    let value = |name: &str| {
        let value = header.split(", ").find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_else(|| panic!("no {name} in {header}")).trim_matches('"')
    };
    assert_eq!((value("username"), value("realm"), value("qop")), ("anna", "r", "auth"));
    assert!(header.contains("uri=\"/a?q=1\""), "{header}");
    assert_eq!(value("response").len(), 32);
    assert_eq!(value("cnonce").len(), 32);
    Some((value("nonce"), value("nc")))
}

/// The nonces and counts of all requests.
fn all_answered(server: &Raw) -> Vec<Option<(String, String)>> {
    let requests = server.requests();
    let own = |(nonce, count): (&str, &str)| (nonce.to_owned(), count.to_owned());
    requests.iter().map(|(_, request)| answered(request).map(own)).collect()
}

fn expected(nonces: &[Option<(&str, u32)>]) -> Vec<Option<(String, String)>> {
    let of = |(nonce, count): &(&str, u32)| (nonce.to_string(), format!("{count:08x}"));
    nonces.iter().map(|nonce| nonce.as_ref().map(of)).collect()
}

#[green]
fn status(client: &Client, server: &Raw) -> u16 {
    let request = client.post(server.url("/a?q=1")).body("body").digest_auth("anna", "secret");
    let answer = request.send().unwrap();
    let status = answer.status().as_u16();
    answer.bytes().unwrap();
    status
}

#[test]
fn a_server_is_asked_once_and_answered_with_each_request_until_it_wants_something_newer() {
    #[green]
    fn scenario() {
        let server = Raw::local(|_, request| match answered(request) {
            None => vec![nonce("one", "")],
            Some(("one", "00000001" | "00000002")) => vec![ok("fine")],
            Some(("one", _)) => vec![nonce("two", ", stale=true")],
            // One that says beforehand which is the next.
            Some(("two", "00000002")) => vec![say(
                "HTTP/1.1 200 OK\r\nAuthentication-Info: qop=auth, nextnonce=\"three\"\r\nContent-Length: 0\r\n\r\n",
            )],
            Some(_) => vec![ok("fine")],
        });
        let client = server.client().build().unwrap();
        for _ in 0..6 {
            assert_eq!(status(&client, &server), 200);
        }
        let nonces = [
            None,
            Some(("one", 1)),
            Some(("one", 2)),
            Some(("one", 3)),
            Some(("two", 1)),
            Some(("two", 2)),
            Some(("three", 1)),
            Some(("three", 2)),
        ];
        assert_eq!(all_answered(&server), expected(&nonces));
        // All over one connection, with the whole body.
        let requests = server.requests();
        assert!(requests.iter().all(|(number, request)| *number == 0 && request.ends_with("\r\n\r\nbody")));
        assert!(requests.iter().all(|(_, request)| !request.contains("secret")));
        drop(client);
        server.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_wrong_password_is_tried_once() {
    #[green]
    fn scenario() {
        // One with the same nonce each time, one with another one, one that says it is stale for ever.
        for (is_new, more, requests) in [(false, "", 2), (true, "", 2), (true, ", stale=true", 4)] {
            let server = Raw::local({
                let count = std::cell::Cell::new(0);
                move |_, _| {
                    count.set(count.get() + u32::from(is_new));
                    vec![nonce(&count.get().to_string(), more)]
                }
            });
            let client = server.client().build().unwrap();
            assert_eq!(status(&client, &server), 401);
            assert_eq!(server.requests().len(), requests);
            // The next request begins with what was asked last.
            assert_eq!(status(&client, &server), 401);
            assert!(answered(&server.requests()[requests].1).is_some());
            drop(client);
            server.end();
        }
    }
    run_virtual(scenario);
}

#[test]
fn what_is_no_challenge_of_ours_is_an_answer() {
    #[green]
    fn produce(out: Out) -> std::io::Result<()> {
        out.write("body")
    }
    #[green]
    fn scenario() {
        for challenge in ["Basic realm=\"r\"", "Digest realm=\"r\", nonce=\"1\", algorithm=NEW", "Digest"] {
            let challenge = challenge.to_owned();
            let server = Raw::local(move |_, _| vec![ask(&challenge)]);
            let client = server.client().header("authorization", "Basic abc").build().unwrap();
            assert_eq!(status(&client, &server), 401);
            // Neither this password nor another one is shown.
            assert!(!server.requests()[0].1.contains("authorization"), "{:?}", server.requests());
            assert_eq!(server.requests().len(), 1);
            drop(client);
            server.end();
        }
        // A stream cannot be sent again. What was asked is known afterwards.
        let server = Raw::local(|_, request| match request.contains("authorization: Digest") {
            false => vec![nonce("one", "")],
            true => vec![ok("fine")],
        });
        let client = server.client().build().unwrap();
        let send =
            || client.put(server.url("/a?q=1")).body(Body::stream(produce)).digest_auth("anna", "secret");
        assert_eq!(send().send().unwrap().status().as_u16(), 401);
        assert_eq!(send().send().unwrap().status().as_u16(), 200);
        drop(client);
        server.end();
    }
    run_virtual(scenario);
}

#[test]
fn another_server_is_told_nothing() {
    #[green]
    fn scenario() {
        let server =
            Raw::local(|_, request| match request.lines().next().unwrap().split(' ').nth(1).unwrap() {
                "/a?q=1" if answered(request).is_none() => vec![nonce("one", "")],
                "/a?q=1" => vec![say(
                    "HTTP/1.1 307 x\r\nLocation: http://other.test/there\r\nContent-Length: 0\r\n\r\n",
                )],
                _ => vec![nonce("other", "")],
            });
        let client = server.client().build().unwrap();
        assert_eq!(status(&client, &server), 401);
        let requests = server.requests();
        assert_eq!(requests.len(), 3);
        assert!(requests[1].1.contains("authorization: Digest"));
        assert!(requests[2].1.starts_with("POST /there HTTP/1.1\r\nhost: other.test\r\n"), "{requests:?}");
        assert!(!requests[2].1.contains("authorization"), "{requests:?}");
        drop(client);
        server.end();
    }
    run_virtual(scenario);
}
