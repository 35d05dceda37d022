//! Peers that speak something else.

use std::cell::Cell;
use std::io;
use std::net::Shutdown;
use std::rc::Rc;

use eventlet::green;
use eventlet::green::io::{self as green_io, Read, Write};
use eventlet::green::os::unix::net::UnixStream;
use eventlet::tls::rustls::{self, AlertDescription, InvalidMessage};
use eventlet::{sleep, spawn, spawn_n};

use super::{MS, NAME, acceptor, connector, pair, protocol_error};

#[eventlet::test]
fn a_peer_that_does_not_speak_tls_is_told_so() {
    let cases: [(&[u8], rustls::Error); 3] = [
        (
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType),
        ),
        (
            // An unknown version.
            &[22, 9, 9, 0, 5, 1, 0, 0, 1, 0],
            rustls::Error::InvalidMessage(InvalidMessage::UnknownProtocolVersion),
        ),
        // More than a record may have.
        (&[22, 3, 1, 255, 255, 1, 2, 3], rustls::Error::InvalidMessage(InvalidMessage::MessageTooLarge)),
    ];
    for (sent, expected) in cases {
        let (one, mut other) = UnixStream::pair().unwrap();
        other.write_all(sent).unwrap();
        let error = acceptor().accept(one).unwrap_err();
        assert_eq!(protocol_error(&error), expected);
        let mut answer = Vec::new();
        other.read_to_end(&mut answer).unwrap();
        // One fatal alert, and the end.
        assert_eq!((answer.len(), &answer[..6]), (7, &[21, 3, 3, 0, 2, 2][..]), "{answer:?}");
    }
}

#[eventlet::test]
fn a_server_that_does_not_speak_tls_is_found_out() {
    let (one, mut other) = UnixStream::pair().unwrap();
    let answering = spawn(
        #[green]
        move || {
            other.read(&mut [0; 4096]).unwrap();
            other.write_all(b"220 mail.test ESMTP\r\n").unwrap();
            other
        },
    );
    let error = connector().connect(NAME, one).unwrap_err();
    assert_eq!(protocol_error(&error), rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType));
    answering.wait();
}

#[eventlet::test]
fn what_was_sent_before_a_lie_is_read_and_the_lie_is_an_error_for_good() {
    let (client, mut server) = pair();
    server.write_all(b"true").unwrap();
    // A record that nobody has encrypted.
    let mut raw = server.get_ref();
    raw.write_all(&[23, 3, 3, 0, 20, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
        .unwrap();
    let mut got = [0; 4];
    (&client).read_exact(&mut got).unwrap();
    assert_eq!(&got, b"true");
    for _ in 0..2 {
        let error = (&client).read(&mut got).unwrap_err();
        assert_eq!(protocol_error(&error), rustls::Error::DecryptError);
        let error = (&client).write(b"more").unwrap_err();
        assert_eq!(protocol_error(&error), rustls::Error::DecryptError);
    }
    // The liar is told, and finds the end.
    let error = server.read(&mut got).unwrap_err();
    assert_eq!(protocol_error(&error), rustls::Error::AlertReceived(AlertDescription::BadRecordMac));
}

#[eventlet::test]
fn an_alert_in_the_clear_where_all_is_encrypted_is_a_lie() {
    let (client, server) = pair();
    let mut raw = server.get_ref();
    // It says close_notify: an attacker's way to cut a stream off.
    raw.write_all(&[21, 3, 3, 0, 2, 1, 0]).unwrap();
    let error = (&client).read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

/// What somebody in between does to the bytes of the server.
#[derive(Clone, Copy, Debug)]
enum Meddling {
    /// Passes on so many, and ends the connection.
    CutAt(usize),
    /// Changes a bit of the byte at this place.
    ChangeAt(usize),
}

/// A connection with somebody in between: the client's end, the server's, and a count of the
/// server's bytes that passed.
#[green]
fn through(meddling: Meddling) -> (UnixStream, UnixStream, Rc<Cell<usize>>) {
    let (client, mut near_client) = UnixStream::pair().unwrap();
    let (mut near_server, server) = UnixStream::pair().unwrap();
    let passed = Rc::new(Cell::new(0));
    let (mut up, mut down) = (near_client.try_clone().unwrap(), near_server.try_clone().unwrap());
    spawn_n(
        #[green]
        move || {
            // An end in either direction is passed on, and that is all.
            let _ = green_io::copy(&mut up, &mut down);
            let _ = down.shutdown(Shutdown::Write);
        },
    );
    let count = passed.clone();
    spawn_n(
        #[green]
        move || {
            let mut buf = [0; 512];
            while let Ok(came @ 1..) = near_server.read(&mut buf) {
                let (from, mut to) = (count.get(), came);
                match meddling {
                    Meddling::CutAt(place) => to = to.min(place - from),
                    Meddling::ChangeAt(place) if (from..from + came).contains(&place) => {
                        buf[place - from] ^= 16
                    }
                    Meddling::ChangeAt(_) => {}
                }
                if near_client.write_all(&buf[..to]).is_err() {
                    break;
                }
                count.set(from + to);
                if to < came {
                    break;
                }
            }
            let _ = near_client.shutdown(Shutdown::Both);
            let _ = near_server.shutdown(Shutdown::Both);
        },
    );
    (client, server, passed)
}

const SENT: &[u8] = &[7; 300];

/// What a client reads from a server that sends [`SENT`] and says goodbye.
#[green]
fn read_through(meddling: Meddling) -> (io::Result<Vec<u8>>, usize) {
    let (client, server, passed) = through(meddling);
    let serving = spawn(
        #[green]
        move || {
            let mut server = acceptor().accept(server)?;
            server.write_all(SENT)?;
            server.shutdown(Shutdown::Write)?;
            // Whoever leaves at once would cut off what is on its way.
            server.read(&mut [0; 1])
        },
    );
    let reading = #[green]
    || {
        let mut client = connector().connect(NAME, client)?;
        let mut got = Vec::new();
        client.read_to_end(&mut got)?;
        Ok(got)
    };
    let got = reading();
    // What the server comes to is not the question.
    let _ = serving.wait();
    // Those in between find both ends gone.
    sleep(MS);
    (got, passed.get())
}

#[eventlet::test]
fn a_stream_that_is_cut_off_anywhere_is_never_taken_for_whole() {
    let (whole, length) = read_through(Meddling::ChangeAt(usize::MAX));
    assert_eq!(whole.unwrap(), SENT);
    assert!(length > 1000);
    // A signature is a few bytes longer or shorter each time.
    let sure = length - 8;
    for place in (1..sure).step_by(29).chain(length - 40..sure) {
        let (got, _) = read_through(Meddling::CutAt(place));
        assert_eq!(got.unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "cut at {place} of {length}");
    }
}

#[eventlet::test]
fn a_stream_with_a_changed_bit_is_refused_or_as_it_was() {
    let (_, length) = read_through(Meddling::ChangeAt(usize::MAX));
    let mut refused = 0;
    for place in (0..length).step_by(31) {
        match read_through(Meddling::ChangeAt(place)).0 {
            // A byte that says nothing: the version of a record in the clear.
            Ok(got) => assert_eq!(got, SENT, "changed at {place}"),
            Err(error) => {
                use io::ErrorKind::{InvalidData, TimedOut, UnexpectedEof};
                assert!(matches!(error.kind(), InvalidData | TimedOut | UnexpectedEof), "{place}: {error:?}");
                refused += 1;
            }
        }
    }
    assert!(refused > length / 31 - 5, "{refused} of {length}");
}
