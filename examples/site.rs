//! A small web site on this machine, for the crawlers, and what they find on a page of it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use eventlet::green::io::{BufRead, BufReader, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{GreenThread, green, http, sleep, spawn, spawn_n};

/// The pages: each has links to others, and takes its own time, so that a crawl always goes the
/// same way.
const PAGES: [(&str, u64, &[&str]); 7] = [
    ("/", 10, &["/news", "/about", "http://example.com/elsewhere"]),
    ("/news", 60, &["/", "/news/1", "/news/2"]),
    ("/about", 30, &["/", "/about/us"]),
    ("/news/1", 20, &["/news"]),
    ("/news/2", 40, &["/news", "/about"]),
    ("/about/us", 10, &["/about", "/missing"]),
    ("/missing", 5000, &[]),
];

/// Starts the site. May suspend. Gives its address, and the green thread to kill in the end.
///
/// # Errors
///
/// What the operating system says to a new listener.
#[green]
pub fn start() -> io::Result<(SocketAddr, GreenThread<io::Result<()>>)> {
    let server = eventlet::listen("127.0.0.1:0")?;
    let address = server.local_addr()?;
    Ok((address, spawn(move || serve(server, address))))
}

#[green]
fn serve(server: TcpListener, address: SocketAddr) -> io::Result<()> {
    loop {
        let (connection, _address) = server.accept()?;
        spawn_n(move || answer(connection, address));
    }
}

#[green]
fn answer(connection: TcpStream, address: SocketAddr) -> io::Result<()> {
    let mut connection = BufReader::new(connection);
    let mut request = String::new();
    connection.read_line(&mut request)?;
    let path = request.split(' ').nth(1).unwrap_or_default();
    let Some((_, delay, links)) = PAGES.iter().find(|(page, _, _)| *page == path) else {
        return write!(connection.get_mut(), "HTTP/1.0 404 Not Found\r\n\r\n");
    };
    sleep(Duration::from_millis(*delay));
    let mut page = String::new();
    for link in *links {
        let host = if link.starts_with('/') { format!("http://{address}") } else { String::new() };
        page += &format!("<a href=\"{host}{link}\">\n");
    }
    write!(connection.get_mut(), "HTTP/1.0 200 OK\r\n\r\n{page}")
}

/// Fetches a page, and gives the URLs in it. Suspends until it is there.
///
/// # Errors
///
/// As [`http::get`], and for a page that is no text.
#[green]
pub fn links(url: &str) -> io::Result<Vec<String>> {
    let page = http::get(url)?.text()?;
    Ok(page.split('"').filter(|part| part.starts_with("http://")).map(str::to_owned).collect())
}
