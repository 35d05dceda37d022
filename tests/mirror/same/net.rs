//! std's `net` and `os::unix::net`.

use super::std;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::thread;
use std::time::Duration;

same! {
    fn echo(listener: TcpListener, times: u32) -> io::Result<()> {
        let mut left = times;
        for client in listener.incoming() {
            let mut client = client?;
            let mut bytes = vec![];
            client.read_to_end(&mut bytes)?;
            client.write_all(&bytes)?;
            left -= 1;
            if left == 0 {
                break;
            }
        }
        Ok(())
    }

    fn ask(address: SocketAddr, text: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(text.as_bytes())?;
        stream.shutdown(Shutdown::Write)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    #[test]
    fn a_connection_carries_bytes_both_ways() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || echo(listener, 2));
        assert_eq!(ask(address, "one").unwrap(), "one");
        assert_eq!(ask(address, "another").unwrap(), "another");
        server.join().unwrap().unwrap();
        assert_eq!(ask(address, "none").unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }

    fn connect(address: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect_timeout(&address, Duration::from_secs(60))
    }

    #[test]
    fn a_stream_has_its_options_and_shows_what_comes() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let client = thread::spawn(move || connect(address));
        let (mut here, from) = listener.accept().unwrap();
        let mut there = client.join().unwrap().unwrap();
        assert_eq!((there.local_addr().unwrap(), there.peer_addr().unwrap()), (from, address));
        here.set_nodelay(true).unwrap();
        assert!(here.nodelay().unwrap());
        assert_eq!(here.set_read_timeout(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::InvalidInput);
        here.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        assert_eq!(here.read_timeout().unwrap(), Some(Duration::from_millis(20)));
        let error = here.read(&mut [0; 1]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
        there.write_all(b"seen").unwrap();
        let mut bytes = [0; 4];
        here.set_read_timeout(None).unwrap();
        assert_eq!(here.peek(&mut bytes).unwrap(), 4);
        here.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"seen");
        let mut other = there.try_clone().unwrap();
        other.write_all(b"more").unwrap();
        drop((there, other));
        here.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"more");
        assert_eq!(here.read(&mut bytes).unwrap(), 0);
        assert_eq!(here.read_exact(&mut [0; 1]).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        assert!(here.take_error().unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_bound_or_found_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = listener.local_addr().unwrap();
        assert_eq!(TcpListener::bind(taken).unwrap_err().kind(), ErrorKind::AddrInUse);
        assert_eq!(TcpStream::connect("no port").unwrap_err().kind(), ErrorKind::InvalidInput);
        let nothing: [SocketAddr; 0] = [];
        assert_eq!(TcpStream::connect(&nothing[..]).unwrap_err().kind(), ErrorKind::InvalidInput);
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    }

    fn answer(socket: UdpSocket) -> io::Result<()> {
        let mut bytes = [0; 16];
        let (count, from) = socket.recv_from(&mut bytes)?;
        socket.send_to(&bytes[..count], from)?;
        Ok(())
    }

    #[test]
    fn datagrams_go_to_an_address_and_come_from_one() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let answering = thread::spawn(move || answer(server));
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.connect(address).unwrap();
        assert_eq!(client.send(b"a datagram").unwrap(), 10);
        let mut bytes = [0; 4];
        assert_eq!(client.recv(&mut bytes).unwrap(), 4, "what has no room is gone");
        assert_eq!((&bytes, client.peer_addr().unwrap()), (b"a da", address));
        answering.join().unwrap().unwrap();
    }

    #[test]
    fn unix_sockets_have_paths_or_are_pairs() {
        let path = std::env::temp_dir().join(format!("eventlet-mirror-{}-{}", std::process::id(), module_path!().len()));
        let listener = UnixListener::bind(&path).unwrap();
        let mut client = UnixStream::connect(&path).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        client.write_all(b"abc").unwrap();
        drop(client);
        let mut text = String::new();
        server.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), listener.local_addr().unwrap().as_pathname()), ("abc", Some(path.as_path())));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(UnixStream::connect(&path).unwrap_err().kind(), ErrorKind::NotFound);
        let (one, other) = UnixDatagram::pair().unwrap();
        one.send(b"x").unwrap();
        let mut bytes = [0; 2];
        assert_eq!((other.recv(&mut bytes).unwrap(), bytes), (1, [b'x', 0]));
    }

    #[test]
    fn a_datagram_is_looked_at_and_taken_and_a_limit_holds() {
        let (one, other) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let (from, to) = (one.local_addr().unwrap(), other.local_addr().unwrap());
        assert_eq!(one.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
        assert_eq!(one.send_to(b"seen", to).unwrap(), 4);
        let mut bytes = [0; 8];
        assert_eq!(other.peek_from(&mut bytes).unwrap(), (4, from));
        assert_eq!((other.recv_from(&mut bytes).unwrap(), &bytes[..4]), ((4, from), &b"seen"[..]));
        other.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let error = other.recv(&mut bytes).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
        other.set_broadcast(true).unwrap();
        assert!(other.broadcast().unwrap());
    }

    fn greet(listener: UnixListener, times: usize) -> io::Result<()> {
        let mut left = times;
        for client in listener.incoming() {
            client?.write_all(b"hello")?;
            left -= 1;
            if left == 0 {
                break;
            }
        }
        Ok(())
    }

    #[test]
    fn unix_connections_come_one_by_one_and_datagrams_from_a_path() {
        let path = |name: &str| {
            std::env::temp_dir().join(format!("eventlet-mirror-{name}-{}-{}", std::process::id(), module_path!().len()))
        };
        let (listens, receives) = (path("listens"), path("receives"));
        let listener = UnixListener::bind(&listens).unwrap();
        assert_eq!(UnixListener::bind(&listens).unwrap_err().kind(), ErrorKind::AddrInUse);
        let server = thread::spawn(move || greet(listener, 2));
        for _ in 0..2 {
            let mut text = String::new();
            UnixStream::connect(&listens).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "hello");
        }
        server.join().unwrap().unwrap();
        assert_eq!(UnixStream::connect(&listens).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        let receiver = UnixDatagram::bind(&receives).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        sender.send_to(b"there", &receives).unwrap();
        sender.connect(&receives).unwrap();
        sender.send(b"again").unwrap();
        let mut bytes = [0; 8];
        assert_eq!(receiver.recv(&mut bytes).unwrap(), 5);
        let (count, from) = receiver.recv_from(&mut bytes).unwrap();
        assert_eq!((&bytes[..count], from.is_unnamed()), (&b"again"[..], true));
        std::fs::remove_file(listens).unwrap();
        std::fs::remove_file(receives).unwrap();
    }
}
