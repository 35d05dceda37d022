//! HTTP/2: many requests on one connection, against our own server and against one of raw frames.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;

use eventlet::green::io::{Read, Write};
use eventlet::green::os::unix::net::{UnixListener, UnixStream};
use eventlet::greenthread::joinall;
use eventlet::http::client::{ClientBuilder, Phase};
use eventlet::http::{self, Body, Client, HeaderMap, IntoResponse, Out, Request, Response, Version};
use eventlet::testing::{now, run_clean, run_virtual};
use eventlet::tls::{TlsAcceptor, TlsConnector, TlsListener};
use eventlet::wsgi::{RequestExt, Server};
use eventlet::{GreenThread, green, listen, sleep, spawn, with_timeout};
use eventlet_web_tests::Site;
use eventlet_web_tests::authority::AUTHORITY;

use super::{Local, MS, Place, SECOND, Step, say};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

const REFUSED: u32 = 7;
const CANCEL: u32 = 8;

/// A frame that came.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    content: Vec<u8>,
}

impl Frame {
    /// Does it begin a request?
    fn is_request(&self) -> bool {
        self.kind == HEADERS
    }
}

fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), content].concat()
}

/// The head of an answer with status 200.
fn head(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &[0x88])
}

/// An answer with this body.
fn answer(stream: u32, body: &str) -> Vec<u8> {
    [head(stream), frame(DATA, END_STREAM, stream, body.as_bytes())].concat()
}

fn reset(stream: u32, reason: u32) -> Vec<u8> {
    frame(RESET, 0, stream, &reason.to_be_bytes())
}

/// No stream behind `last` was looked at.
fn go_away(last: u32) -> Vec<u8> {
    frame(GO_AWAY, 0, 0, &[last.to_be_bytes(), [0; 4]].concat())
}

fn most_streams(count: u32) -> Vec<u8> {
    [&[0, 3], &count.to_be_bytes()[..]].concat()
}

type Script = Rc<dyn Fn(usize, &Frame) -> Vec<Step>>;
type Seen = Rc<RefCell<Vec<(usize, Frame)>>>;

/// A server of raw frames.
struct Frames {
    place: Place,
    /// Each frame, with the number of its connection.
    seen: Seen,
    threads: Rc<RefCell<Vec<GreenThread<()>>>>,
}

impl Frames {
    /// A server with these settings, which does about each frame, of the connection with this
    /// number, what `script` says.
    #[green]
    fn new(settings: Vec<u8>, script: impl Fn(usize, &Frame) -> Vec<Step> + 'static) -> Frames {
        let place = Place::new();
        let listener = place.listen();
        let frames = Frames { place, seen: Rc::default(), threads: Rc::default() };
        let (seen, threads) = (frames.seen.clone(), frames.threads.clone());
        let script: Script = Rc::new(script);
        frames.threads.borrow_mut().push(spawn(move || accept(listener, settings, script, seen, threads)));
        frames
    }

    fn client(&self) -> ClientBuilder {
        self.place.client().http2_prior_knowledge(true)
    }

    /// The connection and the stream of each request.
    fn requests(&self) -> Vec<(usize, u32)> {
        let seen = self.seen.borrow();
        let requests = seen.iter().filter(|(_, frame)| frame.is_request());
        requests.map(|(connection, frame)| (*connection, frame.stream)).collect()
    }

    /// What the client has reset, and why.
    fn resets(&self) -> Vec<(u32, u32)> {
        let seen = self.seen.borrow();
        let resets = seen.iter().filter(|(_, frame)| frame.kind == RESET);
        let reason = |frame: &Frame| u32::from_be_bytes(frame.content[..4].try_into().unwrap());
        resets.map(|(_, frame)| (frame.stream, reason(frame))).collect()
    }

    fn end(self) {
        let threads = self.threads.take();
        threads.iter().for_each(|thread| thread.kill());
    }
}

#[green]
fn accept(
    listener: UnixListener,
    settings: Vec<u8>,
    script: Script,
    seen: Seen,
    threads: Rc<RefCell<Vec<GreenThread<()>>>>,
) {
    let mut number = 0;
    while let Ok((stream, _)) = listener.accept() {
        let (settings, script, seen) = (settings.clone(), script.clone(), seen.clone());
        threads.borrow_mut().push(spawn(move || talk(stream, settings, number, script, seen)));
        number += 1;
    }
}

#[green]
fn talk(mut stream: UnixStream, settings: Vec<u8>, number: usize, script: Script, seen: Seen) {
    let mut preface = [0; 24];
    if stream.read_exact(&mut preface).is_err() {
        return;
    }
    assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let _ = stream.write_all(&frame(SETTINGS, 0, 0, &settings));
    while let Some(came) = read_frame(&mut stream) {
        if came.kind == SETTINGS && came.flags & ACK == 0 {
            let _ = stream.write_all(&frame(SETTINGS, ACK, 0, &[]));
        }
        let steps = script(number, &came);
        seen.borrow_mut().push((number, came));
        for step in steps {
            match step {
                Step::Say(bytes) => {
                    if stream.write_all(&bytes).is_err() {
                        return;
                    }
                }
                Step::Pause(time) => sleep(time),
                Step::Close => return,
            }
        }
    }
}

/// The next frame; `None` at the end.
#[green]
fn read_frame(stream: &mut UnixStream) -> Option<Frame> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut content = vec![0; length as usize];
    stream.read_exact(&mut content).ok()?;
    let stream = u32::from_be_bytes(head[5..].try_into().unwrap());
    Some(Frame { kind: head[3], flags: head[4], stream, content })
}

const URL: &str = "http://site/";

/// Everything is answered.
fn willing(_connection: usize, frame: &Frame) -> Vec<Step> {
    if frame.is_request() { vec![say(answer(frame.stream, "abc"))] } else { vec![] }
}

#[green]
fn fetch(client: Client, url: String) -> (String, Version) {
    let answer = client.get(url).send().unwrap();
    let version = answer.version();
    (answer.text().unwrap(), version)
}

#[test]
fn requests_at_once_share_a_connection_and_are_answered_in_any_order() {
    #[green]
    fn app(request: Request) -> String {
        let number: u32 = request.uri().path()[1..].parse().unwrap();
        sleep((100 - number) * SECOND);
        format!("{} {} {number}", request.method(), request.headers().contains_key("host"))
    }
    #[green]
    fn scenario() {
        let site = Local::new(Server::new(), app);
        let builder = site.place.client().http2_prior_knowledge(true).read_timeout(None);
        let client = builder.build().unwrap();
        let ask = |number| {
            let client = client.clone();
            spawn(move || fetch(client, format!("http://site/{number}")))
        };
        let asking: Vec<_> = (0..90).map(ask).collect();
        sleep(99 * SECOND);
        assert_eq!(asking.iter().filter(|thread| !thread.is_finished()).count(), 2);
        assert_eq!(client.idle_connections(), 0);
        for (number, asking) in asking.into_iter().enumerate() {
            assert_eq!(asking.wait(), (format!("GET true {number}"), Version::HTTP_2));
        }
        assert_eq!(now(), 100 * SECOND);
        assert_eq!(client.idle_connections(), 1);
        drop(client);
        site.end();
    }
    run_virtual(scenario);
}

#[test]
fn tls_agrees_on_the_version_and_the_first_of_many_requests_makes_the_connection_for_all() {
    thread_local!(static PEERS: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) });
    #[green]
    fn app(request: Request) -> String {
        let peer = format!("{:?}", request.peer().unwrap());
        PEERS.with_borrow_mut(|peers| peers.insert(peer));
        format!("{:?}", request.uri().authority().map(|host| host.host().to_owned()))
    }
    #[green]
    fn scenario() {
        let identity = AUTHORITY.identity(&["server.test"]);
        let acceptor = TlsAcceptor::new(&identity.certificate, &identity.key).unwrap();
        for (is_server_old, is_client_old, version, connections) in [
            (false, false, Version::HTTP_2, 1),
            (false, true, Version::HTTP_11, 20),
            (true, false, Version::HTTP_11, 20),
        ] {
            PEERS.with_borrow_mut(BTreeSet::clear);
            let listener = listen("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let server = Server::new();
            let server = if is_server_old { server.http1_only(true) } else { server };
            let handle = server.handle();
            let listener = TlsListener::new(listener, acceptor.clone());
            let serving = spawn(move || server.serve(listener, app));
            let connector = TlsConnector::builder().roots(AUTHORITY.pem.clone()).build().unwrap();
            let builder =
                Client::builder().tls(connector).resolve("server.test", address).max_idle_per_host(99);
            let builder = if is_client_old { builder.http1_only(true) } else { builder };
            let client = builder.build().unwrap();
            let ask = |_| {
                let (client, url) = (client.clone(), format!("https://server.test:{}/", address.port()));
                spawn(move || fetch(client, url))
            };
            let asking: Vec<_> = (0..20).map(ask).collect();
            for answer in joinall(asking) {
                assert_eq!(answer.unwrap().1, version);
            }
            let count = PEERS.with_borrow(BTreeSet::len);
            assert!(count <= connections && (count == 1) == (connections == 1), "{count} for {version:?}");
            drop(client);
            handle.stop();
            serving.wait().unwrap();
        }
    }
    run_clean(scenario);
}

#[test]
fn bodies_are_streamed_in_both_directions_with_trailers() {
    #[green]
    fn app(request: Request) -> Response {
        let mut body = request.into_body();
        #[green]
        fn back(mut body: Body, out: Out) -> io::Result<()> {
            while let Some(piece) = body.piece()? {
                out.write(piece)?;
            }
            let trailers = body.trailers().cloned().unwrap_or_default();
            out.write(format!(" {trailers:?}"))
        }
        Response::new(Body::stream(move |out| back(std::mem::take(&mut body), out)))
    }
    /// Two pieces and a trailer.
    struct Trailed(Vec<&'static str>);
    impl hyper::body::Body for Trailed {
        type Data = http::Bytes;
        type Error = io::Error;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<http::Bytes>, io::Error>>> {
            std::task::Poll::Ready(match self.0.pop() {
                None => None,
                Some("") => {
                    let mut trailers = HeaderMap::new();
                    trailers.insert("x-end", "yes".parse().unwrap());
                    Some(Ok(hyper::body::Frame::trailers(trailers)))
                }
                Some(text) => Some(Ok(hyper::body::Frame::data(text.into()))),
            })
        }
    }
    #[green]
    fn scenario() {
        let site = Local::new(Server::new(), app);
        let client = site.place.client().http2_prior_knowledge(true).build().unwrap();
        let body = Body::wrap(Trailed(vec!["", "two", "one"]));
        let answer = client.post(URL).body(body).send().unwrap();
        assert_eq!(answer.text().unwrap(), r#"onetwo {"x-end": "yes"}"#);
        // More than any window, and not all of it at once.
        let whole: Vec<u8> = (0..3_000_000_u32).map(|number| number as u8).collect();
        let mut answer = client.post(URL).body(whole.clone()).send().unwrap();
        let mut back = vec![];
        while let Some(piece) = answer.piece().unwrap() {
            back.extend_from_slice(&piece);
        }
        assert!(back.starts_with(&whole) && back.ends_with(b" {}"), "{}", back.len());
        drop((answer, client));
        site.end();
        // The server's.
        let frames = Frames::new(vec![], |_, frame| match frame.is_request() {
            true => {
                let trailers = [&[0, 5][..], b"x-end", &[3], b"yes"].concat();
                let body = self::frame(DATA, 0, frame.stream, b"abc");
                let end = self::frame(HEADERS, END_HEADERS | END_STREAM, frame.stream, &trailers);
                vec![say([head(frame.stream), body, end].concat())]
            }
            false => vec![],
        });
        let client = frames.client().build().unwrap();
        let mut answer = client.get(URL).send().unwrap();
        let mut text = String::new();
        answer.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), &answer.trailers().unwrap()["x-end"]), ("abc", &"yes".parse().unwrap()));
        drop((answer, client));
        frames.end();
    }
    run_virtual(scenario);
}

#[test]
fn white_space_around_a_value_stays_at_home() {
    #[green]
    fn app(request: Request) -> Response {
        let value = request.headers()["x-value"].clone();
        let text = format!("{value:?}");
        ([("x-value", " an\t answer "), ("x-blank", " ")], text).into_response()
    }
    #[green]
    fn scenario() {
        let site = Local::new(Server::new(), app);
        for is_http2 in [false, true] {
            let client = site.place.client().http2_prior_knowledge(is_http2).build().unwrap();
            let answer = client.get(URL).header("x-value", "\t a  value \t").send().unwrap();
            assert_eq!((answer.header("x-value"), answer.header("x-blank")), (Some("an\t answer"), Some("")));
            assert_eq!(answer.text().unwrap(), "\"a  value\"");
        }
        site.end();
    }
    run_virtual(scenario);
}

#[test]
fn whoever_does_not_read_holds_up_its_own_sender_and_nobody_else() {
    thread_local!(static WRITTEN: Cell<u64> = const { Cell::new(0) });
    #[green]
    fn endless(out: Out) -> io::Result<()> {
        loop {
            out.write(vec![7; 10_000])?;
            WRITTEN.set(WRITTEN.get() + 10_000);
        }
    }
    #[green]
    fn app(request: Request) -> Response {
        match request.uri().path() {
            "/endless" => Response::new(Body::stream(endless)),
            "/deaf" => {
                sleep(1000 * SECOND);
                drop(request);
                Response::new(Body::empty())
            }
            _ => Response::new("abc".into()),
        }
    }
    #[green]
    fn scenario() {
        let site = Local::new(Server::new(), app);
        let client = site.place.client().http2_prior_knowledge(true).http2_window(100_000).build().unwrap();
        let mut unread = vec![];
        for _ in 0..5 {
            unread.push(client.get("http://site/endless").send().unwrap());
        }
        sleep(SECOND);
        let written = WRITTEN.replace(0);
        assert!((500_000..5 * 600_000).contains(&written), "{written}");
        sleep(SECOND);
        assert_eq!(WRITTEN.get(), 0);
        assert_eq!(client.get(URL).send().unwrap().text().unwrap(), "abc");
        // One that reads goes on.
        let mut count = 0;
        while count < 1_000_000 {
            count += unread[0].piece().unwrap().unwrap().len();
        }
        drop(unread);
        // And so it is with what is sent.
        WRITTEN.set(0);
        let sending =
            client.post("http://site/deaf").body(Body::stream(endless)).read_timeout(Some(9 * SECOND));
        let error = sending.send().unwrap_err();
        assert_eq!((error.phase(), error.kind()), (Phase::Send, io::ErrorKind::TimedOut), "{error}");
        assert!(error.to_string().ends_with("the server took nothing of it for 9s"), "{error}");
        assert_eq!(now(), 11 * SECOND);
        assert!((10_000..2_000_000).contains(&WRITTEN.get()), "{}", WRITTEN.get());
        assert_eq!(client.get(URL).send().unwrap().text().unwrap(), "abc");
        assert_eq!(client.idle_connections(), 1);
        drop(client);
        site.end();
    }
    run_virtual(scenario);
}

#[test]
fn the_servers_limit_on_streams_is_kept_to_as_it_changes() {
    thread_local!(static OPEN: Cell<(u32, u32)> = const { Cell::new((0, 0)) });
    #[green]
    fn scenario() {
        let answered = Rc::new(RefCell::new(Vec::new()));
        let waiting = answered.clone();
        let frames = Frames::new(most_streams(2), move |_, frame| {
            if !frame.is_request() {
                return vec![];
            }
            waiting.borrow_mut().push(frame.stream);
            OPEN.set((OPEN.get().0 + 1, OPEN.get().1.max(OPEN.get().0 + 1)));
            // Answers two at once, when there are two.
            if waiting.borrow().len() < 2 {
                return vec![];
            }
            OPEN.set((0, OPEN.get().1));
            let done = waiting.take().into_iter().flat_map(|stream| answer(stream, "abc"));
            vec![Step::Pause(SECOND), say(done.collect::<Vec<u8>>())]
        });
        let client = frames.client().build().unwrap();
        // Its settings come with the first answer.
        let first: Vec<_> = (0..2).map(|_| spawn_fetch(&client)).collect();
        joinall(first).into_iter().for_each(|result| drop(result.unwrap()));
        OPEN.set((0, 0));
        let asking: Vec<_> = (0..10).map(|_| spawn_fetch(&client)).collect();
        for result in joinall(asking) {
            assert_eq!(result.unwrap(), ("abc".to_owned(), Version::HTTP_2));
        }
        assert_eq!((OPEN.get().1, now()), (2, 6 * SECOND));
        assert!(frames.requests().iter().all(|(connection, _)| *connection == 0));
        drop(client);
        frames.end();
    }
    run_virtual(scenario);
}

#[green]
fn get(client: Client) -> http::client::Result<String> {
    client.get(URL).send()?.text()
}

fn spawn_fetch(client: &Client) -> GreenThread<(String, Version)> {
    let client = client.clone();
    spawn(move || fetch(client, URL.to_owned()))
}

#[test]
fn a_killed_request_resets_its_stream_and_leaves_the_others_alone() {
    #[green]
    fn scenario() {
        // The first and the second get no answer, the third half of one.
        let frames = Frames::new(vec![], |_, frame| match (frame.is_request(), frame.stream) {
            (true, 1 | 3) => vec![],
            (true, 5) => vec![say([head(5), self::frame(DATA, 0, 5, b"ab")].concat())],
            (true, stream) => vec![say(answer(stream, "abc"))],
            (false, 3) if frame.kind == RESET => vec![say(answer(1, "late"))],
            _ => vec![],
        });
        let client = frames.client().build().unwrap();
        let first = spawn_fetch(&client);
        sleep(SECOND);
        assert!(with_timeout(SECOND, || get(client.clone())).is_err());
        assert_eq!(first.wait().0, "late");
        // In the body: killed, dropped, and with a body of its own under way.
        let unread = client.get(URL).send().unwrap();
        drop(unread);
        assert_eq!(client.get(URL).send().unwrap().text().unwrap(), "abc");
        assert_eq!(frames.resets(), [(3, CANCEL), (5, CANCEL)]);
        assert_eq!(frames.requests(), [(0, 1), (0, 3), (0, 5), (0, 7)]);
        assert_eq!(client.idle_connections(), 1);
        drop(client);
        frames.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_request_whose_body_is_under_way_when_it_is_killed_is_reset_too() {
    #[green]
    fn scenario() {
        let frames = Frames::new(vec![], |_, frame| match (frame.is_request(), frame.stream) {
            (true, 1) => vec![],
            _ => willing(0, frame),
        });
        let client = frames.client().build().unwrap();
        #[green]
        fn slow(out: Out) -> io::Result<()> {
            loop {
                out.write("piece")?;
                sleep(SECOND);
            }
        }
        let sending = client.post(URL).body(Body::stream(slow));
        assert!(with_timeout(5 * SECOND, || sending.send()).is_err());
        assert_eq!(client.get(URL).send().unwrap().text().unwrap(), "abc");
        assert_eq!(frames.resets(), [(1, CANCEL)]);
        assert_eq!(frames.requests(), [(0, 1), (0, 3)]);
        drop(client);
        frames.end();
    }
    run_virtual(scenario);
}

#[test]
fn what_a_server_that_goes_away_has_not_looked_at_is_sent_over_a_new_connection() {
    #[green]
    fn scenario() {
        // The first connection answers the first request later, and takes no other.
        let frames =
            Frames::new(vec![], |connection, frame| match (connection, frame.is_request(), frame.stream) {
                (0, true, 1) => vec![],
                (0, true, 3) => vec![say(go_away(1)), Step::Pause(SECOND), say(answer(1, "old"))],
                (_, true, stream) => vec![say(answer(stream, "new"))],
                _ => vec![],
            });
        let client = frames.client().build().unwrap();
        let first = spawn_fetch(&client);
        sleep(SECOND);
        // Whatever its method.
        assert_eq!(client.post(URL).body("x").send().unwrap().text().unwrap(), "new");
        assert_eq!(client.get(URL).send().unwrap().text().unwrap(), "new");
        assert_eq!(first.wait().0, "old");
        assert_eq!(frames.requests(), [(0, 1), (0, 3), (1, 1), (1, 3)]);
        // The old one is not kept.
        assert_eq!(client.idle_connections(), 1);
        drop(client);
        frames.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_connection_that_has_been_told_off_while_it_was_kept_is_not_used() {
    #[green]
    fn scenario() {
        let frames = Frames::new(vec![], |connection, frame| match frame.is_request() {
            true if connection == 0 => {
                vec![
                    say(answer(frame.stream, "abc")),
                    Step::Pause(SECOND),
                    say(go_away(frame.stream)),
                    Step::Close,
                ]
            }
            _ => willing(connection, frame),
        });
        let client = frames.client().build().unwrap();
        for _ in 0..3 {
            assert_eq!(client.post(URL).body("x").send().unwrap().text().unwrap(), "abc");
            sleep(2 * SECOND);
        }
        assert_eq!(frames.requests(), [(0, 1), (1, 1), (1, 3)]);
        drop(client);
        frames.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_stream_that_is_refused_is_tried_a_few_times_more() {
    #[green]
    fn produce(out: Out) -> io::Result<()> {
        out.write("once")
    }
    #[green]
    fn scenario() {
        for (refusals, is_answered) in [(3, true), (4, false)] {
            let count = Cell::new(0);
            let frames = Frames::new(vec![], move |connection, frame| match frame.is_request() {
                true if count.replace(count.get() + 1) < refusals => vec![say(reset(frame.stream, REFUSED))],
                _ => willing(connection, frame),
            });
            let client = frames.client().build().unwrap();
            let begun = now();
            let result = client.post(URL).body("x").send();
            assert_eq!(result.is_ok(), is_answered);
            if let Err(error) = result {
                assert_eq!(
                    (error.kind(), error.phase()),
                    (io::ErrorKind::ConnectionReset, Phase::ReceiveHead)
                );
            }
            assert_eq!((frames.requests().len(), now() - begun), (4, 500 * MS));
            assert!(frames.requests().iter().all(|(connection, _)| *connection == 0));
            drop(client);
            frames.end();
        }
        // A stream is gone. Any other reset says nothing of what has been done.
        for (reason, body) in [(REFUSED, Body::stream(produce)), (CANCEL, Body::from("x"))] {
            let frames = Frames::new(vec![], move |_, frame| match frame.is_request() {
                true => vec![say(reset(frame.stream, reason))],
                false => vec![],
            });
            let client = frames.client().build().unwrap();
            let error = client.put(URL).body(body).send().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}");
            assert_eq!(frames.requests().len(), 1);
            drop(client);
            frames.end();
        }
    }
    run_virtual(scenario);
}

#[test]
fn a_connection_that_is_lost_loses_what_may_do_harm_twice_and_no_more() {
    #[green]
    fn scenario() {
        // Each connection answers one request, and ends at the next.
        let frames = Frames::new(vec![], |connection, frame| match (frame.kind, frame.stream) {
            (HEADERS | DATA, 3) if frame.flags & END_STREAM != 0 => vec![Step::Close],
            (HEADERS, 3) => vec![],
            _ => willing(connection, frame),
        });
        let client = frames.client().build().unwrap();
        assert_eq!(get(client.clone()).unwrap(), "abc");
        assert_eq!(get(client.clone()).unwrap(), "abc");
        let error = client.post(URL).body("x").send().unwrap_err();
        assert_eq!(
            (error.kind(), error.phase()),
            (io::ErrorKind::UnexpectedEof, Phase::ReceiveHead),
            "{error}"
        );
        assert_eq!(frames.requests(), [(0, 1), (0, 3), (1, 1), (1, 3)]);
        drop(client);
        frames.end();
        // In the middle of an answer.
        let frames = Frames::new(vec![], |_, frame| match frame.kind {
            SETTINGS if frame.flags & ACK != 0 => {
                vec![say([head(1), self::frame(DATA, 0, 1, b"ab")].concat()), Step::Close]
            }
            _ => vec![],
        });
        let client = frames.client().build().unwrap();
        let error = get(client.clone()).unwrap_err();
        assert_eq!(
            (error.kind(), error.phase()),
            (io::ErrorKind::UnexpectedEof, Phase::ReceiveBody),
            "{error}"
        );
        assert_eq!(client.idle_connections(), 0);
        frames.end();
    }
    run_virtual(scenario);
}

#[test]
fn each_request_has_its_time_and_a_connection_that_says_nothing_gets_no_more() {
    #[green]
    fn scenario() {
        let frames =
            Frames::new(vec![], |connection, frame| match (connection, frame.is_request(), frame.stream) {
                (0, true, 1) => vec![say([head(1), self::frame(DATA, 0, 1, b"a")].concat())],
                (0, true, _) => vec![],
                _ => willing(connection, frame),
            });
        let client = frames.client().http2_ping(None).read_timeout(Some(10 * SECOND)).build().unwrap();
        let answer = client.get(URL).send().unwrap();
        let reading = spawn(move || answer.text());
        sleep(5 * SECOND);
        let error = get(client.clone()).unwrap_err();
        assert_eq!((error.phase(), error.is_timeout()), (Phase::ReceiveHead, true), "{error}");
        assert_eq!(now(), 15 * SECOND);
        let error = reading.wait().unwrap_err();
        assert_eq!((error.phase(), error.is_timeout()), (Phase::ReceiveBody, true), "{error}");
        assert_eq!(get(client.clone()).unwrap(), "abc");
        assert_eq!(frames.requests(), [(0, 1), (0, 3), (1, 1)]);
        drop(client);
        frames.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_silent_server_is_asked_whether_it_is_there() {
    #[green]
    fn scenario() {
        // The first connection answers such questions; the second one does not.
        let frames = Frames::new(vec![], |connection, frame| match (connection, frame.kind) {
            (0, PING) if frame.flags & ACK == 0 => vec![say(self::frame(PING, ACK, 0, &frame.content))],
            _ => vec![],
        });
        for (number, expected) in [(0, 60), (1, 20)] {
            let builder = frames.client().read_timeout(Some(60 * SECOND));
            let client = builder.http2_ping(Some(10 * SECOND)).build().unwrap();
            let begun = now();
            let asking: Vec<_> = (0..3)
                .map(|_| {
                    let client = client.clone();
                    spawn(move || get(client))
                })
                .collect();
            for asking in asking {
                let error = asking.wait().unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
            }
            let took = (now() - begun).as_secs_f64();
            assert!((took - f64::from(expected)).abs() < 1.0, "connection {number}: {took}");
        }
        let seen = frames.seen.borrow().iter().filter(|(_, frame)| frame.kind == PING).count();
        assert!(seen >= 6, "{seen} questions");
        frames.end();
    }
    run_virtual(scenario);
}

#[test]
fn what_is_no_http2_is_an_error_of_its_kind() {
    #[green]
    fn scenario() {
        for (said, kind) in [
            (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec(), io::ErrorKind::InvalidData),
            (frame(DATA, 0, 0, b"on no stream"), io::ErrorKind::InvalidData),
            (frame(HEADERS, END_HEADERS, 1, &[0xff; 20]), io::ErrorKind::InvalidData),
            (frame(WINDOW_UPDATE, 0, 0, &[0; 4]), io::ErrorKind::InvalidData),
            (vec![], io::ErrorKind::UnexpectedEof),
        ] {
            let bytes = said.clone();
            // When it has read all there is.
            let frames = Frames::new(vec![], move |_, frame| match frame.kind {
                SETTINGS if frame.flags & ACK != 0 => vec![say(bytes.clone()), Step::Close],
                _ => vec![],
            });
            let client = frames.client().build().unwrap();
            let error = get(client.clone()).unwrap_err();
            assert_eq!((error.kind(), error.phase()), (kind, Phase::ReceiveHead), "{said:?}: {error}");
            assert_eq!(frames.requests().len(), 1, "{said:?}");
            drop(client);
            frames.end();
        }
        // Headers without end.
        let frames = Frames::new(vec![], |_, frame| match frame.is_request() {
            true => {
                let long = [&[0x88, 0, 1, b'a', 0x7f, 0x81, 0x7e][..], &[b'b'; 16_256]].concat();
                let mut all = self::frame(HEADERS, 0, 1, &long);
                for _ in 0..8 {
                    all.extend(self::frame(9, 0, 1, &long[1..]));
                }
                all.extend(self::frame(9, END_HEADERS, 1, &[]));
                vec![say(all)]
            }
            false => vec![],
        });
        let client = frames.client().build().unwrap();
        let error = get(client.clone()).unwrap_err();
        assert_eq!(
            (error.kind(), error.phase()),
            (io::ErrorKind::InvalidData, Phase::ReceiveHead),
            "{error}"
        );
        drop(client);
        frames.end();
    }
    run_virtual(scenario);
}

#[test]
fn the_error_of_a_body_is_that_of_its_request() {
    #[green]
    fn scenario() {
        let frames = Frames::new(vec![], |connection, frame| match (frame.is_request(), frame.stream) {
            (true, 1) => vec![],
            _ => willing(connection, frame),
        });
        let client = frames.client().build().unwrap();
        #[green]
        fn produce(out: Out) -> io::Result<()> {
            out.write("piece")?;
            Err(io::Error::new(io::ErrorKind::NotFound, "the file has gone"))
        }
        let error = client.post(URL).body(Body::stream(produce)).send().unwrap_err();
        assert_eq!((error.kind(), error.phase()), (io::ErrorKind::NotFound, Phase::Send), "{error}");
        assert!(error.to_string().ends_with("the file has gone"), "{error}");
        assert_eq!(get(client.clone()).unwrap(), "abc");
        assert_eq!(frames.requests(), [(0, 1), (0, 3)]);
        drop(client);
        frames.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_thousand_requests_at_once_need_as_few_connections_as_there_may_be() {
    thread_local!(static PEAK: Cell<(u32, u32)> = const { Cell::new((0, 0)) });
    #[green]
    fn slow(_request: Request) -> &'static str {
        let (now, peak) = PEAK.get();
        PEAK.set((now + 1, peak.max(now + 1)));
        sleep(SECOND);
        PEAK.set((PEAK.get().0 - 1, PEAK.get().1));
        "abc"
    }
    #[green]
    fn scenario() {
        let site = Local::new(Server::new(), slow);
        let client = site.place.client().http2_prior_knowledge(true).connect_timeout(None).build().unwrap();
        let asking: Vec<_> = (0..1000).map(|_| spawn_fetch(&client)).collect();
        assert!(joinall(asking).into_iter().all(|result| result.unwrap().0 == "abc"));
        // The server allows 256, and the client as many requests to a host.
        assert!(PEAK.get().1 <= 256 && PEAK.get().1 > 200, "{:?}", PEAK.get());
        assert_eq!(client.idle_connections(), 1);
        assert!(now() < 8 * SECOND, "{:?}", now());
        drop(client);
        site.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_kept_connection_is_closed_when_its_time_is_over() {
    #[green]
    fn scenario() {
        let frames = Frames::new(vec![], willing);
        let client = frames.client().idle_timeout(10 * SECOND).build().unwrap();
        get(client.clone()).unwrap();
        sleep(9 * SECOND);
        get(client.clone()).unwrap();
        sleep(9 * SECOND);
        assert_eq!(client.idle_connections(), 1);
        sleep(2 * SECOND);
        assert_eq!(client.idle_connections(), 0);
        get(client.clone()).unwrap();
        assert_eq!(frames.requests(), [(0, 1), (0, 3), (1, 1)]);
        client.close_idle();
        assert_eq!(client.idle_connections(), 0);
        drop(client);
        // Nor does it outlive its client.
        assert_eq!(frames.client().build().unwrap().get(URL).send().unwrap().text().unwrap(), "abc");
        frames.end();
    }
    run_virtual(scenario);
}

#[test]
fn cookies_redirects_and_credentials_are_the_same_in_both_versions() {
    #[green]
    fn app(request: Request) -> Response {
        let mut response = Response::new(Body::empty());
        match request.uri().path() {
            "/" => {
                *response.status_mut() = http::StatusCode::FOUND;
                response.headers_mut().insert("location", "/next?a=b".parse().unwrap());
                response.headers_mut().insert("set-cookie", "known=1".parse().unwrap());
            }
            _ => {
                let header =
                    |name| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
                let text = format!("{} {:?} {:?}", request.uri(), header("cookie"), header("authorization"));
                *response.body_mut() = Body::from(text);
            }
        }
        response
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let client = Client::builder().http2_prior_knowledge(true).cookies(true).build().unwrap();
        let answer =
            client.post(format!("http://{}/", site.address)).body("x").bearer_auth("t").send().unwrap();
        let text = answer.text().unwrap();
        assert_eq!(text, format!(r#"http://{}/next?a=b Some("known=1") Some("Bearer t")"#, site.address));
        drop(client);
        site.end();
    }
    run_clean(scenario);
}
