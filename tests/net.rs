//! TCP, UDP and Unix sockets, on every kind of hub.

use std::io::{ErrorKind, IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use eventlet::convenience::{ListenOptions, connect_from};
use eventlet::green;
use eventlet::green::io::{self, BufRead, BufReader, BufWriter, DynStream, Read, Write};
use eventlet::green::net::{TcpListener, TcpStream, UdpSocket};
use eventlet::green::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use eventlet::{connect, hubs, listen, sleep, spawn, with_timeout};
use eventlet_tests::{events, ms, note, tests_on_every_hub};

/// Both ends of a connection.
#[green]
fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = spawn(move || TcpStream::connect(address));
    let (accepted, peer) = listener.accept().unwrap();
    let client = client.wait().unwrap();
    assert_eq!(client.local_addr().unwrap(), peer);
    (client, accepted)
}

/// Reads so many bytes and gives them as text.
#[green]
fn read_text(mut stream: &TcpStream, count: usize) -> String {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Reads once and notes what came of it.
#[green]
fn note_read(name: &str, stream: Rc<TcpStream>) {
    let mut buf = [0; 64];
    match (&*stream).read(&mut buf) {
        Ok(count) => note(format!("{name} read {:?}", String::from_utf8_lossy(&buf[..count]))),
        Err(error) => note(format!("{name} got {:?}", error.kind())),
    }
}

/// Bytes in which a lost or doubled part shows.
fn pattern(length: usize) -> Vec<u8> {
    let period: Vec<u8> =
        (0..65_521_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut bytes = period.repeat(length.div_ceil(period.len()));
    bytes.truncate(length);
    bytes
}

tests_on_every_hub! {
    fn what_is_sent_comes_back() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = spawn(#[green] move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buf = [0; 1024];
            loop {
                let count = stream.read(&mut buf).unwrap();
                if count == 0 {
                    break;
                }
                stream.write_all(&buf[..count]).unwrap();
            }
        });
        let mut client = TcpStream::connect(address).unwrap();
        for round in 0..100 {
            let text = format!("round {round}");
            client.write_all(text.as_bytes()).unwrap();
            assert_eq!(read_text(&client, text.len()), text);
        }
        drop(client);
        server.wait();
    }

    fn data_and_end_that_arrive_together_are_both_read() {
        for waits_first in [true, false] {
            let (mut one, other) = tcp_pair();
            let reader = spawn(#[green] move || {
                let mut other = other;
                if !waits_first {
                    sleep(ms(5));
                }
                let mut text = String::new();
                let mut buf = [0; 64];
                loop {
                    let count = other.read(&mut buf).unwrap();
                    if count == 0 {
                        return text;
                    }
                    text.push_str(std::str::from_utf8(&buf[..count]).unwrap());
                }
            });
            sleep(ms(1));
            one.write_all(b"the last words").unwrap();
            drop(one);
            assert_eq!(reader.wait(), "the last words");
        }
    }

    fn an_end_behind_a_short_read_is_read() {
        let (mut one, mut other) = tcp_pair();
        // Registered, and known to be empty.
        assert!(with_timeout(ms(1), #[green] || other.read(&mut [0; 8])).is_err());
        one.write_all(b"abc").unwrap();
        drop(one);
        sleep(ms(2));
        let mut buf = [0; 64];
        assert_eq!(other.read(&mut buf).unwrap(), 3);
        assert_eq!(other.read(&mut buf).unwrap(), 0);
        assert_eq!(other.read(&mut buf).unwrap(), 0);
    }

    fn much_goes_both_ways_at_once() {
        const SIZE: usize = 3 << 20;
        let (one, other) = tcp_pair();
        let mut threads = vec![];
        for stream in [one, other] {
            let reader = stream.try_clone().unwrap();
            threads.push(spawn(#[green] move || {
                let mut stream = stream;
                stream.write_all(&pattern(SIZE)).unwrap();
                stream.shutdown(Shutdown::Write).unwrap();
            }));
            threads.push(spawn(#[green] move || {
                let mut reader = reader;
                let mut all = Vec::new();
                assert_eq!(reader.read_to_end(&mut all).unwrap(), SIZE);
                assert!(all == pattern(SIZE));
            }));
        }
        for thread in threads {
            thread.wait();
        }
    }

    fn a_write_takes_what_there_is_room_for() {
        let (mut one, mut other) = tcp_pair();
        let data = pattern(16 << 20);
        let written = one.write(&data).unwrap();
        assert!(0 < written && written < data.len(), "{written}");
        let rest = data[written..].to_vec();
        let writer = spawn(#[green] move || one.write_all(&rest));
        let mut all = Vec::new();
        other.read_to_end(&mut all).unwrap();
        assert!(all == data);
        writer.wait().unwrap();
    }

    fn several_buffers_are_written_and_read_at_once() {
        let (mut one, mut other) = tcp_pair();
        let parts = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cdef")];
        assert_eq!(one.write_vectored(&parts).unwrap(), 6);
        let (mut first, mut second) = ([0; 3], [0; 8]);
        let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(other.read_vectored(&mut bufs).unwrap(), 6);
        assert_eq!((&first, &second[..3]), (b"abc", &b"def"[..]));
    }

    fn one_direction_can_end_before_the_other() {
        let (mut one, mut other) = tcp_pair();
        one.write_all(b"question").unwrap();
        one.shutdown(Shutdown::Write).unwrap();
        let mut text = String::new();
        other.read_to_string(&mut text).unwrap();
        assert_eq!(text, "question");
        other.write_all(b"answer").unwrap();
        assert_eq!(read_text(&one, 6), "answer");
        assert_eq!(one.write(b"more").unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    fn a_shutdown_wakes_whoever_reads() {
        let (one, _other) = tcp_pair();
        let one = Rc::new(one);
        let reader = { let one = one.clone(); spawn(move || note_read("it", one)) };
        sleep(ms(1));
        one.shutdown(Shutdown::Read).unwrap();
        reader.wait();
        assert_eq!(events(), ["it read \"\""]);
    }

    fn a_reset_is_an_error_for_readers_and_writers() {
        let (one, mut other) = tcp_pair();
        one.set_linger(Some(Duration::ZERO)).unwrap();
        let reader = spawn(#[green] move || {
            let kind = other.read(&mut [0; 8]).unwrap_err().kind();
            (kind, other)
        });
        sleep(ms(1));
        drop(one);
        let (kind, mut other) = reader.wait();
        assert_eq!(kind, ErrorKind::ConnectionReset);
        assert_eq!(other.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    fn a_read_that_takes_too_long_is_timed_out_and_loses_nothing() {
        let (mut one, mut other) = tcp_pair();
        other.set_read_timeout(Some(ms(5))).unwrap();
        assert_eq!(other.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(other.peek(&mut [0; 8]).unwrap_err().kind(), ErrorKind::TimedOut);
        one.write_all(b"late").unwrap();
        assert_eq!(read_text(&other, 4), "late");
        assert_eq!(other.read_timeout().unwrap(), Some(ms(5)));
        other.set_read_timeout(None).unwrap();
        assert!(with_timeout(ms(10), #[green] || other.read(&mut [0; 8])).is_err());
    }

    fn a_write_that_takes_too_long_is_timed_out() {
        let (mut one, _other) = tcp_pair();
        one.set_write_timeout(Some(ms(5))).unwrap();
        let error = one.write_all(&pattern(32 << 20)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    fn a_timeout_of_zero_is_refused() {
        let (one, _other) = tcp_pair();
        assert_eq!(one.set_read_timeout(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(one.set_write_timeout(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::InvalidInput);
        let address = one.peer_addr().unwrap();
        let error = TcpStream::connect_timeout(&address, Duration::ZERO).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }

    fn timeouts_and_the_nonblocking_mode_can_be_changed_back_and_forth() {
        let (mut one, mut other) = tcp_pair();
        let mut buf = [0; 8];
        other.set_read_timeout(Some(ms(2))).unwrap();
        assert_eq!(other.read(&mut buf).unwrap_err().kind(), ErrorKind::TimedOut);
        other.set_nonblocking(true).unwrap();
        assert_eq!(other.read(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
        other.set_nonblocking(false).unwrap();
        assert_eq!(other.read(&mut buf).unwrap_err().kind(), ErrorKind::TimedOut);
        other.set_nonblocking(true).unwrap();
        one.write_all(b"x").unwrap();
        assert_eq!(other.read(&mut buf).unwrap(), 1);
        other.set_nonblocking(false).unwrap();
        other.set_read_timeout(None).unwrap();
        one.write_all(b"y").unwrap();
        assert_eq!(read_text(&other, 1), "y");
    }

    /// recv(0) waits for something to read, and so can time out.
    #[cfg(target_os = "linux")]
    fn a_read_into_nothing_has_the_timeout() {
        let (mut one, mut other) = tcp_pair();
        other.set_read_timeout(Some(ms(5))).unwrap();
        assert_eq!(other.read(&mut []).unwrap_err().kind(), ErrorKind::TimedOut);
        one.write_all(b"x").unwrap();
        assert_eq!(other.read(&mut []).unwrap(), 0);
        assert_eq!(read_text(&other, 1), "x");
    }

    fn a_second_reader_is_told_where_both_are() {
        let (one, mut other) = tcp_pair();
        let one = Rc::new(one);
        let first = { let one = one.clone(); spawn(#[green] move || (&*one).read(&mut [0; 8])) };
        let first_line = line!() - 1;
        sleep(ms(1));
        let error = (&*one).read(&mut [0; 8]).unwrap_err();
        let second_line = line!() - 1;
        assert_eq!(error.kind(), ErrorKind::ResourceBusy);
        let text = error.to_string();
        assert!(text.starts_with("second simultaneous read on one descriptor\n"), "{text}");
        for line in [first_line, second_line] {
            assert!(text.contains(&format!("{}:{line}:", file!())), "line {line} is missing\n{text}");
        }
        // The first goes on.
        other.write_all(b"abc").unwrap();
        assert_eq!(first.wait().unwrap(), 3);
        // And afterwards another may read.
        other.write_all(b"d").unwrap();
        assert_eq!(read_text(&one, 1), "d");
    }

    fn a_second_writer_is_told() {
        let (one, mut other) = tcp_pair();
        let one = Rc::new(one);
        let first = { let one = one.clone(); spawn(#[green] move || (&*one).write_all(&pattern(8 << 20))) };
        sleep(ms(1));
        let error = (&*one).write_all(b"x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ResourceBusy);
        let mut all = vec![0; 8 << 20];
        other.read_exact(&mut all).unwrap();
        assert!(all == pattern(8 << 20));
        first.wait().unwrap();
    }

    fn a_reader_and_a_writer_are_no_conflict() {
        let (one, mut other) = tcp_pair();
        let one = Rc::new(one);
        let reader = { let one = one.clone(); spawn(move || note_read("reader", one)) };
        let writer = { let one = one.clone(); spawn(#[green] move || (&*one).write_all(&pattern(4 << 20))) };
        sleep(ms(1));
        let mut all = vec![0; 4 << 20];
        other.read_exact(&mut all).unwrap();
        writer.wait().unwrap();
        other.write_all(b"hello").unwrap();
        reader.wait();
        assert_eq!(events(), ["reader read \"hello\""]);
    }

    fn close_wakes_readers_and_writers() {
        let (one, mut other) = tcp_pair();
        let one = Rc::new(one);
        let reader = { let one = one.clone(); spawn(move || note_read("reader", one)) };
        let writer = { let one = one.clone(); spawn(#[green] move || (&*one).write_all(&pattern(16 << 20))) };
        sleep(ms(2));
        one.close();
        reader.wait();
        assert_eq!(events(), ["reader got NotConnected"]);
        assert_eq!(writer.wait().unwrap_err().kind(), ErrorKind::NotConnected);
        // Later calls say so, too, and the peer reads the end.
        assert_eq!((&*one).read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::NotConnected);
        assert_eq!((&*one).write(b"x").unwrap_err().kind(), ErrorKind::NotConnected);
        let mut rest = Vec::new();
        other.read_to_end(&mut rest).unwrap();
    }

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

    fn close_wakes_whoever_waits_for_a_datagram() {
        let socket = Rc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
        let receiver = { let socket = socket.clone(); spawn(#[green] move || socket.recv_from(&mut [0; 8])) };
        sleep(ms(1));
        socket.close();
        assert_eq!(receiver.wait().unwrap_err().kind(), ErrorKind::NotConnected);
    }

    fn a_killed_reader_leaves_the_writer_alone() {
        let (one, mut other) = tcp_pair();
        let one = Rc::new(one);
        let reader = { let one = one.clone(); spawn(move || note_read("killed", one)) };
        let writer = { let one = one.clone(); spawn(#[green] move || (&*one).write_all(&pattern(4 << 20))) };
        sleep(ms(1));
        reader.kill();
        let mut all = vec![0; 4 << 20];
        other.read_exact(&mut all).unwrap();
        writer.wait().unwrap();
        // The next reader gets what comes now.
        let reader = { let one = one.clone(); spawn(move || note_read("next", one)) };
        sleep(ms(1));
        other.write_all(b"here").unwrap();
        reader.wait();
        assert_eq!(events(), ["next read \"here\""]);
    }

    fn a_killed_writer_leaves_the_reader_alone() {
        let (one, mut other) = tcp_pair();
        let one = Rc::new(one);
        let reader = { let one = one.clone(); spawn(move || note_read("reader", one)) };
        let writer = { let one = one.clone(); spawn(#[green] move || (&*one).write_all(&pattern(16 << 20))) };
        sleep(ms(1));
        writer.kill();
        other.write_all(b"here").unwrap();
        reader.wait();
        assert_eq!(events(), ["reader read \"here\""]);
    }

    fn data_that_comes_after_an_abandoned_read_is_for_the_next_reader() {
        let (one, mut other) = tcp_pair();
        let one = Rc::new(one);
        let gave_up = { let one = one.clone(); spawn(#[green] move || {
            assert!(with_timeout(ms(2), #[green] || (&*one).read(&mut [0; 8])).is_err());
            note("gave up");
            sleep(ms(10));
            note("slept undisturbed");
        }) };
        sleep(ms(4));
        let next = { let one = one.clone(); spawn(move || note_read("next", one)) };
        other.write_all(b"late").unwrap();
        next.wait();
        gave_up.wait();
        assert_eq!(events(), ["gave up", "next read \"late\"", "slept undisturbed"]);
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

    fn what_is_peeked_stays() {
        let (mut one, other) = tcp_pair();
        one.write_all(b"abc").unwrap();
        let mut buf = [0; 8];
        assert_eq!(other.peek(&mut buf).unwrap(), 3);
        assert_eq!(other.peek(&mut buf).unwrap(), 3);
        assert_eq!(read_text(&other, 3), "abc");
    }

    fn a_stream_can_be_split_and_put_together() {
        let (mut one, other) = tcp_pair();
        {
            let (mut reader, mut writer) = one.split();
            writer.write_all(b"x").unwrap();
            assert_eq!(read_text(&other, 1), "x");
            assert!(with_timeout(ms(1), #[green] || reader.read(&mut [0])).is_err());
        }
        let (reader, writer) = one.into_split();
        let (third, _fourth) = tcp_pair();
        let (stranger, stranger_writer) = third.into_split();
        let error = stranger.reunite(writer).unwrap_err();
        assert_eq!(error.to_string(), "the two halves are not of one stream");
        let (stranger, writer) = (error.0, error.1);
        stranger.reunite(stranger_writer).unwrap();
        let one = reader.reunite(writer).unwrap();
        (&one).write_all(b"still open").unwrap();
        assert_eq!(read_text(&other, 10), "still open");
        // A writing half that goes ends its direction, and that alone.
        let (mut reader, writer) = one.into_split();
        drop(writer);
        assert_eq!((&other).read(&mut [0; 8]).unwrap(), 0);
        (&other).write_all(b"ab").unwrap();
        assert_eq!(reader.read(&mut [0; 8]).unwrap(), 2);
    }

    fn a_stream_goes_to_std_and_comes_back() {
        let (one, mut other) = tcp_pair();
        // It has been registered.
        assert!(with_timeout(ms(1), #[green] || one.peek(&mut [0; 8])).is_err());
        let one_more = one.try_clone().unwrap();
        assert_eq!(one.into_std().unwrap_err().kind(), ErrorKind::ResourceBusy);
        let std_stream = one_more.into_std().unwrap();
        other.write_all(b"abc").unwrap();
        let there = std::thread::spawn(move || {
            let mut buf = [0; 3];
            std::io::Read::read_exact(&mut &std_stream, &mut buf).unwrap();
            (buf, std_stream)
        });
        let (buf, std_stream) = there.join().unwrap();
        assert_eq!(&buf, b"abc");
        let one = TcpStream::from_std(std_stream).unwrap();
        other.write_all(b"def").unwrap();
        assert_eq!(read_text(&one, 3), "def");
    }

    fn settings_are_the_operating_systems() {
        let (one, _other) = tcp_pair();
        one.set_nodelay(true).unwrap();
        one.set_ttl(42).unwrap();
        one.set_linger(Some(Duration::from_secs(3))).unwrap();
        assert!(one.nodelay().unwrap());
        assert_eq!(one.ttl().unwrap(), 42);
        assert_eq!(one.linger().unwrap(), Some(Duration::from_secs(3)));
        assert!(one.take_error().unwrap().is_none());
    }

    fn lines_come_over_a_buffered_socket() {
        let (one, other) = tcp_pair();
        let writer = spawn(#[green] move || {
            let mut one = BufWriter::new(one);
            for number in 0..1000 {
                writeln!(one, "line {number}").unwrap();
            }
            one.flush().unwrap();
        });
        let mut count = 0;
        for line in BufReader::with_capacity(100, other).lines() {
            assert_eq!(line.unwrap(), format!("line {count}"));
            count += 1;
        }
        assert_eq!(count, 1000);
        writer.wait();
    }

    fn one_socket_is_copied_to_another() {
        let (mut source, mut middle_in) = tcp_pair();
        let (mut middle_out, mut target) = tcp_pair();
        let copier = spawn(#[green] move || io::copy(&mut middle_in, &mut middle_out));
        let writer = spawn(#[green] move || source.write_all(&pattern(1 << 20)));
        let mut all = Vec::new();
        target.read_to_end(&mut all).unwrap();
        assert!(all == pattern(1 << 20));
        assert_eq!(copier.wait().unwrap(), 1 << 20);
        writer.wait().unwrap();
    }

    fn streams_of_any_kind_stand_behind_one_type() {
        let (one, other) = tcp_pair();
        let (third, fourth) = UnixStream::pair().unwrap();
        let pairs: [(Box<dyn DynStream>, Box<dyn DynStream>); 2] =
            [(Box::new(one), Box::new(other)), (Box::new(third), Box::new(fourth))];
        for (mut here, mut there) in pairs {
            write!(here, "{}", 12345).unwrap();
            let mut buf = [0; 5];
            there.read_exact(&mut buf).unwrap();
            assert_eq!(&buf, b"12345");
        }
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
        assert_eq!(connect("localhost:x").unwrap_err().kind(), ErrorKind::InvalidInput);
    }

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
        let (path, peer_path) = (socket_path("named", hubs::get_hub().name()), socket_path("peer", hubs::get_hub().name()));
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

/// A path for a socket, which is removed in the end.
struct SocketPath(std::path::PathBuf);

fn socket_path(what: &str, hub: String) -> SocketPath {
    let name = format!("eventlet-{what}-{hub}-{}-{:?}", std::process::id(), std::thread::current().id());
    SocketPath(std::env::temp_dir().join(name))
}

impl Drop for SocketPath {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
