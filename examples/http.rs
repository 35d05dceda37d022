//! The plainest HTTP there is, so that examples have pages to fetch: one request a connection, which
//! the server closes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use eventlet::green::io::{BufRead, BufReader, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{green, sleep, spawn_n};

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
