//! Servers that answer late: each connection has an OS thread, and no hub.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// How long an answer takes.
pub(crate) const LATE: Duration = Duration::from_millis(300);

/// A server, until the test's process ends.
pub(crate) struct Server(SocketAddr);

impl Server {
    /// Serves each connection with a function.
    fn start(serve: fn(TcpStream) -> std::io::Result<()>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                thread::spawn(move || serve(client));
            }
        });
        Server(address)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.0
    }

    /// HTTP: `/7` is `page 7`, in two chunks.
    pub(crate) fn http() -> Server {
        Server::start(|mut client| {
            let mut reader = BufReader::new(client.try_clone()?);
            let mut request = String::new();
            reader.read_line(&mut request)?;
            let mut line = String::new();
            while reader.read_line(&mut line)? > 2 {
                line.clear();
            }
            thread::sleep(LATE);
            let number = request.split(['/', ' ']).nth(2).unwrap_or("");
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
            write!(client, "{head}5\r\npage \r\n{:x}\r\n{number}\r\n0\r\n\r\n", number.len())
        })
    }
}
