//! The raw echo server: edge-triggered epoll, a socket registered once, a short read taken as "nothing more there".

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

use eventlet_bench_measure::{listen, port};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

const LISTENER: u64 = u64::MAX;

pub fn echo(n: u64) -> io::Result<()> {
    let listener = listen(port(n)?)?;
    listener.set_nonblocking(true)?;
    let poller = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&poller, &listener, EventData::new_u64(LISTENER), EventFlags::IN | EventFlags::ET)?;
    let mut connections = Connections::default();
    let mut events: Vec<Event> = Vec::with_capacity(1024);
    loop {
        events.clear();
        epoll::wait(&poller, spare_capacity(&mut events), None)?;
        for event in &events {
            match event.data.u64() {
                LISTENER => accept(&listener, &poller, &mut connections),
                token => connections.serve(token as usize),
            }
        }
    }
}

fn accept(listener: &TcpListener, poller: impl std::os::fd::AsFd, connections: &mut Connections) {
    while let Ok((connection, _)) = listener.accept() {
        let flags = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
        let token = connections.next();
        let prepared = connection
            .set_nonblocking(true)
            .and_then(|()| connection.set_nodelay(true))
            .and_then(|()| Ok(epoll::add(&poller, &connection, EventData::new_u64(token as u64), flags)?));
        if prepared.is_ok() {
            connections.insert(token, connection);
        }
    }
}

/// One buffer serves all: between two events a connection has nothing in it.
struct Connections {
    slots: Vec<Option<TcpStream>>,
    free: Vec<usize>,
    buffer: [u8; 4096],
}

impl Default for Connections {
    fn default() -> Self {
        Connections { slots: Vec::new(), free: Vec::new(), buffer: [0; 4096] }
    }
}

impl Connections {
    fn next(&self) -> usize {
        self.free.last().copied().unwrap_or(self.slots.len())
    }

    fn insert(&mut self, token: usize, connection: TcpStream) {
        match self.free.pop() {
            Some(_) => self.slots[token] = Some(connection),
            None => self.slots.push(Some(connection)),
        }
    }

    /// The load sends less than a socket's buffer holds, so what cannot be written at once is a broken connection.
    fn serve(&mut self, token: usize) {
        let Some(Some(connection)) = self.slots.get_mut(token) else { return };
        loop {
            let count = match connection.read(&mut self.buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Ok(count) if count > 0 => count,
                _ => break,
            };
            if connection.write_all(&self.buffer[..count]).is_err() {
                break;
            }
            if count < self.buffer.len() {
                return;
            }
        }
        self.slots[token] = None;
        self.free.push(token);
    }
}
