//! What the server answers to raw bytes, wherever they are cut.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use eventlet::green::io::{Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::green::process::Command;
use eventlet::greenthread::catch_exit;
use eventlet::http::{self, Body, Bytes, IntoResponse, Out, Request, Response, StatusCode};
use eventlet::testing::run_clean;
use eventlet::wsgi::{RequestExt, Server};
use eventlet::{Event, GreenPool, connect, green, sleep, spawn, with_timeout};
use eventlet_web_tests::{MS, Site, answer_of, echo, ignore, statuses};
use hyper::body::Frame;

#[test]
fn a_request_that_could_begin_http2_is_answered_as_any_other_that_is_cut_off() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), echo);
        for first in ["P", "PRI", "PRI * HT", "G", "GET / HT"] {
            let cut = site.exchange_cut(first.as_bytes(), first.len(), true);
            let other = site.exchange_cut(b"G", 1, true);
            assert_eq!(statuses(&cut), statuses(&other), "{first:?}: {cut:?}");
        }
        let post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
        let answers = site.exchange_everywhere(post);
        assert!(
            answers.len() == 1 && answers.iter().all(|answer| answer.ends_with("POST /\nhi")),
            "{answers:?}"
        );
        site.end();
    }
    run_clean(scenario);
}

/// A client that writes a head and then a small body, and that has left Nagle's algorithm on, keeps
/// the body back until the head is confirmed. The operating system takes 40 ms for that, once a
/// connection has been used for a while.
#[cfg(target_os = "linux")]
#[test]
fn a_body_that_comes_after_its_head_does_not_wait_for_a_confirmation() {
    const REQUESTS: u32 = 50;
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), echo);
        let mut stream = connect(site.address).unwrap();
        assert!(!stream.nodelay().unwrap());
        let began = Instant::now();
        for _ in 0..REQUESTS {
            stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n").unwrap();
            stream.write_all(b"hello").unwrap();
            let mut answer = vec![];
            while !answer.ends_with(b"POST /\nhello") {
                let mut buf = [0; 1024];
                let count = stream.read(&mut buf).unwrap();
                assert!(count > 0);
                answer.extend_from_slice(&buf[..count]);
            }
        }
        let delayed = 40 * MS * REQUESTS;
        assert!(began.elapsed() < delayed / 2, "{:?}", began.elapsed());
        drop(stream);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_client_that_ends_its_sending_gets_its_answer() {
    #[green]
    fn app(request: Request) -> Response {
        sleep(30 * MS);
        if request.uri().path() == "/stream" {
            return http::stream(|out: Out| async move {
                for _ in 0..3 {
                    out.write("piece ").await?;
                    sleep(20 * MS).await;
                }
                Ok(())
            });
        }
        "x".repeat(3 << 20).into_response()
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        let one = ask("/");
        let answer = site.exchange_cut(one.as_bytes(), one.len(), true);
        assert!(answer.len() > 3 << 20, "{} bytes", answer.len());
        let two = ask("/stream").repeat(2);
        let answer = site.exchange_cut(two.as_bytes(), two.len(), true);
        assert_eq!(answer.matches("0\r\n\r\n").count(), 2, "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_client_that_has_ended_its_sending_waits_for_so_long_and_one_that_is_reset_not_at_all() {
    #[green]
    fn scenario() {
        let events = Rc::new(RefCell::new(vec![]));
        let notes = events.clone();
        let site = Site::new(Server::new().half_close_timeout(100 * MS), move |_request: Request| {
            let notes = notes.clone();
            async move {
                notes.borrow_mut().push("begins");
                if catch_exit(|| sleep(Duration::from_secs(1000))).await.is_err() {
                    notes.borrow_mut().push("is told");
                }
            }
        });
        let ask = #[green]
        move || -> TcpStream {
            let mut stream = connect(site.address).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            sleep(20 * MS);
            stream
        };
        let stream = ask();
        stream.shutdown(Shutdown::Write).unwrap();
        sleep(30 * MS);
        assert_eq!(*events.borrow(), ["begins"]);
        assert_eq!(answer_of(stream), "");
        assert_eq!(*events.borrow(), ["begins", "is told"]);
        let stream = ask();
        stream.set_linger(Some(Duration::ZERO)).unwrap();
        drop(stream);
        sleep(20 * MS);
        assert_eq!(*events.borrow(), ["begins", "is told", "begins", "is told"]);
        site.handle.stop();
        site.serving.wait().unwrap();
    }
    run_clean(scenario);
}

#[test]
fn no_answer_is_held_back_for_a_later_one_that_takes_its_time() {
    #[green]
    fn app(request: Request) -> Response {
        match request.uri().path() {
            "/stream" => http::stream(|out: Out| async move {
                out.write("first").await?;
                sleep(Duration::from_secs(1000)).await;
                Ok(())
            }),
            "/slow" => {
                sleep(Duration::from_secs(1000));
                "slow".into_response()
            }
            _ => "fast".into_response(),
        }
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().grace(Duration::ZERO), app);
        for (paths, expected) in
            [(["/stream", "/fast", "/fast"], "first"), (["/fast", "/slow", "/fast"], "fast")]
        {
            let mut stream = connect(site.address).unwrap();
            for path in paths {
                write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            }
            let mut answer = vec![];
            let comes = with_timeout(500 * MS, || async {
                let mut piece = [0; 500];
                while !String::from_utf8_lossy(&answer).contains(expected) {
                    let count = stream.read(&mut piece).await.unwrap();
                    answer.extend_from_slice(&piece[..count]);
                }
            });
            assert!(comes.is_ok(), "{paths:?}: {:?}", String::from_utf8_lossy(&answer));
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_stream_that_is_silent_for_longer_than_a_connection_may_be_goes_on() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().socket_timeout(40 * MS), |_request: Request| async {
            http::stream(|out: Out| async move {
                out.write("first").await?;
                sleep(300 * MS).await;
                out.write("last").await
            })
        });
        let answer = site.exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert!(answer.ends_with("last\r\n0\r\n\r\n"), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_peer_that_does_not_read_its_answer_is_closed_in_time() {
    #[green]
    fn scenario() {
        let ended = Event::new();
        let ends = ended.clone();
        let site = Site::new(Server::new().socket_timeout(40 * MS), move |_request: Request| {
            let ends = ends.clone();
            async move {
                http::stream(move |out: Out| async move {
                    while let Ok(Ok(())) = catch_exit(|| out.write(vec![b'x'; 65536])).await {}
                    ends.send(());
                    Ok(())
                })
            }
        });
        let mut stream = connect(site.address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert!(with_timeout(Duration::from_secs(5), || ended.wait()).is_ok());
        drop(stream);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn another_kill_while_the_server_ends_ends_what_is_left() {
    #[green]
    fn app(_request: Request) -> &'static str {
        sleep(Duration::from_secs(1000));
        "never"
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let mut busy = connect(site.address).unwrap();
        busy.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        sleep(10 * MS);
        site.serving.kill();
        sleep(10 * MS);
        assert!(!site.serving.is_finished());
        site.serving.kill();
        assert_eq!(answer_of(busy), "");
        site.serving.wait().unwrap();
    }
    run_clean(scenario);
}

#[test]
fn the_end_concerns_no_others_of_the_callers_pool() {
    #[green]
    fn app(_request: Request) -> &'static str {
        sleep(Duration::from_secs(1000));
        "never"
    }
    #[green]
    fn scenario() {
        let pool = GreenPool::new(10);
        let other = pool.spawn(|| async {
            sleep(200 * MS).await;
            "finished"
        });
        let site = Site::new(Server::new().custom_pool(pool.clone()).grace(20 * MS), app);
        let mut busy = connect(site.address).unwrap();
        busy.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        sleep(10 * MS);
        let began = eventlet::testing::now();
        site.end();
        assert!(eventlet::testing::now() - began < 150 * MS, "the server waited for what is not its own");
        assert_eq!(answer_of(busy), "");
        assert_eq!(other.wait(), "finished");
    }
    run_clean(scenario);
}

#[test]
fn a_connection_that_was_accepted_as_the_end_came_is_answered() {
    #[green]
    fn scenario() {
        for _ in 0..20 {
            let site = Site::new(Server::new(), ignore);
            sleep(Duration::ZERO);
            let mut stream = connect(site.address).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            sleep(Duration::ZERO);
            let answer = spawn(move || answer_of(stream));
            site.end();
            assert_eq!(statuses(&answer.wait()), [200]);
        }
    }
    run_clean(scenario);
}

/// Rows of raw input: what is sent, and the status of each answer. Each is cut everywhere.
const ROWS: &[(&str, &[u16])] = &[
    // Which body?
    (
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        &[400],
    ),
    (
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        &[400],
    ),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", &[400]),
    (
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
        &[200],
    ),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nabcde", &[400]),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", &[400]),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc", &[400]),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n", &[400]),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nabcde", &[400]),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 111111111111111111111111\r\n\r\n", &[400]),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n\r\n", &[431]),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775807\r\n\r\n", &[413]),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", &[501]),
    (
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        &[501],
    ),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", &[400]),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n", &[400]),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", &[400]),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", &[400]),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", &[400]),
    ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", &[400]),
    // Which host?
    ("GET / HTTP/1.1\r\n\r\n", &[400]),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", &[400]),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", &[400]),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", &[400]),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", &[400]),
    ("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", &[400]),
    ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", &[400]),
    ("GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", &[200]),
    ("GET / HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n", &[200]),
    // Which lines?
    ("GET / HTTP/1.1\nHost: x\n\n", &[400]),
    ("GET / HTTP/1.1\r\nHost: x\n\r\n", &[400]),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", &[400]),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", &[400]),
    ("GET / HTTP/1.1\r\nHost : x\r\n\r\n", &[400]),
    ("GET / HTTP/1.1\r\nHost: x\r\n A: b\r\n\r\n", &[400]),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", &[400]),
    ("GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", &[400]),
    ("GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", &[400]),
    ("\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &[200]),
    // Which request?
    ("G@T / HTTP/1.1\r\nHost: x\r\n\r\n", &[400]),
    ("GET / HTTP/1.2\r\nHost: x\r\n\r\n", &[400]),
    ("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", &[400]),
    ("GET /\r\n\r\n", &[400]),
    ("\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n", &[400]),
    ("PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n", &[400]),
    // Which target?
    ("GET http://x/a HTTP/1.1\r\nHost: y\r\nConnection: close\r\n\r\n", &[200]),
    ("GET http://user@x/a HTTP/1.1\r\nHost: x\r\n\r\n", &[400]),
    ("GET ftp://x/a HTTP/1.1\r\nHost: x\r\n\r\n", &[400]),
    ("GET x:80 HTTP/1.1\r\nHost: x\r\n\r\n", &[400]),
    ("GET * HTTP/1.1\r\nHost: x\r\n\r\n", &[400]),
    ("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &[200]),
    ("CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", &[501]),
    // What is expected?
    ("POST / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\na", &[417]),
    // What comes after?
    (
        "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        &[200, 400],
    ),
    ("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\nHost: x\n\n", &[200, 400]),
    ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", &[200]),
    ("GET / HTTP/1.0\r\nConnection: close\r\n\r\nGET / HTTP/1.0\r\n\r\n", &[200]),
];

#[test]
fn each_row_of_raw_input_has_its_status_wherever_it_is_cut() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), echo);
        let mut wrong = vec![];
        for (request, expected) in ROWS {
            let answers = site.exchange_everywhere(request.as_bytes());
            if answers.len() > 1 || answers.iter().any(|answer| statuses(answer) != *expected) {
                wrong.push((request, answers));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        site.end();
    }
    run_clean(scenario);
}

/// Rows whose body is read by the application, or not at all.
const CHUNKS: &[(&str, u16)] = &[
    ("3\r\nabc\r\n0\r\n\r\n", 200),
    ("3;ext=\"v\"\r\nabc\r\n0\r\nTrailer: v\r\n\r\n", 200),
    ("3\nabc\r\n0\r\n\r\n", 400),
    ("3\r\nabc\n0\r\n\r\n", 400),
    ("3\r\nabcd\r\n0\r\n\r\n", 400),
    ("+3\r\nabc\r\n0\r\n\r\n", 400),
    ("0x3\r\nabc\r\n0\r\n\r\n", 400),
    ("-1\r\nabc\r\n0\r\n\r\n", 400),
    ("\r\nabc\r\n0\r\n\r\n", 400),
    ("fffffffffffffffff\r\nabc\r\n0\r\n\r\n", 400),
    ("g\r\nabc\r\n0\r\n\r\n", 400),
];

#[test]
fn each_row_of_chunks_has_its_status_wherever_it_is_cut() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), echo);
        let mut wrong = vec![];
        for (chunks, expected) in CHUNKS {
            let request = format!(
                "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
            );
            let answers = site.exchange_everywhere(request.as_bytes());
            if answers.len() > 1 || answers.iter().any(|answer| statuses(answer) != [*expected]) {
                wrong.push((chunks, answers));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn the_host_is_the_one_that_the_target_names() {
    #[green]
    fn app(request: Request) -> String {
        let host = request.headers()["host"].to_str().unwrap_or_default();
        format!("{} {} {host}", request.uri().path(), request.headers().get_all("host").iter().count())
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let answer = site.exchange("GET http://a:8080/b HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n");
        assert!(answer.ends_with("\r\n\r\n/b 1 a:8080"), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn an_answer_that_lies_about_its_length_is_not_sent() {
    #[green]
    fn app(request: Request) -> Response {
        let lengths: Vec<_> =
            request.query_pairs().into_iter().map(|(_, length)| length.into_owned()).collect();
        let body = match request.uri().path() {
            "/stream" => Body::stream(|out: Out| async move { out.write("four").await }),
            "/empty" => Body::empty(),
            _ => Body::from("four"),
        };
        let mut response = Response::new(body);
        for length in lengths {
            response.headers_mut().append("content-length", length.parse().unwrap());
        }
        if let Some(status) = request.headers().get("status") {
            *response.status_mut() = status.to_str().unwrap().parse().unwrap();
        }
        response
    }
    #[green]
    fn scenario() {
        let log = Rc::new(RefCell::new(vec![]));
        let lines = log.clone();
        let server = Server::new().log(move |line| lines.borrow_mut().push(line.to_string()));
        let site = Site::new(server, app);
        let closing = |line: &str| format!("{line}\r\nConnection: close\r\n\r\n");
        for target in ["/?a=3", "/?a=5", "/?a=x", "/?a=%2b4", "/?a=", "/?a=4&a=4", "/empty?a=4"] {
            let answer = site.exchange(&closing(&format!("GET {target} HTTP/1.1\r\nHost: x")));
            assert_eq!(statuses(&answer), [500], "{target}: {answer}");
            assert!(log.borrow()[0].contains("Content-Length"), "{:?}", log.borrow());
            log.borrow_mut().clear();
        }
        for target in ["/?a=4", "/stream?a=4"] {
            let answer = site.exchange(&closing(&format!("GET {target} HTTP/1.1\r\nHost: x")));
            assert!(answer.contains("content-length: 4\r\n") && answer.ends_with("\r\n\r\nfour"), "{answer}");
        }
        // What comes piece by piece is cut off at its length, or with its connection.
        let answer = site.exchange(&closing("GET /stream?a=3 HTTP/1.1\r\nHost: x"));
        assert!(!answer.contains("four"), "{answer}");
        let two = "GET /stream?a=5 HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x";
        let answer = site.exchange(&closing(two));
        assert_eq!(statuses(&answer), [200], "{answer}");
        // An answer without a body may say how long it would be.
        for line in ["HEAD /empty?a=10 HTTP/1.1\r\nHost: x", "HEAD /?a=4 HTTP/1.1\r\nHost: x"] {
            let answer = site.exchange(&closing(line));
            assert!(statuses(&answer) == [200] && answer.ends_with("\r\n\r\n"), "{answer}");
            assert!(answer.contains("content-length: "), "{answer}");
        }
        for status in [204, 304] {
            let answer =
                site.exchange(&closing(&format!("GET /?a=4 HTTP/1.1\r\nHost: x\r\nStatus: {status}")));
            assert!(statuses(&answer) == [status] && answer.ends_with("\r\n\r\n"), "{answer}");
            assert!(status == 304 || !answer.contains("content-length"), "{answer}");
        }
        for status in [100, 102, 103] {
            let answer = site.exchange(&closing(&format!("GET / HTTP/1.1\r\nHost: x\r\nStatus: {status}")));
            assert_eq!(statuses(&answer), [500], "{answer}");
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn the_coding_of_an_answer_is_the_servers() {
    #[green]
    fn app(request: Request) -> Response {
        let coding = request.query("coding").unwrap_or_default().into_owned();
        let body = if request.uri().path() == "/stream" {
            Body::stream(|out: Out| async move { out.write("four").await })
        } else {
            Body::from("four")
        };
        ([("transfer-encoding", coding)], body).into_response()
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        for coding in ["chunked", "gzip", "identity"] {
            for (path, body) in [("/", "four"), ("/stream", "4\r\nfour\r\n0\r\n\r\n")] {
                let head = "HTTP/1.1\r\nHost: x\r\nConnection: close";
                let answer = site.exchange(&format!("GET {path}?coding={coding} {head}\r\n\r\n"));
                assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{answer}");
                assert_eq!(answer.contains("content-length"), path == "/", "{answer}");
            }
        }
        let answer = site.exchange("GET /stream?coding=chunked HTTP/1.0\r\n\r\n");
        assert!(answer.ends_with("\r\n\r\nfour") && !answer.contains("chunked"), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn what_fails_before_while_and_after_it_is_sent_is_seen_by_its_client_alone() {
    #[green]
    fn app(request: Request) -> Response {
        match request.uri().path() {
            "/before" => http::stream(|_out: Out| async { panic!("before") }),
            "/while" => http::stream(|out: Out| async move {
                out.write("half").await?;
                out.flush().await?;
                panic!("while")
            }),
            "/error" => {
                let pieces = [Ok(Bytes::from("half")), Err(io::Error::other("no more"))];
                Response::new(Body::wrap(Pieces(pieces.into_iter().collect())))
            }
            "/library" => Response::new(Body::wrap(Pieces(VecDeque::new()))),
            _ => "fine".into_response(),
        }
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        for (path, sent) in [("/before", ""), ("/while", "half"), ("/error", ""), ("/library", "")] {
            let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
            let answer = site.exchange(&ask(path));
            assert!(answer.contains(sent) && !answer.contains("0\r\n\r\n"), "{path}: {answer}");
            // What was answered before is not lost with it, and nothing is answered afterwards.
            let answer = site.exchange(&[ask("/"), ask(path), ask("/")].concat());
            assert!(statuses(&answer).len() <= 2, "{path}: {answer}");
            assert!(answer.contains("fine") || path == "/library", "{path}: {answer}");
            assert!(!answer.contains("0\r\n\r\n"), "{path}: {answer}");
            let answer = site.exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            assert!(answer.ends_with("fine"), "{answer}");
        }
        site.end();
    }
    run_clean(scenario);
}

/// A library's body, which panics at its end.
struct Pieces(VecDeque<io::Result<Bytes>>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(Some(self.0.pop_front().expect("a panic of a library").map(Frame::data)))
    }
}

#[test]
fn no_header_or_reason_can_break_its_line() {
    #[green]
    fn app(request: Request) -> Response {
        let value = request.query("value").unwrap_or_default().into_owned();
        match request.uri().path() {
            "/name" => ([(value, "v")], "sent").into_response(),
            "/redirect" => http::redirect(&value),
            "/status" => (StatusCode::NOT_FOUND, [("x", value)], "sent").into_response(),
            _ => ([("x", value)], "sent").into_response(),
        }
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        for path in ["/name", "/value", "/redirect", "/status"] {
            for bad in ["a%0d%0aEvil:%20b", "a%0aEvil:%20b", "a%0dEvil:%20b", "a%00b", "%0d%0a%0d%0aEvil"] {
                let answer = site.exchange(&format!(
                    "GET {path}?value={bad} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                ));
                assert_eq!(statuses(&answer), [500], "{path} {bad}: {answer}");
                assert!(!answer.contains("Evil"), "{path} {bad}: {answer}");
            }
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_continue_is_for_those_who_ask_and_an_unread_body_ends_the_connection() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().keepalive_timeout(10 * MS), ignore);
        let body = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
        let ask = |version: &str, more: &str| {
            let length = body.len();
            format!("POST / HTTP/{version}\r\nHost: x\r\n{more}Content-Length: {length}\r\n\r\n{body}")
        };
        for more in ["Expect: 100-continue\r\n", "Expect: 100-CONTINUE\r\n"] {
            let answers = site.exchange_everywhere(ask("1.1", more).as_bytes());
            assert!(answers.iter().all(|answer| statuses(answer) == [200]), "{answers:?}");
        }
        site.end();
        let site = Site::new(Server::new(), echo);
        let answer = site.exchange(&ask("1.0", "Expect: 100-continue\r\n"));
        assert_eq!(statuses(&answer), [200], "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn what_has_no_end_is_refused_in_the_end() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().socket_timeout(100 * MS), echo);
        let chunked = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
        // An extension of a chunk.
        let answer = site.exchange(&format!("{chunked}3;{}\r\nabc\r\n0\r\n\r\n", "e".repeat(20_000)));
        assert_eq!(statuses(&answer), [400], "{answer}");
        // Extensions of many chunks.
        let many = format!("1;{}\r\na\r\n", "e".repeat(200)).repeat(1000);
        assert_eq!(statuses(&site.exchange(&format!("{chunked}{many}0\r\n\r\n"))), [400]);
        // Trailers, and one trailer.
        let answer = site.exchange(&format!("{chunked}0\r\n{}\r\n", "A: b\r\n".repeat(5000)));
        assert_eq!(statuses(&answer), [400], "{answer}");
        let answer = site.exchange(&format!("{chunked}0\r\nA: {}\r\n\r\n", "b".repeat(100_000)));
        assert_eq!(statuses(&answer), [400], "{answer}");
        // Empty lines before a request: for as long as a head may take, and so many bytes.
        let answer = site.exchange(&"\r\n".repeat(200_000));
        assert!(statuses(&answer).iter().all(|status| *status >= 400), "{answer}");
        let mut stream = connect(site.address).unwrap();
        let mut sent = 0;
        while stream.write_all(b"\r\n").is_ok() && sent < 1000 {
            sent += 1;
            sleep(10 * MS);
        }
        assert!(sent < 100, "{sent} empty lines");
        // A header that goes on and on, after an answer.
        let mut stream = connect(site.address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n").unwrap();
        let mut sent = 0;
        while stream.write_all(b"A: b\r\n").is_ok() && sent < 1000 {
            sent += 1;
            sleep(10 * MS);
        }
        assert!(sent < 100, "{sent} headers");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn trailers_come_with_the_end_of_the_body_and_are_no_headers() {
    #[green]
    fn app(request: Request) -> io::Result<String> {
        let is_before = request.headers().contains_key("check");
        let mut body = request.into_body();
        let mut text = String::new();
        body.read_to_string(&mut text)?;
        let check = body.trailers().and_then(|trailers| trailers.get("check")).cloned();
        Ok(format!("{text} {is_before} {check:?}"))
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let request = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
                       3\r\nabc\r\n0\r\nCheck: sum\r\nContent-Length: 99\r\n\r\n";
        let answers = site.exchange_everywhere(request.as_bytes());
        let is_right = |answer: &String| answer.ends_with("\r\n\r\nabc false Some(\"sum\")");
        assert!(answers.iter().all(is_right), "{answers:?}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn an_error_is_the_clients_where_its_body_is_at_fault_and_ours_elsewhere() {
    #[green]
    fn app(request: Request) -> io::Result<String> {
        match request.uri().path() {
            "/timeout" => Err(io::ErrorKind::TimedOut.into()),
            "/data" => Err(io::ErrorKind::InvalidData.into()),
            "/json" => request.into_body().json::<Vec<u32>>().map(|numbers| format!("{numbers:?}")),
            _ => request.into_body().text(),
        }
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let cases: [(&str, &[u8], u16); 7] = [
            ("/timeout", b"", 500),
            ("/data", b"", 500),
            ("/json", b"[1]", 200),
            ("/json", b"[1", 400),
            ("/text", b"\xff", 400),
            ("/text", b"text", 200),
            ("/cut", b"", 400),
        ];
        for (path, body, status) in cases {
            let length = if path == "/cut" { 5 } else { body.len() };
            let head =
                format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}");
            let request = [head.as_bytes(), b"\r\n\r\n", body].concat();
            let answer = site.exchange_cut(&request, request.len(), path == "/cut");
            assert_eq!(statuses(&answer), [status], "{path}: {answer}");
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_signal_ends_the_server_and_another_one_its_patience() {
    #[green]
    fn app(_request: Request) -> &'static str {
        sleep(Duration::from_secs(1000));
        "never"
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().signals(true), app);
        let mut busy = connect(site.address).unwrap();
        busy.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        sleep(10 * MS);
        for ends in [false, true] {
            Command::new("kill").args(["-TERM", &std::process::id().to_string()]).status().unwrap();
            sleep(50 * MS);
            assert_eq!(site.serving.is_finished(), ends);
        }
        assert_eq!(answer_of(busy), "");
        site.serving.wait().unwrap();
    }
    run_clean(scenario);
}
