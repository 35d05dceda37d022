//! A TCP server that greets whoever connects, and three clients that are greeted. It speaks
//! Persian: اتصال از is "connection from", and سلام از "greetings from".
//!
//! With `--port PORT` it serves on that port until it is stopped, for clients such as `nc 127.0.0.1
//! PORT`.

use std::io;
use std::net::SocketAddr;

use eventlet::green::io::{Read, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{green, spawn, spawn_n};

#[green]
fn handle(mut client: TcpStream, address: SocketAddr) -> io::Result<()> {
    println!("اتصال از {}", address.ip());
    client.write_all("سلام از Eventlet!\n".as_bytes())
}

#[green]
fn serve(server: TcpListener) -> io::Result<()> {
    loop {
        let (client, address) = server.accept()?;
        spawn_n(move || handle(client, address));
    }
}

#[green]
fn greeted(address: SocketAddr) -> io::Result<String> {
    let mut greeting = String::new();
    TcpStream::connect(address)?.read_to_string(&mut greeting)?;
    Ok(greeting)
}

#[green]
fn main() -> io::Result<()> {
    if let Some(port) = eventlet_examples::port_to_serve()? {
        return serve(eventlet::listen(("0.0.0.0", port))?);
    }
    let server = eventlet::listen("127.0.0.1:0")?;
    let address = server.local_addr()?;
    let serving = spawn(move || serve(server));
    for _ in 0..3 {
        print!("{}", greeted(address)?);
    }
    serving.kill();
    Ok(())
}
