//! Many connections at once over one edge-triggered epoll, with nothing in between.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::net::sockopt::set_socket_linger;

use super::{check, fill, obey};

struct Load {
    poller: OwnedFd,
    connections: Vec<Connection>,
    size: usize,
    /// It asks for echoes again and again, and never sleeps for one.
    spins: bool,
    /// How many messages have been sent.
    sent: usize,
    message: Vec<u8>,
    echo: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    /// Which message is under way.
    number: usize,
    received: Vec<u8>,
}

pub(super) fn run(port: u16, connections: usize, size: usize, spins: bool) -> io::Result<()> {
    let mut load = Load {
        poller: epoll::create(CreateFlags::CLOEXEC)?,
        connections: Vec::with_capacity(connections),
        size,
        spins,
        sent: 0,
        message: vec![0; size],
        echo: vec![0; size],
    };
    for _ in 0..connections {
        load.connect(port)?;
    }
    // A message on each before anything is counted: every handler is at work.
    load.exchange(connections)?;
    obey(|messages| load.exchange(messages))
}

impl Load {
    fn connect(&mut self, port: u16) -> io::Result<()> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        // Closed by a reset, so that ten thousand at once leave nothing behind that waits for its time to be over.
        set_socket_linger(&stream, Some(Duration::ZERO))?;
        let token = EventData::new_u64(self.connections.len() as u64);
        epoll::add(&self.poller, &stream, token, EventFlags::IN | EventFlags::ET)?;
        self.connections.push(Connection { stream, number: 0, received: Vec::new() });
        Ok(())
    }

    /// Sends `messages` in all, one under way on each connection, and waits for every echo.
    fn exchange(&mut self, messages: usize) -> io::Result<usize> {
        let end = self.sent + messages;
        let mut left = messages;
        for index in 0..self.connections.len().min(messages) {
            self.send(index)?;
        }
        let mut events: Vec<Event> = Vec::with_capacity(1024);
        let limit = self.spins.then(Timespec::default);
        while left > 0 {
            events.clear();
            epoll::wait(&self.poller, spare_capacity(&mut events), limit.as_ref())?;
            for event in &events {
                let index = event.data.u64() as usize;
                if self.receive(index)? {
                    left -= 1;
                    if self.sent < end {
                        self.send(index)?;
                    }
                }
            }
        }
        Ok(messages)
    }

    fn send(&mut self, index: usize) -> io::Result<()> {
        let connection = &mut self.connections[index];
        connection.number = self.sent;
        self.sent += 1;
        fill(&mut self.message, connection.number);
        connection.stream.write_all(&self.message)
    }

    /// Takes what has come; `true` when the echo is whole.
    fn receive(&mut self, index: usize) -> io::Result<bool> {
        let connection = &mut self.connections[index];
        let room = self.size - connection.received.len();
        let count = match connection.stream.read(&mut self.echo[..room]) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        };
        fill(&mut self.message, connection.number);
        if count == self.size {
            return check(&self.message, &self.echo).map(|()| true);
        }
        connection.received.extend_from_slice(&self.echo[..count]);
        let is_whole = connection.received.len() == self.size;
        if is_whole {
            check(&self.message, &connection.received)?;
            connection.received.clear();
        }
        Ok(is_whole)
    }
}
