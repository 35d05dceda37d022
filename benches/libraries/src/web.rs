//! The web server, with its limits as they are when nobody says anything.

use std::io;

use eventlet::convenience::ListenOptions;
use eventlet::green::net::TcpListener;
use eventlet::http::Request;
use eventlet::{green, run, wsgi};
use eventlet_bench_measure::{GREETING, port};

/// The one limit that is raised: 1024 connections are too few for the row of 10,000.
const CONNECTIONS: usize = 20_000;

#[green]
fn app(request: Request) -> &'static str {
    assert_eq!(request.uri().path(), "/");
    GREETING
}

#[green]
fn server(listener: TcpListener) -> io::Result<()> {
    wsgi::Server::new().max_size(CONNECTIONS).serve(listener, app)
}

/// A server on one hub.
pub(crate) fn serve(n: u64) -> io::Result<()> {
    let port = port(n)?;
    run(move || listen(port))
}

#[green]
fn listen(port: u16) -> io::Result<()> {
    server(ListenOptions::new().backlog(4096).listen(("127.0.0.1", port))?)
}

/// One on each of so many hubs.
pub(crate) fn workers(n: u64, count: usize) -> io::Result<()> {
    let port = port(n)?;
    run(move || wsgi::workers(count, ("127.0.0.1", port), server))
}
