//! The plainest HTTP there is, so that examples can fetch pages: one request a connection, which
//! the server closes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use eventlet::green::io::{BufRead, BufReader, Read, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{green, sleep, spawn_n};

/// What a server answered.
pub struct Page {
    /// 200 if the page is there.
    pub status: u16,
    /// What is on it.
    pub body: Vec<u8>,
}

/// Fetches the page of an `http://` URL. Suspends until it is there.
///
/// # Errors
///
/// `InvalidInput` for another kind of URL; `InvalidData` for an answer that is not HTTP; those of
/// the connection.
#[green]
pub fn fetch(url: &str) -> io::Result<Page> {
    let malformed = || io::Error::new(io::ErrorKind::InvalidInput, format!("not an http:// URL: {url}"));
    let rest = url.strip_prefix("http://").ok_or_else(malformed)?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let address = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };

    let mut connection = TcpStream::connect(address)?;
    write!(connection, "GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    parsed(answer).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("no page at {url}")))
}

fn parsed(mut answer: Vec<u8>) -> Option<Page> {
    let end_of_head = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let body = answer.split_off(end_of_head + 4);
    let status = answer.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    Some(Page { status: std::str::from_utf8(status).ok()?.parse().ok()?, body })
}

/// Serves pages until it is killed: `/N` has a hundred times `N` bytes, and comes the sooner the
/// larger `N` is.
///
/// # Errors
///
/// Those of accepting.
#[green]
pub fn serve_pages(server: TcpListener) -> io::Result<()> {
    loop {
        let (connection, _address): (TcpStream, SocketAddr) = server.accept()?;
        spawn_n(move || answer(connection));
    }
}

#[green]
fn answer(connection: TcpStream) -> io::Result<()> {
    let mut connection = BufReader::new(connection);
    let mut request = String::new();
    connection.read_line(&mut request)?;
    let mut header = String::new();
    while connection.read_line(&mut header)? > 2 {
        header.clear();
    }
    let number = request.strip_prefix("GET /").and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
    let connection = connection.get_mut();
    match number {
        Some(number @ 1..=10) => {
            sleep(Duration::from_millis(10 * (10 - number)));
            let page = "x".repeat(100 * number as usize);
            write!(connection, "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{page}", page.len())
        }
        _ => write!(connection, "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    }
}
