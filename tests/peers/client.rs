//! The HTTP client, with Python's server, OpenSSL's and nginx at the other end.

use std::fs;
use std::io;

use eventlet::green::process::Command;
use eventlet::greenthread::joinall;
use eventlet::http::client::Phase;
use eventlet::http::{self, Body, Client, Out, Version};
use eventlet::testing::run_clean;
use eventlet::tls::TlsConnector;
use eventlet::{GreenIterator, GreenPool, green, spawn};
use eventlet_peer_tests::{Files, LIMIT, Program, TERMINATE, content, free_port, until_it_listens};
use eventlet_web_tests::authority::AUTHORITY;

#[test]
fn pythons_server_gives_its_files_to_many_at_once() {
    #[green]
    fn scenario() {
        let files = Files::new("client-python").unwrap();
        fs::write(files.path("large.bin"), content()).unwrap();
        let port = free_port();
        let folder = files.path("");
        let arguments =
            ["-m", "http.server", &port.to_string(), "--bind", "127.0.0.1", "--directory", &folder];
        let server = Program::start("python3", &arguments);
        until_it_listens(port);
        let url = format!("http://127.0.0.1:{port}");

        let client = Client::new();
        let answer = client.get(format!("{url}/large.bin")).send().unwrap();
        assert_eq!(answer.content_length(), Some(1_000_000));
        assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
        assert!(answer.bytes().unwrap() == content());
        assert!(client.get(&url).send().unwrap().text().unwrap().contains("large.bin"));
        assert_eq!(client.head(format!("{url}/large.bin")).send().unwrap().bytes().unwrap(), "");
        let error = client.get(format!("{url}/missing")).send().unwrap().error_for_status().unwrap_err();
        assert_eq!((error.phase(), error.status().unwrap().as_u16()), (Phase::Status, 404));
        assert_eq!(client.post(&url).body("x").send().unwrap().status(), 501);

        let fetch = {
            let client = client.clone();
            move |_| {
                let sending = client.get(format!("{url}/large.bin"));
                async move { sending.send().await?.bytes().await }
            }
        };
        let lengths: Result<Vec<_>, _> = GreenPool::new(20).imap(fetch, 0..50).try_collect();
        assert!(lengths.unwrap().iter().all(|bytes| bytes.len() == 1_000_000));
        drop(client);
        server.end(TERMINATE);
    }
    run_clean(scenario);
}

#[test]
fn openssls_server_gives_a_page_over_tls_and_must_be_trusted() {
    #[green]
    fn scenario() {
        let files = Files::new("client-openssl").unwrap();
        files.add("server", &AUTHORITY.identity(&["server.test"])).unwrap();
        let port = free_port();
        let (certificate, key) = (files.path("server.pem"), files.path("server.key"));
        let arguments = [
            "s_server",
            "-accept",
            &format!("127.0.0.1:{port}"),
            "-cert",
            &certificate,
            "-key",
            &key,
            "-www",
        ];
        let mut server = Program::start("openssl", &arguments);
        server.until("ACCEPT");
        let address = ([127, 0, 0, 1], port).into();
        let url = format!("https://server.test:{port}/");

        let connector = TlsConnector::builder().roots(AUTHORITY.pem.clone()).build().unwrap();
        let client = Client::builder().tls(connector).resolve("server.test", address).build().unwrap();
        let page = client.get(&url).send().unwrap().text().unwrap();
        assert!(page.contains("TLSv1.3"), "{page}");
        // Whom the system trusts is somebody else.
        let stranger = Client::builder().resolve("server.test", address).build().unwrap();
        let error = stranger.get(&url).send().unwrap_err();
        assert_eq!((error.phase(), error.kind()), (Phase::Handshake, io::ErrorKind::InvalidData), "{error}");
        server.end(TERMINATE);
    }
    run_clean(scenario);
}

#[test]
fn nginx_keeps_connections_compresses_and_redirects() {
    #[green]
    fn scenario() {
        let files = Files::new("client-nginx").unwrap();
        let port = free_port();
        let folder = files.path("");
        fs::write(files.path("page.html"), "<p>a page</p>\n".repeat(1000)).unwrap();
        let configuration = format!(
            "daemon off; master_process off; pid {folder}nginx.pid; error_log stderr;\n\
             events {{}}\n\
             http {{\n\
               access_log off; types {{ text/html html; }} gzip on; gzip_min_length 100;\n\
               client_body_temp_path {folder}body; proxy_temp_path {folder}proxy; fastcgi_temp_path {folder}fastcgi;\n\
               uwsgi_temp_path {folder}uwsgi; scgi_temp_path {folder}scgi;\n\
               server {{\n\
                 listen 127.0.0.1:{port}; root {folder};\n\
                 location /old {{ return 301 /page.html; }}\n\
                 location /post {{ return 200 \"$request_method $http_content_type\"; }}\n\
               }}\n\
             }}\n"
        );
        fs::write(files.path("nginx.conf"), configuration).unwrap();
        let server = Program::start("nginx", &["-p", &folder, "-c", &files.path("nginx.conf")]);
        until_it_listens(port);
        let url = format!("http://127.0.0.1:{port}");

        let client = Client::new();
        for _ in 0..100 {
            let answer = client.get(format!("{url}/old")).send().unwrap();
            assert_eq!(answer.url(), format!("{url}/page.html"));
            assert_eq!(answer.text().unwrap(), "<p>a page</p>\n".repeat(1000));
        }
        assert_eq!(client.idle_connections(), 1);
        let answer = client.post(format!("{url}/post")).form([("a", "b")]).send().unwrap();
        assert_eq!(answer.text().unwrap(), "POST application/x-www-form-urlencoded");
        drop(client);
        server.end(TERMINATE);
    }
    run_clean(scenario);
}

#[test]
fn nginx_speaks_http2_to_many_at_once_and_begins_anew_after_so_many_requests() {
    #[green]
    fn fetch(client: Client, url: String) -> io::Result<(Version, usize)> {
        let answer = client.get(url).send()?.error_for_status()?;
        Ok((answer.version(), answer.bytes()?.len()))
    }
    #[green]
    fn scenario() {
        let files = Files::new("client-nginx-http2").unwrap();
        files.add("server", &AUTHORITY.identity(&["server.test"])).unwrap();
        fs::write(files.path("page.bin"), &content()[..20_000]).unwrap();
        let (secret, plain) = (free_port(), free_port());
        let folder = files.path("");
        // After a hundred requests it says that it goes away.
        let configuration = format!(
            "daemon off; master_process off; pid {folder}nginx.pid; error_log stderr;\n\
             events {{}}\n\
             http {{\n\
               access_log off; keepalive_requests 100; http2_max_concurrent_streams 20;\n\
               client_body_temp_path {folder}body; proxy_temp_path {folder}proxy; fastcgi_temp_path {folder}fastcgi;\n\
               uwsgi_temp_path {folder}uwsgi; scgi_temp_path {folder}scgi;\n\
               server {{\n\
                 listen 127.0.0.1:{secret} ssl http2; listen 127.0.0.1:{plain} http2; root {folder};\n\
                 server_name server.test; ssl_certificate {folder}server.pem; ssl_certificate_key {folder}server.key;\n\
                 location /post {{ return 200 \"$request_method $http_content_type $server_protocol $host\"; }}\n\
               }}\n\
             }}\n"
        );
        fs::write(files.path("nginx.conf"), configuration).unwrap();
        let server = Program::start("nginx", &["-p", &folder, "-c", &files.path("nginx.conf")]);
        until_it_listens(secret);

        let connector = TlsConnector::builder().roots(AUTHORITY.pem.clone()).build().unwrap();
        let address = ([127, 0, 0, 1], 0).into();
        let agreed = Client::builder()
            .tls(connector)
            .resolve("server.test", address)
            .connect_timeout(Some(LIMIT))
            .build()
            .unwrap();
        let known =
            Client::builder().http2_prior_knowledge(true).connect_timeout(Some(LIMIT)).build().unwrap();
        for (client, site) in
            [(agreed, format!("https://server.test:{secret}")), (known, format!("http://127.0.0.1:{plain}"))]
        {
            let get = |_| {
                let (client, url) = (client.clone(), format!("{site}/page.bin"));
                move || fetch(client, url)
            };
            let fetching: Vec<_> = (0..250).map(get).map(spawn).collect();
            for result in joinall(fetching) {
                assert_eq!(result.unwrap().unwrap(), (Version::HTTP_2, 20_000));
            }
            assert_eq!(client.idle_connections(), 1);
            let answer = client.post(format!("{site}/post")).body("x").send().unwrap().text().unwrap();
            assert!(answer.starts_with("POST application/octet-stream HTTP/2.0 "), "{answer}");
            let missing = client.get(format!("{site}/missing")).send().unwrap();
            assert_eq!(missing.status(), 404);
        }
        server.end(TERMINATE);
    }
    run_clean(scenario);
}

#[test]
fn curl_reads_what_a_gateway_of_ours_hands_on() {
    #[green]
    fn scenario() {
        let files = Files::new("client-gateway").unwrap();
        fs::write(files.path("large.bin"), content()).unwrap();
        let port = free_port();
        let folder = files.path("");
        let arguments =
            ["-m", "http.server", &port.to_string(), "--bind", "127.0.0.1", "--directory", &folder];
        let behind = Program::start("python3", &arguments);
        until_it_listens(port);
        let site = eventlet_web_tests::Site::new(
            eventlet::wsgi::Server::new(),
            move |request: http::Request| async move {
                let answer = http::get(format!("http://127.0.0.1:{port}{}", request.uri())).await;
                answer.map_err(io::Error::from)
            },
        );
        let target = files.path("copy.bin");
        let url = format!("http://{}/large.bin", site.address);
        let status =
            Command::new("curl").args(["--silent", "--fail", "--output", &target, &url]).status().unwrap();
        assert!(status.success());
        assert!(fs::read(target).unwrap() == content());
        site.end();
        behind.end(TERMINATE);
    }
    run_clean(scenario);
}

/// A server that asks `anna` for her password, in whatever way the path says, and takes a nonce three times.
const DIGEST: &str = r#"
import hashlib, http.server, os, sys, urllib.request

PASSWORD = "Circle of \"Life\""
used = {}

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def judge(self):
        algorithm = self.path.split("/")[1].split("?")[0]
        name = {"old": "md5", "sha-512-256": "sha512_256"}.get(algorithm, algorithm.removesuffix("-sess").replace("-", ""))
        h = lambda text: hashlib.new(name, text.encode()).hexdigest()
        header = self.headers.get("Authorization", "")
        scheme, _, rest = header.partition(" ")
        if scheme != "Digest":
            return algorithm, None
        got = urllib.request.parse_keqv_list(urllib.request.parse_http_list(rest))
        if got["uri"] != self.path or got["realm"] != "a realm" or got["opaque"] != "kept":
            return algorithm, None
        secret = h(f"anna:a realm:{PASSWORD}")
        if algorithm.endswith("-sess"):
            secret = h(f"{secret}:{got['nonce']}:{got['cnonce']}")
        request = h(f"{self.command}:{self.path}")
        if algorithm == "old":
            expected = h(f"{secret}:{got['nonce']}:{request}")
        else:
            expected = h(f"{secret}:{got['nonce']}:{got['nc']}:{got['cnonce']}:auth:{request}")
        if got["username"] != "anna" or got["response"] != expected or got["nonce"] not in used:
            return algorithm, None
        used[got["nonce"]] += 1
        if algorithm != "old" and int(got["nc"], 16) != used[got["nonce"]]:
            return algorithm, None
        return algorithm, used[got["nonce"]] <= 3

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        algorithm, is_let_in = self.judge()
        if is_let_in:
            self.send_response(200)
            body = b"welcome " + body
        else:
            nonce = os.urandom(8).hex()
            used[nonce] = 0
            challenge = f'Digest realm="a realm", nonce="{nonce}", opaque="kept"'
            if algorithm != "old":
                challenge += f', qop="auth,auth-int", algorithm={algorithm.upper()}'
            if is_let_in is not None:
                challenge += ", stale=true"
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="not this"')
            self.send_header("WWW-Authenticate", challenge)
            body = b"no"
        self.send_header("Content-Length", len(body))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"#;

#[test]
fn a_server_that_asks_for_a_digest_lets_in_whoever_knows_the_password() {
    #[green]
    fn scenario() {
        let port = free_port();
        let server = Program::start("python3", &["-c", DIGEST, &port.to_string()]);
        until_it_listens(port);
        let client = Client::new();
        for kind in ["old", "md5", "md5-sess", "sha-256", "sha-256-sess", "sha-512-256"] {
            let url = format!("http://127.0.0.1:{port}/{kind}/path?q=a%20b&c");
            let client = Client::new();
            for _ in 0..8 {
                let request = client.post(&url).body("to you").digest_auth("anna", "Circle of \"Life\"");
                let answer = request.send().unwrap();
                assert_eq!(
                    (answer.status().as_u16(), answer.text().unwrap().as_str()),
                    (200, "welcome to you")
                );
            }
        }
        let url = format!("http://127.0.0.1:{port}/md5");
        assert_eq!(client.get(&url).digest_auth("anna", "Circle of Life").send().unwrap().status(), 401);
        assert_eq!(client.get(&url).basic_auth("anna", Some("any")).send().unwrap().status(), 401);
        drop(client);
        server.end(TERMINATE);
    }
    run_clean(scenario);
}

/// Echoes, says what it was asked, and tells something in two steps.
const ASGI: &str = r#"
import asyncio

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": kind + ".complete"})
            if kind == "lifespan.shutdown":
                return
    path = scope["path"]
    async def start(status=200, headers=()):
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    async def say(body, more=False):
        await send({"type": "http.response.body", "body": body, "more_body": more})
    if path == "/echo":
        await start()
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                return
            await say(event["body"], True)
            if not event["more_body"]:
                return await say(b"")
    if path == "/steps":
        await start()
        await say(b"first\n", True)
        await asyncio.sleep(0.2)
        return await say(b"second\n")
    if path == "/refuse":
        await start(403)
        return await say(b"not this")
    await start(headers=[(b"x-name", b"value")])
    await say(f"{scope['method']} {scope['http_version']} {scope['scheme']}".encode())
"#;

#[test]
fn hypercorn_is_asked_much_at_once_over_http2_and_streams_both_ways() {
    #[green]
    fn produce(out: Out) -> io::Result<()> {
        for piece in content().chunks(10_000) {
            out.write(piece.to_vec())?;
        }
        Ok(())
    }
    #[green]
    fn talk(client: Client, base: String, scheme: &str) {
        let ask = |number: u32| {
            // It takes no value that ends with a space.
            let sending = client.get(format!("{base}/about/{number}")).header("x-long", "word ".repeat(300));
            spawn(move || async move {
                let answer = sending.send().await.unwrap();
                assert_eq!((answer.version(), answer.header("x-name")), (Version::HTTP_2, Some("value")));
                answer.text().await.unwrap()
            })
        };
        for answer in joinall((0..200).map(ask).collect::<Vec<_>>()) {
            assert_eq!(answer.unwrap(), format!("GET 2 {scheme}"));
        }
        let echo = format!("{base}/echo");
        assert!(client.post(&echo).body(content()).send().unwrap().bytes().unwrap() == content());
        let streamed = client.put(&echo).body(Body::stream(produce)).send().unwrap();
        assert!(streamed.bytes().unwrap() == content());
        assert_eq!(client.head(&base).send().unwrap().bytes().unwrap(), "");
        let mut answer = client.get(format!("{base}/steps")).send().unwrap();
        assert_eq!(answer.piece().unwrap().unwrap(), "first\n");
        assert_eq!(answer.text().unwrap(), "second\n");
        // With a body that it does not read, the connection would be over: it knows the stream no more.
        let refused = client.get(format!("{base}/refuse")).send().unwrap();
        assert_eq!((refused.status().as_u16(), refused.text().unwrap().as_str()), (403, "not this"));
        // One whose answer is of no interest any more leaves the others alone.
        drop(client.get(format!("{base}/steps")).send().unwrap());
        assert_eq!(client.get(&base).send().unwrap().text().unwrap(), format!("GET 2 {scheme}"));
        assert_eq!(client.idle_connections(), 1);
    }
    #[green]
    fn scenario() {
        let files = Files::new("client-hypercorn").unwrap();
        files.add("server", &AUTHORITY.identity(&["server.test"])).unwrap();
        fs::write(files.path("program.py"), ASGI).unwrap();
        let application = format!("{}:app", files.path("program.py"));
        let (plain, secure) = (free_port(), free_port());
        let bind = [format!("127.0.0.1:{plain}"), format!("127.0.0.1:{secure}")];
        let (certificate, key) = (files.path("server.pem"), files.path("server.key"));
        let arguments = [
            "-m",
            "hypercorn",
            "--insecure-bind",
            &bind[0],
            "--bind",
            &bind[1],
            "--certfile",
            &certificate,
            "--keyfile",
            &key,
            &application,
        ];
        let server = Program::start("python3", &arguments);
        until_it_listens(plain);
        until_it_listens(secure);
        let client = Client::builder().http2_prior_knowledge(true).build().unwrap();
        talk(client, format!("http://127.0.0.1:{plain}"), "http");
        let address = ([127, 0, 0, 1], secure).into();
        let connector = TlsConnector::builder().roots(AUTHORITY.pem.clone()).build().unwrap();
        let client = Client::builder().tls(connector).resolve("server.test", address).build().unwrap();
        talk(client, format!("https://server.test:{secure}"), "https");
        server.end(TERMINATE);
    }
    run_clean(scenario);
}
