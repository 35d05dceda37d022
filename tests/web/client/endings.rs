//! What goes wrong, and what is said of it.

use std::io;

use eventlet::green;
use eventlet::http::client::Phase;
use eventlet::http::{self, Client, Method};
use eventlet::testing::run_clean;
use eventlet::tls::{TlsAcceptor, TlsConnector, TlsListener};
use eventlet::wsgi::{RequestExt, Server};
use eventlet::{listen, spawn};
use eventlet_web_tests::authority::AUTHORITY;

use super::{Raw, Step, say};

#[test]
fn a_request_that_cannot_be_made_says_why() {
    #[green]
    fn scenario() {
        for (url, reason) in [
            ("no url", "relative URL without a base"),
            ("ftp://example.org/", "`ftp` is neither http nor https"),
            ("http://", "empty host"),
            ("http://a b/", "invalid international domain name"),
        ] {
            let error = http::get(url).unwrap_err();
            assert_eq!((error.kind(), error.phase()), (io::ErrorKind::InvalidInput, Phase::Build));
            assert_eq!(error.to_string(), format!("GET {url}: cannot make the request: {reason}"));
        }
        let client = Client::new();
        let error = client.get("http://a/").header("x", "a\r\nb: c").send().unwrap_err();
        assert_eq!(
            error.to_string(),
            "GET http://a/: cannot make the request: a header's value cannot be one"
        );
        let error = client.get("http://a/").header("a b", "c").send().unwrap_err();
        assert_eq!(
            error.to_string(),
            "GET http://a/: cannot make the request: a header's name cannot be one"
        );
        let error = client.get("http://me:secret@a/").bearer_auth("a\nb").send().unwrap_err();
        assert_eq!(
            error.to_string(),
            "GET http://me@a/: cannot make the request: these credentials cannot stand in a header"
        );
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        // What is no URL may have a password in it, too.
        for (url, shown) in [
            ("http://me:secret@a b/", "http://me:…@a b/"),
            ("http://me:se/cret@a/", "http://me:…@a/"),
            ("http://me:se@cret@a:b/", "http://me:…@a:b/"),
            ("me:secret@a/", "me:…@a/"),
            ("http://a b/@c", "http://a b/@c"),
        ] {
            let error = http::get(url).unwrap_err();
            assert_eq!(error.url(), shown);
            assert!(error.to_string().starts_with(&format!("GET {shown}: cannot make the request: ")));
            assert!(!format!("{error:?}").contains("cret"), "{error:?}");
        }
        assert!(Client::builder().header("a", "b\n").build().is_err());
        let error = client.request(Method::CONNECT, "http://a/").send().unwrap_err();
        assert_eq!(error.to_string(), "CONNECT http://a/: cannot make the request: a tunnel is for proxies");
    }
    run_clean(scenario);
}

#[test]
fn a_connection_that_cannot_be_made_says_where_it_failed() {
    #[green]
    fn scenario() {
        let error = http::get("http://name.invalid/").unwrap_err();
        assert_eq!(error.phase(), Phase::Resolve, "{error}");
        assert!(error.to_string().starts_with("GET http://name.invalid/: cannot find the host: "), "{error}");
        let address = listen("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = http::get(format!("http://{address}/")).unwrap_err();
        assert_eq!((error.phase(), error.kind()), (Phase::Connect, io::ErrorKind::ConnectionRefused));
        let error = io::Error::from(error);
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(error.to_string().contains(&format!("http://{address}/")), "{error}");
    }
    run_clean(scenario);
}

#[test]
fn an_answer_that_is_none_is_an_error_of_its_kind() {
    #[green]
    fn scenario() {
        let table = [
            (io::ErrorKind::UnexpectedEof, Phase::ReceiveHead, &["", "HTTP/1.1 200 O"][..]),
            (
                io::ErrorKind::InvalidData,
                Phase::ReceiveHead,
                &[
                    "garbage\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nA b\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc",
                    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
                ],
            ),
            (
                io::ErrorKind::UnexpectedEof,
                Phase::ReceiveBody,
                &[
                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
                ],
            ),
            (
                io::ErrorKind::InvalidData,
                Phase::ReceiveBody,
                &["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"],
            ),
        ];
        for (kind, phase, answers) in table {
            for &answer in answers {
                let raw = Raw::new(move |_, _| vec![say(answer), Step::Close]);
                let error = match http::get(raw.url("/")) {
                    Err(error) => error,
                    Ok(response) => response.bytes().unwrap_err(),
                };
                assert_eq!((error.kind(), error.phase()), (kind, phase), "{answer:?}: {error}");
                assert!(error.to_string().starts_with(&format!("GET {}: ", raw.url("/"))), "{error}");
                raw.end();
            }
        }
        // An end is what says how long this one is.
        let raw = Raw::new(|_, _| vec![say("HTTP/1.0 200 OK\r\n\r\nabc"), Step::Close]);
        assert_eq!(http::get(raw.url("/")).unwrap().text().unwrap(), "abc");
        raw.end();
    }
    run_clean(scenario);
}

#[test]
fn servers_are_asked_over_tls_and_must_show_who_they_are() {
    #[green]
    fn scenario() {
        let identity = AUTHORITY.identity(&["server.test", "127.0.0.1"]);
        let acceptor = TlsAcceptor::new(&identity.certificate, &identity.key).unwrap();
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new();
        let handle = server.handle();
        let app = |request: eventlet::http::Request| async move {
            format!("{}", request.peer().unwrap().is_encrypted())
        };
        let serving = spawn(move || server.serve(TlsListener::new(listener, acceptor), app));

        let connector = TlsConnector::builder().roots(AUTHORITY.pem.clone()).build().unwrap();
        let builder =
            Client::builder().tls(connector).resolve("server.test", address).resolve("other.test", address);
        let client = builder.build().unwrap();
        for host in ["server.test", "127.0.0.1"] {
            for _ in 0..2 {
                let url = format!("https://{host}:{}/", address.port());
                assert_eq!(client.get(url).send().unwrap().text().unwrap(), "true");
            }
        }
        assert_eq!(client.idle_connections(), 2);
        let url = format!("https://other.test:{}/", address.port());
        let error = client.get(&url).send().unwrap_err();
        assert_eq!((error.phase(), error.kind()), (Phase::Handshake, io::ErrorKind::InvalidData));
        assert!(
            error
                .to_string()
                .starts_with(&format!("GET {url}: cannot begin TLS: invalid peer certificate: ")),
            "{error}"
        );
        // A connector that offers what is not to be spoken would get it.
        let connector = TlsConnector::builder().roots(AUTHORITY.pem.clone()).alpn(["h2"]).build().unwrap();
        let builder = Client::builder().tls(connector).resolve("server.test", address);
        let eager = builder.http1_only(true).build().unwrap();
        let error = eager.get(format!("https://server.test:{}/", address.port())).send().unwrap_err();
        assert_eq!((error.phase(), error.kind()), (Phase::Handshake, io::ErrorKind::InvalidInput));
        assert!(error.to_string().contains("`h2` was agreed on"), "{error}");
        drop((client, eager));
        handle.stop();
        serving.wait().unwrap();
    }
    run_clean(scenario);
}
