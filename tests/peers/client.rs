//! The HTTP client, with Python's server, OpenSSL's and nginx at the other end.

use std::fs;
use std::io;

use eventlet::green::process::Command;
use eventlet::greenthread::joinall;
use eventlet::http::client::Phase;
use eventlet::http::{self, Client, Version};
use eventlet::testing::run_clean;
use eventlet::tls::TlsConnector;
use eventlet::{GreenIterator, GreenPool, green, spawn};
use eventlet_peer_tests::{Files, Program, TERMINATE, content, free_port, until_it_listens};
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
