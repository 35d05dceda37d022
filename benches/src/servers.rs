//! The servers, which run until they are killed.

use std::io;
use std::process::ExitCode;

use eventlet::green::io::{Read, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{green, spawn_n};

/// An echo server on one hub, with a buffer of 4096 bytes for each connection.
pub(crate) fn echo(port: u64) -> ExitCode {
    let served =
        u16::try_from(port).map_err(io::Error::other).and_then(|port| eventlet::run(move || serve(port)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[green]
fn serve(port: u16) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    loop {
        let (connection, _address) = listener.accept()?;
        spawn_n(move || handle(connection));
    }
}

/// A connection that breaks ends its own thread and nothing else.
#[green]
fn handle(mut connection: TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut buffer = [0; 4096];
    loop {
        let count = connection.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        connection.write_all(&buffer[..count])?;
    }
}
