//! UDP.

use std::io::ErrorKind;
use std::rc::Rc;

use eventlet::green::net::UdpSocket;
use eventlet::{sleep, spawn};
use eventlet_tests::{ms, tests_on_every_hub};

tests_on_every_hub! {
    fn close_wakes_whoever_waits_for_a_datagram() {
        let socket = Rc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
        let receiver = { let socket = socket.clone(); spawn(#[green] move || socket.recv_from(&mut [0; 8])) };
        sleep(ms(1));
        socket.close();
        assert_eq!(receiver.wait().unwrap_err().kind(), ErrorKind::NotConnected);
    }

    fn datagrams_keep_their_edges() {
        let one = UdpSocket::bind("127.0.0.1:0").unwrap();
        let other = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (here, there) = (one.local_addr().unwrap(), other.local_addr().unwrap());
        let receiver = spawn(#[green] move || {
            let mut buf = [0; 16];
            let mut seen = vec![];
            for _ in 0..3 {
                let (count, from) = other.recv_from(&mut buf).unwrap();
                seen.push((String::from_utf8_lossy(&buf[..count]).into_owned(), from));
            }
            seen
        });
        sleep(ms(1));
        for text in ["one", "", "three"] {
            assert_eq!(one.send_to(text.as_bytes(), there).unwrap(), text.len());
        }
        let expected = ["one", "", "three"].map(|text| (text.to_owned(), here));
        assert_eq!(receiver.wait(), expected);
    }

    fn a_connected_datagram_socket_hears_its_peer_alone() {
        let one = UdpSocket::bind("127.0.0.1:0").unwrap();
        let other = UdpSocket::bind("127.0.0.1:0").unwrap();
        let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
        one.connect(other.local_addr().unwrap()).unwrap();
        other.connect(one.local_addr().unwrap()).unwrap();
        stranger.send_to(b"noise", one.local_addr().unwrap()).unwrap();
        other.send(b"signal").unwrap();
        let mut buf = [0; 16];
        assert_eq!(one.peek(&mut buf).unwrap(), 6);
        assert_eq!(one.recv(&mut buf).unwrap(), 6);
        assert_eq!(&buf[..6], b"signal");
        one.set_read_timeout(Some(ms(2))).unwrap();
        assert_eq!(one.recv(&mut buf).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(one.recv_from(&mut buf).unwrap_err().kind(), ErrorKind::TimedOut);
        one.set_nonblocking(true).unwrap();
        assert_eq!(one.peek_from(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(one.peer_addr().unwrap(), other.local_addr().unwrap());
    }
}
