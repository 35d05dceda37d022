//! A server that greets and counts, and a client that reads until the connection is closed. From
//! gevent's tutorial.

use std::io;
use std::time::Duration;

use eventlet::green::io::{Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::{green, sleep, spawn};

#[green]
fn handle(mut socket: TcpStream) -> io::Result<()> {
    socket.write_all(b"Hello from a telnet!\n")?;
    for i in 0..5 {
        writeln!(socket, "{i}")?;
        sleep(Duration::from_millis(10));
    }
    Ok(())
}

#[green]
fn main() -> io::Result<()> {
    let server = eventlet::listen("127.0.0.1:0")?;
    let address = server.local_addr()?;
    let serving = spawn(move || eventlet::serve(server, |socket, _address| handle(socket), 100));

    let mut client = TcpStream::connect(address)?;
    let mut text = String::new();
    client.read_to_string(&mut text)?;
    print!("{text}");
    serving.kill();
    Ok(())
}
