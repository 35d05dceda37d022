//! eventlet's `wsgi.py`: `Hello, World!` at `/`, and a 404 elsewhere.
//!
//! With an address (`-- 127.0.0.1:8090`) it serves there until SIGTERM or SIGINT. Without, it
//! starts on a free port, asks itself, and ends.

use std::io;

use eventlet::green::io::{Read, Write};
use eventlet::http::{IntoResponse, Request, Response, StatusCode};
use eventlet::{connect, green, listen, spawn, wsgi};

#[green]
fn hello_world(request: Request) -> Response {
    if request.uri().path() != "/" {
        return (StatusCode::NOT_FOUND, "Not Found\r\n").into_response();
    }
    "Hello, World!\r\n".into_response()
}

/// Asks for a path, and gives the status line and the body.
#[green]
fn ask(address: std::net::SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.lines().next().unwrap_or_default();
    let body = answer.split_once("\r\n\r\n").map_or("", |(_head, body)| body);
    Ok(format!("{status}: {}", body.trim_end()))
}

#[green]
fn main() -> io::Result<()> {
    if let Some(address) = std::env::args().nth(1) {
        return wsgi::server(listen(address.as_str())?, hello_world);
    }
    let listener = listen("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = wsgi::Server::new();
    let handle = server.handle();
    let serving = spawn(move || server.serve(listener, hello_world));
    println!("{}", ask(address, "/")?);
    println!("{}", ask(address, "/elsewhere")?);
    handle.stop();
    serving.wait()
}
