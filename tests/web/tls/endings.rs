//! How a connection ends.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::Shutdown;
use std::rc::Rc;

use eventlet::green;
use eventlet::green::io::{Read, Write};
use eventlet::green::os::unix::net::UnixStream;
use eventlet::{sleep, spawn};

use super::{MS, Stream, acceptor, fresh, pair};

/// What a reader comes to, up to the end.
#[green]
fn rest_of(stream: &Stream) -> (Vec<u8>, io::Result<usize>) {
    let mut stream = stream;
    let mut got = Vec::new();
    let end = stream.read_to_end(&mut got);
    (got, end)
}

#[eventlet::test]
fn an_end_without_close_notify_is_unexpected_and_comes_after_what_was_sent() {
    let (client, mut server) = pair();
    server.write_all(b"some").unwrap();
    server.get_ref().shutdown(Shutdown::Both).unwrap();
    let (got, end) = rest_of(&client);
    assert_eq!(got, b"some");
    let error = end.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(error.to_string(), "the connection ended without a close_notify");
    // It stays so.
    assert_eq!((&client).read(&mut [0; 1]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

#[eventlet::test]
fn half_a_record_is_no_end_either() {
    let (client, server) = pair();
    let mut raw = server.get_ref();
    raw.write_all(&[23, 3, 3, 0, 100, 1, 2, 3]).unwrap();
    raw.shutdown(Shutdown::Both).unwrap();
    let (got, end) = rest_of(&client);
    assert_eq!((got, end.unwrap_err().kind()), (vec![], io::ErrorKind::UnexpectedEof));
}

#[eventlet::test]
fn close_notify_goes_out_before_the_end_however_the_end_comes() {
    type Ending = (&'static str, fn(Stream));
    let endings: [Ending; 3] = [
        ("dropped", drop),
        ("closed", |stream| stream.close()),
        ("its writing half dropped", |stream| {
            let (_reader, writer) = stream.into_split();
            drop(writer);
        }),
    ];
    for (what, end) in endings {
        let (client, mut server) = pair();
        server.write_all(b"last words").unwrap();
        end(server);
        let (got, end) = rest_of(&client);
        assert_eq!((&got[..], end.unwrap()), (&b"last words"[..], 10), "{what}");
    }
}

#[eventlet::test]
fn after_its_writing_has_ended_a_stream_still_reads() {
    let (client, server) = pair();
    client.shutdown(Shutdown::Write).unwrap();
    let error = (&client).write(b"more").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(error.to_string(), "the writing direction of the TLS connection was ended");
    assert_eq!(rest_of(&server).1.unwrap(), 0);
    (&server).write_all(b"an answer").unwrap();
    server.shutdown(Shutdown::Both).unwrap();
    assert_eq!(rest_of(&client).0, b"an answer");
}

#[eventlet::test]
fn after_its_reading_has_ended_a_reader_finds_the_end() {
    let (client, _server) = pair();
    let reader = client.try_clone().unwrap();
    let reading = spawn(
        #[green]
        move || rest_of(&reader).1,
    );
    sleep(MS);
    client.shutdown(Shutdown::Read).unwrap();
    assert_eq!(reading.wait().unwrap(), 0);
}

#[eventlet::test]
fn the_end_comes_after_what_others_are_writing() {
    let (client, server) = pair();
    let mut writer = client.try_clone().unwrap();
    let writing = spawn(
        #[green]
        move || writer.write_all(&[7; 1 << 20]),
    );
    sleep(MS);
    let ending = spawn(
        #[green]
        move || client.shutdown(Shutdown::Write),
    );
    sleep(MS);
    let (got, end) = rest_of(&server);
    assert_eq!((got.len(), end.unwrap()), (1 << 20, 1 << 20));
    writing.wait().unwrap();
    ending.wait().unwrap();
}

#[eventlet::test]
fn closing_wakes_whoever_reads() {
    let (client, server) = pair();
    let reader = client.try_clone().unwrap();
    let reading = spawn(
        #[green]
        move || rest_of(&reader).1,
    );
    sleep(MS);
    client.close();
    let error = reading.wait().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotConnected);
    assert_eq!(error.to_string(), "the TLS connection was closed by another green thread");
    assert_eq!((&client).write(b"x").unwrap_err().kind(), io::ErrorKind::NotConnected);
    assert_eq!(rest_of(&server).1.unwrap(), 0);
}

/// A writer that is in the middle of what the peer does not read.
#[green]
fn stuck_writer(stream: &Stream) -> eventlet::GreenThread<io::Result<()>> {
    let mut stream = stream.try_clone().unwrap();
    let writing = spawn(
        #[green]
        move || stream.write_all(&[7; 1 << 22]),
    );
    sleep(MS);
    assert!(!writing.is_finished());
    writing
}

/// What everybody finds on a connection whose writer was cut off.
#[green]
fn is_given_up(ours: &Stream, theirs: &Stream) {
    for result in [(&mut &*ours).write(b"more"), (&mut &*ours).read(&mut [0; 1])] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
        assert_eq!(
            error.to_string(),
            "the TLS connection was given up\n\
             note: a kill or a timeout ended a write in its middle, and what follows half a record means nothing"
        );
    }
    let (got, end) = rest_of(theirs);
    assert!(got.len() < 1 << 22 && got.iter().all(|byte| *byte == 7));
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

#[eventlet::test]
fn a_kill_in_the_middle_of_a_write_loses_the_connection_and_nothing_else() {
    let (client, server) = pair();
    let (other, other_server) = pair();
    let reader = client.try_clone().unwrap();
    let reading = spawn(
        #[green]
        move || rest_of(&reader).1,
    );
    let writing = stuck_writer(&client);
    writing.kill();
    // Whoever reads from it is told, too.
    assert_eq!(reading.wait().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    is_given_up(&client, &server);
    // Another one, with the same connector or not, goes on.
    (&other).write_all(b"fine").unwrap();
    let mut got = [0; 4];
    (&other_server).read_exact(&mut got).unwrap();
    assert_eq!(&got, b"fine");
}

#[eventlet::test]
fn a_write_that_takes_too_long_loses_the_connection() {
    let (client, server) = pair();
    client.set_write_timeout(Some(10 * MS)).unwrap();
    let error = stuck_writer(&client).wait().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    is_given_up(&client, &server);
}

#[eventlet::test]
fn a_kill_while_nothing_is_under_way_loses_nothing() {
    let (client, server) = pair();
    let mut writer = client.try_clone().unwrap();
    let writing = spawn(
        #[green]
        move || {
            writer.write_all(b"whole").unwrap();
            sleep(1000 * MS);
        },
    );
    sleep(MS);
    writing.kill();
    (&client).write_all(b" and more").unwrap();
    drop(client);
    assert_eq!(rest_of(&server).0, b"whole and more");
}

#[eventlet::test]
fn a_panic_says_no_goodbye() {
    let (client, server) = pair();
    let is_told = Rc::new(Cell::new(false));
    let thread = spawn({
        let is_told = is_told.clone();
        #[green]
        move || {
            let mut server = server;
            server.write_all(b"half of wh").unwrap();
            is_told.set(true);
            std::panic::resume_unwind(Box::new("in the middle"));
        }
    });
    assert!(thread.join().is_err());
    assert!(is_told.get());
    let (got, end) = rest_of(&client);
    assert_eq!((&got[..], end.unwrap_err().kind()), (&b"half of wh"[..], io::ErrorKind::UnexpectedEof));
}

#[eventlet::test]
fn a_connection_that_was_never_used_ends_without_a_word() {
    let (one, mut other) = UnixStream::pair().unwrap();
    drop(acceptor().wrap(one).unwrap());
    assert_eq!(other.read(&mut [0; 8]).unwrap(), 0);
}

#[eventlet::test]
fn the_end_of_the_writing_follows_a_handshake_that_has_begun() {
    let (client, server) = fresh();
    let reader = client.try_clone().unwrap();
    let reading = spawn(
        #[green]
        move || rest_of(&reader).0,
    );
    sleep(MS);
    let ending = spawn(
        #[green]
        move || client.shutdown(Shutdown::Write),
    );
    sleep(MS);
    assert!(!ending.is_finished());
    assert_eq!(rest_of(&server).1.unwrap(), 0);
    ending.wait().unwrap();
    (&server).write_all(b"an answer").unwrap();
    drop(server);
    assert_eq!(reading.wait(), b"an answer");
}

/// An OS thread drops what it keeps before its hub has ended, and after.
#[test]
fn a_connection_that_is_left_to_the_end_of_its_os_thread_does_no_harm() {
    thread_local! {
        static FIRST: RefCell<Option<Stream>> = const { RefCell::new(None) };
        static LAST: RefCell<Option<Stream>> = const { RefCell::new(None) };
    }
    let thread = std::thread::spawn(|| {
        FIRST.set(None);
        let (client, server) = eventlet::run(|| pair());
        FIRST.set(Some(client));
        LAST.set(Some(server));
    });
    thread.join().unwrap();
}
