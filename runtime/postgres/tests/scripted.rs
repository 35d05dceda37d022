//! A server on loopback that says what it is told to say, at every place where its bytes can be cut.

use std::time::Duration;

use eventlet::db_pool::Builder;
use eventlet::green::io::{Read, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{GreenIterator, GreenThread, Queue, green, listen, sleep, spawn, with_timeout};
use eventlet_postgres::{Cause, Client, SimpleQueryMessage};

const MS: Duration = Duration::from_millis(1);
/// What a client is told that is let in: by which number and key its queries are cancelled.
const KEY: [u8; 8] = [0, 0, 0, 7, 1, 2, 3, 4];

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind], &length.to_be_bytes()[..], body].concat()
}

fn greeting() -> Vec<u8> {
    [message(b'R', &[0; 4]), message(b'K', &KEY), message(b'Z', b"I")].concat()
}

/// One row with one column, a notification, and the end.
fn answer() -> Vec<u8> {
    let mut column = b"\0\x01name\0".to_vec();
    column.extend([0; 18]);
    [
        message(b'T', &column),
        message(b'D', b"\0\x01\0\0\0\x05apple"),
        message(b'A', b"\0\0\0\x09news\0hello\0"),
        message(b'C', b"SELECT 1\0"),
        message(b'Z', b"I"),
    ]
    .concat()
}

#[green]
fn hear(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut heard = vec![0; count];
    stream.read_exact(&mut heard).unwrap();
    heard
}

/// Hears a client's first message, which has no kind, and lets it in.
#[green]
fn let_in(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    let length = hear(&mut stream, 4);
    hear(&mut stream, usize::from(length[3]) - 4);
    stream
}

/// Hears one message.
#[green]
fn hear_message(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let head = hear(stream, 5);
    let body = hear(stream, usize::from(head[4]) - 4);
    (head[0], body)
}

#[green]
fn client() -> (Client, TcpListener) {
    let listener = listen("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (Client::open(&format!("host=127.0.0.1 port={port} user=anna")).unwrap(), listener)
}

#[green]
fn serve_cut(listener: TcpListener, cut: usize) -> Vec<(u8, Vec<u8>)> {
    let mut stream = let_in(&listener);
    let greeting = greeting();
    let cut_of_greeting = cut.min(greeting.len());
    stream.write_all(&greeting[..cut_of_greeting]).unwrap();
    sleep(MS);
    stream.write_all(&greeting[cut_of_greeting..]).unwrap();
    let query = hear_message(&mut stream);
    let answer = answer();
    let cut = cut.min(answer.len());
    stream.write_all(&answer[..cut]).unwrap();
    sleep(MS);
    stream.write_all(&answer[cut..]).unwrap();
    vec![query, hear_message(&mut stream)]
}

#[eventlet::test]
fn rows_and_notifications_come_wherever_their_bytes_are_cut() {
    for cut in 0..=answer().len() {
        let (client, listener) = client();
        let serving = spawn(move || serve_cut(listener, cut));
        let mut shop = client.connect().unwrap();
        let rows = shop.simple_query("SELECT name").unwrap();
        let names: Vec<_> = rows
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get("name"),
                _ => None,
            })
            .collect();
        assert_eq!(names, ["apple"], "cut at {cut}");
        let mut notifications = shop.notifications();
        let notification = notifications.next().unwrap().unwrap();
        assert_eq!((notification.channel(), notification.payload()), ("news", "hello"));
        assert!(shop.is_usable());
        drop(shop);
        // A farewell, and the end.
        assert_eq!(serving.wait(), [(b'Q', b"SELECT name\0".to_vec()), (b'X', vec![])]);
        assert!(notifications.next().is_none());
    }
}

/// Lets one in, does not answer its query, and gives what it and the next client say in the end.
#[green]
fn serve_silently(listener: TcpListener) -> (usize, Vec<u8>) {
    let mut stream = let_in(&listener);
    stream.write_all(&greeting()).unwrap();
    hear_message(&mut stream);
    let (mut other, _) = listener.accept().unwrap();
    let mut cancelled = Vec::new();
    other.read_to_end(&mut cancelled).unwrap();
    (stream.read(&mut [0; 1]).unwrap(), cancelled)
}

#[green]
fn assert_is_cancelled(serving: GreenThread<(usize, Vec<u8>)>) {
    let (count, said) = serving.wait();
    // The first one says nothing more, and the other one the number and the key.
    assert_eq!(count, 0);
    assert_eq!(said, [&[0, 0, 0, 16], &80_877_102_u32.to_be_bytes()[..], &KEY].concat());
}

#[eventlet::test]
fn a_query_that_is_killed_is_cancelled_and_its_connection_is_closed() {
    let (client, listener) = client();
    let serving = spawn(move || serve_silently(listener));
    let pool = client.pool(Builder::new().max_size(1));
    let user = {
        let pool = pool.clone();
        spawn(
            #[green]
            move || pool.get().unwrap().batch_execute("SELECT pg_sleep(600)").map_err(drop),
        )
    };
    sleep(10 * MS);
    assert_eq!(pool.len(), 1);
    user.kill();
    assert_eq!(pool.len(), 0);
    assert_is_cancelled(serving);
}

#[eventlet::test]
fn a_query_that_takes_too_long_breaks_its_connection() {
    for limit_is_its_own in [true, false] {
        let (client, listener) = client();
        let serving = spawn(move || serve_silently(listener));
        let mut shop = client.connect().unwrap();
        if limit_is_its_own {
            shop.set_timeout(Some(5 * MS));
            let error = shop.batch_execute("SELECT pg_sleep(600)").unwrap_err();
            assert!(error.is_timeout(), "{error}");
        } else {
            let query = with_timeout(5 * MS, || shop.batch_execute("SELECT pg_sleep(600)"));
            assert!(query.is_err());
        }
        assert!(shop.is_broken() && !shop.is_usable());
        let error = shop.batch_execute("SELECT 1").unwrap_err();
        assert!(matches!(error.cause(), Cause::Broken) && error.call() == "batch_execute", "{error}");
        drop(shop);
        assert_is_cancelled(serving);
    }
}

#[eventlet::test]
fn a_server_that_says_nothing_or_goes_away_gives_no_connection() {
    let (client, listener) = client();
    let serving = spawn(
        #[green]
        move || {
            let mut silent = let_in(&listener);
            let _ = silent.read(&mut [0; 1]);
            let (gone, _) = listener.accept().unwrap();
            drop(gone);
        },
    );
    let error = client.connect().unwrap_err();
    assert!(error.is_timeout() && error.call() == "connect", "{error}");
    let error = client.connect().unwrap_err();
    assert!(matches!(error.cause(), Cause::Postgres(_)), "{error}");
    assert!(error.to_string().contains(error.server()));
    serving.wait();
}

/// Lets one after the other in, answers a query of each, and hands the connection to whoever ends it.
#[green]
fn serve_each_once(listener: TcpListener, count: usize, answered: Queue<TcpStream>) -> Vec<Vec<u8>> {
    let mut asked = Vec::new();
    for _ in 0..count {
        let mut stream = let_in(&listener);
        stream.write_all(&greeting()).unwrap();
        asked.push(hear_message(&mut stream).1);
        stream.write_all(&answer()).unwrap();
        answered.put(stream).unwrap();
    }
    asked
}

#[eventlet::test]
fn a_connection_that_the_server_has_ended_is_lent_to_nobody() {
    let (client, listener) = client();
    let (answered, pool) = (Queue::unbounded(), client.pool(Builder::new().max_size(1)));
    let serving = {
        let answered = answered.clone();
        spawn(move || serve_each_once(listener, 4, answered))
    };
    // While it is idle. Nobody has run since, so that the driver has not heard of it.
    pool.get().unwrap().simple_query("SELECT 1").unwrap();
    assert_eq!(pool.idle(), 1);
    drop(answered.get().unwrap());
    // While somebody has it, who does not notice.
    let mut lent = pool.get().unwrap();
    lent.simple_query("SELECT 2").unwrap();
    drop(answered.get().unwrap());
    drop(lent);
    assert_eq!(pool.idle(), 1);
    // The same, with somebody in line for it.
    let mut lent = pool.get().unwrap();
    lent.simple_query("SELECT 3").unwrap();
    let next = {
        let pool = pool.clone();
        spawn(
            #[green]
            move || pool.get().unwrap().simple_query("SELECT 4").map(drop).map_err(drop),
        )
    };
    sleep(MS);
    assert_eq!(pool.waiting(), 1);
    drop(answered.get().unwrap());
    drop(lent);
    assert_eq!(next.wait(), Ok(()));
    pool.clear();
    drop(answered.get().unwrap());
    sleep(MS);
    let asked = ["SELECT 1\0", "SELECT 2\0", "SELECT 3\0", "SELECT 4\0"];
    assert_eq!(serving.wait(), asked.map(|query| query.as_bytes().to_vec()));
}

/// Answers one query with less than the whole, and goes away.
#[green]
fn serve_in_part(listener: TcpListener) {
    let mut stream = let_in(&listener);
    stream.write_all(&greeting()).unwrap();
    hear_message(&mut stream);
    stream.write_all(&answer()[..40]).unwrap();
}

#[eventlet::test]
fn an_end_in_the_middle_of_an_answer_is_told_to_the_query_and_to_the_listener() {
    let (client, listener) = client();
    let serving = spawn(move || serve_in_part(listener));
    let mut shop = client.connect().unwrap();
    let mut notifications = shop.notifications();
    assert!(shop.simple_query("SELECT name").unwrap_err().is_closed());
    assert!(!shop.is_usable());
    serving.wait();
    assert!(notifications.next().unwrap().is_err());
    assert!(notifications.next().is_none());
}

#[eventlet::test]
fn what_is_shown_of_a_client_holds_no_password() {
    let client = Client::open("host=127.0.0.1 user=anna password=secret").unwrap();
    assert!(!format!("{client:?}").contains("secret"));
    assert!(Client::open("host").is_err());
    let nowhere = Client::open("user=anna").unwrap();
    assert!(nowhere.connect().unwrap_err().to_string().contains("no host is given"));
}
