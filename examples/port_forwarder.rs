//! A port forwarder: whatever comes to one port goes on to another address, both ways at once.
//!
//! `port_forwarder LISTEN TARGET` (for instance `127.0.0.1:7000 127.0.0.1:22`) forwards until it is
//! stopped. Without arguments it forwards to a small server of its own, and shows that the answer
//! comes back.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::rc::Rc;

use eventlet::green::io::{self as green_io, Read, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{green, spawn, spawn_n, try_join};

/// Copies one way until the end, and hands the end on.
#[green]
fn one_way(mut from: &TcpStream, mut to: &TcpStream) -> io::Result<u64> {
    let copied = green_io::copy(&mut from, &mut to)?;
    to.shutdown(Shutdown::Write)?;
    Ok(copied)
}

#[green]
fn forward(client: &TcpStream, target: &str) -> io::Result<()> {
    let server = TcpStream::connect(target)?;
    let (there, back) = try_join(|| one_way(client, &server), || one_way(&server, client))?;
    println!("connection closed: {there} bytes there, {back} bytes back");
    Ok(())
}

#[green]
fn serve(listener: TcpListener, target: String) -> io::Result<()> {
    let target: Rc<str> = target.into();
    loop {
        let (client, _address) = listener.accept()?;
        let target = target.clone();
        spawn_n(move || report(client, target));
    }
}

#[green]
fn report(client: TcpStream, target: Rc<str>) {
    if let Err(error) = forward(&client, &target) {
        eprintln!("connection lost: {error}");
    }
}

/// Answers what it is told, in capitals.
#[green]
fn shout(listener: TcpListener) -> io::Result<()> {
    let (mut connection, _address) = listener.accept()?;
    let mut said = String::new();
    connection.read_to_string(&mut said)?;
    connection.write_all(said.to_uppercase().as_bytes())
}

#[green]
fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => {}
        [listen, target] => return serve(eventlet::listen(listen.as_str())?, target.clone()),
        _ => {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "usage: port_forwarder [LISTEN TARGET]"));
        }
    }
    let shouter = eventlet::listen("127.0.0.1:0")?;
    let target: SocketAddr = shouter.local_addr()?;
    let forwarder = eventlet::listen("127.0.0.1:0")?;
    let address = forwarder.local_addr()?;
    let shouting = spawn(move || shout(shouter));
    let forwarding = spawn(move || serve(forwarder, target.to_string()));

    let mut connection = TcpStream::connect(address)?;
    connection.write_all(b"is anybody there?")?;
    connection.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    println!("{answer}");
    shouting.wait()?;
    forwarding.kill();
    Ok(())
}
