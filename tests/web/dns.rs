//! The DNS client, with a server that does what it likes.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use eventlet::dns::{HostsResolver, LookupError, Resolver, ResolverBuilder};
use eventlet::green::io::{Read, Write};
use eventlet::green::net::{TcpListener, TcpStream, UdpSocket, names};
use eventlet::hubs::get_hub;
use eventlet::{GreenThread, connect, dns, green, sleep, spawn, spawn_n, testing};

const A: u16 = 1;
const CNAME: u16 = 5;
const SOA: u16 = 6;
const PTR: u16 = 12;
const MX: u16 = 15;
const TXT: u16 = 16;
const AAAA: u16 = 28;
const SRV: u16 = 33;

const NO_SUCH_NAME: u8 = 3;
const REFUSED: u8 = 5;
const TRUNCATED: u16 = 0x0200;

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// What somebody asks.
struct Question {
    /// With the header, up to the end of the question.
    bytes: Vec<u8>,
    name: String,
    kind: u16,
    is_tcp: bool,
}

impl Question {
    fn parse(message: &[u8], is_tcp: bool) -> Question {
        let (mut at, mut name) = (12, String::new());
        while message[at] != 0 {
            let end = at + 1 + usize::from(message[at]);
            name += std::str::from_utf8(&message[at + 1..end]).unwrap();
            name.push('.');
            at = end;
        }
        let kind = u16::from_be_bytes([message[at + 1], message[at + 2]]);
        Question { bytes: message[..at + 5].to_vec(), name, kind, is_tcp }
    }

    fn answer(&self, records: &[Record]) -> Vec<u8> {
        self.message(0, 0, records)
    }

    fn fails(&self, code: u8) -> Vec<u8> {
        self.message(code, 0, &[])
    }

    fn message(&self, code: u8, flags: u16, records: &[Record]) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        bytes[2..4].copy_from_slice(&(0x8180 | flags | u16::from(code)).to_be_bytes());
        // Whoever makes nothing of the name says for how long.
        let (answers, authorities): (Vec<_>, Vec<_>) = records.iter().partition(|record| record.kind != SOA);
        let counts = [1, answers.len() as u16, authorities.len() as u16, 0];
        bytes[4..12].copy_from_slice(&counts.map(u16::to_be_bytes).concat());
        for record in answers.into_iter().chain(authorities) {
            match record.name == self.name {
                // Where the name stands in the question.
                true => bytes.extend([0xc0, 12]),
                false => bytes.extend(encoded(&record.name)),
            }
            bytes.extend(record.kind.to_be_bytes());
            bytes.extend([0, 1]);
            bytes.extend(record.ttl.to_be_bytes());
            bytes.extend((record.data.len() as u16).to_be_bytes());
            bytes.extend(&record.data);
        }
        bytes
    }

    fn record(&self, ttl: u32, data: impl Into<Vec<u8>>) -> Record {
        Record { name: self.name.clone(), kind: self.kind, ttl, data: data.into() }
    }
}

struct Record {
    name: String,
    kind: u16,
    ttl: u32,
    data: Vec<u8>,
}

fn encoded(name: &str) -> Vec<u8> {
    let mut bytes = vec![];
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(label.len() as u8);
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

/// A nameserver. What it sends, and after how long, is the test's affair.
struct Server {
    address: SocketAddr,
    asked: Rc<RefCell<Vec<String>>>,
    threads: Vec<GreenThread<io::Result<()>>>,
}

type Reply = (Duration, Vec<u8>);

struct Manners<F> {
    reply: F,
    asked: Rc<RefCell<Vec<String>>>,
}

impl<F: Fn(&Question) -> Vec<Reply>> Manners<F> {
    fn replies(&self, message: &[u8], is_tcp: bool) -> Vec<Reply> {
        let question = Question::parse(message, is_tcp);
        let kind = match question.kind {
            A => "A".to_owned(),
            AAAA => "AAAA".to_owned(),
            other => other.to_string(),
        };
        let by = if is_tcp { " by TCP" } else { "" };
        self.asked.borrow_mut().push(format!("{} {kind}{by}", question.name));
        (self.reply)(&question)
    }
}

/// One of each kind, at the same port.
#[green]
fn sockets() -> (TcpListener, UdpSocket) {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        // Another program may have the same port of UDP.
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
            return (tcp, udp);
        }
    }
}

impl Server {
    #[green]
    fn new<F: Fn(&Question) -> Vec<Reply> + 'static>(reply: F) -> Server {
        let (tcp, udp) = sockets();
        let (address, asked) = (tcp.local_addr().unwrap(), Rc::default());
        let manners = Rc::new(Manners { reply, asked: Rc::clone(&asked) });
        let datagrams = {
            let manners = manners.clone();
            spawn(move || serve_udp(Rc::new(udp), manners))
        };
        let threads = vec![datagrams, spawn(move || serve_tcp(tcp, manners))];
        Server { address, asked, threads }
    }

    /// Sends everybody to TCP, and does this there.
    #[green]
    fn tricky(trick: Trick) -> Server {
        let (tcp, udp) = sockets();
        let (address, asked) = (tcp.local_addr().unwrap(), Rc::default());
        let reply = |question: &Question| vec![(Duration::ZERO, question.message(0, TRUNCATED, &[]))];
        let manners = Rc::new(Manners { reply, asked: Rc::clone(&asked) });
        let datagrams = spawn(move || serve_udp(Rc::new(udp), manners));
        Server { address, asked, threads: vec![datagrams, spawn(move || play_to_each(tcp, trick))] }
    }

    /// Answers at once.
    #[green]
    fn quick(reply: impl Fn(&Question) -> Vec<u8> + 'static) -> Server {
        Server::new(move |question: &Question| vec![(Duration::ZERO, reply(question))])
    }

    /// What it was asked since it was last asked for that, in the order of the alphabet.
    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.take();
        asked.sort();
        asked
    }

    fn builder(&self) -> ResolverBuilder {
        Resolver::builder().nameserver(self.address).hosts(HostsResolver::new("/nowhere"))
    }

    fn resolver(&self) -> Resolver {
        self.builder().build()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for thread in &self.threads {
            thread.kill();
        }
    }
}

#[green]
fn serve_udp<F: Fn(&Question) -> Vec<Reply> + 'static>(
    socket: Rc<UdpSocket>,
    manners: Rc<Manners<F>>,
) -> io::Result<()> {
    let mut buf = [0; 1500];
    loop {
        let (count, peer) = socket.recv_from(&mut buf)?;
        for (delay, bytes) in manners.replies(&buf[..count], false) {
            let socket = socket.clone();
            spawn_n(
                #[green]
                move || {
                    sleep(delay);
                    // The one who asked may have gone.
                    let _ = socket.send_to(&bytes, peer);
                },
            );
        }
    }
}

#[green]
fn serve_tcp<F: Fn(&Question) -> Vec<Reply> + 'static>(
    listener: TcpListener,
    manners: Rc<Manners<F>>,
) -> io::Result<()> {
    loop {
        let (client, _) = listener.accept()?;
        let manners = manners.clone();
        spawn_n(move || serve_client(client, manners));
    }
}

#[green]
fn serve_client<F: Fn(&Question) -> Vec<Reply>>(mut client: TcpStream, manners: Rc<Manners<F>>) {
    loop {
        let mut length = [0; 2];
        if client.read_exact(&mut length).is_err() {
            return;
        }
        let mut message = vec![0; u16::from_be_bytes(length).into()];
        client.read_exact(&mut message).unwrap();
        for (delay, bytes) in manners.replies(&message, true) {
            sleep(delay);
            let length = (bytes.len() as u16).to_be_bytes();
            if client.write_all(&[&length, &bytes[..]].concat()).is_err() {
                return;
            }
        }
    }
}

/// How many lies there are.
const LIES: usize = 12;

/// An answer that says something else of itself than it is.
fn lie(question: &Question, number: usize) -> Vec<u8> {
    let here = question.bytes.len() as u8;
    let alias = |data: Vec<u8>| question.answer(&[Record { kind: CNAME, ..question.record(60, data) }]);
    // Of a record with a name in two bytes: where its data begins.
    let data = here + 12;
    let mut right = seven(question);
    let length = usize::from(here) + 10;
    match number {
        // More answers than there are, and more questions.
        0 => right[6..8].fill(0xff),
        1 => right[4..6].fill(0xff),
        // Data that is longer than the rest, and shorter than an address is.
        2 => right[length..length + 2].fill(0xff),
        3 => right[length..length + 2].copy_from_slice(&[0, 3]),
        // A name that is itself, what comes later, or beyond the end.
        4 => right[usize::from(here)..][..2].copy_from_slice(&[0xc0, here]),
        5 => right[usize::from(here)..][..2].copy_from_slice(&[0xc0, here + 4]),
        6 => right[usize::from(here)..][..2].copy_from_slice(&[0xff, 0xff]),
        // Two that are each other, and one with a part before it comes round.
        7 => return alias(vec![0xc0, data + 2, 0xc0, data]),
        8 => return alias([&[1, b'a'][..], &[0xc0, data]].concat()),
        // Names are of 255 bytes at most, and their parts of 63.
        9 => {
            let part = [&[63][..], &[b'a'; 63]].concat();
            return alias([part.repeat(5), vec![0]].concat());
        }
        10 => return alias([&[0x7f][..], &[b'a'; 127], &[0]].concat()),
        // No question.
        _ => {
            let name = encoded(&question.name);
            right.splice(usize::from(here)..usize::from(here) + 2, name);
            right.drain(12..usize::from(here));
            right[4..6].fill(0);
        }
    }
    right
}

/// What a server does to whoever comes by TCP.
#[derive(Clone, Copy, Debug)]
enum Trick {
    /// Sends the right answer, a byte a second.
    Drips,
    /// Says that more will come, and sends no more.
    Stalls,
    /// The same, and closes.
    Leaves,
    /// Sends answers to what nobody has asked.
    NeverEnds,
}

#[green]
fn play(mut client: TcpStream, trick: Trick) -> io::Result<()> {
    let mut length = [0; 2];
    client.read_exact(&mut length)?;
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    client.read_exact(&mut message)?;
    let answer = seven(&Question::parse(&message, true));
    let framed = [&(answer.len() as u16).to_be_bytes(), &answer[..]].concat();
    match trick {
        Trick::Drips => {
            for byte in framed {
                client.write_all(&[byte])?;
                sleep(Duration::from_secs(1));
            }
        }
        Trick::Stalls => {
            client.write_all(&[&[0xff, 0xff], &answer[..]].concat())?;
            sleep(Duration::from_secs(50));
        }
        Trick::Leaves => client.write_all(&[&[0xff, 0xff], &answer[..]].concat())?,
        Trick::NeverEnds => {
            let mut other = framed;
            loop {
                let id = u16::from_be_bytes([other[2], other[3]]).wrapping_add(1);
                other[2..4].copy_from_slice(&id.to_be_bytes());
                client.write_all(&other)?;
                sleep(ms(10));
            }
        }
    }
    Ok(())
}

#[green]
fn play_to_each(listener: TcpListener, trick: Trick) -> io::Result<()> {
    loop {
        let (client, _) = listener.accept()?;
        // Whoever has had enough of it goes away.
        spawn_n(
            #[green]
            move || drop(play(client, trick)),
        );
    }
}

/// 192.0.2.7, or 2001:db8::7.
fn seven(question: &Question) -> Vec<u8> {
    match question.kind {
        A => question.answer(&[question.record(300, [192, 0, 2, 7])]),
        AAAA => {
            let address: std::net::Ipv6Addr = "2001:db8::7".parse().unwrap();
            question.answer(&[question.record(300, address.octets())])
        }
        _ => question.answer(&[]),
    }
}

/// Does it say that there is nothing, as a nameserver may?
fn is_an_answer(error: &LookupError) -> bool {
    matches!(error, LookupError::NoSuchName(_) | LookupError::NoRecords(_))
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

macro_rules! virtual_tests {
    ($(fn $name:ident() { $($body:tt)* })*) => {$(
        #[test]
        fn $name() {
            #[green]
            fn scenario() { $($body)* }
            testing::run_virtual(scenario);
        }
    )*};
}

/// Lets what was killed or dropped come to its end.
#[green]
fn settle() {
    sleep(ms(1));
}

virtual_tests! {
    fn ten_slow_names_take_the_time_of_one() {
        let server = Server::new(|question: &Question| vec![(ms(300), seven(question))]);
        let resolver = server.resolver();
        let askers: Vec<_> = (0..10)
            .map(|n| {
                let resolver = resolver.clone();
                spawn(#[green] move || resolver.lookup_ip(&format!("host{n}.test")).unwrap())
            })
            .collect();
        for asker in askers {
            assert_eq!(asker.wait()[..], [ip("2001:db8::7"), ip("192.0.2.7")]);
        }
        assert_eq!(get_hub().now(), ms(300));
        assert_eq!(server.asked().len(), 20);
        drop((resolver, server));
        settle();
    }

    fn hundreds_of_questions_wait_in_line() {
        let server = Server::new(|question: &Question| vec![(ms(10), seven(question))]);
        let resolver = server.resolver();
        let askers: Vec<_> = (0..300)
            .map(|n| {
                let resolver = resolver.clone();
                spawn(#[green] move || resolver.ipv4(&format!("host{n}.test")).unwrap().len())
            })
            .collect();
        for asker in askers {
            assert_eq!(asker.wait(), 1);
        }
        assert_eq!(server.asked().len(), 300);
        drop((resolver, server));
        settle();
    }

    fn an_answer_that_does_not_fit_comes_by_tcp_with_all_its_addresses() {
        let server = Server::quick(|question: &Question| {
            let records: Vec<_> = (1..=52).map(|n| question.record(60, [192, 0, 2, n])).collect();
            match question.is_tcp {
                true => question.answer(&records),
                false => question.message(0, TRUNCATED, &records[..3]),
            }
        });
        let resolver = server.resolver();
        let found = resolver.ipv4("many.test").unwrap();
        let expected: Vec<_> = (1..=52).map(|n| std::net::Ipv4Addr::new(192, 0, 2, n)).collect();
        let mut found = found.into_vec();
        found.sort();
        assert_eq!(found, expected);
        assert_eq!(server.asked(), ["many.test. A", "many.test. A by TCP"]);
        drop((resolver, server));
        settle();
    }

    fn fifty_two_addresses_in_one_datagram_are_all_there() {
        let server = Server::quick(|question: &Question| {
            let records: Vec<_> = (1..=52).map(|n| question.record(60, [192, 0, 2, n])).collect();
            question.answer(&records)
        });
        let resolver = server.resolver();
        let found = resolver.ipv4("many.test").unwrap();
        assert_eq!((found.len(), found.ttl()), (52, Duration::from_secs(60)));
        assert_eq!(server.asked(), ["many.test. A"]);
        drop((resolver, server));
        settle();
    }

    fn a_name_that_does_not_exist_is_asked_for_once() {
        let other = Server::quick(|question: &Question| question.fails(NO_SUCH_NAME));
        let server = Server::quick(|question: &Question| question.fails(NO_SUCH_NAME));
        let resolver = server.builder().nameserver(other.address).build();
        let error = resolver.ipv4("nobody.test").unwrap_err();
        assert!(matches!(error, LookupError::NoSuchName(_)), "{error:?}");
        assert_eq!([server.asked(), other.asked()].concat(), ["nobody.test. A"]);
        let resolver = server.resolver();
        let error = resolver.lookup_ip("nobody.test").unwrap_err();
        assert!(matches!(error, LookupError::NoSuchName(_)), "{error:?}");
        assert_eq!(error.to_string(), "there is no name `nobody.test`");
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::NotFound);
        drop((resolver, server, other));
        settle();
    }

    fn a_name_without_such_a_record_is_no_missing_name() {
        let server = Server::quick(|question: &Question| question.answer(&[]));
        let resolver = server.resolver();
        let error = resolver.mx("a.test").unwrap_err();
        assert!(matches!(error, LookupError::NoRecords(_)), "{error:?}");
        assert_eq!(server.asked(), ["a.test. 15"]);
        drop((resolver, server));
        settle();
    }

    fn one_family_that_fails_is_passed_over() {
        let server = Server::quick(|question: &Question| match question.kind {
            AAAA => question.fails(REFUSED),
            _ => seven(question),
        });
        let resolver = server.resolver();
        assert_eq!(resolver.lookup_ip("a.test").unwrap()[..], [ip("192.0.2.7")]);
        drop((resolver, server));
        settle();
    }

    fn aliases_are_followed_and_a_loop_of_them_ends() {
        let server = Server::quick(|question: &Question| {
            let alias = |of: &str| Record { kind: CNAME, ..question.record(60, encoded(of)) };
            match &*question.name {
                "www.test." => question.answer(&[alias("host.test")]),
                "one.test." => question.answer(&[alias("two.test")]),
                "two.test." => question.answer(&[alias("one.test")]),
                _ => seven(question),
            }
        });
        let resolver = server.resolver();
        assert_eq!(resolver.ipv4("www.test").unwrap()[..], ["192.0.2.7".parse::<std::net::Ipv4Addr>().unwrap()]);
        assert_eq!(server.asked(), ["host.test. A", "www.test. A"]);
        assert_eq!(resolver.cname("www.test").unwrap()[..], ["host.test"]);
        server.asked();
        resolver.ipv4("one.test").unwrap_err();
        assert!(get_hub().now() < Duration::from_secs(10), "{:?}", get_hub().now());
        let asked = server.asked();
        assert!(asked.len() <= 8, "{asked:?}");
        drop((resolver, server));
        settle();
    }

    fn what_is_no_answer_to_the_question_is_ignored() {
        let server = Server::new(|question: &Question| {
            let right = seven(question);
            let (mut wrong_id, mut other_question) = (right.clone(), right.clone());
            wrong_id[1] ^= 1;
            wrong_id.truncate(wrong_id.len() - 1);
            // Another name in the question, of the same length.
            other_question[13] ^= 1;
            let liar = question.answer(&[question.record(60, [6, 6, 6, 6])]);
            let mut lies_about_its_id = liar.clone();
            lies_about_its_id[0] ^= 0x55;
            let replies = [wrong_id, other_question, lies_about_its_id, vec![], b"?".to_vec(), vec![0xff; 600], right];
            replies.into_iter().zip(1..).map(|(bytes, n)| (ms(n), bytes)).collect()
        });
        let resolver = server.resolver();
        assert_eq!(resolver.ipv4("a.test").unwrap()[..], [std::net::Ipv4Addr::new(192, 0, 2, 7)]);
        assert_eq!((server.asked(), get_hub().now()), (vec!["a.test. A".to_owned()], ms(7)));
        drop((resolver, server));
        settle();
    }

    fn an_answer_that_never_comes_has_a_limit() {
        let server = Server::new(|_: &Question| vec![]);
        let resolver = server.resolver();
        let error = resolver.ipv4("a.test").unwrap_err();
        assert!(matches!(error, LookupError::TimedOut(..)), "{error:?}");
        assert_eq!(error.to_string(), "no nameserver answers for `a.test` within 10s");
        assert_eq!(get_hub().now(), Duration::from_secs(10));
        let began = get_hub().now();
        let error = resolver.with_limit(ms(200)).lookup_ip("a.test").unwrap_err();
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::TimedOut);
        assert_eq!(get_hub().now() - began, ms(200));
        drop((resolver, server));
        settle();
    }

    fn a_server_that_says_more_by_tcp_and_then_does_not_has_a_limit() {
        let truncates = |question: &Question| question.message(0, TRUNCATED, &[]);
        let silent = Server::new(move |question: &Question| match question.is_tcp {
            true => vec![],
            false => vec![(ms(1), truncates(question))],
        });
        let babbles = Server::new(move |question: &Question| match question.is_tcp {
            true => vec![(ms(1), vec![0xff; 300]), (ms(1), vec![]), (ms(1), vec![7])],
            false => vec![(ms(1), truncates(question))],
        });
        for server in [&silent, &babbles] {
            let began = get_hub().now();
            let resolver = server.resolver();
            let error = resolver.ipv4("a.test").unwrap_err();
            assert!(!error.name().is_empty() && get_hub().now() - began <= Duration::from_secs(10), "{error:?}");
        }
        drop((silent, babbles));
        settle();
    }

    fn a_killed_question_and_a_dropped_resolver_leave_nothing() {
        let server = Server::new(|_: &Question| vec![]);
        let resolver = server.resolver();
        let asked = resolver.clone();
        let asker = spawn(#[green] move || asked.lookup_ip("a.test").map(drop));
        sleep(ms(5));
        asker.kill();
        drop(resolver);
        drop(server);
        settle();
    }

    fn a_server_that_refuses_leaves_it_to_the_next() {
        let refuses = Server::quick(|question: &Question| question.fails(REFUSED));
        let knows = Server::quick(seven);
        let resolver = refuses.builder().nameserver(knows.address).build();
        assert_eq!(resolver.ipv4("a.test").unwrap().len(), 1);
        assert_eq!((refuses.asked().len(), knows.asked().len()), (1, 1));
        let alone = refuses.builder().attempts(1).build();
        let error = alone.ipv4("a.test").unwrap_err();
        assert!(matches!(error, LookupError::Refused(..)), "{error:?}");
        assert_eq!(refuses.asked().len(), 2);
        drop((resolver, alone, refuses, knows));
        settle();
    }

    fn a_server_that_is_silent_leaves_it_to_the_next_attempt() {
        let silent = Server::new(|_: &Question| vec![]);
        let knows = Server::quick(seven);
        let resolver = silent.builder().nameserver(knows.address).timeout(Duration::from_secs(1)).build();
        for host in ["a.test", "b.test", "c.test"] {
            assert_eq!(resolver.ipv4(host).unwrap().len(), 1);
        }
        // The one that answers is asked first from then on.
        assert_eq!(get_hub().now(), Duration::from_secs(1));
        drop((resolver, silent, knows));
        settle();
    }

    fn answers_are_kept_as_long_as_they_hold() {
        let server = Server::quick(|question: &Question| {
            let ttl = if question.name.starts_with("short") { 0 } else { 300 };
            question.answer(&[question.record(ttl, [192, 0, 2, 7])])
        });
        let resolver = server.resolver();
        for _ in 0..3 {
            resolver.ipv4("long.test").unwrap();
            resolver.ipv4("short.test").unwrap();
        }
        assert_eq!(server.asked(), ["long.test. A", "short.test. A", "short.test. A", "short.test. A"]);
        resolver.clear_cache();
        resolver.ipv4("long.test").unwrap();
        assert_eq!(server.asked(), ["long.test. A"]);
        let forgetful = server.builder().cache_size(0).build();
        for _ in 0..2 {
            forgetful.ipv4("long.test").unwrap();
        }
        assert_eq!(server.asked(), ["long.test. A", "long.test. A"]);
        drop((resolver, forgetful, server));
        settle();
    }

    fn no_more_answers_are_kept_than_there_is_room_for() {
        let server = Server::quick(seven);
        let resolver = server.builder().cache_size(8).build();
        for _ in 0..2 {
            for n in 0..100 {
                resolver.ipv4(&format!("host{n}.test")).unwrap();
            }
        }
        assert!(server.asked().len() >= 190, "ten at most are kept");
        drop((resolver, server));
        settle();
    }

    fn records_of_each_kind_are_told() {
        let server = Server::quick(|question: &Question| {
            let record = |data: &[u8]| question.record(77, data);
            let mx = |preference: u8, host| record(&[&[0, preference], &encoded(host)[..]].concat());
            let srv = |priority: u8, host| record(&[&[0, priority, 0, 5, 0x14, 0x66], &encoded(host)[..]].concat());
            match question.kind {
                MX => question.answer(&[mx(20, "b.test"), mx(10, "a.test")]),
                SRV => question.answer(&[srv(2, "second.test"), srv(1, "first.test")]),
                TXT => question.answer(&[record(b"\x05v=one\x04 two"), record(b"\x01\xff")]),
                PTR => question.answer(&[record(&encoded("seven.test"))]),
                _ => seven(question),
            }
        });
        let resolver = server.resolver();
        let mx = resolver.mx("test").unwrap();
        assert_eq!(mx.ttl(), Duration::from_secs(77));
        let mx: Vec<_> = mx.iter().map(|mx| (mx.preference, &*mx.exchange)).collect();
        assert_eq!(mx, [(10, "a.test"), (20, "b.test")]);
        let srv = resolver.srv("_chat._tcp.test").unwrap();
        let srv: Vec<_> = srv.iter().map(|srv| (srv.priority, srv.weight, srv.port, &*srv.target)).collect();
        assert_eq!(srv, [(1, 5, 5222, "first.test"), (2, 5, 5222, "second.test")]);
        assert_eq!(resolver.txt("test").unwrap()[..], [b"v=one two".to_vec(), vec![0xff]]);
        assert_eq!(resolver.ptr(ip("192.0.2.7")).unwrap()[..], ["seven.test"]);
        assert_eq!(resolver.ipv6("a.test").unwrap()[..], ["2001:db8::7".parse::<std::net::Ipv6Addr>().unwrap()]);
        let asked = server.asked();
        assert!(asked.contains(&"7.2.0.192.in-addr.arpa. 12".to_owned()), "{asked:?}");
        assert!(matches!(resolver.ipv4("a..b"), Err(LookupError::BadName(..))));
        drop((resolver, server));
        settle();
    }

    fn a_name_without_dots_is_tried_in_each_domain_and_last_as_it_is() {
        let server = Server::quick(|question: &Question| match &*question.name {
            "host.b.test." | "single." => seven(question),
            _ => question.fails(NO_SUCH_NAME),
        });
        let resolver = server.builder().search("a.test").search("b.test").build();
        resolver.ipv4("host").unwrap();
        assert_eq!(server.asked.take(), ["host.a.test. A", "host.b.test. A"]);
        resolver.ipv4("single").unwrap();
        assert_eq!(server.asked.take(), ["single.a.test. A", "single.b.test. A", "single. A"]);
        resolver.ipv4("host.").unwrap_err();
        assert_eq!(server.asked.take(), ["host. A"]);
        drop((resolver, server));
        settle();
    }

    fn what_the_hosts_file_says_is_asked_of_no_server() {
        let server = Server::quick(seven);
        let path = std::env::temp_dir().join(format!("eventlet-hosts-{}", std::process::id()));
        std::fs::write(
            &path,
            "# no names\n\n192.0.2.1\tdb.intern.test db DB2 # not.this\n2001:db8::1 db.intern.test\n192.0.2.9\n\
             not-an-address name\nfe80::1 local.test\n192.0.2.2 db.intern.test.\n",
        )
        .unwrap();
        let resolver = server.builder().hosts(HostsResolver::new(&path)).build();
        let known = [ip("192.0.2.1"), ip("2001:db8::1"), ip("192.0.2.2")];
        assert_eq!(resolver.lookup_ip("DB.Intern.test").unwrap()[..], known);
        assert_eq!(resolver.lookup_ip("db.intern.test.").unwrap()[..], known);
        assert_eq!(resolver.ipv6("db.intern.test").unwrap().len(), 1);
        assert_eq!(resolver.lookup_ip("db2").unwrap()[..], [ip("192.0.2.1")]);
        assert_eq!(resolver.cname("db").unwrap()[..], ["db.intern.test"]);
        assert_eq!(server.asked(), [""; 0]);
        for host in ["not.this", "name", "local.test"] {
            assert_eq!(resolver.ipv4(host).unwrap()[..], [std::net::Ipv4Addr::new(192, 0, 2, 7)], "{host}");
        }
        server.asked();
        std::fs::write(&path, "192.0.2.3 db").unwrap();
        assert_eq!(resolver.lookup_ip("db").unwrap()[..], [ip("192.0.2.1")]);
        sleep(Duration::from_secs(10));
        assert_eq!(resolver.lookup_ip("db").unwrap()[..], [ip("192.0.2.3")]);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(server.asked(), [""; 0]);
        drop((resolver, server));
        settle();
    }

    fn the_installed_resolver_is_asked_by_connect() {
        let server = Server::quick(|question: &Question| match question.kind {
            A => question.answer(&[question.record(60, [127, 0, 0, 1])]),
            _ => question.answer(&[]),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(dns::install(server.resolver()));
        let client = connect(("web.test", port)).unwrap();
        assert_eq!(client.peer_addr().unwrap().port(), port);
        let error = connect(("..", port)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
        assert_eq!(server.asked(), ["web.test. A", "web.test. AAAA"]);
        names::set_resolver(Rc::new(names::SystemResolver));
        drop((client, server));
        settle();
    }

    fn an_answer_that_is_cut_off_anywhere_is_none() {
        let whole = Question::parse(&[&[0; 12], &encoded("bad.test")[..], &[0, 1, 0, 1]].concat(), false);
        let length = seven(&whole).len();
        let cut = Rc::new(Cell::new(0));
        let server = {
            let cut = cut.clone();
            Server::quick(move |question: &Question| {
                let mut answer = seven(question);
                if question.name == "bad.test." {
                    answer.truncate(cut.get());
                }
                answer
            })
        };
        // One that is too short for its question is not taken for its answer, and waited for.
        let resolver = server.builder().timeout(ms(100)).attempts(0).build();
        for at in 0..length {
            cut.set(at);
            let began = get_hub().now();
            let error = resolver.ipv4("bad.test").unwrap_err();
            assert!(!is_an_answer(&error) && get_hub().now() - began <= ms(1000), "at {at}: {error:?}");
            resolver.clear_cache();
        }
        assert_eq!(resolver.ipv4("good.test").unwrap().len(), 1);
        drop((resolver, server));
        settle();
    }

    fn lengths_that_lie_and_names_that_go_round_are_no_answer() {
        for by_tcp in [false, true] {
            let server = Server::quick(move |question: &Question| match question.name.strip_suffix(".test.") {
                _ if by_tcp && !question.is_tcp => question.message(0, TRUNCATED, &[]),
                Some(number) if let Ok(number) = number.parse() => lie(question, number),
                _ => seven(question),
            });
            let resolver = server.builder().timeout(ms(100)).attempts(0).build();
            for number in 0..LIES {
                let began = get_hub().now();
                let error = resolver.ipv4(&format!("{number}.test")).unwrap_err();
                // One without a question has no records of this name.
                assert!(number == LIES - 1 || !is_an_answer(&error), "{number}: {error:?}");
                assert!(get_hub().now() - began <= ms(1000), "{number}: {error:?}");
                assert!(server.asked().len() <= 4, "{number}");
            }
            assert_eq!(resolver.ipv4("good.test").unwrap().len(), 1);
            drop((resolver, server));
            settle();
        }
    }

    fn an_answer_from_another_address_is_ignored() {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = udp.local_addr().unwrap();
        let mut others = vec![UdpSocket::bind("127.0.0.1:0").unwrap()];
        // Where all of 127.0.0.0/8 is this machine's.
        others.extend(UdpSocket::bind(("127.0.0.2", address.port())));
        let server = spawn(#[green] move || {
            let mut buf = [0; 512];
            let (count, peer) = udp.recv_from(&mut buf).unwrap();
            let question = Question::parse(&buf[..count], false);
            for other in &others {
                other.send_to(&question.answer(&[question.record(60, [6, 6, 6, 6])]), peer).unwrap();
            }
            sleep(ms(5));
            udp.send_to(&seven(&question), peer).unwrap();
        });
        let resolver = Resolver::builder().nameserver(address).hosts(HostsResolver::new("/nowhere")).build();
        assert_eq!(resolver.ipv4("a.test").unwrap()[..], [std::net::Ipv4Addr::new(192, 0, 2, 7)]);
        assert_eq!(get_hub().now(), ms(5));
        server.wait();
        drop(resolver);
        settle();
    }

    fn records_of_other_names_are_passed_over_and_not_kept() {
        let server = Server::quick(|question: &Question| {
            let of = |name: &str, kind, data: &[u8]| Record { name: name.to_owned(), kind, ttl: 300, data: data.into() };
            let others = [of("bank.test.", A, &[6, 6, 6, 6]), of("bank.test.", AAAA, &[6; 16])];
            let answers = match (&*question.name, question.kind) {
                ("bank.test.", _) => return seven(question),
                ("nothing.test.", _) => vec![],
                ("www.test.", CNAME) => {
                    vec![question.record(300, encoded("host.test")), of("host.test.", CNAME, &encoded("deep.test"))]
                }
                // The address first, and then whose it is.
                ("www.test.", A) => vec![
                    of("host.test.", A, &[192, 0, 2, 8]),
                    of("www.test.", CNAME, &encoded("host.test")),
                ],
                (_, A) => vec![question.record(300, [192, 0, 2, 7])],
                _ => vec![],
            };
            question.answer(&others.into_iter().chain(answers).collect::<Vec<_>>())
        });
        let resolver = server.resolver();
        assert_eq!(resolver.ipv4("a.test").unwrap()[..], [std::net::Ipv4Addr::new(192, 0, 2, 7)]);
        assert_eq!(resolver.lookup_ip("a.test").unwrap()[..], [ip("192.0.2.7")]);
        assert_eq!(resolver.lookup_ip("www.test").unwrap()[..], [ip("192.0.2.8")]);
        assert_eq!(resolver.cname("www.test").unwrap()[..], ["host.test"]);
        let error = resolver.lookup_ip("nothing.test").unwrap_err();
        assert!(matches!(error, LookupError::NoRecords(_)), "{error:?}");
        server.asked();
        assert_eq!(resolver.lookup_ip("bank.test").unwrap()[..], [ip("2001:db8::7"), ip("192.0.2.7")]);
        assert_eq!(server.asked(), ["bank.test. A", "bank.test. AAAA"]);
        drop((resolver, server));
        settle();
    }

    fn a_chain_of_aliases_without_an_end_is_given_up() {
        let server = Server::quick(|question: &Question| {
            let number: u32 = question.name.trim_end_matches(".test.").parse().unwrap();
            let next = encoded(&format!("{}.test", number + 1));
            question.answer(&[Record { kind: CNAME, ..question.record(60, next) }])
        });
        let resolver = server.resolver();
        let error = resolver.ipv4("0.test").unwrap_err();
        assert!(matches!(error, LookupError::NoRecords(_)), "{error:?}");
        assert_eq!(server.asked().len(), 8);
        drop((resolver, server));
        settle();
    }

    fn sixty_four_kib_by_tcp_are_taken_whole() {
        const COUNT: u16 = 4090;
        let server = Server::quick(|question: &Question| match question.is_tcp {
            true => {
                let address = |n: u16| [[10, 0], n.to_be_bytes()].concat();
                question.answer(&(0..COUNT).map(|n| question.record(60, address(n))).collect::<Vec<_>>())
            }
            false => question.message(0, TRUNCATED, &[]),
        });
        let resolver = server.resolver();
        let mut found = resolver.ipv4("many.test").unwrap().into_vec();
        found.sort();
        let expected = (0..COUNT).map(|n| std::net::Ipv4Addr::from(0x0a00_0000 | u32::from(n)));
        assert_eq!(found, expected.collect::<Vec<_>>());
        drop((resolver, server));
        settle();
    }

    fn what_comes_in_drops_or_without_an_end_by_tcp_has_the_limit_of_the_question() {
        for trick in [Trick::Drips, Trick::Stalls, Trick::Leaves, Trick::NeverEnds] {
            let (server, began) = (Server::tricky(trick), get_hub().now());
            let resolver = server.resolver();
            let error = resolver.ipv4("a.test").unwrap_err();
            assert!(!is_an_answer(&error), "{trick:?}: {error:?}");
            match trick {
                Trick::Leaves => assert!(get_hub().now() - began < ms(1000), "{:?}", get_hub().now()),
                _ => assert!(matches!(error, LookupError::TimedOut(..)), "{trick:?}: {error:?}"),
            }
            let began = get_hub().now();
            resolver.with_limit(ms(300)).ipv4("b.test").unwrap_err();
            assert!(get_hub().now() - began <= ms(300), "{trick:?}");
            drop((resolver, server));
            sleep(Duration::from_secs(60));
        }
    }

    fn a_flood_of_wrong_answers_has_the_limit_of_the_question() {
        let server = Server::new(|question: &Question| {
            let wrong = |n: u16| {
                let mut bytes = question.answer(&[question.record(60, [6, 6, 6, 6])]);
                let id = u16::from_be_bytes([bytes[0], bytes[1]]).wrapping_add(n);
                bytes[..2].copy_from_slice(&id.to_be_bytes());
                bytes
            };
            (1..=1000).map(|n| (ms(n.into()), wrong(n))).collect()
        });
        let resolver = server.resolver().with_limit(Duration::from_secs(1));
        let error = resolver.ipv4("a.test").unwrap_err();
        assert!(matches!(error, LookupError::TimedOut(..)), "{error:?}");
        assert_eq!(get_hub().now(), Duration::from_secs(1));
        drop((resolver, server));
        // The rest of it has nobody to go to.
        sleep(Duration::from_secs(10));
    }

    fn nothing_is_kept_for_longer_than_a_day() {
        let server = Server::quick(|question: &Question| match &*question.name {
            "nobody.test." => {
                // For this long there will be no such name.
                let soa = [&encoded("test")[..], &encoded("root.test"), &[0x7f; 20]].concat();
                question.message(NO_SUCH_NAME, 0, &[Record { kind: SOA, ..question.record(u32::MAX >> 1, soa) }])
            }
            _ => question.answer(&[question.record(u32::MAX >> 1, [192, 0, 2, 7])]),
        });
        let resolver = server.resolver();
        assert_eq!(resolver.ipv4("a.test").unwrap().ttl(), Duration::from_secs(24 * 3600));
        resolver.ipv4("nobody.test").unwrap_err();
        drop((resolver, server));
        settle();
    }
}

#[test]
fn the_environment_names_servers_and_limits_and_keeps_the_systems_resolver() {
    const TEST: &str = "the_environment_names_servers_and_limits_and_keeps_the_systems_resolver";
    #[green]
    fn scenario() {
        assert!(!dns::install(Resolver::new()));
        let error = Resolver::new().ipv4("a.test").unwrap_err();
        assert_eq!(error.to_string(), "no nameserver answers for `a.test` within 250ms");
    }
    if std::env::var_os("EVENTLET_TEST_CHILD").is_some() {
        eventlet::run(scenario);
        return;
    }
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let child = |nameservers: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([TEST, "--exact", "--nocapture"]).env("EVENTLET_TEST_CHILD", "1");
        command.env("EVENTLET_NO_GREENDNS", "Yes").env("EVENTLET_DNS_TIMEOUT", "0.25");
        command.env("EVENTLET_DNS_NAMESERVERS", nameservers).output().unwrap()
    };
    let output = child(&silent.local_addr().unwrap().to_string());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut buf = [0; 512];
    assert!(silent.recv(&mut buf).unwrap() > 12, "it was asked");
    let output = child("nonsense");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("EVENTLET_DNS_NAMESERVERS has `nonsense`"), "{said}");
}
