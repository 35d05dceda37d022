//! What the server writes: versions, headers, chunks and lines of the log.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use eventlet::green::io::{BufRead, BufReader, Read, Write};
use eventlet::http::{self, Body, Bytes, IntoResponse, Out, Request, Response};
use eventlet::testing::run_clean;
use eventlet::wsgi::Server;
use eventlet::{GreenIterator, connect, green, sleep, spawn, with_timeout};
use eventlet_web_tests::{MS, Site, echo, ignore, statuses};
use hyper::body::Frame;

#[test]
fn a_client_of_http_1_0_has_its_own_version_and_keeps_its_connection_only_if_it_asks() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), ignore);
        let plain = "GET / HTTP/1.0\r\n\r\n";
        let answer = site.exchange(&plain.repeat(2));
        assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
        assert_eq!(statuses(&answer), [200], "{answer}");
        assert!(!answer.contains("keep-alive"), "{answer}");
        let asks = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
        let answer = site.exchange(&format!("{asks}{plain}"));
        assert_eq!(statuses(&answer), [200, 200], "{answer}");
        assert_eq!(answer.matches("connection: keep-alive\r\n").count(), 1, "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_stream_has_no_chunks_in_http_1_0_and_ends_with_its_connection() {
    #[green]
    fn app(_request: Request) -> Response {
        http::stream(|out: Out| async move {
            out.write("one ").await?;
            out.write("two").await
        })
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let answer = site.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        assert!(answer.ends_with("\r\n\r\none two"), "{answer}");
        assert!(!answer.contains("content-length") && !answer.contains("chunked"), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn empty_pieces_make_no_chunk_and_the_last_chunk_comes_once() {
    #[green]
    fn app(request: Request) -> Response {
        let pieces: &[&str] = match request.uri().path() {
            "/none" => &[],
            "/empty" => &["", ""],
            _ => &["", "one", "", "two", ""],
        };
        http::stream(move |out: Out| async move {
            for piece in pieces {
                out.write(*piece).await?;
                out.flush().await?;
            }
            Ok(())
        })
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        for (path, body) in
            [("/none", "0\r\n\r\n"), ("/empty", "0\r\n\r\n"), ("/", "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")]
        {
            let answer =
                site.exchange(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
            let (_, sent) = answer.split_once("\r\n\r\n").unwrap();
            assert_eq!(sent, body, "{path}");
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn several_threads_write_one_body_and_none_is_forgotten() {
    #[green]
    fn write(out: Out, letter: char) -> io::Result<()> {
        for number in 0..3 {
            out.write(format!("{letter}{number} "))?;
        }
        out.flush()
    }
    #[green]
    fn produce(out: Out) -> io::Result<()> {
        let writers = ['a', 'b', 'c'].map(|letter| {
            let out = out.clone();
            spawn(move || write(out, letter))
        });
        for writer in writers {
            writer.wait()?;
        }
        Ok(())
    }
    #[green]
    fn scenario() {
        let text = Body::stream(produce).text().unwrap();
        assert_eq!(text, "a0 a1 b0 c0 a2 b1 c1 b2 c2 ");
        // Those who wait for a body that nobody takes any more hear of it, all of them.
        let ended = Rc::new(RefCell::new(vec![]));
        let notes = ended.clone();
        let mut body = Body::stream(move |out: Out| async move {
            let writers = ['a', 'b', 'c'].map(|letter| (out.clone(), notes.clone(), letter));
            for (out, notes, letter) in writers {
                spawn(move || async move {
                    let error = write(out, letter).await.unwrap_err();
                    notes.borrow_mut().push(error.kind());
                });
            }
            std::future::pending().await
        });
        assert_eq!(body.piece().unwrap().unwrap(), "a0 ");
        drop(body);
        for _ in 0..10 {
            sleep(Duration::ZERO);
        }
        assert_eq!(*ended.borrow(), [io::ErrorKind::BrokenPipe; 3]);
    }
    run_clean(scenario);
}

#[test]
fn a_head_may_have_a_body_which_is_not_the_next_request() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), ignore);
        let next = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let answer = site.exchange(&format!(
            "HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{next}{next}",
            next.len()
        ));
        assert_eq!(statuses(&answer), [200, 200], "{answer}");
        assert_eq!(answer.matches("ignored").count(), 1, "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn without_keep_alive_each_connection_has_one_answer() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().keepalive(false), ignore);
        let answer = site.exchange(&"GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2));
        assert_eq!(statuses(&answer), [200], "{answer}");
        assert!(answer.contains("connection: close\r\n"), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn only_a_server_that_is_debugged_tells_the_peer_what_went_wrong() {
    #[green]
    fn app(request: Request) -> io::Result<&'static str> {
        assert!(request.uri().path() != "/panics", "a panic");
        Err(io::Error::other("an error"))
    }
    #[green]
    fn scenario() {
        for (debug, panic, error) in
            [(true, "a panic\n", "an error\n"), (false, "Internal Server Error\n", "Internal Server Error\n")]
        {
            let site = Site::new(Server::new().debug(debug), app);
            for (path, body) in [("/panics", panic), ("/fails", error)] {
                let answer =
                    site.exchange(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
                assert_eq!(statuses(&answer), [500], "{answer}");
                let (_, sent) = answer.split_once("\r\n\r\n").unwrap();
                assert_eq!(sent, body);
            }
            site.end();
        }
    }
    run_clean(scenario);
}

#[test]
fn names_of_headers_are_capitalized_on_request_and_each_answer_has_a_date() {
    #[green]
    fn whole(site: &Site) -> String {
        let mut stream = connect(site.address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), ignore);
        let answer = whole(&site);
        assert!(answer.contains("\r\ncontent-type: text/plain; charset=utf-8\r\n"), "{answer}");
        site.end();
        let site = Site::new(Server::new().capitalize_response_headers(true), ignore);
        let answer = whole(&site);
        assert!(answer.contains("\r\nContent-Type: text/plain; charset=utf-8\r\n"), "{answer}");
        // `Sun, 06 Nov 1994 08:49:37 GMT`
        let date = answer.lines().find_map(|line| line.strip_prefix("Date: ")).unwrap();
        let words: Vec<&str> = date.split(' ').collect();
        assert_eq!(words.iter().map(|word| word.len()).collect::<Vec<_>>(), [4, 2, 3, 4, 8, 3], "{date}");
        assert!(["Mon,", "Tue,", "Wed,", "Thu,", "Fri,", "Sat,", "Sun,"].contains(&words[0]), "{date}");
        assert_eq!(words[5], "GMT");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_line_of_the_log_has_the_client_the_date_the_request_the_status_the_bytes_and_the_seconds() {
    #[green]
    fn scenario() {
        let log = Rc::new(RefCell::new(vec![]));
        let lines = log.clone();
        let site = Site::new(Server::new().log(move |line| lines.borrow_mut().push(line.to_string())), echo);
        site.exchange("GET /%41?b=%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        site.end();
        assert_eq!(log.borrow().len(), 1, "{:?}", log.borrow());
        let line = log.borrow()[0].clone();
        let rest = line.strip_prefix("127.0.0.1 - - [").unwrap();
        let (_date, rest) = rest.split_once("] ").unwrap();
        let rest =
            rest.strip_prefix("\"GET /%41?b=%d HTTP/1.1\" 200 14 ").unwrap_or_else(|| panic!("{line}"));
        let (seconds, millionths) = rest.split_once('.').unwrap();
        assert!(seconds.parse::<u64>().is_ok() && millionths.len() == 6, "{line}");
    }
    run_clean(scenario);
}

#[test]
fn a_percent_sign_in_a_bad_request_line_is_a_400_like_any_other() {
    #[green]
    fn scenario() {
        let server = Server::new().log(|_line| {});
        let site = Site::new(server, echo);
        for line in ["GET /%s %d HTTP/1.1", "%GET% / HTTP/1.1 %s", "GET %s HTTP/1.1"] {
            let answer = site.exchange(&format!("{line}\r\nHost: x\r\n\r\n"));
            assert_eq!(statuses(&answer), [400], "{line}: {answer}");
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_body_can_be_read_line_by_line() {
    #[green]
    fn app(request: Request) -> io::Result<String> {
        let mut lines = BufReader::new(request.into_body());
        let mut longest = String::new();
        let mut line = String::new();
        while lines.read_line(&mut line)? > 0 {
            if line.len() > longest.len() {
                longest.clone_from(&line);
            }
            line.clear();
        }
        Ok(longest)
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let body = "a\nthe longest\nlast";
        let length = body.len();
        let answer = site.exchange(&format!(
            "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        ));
        assert!(answer.ends_with("\r\n\r\nthe longest\n"), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn an_application_may_stand_around_another() {
    #[green]
    fn guard(request: Request) -> Response {
        if request.uri().path() == "/private" {
            return http::StatusCode::FORBIDDEN.into_response();
        }
        let mut response = echo(request).into_response();
        response.headers_mut().insert("x-guard", http::HeaderValue::from_static("passed"));
        response
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), guard);
        let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = site.exchange(&ask("/a"));
        assert!(answer.contains("\r\nx-guard: passed\r\n") && answer.ends_with("GET /a\n"), "{answer}");
        assert_eq!(statuses(&site.exchange(&ask("/private"))), [403]);
        site.end();
    }
    run_clean(scenario);
}

/// A body of so many pieces, and perhaps an error, which counts its drops.
struct Counted {
    pieces: u32,
    fails: bool,
    drops: Rc<Cell<u32>>,
}

impl hyper::body::Body for Counted {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(left) = self.pieces.checked_sub(1) else {
            return Poll::Ready(self.fails.then(|| Err(io::Error::other("no more"))));
        };
        self.pieces = left;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; 65536])))))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.drops.set(self.drops.get() + 1);
    }
}

#[test]
fn a_body_is_dropped_once_whether_it_was_sent_failed_or_lost_its_client() {
    #[green]
    fn scenario() {
        let drops = Rc::new(Cell::new(0));
        let counts = drops.clone();
        let site = Site::new(Server::new(), move |request: Request| {
            let drops = counts.clone();
            async move {
                let (pieces, fails) = match request.uri().path() {
                    "/sent" => (3, false),
                    "/fails" => (3, true),
                    _ => (u32::MAX, false),
                };
                Response::new(Body::wrap(Counted { pieces, fails, drops }))
            }
        });
        let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        for (number, path) in [(1, "/sent"), (2, "/fails")] {
            site.exchange(&ask(path));
            assert_eq!(drops.get(), number, "{path}");
        }
        let mut stream = connect(site.address).unwrap();
        stream.write_all(ask("/endless").as_bytes()).unwrap();
        stream.read_exact(&mut [0; 100]).unwrap();
        drop(stream);
        let dropped = with_timeout(
            Duration::from_secs(5),
            #[green]
            || {
                while drops.get() < 3 {
                    sleep(MS);
                }
            },
        );
        assert!(dropped.is_ok());
        site.end();
        assert_eq!(drops.get(), 3);
    }
    run_clean(scenario);
}

#[test]
fn events_have_their_fields_and_no_line_of_their_data_begins_another() {
    use eventlet::http::{EventStream, ServerEvent};
    #[green]
    fn tell(events: EventStream) -> io::Result<()> {
        events.send("one\r\ntwo\rdata: three\n")?;
        events.send(ServerEvent::new("").name("tick").id("7").retry(1500 * MS))?;
        for bad in [ServerEvent::new("x").id("1\nevent: forged"), ServerEvent::new("x").name("a\rb")] {
            assert_eq!(events.send(bad).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
        Ok(())
    }
    #[green]
    fn scenario() {
        let text = http::events(tell).into_body().text().unwrap();
        let expected = "data: one\ndata: two\ndata: data: three\ndata: \n\n\
                        event: tick\nid: 7\nretry: 1500\ndata: \n\n";
        assert_eq!(text, expected);
    }
    run_clean(scenario);
}

#[test]
fn a_stream_of_events_that_says_nothing_is_kept_alive() {
    use eventlet::http::EventStream;
    use eventlet::testing::{now, run_virtual};
    #[green]
    fn tell(events: EventStream) -> io::Result<()> {
        sleep(Duration::from_secs(40));
        events.send("late")
    }
    #[green]
    fn scenario() {
        let mut body = http::events(tell).into_body();
        let mut pieces = vec![];
        while let Some(piece) = body.next() {
            pieces.push((now().as_secs(), piece.unwrap()));
        }
        let comment = Bytes::from_static(b":\n\n");
        let late = Bytes::from_static(b"data: late\n\n");
        assert_eq!(pieces, [(15, comment.clone()), (30, comment), (40, late)]);
    }
    run_virtual(scenario);
}
