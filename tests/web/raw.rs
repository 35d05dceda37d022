//! What the server answers to raw bytes, wherever they are cut.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use eventlet::green::io::{Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::greenthread::catch_exit;
use eventlet::http::{self, Body, Bytes, IntoResponse, Out, Request, Response, StatusCode};
use eventlet::testing::run_clean;
use eventlet::wsgi::Server;
use eventlet::{Event, GreenPool, connect, green, sleep, spawn, with_timeout};
use eventlet_web_tests::{MS, Site, answer_of, echo, ignore, statuses};

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
        assert!(site.exchange_everywhere(post).ends_with("POST /\nhi"));
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

// TAIL
