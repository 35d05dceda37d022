//! The crawler of eventlet's basic usage: fetch a list of URLs at the same time, take the bodies in order.
//!
//! With URLs as arguments it fetches those (`http://` only). Without, it starts a small HTTP server of its own, whose
//! first page is its slowest, and fetches from there.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use eventlet::green::io::{BufRead, BufReader, Read, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{GreenPool, green, sleep, spawn, spawn_n};

/// The body of a page, by the plainest HTTP there is: the server closes the connection at its end.
#[green]
fn fetch(url: String) -> io::Result<Vec<u8>> {
    let malformed = || io::Error::new(io::ErrorKind::InvalidInput, format!("not an http:// URL: {url}"));
    let rest = url.strip_prefix("http://").ok_or_else(malformed)?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let address = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };

    let mut connection = TcpStream::connect(address)?;
    write!(connection, "GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    let end_of_head = answer.windows(4).position(|four| four == b"\r\n\r\n");
    match end_of_head {
        Some(end) if answer.starts_with(b"HTTP/1.") && answer.get(9..12) == Some(b"200") => {
            Ok(answer.split_off(end + 4))
        }
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, format!("no page at {url}"))),
    }
}

#[green]
fn crawl(urls: Vec<String>) -> io::Result<()> {
    let pool = GreenPool::default();
    for body in pool.imap(fetch, urls) {
        println!("got body {}", body?.len());
    }
    Ok(())
}

/// Answers `/N` with a page of a hundred times `N` bytes, and the sooner the larger `N` is.
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

#[green]
fn serve(server: TcpListener) -> io::Result<()> {
    loop {
        let (connection, _address) = server.accept()?;
        spawn_n(move || answer(connection));
    }
}

#[green]
fn main() -> io::Result<()> {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    if !urls.is_empty() {
        return crawl(urls);
    }
    let server = eventlet::listen("127.0.0.1:0")?;
    let address: SocketAddr = server.local_addr()?;
    let serving = spawn(move || serve(server));
    crawl([1, 4, 2, 8, 5, 7].map(|number| format!("http://{address}/{number}")).into())?;
    serving.kill();
    Ok(())
}
