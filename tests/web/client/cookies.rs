//! Cookies: who is sent which.

use std::cell::RefCell;
use std::rc::Rc;

use eventlet::green;
use eventlet::http::Client;
use eventlet::testing::run_clean;

use super::{Raw, say};

fn client() -> Client {
    Client::builder().cookies(true).build().unwrap()
}

#[test]
fn they_are_kept_and_sent_to_where_they_belong() {
    #[green]
    fn scenario() {
        let set = Rc::new(RefCell::new(vec!["a=1; Path=/", "b=2; Path=/deep", "gone=1; Max-Age=0"]));
        let sets = set.clone();
        let raw = Raw::new(move |_, _| {
            let lines: String =
                sets.take().iter().map(|cookie| format!("Set-Cookie: {cookie}\r\n")).collect();
            vec![say(format!("HTTP/1.1 302 x\r\n{lines}Content-Length: 0\r\n\r\n"))]
        });
        let client = client();
        for path in ["/", "/", "/deep/er", "/deeper"] {
            client.get(raw.url(path)).send().unwrap();
        }
        client.get(raw.url("/")).header("cookie", "mine=1").send().unwrap();
        set.replace(vec!["a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/"]);
        client.get(raw.url("/")).send().unwrap();
        client.get(raw.url("/")).send().unwrap();
        let sent = raw.requests().into_iter().map(|(_, request)| {
            let line = request.lines().find(|line| line.starts_with("cookie: "));
            line.map_or(String::new(), |line| line["cookie: ".len()..].to_owned())
        });
        assert_eq!(sent.collect::<Vec<_>>(), ["", "a=1", "b=2; a=1", "a=1", "mine=1", "a=1", ""]);
        // Other clients have none, nor has one that keeps none.
        assert_eq!(Client::new().cookies(raw.url("/")), None);
        assert!(!Client::new().set_cookie(raw.url("/"), "a=b"));
        drop(client);
        raw.end();
    }
    run_clean(scenario);
}

#[test]
fn nobody_sets_one_for_strangers() {
    #[green]
    fn scenario() {
        let client = client();
        let url = "https://www.example.co.uk/a/b";
        assert!(client.set_cookie(url, "host=1"));
        assert!(client.set_cookie(url, "wide=1; Domain=example.co.uk; Path=/"));
        assert!(client.set_cookie(url, "secure=1; Secure; Path=/"));
        for refused in [
            "x=1; Domain=co.uk",
            "x=1; Domain=uk",
            "x=1; Domain=other.co.uk",
            "x=1; Domain=.co.uk",
            "no cookie",
        ] {
            assert!(!client.set_cookie(url, refused), "{refused}");
        }
        assert!(!client.set_cookie(url, &format!("x={}", "y".repeat(5000))));
        let sent = |url: &str| {
            let mut pairs: Vec<String> =
                client.cookies(url).unwrap_or_default().split("; ").map(str::to_owned).collect();
            pairs.sort();
            pairs.join(" ")
        };
        assert_eq!(sent("https://www.example.co.uk/a/c"), "host=1 secure=1 wide=1");
        assert_eq!(sent("http://www.example.co.uk/a/"), "host=1 wide=1");
        assert_eq!(sent("http://other.example.co.uk/a/"), "wide=1");
        assert_eq!(sent("http://ample.co.uk/"), "");
        client.clear_cookies();
        assert_eq!(client.cookies(url), None);
        // Whoever is called like that may have its own.
        assert!(client.set_cookie("http://localhost/", "own=1; Domain=localhost"));
        for number in 0..200 {
            let is_kept = client.set_cookie(url, &format!("a{number}=1"));
            assert_eq!(is_kept, number < 180, "{number}");
        }
        assert!(client.set_cookie(url, "a0=2"));
    }
    run_clean(scenario);
}

#[test]
fn one_site_has_room_for_so_many_wherever_it_wants_them() {
    #[green]
    fn scenario() {
        let client = client();
        let other = "http://other.test/";
        for number in 0..200 {
            // Of one name below each path, and from many hosts of one site.
            let is_kept = match number % 2 {
                0 => client.set_cookie("http://evil.test/", &format!("a=1; Path=/{number}")),
                _ => client.set_cookie(format!("http://{number}.evil.test/"), "a=1"),
            };
            assert_eq!(is_kept, number < 180, "{number}");
        }
        for address in ["http://10.0.0.1/", "http://11.0.0.1/", "http://[::1]/", other] {
            assert!(client.set_cookie(address, "a=1"), "{address}");
        }
    }
    run_clean(scenario);
}

#[test]
fn what_is_over_takes_no_room() {
    #[green]
    fn scenario() {
        let client = client();
        for number in 0..4000 {
            let url = format!("http://site{}.test/", number % 40);
            assert!(client.set_cookie(&url, &format!("a{number}=1")), "{number}");
            assert!(client.set_cookie(&url, &format!("a{number}=; Max-Age=0")), "{number}");
        }
        assert_eq!(client.cookies("http://site1.test/"), None);
        assert!(client.set_cookie("http://site1.test/", "a=1"));
    }
    run_clean(scenario);
}

#[test]
fn what_cannot_be_sent_is_not_kept() {
    #[green]
    fn scenario() {
        let client = client();
        assert!(client.set_cookie("http://a.test/", "a=1"));
        for refused in ["b=1\r\nX: y", "b=\0", "b=1\x7f"] {
            assert!(!client.set_cookie("http://a.test/", refused), "{refused:?}");
        }
        assert_eq!(client.cookies("http://a.test/").as_deref(), Some("a=1"));
    }
    run_clean(scenario);
}
