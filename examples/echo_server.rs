//! The echo server of eventlet's basic usage: a pool of ten thousand, one byte at a time; and
//! clients that try it.
//!
//! With `--port PORT` it serves on that port until it is stopped, for clients such as `nc 127.0.0.1
//! PORT`.

use std::io;
use std::net::SocketAddr;

use eventlet::green::io::{Read, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{GreenPool, green, spawn};

#[green]
fn handle(mut client: TcpStream) -> io::Result<()> {
    loop {
        let mut c = [0; 1];
        if client.read(&mut c)? == 0 {
            return Ok(());
        }
        client.write_all(&c)?;
    }
}

#[green]
fn serve(server: TcpListener) -> io::Result<()> {
    let pool = GreenPool::new(10_000);
    loop {
        let (client, _address) = server.accept()?;
        pool.spawn_n(move || handle(client));
    }
}

#[green]
fn echoed(address: SocketAddr, text: String) -> io::Result<String> {
    let mut connection = TcpStream::connect(address)?;
    connection.write_all(text.as_bytes())?;
    let mut echo = vec![0; text.len()];
    connection.read_exact(&mut echo)?;
    String::from_utf8(echo).map_err(io::Error::other)
}

#[green]
fn main() -> io::Result<()> {
    if let Some(port) = eventlet_examples::port_to_serve()? {
        return serve(eventlet::listen(("0.0.0.0", port))?);
    }
    let server = eventlet::listen("127.0.0.1:0")?;
    let address = server.local_addr()?;
    let serving = spawn(move || serve(server));
    let clients: Vec<_> =
        (0..5).map(|n| spawn(move || echoed(address, format!("hello from client {n}")))).collect();
    for client in clients {
        println!("{}", client.wait()?);
    }
    serving.kill();
    Ok(())
}
