//! Requests that go through somebody else.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use eventlet::green::io::{Read, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::http::Client;
use eventlet::http::client::Phase;
use eventlet::testing::run_clean;
use eventlet::tls::{TlsAcceptor, TlsConnector, TlsListener};
use eventlet::wsgi::Server;
use eventlet::{GreenThread, connect, green, listen, spawn};
use eventlet_web_tests::authority::AUTHORITY;

use super::{Raw, Step, ok, quiet, say};

#[test]
fn requests_in_the_clear_tell_the_proxy_where_they_go_over_one_connection() {
    #[green]
    fn scenario() {
        let raw = Raw::new(|_, _| vec![ok("from the proxy")]);
        let builder = Client::builder().header("user-agent", "test");
        let client = builder.proxy(format!("http://me:secret@{}", raw.address)).build().unwrap();
        for url in ["http://one.test/a?b", "http://me:own@two.test:81/"] {
            assert_eq!(client.get(url).send().unwrap().text().unwrap(), "from the proxy");
        }
        let always = "user-agent: test\r\naccept: */*\r\naccept-encoding: gzip, br, zstd\r\n";
        let expected = [
            (
                0,
                format!(
                    "GET http://one.test/a?b HTTP/1.1\r\nhost: one.test\r\n{always}proxy-authorization: Basic bWU6c2VjcmV0\r\n\r\n"
                ),
            ),
            (
                0,
                format!(
                    "GET http://two.test:81/ HTTP/1.1\r\nhost: two.test:81\r\n{always}authorization: Basic bWU6b3du\r\n\
                 proxy-authorization: Basic bWU6c2VjcmV0\r\n\r\n"
                ),
            ),
        ];
        assert_eq!(raw.requests(), expected);
        // Some are asked directly.
        let builder = Client::builder().proxy("127.0.0.1:1").no_proxy_for("127.0.0.0/8");
        assert_eq!(
            builder.build().unwrap().get(raw.url("/")).send().unwrap().text().unwrap(),
            "from the proxy"
        );
        drop(client);
        raw.end();
    }
    run_clean(scenario);
}

/// Carries bytes in one direction.
#[green]
fn carry(mut from: impl Read, mut to: impl Write) {
    let mut buf = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buf) {
        if to.write_all(&buf[..count]).is_err() {
            return;
        }
    }
}

/// Makes a tunnel to `target` for one client, and keeps what it has asked.
#[green]
fn tunnel(mut client: TcpStream, target: SocketAddr, asked: Rc<RefCell<Vec<String>>>) {
    let mut head = vec![];
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    asked.borrow_mut().push(String::from_utf8(head).unwrap());
    client.write_all(b"HTTP/1.1 200 Connection established\r\nvia: us\r\n\r\n").unwrap();
    let server = connect(target).unwrap();
    let ((read, write), (theirs, ours)) = (client.into_split(), server.into_split());
    let back = spawn(move || carry(theirs, write));
    carry(read, ours);
    back.wait();
}

/// A proxy that makes tunnels to `target`.
#[green]
fn tunnels(target: SocketAddr, asked: Rc<RefCell<Vec<String>>>) -> (SocketAddr, GreenThread<io::Result<()>>) {
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let handle = move |client, _: SocketAddr| tunnel(client, target, asked.clone());
    (address, spawn(move || eventlet::serve(listener, handle, 10)))
}

#[test]
fn encrypted_requests_go_through_a_tunnel_in_which_the_proxy_sees_nothing() {
    #[green]
    fn scenario() {
        let identity = AUTHORITY.identity(&["server.test"]);
        let acceptor = TlsAcceptor::new(&identity.certificate, &identity.key).unwrap();
        let listener = listen("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap();
        let server = Server::new();
        let handle = server.handle();
        let app = |request: eventlet::http::Request| async move {
            format!("{:?}", request.headers().get("proxy-authorization"))
        };
        let serving = spawn(move || server.serve(TlsListener::new(listener, acceptor), app));
        let asked = Rc::default();
        let (proxy, proxying) = tunnels(target, Rc::clone(&asked));

        let connector = TlsConnector::builder().roots(AUTHORITY.pem.clone()).build().unwrap();
        let client =
            Client::builder().tls(connector).proxy(format!("http://me:secret@{proxy}")).build().unwrap();
        for _ in 0..2 {
            assert_eq!(client.get("https://server.test/").send().unwrap().text().unwrap(), "None");
        }
        let expected = "CONNECT server.test:443 HTTP/1.1\r\nhost: server.test:443\r\n\
                        proxy-authorization: Basic bWU6c2VjcmV0\r\n\r\n";
        assert_eq!(*asked.borrow(), [expected]);
        drop(client);
        handle.stop();
        serving.wait().unwrap();
        proxying.kill();
        while eventlet::hubs::get_hub().threads() > 1 {
            eventlet::sleep(super::MS);
        }
    }
    run_clean(scenario);
}

#[test]
fn a_proxy_that_makes_no_tunnel_is_an_error_that_says_so() {
    #[green]
    fn scenario() {
        for (answer, kind, reason) in [
            (
                "HTTP/1.1 407 Who are you\r\n\r\n",
                io::ErrorKind::PermissionDenied,
                "the proxy says `407 Who are you`",
            ),
            (
                "HTTP/1.1 502 Bad\r\nContent-Length: 3\r\n\r\nbad",
                io::ErrorKind::ConnectionRefused,
                "the proxy says `502 Bad`",
            ),
            ("", io::ErrorKind::UnexpectedEof, "the proxy ended the connection"),
            ("SSH-2.0-x\r\n\r\n", io::ErrorKind::InvalidData, "the proxy does not speak HTTP"),
            (
                "HTTP/1.1 200 OK\r\n\r\nmore",
                io::ErrorKind::InvalidData,
                "the proxy sent more than its answer",
            ),
        ] {
            let raw = Raw::new(move |_, _| vec![say(answer), Step::Close]);
            let client = Client::builder().proxy(raw.address.to_string()).build().unwrap();
            let error = client.get("https://server.test/").send().unwrap_err();
            assert_eq!((error.phase(), error.kind()), (Phase::Proxy, kind), "{error}");
            assert_eq!(
                error.to_string(),
                format!("GET https://server.test/: cannot go through the proxy: {reason}")
            );
            raw.end();
        }
        let long = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(20_000));
        let raw = Raw::new(move |_, _| vec![say(long.clone())]);
        let client = Client::builder().proxy(raw.address.to_string()).build().unwrap();
        let error = client.get("https://server.test/").send().unwrap_err();
        assert!(error.to_string().ends_with("the proxy's answer is too long"), "{error}");
        raw.end();
        for bad in ["socks4://proxy", "http://", "ftp://proxy"] {
            assert!(Client::builder().proxy(bad).build().is_err(), "{bad}");
        }
        assert!(quiet().get("http://127.0.0.1:1/").send().is_err());
    }
    run_clean(scenario);
}

/// A proxy of SOCKS for one client, which knows `anna` and makes a tunnel to `target`, whatever is asked for; gives that, and what
/// the client has sent behind it.
#[green]
fn socks(server: TcpListener, target: SocketAddr, outcome: u8) -> Vec<u8> {
    let (mut client, _) = server.accept().unwrap();
    let mut asked = vec![0; 2];
    client.read_exact(&mut asked).unwrap();
    let mut methods = vec![0; usize::from(asked[1])];
    client.read_exact(&mut methods).unwrap();
    if methods.contains(&2) {
        client.write_all(&[5, 2]).unwrap();
        let mut credentials = [0; 13];
        client.read_exact(&mut credentials).unwrap();
        assert_eq!(&credentials, b"\x01\x04anna\x06se cre");
        client.write_all(&[1, 0]).unwrap();
    } else {
        client.write_all(&[5, 0]).unwrap();
    }
    let mut head = [0; 4];
    client.read_exact(&mut head).unwrap();
    assert_eq!(head[..3], [5, 1, 0]);
    let length = match head[3] {
        1 => 4,
        4 => 16,
        _ => {
            let mut length = [0];
            client.read_exact(&mut length).unwrap();
            usize::from(length[0])
        }
    };
    let mut place = vec![0; length + 2];
    client.read_exact(&mut place).unwrap();
    // The address that it begins at is a name here.
    client.write_all(&[&[5, outcome, 0, 3, 2], &b"me"[..], &[0, 9]].concat()).unwrap();
    if outcome == 0 {
        let stream = connect(target).unwrap();
        let ((read, write), (theirs, ours)) = (client.into_split(), stream.into_split());
        let back = spawn(move || carry(theirs, write));
        carry(read, ours);
        back.wait();
    }
    place
}

#[test]
fn a_proxy_of_socks_is_told_a_name_or_an_address_and_carries_everything() {
    #[green]
    fn scenario() {
        let raw = Raw::new(|_, _| vec![ok("behind"), Step::Close]);
        let port = 81_u16.to_be_bytes();
        let name = [&b"one.test"[..], &port].concat();
        let address = [&[127, 0, 0, 9][..], &port].concat();
        for (scheme, host, place) in [
            ("socks5h", "one.test", &name),
            ("socks5h", "127.0.0.9", &address),
            ("socks5", "one.test", &address),
        ] {
            for credentials in ["", "anna:se%20cre@"] {
                let server = listen("127.0.0.1:0").unwrap();
                let url = format!("{scheme}://{credentials}{}", server.local_addr().unwrap());
                let target = raw.address;
                let serving = spawn(move || socks(server, target, 0));
                let client = Client::builder().proxy(url).resolve("one.test", ([127, 0, 0, 9], 0).into());
                let client = client.build().unwrap();
                assert_eq!(
                    client.get(format!("http://{host}:81/")).send().unwrap().text().unwrap(),
                    "behind"
                );
                drop(client);
                assert_eq!(serving.wait(), *place);
            }
        }
        raw.end();
    }
    run_clean(scenario);
}

#[test]
fn a_proxy_of_socks_that_makes_no_tunnel_says_why() {
    #[green]
    fn scenario() {
        let nowhere: SocketAddr = ([127, 0, 0, 1], 1).into();
        for (outcome, kind, reason) in [
            (2, io::ErrorKind::PermissionDenied, "the proxy does not allow it"),
            (4, io::ErrorKind::HostUnreachable, "the proxy does not reach the host"),
            (5, io::ErrorKind::ConnectionRefused, "the host has refused the proxy"),
            (99, io::ErrorKind::InvalidData, "the proxy gives no known reason"),
        ] {
            let server = listen("127.0.0.1:0").unwrap();
            let url = format!("socks5h://{}", server.local_addr().unwrap());
            let serving = spawn(move || socks(server, nowhere, outcome));
            let client = Client::builder().proxy(url).build().unwrap();
            let error = client.get("http://one.test/").send().unwrap_err();
            assert_eq!((error.phase(), error.kind()), (Phase::Proxy, kind), "{error}");
            assert!(error.to_string().ends_with(reason), "{error}");
            serving.wait();
        }
        // What speaks something else.
        let listener = listen("127.0.0.1:0").unwrap();
        let url = format!("socks5h://{}", listener.local_addr().unwrap());
        let serving = spawn(
            #[green]
            move || {
                let (mut client, _) = listener.accept().unwrap();
                let mut greeting = [0; 3];
                client.read_exact(&mut greeting).unwrap();
                client.write_all(b"HTTP/1.1 400").unwrap();
            },
        );
        let client = Client::builder().proxy(url).build().unwrap();
        let error = client.get("http://one.test/").send().unwrap_err();
        assert_eq!((error.phase(), error.kind()), (Phase::Proxy, io::ErrorKind::InvalidData), "{error}");
        serving.wait();
        assert!(Client::builder().proxy("socks4://proxy").build().is_err());
    }
    run_clean(scenario);
}
