//! The raw servers: edge-triggered epoll, a socket registered once, a short read taken as "nothing more there".

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

use eventlet_bench_measure::{listen, port};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

const LISTENER: u64 = u64::MAX;

/// What a connection does with what has come, which lies in `buffer[..count]`: it gives how much of it is left, at the
/// buffer's start, for the next time.
pub type Handler = fn(&mut TcpStream, buffer: &mut [u8], count: usize) -> io::Result<usize>;

/// Everything goes back.
pub fn echo(stream: &mut TcpStream, buffer: &mut [u8], count: usize) -> io::Result<usize> {
    stream.write_all(&buffer[..count])?;
    Ok(0)
}

pub fn serve(n: u64, handler: Handler) -> io::Result<()> {
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
                token => connections.serve(token as usize, handler),
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

/// What the contract asks of every server: a buffer for each connection, although one would do for all here.
struct Connection {
    stream: TcpStream,
    /// How much of the buffer is taken.
    count: usize,
    buffer: [u8; 4096],
}

#[derive(Default)]
struct Connections {
    slots: Vec<Option<Box<Connection>>>,
    free: Vec<usize>,
}

impl Connections {
    fn next(&self) -> usize {
        self.free.last().copied().unwrap_or(self.slots.len())
    }

    fn insert(&mut self, token: usize, stream: TcpStream) {
        let connection = Some(Box::new(Connection { stream, count: 0, buffer: [0; 4096] }));
        match self.free.pop() {
            Some(_) => self.slots[token] = connection,
            None => self.slots.push(connection),
        }
    }

    /// The load sends less than a socket's buffer holds, so what cannot be written at once is a broken connection.
    fn serve(&mut self, token: usize, handler: Handler) {
        let Some(Some(connection)) = self.slots.get_mut(token) else { return };
        let Connection { stream, count: taken, buffer } = &mut **connection;
        loop {
            let room = buffer.len() - *taken;
            let count = match stream.read(&mut buffer[*taken..]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Ok(count) if count > 0 => count,
                _ => break,
            };
            match handler(stream, buffer, *taken + count) {
                Ok(left) => *taken = left,
                Err(_) => break,
            }
            if count < room {
                return;
            }
        }
        self.slots[token] = None;
        self.free.push(token);
    }
}
