//! An echo server over TLS, and its clients: some speak, one is silent, one speaks something else.
//!
//! The certificate is made here. A real server reads its own from files: `fs::read("server.pem")?`.

use std::error::Error;
use std::io;
use std::net::SocketAddr;

use eventlet::green::io::{Read, Write};
use eventlet::tls::{TlsAcceptor, TlsConnector, TlsListener, TlsStream};
use eventlet::{Queue, connect, green, listen, serve, spawn};

/// Sends back what it gets. The first read goes through the handshake, in this thread.
#[green]
fn echo(client: &mut TlsStream) -> io::Result<()> {
    let mut buf = [0; 4096];
    loop {
        let n = client.read(&mut buf)?;
        if n == 0 {
            return Ok(()); // the client has said goodbye; without that it is an error
        }
        client.write_all(&buf[..n])?;
    }
}

#[green]
fn handle(mut client: TlsStream, _address: SocketAddr, errors: Queue<io::Error>) {
    if let Err(error) = echo(&mut client) {
        errors.put(error).expect("nobody shuts the queue down");
    }
}

#[green]
fn say(connector: &TlsConnector, address: SocketAddr, word: &str) -> io::Result<()> {
    let mut stream = connector.connect("localhost", connect(address)?)?;
    stream.write_all(word.as_bytes())?;
    let mut back = vec![0; word.len()];
    stream.read_exact(&mut back)?;
    let back = String::from_utf8_lossy(&back).into_owned();
    let version = stream.protocol_version().expect("the handshake is over");
    let how = if stream.is_resumed() { "resumed" } else { "new" };
    println!("{word} -> {back} ({version:?}, {how})");
    Ok(())
}

#[green]
fn main() -> Result<(), Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let acceptor = TlsAcceptor::new(made.cert.pem(), made.signing_key.serialize_pem())?;
    let connector = TlsConnector::builder().roots(made.cert.pem()).build()?;

    let listener = listen("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let errors = Queue::unbounded();
    let handler = {
        let errors = errors.clone();
        move |client, address| handle(client, address, errors.clone())
    };
    let serving = spawn(move || serve(TlsListener::new(listener, acceptor), handler, 1000));

    // It has ten seconds for its handshake, and holds up nobody meanwhile.
    let _silent = connect(address)?;
    let mut liar = connect(address)?;
    liar.write_all(b"GET / HTTP/1.1\r\n\r\n")?;

    for word in ["hello", "again"] {
        say(&connector, address, word)?;
    }
    println!("the server says of a client: {}", errors.get()?);

    let stranger = TlsConnector::builder().bundled_roots().build()?;
    let error = stranger.connect("localhost", connect(address)?).unwrap_err();
    println!("a client that does not know us: {error}");
    serving.kill();
    Ok(())
}
