//! The web server, with curl, Python's clients, nghttp2's and wrk at the other end.

use std::cell::Cell;
use std::fs;
use std::io::{self, Write as _};
use std::rc::Rc;

use eventlet::event::Flag;
use eventlet::http::{self, Body, HeaderMap, HeaderValue, IntoResponse, Out, Request, Response, StatusCode};
use eventlet::testing::run_clean;
use eventlet::tls::{TlsAcceptor, TlsListener};
use eventlet::wsgi::{self, RequestExt, Router, Server};
use eventlet::{green, listen, spawn};
use eventlet_peer_tests::{Files, Program, TERMINATE, content};
use eventlet_web_tests::Site;
use eventlet_web_tests::authority::AUTHORITY;
use http_body_util::BodyExt;

/// What is asked of it in many ways. `go` lets `/steps` take its second one.
#[green]
fn app(request: Request, go: Flag) -> Response {
    let path = request.uri().path().to_owned();
    match path.as_str() {
        "/" => "hello\n".into_response(),
        "/about" => about(&request).into_response(),
        "/port" => request.peer().unwrap().address().unwrap().port().to_string().into_response(),
        "/echo" => Response::new(Body::stream(move |out| copy(request.into_body(), out))),
        "/sum" => sum(request).into_response(),
        "/refuse" => (StatusCode::FORBIDDEN, "not this\n").into_response(),
        "/trailers" => with_trailers(),
        "/steps" => {
            go.clear();
            http::stream(move |out| steps(out, go))
        }
        "/go" => {
            go.set();
            "gone\n".into_response()
        }
        "/redirect" => http::redirect("/about"),
        "/cookie" => {
            let known = request.cookie("visit").unwrap_or("none").to_owned();
            ([("set-cookie", "visit=second; Path=/")], known).into_response()
        }
        _ => (StatusCode::NOT_FOUND, "Not Found\n").into_response(),
    }
}

fn about(request: &Request) -> String {
    let is_encrypted = request.peer().expect("the server knows its peer").is_encrypted();
    format!("{} {:?} {is_encrypted}\n", request.method(), request.version())
}

#[green]
fn copy(mut body: Body, out: Out) -> io::Result<()> {
    while let Some(piece) = body.piece()? {
        out.write(piece)?;
    }
    Ok(())
}

/// How much has come, and what its trailer says that it should be.
#[green]
fn sum(request: Request) -> io::Result<String> {
    let mut body = request.into_body();
    let mut length = 0;
    while let Some(piece) = body.piece()? {
        length += piece.len();
    }
    let trailer = body.trailers().and_then(|trailers| trailers.get("x-length")?.to_str().ok());
    Ok(format!("{length} {}\n", trailer.unwrap_or("without")))
}

#[green]
fn steps(out: Out, go: Flag) -> io::Result<()> {
    out.write("first\n")?;
    go.wait();
    out.write("second\n")
}

fn with_trailers() -> Response {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-length", HeaderValue::from_static("5"));
    let body = Body::stream(|out| async move { out.write("body\n").await });
    let mut response = Response::new(Body::wrap(body.with_trailers(async { Some(Ok(trailers)) })));
    response.headers_mut().insert("trailer", HeaderValue::from_static("x-length"));
    response
}

/// The server in the clear and over TLS, as `localhost`.
struct Sites {
    go: Flag,
    plain: Site,
    secure: Site,
    files: Files,
}

impl Sites {
    #[green]
    fn new(name: &str) -> Sites {
        let go = Flag::new();
        let serve = {
            let go = go.clone();
            move |request| app(request, go.clone())
        };
        let plain = Site::new(Server::new(), serve.clone());
        let server = Server::new();
        let listener = listen("127.0.0.1:0").unwrap();
        let (address, handle) = (listener.local_addr().unwrap(), server.handle());
        let identity = AUTHORITY.identity(&["localhost"]);
        let acceptor = TlsAcceptor::builder(identity.certificate, identity.key).build().unwrap();
        let serving = spawn(move || server.serve(TlsListener::new(listener, acceptor), serve));
        let secure = Site { address, handle, serving };
        Sites { go, plain, secure, files: Files::new(name).unwrap() }
    }

    fn plain_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.plain.address.port())
    }

    fn secure_url(&self) -> String {
        format!("https://localhost:{}", self.secure.address.port())
    }

    #[green]
    fn end(self) {
        self.plain.end();
        self.secure.end();
    }
}

/// What a program prints that is to succeed.
#[green]
fn printed(program: &str, arguments: &[&str]) -> String {
    let (is_fine, printed) = Program::start(program, arguments).finish();
    assert!(is_fine, "{program} {arguments:?}:\n{printed}");
    printed
}

/// What curl prints, with these before the URL.
#[green]
fn curl(files: &Files, options: &[&str], url: &str) -> String {
    let authority = files.path("authority.pem");
    let mut arguments = vec!["--silent", "--show-error", "--max-time", "15", "--cacert", &authority];
    arguments.extend(options);
    arguments.push(url);
    printed("curl", &arguments)
}

#[test]
fn curl_speaks_each_version_in_the_clear_and_over_tls() {
    #[green]
    fn scenario() {
        let sites = Sites::new("curl-versions");
        let (plain, secure) = (sites.plain_url(), sites.secure_url());
        let large = sites.files.path("large.bin");
        fs::write(&large, content()).unwrap();
        let cases = [
            (&plain, "--http1.0", "HTTP/1.0 false"),
            (&plain, "--http1.1", "HTTP/1.1 false"),
            (&plain, "--http2-prior-knowledge", "HTTP/2.0 false"),
            (&secure, "--http1.1", "HTTP/1.1 true"),
            (&secure, "--http2", "HTTP/2.0 true"),
        ];
        for (base, version, expected) in cases {
            let about = format!("{base}/about");
            assert_eq!(curl(&sites.files, &[version], &about), format!("GET {expected}\n"));
            // With HTTP/2 in the clear curl 7.88 can ask once, of whatever server.
            if version != "--http2-prior-knowledge" {
                let options = [version, "--location", "--data", "x"];
                let redirected = curl(&sites.files, &options, &format!("{base}/redirect"));
                assert_eq!(redirected, format!("GET {expected}\n"));
            }
            let head = curl(&sites.files, &[version, "--head"], &format!("{base}/"));
            assert!(head.contains("content-length: 6\r\n") && head.ends_with("\r\n\r\n"), "{head}");
            let status =
                curl(&sites.files, &[version, "--write-out", "%{http_code}"], &format!("{base}/none"));
            assert_eq!(status, "Not Found\n404");

            // With a length, and without.
            let (copy, echo) = (sites.files.path("copy.bin"), format!("{base}/echo"));
            let data = format!("@{large}");
            let mut uploads = vec![vec!["--data-binary", &data]];
            if version != "--http1.0" {
                uploads.push(vec!["--upload-file", &large, "--header", "Transfer-Encoding: chunked"]);
            }
            for upload in uploads {
                let options = [&[version, "--output", &copy][..], &upload].concat();
                assert_eq!(curl(&sites.files, &options, &echo), "");
                assert!(fs::read(&copy).unwrap() == content(), "{version} {upload:?}");
                fs::remove_file(&copy).unwrap();
            }
        }
        sites.end();
    }
    run_clean(scenario);
}

#[test]
fn curl_uses_a_connection_again() {
    #[green]
    fn scenario() {
        let sites = Sites::new("curl-again");
        let sites_and_versions = [
            (sites.plain_url(), "--http1.1"),
            (sites.secure_url(), "--http1.1"),
            (sites.secure_url(), "--http2"),
        ];
        for (base, version) in sites_and_versions {
            let url = format!("{base}/");
            let refused = format!("{base}/none");
            let options = [version, "--write-out", "%{num_connects}\n", &url, &refused];
            assert_eq!(curl(&sites.files, &options, &url), "hello\n1\nNot Found\n0\nhello\n0\n");
        }
        sites.end();
    }
    run_clean(scenario);
}

#[test]
fn curl_sends_a_body_when_it_is_told_to_go_on_and_not_when_it_is_refused() {
    #[green]
    fn scenario() {
        let sites = Sites::new("curl-expect");
        let large = sites.files.path("large.bin");
        fs::write(&large, content()).unwrap();
        let data = format!("@{large}");
        for base in [sites.plain_url(), sites.secure_url()] {
            let options = |report| {
                let expect = ["--http1.1", "--header", "Expect: 100-continue", "--expect100-timeout", "14"];
                [&expect[..], &["--data-binary", &data, "--write-out", report]].concat()
            };
            // Without the 100 it would wait until its time is over.
            let verbose = [&options("\n%{http_code} %{size_upload}\n")[..], &["--verbose"]].concat();
            let told = curl(&sites.files, &verbose, &format!("{base}/sum"));
            assert_eq!(told.matches("< HTTP/1.1 100 Continue").count(), 1, "{told}");
            assert!(told.contains("1000000 without\n"), "{told}");
            assert!(told.contains("\n200 1000000\n"), "{told}");
            let refused =
                curl(&sites.files, &options("%{http_code} %{size_upload}"), &format!("{base}/refuse"));
            assert_eq!(refused, "not this\n403 0");
        }
        sites.end();
    }
    run_clean(scenario);
}

#[test]
fn curl_reads_trailers_in_both_versions() {
    #[green]
    fn scenario() {
        let sites = Sites::new("curl-trailers");
        let url = format!("{}/trailers", sites.plain_url());
        for version in ["--http1.1", "--http2-prior-knowledge"] {
            let answer = curl(&sites.files, &[version, "--include", "--header", "TE: trailers"], &url);
            let (_, body) = answer.split_once("\r\n\r\n").unwrap();
            assert_eq!(body.trim_end(), "body\nx-length: 5", "{version}");
        }
        sites.end();
    }
    run_clean(scenario);
}

#[test]
fn curl_sees_a_piece_before_the_next_one_is_made() {
    #[green]
    fn scenario() {
        let sites = Sites::new("curl-steps");
        for version in ["--http1.1", "--http2-prior-knowledge"] {
            let url = format!("{}/steps", sites.plain_url());
            let arguments = ["--silent", "--no-buffer", "--max-time", "15", version, &url];
            let mut client = Program::start("curl", &arguments);
            assert_eq!(client.until("first\n"), "first\n");
            sites.go.set();
            assert_eq!(client.finish(), (true, "first\nsecond\n".to_owned()));
        }
        sites.end();
    }
    run_clean(scenario);
}

#[test]
fn curl_takes_parts_of_files_goes_on_with_them_and_asks_whether_they_have_changed() {
    #[green]
    fn scenario() {
        let files = Files::new("curl-files").unwrap();
        let folder = files.path("public");
        fs::create_dir(&folder).unwrap();
        fs::write(files.path("public/large.bin"), content()).unwrap();
        let site = Site::new(Server::new(), Router::new().files("/files", &folder));
        let url = format!("http://{}/files/large.bin", site.address);

        let code = "%{http_code}";
        let part = files.path("part.bin");
        let options = ["--range", "1000-2999", "--output", &part, "--write-out", code];
        assert_eq!(curl(&files, &options, &url), "206");
        assert!(fs::read(&part).unwrap() == content()[1000..3000]);
        // The rest of what is there in part.
        fs::write(&part, &content()[..123_456]).unwrap();
        let options = ["--continue-at", "-", "--output", &part, "--write-out", code];
        assert_eq!(curl(&files, &options, &url), "206");
        assert!(fs::read(&part).unwrap() == content());
        assert_eq!(curl(&files, &["--range", "1000000-", "--write-out", code], &url), "416");

        let (tag, copy) = (files.path("tag"), files.path("copy.bin"));
        for expected in ["200", "304"] {
            let options =
                ["--etag-compare", &tag, "--etag-save", &tag, "--output", &copy, "--write-out", code];
            assert_eq!(curl(&files, &options, &url), expected);
            assert!(fs::read(&copy).unwrap() == content());
        }
        let unchanged = curl(&files, &["--time-cond", &copy, "--output", &part, "--write-out", code], &url);
        assert_eq!(unchanged, "304");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn nghttp_sends_trailers() {
    #[green]
    fn scenario() {
        let sites = Sites::new("nghttp");
        let large = sites.files.path("large.bin");
        fs::write(&large, content()).unwrap();
        let data = format!("--data={large}");
        for base in [sites.plain_url(), sites.secure_url()] {
            let url = format!("{base}/sum");
            let answer = printed("nghttp", &[&data, "--trailer=x-length: 1000000", "--no-verify-peer", &url]);
            assert_eq!(answer, "1000000 1000000\n");
        }
        sites.end();
    }
    run_clean(scenario);
}

/// What `requests` is asked to do with a base URL and an authority.
const REQUESTS: &str = r#"
import sys, requests

def talk(base, authority):
    with requests.Session() as s:
        s.trust_env, s.verify = False, authority
        encrypted = str(base.startswith("https")).lower()
        assert s.get(base + "/about").text == f"GET HTTP/1.1 {encrypted}\n"
        r = s.get(base + "/none")
        assert (r.status_code, r.reason, r.text) == (404, "Not Found", "Not Found\n")
        assert s.head(base + "/").headers["content-length"] == "6"
        # A redirect, with what was sent left out.
        r = s.post(base + "/redirect", data="x")
        assert ([r.status_code for r in r.history], r.text) == ([303], f"GET HTTP/1.1 {encrypted}\n")
        assert [s.get(base + "/cookie").text for _ in range(2)] == ["none", "second"]
        # Bodies as a whole, as a generator (in chunks), and as a file.
        large = bytes(range(256)) * 4000
        assert s.post(base + "/echo", data=large).content == large
        assert s.put(base + "/echo", data=(large[at:at + 1000] for at in range(0, len(large), 1000))).content == large
        assert s.post(base + "/echo", files={"file": ("name", large)}).content.count(large) == 1
        # An answer while it is made.
        with s.get(base + "/steps", stream=True) as r:
            pieces = r.iter_content(None)
            assert next(pieces) == b"first\n"
            assert s.get(base + "/go").text == "gone\n"
            assert list(pieces) == [b"second\n"]
        # What it left unread of one answer is not the beginning of the next.
        with s.post(base + "/echo", data=large, stream=True) as r:
            assert r.raw.read(10) == large[:10]
        assert s.get(base + "/").text == "hello\n"
        assert len({s.get(base + "/port").text for _ in range(5)}) == 1
        assert s.post(base + "/refuse", data=large).status_code == 403
        assert s.get(base + "/").text == "hello\n"

talk(sys.argv[1], True)
talk(sys.argv[2], sys.argv[3])
print("all is well")
"#;

#[test]
fn requests_keeps_its_connection_streams_both_ways_and_follows() {
    #[green]
    fn scenario() {
        let sites = Sites::new("requests");
        let (plain, secure) = (sites.plain_url(), sites.secure_url());
        let arguments = ["-c", REQUESTS, &plain, &secure, &sites.files.path("authority.pem")];
        assert_eq!(printed("python3", &arguments), "all is well\n");
        sites.end();
    }
    run_clean(scenario);
}

/// The same of `httpx`, which has both versions of HTTP.
const HTTPX: &str = r#"
import asyncio, ssl, sys, httpx

plain, secure, authority = sys.argv[1:]
trusted = ssl.create_default_context(cafile=authority)
large = bytes(range(256)) * 4000

def pieces():
    for at in range(0, len(large), 1000):
        yield large[at:at + 1000]

def talk(base, version, **options):
    with httpx.Client(base_url=base, trust_env=False, **options) as c:
        r = c.get("/about")
        encrypted = str(base.startswith("https")).lower()
        assert (r.http_version, r.text.split()[2]) == (version, encrypted), (r.http_version, r.text)
        assert c.get("/none").status_code == 404
        assert c.post("/redirect", data={"x": "y"}, follow_redirects=True).text.startswith("GET ")
        assert [c.get("/cookie").text for _ in range(2)] == ["none", "second"]
        assert c.post("/echo", content=large).content == large
        assert c.put("/echo", content=pieces()).content == large
        with c.stream("GET", "/steps") as r:
            got = r.iter_raw()
            assert next(got) == b"first\n"
            assert c.get("/go").text == "gone\n"
            assert list(got) == [b"second\n"]
        assert len({c.get("/port").text for _ in range(5)}) == 1
        assert c.post("/refuse", content=large if version == "HTTP/2" else large[:1000]).status_code == 403
        assert c.get("/").text == "hello\n"

async def at_once(base, connections, **options):
    limits = httpx.Limits(max_connections=10)
    async with httpx.AsyncClient(base_url=base, trust_env=False, limits=limits, **options) as c:
        assert (await c.post("/echo", content=large)).content == large
        ports = await asyncio.gather(*(c.get("/port") for _ in range(100)))
        assert len({r.text for r in ports}) <= connections
        if connections == 1:
            # It reads no answer before it has sent all, and has room for 16 MiB of answers.
            echoes = await asyncio.gather(*(c.post("/echo", content=large) for _ in range(30)))
            assert all(r.content == large for r in echoes)
            # An answer comes before it has sent all.
            refused = await asyncio.gather(*(c.post("/refuse", content=large[:30_000]) for _ in range(100)))
            assert {r.status_code for r in refused} == {403}

talk(plain, "HTTP/1.1")
talk(plain, "HTTP/2", http1=False, http2=True)
talk(secure, "HTTP/1.1", verify=trusted)
talk(secure, "HTTP/2", http2=True, verify=trusted)
asyncio.run(at_once(plain, 10))
# All are streams of one connection.
asyncio.run(at_once(plain, 1, http1=False, http2=True))
asyncio.run(at_once(secure, 1, http1=False, http2=True, verify=trusted))
print("all is well")
"#;

#[test]
fn httpx_speaks_both_versions_and_asks_much_at_once() {
    #[green]
    fn scenario() {
        let sites = Sites::new("httpx");
        let (plain, secure) = (sites.plain_url(), sites.secure_url());
        let arguments = ["-c", HTTPX, &plain, &secure, &sites.files.path("authority.pem")];
        assert_eq!(printed("python3", &arguments), "all is well\n");
        sites.end();
    }
    run_clean(scenario);
}

/// Sixteen requests in each write.
const PIPELINE: &str = r#"
init = function()
    local requests = {}
    for number = 1, 16 do requests[number] = wrk.format() end
    pipeline = table.concat(requests)
end
request = function() return pipeline end
"#;

#[test]
fn wrk_finds_no_fault_under_load_pipelined_or_not() {
    #[green]
    fn scenario() {
        let sites = Sites::new("wrk");
        let script = sites.files.path("pipeline.lua");
        fs::write(&script, PIPELINE).unwrap();
        for base in [sites.plain_url(), sites.secure_url()] {
            let url = format!("{base}/");
            for more in [&[][..], &["--script", &script]] {
                let options = [&["--threads", "1", "--connections", "50", "--duration", "1s"], more, &[&url]];
                let report = printed("wrk", &options.concat());
                assert!(report.contains(" requests in "), "{report}");
                assert!(!report.contains("Socket errors") && !report.contains("Non-2xx"), "{report}");
            }
        }
        sites.end();
    }
    run_clean(scenario);
}

#[test]
fn h2load_has_each_of_its_requests_answered_in_both_versions() {
    #[green]
    fn scenario() {
        let sites = Sites::new("h2load");
        let body = sites.files.path("body");
        fs::write(&body, &content()[..30_000]).unwrap();
        for base in [sites.plain_url(), sites.secure_url()] {
            for version in [&["--h1"][..], &[]] {
                let (url, echo, data) =
                    (format!("{base}/"), format!("{base}/echo"), format!("--data={body}"));
                let many = ["--requests", "4000", "--clients", "20", "--max-concurrent-streams", "10"];
                let hello = [&many[..], version, &[&url]].concat();
                let few = ["--requests", "500", "--clients", "10", "--max-concurrent-streams", "5"];
                let bodies = [&few[..], version, &[&data, &echo]].concat();
                for (options, count) in [(hello, 4000), (bodies, 500)] {
                    let report = printed("h2load", &options);
                    let expected = format!(
                        "requests: {count} total, {count} started, {count} done, {count} succeeded, 0 failed, \
                         0 errored, 0 timeout\nstatus codes: {count} 2xx, 0 3xx, 0 4xx, 0 5xx\n"
                    );
                    assert!(report.contains(&expected), "{options:?}\n{report}");
                }
            }
        }
        sites.end();
    }
    run_clean(scenario);
}

/// A server in a process of its own is told to end while a load is on it. Each request that its
/// application has begun is answered as a whole: there are as many of those as of these.
#[test]
fn no_request_that_was_begun_is_lost_when_a_signal_ends_the_server_under_load() {
    const TEST: &str = "no_request_that_was_begun_is_lost_when_a_signal_ends_the_server_under_load";
    const IN_CHILD: &str = "EVENTLET_TEST_SERVES_UNTIL_TOLD";
    const ENOUGH: u64 = 2000;

    #[green]
    fn serve_and_count() {
        let begun = Rc::new(Cell::new(0));
        let count = {
            let begun = begun.clone();
            move |_request: Request| {
                begun.set(begun.get() + 1);
                if begun.get() == ENOUGH {
                    say("under load");
                }
                async { "hello\n" }
            }
        };
        let listener = listen("127.0.0.1:0").unwrap();
        say(&format!("port {}", listener.local_addr().unwrap().port()));
        wsgi::server(listener, count).unwrap();
        say(&format!("begun {}", begun.get()));
    }
    /// The test program writes to the same output, and not always whole lines.
    fn say(line: &str) {
        io::stdout().write_all(format!("\n{line}\n").as_bytes()).unwrap();
    }
    #[green]
    fn scenario() {
        let program = std::env::current_exe().unwrap().display().to_string();
        let variable = format!("{IN_CHILD}=1");
        for version in [
            &["--h1", "--max-concurrent-streams", "1"][..],
            &["--h1", "--max-concurrent-streams", "8"],
            &["--max-concurrent-streams", "8"],
        ] {
            let arguments = [variable.as_str(), &program, TEST, "--exact", "--nocapture"];
            let mut server = Program::start("env", &arguments);
            let line = server.line("port ");
            let url = format!("http://127.0.0.1:{}/", line.rsplit(' ').next().unwrap());
            let many = ["--requests", "10000000", "--clients", "20"];
            let load = Program::start("h2load", &[&many[..], version, &[&url]].concat());
            server.until("under load");
            let printed = server.end(TERMINATE);
            let begun = number_after(&printed, "\nbegun ");
            assert!(begun >= ENOUGH, "{printed}");
            let (_, report) = load.finish();
            assert_eq!(number_after(&report, " done, "), begun, "{version:?}: {report}");
            assert!(report.contains(" 0 3xx, 0 4xx, 0 5xx"), "{report}");
        }
    }
    if std::env::var_os(IN_CHILD).is_some() { eventlet::run(serve_and_count) } else { run_clean(scenario) }
}

/// The number that follows this text.
fn number_after(text: &str, before: &str) -> u64 {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no `{before}` in:\n{text}"));
    let digits = rest.find(|letter: char| !letter.is_ascii_digit()).map_or(rest, |end| &rest[..end]);
    digits.parse().unwrap_or_else(|error| panic!("{before}{rest}: {error}"))
}
