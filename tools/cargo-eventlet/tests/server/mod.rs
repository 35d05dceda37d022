//! Servers that answer late: each connection has an OS thread, and no hub.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tungstenite::Message;

/// How long an answer takes.
pub(crate) const LATE: Duration = Duration::from_millis(300);

/// How many clients have said farewell to beanstalkd.
pub(crate) static FAREWELLS: AtomicUsize = AtomicUsize::new(0);

/// A server, until the test's process ends.
pub(crate) struct Server(SocketAddr);

impl Server {
    /// Serves each connection with a function.
    fn start(serve: fn(TcpStream) -> io::Result<()>) -> Server {
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

    /// WHOIS: a name is asked for, and what there is to say about it ends with the connection.
    pub(crate) fn whois() -> Server {
        Server::start(|mut client| {
            let mut name = String::new();
            BufReader::new(client.try_clone()?).read_line(&mut name)?;
            thread::sleep(LATE);
            write!(client, "it is {name}")
        })
    }

    /// FTP, as far as it takes to fetch a file: `file 7` is `this is file 7`.
    pub(crate) fn ftp() -> Server {
        Server::start(|mut client| {
            let mut reader = BufReader::new(client.try_clone()?);
            let data = TcpListener::bind("127.0.0.1:0")?;
            let port = data.local_addr()?.port();
            write!(client, "220 it is late\r\n")?;
            let mut line = String::new();
            while reader.read_line(&mut line)? > 0 {
                match line.trim_end().split_once(' ').unwrap_or((line.trim_end(), "")) {
                    ("USER", _) => write!(client, "331 and the password?\r\n")?,
                    ("PASS", _) => write!(client, "230 welcome\r\n")?,
                    ("PASV", _) => write!(client, "227 there (127,0,0,1,{},{})\r\n", port / 256, port % 256)?,
                    ("RETR", name) => {
                        let (mut stream, _) = data.accept()?;
                        write!(client, "150 here it comes\r\n")?;
                        thread::sleep(LATE);
                        write!(stream, "this is {name}")?;
                        drop(stream);
                        write!(client, "226 that was it\r\n")?;
                    }
                    ("QUIT", _) => write!(client, "221 goodbye\r\n")?,
                    _ => write!(client, "502 what?\r\n")?,
                }
                line.clear();
            }
            Ok(())
        })
    }

    /// beanstalkd's protocol, as far as it takes to put a job into the queue.
    pub(crate) fn beanstalkd() -> Server {
        Server::start(|mut client| {
            let mut reader = BufReader::new(client.try_clone()?);
            let mut line = String::new();
            while reader.read_line(&mut line)? > 0 && line.starts_with("put ") {
                line.clear();
                reader.read_line(&mut line)?;
                thread::sleep(LATE);
                let number: u32 = line.trim_end().parse().unwrap_or(0);
                write!(client, "INSERTED {}\r\n", number + 1000)?;
                line.clear();
            }
            assert_eq!(line, "quit\r\n", "the farewell comes, though it stands in a destructor");
            FAREWELLS.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
    }

    /// A WebSocket on which each text comes back, with a word behind it.
    pub(crate) fn websocket() -> Server {
        Server::start(|client| {
            let mut socket =
                tungstenite::accept(client).map_err(|error| io::Error::other(error.to_string()))?;
            while let Ok(message) = socket.read() {
                if let Ok(text) = message.to_text().map(str::to_owned)
                    && message.is_text()
                {
                    thread::sleep(LATE);
                    socket.send(Message::text(format!("{text}, late"))).map_err(io::Error::other)?;
                }
            }
            Ok(())
        })
    }

    /// A SOCKS 5 proxy that is late to connect, and greets from whoever it has connected to.
    pub(crate) fn socks() -> Server {
        Server::start(|mut client| {
            let mut head = [0; 2];
            client.read_exact(&mut head)?;
            client.read_exact(&mut vec![0; head[1].into()])?;
            client.write_all(&[5, 0])?;
            let mut request = [0; 5];
            client.read_exact(&mut request)?;
            assert_eq!(request[..4], [5, 1, 0, 3], "it asks for a connection to a name");
            let mut name = vec![0; request[4].into()];
            client.read_exact(&mut name)?;
            client.read_exact(&mut [0; 2])?;
            thread::sleep(LATE);
            client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 80])?;
            let mut said = [0; 5];
            client.read_exact(&mut said)?;
            client.write_all(&said)?;
            client.write_all(b" from ")?;
            client.write_all(&name)
        })
    }

    /// SNTP: it is as late as the client thinks.
    pub(crate) fn sntp() -> Server {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        thread::spawn(move || {
            loop {
                let mut packet = [0; 48];
                let (_, client) = socket.recv_from(&mut packet).unwrap();
                let socket = socket.try_clone().unwrap();
                thread::spawn(move || {
                    thread::sleep(LATE);
                    let sent: [u8; 8] = packet[40..].try_into().unwrap();
                    // Version 4, a server, of the first stratum.
                    packet[..2].copy_from_slice(&[0x24, 1]);
                    packet[12..16].copy_from_slice(b"LATE");
                    packet[24..32].copy_from_slice(&sent);
                    packet[32..40].copy_from_slice(&sent);
                    socket.send_to(&packet, client)
                });
            }
        });
        Server(address)
    }
}
