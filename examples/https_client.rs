//! An HTTPS client by hand: a connection, TLS over it, a request, and what comes back.
//!
//! With a host (`-- example.org`) it asks that one, and trusts whom the system trusts. Without, it
//! starts a web server with a certificate of its own, and asks that.

use std::error::Error;
use std::io;

use eventlet::green::io::{BufRead, BufReader, Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::http::Request;
use eventlet::tls::{TlsAcceptor, TlsConnector, TlsListener};
use eventlet::wsgi::RequestExt;
use eventlet::{green, listen, spawn, wsgi};

/// Asks for `/`, and prints what is said of the connection, the status and the beginning of the
/// body.
#[green]
fn fetch(connector: &TlsConnector, host: &str, port: u16) -> io::Result<()> {
    let tcp = TcpStream::connect((host, port))?;
    let mut stream = connector.connect(host, tcp)?;
    let protocol = stream.alpn_protocol().unwrap_or_default();
    println!("{:?}, {}", stream.protocol_version().unwrap(), String::from_utf8_lossy(&protocol));

    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut answer = BufReader::new(stream);
    let mut line = String::new();
    answer.read_line(&mut line)?;
    println!("{}", line.trim_end());
    while line.trim_end() != "" {
        line.clear();
        answer.read_line(&mut line)?;
    }
    let mut body = String::new();
    // An end that the server has not announced would be an error here.
    answer.take(200).read_to_string(&mut body)?;
    println!("{}", body.trim_end());
    Ok(())
}

#[green]
fn hello(request: Request) -> String {
    let is_encrypted = request.peer().is_some_and(wsgi::Peer::is_encrypted);
    format!("Hello, World! (encrypted: {is_encrypted})\n")
}

#[green]
fn main() -> Result<(), Box<dyn Error>> {
    if let Some(host) = std::env::args().nth(1) {
        let connector = TlsConnector::builder().alpn(["http/1.1"]).build()?;
        fetch(&connector, &host, 443)?;
        return Ok(());
    }
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let acceptor = TlsAcceptor::new(made.cert.pem(), made.signing_key.serialize_pem())?;
    let listener = listen("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let server = wsgi::Server::new();
    let handle = server.handle();
    let serving = spawn(move || server.serve(TlsListener::new(listener, acceptor), hello));

    let connector = TlsConnector::builder().roots(made.cert.pem()).alpn(["http/1.1"]).build()?;
    fetch(&connector, "localhost", port)?;
    handle.stop();
    serving.wait()?;
    Ok(())
}
