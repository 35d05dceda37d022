//! The web server: raw bytes in, raw bytes out.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use eventlet::green::io::{Read, Write};
use eventlet::green::os::unix::net::UnixStream;
use eventlet::greenthread::{catch_exit, current};
use eventlet::http::{
    self, Body, Bytes, HeaderMap, HeaderValue, IntoResponse, Json, Out, Request, Response, StatusCode,
};
use eventlet::testing::run_clean;
use eventlet::wsgi::{self, RequestExt, Router, Server};
use eventlet::{Event, connect, green, green_local, sleep, spawn};
use eventlet_web_tests::{MS, Site, answer_of, echo, ignore, statuses};

/// What an ending server gives its handlers unless it is told otherwise.
const GRACE: Duration = Duration::from_secs(30);

#[test]
fn a_request_is_answered_in_order_wherever_its_bytes_are_cut() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), echo);
        let request = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let expected = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 11\r\n\r\nPOST /a\nabc\
                        HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\
                        content-length: 7\r\n\r\nGET /b\n";
        for size in [1, 2, 3, 7, 16, 40, usize::MAX] {
            assert_eq!(site.exchange_in(request, size), expected, "pieces of {size}");
        }
        for cut in 1..request.len() {
            let mut stream = connect(site.address).unwrap();
            stream.write_all(&request[..cut]).unwrap();
            sleep(Duration::ZERO);
            stream.write_all(&request[cut..]).unwrap();
            assert_eq!(answer_of(stream), expected, "cut at {cut}");
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn what_two_readers_could_understand_in_two_ways_is_refused_and_the_connection_closed() {
    let cases: &[(&str, &str)] = &[
        (
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
            "400",
        ),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n", "400"),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400"),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", "400"),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nabcde", "400"),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 111111111111111111111111\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost : x\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", "400"),
        ("G@T / HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("GET / HTTP/1.2\r\nHost: x\r\n\r\n", "400"),
        ("GET / HTTP/1.1\nHost: x\n\n", "400"),
        ("GET / HTTP/1.1\r\nHost: x\n\r\n", "400"),
        ("GET /\r\n\r\n", "400"),
        ("\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n", "400"),
    ];
    #[green]
    fn scenario(cases: &'static [(&'static str, &'static str)]) {
        let site = Site::new(Server::new().keepalive_timeout(500 * MS), ignore);
        for (request, status) in cases {
            for size in [1, usize::MAX] {
                let answer = site.exchange_in(request.as_bytes(), size);
                assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answer:?}");
                assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{request:?}: {answer:?}");
            }
        }
        site.end();
    }
    let cases: &'static [(&'static str, &'static str)] = Box::leak(cases.to_vec().into_boxed_slice());
    run_clean(move || scenario(cases));
}

#[test]
fn a_body_that_was_left_is_never_the_next_request() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().keepalive_timeout(100 * MS), ignore);
        let smuggled = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 44\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\nSecret: yes\r\n\r\n";
        let answer = site.exchange(smuggled);
        assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
        let chunked = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1c\r\nGET /admin HTTP/1.1\r\nHost: x\r\n0\r\n\r\n";
        let answer = site.exchange(chunked);
        assert!(answer.matches("HTTP/1.1 200").count() <= 1, "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_panic_is_a_500_that_says_nothing_and_harms_nobody_else() {
    #[green]
    fn app(request: Request) -> String {
        assert!(request.uri().path() != "/bad", "a secret");
        "fine\n".to_owned()
    }
    #[green]
    fn scenario() {
        let log = Rc::new(RefCell::new(vec![]));
        let lines = log.clone();
        let site = Site::new(Server::new().log(move |line| lines.borrow_mut().push(line.to_string())), app);
        let two =
            "GET /bad HTTP/1.1\r\nHost: x\r\n\r\nGET /good HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let answer = site.exchange(two);
        assert!(answer.starts_with("HTTP/1.1 500 Internal Server Error\r\n"), "{answer}");
        assert!(!answer.contains("secret"), "{answer}");
        assert!(answer.ends_with("fine\n"), "{answer}");
        site.end();
        assert_eq!(log.borrow()[0], "a request was not answered: a secret");
        assert!(log.borrow()[1].contains("\"GET /bad HTTP/1.1\" 500 22 "), "{:?}", log.borrow());
    }
    run_clean(scenario);
}

green_local! {
    static ASKED: RefCell<Vec<String>> = RefCell::default();
}

#[test]
fn each_handler_is_a_thread_of_its_own_whether_it_waits_or_not() {
    #[green]
    fn app(request: Request) -> String {
        let (path, me) = (request.uri().path().to_owned(), current());
        ASKED.with_borrow_mut(|asked| asked.push(path.clone()));
        if path != "/at-once" {
            sleep(MS);
        }
        assert_eq!(current().id(), me.id());
        ASKED.with_borrow(|asked| format!("{}: {}\n", me.id(), asked.join(", ")))
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let answer = site.exchange(
            "GET /at-once HTTP/1.1\r\nHost: x\r\n\r\nGET /at-once HTTP/1.1\r\nHost: x\r\n\r\n\
             GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /at-once HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        );
        let said: Vec<_> = answer.lines().filter_map(|line| line.split_once(": /")).collect();
        assert_eq!(
            said.iter().map(|said| said.1).collect::<Vec<_>>(),
            ["at-once", "at-once", "later", "at-once"]
        );
        let threads: BTreeSet<_> = said.iter().map(|said| said.0).collect();
        assert_eq!(threads.len(), 4, "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn of_many_pipelined_requests_some_begin_at_once_and_the_next_after_those_that_are_ready() {
    #[green]
    fn app(events: Rc<RefCell<Vec<String>>>, request: Request) -> &'static str {
        events.borrow_mut().push(request.uri().path().to_owned());
        ""
    }
    #[green]
    fn tick(events: Rc<RefCell<Vec<String>>>) {
        loop {
            events.borrow_mut().push("tick".to_owned());
            sleep(Duration::ZERO);
        }
    }
    #[green]
    fn scenario() {
        let events = Rc::new(RefCell::new(vec![]));
        let seen = events.clone();
        let site = Site::new(Server::new(), move |request| app(seen.clone(), request));
        let ticking = {
            let events = events.clone();
            spawn(move || tick(events)).kill_on_drop()
        };
        let ask = |n: u32| format!("GET /{n} HTTP/1.1\r\nHost: x\r\n\r\n");
        let mut stream = connect(site.address).unwrap();
        let all: String = (0..20).map(ask).collect();
        stream.write_all(all.as_bytes()).unwrap();
        while events.borrow().iter().filter(|event| event.starts_with('/')).count() < 20 {
            sleep(Duration::ZERO);
        }
        drop((stream, ticking));
        site.end();
        let events = events.take();
        let handled: Vec<_> = events.iter().filter(|event| event.starts_with('/')).cloned().collect();
        assert_eq!(handled, (0..20).map(|n| format!("/{n}")).collect::<Vec<_>>());
        let in_a_row = events.split(|event| event == "tick").map(<[String]>::len).max();
        assert!(in_a_row > Some(1) && in_a_row <= Some(17), "{in_a_row:?}: {events:?}");
    }
    run_clean(scenario);
}

#[test]
fn a_handler_hears_that_its_client_has_gone() {
    #[green]
    fn scenario() {
        let heard = Event::new();
        let told = heard.clone();
        let begun = Event::new();
        let begins = begun.clone();
        let site = Site::new(Server::new().half_close_timeout(50 * MS), move |_request: Request| {
            let (told, begins) = (told.clone(), begins.clone());
            async move {
                begins.send(());
                if catch_exit(|| sleep(Duration::from_secs(1000))).await.is_err() {
                    told.send("gone");
                }
            }
        });
        let mut stream = connect(site.address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        begun.wait();
        drop(stream);
        assert_eq!(heard.wait(), "gone");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_continue_is_sent_at_the_first_read_and_not_before() {
    #[green]
    fn app(request: Request) -> io::Result<String> {
        if request.uri().path() == "/read" { request.into_body().text() } else { Ok("unread".to_owned()) }
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let head =
            "HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n";
        let mut stream = connect(site.address).unwrap();
        write!(stream, "POST /read {head}").unwrap();
        let mut buf = [0; 25];
        stream.read_exact(&mut buf).unwrap();
        assert_eq!(&buf, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(b"ab").unwrap();
        assert!(answer_of(stream).ends_with("\r\n\r\nab"));

        let mut stream = connect(site.address).unwrap();
        write!(stream, "POST /unread {head}").unwrap();
        let answer = answer_of(stream);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("unread"), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_stream_is_sent_piece_by_piece_and_its_writer_waits_for_the_reader() {
    #[green]
    fn scenario() {
        let written = Rc::new(Cell::new(0));
        let counts = written.clone();
        let site = Site::new(Server::new(), move |_request: Request| {
            let counts = counts.clone();
            async move {
                http::stream(move |out: Out| async move {
                    for _ in 0..40_000 {
                        out.write(vec![b'x'; 4096]).await?;
                        counts.set(counts.get() + 4096);
                    }
                    Ok(())
                })
            }
        });
        let mut stream = connect(site.address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut before = usize::MAX;
        while before != written.get() {
            before = written.get();
            sleep(20 * MS);
        }
        assert!(written.get() < 80 << 20, "{} bytes were written for nobody", written.get());
        let mut all = vec![];
        stream.read_to_end(&mut all).unwrap();
        assert_eq!(written.get(), 40_000 * 4096);
        assert!(all.ends_with(b"0\r\n\r\n"));
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_stream_that_fails_in_the_middle_has_no_last_chunk() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), |_request: Request| async {
            http::stream(|out: Out| async move {
                out.write("half").await?;
                out.flush().await?;
                Err(io::Error::other("no more"))
            })
        });
        let answer = site.exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(answer.contains("4\r\nhalf\r\n"), "{answer}");
        assert!(!answer.contains("0\r\n\r\n"), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_head_has_no_body_and_a_204_no_length() {
    #[green]
    fn app(request: Request) -> Response {
        if request.uri().path() == "/none" {
            StatusCode::NO_CONTENT.into_response()
        } else {
            "body".into_response()
        }
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let answer = site.exchange("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert!(answer.contains("content-length: 4\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
        let answer = site.exchange("GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert_eq!(answer, "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn no_header_can_break_its_line() {
    #[green]
    fn app(request: Request) -> Response {
        let value = request.query("name").unwrap_or_default().into_owned();
        ([("x-name", value)], "sent").into_response()
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let answer = site
            .exchange("GET /?name=a%0d%0aSet-Cookie:%20b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        assert!(!answer.to_lowercase().contains("set-cookie"), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn limits_on_size_answer_with_their_status() {
    #[green]
    fn scenario() {
        let server =
            Server::new().url_length_limit(100).max_body(10).max_headers(5).keepalive_timeout(100 * MS);
        let site = Site::new(server, echo);
        let status = |answer: String| answer.lines().next().unwrap_or_default().to_owned();
        let long = "a".repeat(100);
        let answer = site.exchange(&format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_eq!(status(answer), "HTTP/1.1 414 URI Too Long");
        let answer = site.exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n01234567890");
        assert_eq!(status(answer), "HTTP/1.1 413 Payload Too Large");
        let chunked =
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n";
        assert_eq!(status(site.exchange(chunked)), "HTTP/1.1 413 Payload Too Large");
        let many = "A: b\r\n".repeat(6);
        let answer = site.exchange(&format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n"));
        assert_eq!(status(answer), "HTTP/1.1 431 Request Header Fields Too Large");
        let large = "a".repeat(100_000);
        let answer = site.exchange(&format!("GET / HTTP/1.1\r\nHost: x\r\nA: {large}\r\n\r\n"));
        assert_eq!(status(answer), "HTTP/1.1 431 Request Header Fields Too Large");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_silent_connection_and_half_a_head_end_in_time_and_a_slow_handler_does_not() {
    #[green]
    fn app(_request: Request) -> &'static str {
        sleep(400 * MS);
        "slow"
    }
    #[green]
    fn scenario() {
        let server = Server::new().socket_timeout(100 * MS);
        let site = Site::new(server, app);
        assert_eq!(answer_of(connect(site.address).unwrap()), "");
        let mut stream = connect(site.address).unwrap();
        stream.write_all(b"GET / HT").unwrap();
        assert_eq!(answer_of(stream), "");
        // A byte now and then does not keep a head alive.
        let mut stream = connect(site.address).unwrap();
        let mut sent = 0;
        while stream.write_all(b"G").is_ok() && sent < 1000 {
            sent += 1;
            sleep(10 * MS);
        }
        assert!(sent < 1000);
        let answer = site.exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert!(answer.ends_with("slow"), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn half_a_body_ends_in_a_408() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().body_timeout(Some(50 * MS)), echo);
        let answer = site.exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn the_end_lets_requests_in_flight_finish_and_closes_idle_connections() {
    #[green]
    fn app(_request: Request) -> &'static str {
        sleep(50 * MS);
        "finished"
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let idle = connect(site.address).unwrap();
        let mut kept = connect(site.address).unwrap();
        kept.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut first_answer = String::new();
        while !first_answer.ends_with("finished") {
            let mut piece = [0; 256];
            let count = kept.read(&mut piece).unwrap();
            first_answer.push_str(std::str::from_utf8(&piece[..count]).unwrap());
        }
        let mut busy = connect(site.address).unwrap();
        busy.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        sleep(10 * MS);
        let address = site.address;
        let began = Instant::now();
        site.end();
        assert!(began.elapsed() < GRACE / 2, "somebody was waited for");
        assert_eq!((answer_of(idle), answer_of(kept)), (String::new(), String::new()));
        let answer = answer_of(busy);
        assert!(answer.contains("connection: close") && answer.ends_with("finished"), "{answer}");
        assert!(connect(address).is_err());
    }
    run_clean(scenario);
}

/// There is room in the listener's queue, so that nobody is waited for.
fn connect_without_a_turn(address: SocketAddr) -> std::net::TcpStream {
    std::net::TcpStream::connect(address).unwrap()
}

#[test]
fn a_connection_that_is_accepted_while_the_server_ends_is_closed_at_once() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), ignore);
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        let address = site.address;
        let client = spawn(
            #[green]
            move || {
                // The hub hears of both at once, in this order.
                theirs.write_all(b"x").unwrap();
                connect_without_a_turn(address)
            },
        );
        // So the server is told to end before it accepts.
        ours.read_exact(&mut [0]).unwrap();
        let began = Instant::now();
        site.end();
        assert!(began.elapsed() < GRACE / 2, "it was waited for");
        drop(client.wait());
    }
    run_clean(scenario);
}

#[test]
fn a_killed_server_ends_as_gracefully() {
    #[green]
    fn app(_request: Request) -> &'static str {
        sleep(50 * MS);
        "finished"
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let mut busy = connect(site.address).unwrap();
        busy.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        sleep(10 * MS);
        site.serving.kill();
        assert!(answer_of(busy).ends_with("finished"));
        site.serving.wait().unwrap();
    }
    run_clean(scenario);
}

#[test]
fn beyond_the_grace_handlers_are_killed() {
    #[green]
    fn app(_request: Request) -> &'static str {
        sleep(Duration::from_secs(1000));
        "never"
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().grace(20 * MS), app);
        let mut busy = connect(site.address).unwrap();
        busy.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        sleep(10 * MS);
        site.end();
        assert_eq!(answer_of(busy), "");
    }
    run_clean(scenario);
}

#[test]
fn hooks_run_when_the_response_has_been_sent_or_the_client_has_gone() {
    #[green]
    fn scenario() {
        let events = Rc::new(RefCell::new(vec![]));
        let notes = events.clone();
        let site = Site::new(Server::new(), move |mut request: Request| {
            let notes = notes.clone();
            async move {
                let (first, second) = (notes.clone(), notes.clone());
                request.on_end(move || first.borrow_mut().push("first"));
                request.on_end(move || second.borrow_mut().push("second"));
                notes.borrow_mut().push("handled");
                "answer"
            }
        });
        site.exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert_eq!(*events.borrow(), ["handled", "first", "second"]);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_hook_or_a_log_that_panics_ends_nothing_but_itself() {
    #[green]
    fn scenario() {
        let events = Rc::new(RefCell::new(vec![]));
        let notes = events.clone();
        let server = Server::new().log(|_| panic!("the log of a test"));
        let site = Site::new(server, move |mut request: Request| {
            let notes = notes.clone();
            async move {
                assert!(request.uri().path() == "/", "the handler of a test");
                request.on_end(|| panic!("the hook of a test"));
                request.on_end(move || notes.borrow_mut().push("second"));
                "answer\n"
            }
        });
        let last = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let answers = site.exchange(&format!("GET / HTTP/1.1\r\nHost: x\r\n\r\n{last}"));
        assert_eq!(statuses(&answers), [200, 200], "{answers}");
        assert_eq!(answers.matches("answer\n").count(), 2, "{answers}");
        assert_eq!(*events.borrow(), ["second", "second"]);
        let answer = site.exchange("GET /panic HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert_eq!(statuses(&answer), [500], "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn headers_with_an_underscore_are_dropped() {
    #[green]
    fn app(request: Request) -> String {
        let mut names: Vec<_> = request.headers().keys().map(|name| name.as_str()).collect();
        names.sort();
        names.join(",")
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let answer = site
            .exchange("GET / HTTP/1.1\r\nHost: x\r\nX_User: root\r\nX-User: me\r\nConnection: close\r\n\r\n");
        assert!(answer.ends_with("\r\n\r\nconnection,host,x-user"), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_request_knows_its_peer_its_query_its_cookies_and_its_form() {
    #[green]
    fn app(request: Request) -> io::Result<String> {
        let is_local = request.peer().and_then(|peer| peer.address()).is_some_and(|at| at.ip().is_loopback());
        let query = request.query("q").unwrap_or_default().into_owned();
        let cookie = request.cookie("b").unwrap_or_default().to_owned();
        let form = wsgi::form(request)?;
        Ok(format!("{is_local} {query} {cookie} {form:?}"))
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let answer = site.exchange(
            "POST /?q=a%20b&r=1 HTTP/1.1\r\nHost: x\r\nCookie: a=1; b=two\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\nn=1&m=a%2Bb",
        );
        assert!(answer.ends_with(r#"true a b two [("n", "1"), ("m", "a+b")]"#), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_router_goes_by_method_and_path_and_mounts_others() {
    #[green]
    fn user(request: Request) -> String {
        format!("user {}", request.param("id").unwrap_or_default())
    }
    #[green]
    fn create(request: Request) -> (StatusCode, Json<u32>) {
        let _ = request;
        (StatusCode::CREATED, Json(7))
    }
    #[green]
    fn path(request: Request) -> String {
        request.uri().to_string()
    }
    #[green]
    fn lost(_request: Request) -> (StatusCode, &'static str) {
        (StatusCode::NOT_FOUND, "lost")
    }
    #[green]
    fn scenario() {
        let api = Router::new().get("/{*rest}", path).get("/", path);
        let router = Router::new()
            .get("/users/{id}", user)
            .post("/users/{id}", create)
            .mount("/api", api)
            .fallback(lost);
        let site = Site::new(Server::new(), router);
        let ask = |method: &str, path: &str| {
            format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        };
        assert!(site.exchange(&ask("GET", "/users/a%20b")).ends_with("\r\n\r\nuser a b"));
        let answer = site.exchange(&ask("POST", "/users/1"));
        assert!(answer.starts_with("HTTP/1.1 201 Created\r\n") && answer.ends_with("\r\n\r\n7"), "{answer}");
        let answer = site.exchange(&ask("DELETE", "/users/1"));
        assert!(
            answer.starts_with("HTTP/1.1 405 ") && answer.contains("allow: GET, POST, HEAD, OPTIONS\r\n"),
            "{answer}"
        );
        assert!(site.exchange(&ask("GET", "/api/x/y?z=1")).ends_with("\r\n\r\n/x/y?z=1"));
        assert!(site.exchange(&ask("GET", "/api")).ends_with("\r\n\r\n/"));
        assert!(site.exchange(&ask("GET", "/nowhere")).ends_with("lost"));
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn files_have_types_tags_and_ranges() {
    #[green]
    fn scenario(folder: std::path::PathBuf) {
        let site = Site::new(Server::new(), Router::new().files("/files", folder));
        let ask = |path: &str, more: &str| {
            format!("GET {path} HTTP/1.1\r\nHost: x\r\n{more}Connection: close\r\n\r\n")
        };
        let answer = site.exchange(&ask("/files/a.txt", ""));
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n0123456789"),
            "{answer}"
        );
        assert!(answer.contains("content-type: text/plain; charset=utf-8\r\n"), "{answer}");
        let tag = answer.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
        let answer = site.exchange(&ask("/files/a.txt", &format!("If-None-Match: {tag}\r\n")));
        assert!(answer.starts_with("HTTP/1.1 304 ") && answer.ends_with("\r\n\r\n"), "{answer}");
        let answer = site.exchange(&ask("/files/a.txt", "Range: bytes=2-4\r\n"));
        assert!(answer.starts_with("HTTP/1.1 206 ") && answer.ends_with("\r\n\r\n234"), "{answer}");
        assert!(answer.contains("content-range: bytes 2-4/10\r\n"), "{answer}");
        let answer = site.exchange(&ask("/files/a.txt", "Range: bytes=20-\r\n"));
        assert!(answer.starts_with("HTTP/1.1 416 ") && answer.contains("bytes */10"), "{answer}");
        for path in
            ["/files/none", "/files/../a.txt", "/files/%2e%2e/secret", "/files/.hidden", "/files/a.txt/b"]
        {
            let answer = site.exchange(&ask(path, ""));
            assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        }
        site.end();
        eventlet::tpool::killall();
    }
    let folder = std::env::temp_dir().join(format!("eventlet-web-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("a.txt"), "0123456789").unwrap();
    std::fs::write(folder.join(".hidden"), "hidden").unwrap();
    let place = folder.clone();
    run_clean(move || scenario(place));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_last_of_so_many_requests_closes_its_connection() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().max_requests(2), ignore);
        let one = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        let answer = site.exchange(&one.repeat(5));
        assert_eq!(answer.matches("HTTP/1.1 200").count(), 2, "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn bodies_come_whole_in_pieces_and_as_readers() {
    #[green]
    fn scenario() {
        let mut body = Body::stream(|out: Out| async move {
            out.write("one ").await?;
            out.write(Bytes::new()).await?;
            out.write("two").await
        });
        assert_eq!(body.piece().unwrap().unwrap(), "one ");
        let mut rest = [0; 2];
        body.read_exact(&mut rest).unwrap();
        assert_eq!(&rest, b"tw");
        assert_eq!(body.bytes().unwrap(), "o");
        let mut pieces = 0;
        for piece in Body::from("x") {
            assert_eq!(piece.unwrap(), "x");
            pieces += 1;
        }
        assert_eq!(pieces, 1);
        assert_eq!(Body::from(r#"{"a":[1]}"#).json::<serde_json::Value>().unwrap()["a"][0], 1);
        let mut headers = HeaderMap::new();
        headers.append("set-cookie", HeaderValue::from_static("a=1"));
        headers.append("set-cookie", HeaderValue::from_static("b=2"));
        let response = (headers, "x").into_response();
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    }
    run_clean(scenario);
}

#[test]
fn at_the_limit_of_connections_the_next_one_waits() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().max_size(1), ignore);
        let mut first = connect(site.address).unwrap();
        first.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut buf = [0; 8];
        first.read_exact(&mut buf).unwrap();
        let second = spawn({
            let address = site.address;
            #[green]
            move || -> String {
                let mut stream = connect(address).unwrap();
                stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
                answer_of(stream)
            }
        });
        sleep(50 * MS);
        assert!(!second.is_finished());
        drop(first);
        assert!(second.wait().ends_with("ignored\n"));
        site.end();
    }
    run_clean(scenario);
}

#[cfg(unix)]
mod forks {
    use std::panic::AssertUnwindSafe;
    use std::process::Command;

    use super::*;

    const TEST: &str = "forks::a_child_that_a_handler_forks_answers_nobody";

    unsafe extern "C" {
        fn fork() -> i32;
        fn _exit(status: i32) -> !;
        fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
    }

    #[green]
    fn app(is_child: Rc<Cell<bool>>, _request: Request) -> &'static str {
        // SAFETY: this process has only the OS threads of the test harness, none of which holds a lock that the child
        // needs: they wait for this test.
        let pid = unsafe { fork() };
        if pid == 0 {
            is_child.set(true);
            return "the child\n";
        }
        let mut status = -1;
        // SAFETY: `status` is there to be written.
        unsafe { waitpid(pid, &mut status, 0) };
        assert_eq!(status >> 8, 7, "the child came to its end");
        "the parent\n"
    }

    #[green]
    fn scenario(is_child: Rc<Cell<bool>>) {
        let site = Site::new(Server::new(), move |request| app(is_child.clone(), request));
        let answer = site.exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        assert!(answer.ends_with("\r\n\r\nthe parent\n"), "{answer}");
        site.end();
    }

    #[test]
    fn a_child_that_a_handler_forks_answers_nobody() {
        if std::env::var_os("EVENTLET_FORKS").is_none() {
            let mut again = Command::new(std::env::current_exe().unwrap());
            let output = again.args([TEST, "--exact"]).env("EVENTLET_FORKS", "1").output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            return;
        }
        let is_child = Rc::new(Cell::new(false));
        let seen = is_child.clone();
        let outcome =
            std::panic::catch_unwind(AssertUnwindSafe(|| eventlet::run(move || scenario(is_child))));
        if seen.get() {
            let message = outcome.unwrap_err();
            let message = message.downcast_ref::<String>().unwrap();
            // SAFETY: it takes any number.
            unsafe { _exit(if message.starts_with("this process was forked") { 7 } else { 8 }) };
        }
        outcome.unwrap();
    }
}
