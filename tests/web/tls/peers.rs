//! Peers that speak something else.

use std::io;

use eventlet::green::io::{Read, Write};
use eventlet::green::os::unix::net::UnixStream;
use eventlet::spawn;
use eventlet::tls::rustls::{self, AlertDescription, InvalidMessage};

use super::{NAME, acceptor, connector, pair, protocol_error};

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
