//! Bytes over TCP: all of them, in order, and the end.

use std::io::{ErrorKind, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use eventlet::green::io::{self, BufRead, BufReader, BufWriter, DynStream, Read, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::green::os::unix::net::UnixStream;
use eventlet::{sleep, spawn, with_timeout};
use eventlet_tests::{events, ms, note, tests_on_every_hub};

use super::{note_read, pattern, read_text, tcp_pair};

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

    fn a_read_that_finds_data_does_not_suspend() {
        let (mut one, mut other) = tcp_pair();
        for registered in [false, true] {
            if registered {
                assert!(with_timeout(ms(1), #[green] || other.read(&mut [0; 8])).is_err());
            }
            one.write_all(b"abc").unwrap();
            // Let the hub hear of it.
            sleep(ms(1));
            let another = spawn(#[green] || note("another thread ran"));
            let mut buf = [0; 8];
            assert_eq!(other.read(&mut buf).unwrap(), 3);
            assert_eq!(one.write(b"x").unwrap(), 1);
            assert_eq!(events(), [""; 0]);
            another.wait();
            assert_eq!(other.read(&mut buf).unwrap(), 1);
            assert_eq!(events(), ["another thread ran"]);
        }
    }

    fn a_thread_whose_data_is_always_there_gives_way() {
        let (mut one, mut other) = tcp_pair();
        one.write_all(&pattern(10_000)).unwrap();
        sleep(ms(1));
        let count = Rc::new(std::cell::Cell::new(0));
        let another = { let count = count.clone(); spawn(#[green] move || count.get()) };
        for _ in 0..10_000 {
            other.read_exact(&mut [0]).unwrap();
            count.set(count.get() + 1);
        }
        let seen = another.wait();
        assert!(seen < 1000, "the other thread ran after {seen} reads");
    }

    fn writing_nothing_is_done_at_once() {
        let (mut one, _other) = tcp_pair();
        one.set_write_timeout(Some(ms(1))).unwrap();
        one.write_all(b"").unwrap();
        one.flush().unwrap();
    }

    fn what_is_peeked_stays() {
        let (mut one, other) = tcp_pair();
        one.write_all(b"abc").unwrap();
        let mut buf = [0; 8];
        assert_eq!(other.peek(&mut buf).unwrap(), 3);
        assert_eq!(other.peek(&mut buf).unwrap(), 3);
        assert_eq!(read_text(&other, 3), "abc");
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
}
