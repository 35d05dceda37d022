//! What is asked, and what is made of an answer.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use eventlet::green::io::{Read, Write};
use eventlet::http::client::{Phase, Progress};
use eventlet::http::{self, Body, Client, IntoResponse, Method, Out, Request, Response, StatusCode, Version};
use eventlet::testing::{run_clean, run_virtual};
use eventlet::wsgi::Server;
use eventlet::{Event, GreenIterator, green, sleep, spawn};
use eventlet_web_tests::{Site, echo};

use super::{Local, MS, Raw, SECOND, Step, ok, quiet, say};

#[test]
fn a_request_has_the_headers_that_it_needs_and_no_others() {
    #[green]
    fn scenario() {
        let raw = Raw::new(|_, _| vec![ok("")]);
        let client = quiet();
        client.get(raw.url("/a%20b?c=d e#f")).send().unwrap();
        client.post(raw.url("/")).header("x-one", "1").header("x-one", "2").body("text").send().unwrap();
        client.get(format!("http://me:a%20b@{}", raw.address)).send().unwrap();
        client.get(raw.url("/")).bearer_auth("token").header("host", "other").send().unwrap();
        client.get(raw.url("/?a=1")).query([("b", 2), ("c&", 3)]).send().unwrap();
        client.get(raw.url("/")).query::<&str, &str>([]).send().unwrap();
        let host = raw.address;
        let texts: Vec<String> = raw.requests().into_iter().map(|(_, text)| text).collect();
        let always = "user-agent: test\r\naccept: */*\r\naccept-encoding: gzip, br, zstd\r\n";
        let expected = [
            format!("GET /a%20b?c=d%20e HTTP/1.1\r\nhost: {host}\r\n{always}\r\n"),
            format!(
                "POST / HTTP/1.1\r\nhost: {host}\r\nx-one: 1\r\nx-one: 2\r\n{always}\
                 content-type: application/octet-stream\r\ncontent-length: 4\r\n\r\ntext"
            ),
            format!("GET / HTTP/1.1\r\nhost: {host}\r\n{always}authorization: Basic bWU6YSBi\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nauthorization: Bearer token\r\nhost: other\r\n{always}\r\n"),
            format!("GET /?a=1&b=2&c%26=3 HTTP/1.1\r\nhost: {host}\r\n{always}\r\n"),
            format!("GET / HTTP/1.1\r\nhost: {host}\r\n{always}\r\n"),
        ];
        assert_eq!(texts, expected);
        raw.end();
    }
    run_clean(scenario);
}

#[test]
fn an_answer_is_the_same_wherever_its_bytes_are_cut() {
    #[green]
    fn scenario() {
        let bytes: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nx-end: yes\r\n\r\n";
        let cut = Rc::new(Cell::new(1));
        let at = cut.clone();
        let raw = Raw::local(move |_, _| {
            let (one, other) = bytes.split_at(at.get());
            vec![say(one), Step::Pause(MS), say(other)]
        });
        let client = raw.client().build().unwrap();
        while cut.get() < bytes.len() {
            let answer = client.get(raw.url("/")).send();
            let mut answer = answer.unwrap_or_else(|error| panic!("cut at {}: {error}", cut.get()));
            assert_eq!(answer.status(), StatusCode::CREATED);
            assert_eq!(answer.version(), Version::HTTP_11);
            assert_eq!(answer.header("x-a"), Some("b"));
            let mut text = String::new();
            answer.read_to_string(&mut text).unwrap();
            assert_eq!(text, "abcde", "cut at {}", cut.get());
            assert_eq!(answer.trailers().unwrap()["x-end"], "yes");
            cut.set(cut.get() + 1);
        }
        // All of them went over one connection.
        assert!(raw.requests().iter().all(|(connection, _)| *connection == 0));
        drop(client);
        raw.end();
    }
    run_virtual(scenario);
}

#[test]
fn an_answer_without_a_body_has_none_whatever_its_headers_say() {
    #[green]
    fn scenario() {
        let raw = Raw::new(|_, request| match request.split(' ').nth(1).unwrap() {
            "/head" => vec![say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")],
            "/204" => vec![say("HTTP/1.1 204 No Content\r\n\r\n")],
            "/304" => vec![say("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")],
            _ => vec![ok("")],
        });
        let client = Client::new();
        for (method, path, status) in [
            (Method::HEAD, "/head", 200),
            (Method::GET, "/204", 204),
            (Method::GET, "/304", 304),
            (Method::GET, "/", 200),
        ] {
            let answer = client.request(method, raw.url(path)).send().unwrap();
            assert_eq!(answer.status(), status);
            assert_eq!(client.idle_connections(), 1, "{path}");
            assert_eq!(answer.bytes().unwrap(), "");
        }
        drop(client);
        raw.end();
    }
    run_clean(scenario);
}

#[test]
fn bodies_are_streamed_in_both_directions_at_once() {
    #[green]
    fn app(request: Request) -> Response {
        // Each piece goes back before the next one comes.
        http::stream(
            #[green]
            async move |out: Out| {
                let mut body = request.into_body();
                while let Some(piece) = body.piece()? {
                    out.write(piece.to_ascii_uppercase())?;
                }
                Ok(())
            },
        )
    }
    #[green]
    fn produce(out: Out) -> io::Result<()> {
        for word in ["one ", "two ", "three"] {
            out.write(word)?;
            sleep(20 * SECOND);
        }
        Ok(())
    }
    #[green]
    fn scenario() {
        let server = Server::new().body_timeout(None).keepalive_timeout(1000 * SECOND);
        let site = Local::new(server, app);
        let client = site.place.client().read_timeout(Some(30 * SECOND)).build().unwrap();
        let sending = client.post("http://site/").body(Body::stream(produce));
        let mut answer = sending.send().unwrap();
        let mut pieces = vec![];
        while let Some(piece) = answer.piece().unwrap() {
            pieces.push(String::from_utf8(piece.to_vec()).unwrap());
        }
        assert_eq!(pieces, ["ONE ", "TWO ", "THREE"]);
        drop(client);
        site.end();
    }
    run_virtual(scenario);
}

#[test]
fn lines_come_as_they_are_complete() {
    #[green]
    fn scenario() {
        let raw = Raw::local(|_, _| {
            vec![
                say("HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\none\r\nt"),
                Step::Pause(SECOND),
                say("wo\n\nthree\r\n!"),
            ]
        });
        let lines = raw.client().build().unwrap().get(raw.url("/")).send().unwrap().lines();
        let lines: Vec<String> = lines.map(Result::unwrap).collect();
        assert_eq!(lines, ["one", "two", "", "three", "!"]);
        raw.end();
    }
    run_virtual(scenario);
}

#[test]
fn text_is_what_its_type_says() {
    #[green]
    fn scenario() {
        let raw = Raw::new(|_, request| {
            let (kind, body): (&str, &[u8]) = match request.split(' ').nth(1).unwrap() {
                "/latin" => ("text/plain; a=b; Charset=\"ISO-8859-1\"", b"\xe9\x80"),
                "/japanese" => ("text/html;charset=Shift_JIS", b"\x93\xfa\x96\x7b"),
                "/windows" => ("text/html; charset=windows-1252", b"\xe9\x80"),
                "/cut" => ("text/html; charset=shift_jis", b"a\x93"),
                "/unknown" => ("text/html; charset=klingon", "é".as_bytes()),
                _ => ("text/plain; charset=", b"\xe9"),
            };
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
            vec![say(head), say(body)]
        });
        for (path, charset, text) in [
            ("/latin", Some("ISO-8859-1"), "é\u{80}"),
            ("/japanese", Some("Shift_JIS"), "日本"),
            ("/windows", Some("windows-1252"), "é€"),
            ("/unknown", Some("klingon"), "é"),
        ] {
            let answer = http::get(raw.url(path)).unwrap();
            assert_eq!(answer.charset(), charset);
            assert_eq!(answer.text().unwrap(), text);
            assert_eq!(http::get(raw.url(path)).unwrap().text_lossy().unwrap(), text);
        }
        for (path, charset, lossy) in [("/", None, "\u{fffd}"), ("/cut", Some("shift_jis"), "a\u{fffd}")] {
            let answer = http::get(raw.url(path)).unwrap();
            assert_eq!(answer.charset(), charset);
            let error = answer.text().unwrap_err();
            assert_eq!((error.kind(), error.phase()), (io::ErrorKind::InvalidData, Phase::ReceiveBody));
            assert_eq!(http::get(raw.url(path)).unwrap().text_lossy().unwrap(), lossy);
        }
        raw.end();
    }
    run_clean(scenario);
}

#[test]
fn json_is_read_and_an_answer_that_is_none_says_where() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), |request: Request| async move {
            if request.uri().path() == "/good" { "[1, 2]".to_owned() } else { "[1, ".to_owned() }
        });
        let url = format!("http://{}", site.address);
        let numbers: Vec<u32> = http::get(format!("{url}/good")).unwrap().json().unwrap();
        assert_eq!(numbers, [1, 2]);
        let error = http::get(format!("{url}/bad")).unwrap().json::<Vec<u32>>().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(
            error.to_string().starts_with(&format!("GET {url}/bad: cannot read the answer: ")),
            "{error}"
        );
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_status_is_an_error_only_where_that_is_asked() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), |_request: Request| async { StatusCode::NOT_FOUND });
        let url = format!("http://{}/a", site.address);
        let answer = http::get(&url).unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let error = answer.error_for_status().unwrap_err();
        assert_eq!((error.phase(), error.status()), (Phase::Status, Some(StatusCode::NOT_FOUND)));
        assert_eq!(error.to_string(), format!("GET {url}: the answer is an error: 404 Not Found"));
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_download_tells_how_far_it_is() {
    #[green]
    fn scenario() {
        let raw = Raw::local(|_, _| {
            vec![say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nab"), Step::Pause(SECOND), say("cdef")]
        });
        let mut seen = vec![];
        let mut target = vec![];
        let answer = raw.client().build().unwrap().get(raw.url("/")).send().unwrap();
        let count =
            answer.copy_to(&mut target, |Progress { done, total, .. }| seen.push((done, total))).unwrap();
        assert_eq!((count, &target[..]), (6, &b"abcdef"[..]));
        assert_eq!(seen, [(2, Some(6)), (6, Some(6))]);
        raw.end();
    }
    run_virtual(scenario);
}

#[test]
fn a_handler_hands_on_what_another_server_answered() {
    #[green]
    fn scenario() {
        let behind = Site::new(Server::new(), echo);
        let url = format!("http://{}", behind.address);
        let client = Client::new();
        let front = Site::new(Server::new(), {
            let client = client.clone();
            move |request: Request| {
                let sending = client
                    .request(request.method().clone(), format!("{url}{}", request.uri().path()))
                    .body(request.into_body());
                async move { sending.send().await.map(IntoResponse::into_response).map_err(io::Error::from) }
            }
        });
        let answer = http::post(format!("http://{}/x", front.address), "a body").unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(answer.text().unwrap(), "POST /x\na body");
        drop(client);
        front.end();
        behind.end();
    }
    run_clean(scenario);
}

#[test]
fn a_thousand_requests_wait_at_once_on_one_os_thread() {
    #[green]
    fn scenario() {
        // Nobody is answered before all have asked.
        let (here, all) = (Rc::new(Cell::new(0)), Event::new());
        let app = {
            let (here, all) = (here.clone(), all.clone());
            move |request: Request| {
                let (here, all) = (here.clone(), all.clone());
                async move {
                    here.set(here.get() + 1);
                    if here.get() == 1000 {
                        all.send(());
                    }
                    all.wait().await;
                    request.uri().path().to_owned()
                }
            }
        };
        let site = Site::new(Server::new(), app);
        let client = Client::builder().max_connections_per_host(1000).build().unwrap();
        let asking = (0..1000).map(|number| {
            let sending = client.get(format!("http://{}/{number}", site.address));
            spawn(
                #[green]
                move || sending.send()?.text(),
            )
        });
        let asking: Vec<_> = asking.collect();
        for (number, asking) in asking.into_iter().enumerate() {
            assert_eq!(asking.wait().unwrap(), format!("/{number}"));
        }
        assert_eq!(here.get(), 1000);
        drop(client);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn what_is_written_to_a_reader_that_fails_is_the_writers_error() {
    struct Full;
    impl Write for Full {
        #[green]
        fn write(&mut self, _buf: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        #[green]
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    #[green]
    fn scenario() {
        let raw = Raw::new(|_, _| vec![ok("abc")]);
        let error = http::get(raw.url("/")).unwrap().copy_to(&mut Full, |_| ()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        raw.end();
    }
    run_clean(scenario);
}
