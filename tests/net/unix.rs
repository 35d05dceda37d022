//! Unix sockets.

use std::io::ErrorKind;
use std::net::Shutdown;

use eventlet::green::io::{Read, Write};
use eventlet::green::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use eventlet::{hubs, sleep, spawn, with_timeout};
use eventlet_tests::{ms, tests_on_every_hub};

use super::socket_path;

tests_on_every_hub! {
    fn unix_connections_carry_bytes_both_ways() {
        let path = socket_path("stream", hubs::get_hub().name());
        let listener = UnixListener::bind(&path.0).unwrap();
        let server = spawn(#[green] move || {
            let (mut stream, address) = listener.accept().unwrap();
            assert!(address.is_unnamed());
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            stream.write_all(text.to_uppercase().as_bytes()).unwrap();
        });
        let mut client = UnixStream::connect(&path.0).unwrap();
        assert!(client.local_addr().unwrap().is_unnamed());
        assert_eq!(client.peer_addr().unwrap().as_pathname(), Some(&*path.0));
        client.write_all(b"quiet").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        assert_eq!(text, "QUIET");
        server.wait();
        assert_eq!(UnixStream::connect(&path.0).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }

    #[cfg(target_os = "linux")]
    fn names_outside_the_file_system_work() {
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::net::SocketAddr;

        let name = format!("eventlet-{}-{}", std::process::id(), hubs::get_hub().name());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listener = UnixListener::bind_addr(&address).unwrap();
        let client = spawn(#[green] move || UnixStream::connect_addr(&address).unwrap());
        let (_, _) = listener.accept().unwrap();
        let client = client.wait();
        assert_eq!(client.peer_addr().unwrap().as_abstract_name(), Some(name.as_bytes()));
    }

    fn a_peer_with_a_name_is_known_by_it() {
        let path = socket_path("named", hubs::get_hub().name());
        let peer_path = socket_path("peer", hubs::get_hub().name());
        let listener = UnixListener::bind(&path.0).unwrap();
        let peer = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
        peer.bind(&socket2::SockAddr::unix(&peer_path.0).unwrap()).unwrap();
        peer.connect(&socket2::SockAddr::unix(&path.0).unwrap()).unwrap();
        let (_, address) = listener.accept().unwrap();
        assert_eq!(address.as_pathname(), Some(&*peer_path.0));
    }

    #[cfg(target_os = "linux")]
    fn a_unix_listener_with_a_full_queue_is_waited_for() {
        let path = socket_path("full", hubs::get_hub().name());
        let std_listener = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
        std_listener.bind(&socket2::SockAddr::unix(&path.0).unwrap()).unwrap();
        std_listener.listen(0).unwrap();
        let listener = UnixListener::from_std(std_listener.into()).unwrap();
        let mut held = vec![];
        while let Ok(stream) = with_timeout(ms(5), || UnixStream::connect(&path.0)) {
            held.push(stream.unwrap());
        }
        let late = { let path = path.0.clone(); spawn(#[green] move || UnixStream::connect(path)) };
        sleep(ms(2));
        assert!(!late.is_finished());
        let _first = listener.accept().unwrap();
        late.wait().unwrap();
    }

    fn unix_datagrams_keep_their_edges() {
        let (one, other) = UnixDatagram::pair().unwrap();
        let receiver = spawn(#[green] move || {
            let mut buf = [0; 16];
            let (count, from) = other.recv_from(&mut buf).unwrap();
            assert!(from.is_unnamed());
            assert_eq!(other.recv(&mut buf[count..]).unwrap(), 2);
            String::from_utf8_lossy(&buf[..count + 2]).into_owned()
        });
        sleep(ms(1));
        one.send(b"abc").unwrap();
        one.send(b"de").unwrap();
        assert_eq!(receiver.wait(), "abcde");
    }

    fn a_full_datagram_receiver_is_waited_for() {
        let path = socket_path("datagram", hubs::get_hub().name());
        let receiver = UnixDatagram::bind(&path.0).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        sender.set_nonblocking(true).unwrap();
        let mut sent = 0;
        loop {
            match sender.send_to(b"x", &path.0) {
                Ok(count) => sent += count,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    break;
                }
            }
        }
        sender.set_nonblocking(false).unwrap();
        sender.set_write_timeout(Some(ms(5))).unwrap();
        assert_eq!(sender.send_to(b"x", &path.0).unwrap_err().kind(), ErrorKind::TimedOut);
        sender.set_write_timeout(None).unwrap();
        let late = { let path = path.0.clone(); spawn(#[green] move || sender.send_to(b"last", path)) };
        sleep(ms(2));
        let mut buf = [0; 8];
        for _ in 0..sent {
            assert_eq!(receiver.recv(&mut buf).unwrap(), 1);
        }
        assert_eq!(receiver.recv(&mut buf).unwrap(), 4);
        assert_eq!(late.wait().unwrap(), 4);
    }

    fn a_full_datagram_peer_is_waited_for() {
        let (one, other) = UnixDatagram::pair().unwrap();
        let sender = spawn(#[green] move || {
            for number in 0..2000_u32 {
                one.send(&number.to_ne_bytes()).unwrap();
            }
        });
        let mut buf = [0; 4];
        for number in 0..2000_u32 {
            other.recv(&mut buf).unwrap();
            assert_eq!(u32::from_ne_bytes(buf), number);
        }
        sender.wait();
    }
}
