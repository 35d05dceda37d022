//! The web server behind nginx.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use eventlet::event::Flag;
use eventlet::http::{self, Body, Client, IntoResponse, Out, Request, Response, StatusCode};
use eventlet::testing::run_clean;
use eventlet::websocket::{self, Message, WebSocket};
use eventlet::wsgi::{RequestExt, Server};
use eventlet::{GreenIterator, GreenPool, green};
use eventlet_peer_tests::{Files, Program, TERMINATE, content, free_port, until_it_listens};
use eventlet_web_tests::Site;

/// nginx in front of a server of ours: it keeps connections to it, and hands on what comes as it
/// comes. Below `/buffered` it does what it does by default.
struct Front {
    nginx: Program,
    _files: Files,
    port: u16,
}

impl Front {
    #[green]
    fn of(site: &Site, name: &str) -> Front {
        let files = Files::new(name).unwrap();
        let port = free_port();
        let (folder, behind) = (files.path(""), site.address);
        let configuration = format!(
            "daemon off; master_process off; pid {folder}nginx.pid; error_log stderr error;\n\
             events {{ worker_connections 1000; }}\n\
             http {{\n\
               access_log off; client_max_body_size 10m;\n\
               client_body_temp_path {folder}body; proxy_temp_path {folder}proxy; fastcgi_temp_path {folder}fastcgi;\n\
               uwsgi_temp_path {folder}uwsgi; scgi_temp_path {folder}scgi;\n\
               upstream ours {{ server {behind}; keepalive 64; }}\n\
               server {{\n\
                 listen 127.0.0.1:{port}; keepalive_requests 100000;\n\
                 proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host $host;\n\
                 proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\
                 location / {{ proxy_pass http://ours; proxy_buffering off; proxy_request_buffering off; }}\n\
                 location /buffered/ {{ proxy_pass http://ours/; }}\n\
                 location /chat {{\n\
                   proxy_pass http://ours;\n\
                   proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;\n\
                 }}\n\
               }}\n\
             }}\n"
        );
        fs::write(files.path("nginx.conf"), configuration).unwrap();
        let nginx = Program::start("nginx", &["-p", &folder, "-c", &files.path("nginx.conf")]);
        until_it_listens(port);
        Front { nginx, _files: files, port }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Ends it. It has had nothing to complain of.
    #[green]
    fn end(self) {
        assert_eq!(self.nginx.end(TERMINATE), "");
    }
}

#[green]
fn app(request: Request, go: Flag) -> Response {
    let path = request.uri().path().to_owned();
    match path.as_str() {
        "/port" => request.peer().unwrap().address().unwrap().port().to_string().into_response(),
        "/for" => request.headers()["x-forwarded-for"].to_str().unwrap().to_owned().into_response(),
        "/echo" => Response::new(Body::stream(move |out| copy(request.into_body(), out, None))),
        "/hear" => {
            go.clear();
            Response::new(Body::stream(move |out| copy(request.into_body(), out, Some(go))))
        }
        "/steps" => {
            go.clear();
            http::stream(move |out| steps(out, go))
        }
        "/chat" => websocket::accept(&request, echo),
        _ => (StatusCode::NOT_FOUND, "Not Found\n").into_response(),
    }
}

/// Sends a body back, and says when something of it has come.
#[green]
fn copy(mut body: Body, out: Out, heard: Option<Flag>) -> io::Result<()> {
    while let Some(piece) = body.piece()? {
        if let Some(heard) = &heard {
            heard.set();
        }
        out.write(piece)?;
    }
    Ok(())
}

#[green]
fn steps(out: Out, go: Flag) -> io::Result<()> {
    out.write("first\n")?;
    go.wait();
    out.write("second\n")
}

#[green]
fn echo(ws: WebSocket) -> websocket::Result<()> {
    while let Some(message) = ws.recv()? {
        ws.send(message)?;
    }
    Ok(())
}

#[green]
fn site(server: Server) -> (Site, Flag) {
    let go = Flag::new();
    let serve = {
        let go = go.clone();
        move |request| app(request, go.clone())
    };
    (Site::new(server, serve), go)
}

#[test]
fn a_proxy_keeps_its_connection_and_hands_bodies_on_whole() {
    #[green]
    fn scenario() {
        let (site, _go) = site(Server::new());
        let front = Front::of(&site, "proxy-keeps");
        let client = Client::new();
        let mut ports = BTreeSet::new();
        for _ in 0..100 {
            ports.insert(client.get(front.url("/port")).send().unwrap().text().unwrap());
        }
        assert_eq!(ports.len(), 1);
        assert_eq!(client.get(front.url("/for")).send().unwrap().text().unwrap(), "127.0.0.1");
        for path in ["/echo", "/buffered/echo"] {
            let answer = client.post(front.url(path)).body(content()).send().unwrap();
            assert!(answer.bytes().unwrap() == content(), "{path}");
            // Without a length it comes in chunks, to us as well unless nginx waits for all of it.
            let body = Body::stream(|out: Out| async move {
                for piece in content().chunks(10_000) {
                    out.write(piece.to_vec()).await?;
                }
                Ok(())
            });
            let answer = client.post(front.url(path)).body(body).send().unwrap();
            assert!(answer.bytes().unwrap() == content(), "{path}");
        }
        assert_eq!(client.get(front.url("/none")).send().unwrap().status(), 404);
        drop(client);
        front.end();
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_proxy_never_asks_on_a_connection_that_has_had_its_requests() {
    #[green]
    fn scenario() {
        let (site, _go) = site(Server::new().max_requests(7));
        let front = Front::of(&site, "proxy-requests");
        let client = Client::new();
        let mut ports = BTreeSet::new();
        for _ in 0..100 {
            let answer = client.get(front.url("/port")).send().unwrap();
            assert_eq!(answer.status(), 200);
            ports.insert(answer.text().unwrap());
        }
        assert_eq!(ports.len(), 15);
        drop(client);
        front.end();
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn pieces_pass_a_proxy_before_the_next_ones_are_made() {
    #[green]
    fn scenario() {
        let (site, go) = site(Server::new());
        let front = Front::of(&site, "proxy-pieces");
        let client = Client::new();
        let mut answer = client.get(front.url("/steps")).send().unwrap();
        assert_eq!(answer.piece().unwrap().unwrap(), "first\n");
        go.set();
        assert_eq!(answer.text().unwrap(), "second\n");

        // The other way round: what follows is made when the first piece was heard.
        let heard = go.clone();
        let body = Body::stream(move |out| async move {
            out.write("first\n").await?;
            heard.wait().await;
            out.write("second\n").await
        });
        let answer = client.post(front.url("/hear")).body(body).send().unwrap();
        assert_eq!(answer.text().unwrap(), "first\nsecond\n");
        drop(client);
        front.end();
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_websocket_passes_a_proxy() {
    #[green]
    fn scenario() {
        let (site, _go) = site(Server::new());
        let front = Front::of(&site, "proxy-websocket");
        let url = format!("ws://127.0.0.1:{}/chat", front.port);
        let ws = websocket::connect(&url).unwrap();
        assert!(ws.is_deflated());
        for message in [Message::from("Grüße"), "again and again; ".repeat(5000).into(), content().into()] {
            ws.send(&message).unwrap();
            assert!(ws.recv().unwrap() == Some(message));
        }
        ws.close().unwrap();
        front.end();
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_proxy_under_load_has_no_answer_missing() {
    #[green]
    fn scenario() {
        let (site, _go) = site(Server::new().max_requests(50));
        let front = Front::of(&site, "proxy-load");
        let url = front.url("/port");
        let arguments = ["--threads", "1", "--connections", "50", "--duration", "1s", &url];
        let (is_fine, report) = Program::start("wrk", &arguments).finish();
        assert!(is_fine && report.contains(" requests in "), "{report}");
        assert!(!report.contains("Socket errors") && !report.contains("Non-2xx"), "{report}");

        let client = Client::new();
        let ask = {
            let (client, url) = (client.clone(), front.url("/echo"));
            move |number: usize| {
                let sending = client.post(&url).body(vec![b'x'; number * 100]);
                async move { sending.send().await?.bytes().await }
            }
        };
        let answers: Result<Vec<_>, _> = GreenPool::new(20).imap(ask, 0..200).try_collect();
        for (number, answer) in answers.unwrap().iter().enumerate() {
            assert_eq!(answer.len(), number * 100);
        }
        drop(client);
        front.end();
        site.end();
    }
    run_clean(scenario);
}
