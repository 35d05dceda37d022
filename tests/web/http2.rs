//! What the server answers to frames of HTTP/2.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use eventlet::event::Flag;
use eventlet::green::io::{Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::http::{Body, Bytes, IntoResponse, Request, Response, StatusCode};
use eventlet::testing::run_clean;
use eventlet::wsgi::Server;
use eventlet::{connect, green, sleep, with_timeout};
use eventlet_web_tests::{MS, Site, ignore};
use hyper::body::Frame;

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// A whole request in one frame.
const WHOLE: u8 = 0x5;
/// `GET http://x/`, in the words of HPACK.
const GET: &[u8] = &[0x82, 0x86, 0x84, 0x41, 1, b'x'];

fn preface() -> Vec<u8> {
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame(4, 0, 0, &[])[..]].concat()
}

/// The kinds and streams of all frames until the end.
#[green]
fn frames_of(mut stream: TcpStream) -> Vec<(u8, u32, Vec<u8>)> {
    let mut frames = vec![];
    while let Some(came) = next_frame(&mut stream) {
        frames.push(came);
    }
    frames
}

/// The kind, stream and payload of the next frame; `None` at the end.
#[green]
fn next_frame(stream: &mut TcpStream) -> Option<(u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; length as usize];
    stream.read_exact(&mut payload).ok()?;
    // What asks for an answer gets it: settings, and the ping before a connection goes away.
    if (head[3] == SETTINGS || head[3] == PING) && head[4] == 0 {
        let _ = stream.write_all(&frame(head[3], 1, 0, if head[3] == PING { &payload } else { &[] }));
    }
    Some((head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload))
}

/// The next frame of one of these kinds, with its stream; what is neither is left out.
#[green]
fn next_of(stream: &mut TcpStream, kinds: &[u8]) -> Option<(u8, u32, Vec<u8>)> {
    loop {
        let came = next_frame(stream)?;
        if kinds.contains(&came.0) {
            return Some(came);
        }
    }
}

/// A connection that has begun, whose client knows what it may send.
#[green]
fn begin(site: &Site) -> TcpStream {
    let mut stream = connect(site.address).unwrap();
    stream.write_all(&preface()).unwrap();
    next_of(&mut stream, &[WINDOW_UPDATE]).unwrap();
    stream
}

/// The same with another method, which is a literal with the name of the second entry of HPACK's table.
fn of(method: &str) -> Vec<u8> {
    [&[0x42, method.len() as u8], method.as_bytes(), &GET[1..]].concat()
}

#[test]
fn http2_is_told_to_go_away_after_so_many_requests() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().max_requests(2), ignore);
        let request = [preface(), frame(HEADERS, WHOLE, 1, GET), frame(HEADERS, WHOLE, 3, GET)].concat();
        for cut in [1, 2, 3, 10, 23, 24, 25, 40, request.len()] {
            let mut stream = connect(site.address).unwrap();
            stream.write_all(&request[..cut]).unwrap();
            sleep(MS);
            stream.write_all(&request[cut..]).unwrap();
            let frames = frames_of(stream);
            let answered: Vec<_> = frames.iter().filter(|(kind, ..)| *kind == HEADERS).map(|f| f.1).collect();
            assert_eq!(answered, [1, 3], "cut at {cut}: {frames:?}");
            assert!(frames.iter().any(|(kind, ..)| *kind == GOAWAY), "cut at {cut}: {frames:?}");
        }
        site.end();
    }
    run_clean(scenario);
}

/// A body that panics when it is asked for its second piece.
struct Panics {
    has_begun: bool,
}

impl hyper::body::Body for Panics {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        assert!(!std::mem::replace(&mut self.has_begun, true), "a library's mistake");
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"begun")))))
    }
}

#[test]
fn a_body_that_panics_ends_its_own_answer_alone() {
    #[green]
    fn app(request: Request) -> Response {
        match request.headers().contains_key("p") {
            true => Response::new(Body::wrap(Panics { has_begun: false })),
            false => "fine".into_response(),
        }
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().max_requests(2), app);
        let mut stream = connect(site.address).unwrap();
        let panics = [GET, &[0x00, 1], b"p", &[1], b"y"].concat();
        let requests = [preface(), frame(HEADERS, WHOLE, 1, &panics), frame(HEADERS, WHOLE, 3, GET)].concat();
        stream.write_all(&requests).unwrap();
        let frames = frames_of(stream);
        let is_reset = frames.iter().any(|(kind, stream, _)| (*kind, *stream) == (RST_STREAM, 1));
        let answer = frames.iter().find(|(kind, stream, _)| (*kind, *stream) == (DATA, 3));
        assert!(is_reset, "{frames:?}");
        assert_eq!(answer.unwrap().2, b"fine", "{frames:?}");
        // In HTTP/1 it breaks off, and can be told from one that has ended.
        let answer = site.exchange("GET / HTTP/1.1\r\nHost: x\r\np: y\r\n\r\n");
        assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn http2_is_checked_as_http1_is() {
    #[green]
    fn app(request: Request) -> String {
        format!("{:?}", request.headers().get("host"))
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().max_requests(1), app);
        let other_host = [GET, &[0x00, 4], b"host", &[1], b"y"].concat();
        let expects = [GET, &[0x00, 6], b"expect", &[1], b"y"].concat();
        // The indices of HPACK's table: 0x88 is `:status 200`, 0x8c is 400; others are spelt out.
        for (headers, first) in [(GET, 0x88), (&other_host, 0x8c), (&expects, 0x48)] {
            let mut stream = connect(site.address).unwrap();
            stream.write_all(&[preface(), frame(HEADERS, WHOLE, 1, headers)].concat()).unwrap();
            let frames = frames_of(stream);
            let answer = frames.iter().find(|(kind, ..)| *kind == HEADERS).unwrap();
            assert_eq!(answer.2[0], first, "{frames:?}");
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn http2_has_no_body_where_there_is_none_and_says_how_long_it_would_be() {
    #[green]
    fn app(request: Request) -> Response {
        match request.method().as_str() {
            "DELETE" => (StatusCode::NO_CONTENT, "nothing").into_response(),
            "PUT" => (StatusCode::NOT_MODIFIED, "nothing").into_response(),
            _ => "hello\n".into_response(),
        }
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().max_requests(1), app);
        for (method, has_body) in [("HEAD", false), ("DELETE", false), ("PUT", false), ("POST", true)] {
            let mut stream = connect(site.address).unwrap();
            stream.write_all(&[preface(), frame(HEADERS, WHOLE, 1, &of(method))].concat()).unwrap();
            let frames = frames_of(stream);
            let bodies: Vec<&[u8]> = frames.iter().filter(|f| f.0 == 0).map(|f| &f.2[..]).collect();
            let expected: &[&[u8]] = if has_body { &[b"hello\n"] } else { &[] };
            assert_eq!(bodies, expected, "{method}: {frames:?}");
            // A literal with the name of the 28th entry, `content-length`.
            let head = &frames.iter().find(|(kind, ..)| *kind == HEADERS).unwrap().2;
            let has_length = head.windows(2).any(|bytes| bytes == [0x0f, 0x0d]);
            assert_eq!(has_length, method == "HEAD" || has_body, "{method}: {head:?}");
        }
        site.end();
    }
    run_clean(scenario);
}

/// Sends so much of a request's body, in frames that are not too large.
#[green]
fn send_body(stream: &mut TcpStream, number: u32, mut length: usize) {
    while length > 0 {
        let count = length.min(16_384);
        stream.write_all(&frame(DATA, 0, number, &vec![b'x'; count])).unwrap();
        length -= count;
    }
}

/// Says how long the body is; with the method `DEAF` nothing of it is read until that is told.
#[green]
fn deaf_or_not(request: Request, hears: Flag) -> io::Result<String> {
    if request.method() == "DEAF" {
        hears.wait();
    }
    Ok(format!("{}\n", request.into_body().bytes()?.len()))
}

#[test]
fn a_body_that_is_not_read_holds_up_no_other_one() {
    #[green]
    fn scenario() {
        let hears = Flag::new();
        let app = {
            let hears = hears.clone();
            move |request| deaf_or_not(request, hears.clone())
        };
        let site = Site::new(Server::new().http2_window(65_536).http2_streams(20), app);
        let mut stream = begin(&site);
        // Each sends all that it may, and the last of them, which is read, has its answer all the same.
        for number in 0..19 {
            stream.write_all(&frame(HEADERS, END_HEADERS, 2 * number + 1, &of("DEAF"))).unwrap();
            send_body(&mut stream, 2 * number + 1, 65_536);
        }
        stream.write_all(&frame(HEADERS, END_HEADERS, 39, &of("POST"))).unwrap();
        send_body(&mut stream, 39, 65_536);
        stream.write_all(&frame(DATA, END_STREAM, 39, b"")).unwrap();
        assert_eq!(next_of(&mut stream, &[DATA, RST_STREAM, GOAWAY]), Some((DATA, 39, b"65536\n".to_vec())));
        hears.set();
        for number in 0..19 {
            // Not a byte more: whether there is room again for one is not known here.
            stream.write_all(&frame(DATA, END_STREAM, 2 * number + 1, b"")).unwrap();
            let answer = next_of(&mut stream, &[DATA, RST_STREAM, GOAWAY]);
            assert_eq!(answer, Some((DATA, 2 * number + 1, b"65536\n".to_vec())));
        }
        drop(stream);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn clients_are_told_what_they_may_send() {
    #[green]
    fn scenario() {
        for (server, streams, window) in [
            (Server::new(), 256, 1 << 20),
            (Server::new().http2_window(1).http2_streams(3), 3, 64 << 10),
            (Server::new().http2_streams(0), 1, 1 << 20),
            (Server::new().http2_window(200_000).http2_streams(7), 7, 200_000),
        ] {
            let site = Site::new(server, ignore);
            let mut stream = connect(site.address).unwrap();
            stream.write_all(&preface()).unwrap();
            let (_, _, settings) = next_of(&mut stream, &[SETTINGS]).unwrap();
            let setting = |name: u16| {
                let mut settings = settings.chunks(6).filter(|setting| setting[..2] == name.to_be_bytes());
                settings.next().map(|setting| u32::from_be_bytes(setting[2..].try_into().unwrap()))
            };
            assert_eq!((setting(3), setting(4)), (Some(streams), Some(window)), "{settings:?}");
            // What all of them may send together, beyond what the standard gives to begin with.
            let (_, number, more) = next_of(&mut stream, &[WINDOW_UPDATE]).unwrap();
            let more = u32::from_be_bytes(more.try_into().unwrap());
            assert_eq!((number, more), (0, streams * window - 65_535));
            drop(stream);
            site.end();
        }
    }
    run_clean(scenario);
}

#[test]
fn an_answer_before_the_end_of_a_body_resets_nothing_while_the_body_comes() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), ignore);
        let mut stream = begin(&site);
        // A head with an expectation that nobody has is refused before there is a handler.
        let expects = [&of("POST")[..], &[0x00, 6], b"expect", &[1], b"y"].concat();
        for (number, head) in [(1, of("POST")), (3, expects)] {
            stream.write_all(&frame(HEADERS, END_HEADERS, number, &head)).unwrap();
            assert_eq!(next_of(&mut stream, &[HEADERS, RST_STREAM, GOAWAY]).unwrap().0, HEADERS);
            assert_eq!(next_of(&mut stream, &[DATA, RST_STREAM, GOAWAY]).unwrap().0, DATA);
            for _ in 0..3 {
                sleep(10 * MS);
                send_body(&mut stream, number, 100_000);
            }
            stream.write_all(&frame(DATA, END_STREAM, number, b"")).unwrap();
        }
        stream.write_all(&frame(HEADERS, WHOLE, 5, GET)).unwrap();
        let answer = next_of(&mut stream, &[HEADERS, RST_STREAM, GOAWAY]).unwrap();
        assert_eq!((answer.0, answer.1), (HEADERS, 5));
        drop(stream);
        site.end();
    }
    run_clean(scenario);
}

/// `NO_ERROR`, which says that the answer is whole.
const NO_ERROR: &[u8] = &[0; 4];

#[test]
fn a_body_that_nobody_reads_does_not_go_on_for_ever() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), ignore);
        let mut stream = begin(&site);
        let reset = |number| Some((RST_STREAM, number, NO_ERROR.to_vec()));
        // One that says beforehand that it is too much, with the 28th name of the table.
        let long = [&of("POST")[..], &[0x0f, 0x0d, 7], b"1048577"].concat();
        stream.write_all(&frame(HEADERS, END_HEADERS, 1, &long)).unwrap();
        assert_eq!(next_of(&mut stream, &[RST_STREAM, GOAWAY]), reset(1));
        // One that is too much.
        stream.write_all(&frame(HEADERS, END_HEADERS, 3, &of("POST"))).unwrap();
        assert_eq!(next_of(&mut stream, &[DATA, RST_STREAM, GOAWAY]).unwrap().0, DATA);
        send_body(&mut stream, 3, 1 << 20);
        while next_of(&mut stream, &[WINDOW_UPDATE, RST_STREAM, GOAWAY]).unwrap().1 != 3 {}
        send_body(&mut stream, 3, 1);
        assert_eq!(next_of(&mut stream, &[RST_STREAM, GOAWAY]), reset(3));
        // One that does not end.
        stream.write_all(&frame(HEADERS, END_HEADERS, 5, &of("POST"))).unwrap();
        let result = with_timeout(Duration::from_secs(1), || next_of(&mut stream, &[RST_STREAM, GOAWAY]));
        assert!(result.is_err(), "{result:?}");
        assert_eq!(next_of(&mut stream, &[RST_STREAM, GOAWAY]), reset(5));
        stream.write_all(&frame(HEADERS, WHOLE, 7, GET)).unwrap();
        assert_eq!(next_of(&mut stream, &[HEADERS, GOAWAY]).unwrap().1, 7);
        drop(stream);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn pings_are_no_requests_and_no_sign_that_an_answer_is_read() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().keepalive_timeout(200 * MS), ignore);
        // No window for answers, in the words of SETTINGS.
        let no_window = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
        for request in [vec![], frame(HEADERS, WHOLE, 1, GET)] {
            let mut stream = begin(&site);
            stream.write_all(&[&no_window[..], &request].concat()).unwrap();
            let begun = Instant::now();
            while stream.write_all(&frame(PING, 0, 0, &[7; 8])).is_ok()
                && next_of(&mut stream, &[PING]).is_some()
            {
                assert!(begun.elapsed() < Duration::from_secs(10), "{} bytes", request.len());
                sleep(20 * MS);
            }
            assert!(begun.elapsed() >= 190 * MS, "{:?}", begun.elapsed());
        }
        site.end();
    }
    run_clean(scenario);
}

/// Counts the handlers that there are.
struct Handling(Rc<Cell<usize>>);

impl Drop for Handling {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[test]
fn a_flood_ends_its_own_connection_or_is_not_read() {
    #[green]
    fn app(request: Request, now: Rc<Cell<usize>>, most: Rc<Cell<usize>>) -> &'static str {
        now.set(now.get() + 1);
        most.set(most.get().max(now.get()));
        let _handling = Handling(now);
        if request.headers().contains_key("p") {
            sleep(Duration::from_secs(1000));
        }
        "answered\n"
    }
    /// What a connection that has ended still sends is thrown away for four seconds at most.
    const TOO_LONG: Duration = Duration::from_secs(20);
    #[green]
    fn scenario() {
        let (now, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let serve = {
            let (now, most) = (now.clone(), most.clone());
            move |request| app(request, now.clone(), most.clone())
        };
        let site = Site::new(Server::new(), serve);
        let waits = [GET, &[0x00, 1], b"p", &[1], b"y"].concat();
        let filler = [&[0x00, 100][..], &[b'a'; 100], &[100], &[b'b'; 100]].concat();
        type Flood = Box<dyn Fn(u32) -> Vec<u8>>;
        let floods: Vec<(&str, Flood)> = vec![
            (
                "requests that are reset at once",
                Box::new(move |number| {
                    let number = 2 * number + 1;
                    [frame(HEADERS, WHOLE, number, &waits), frame(RST_STREAM, 0, number, &[0, 0, 0, 8])]
                        .concat()
                }),
            ),
            (
                "a head without an end",
                Box::new(move |number| match number {
                    0 => frame(HEADERS, END_STREAM, 1, GET),
                    _ => frame(CONTINUATION, 0, 1, &filler),
                }),
            ),
            (
                "a head of nothing",
                Box::new(|number| match number {
                    0 => frame(HEADERS, END_STREAM, 1, GET),
                    _ => frame(CONTINUATION, 0, 1, &[]),
                }),
            ),
            ("settings", Box::new(|_| frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0xff, 0xff]))),
            ("pings", Box::new(|_| frame(PING, 0, 0, &[1; 8]))),
            ("windows", Box::new(|_| frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]))),
        ];
        for (name, flood) in floods {
            let mut stream = begin(&site);
            let (begun, mut sent, mut number) = (Instant::now(), 0, 0);
            // What comes back is not read.
            loop {
                let mut bytes = vec![];
                while bytes.len() < 64 << 10 {
                    bytes.extend(flood(number));
                    number += 1;
                }
                match with_timeout(300 * MS, || stream.write_all(&bytes)) {
                    Ok(Ok(())) => sent += bytes.len(),
                    Ok(Err(_)) | Err(_) => break,
                }
                assert!(begun.elapsed() < TOO_LONG, "{name}: {sent} bytes");
                let other = with_timeout(Duration::from_secs(5), || site.exchange(PLAIN));
                assert!(
                    other.as_ref().is_ok_and(|answer| answer.ends_with("\r\n\r\nanswered\n")),
                    "{name}: {other:?} after {sent} bytes"
                );
            }
            drop(stream);
            sleep(20 * MS);
            assert_eq!(now.get(), 0, "{name}");
        }
        assert!(most.get() <= 256, "{}", most.get());
        site.end();
    }
    run_clean(scenario);
}

/// A request of HTTP/1, whose connection ends with its answer.
const PLAIN: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
