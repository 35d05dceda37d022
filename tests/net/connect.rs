//! Listening, accepting, connecting, names.

use std::io::ErrorKind;
use std::net::SocketAddr;

use eventlet::convenience::{ListenOptions, connect_from};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{connect, listen, sleep, spawn, with_timeout};
use eventlet_tests::{events, ms, note, tests_on_every_hub};

tests_on_every_hub! {
    fn close_wakes_whoever_accepts_and_later_connections_are_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let other_handle = listener.try_clone().unwrap();
        let acceptor = spawn(#[green] move || listener.accept().map(drop).unwrap_err().kind());
        sleep(ms(1));
        other_handle.close();
        assert_eq!(acceptor.wait(), ErrorKind::NotConnected);
        assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }

    fn an_abandoned_accept_loses_no_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert!(with_timeout(ms(2), || listener.accept()).is_err());
        let client = TcpStream::connect(address).unwrap();
        let (_, peer) = listener.accept().unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
    }

    fn connections_come_in_one_by_one() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let clients = spawn(#[green] move || {
            let mut clients = vec![];
            for _ in 0..5 {
                clients.push(connect(address).unwrap());
            }
            clients
        });
        let mut accepted = vec![];
        for stream in listener.incoming() {
            accepted.push(stream.unwrap());
            if accepted.len() == 5 {
                break;
            }
        }
        let clients = clients.wait();
        let mine: Vec<SocketAddr> = clients.iter().map(|client| client.local_addr().unwrap()).collect();
        let theirs: Vec<SocketAddr> = accepted.iter().map(|stream| stream.peer_addr().unwrap()).collect();
        assert_eq!(mine, theirs);
    }

    fn a_refused_connection_is_an_error() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }

    fn each_address_is_tried_in_turn() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let good = listener.local_addr().unwrap();
        let bad = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let client = connect(&[bad, good][..]).unwrap();
        assert_eq!(client.peer_addr().unwrap(), good);
        assert_eq!(connect(&[bad, bad][..]).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        assert_eq!(connect(&[][..]).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    fn a_connection_can_come_from_a_chosen_address() {
        let listener = listen("127.0.0.1:0").unwrap();
        let local = "127.0.0.1:0".parse().unwrap();
        let client = connect_from(local, listener.local_addr().unwrap()).unwrap();
        let (_, peer) = listener.accept().unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
    }

    #[cfg(target_os = "linux")]
    fn a_connection_that_takes_too_long_is_timed_out() {
        let listener = ListenOptions::new().backlog(0).listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut held = vec![];
        let error = loop {
            match TcpStream::connect_timeout(&address, ms(20)) {
                Ok(stream) => held.push(stream),
                Err(error) => break error,
            }
            assert!(held.len() < 16, "the queue never fills");
        };
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        // So is one from outside, which leaves nothing behind.
        assert!(with_timeout(ms(5), || connect(address)).is_err());
    }

    fn a_host_name_is_looked_up_while_others_go_on() {
        let ticker = spawn(#[green] || note("tick"));
        let listener = TcpListener::bind("localhost:0").unwrap();
        note("bound");
        ticker.wait();
        assert_eq!(events(), ["tick", "bound"]);
        let port = listener.local_addr().unwrap().port();
        connect(("localhost", port)).unwrap();
        connect(format!("localhost:{port}")).unwrap();
        assert_eq!(connect("no port").unwrap_err().kind(), ErrorKind::InvalidInput);
        for port in ["x", "65539", ""] {
            let error = connect(format!("localhost:{port}")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().starts_with(&format!("`{port}` is no port")), "{error}");
        }
    }
}
