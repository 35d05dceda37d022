//! Several threads on one socket: readers, writers, kills, close, halves.

use std::io::ErrorKind;
use std::rc::Rc;

use eventlet::green::io::{Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::{Event, sleep, spawn, tpool, with_timeout};
use eventlet_tests::{events, ms, note, tests_on_every_hub};

use super::{note_read, pattern, read_text, tcp_pair};

tests_on_every_hub! {
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

    fn a_reader_that_timed_out_leaves_the_writer_alone() {
        let (one, mut other) = tcp_pair();
        let one = Rc::new(one);
        let writer = { let one = one.clone(); spawn(#[green] move || (&*one).write_all(&pattern(4 << 20))) };
        assert!(with_timeout(ms(2), #[green] || (&*one).read(&mut [0; 8])).is_err());
        assert!(!writer.is_finished());
        let mut all = vec![0; 4 << 20];
        other.read_exact(&mut all).unwrap();
        assert!(all == pattern(4 << 20));
        writer.wait().unwrap();
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
        // What comes after what is said and not left to two clocks: under load a sleep ends whenever it is noticed.
        let (abandoned, released) = (Event::new(), Event::new());
        let gave_up = { let (one, abandoned, released) = (one.clone(), abandoned.clone(), released.clone());
            spawn(#[green] move || {
                assert!(with_timeout(ms(2), #[green] || (&*one).read(&mut [0; 8])).is_err());
                note("gave up");
                abandoned.send(());
                released.wait();
                note("waited undisturbed");
            })
        };
        abandoned.wait();
        let next = { let one = one.clone(); spawn(move || note_read("next", one)) };
        other.write_all(b"late").unwrap();
        next.wait();
        released.send(());
        gave_up.wait();
        assert_eq!(events(), ["gave up", "next read \"late\"", "waited undisturbed"]);
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
        let (buf, std_stream) = tpool::execute(move || {
            let mut buf = [0; 3];
            std::io::Read::read_exact(&mut &std_stream, &mut buf).unwrap();
            (buf, std_stream)
        });
        assert_eq!(&buf, b"abc");
        let one = TcpStream::from_std(std_stream).unwrap();
        other.write_all(b"def").unwrap();
        assert_eq!(read_text(&one, 3), "def");
    }
}
