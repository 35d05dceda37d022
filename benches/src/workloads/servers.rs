//! The servers, which run until they are killed.

use std::io;
use std::time::Duration;

use eventlet::convenience::ListenOptions;
use eventlet::green::io::{Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::{green, run, spawn_n};
use eventlet_bench_measure::{Measured, Stopwatch, port};

/// An echo server on one hub, with a buffer of 4096 bytes for each connection.
pub(crate) fn echo(n: u64, limit: Option<Duration>) -> io::Result<()> {
    let port = port(n)?;
    run(move || serve(port, limit))
}

/// What the handler of a connection keeps while it waits: its buffer, its other locals, and those of the calls it is in.
pub(crate) fn locals() -> Measured {
    fn size<F>(_: impl FnOnce(TcpStream, Option<Duration>) -> F) -> usize {
        size_of::<F>()
    }
    let mut measured = Stopwatch::start().stop(1);
    measured.bytes_per_task = Some(size(handle) as f64);
    measured
}

#[green]
fn serve(port: u16, limit: Option<Duration>) -> io::Result<()> {
    let listener = ListenOptions::new().backlog(4096).listen(("127.0.0.1", port))?;
    loop {
        // A connection that was given up before it was accepted is no reason to stop.
        if let Ok((connection, _address)) = listener.accept() {
            spawn_n(move || handle(connection, limit));
        }
    }
}

/// A connection that breaks ends its own thread and nothing else.
#[green]
pub(crate) fn handle(mut connection: TcpStream, limit: Option<Duration>) -> io::Result<()> {
    connection.set_nodelay(true)?;
    connection.set_read_timeout(limit)?;
    let mut buffer = [0; 4096];
    loop {
        let count = connection.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        connection.write_all(&buffer[..count])?;
    }
}
