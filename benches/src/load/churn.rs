//! Connections that are opened, used once, and closed.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use super::{check, fill, obey};

/// So many come at once, so that a server can accept more than one at a time.
const AT_ONCE: usize = 16;

pub(super) fn run(port: u16, size: usize) -> io::Result<()> {
    round(port, AT_ONCE, size)?;
    obey(|connections| {
        let rounds = connections.div_ceil(AT_ONCE);
        (0..rounds).try_for_each(|_| round(port, AT_ONCE, size))?;
        Ok(rounds * AT_ONCE)
    })
}

fn round(port: u16, connections: usize, size: usize) -> io::Result<()> {
    let (mut message, mut echo) = (vec![0; size], vec![0; size]);
    let connect = |_| TcpStream::connect((Ipv4Addr::LOCALHOST, port));
    let mut streams: Vec<TcpStream> = (0..connections).map(connect).collect::<io::Result<_>>()?;
    for (number, stream) in streams.iter_mut().enumerate() {
        fill(&mut message, number);
        stream.write_all(&message)?;
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        stream.read_exact(&mut echo)?;
        fill(&mut message, number);
        check(&message, &echo)?;
    }
    Ok(())
}
