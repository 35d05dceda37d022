//! What passes on a connection.

use std::future::poll_fn;
use std::io;
use std::time::Duration;

use eventlet::green::io::{Read, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::green::polled::Polled;
use eventlet::{sleep, spawn, with_timeout};

use super::{MS, NAME, acceptor, agree, connector, fresh, pair};

/// More than any buffer on the way holds.
const MUCH: usize = 1 << 20;

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n * 31 % 251) as u8).collect()
}

#[eventlet::test]
fn what_is_written_at_one_end_is_read_at_the_other_whatever_its_size() {
    let (mut client, mut server) = pair();
    for length in [0, 1, 4095, 4096, 4097, 16_383, 16_384, 16_385, 65_536, 65_537, MUCH] {
        let sent = pattern(length);
        let expected = sent.clone();
        let mut writer = client.try_clone().unwrap();
        let writing = spawn(
            #[green]
            move || writer.write_all(&sent),
        );
        let mut got = vec![0; length];
        server.read_exact(&mut got).unwrap();
        assert!(got == expected, "{length} bytes");
        writing.wait().unwrap();
    }
    server.write_all(b"and back").unwrap();
    let mut got = [0; 8];
    client.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"and back");
}

#[eventlet::test]
fn small_reads_take_a_large_record_apart() {
    let (mut client, mut server) = pair();
    let sent = pattern(100_000);
    let expected = sent.clone();
    let writing = spawn(
        #[green]
        move || server.write_all(&sent),
    );
    let mut got = Vec::new();
    while got.len() < 100_000 {
        let mut buf = [0; 7];
        let count = client.read(&mut buf).unwrap();
        got.extend_from_slice(&buf[..count]);
    }
    assert!(got == expected);
    writing.wait().unwrap();
}

#[eventlet::test]
fn both_halves_work_at_once_in_threads_of_their_own() {
    let (client, server) = pair();
    let mut threads = Vec::new();
    for stream in [client, server] {
        let (mut reader, mut writer) = stream.into_split();
        threads.push(spawn(
            #[green]
            move || {
                writer.write_all(&pattern(MUCH)).unwrap();
                0
            },
        ));
        threads.push(spawn(
            #[green]
            move || {
                let mut got = Vec::new();
                reader.read_to_end(&mut got).unwrap();
                assert!(got == pattern(MUCH));
                got.len()
            },
        ));
    }
    let counts: Vec<usize> =
        eventlet::greenthread::joinall(threads).into_iter().map(Result::unwrap).collect();
    assert_eq!(counts, [0, MUCH, 0, MUCH]);
}

#[eventlet::test]
fn bytes_that_are_decrypted_come_without_waiting() {
    let (mut client, mut server) = pair();
    server.write_all(b"hello").unwrap();
    let mut byte = [0; 1];
    client.read_exact(&mut byte).unwrap();
    assert_eq!(client.pending(), 4);
    let rest = with_timeout(
        Duration::ZERO,
        #[green]
        || {
            let mut rest = [0; 4];
            client.read_exact(&mut rest)?;
            Ok::<_, io::Error>(rest)
        },
    );
    assert_eq!(&rest.unwrap().unwrap(), b"ello");
    assert_eq!(client.pending(), 0);
}

#[eventlet::test]
fn a_second_reader_is_told_and_the_first_goes_on() {
    let (client, mut server) = pair();
    let mut other = client.try_clone().unwrap();
    let mut first = client;
    let reading = spawn(
        #[green]
        move || {
            let mut buf = [0; 4];
            first.read_exact(&mut buf).map(|()| buf)
        },
    );
    sleep(MS);
    let error = other.read(&mut [0; 4]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    assert_eq!(
        error.to_string(),
        "second simultaneous read on one TLS connection\n\
         help: let one green thread read, and share what it gets through a queue"
    );
    server.write_all(b"word").unwrap();
    assert_eq!(&reading.wait().unwrap(), b"word");
}

#[eventlet::test]
fn a_read_that_is_killed_or_timed_out_loses_nothing() {
    let (mut client, mut server) = pair();
    let mut killed = client.try_clone().unwrap();
    let reading = spawn(
        #[green]
        move || killed.read(&mut [0; 16]),
    );
    sleep(MS);
    reading.kill();
    client.set_read_timeout(Some(5 * MS)).unwrap();
    let error = client.read(&mut [0; 16]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    server.write_all(b"all of it").unwrap();
    let mut got = [0; 9];
    client.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"all of it");
}

#[eventlet::test]
fn a_read_limit_can_change_while_a_read_waits() {
    let (client, _server) = pair();
    let mut reader = client.try_clone().unwrap();
    let reading = spawn(
        #[green]
        move || {
            let error = reader.read(&mut [0; 16]).unwrap_err();
            (error.kind(), eventlet::testing::now())
        },
    );
    sleep(MS);
    client.set_read_timeout(Some(10 * MS)).unwrap();
    assert_eq!(reading.wait(), (io::ErrorKind::TimedOut, 11 * MS));
    assert_eq!(
        client.set_read_timeout(Some(Duration::ZERO)).unwrap_err().kind(),
        io::ErrorKind::InvalidInput
    );
}

#[eventlet::test]
fn a_writer_waits_for_a_peer_that_does_not_read_and_goes_on_with_it() {
    let (client, mut server) = pair();
    let mut writer = client.try_clone().unwrap();
    let writing = spawn(
        #[green]
        move || writer.write_all(&pattern(4 * MUCH)),
    );
    sleep(MS);
    assert!(!writing.is_finished());
    let mut got = vec![0; 4 * MUCH];
    server.read_exact(&mut got).unwrap();
    assert!(got == pattern(4 * MUCH));
    writing.wait().unwrap();
}

#[eventlet::test]
fn tls_goes_over_tls_as_to_a_proxy() {
    let (client, server) = pair();
    let mut client = connector().wrap("127.0.0.1", client).unwrap();
    let mut server = acceptor().wrap(server).unwrap();
    agree(&client, &server);
    let writing = spawn(
        #[green]
        move || {
            client.write_all(&pattern(MUCH)).unwrap();
            client.shutdown(std::net::Shutdown::Write).unwrap();
            let mut got = String::new();
            client.read_to_string(&mut got).unwrap();
            got
        },
    );
    let mut got = Vec::new();
    server.read_to_end(&mut got).unwrap();
    assert!(got == pattern(MUCH));
    server.write_all(b"thanks").unwrap();
    drop(server);
    assert_eq!(writing.wait(), "thanks");
}

#[eventlet::test(real_time)]
fn a_client_that_writes_and_leaves_resets_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = spawn(
        #[green]
        move || {
            let mut server = acceptor().accept(listener.accept()?.0)?;
            let mut got = Vec::new();
            server.read_to_end(&mut got)?;
            Ok::<_, io::Error>(got)
        },
    );
    // It never reads, and so has the server's tickets unread when it leaves.
    let mut client = connector().connect(NAME, TcpStream::connect(address).unwrap()).unwrap();
    client.write_all(&pattern(100_000)).unwrap();
    drop(client);
    assert!(serving.wait().unwrap() == pattern(100_000));
}

#[eventlet::test]
fn a_reader_and_a_writer_may_both_begin_with_the_handshake() {
    let (client, server) = fresh();
    let mut threads = Vec::new();
    for stream in [client, server] {
        let (mut reader, mut writer) = stream.into_split();
        threads.push(spawn(
            #[green]
            move || {
                let mut got = [0; 5];
                reader.read_exact(&mut got).map(|()| got)
            },
        ));
        threads.push(spawn(
            #[green]
            move || {
                writer.write_all(b"hello")?;
                // The reader of the other end must not find the end first.
                sleep(10 * MS);
                Ok(*b"hello")
            },
        ));
    }
    for word in eventlet::greenthread::joinall(threads) {
        assert_eq!(&word.unwrap().unwrap(), b"hello");
    }
}

#[eventlet::test]
fn a_look_at_whoever_waits_disturbs_nobody() {
    let (client, server) = fresh();
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let client = client.try_clone().unwrap();
        waiting.push(spawn(
            #[green]
            move || client.handshake(),
        ));
    }
    sleep(MS);
    let seen = eventlet::hubs::get_hub().describe_threads();
    assert_eq!(seen.matches("to read from descriptor").count(), 2, "{seen}");
    server.handshake().unwrap();
    for thread in waiting {
        thread.wait().unwrap();
    }
    let mut reader = client.try_clone().unwrap();
    let reading = spawn(
        #[green]
        move || {
            let mut got = [0; 2];
            reader.read_exact(&mut got).map(|()| got)
        },
    );
    sleep(MS);
    let seen = eventlet::hubs::get_hub().describe_threads();
    assert_eq!(seen.matches("to read from descriptor").count(), 1, "{seen}");
    (&server).write_all(b"hi").unwrap();
    assert_eq!(&reading.wait().unwrap(), b"hi");
}

#[eventlet::test]
fn of_two_polled_halves_either_may_give_up_in_the_handshake() {
    for reader_gives_up in [false, true] {
        let (client, mut server) = fresh();
        let (reader, writer) = client.into_split();
        let (mut reader, mut writer) = (Polled::new(reader), Polled::new(writer));
        let reading = spawn(
            #[green]
            move || {
                let mut buf = [0; 5];
                let count = poll_fn(|cx| reader.poll_read(cx, &mut buf)).await.unwrap();
                buf[..count].to_vec()
            },
        );
        let writing = spawn(
            #[green]
            move || {
                poll_fn(|cx| writer.poll_write(cx, b"hello")).await.unwrap();
                poll_fn(|cx| writer.poll_flush(cx)).await.unwrap();
                sleep(10 * MS);
            },
        );
        sleep(MS);
        if reader_gives_up {
            reading.kill();
            let mut got = [0; 5];
            server.read_exact(&mut got).unwrap();
            assert_eq!(&got, b"hello");
            writing.wait();
        } else {
            // With its half the writing ends.
            writing.kill();
            server.write_all(b"word").unwrap();
            assert_eq!(reading.wait(), b"word");
        }
    }
}
