//! Fuzzers' drivers for what the server reads of strangers: paths, queries, forms, cookies,
//! conditions and ranges, whole requests, and the handshake of WebSockets.
//!
//! Good input is mutated, and what comes out is compared with a second, simple reading of the same,
//! or with what comes out when it is cut elsewhere. `EVENTLET_FUZZ_SECONDS` says for how long each
//! of them goes on; without it, for a fixed number of rounds.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use eventlet::http::{Body, HeaderValue, Method, Request, StatusCode, Uri};
use eventlet::testing::run_clean;
use eventlet::websocket::{self, Acceptor, WebSocket, WebSocketWsgi};
use eventlet::wsgi::{self, Application, RequestExt, Router, Server, StaticFiles};
use eventlet::{green, run};
use eventlet_web_tests::{Site, echo, statuses};

/// Pseudo-random numbers, the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn one_of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    /// Some of these, one after the other.
    fn several(&mut self, pieces: &[&str], most: usize) -> String {
        (0..self.below(most + 1)).map(|_| self.one_of(pieces)).collect()
    }

    /// Changes up to `most` bytes: one bit, a byte of these, a few that go, one more of these.
    fn mutate(&mut self, bytes: &mut Vec<u8>, alphabet: &[u8], most: usize) {
        for _ in 0..self.below(most + 1) {
            if bytes.is_empty() {
                return;
            }
            let (at, letter) = (self.below(bytes.len()), alphabet[self.below(alphabet.len())]);
            match self.below(4) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = letter,
                2 => drop(bytes.drain(at..(at + self.below(8)).min(bytes.len()))),
                _ => bytes.insert(at, letter),
            }
        }
    }
}

/// How often something is done.
struct Rounds {
    end: Option<Instant>,
    left: u32,
}

impl Rounds {
    fn new(count: u32) -> Rounds {
        let seconds = std::env::var("EVENTLET_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
        Rounds { end: seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds)), left: count }
    }
}

impl Iterator for Rounds {
    type Item = ();

    fn next(&mut self) -> Option<()> {
        match self.end {
            Some(end) => (Instant::now() < end).then_some(()),
            None => {
                self.left = self.left.checked_sub(1)?;
                Some(())
            }
        }
    }
}

/// Percent signs decoded, byte by byte.
fn decoded(text: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let mut bytes = vec![];
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match (byte, digit(text.get(at + 1)), digit(text.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    bytes
}

/// What a router of these patterns has found: the pattern, and its parameters.
type Found = Option<(&'static str, Vec<(String, String)>)>;

const ROUTES: [&str; 7] = [
    "/",
    "/users/me",
    "/users/{id}",
    "/users/{id}/posts/{post}",
    "/users/{id}/posts/",
    "/a%20b",
    "/all/{*rest}",
];
/// Of the router that is mounted at `PREFIX`.
const INNER: [&str; 3] = ["/", "/x/{id}", "/x/y"];
const PREFIX: &str = "/in/{tenant}";

/// The parts of a path that a pattern's stand for, one by one.
fn matched(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
    let mut params = vec![];
    let mut rest = path.strip_prefix('/')?;
    let mut parts = pattern.strip_prefix('/')?.split('/').peekable();
    let value = |raw: &str| String::from_utf8(decoded(raw.as_bytes())).unwrap_or_else(|_| raw.to_owned());
    while let Some(part) = parts.next() {
        if let Some(name) = part.strip_prefix("{*") {
            let name = name.strip_suffix('}')?;
            params.push((name.to_owned(), value(rest)));
            return (!rest.is_empty()).then_some(params);
        }
        let (first, after) = match rest.split_once('/') {
            Some((first, after)) => (first, Some(after)),
            None => (rest, None),
        };
        match part.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(_) if first.is_empty() => return None,
            Some(name) => params.push((name.to_owned(), value(first))),
            None if part != first => return None,
            None => {}
        }
        match (parts.peek(), after) {
            (None, None) => return Some(params),
            (Some(_), Some(after)) => rest = after,
            _ => return None,
        }
    }
    None
}

/// The first of the patterns that matches: those with more literal parts stand first.
fn first_match(patterns: &[&'static str], path: &str) -> Found {
    let mut sorted: Vec<_> = patterns.to_vec();
    sorted.sort_by_key(|pattern| pattern.matches('{').count() + 10 * pattern.matches("{*").count());
    sorted.into_iter().find_map(|pattern| Some((pattern, matched(pattern, path)?)))
}

/// What the whole router is to find.
fn expected(path: &str) -> Found {
    if let Some(found) = first_match(&ROUTES, path) {
        return Some(found);
    }
    let rest = path.strip_prefix("/in/")?;
    let (tenant, inner) =
        rest.split_once('/').map_or((rest, "/".to_owned()), |(tenant, inner)| (tenant, format!("/{inner}")));
    let (_, outer) = first_match(&[PREFIX], &format!("/in/{tenant}"))?;
    let (pattern, mut params) = first_match(&INNER, &inner)?;
    params.extend(outer);
    Some((pattern, params))
}

/// Says which pattern it stands at, and what it is given.
fn tells(pattern: &'static str) -> impl Application + Clone {
    move |request: Request| {
        let mut names = vec!["id", "post", "rest", "tenant"];
        names.retain(|name| request.param(name).is_some());
        let params: Vec<_> = names.iter().map(|name| (*name, request.param(name).unwrap())).collect();
        let text = format!("{pattern} {params:?}");
        async { text }
    }
}

#[test]
fn mutated_paths_are_found_as_a_plain_comparison_finds_them() {
    #[green]
    fn scenario() {
        let mut router = Router::new().post("/users/me", tells("POST"));
        for pattern in ROUTES {
            router = router.get(pattern, tells(pattern));
        }
        let inner =
            INNER.into_iter().fold(Router::new(), |router, pattern| router.get(pattern, tells(pattern)));
        let router = router.mount(PREFIX, inner);
        let good = [
            "/",
            "/users/me",
            "/users/7",
            "/users/me/posts/1",
            "/users/7/posts/",
            "/a%20b",
            "/all/a/b",
            "/in/t",
            "/in/t/",
            "/in/t/x/1",
            "/in/t/x/y",
            "/users/%2e%2e",
            "/users/J%C3%BCrgen",
            "/all//",
            "/in//x/1",
        ];
        let alphabet = b"/%2.eEfFaxy{}*:;@\xc3\xbc?=&+me";
        let mut random = Random(1);
        let mut found = 0;
        for () in Rounds::new(20_000) {
            let mut path = random.one_of(&good).as_bytes().to_vec();
            random.mutate(&mut path, alphabet, 4);
            let Ok(uri) = Uri::try_from(path) else { continue };
            if !uri.path().starts_with('/') || uri.authority().is_some() {
                continue;
            }
            let path = uri.path().to_owned();
            let method =
                random.one_of(&[&Method::GET, &Method::HEAD, &Method::POST, &Method::OPTIONS]).clone();
            let mut request = Request::new(Body::empty());
            (*request.method_mut(), *request.uri_mut()) = (method.clone(), uri);
            let response = router.respond(request).await;
            let status = response.status();
            let text = response.into_body().text().unwrap();
            let Some((pattern, mut params)) = expected(&path) else {
                assert_eq!(status, StatusCode::NOT_FOUND, "{method} {path}");
                continue;
            };
            found += 1;
            params.sort();
            let is_posted = method == Method::POST && path == "/users/me";
            if method == Method::GET || method == Method::HEAD {
                assert_eq!(text, format!("{pattern} {params:?}"), "{path}");
            } else if is_posted {
                assert_eq!(text, "POST []");
            } else {
                let is_options = method == Method::OPTIONS;
                let refused =
                    if is_options { StatusCode::NO_CONTENT } else { StatusCode::METHOD_NOT_ALLOWED };
                assert_eq!(status, refused, "{method} {path}");
            }
        }
        assert!(found > 1000, "good paths are among them: {found}");
    }
    run(scenario);
}

/// A folder with files that may be seen, and with such beside it that may not; gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let root = std::env::temp_dir().join(format!("eventlet-fuzz-{name}-{}", std::process::id()));
        let folder = Folder(root);
        fs::create_dir_all(folder.public().join("folder/.hidden")).unwrap();
        for (path, text) in [
            ("secret.txt", "secret"),
            ("public/a.txt", "public a"),
            ("public/ü b", "public b"),
            ("public/folder/index.html", "public index"),
            ("public/.secret", "secret"),
            ("public/folder/.hidden/a.txt", "secret"),
        ] {
            fs::write(folder.0.join(path), text).unwrap();
        }
        fs::write(folder.public().join("thousand"), thousand()).unwrap();
        folder
    }

    fn public(&self) -> PathBuf {
        self.0.join("public")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn thousand() -> Vec<u8> {
    (0..1000u32).map(|number| (number * 7 % 251) as u8).collect()
}

#[test]
fn mutated_paths_of_files_never_leave_their_folder() {
    #[green]
    fn scenario() {
        let folder = Folder::new("paths");
        let name = folder.0.file_name().unwrap().to_str().unwrap().to_owned();
        let absolute = format!("{}/secret.txt", folder.0.display());
        let router = Router::new().files("/files", folder.public()).files("/t/{tenant}/", folder.public());
        let pieces = [
            "/",
            "/",
            "/",
            "//",
            "..",
            "..",
            ".",
            "%2e",
            "%2E%2e",
            "..%2f",
            "%2F",
            "%5c",
            "%5C..%5c",
            "\\",
            "%00",
            "%252e",
            "%c0%ae",
            ".secret",
            "%2esecret",
            ".hidden",
            "folder",
            "index.html",
            "a.txt",
            "%C3%BC%20b",
            "%FCb",
            "secret.txt",
            "public",
            &name,
            &absolute,
            ";",
            "~",
            "C:",
            "%0d%0a",
        ];
        let mut random = Random(2);
        let mut seen = 0;
        for () in Rounds::new(3000) {
            let mut path = random.one_of(&["/files", "/files/", "/t/x/", "/t/%2e%2e"]).to_owned();
            path += &random.several(&pieces, 7);
            let Ok(uri) = path.parse::<Uri>() else { continue };
            let mut request = Request::new(Body::empty());
            *request.uri_mut() = uri;
            let response = router.respond(request).await;
            let (status, location) = (response.status(), response.headers().get("location").cloned());
            let text = response.into_body().text().unwrap();
            match status.as_u16() {
                200 => {
                    seen += 1;
                    assert!(text.starts_with("public "), "{path}: {text}");
                }
                301 => {
                    let location = location.unwrap();
                    let location = location.to_str().unwrap();
                    assert!(location.starts_with("./") && location.ends_with('/'), "{path}: {location}");
                }
                404 => assert_eq!(text, "Not Found\n", "{path}"),
                _ => panic!("{path}: {status} {text}"),
            }
        }
        assert!(seen > 20, "some are files: {seen}");
    }
    run_clean(scenario);
}

/// The bytes of a range of a thousand, as RFC 9110 says: `None` if all of them are to be sent.
fn range_of(text: &str) -> Option<Result<std::ops::Range<usize>, ()>> {
    let (unit, ranges) = text.split_once('=')?;
    let (first, last) = ranges.split_once('-')?;
    let number = |text: &str| -> Option<Option<usize>> {
        match text.trim() {
            "" => Some(None),
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(Some(digits.parse().unwrap_or(usize::MAX)))
            }
            _ => None,
        }
    };
    let range = match (number(first)?, number(last)?) {
        _ if !unit.eq_ignore_ascii_case("bytes") => return None,
        (None, None) => return None,
        (None, Some(count)) => 1000 - count.min(1000)..1000,
        (Some(first), None) => first..1000,
        (Some(first), Some(last)) if last < first => return None,
        (Some(first), Some(last)) => first..last.saturating_add(1).min(1000),
    };
    Some(if range.start < 1000 && !range.is_empty() { Ok(range) } else { Err(()) })
}

#[test]
fn mutated_ranges_and_conditions_give_the_bytes_that_are_asked_for_and_say_which() {
    #[green]
    fn scenario() {
        let folder = Folder::new("ranges");
        let files = StaticFiles::new(folder.public());
        let ask = |method: &Method, headers: &[(&str, Vec<u8>)]| {
            let mut request = Request::new(Body::empty());
            *request.method_mut() = method.clone();
            *request.uri_mut() = Uri::from_static("/thousand");
            for (name, value) in headers {
                let name = name.parse::<eventlet::http::HeaderName>().unwrap();
                request.headers_mut().append(name, HeaderValue::from_bytes(value).ok()?);
            }
            Some(files.respond(request))
        };
        let first = ask(&Method::GET, &[]).unwrap().await;
        let of = |name: &str| first.headers()[name].to_str().unwrap().to_owned();
        let (tag, date) = (of("etag"), of("last-modified"));
        let (weak, other) = (format!("W/{tag}"), "\"other\"".to_owned());
        let list = format!("{other}, {tag}");
        let (past, future) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Fri, 31 Dec 2100 23:59:59 GMT");
        let tags = [tag.as_str(), &weak, &other, &list, "*", "", past, future, &date];
        let ranges = [
            "bytes=0-0",
            "bytes=10-19",
            "bytes=990-",
            "bytes=-10",
            "bytes=1000-",
            "bytes=0-1,3-4",
            "Bytes=5-3",
            "x=1-2",
        ];
        let names = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"];
        let mut random = Random(3);
        let mut parts = 0;
        for () in Rounds::new(3000) {
            let mut headers = vec![];
            let mut range = random.one_of(&ranges).as_bytes().to_vec();
            random.mutate(&mut range, b"0123456789-=,+ \tbyteXx", 3);
            headers.push(("range", range.clone()));
            for _ in 0..random.below(3) {
                let mut value = random.one_of(&tags).as_bytes().to_vec();
                random.mutate(&mut value, b"\"W/,*-0a :GMT\xff", 2);
                headers.push((random.one_of(&names), value));
            }
            let method = random.one_of(&[&Method::GET, &Method::HEAD]).clone();
            let Some(answering) = ask(&method, &headers) else { continue };
            let response = answering.await;
            let (status, of) = (response.status().as_u16(), response.headers().clone());
            let header = |name: &str| of.get(name).map(|value| value.to_str().unwrap().to_owned());
            let body = response.into_body().bytes().unwrap();
            let shown = || format!("{method} {headers:?}: {status} {of:?}");
            // A header is read without the spaces around it.
            let asked = std::str::from_utf8(&range).ok().filter(|_| method == Method::GET).and_then(range_of);
            let is_conditional = headers.len() > 1;
            match status {
                200 => {
                    assert!(is_conditional || asked.is_none(), "{}", shown());
                    assert!(body == thousand(), "{}", shown());
                    assert_eq!(header("content-length").unwrap(), "1000");
                }
                206 => {
                    parts += 1;
                    let Some(Ok(range)) = asked else { panic!("{}", shown()) };
                    assert!(body == thousand()[range.clone()], "{}", shown());
                    let said = format!("bytes {}-{}/1000", range.start, range.end - 1);
                    assert_eq!(header("content-range").unwrap(), said);
                    assert_eq!(header("content-length").unwrap(), range.len().to_string());
                }
                416 => {
                    assert_eq!(asked, Some(Err(())), "{}", shown());
                    assert_eq!((header("content-range").unwrap().as_str(), body.len()), ("bytes */1000", 0));
                }
                304 | 412 => assert!(is_conditional && body.is_empty(), "{}", shown()),
                _ => panic!("{}", shown()),
            }
        }
        assert!(parts > 100, "some are parts: {parts}");
    }
    run_clean(scenario);
}

/// A query or a form, read pair by pair.
fn pairs_of(text: &[u8]) -> Vec<(String, String)> {
    let value = |text: &[u8]| {
        let spaced: Vec<u8> = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
        String::from_utf8_lossy(&decoded(&spaced)).into_owned()
    };
    let pairs = text.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty());
    let cut = |pair: &[u8]| {
        let end = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        (value(&pair[..end]), value(pair.get(end + 1..).unwrap_or_default()))
    };
    pairs.map(cut).collect()
}

#[test]
fn mutated_queries_and_forms_are_read_alike() {
    #[green]
    fn scenario() {
        let good: [&[u8]; 5] =
            [b"a=1&b=2", b"name=J%C3%BCrgen+M&x", b"=&==&&a=b=c", b"a=%zz&%61=%", b"a=1&a=2&a"];
        let mut random = Random(4);
        for () in Rounds::new(20_000) {
            let mut text = random.one_of(&good).to_vec();
            random.mutate(&mut text, b"&=+%aA0f;\xc3\xff", 5);
            let expected = pairs_of(&text);
            let request = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
            let request = request.body(Body::from(text.clone())).unwrap();
            assert_eq!(wsgi::form(request).unwrap(), expected, "{text:?}");
            let Ok(uri) = Uri::try_from([b"/?", &text[..]].concat()) else { continue };
            // A fragment is no part of it.
            let expected = pairs_of(uri.query().unwrap_or_default().as_bytes());
            let request = Request::get(uri).body(Body::empty()).unwrap();
            let read: Vec<(String, String)> =
                request.query_pairs().into_iter().map(|(name, value)| (name.into(), value.into())).collect();
            assert_eq!(read, expected, "{text:?}");
            for (name, _) in &expected {
                let first = expected.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
                assert_eq!(request.query(name).as_deref(), first);
            }
        }
    }
    run(scenario);
}

#[test]
fn mutated_cookies_are_found_by_their_names_among_whatever_stands_beside_them() {
    let noise = [
        "",
        ";",
        "; ",
        "=",
        "a",
        "a=b=c",
        "\"",
        "=x",
        " ; ;",
        "\t",
        "sessions=no",
        "Session=no",
        "\u{fc}=\u{fc}",
    ];
    let mut random = Random(5);
    for () in Rounds::new(20_000) {
        let (before, after) = (random.several(&noise, 4), random.several(&noise, 4));
        let value: String = (0..random.below(12))
            .map(|_| random.one_of(&["a", "Z", "0", "=", "/", "+", "%3B", "!"]))
            .collect();
        let is_quoted = random.below(3) == 0;
        let shown = if is_quoted { format!("\"{value}\"") } else { value.clone() };
        let text = format!("{before}; session={shown}; {after}");
        let request = |text: &str| {
            let mut request = Request::new(());
            let value = HeaderValue::from_bytes(text.as_bytes()).unwrap();
            request.headers_mut().append("cookie", value);
            request
        };
        // A value that is not ASCII belongs to nobody.
        let expected = text.is_ascii().then_some(value.as_str());
        assert_eq!(request(&text).cookie("session"), expected, "{text:?}");

        let mut bytes = text.into_bytes();
        random.mutate(&mut bytes, b";=\", \tsession\xff", 4);
        let Ok(header) = HeaderValue::from_bytes(&bytes) else { continue };
        let mut request = Request::new(());
        request.headers_mut().append("cookie", header);
        if let Some(found) = request.cookie("session") {
            let at = bytes.windows(found.len().max(1)).any(|part| part == found.as_bytes());
            assert!(found.is_empty() || at, "{found:?} of {bytes:?}");
        }
    }
}

/// Without what the last answer says of the connection's end. It comes in any case, and whether the
/// server knows that already when it answers a body which is cut short is a matter of time.
fn but_its_end(answers: &str) -> String {
    let (before, last) = answers.split_at(answers.rfind("HTTP/1.1 ").unwrap_or(0));
    before.to_owned() + &last.replacen("connection: close\r\n", "", 1)
}

#[test]
fn mutated_requests_are_answered_alike_wherever_they_are_cut() {
    #[green]
    fn scenario() {
        let good = [
            "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
            "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n",
            "PUT /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
            "GET http://x/abs HTTP/1.1\r\nHost: y\r\nCookie: a=b\r\nX_Y: z\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        ];
        let known = [100, 200, 400, 404, 405, 408, 413, 414, 417, 431, 501, 505];
        let site = Site::new(Server::new().max_body(100), echo);
        let mut random = Random(6);
        for () in Rounds::new(150) {
            let mut bytes: Vec<u8> =
                (0..1 + random.below(3)).flat_map(|_| random.one_of(&good).bytes()).collect();
            random.mutate(&mut bytes, b"\r\n: 0123456789aCHT/;,\x00\xff\t", 4);
            // A head that does not end may be refused or not when its sender ends, as far as it has
            // been looked at.
            bytes.extend_from_slice(b"\r\n\r\n");
            let whole = site.exchange_cut(&bytes, bytes.len(), true);
            for status in statuses(&whole) {
                assert!(known.contains(&status), "{:?}: {whole}", String::from_utf8_lossy(&bytes));
            }
            for _ in 0..3 {
                let cut = random.below(bytes.len());
                let parts = site.exchange_cut(&bytes, cut, true);
                let shown = String::from_utf8_lossy(&bytes);
                assert_eq!(but_its_end(&parts), but_its_end(&whole), "cut at {cut}: {shown:?}");
            }
        }
        site.end();
    }
    run_clean(scenario);
}

#[green]
fn say_nothing(_ws: WebSocket) -> websocket::Result<()> {
    Ok(())
}

#[test]
fn mutated_handshakes_are_taken_if_each_of_their_headers_is_right() {
    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    #[green]
    fn scenario() {
        let acceptor = Acceptor::new().protocols(["chat", "echo"]);
        let site = Site::new(Server::new(), WebSocketWsgi::configured(say_nothing, acceptor));
        let offers = [
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; server_max_window_bits=10",
            "x-webkit-deflate-frame, permessage-deflate; server_no_context_takeover; client_max_window_bits=\"9\"",
        ];
        let mut random = Random(7);
        let mut taken = 0;
        for () in Rounds::new(400) {
            let mut is_right = true;
            // Of each, what is right stands first, and is likelier.
            let mut header = |random: &mut Random, name: &str, right: &[&str], wrong: &[&str]| {
                let is_wrong = !wrong.is_empty() && random.below(12) == 0;
                is_right &= !is_wrong;
                let value = if is_wrong { random.one_of(wrong) } else { random.one_of(right) };
                match value {
                    "-" => String::new(),
                    value => format!("{name}: {value}\r\n"),
                }
            };
            let mut head = String::from("GET /ws HTTP/1.1\r\nHost: x\r\n");
            head += &header(
                &mut random,
                "Upgrade",
                &["websocket", "WebSocket", "h2c, websocket"],
                &["-", "web", "websockets"],
            );
            let keep = "keep-alive, Upgrade";
            head += &header(&mut random, "Connection", &["Upgrade", keep, "upgrade,"], &["-", "close", "Up"]);
            let short = &KEY[1..];
            let twice = format!("{KEY}\r\nSec-WebSocket-Key: {KEY}");
            head += &header(&mut random, "Sec-WebSocket-Key", &[KEY], &["-", "", short, "====", &twice]);
            head += &header(&mut random, "Sec-WebSocket-Version", &["13", "8"], &["-", "12", "13, 8", "+13"]);
            head += &header(
                &mut random,
                "Origin",
                &["-", "http://x", "https://X:443"],
                &["http://y", "null", "x"],
            );
            head += &header(&mut random, "Content-Length", &["-", "0"], &["00", "0\r\nContent-Length: 0x"]);
            let protocol = header(
                &mut random,
                "Sec-WebSocket-Protocol",
                &["-", "none, echo, chat", "chat", "other"],
                &[],
            );
            let mut offer = random.one_of(&offers).as_bytes().to_vec();
            random.mutate(&mut offer, b"; ,=\"_09az", 2);
            let offer = String::from_utf8_lossy(&offer).into_owned();
            if offer.bytes().any(|byte| !(b' '..0x7f).contains(&byte)) {
                continue;
            }
            let request = format!("{head}{protocol}Sec-WebSocket-Extensions: {offer}\r\n\r\n");
            let answer = site.exchange_cut(request.as_bytes(), random.below(request.len()), true);
            let (status, shown) = (statuses(&answer), format!("{request}\n{answer}"));
            if !is_right {
                assert!(matches!(status[..], [400 | 403 | 426]), "{shown}");
                continue;
            }
            // Its parameters may be wrong; then it is as if it were not offered.
            assert_eq!(status, [101], "{shown}");
            assert!(answer.contains(ACCEPT), "{shown}");
            taken += 1;
            let chosen = match protocol.split_once(": ").map(|(_, protocols)| protocols.trim()) {
                Some("none, echo, chat") => Some("echo"),
                Some("chat") => Some("chat"),
                _ => None,
            };
            let said = |name: &str| answer.lines().find_map(|line| line.strip_prefix(name));
            assert_eq!(said("sec-websocket-protocol: "), chosen, "{shown}");
            if let Some(agreed) = said("sec-websocket-extensions: ") {
                let offer = offer.to_ascii_lowercase();
                assert!(offer.contains("permessage-deflate"), "{shown}");
                let mut words = agreed.split(';').map(str::trim);
                assert_eq!(words.next(), Some("permessage-deflate"));
                for word in words {
                    let (name, bits) =
                        word.split_once('=').map_or((word, None), |(name, bits)| (name, Some(bits)));
                    match bits.map(|bits| bits.parse::<u8>().unwrap()) {
                        Some(8..=15) => assert!(name.ends_with("_max_window_bits"), "{shown}"),
                        None => assert!(name.ends_with("_no_context_takeover"), "{shown}"),
                        Some(_) => panic!("{shown}"),
                    }
                    assert!(offer.contains(name), "{shown}");
                }
            }
        }
        assert!(taken > 50, "some are right: {taken}");
        site.end();
    }
    run_clean(scenario);
}
