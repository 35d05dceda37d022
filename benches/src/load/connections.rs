//! Many connections at once over one edge-triggered epoll, with nothing in between.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::net::sockopt::set_socket_linger;

use super::obey;

/// What is said on a connection, and what is expected back.
pub(super) trait Protocol {
    /// Does a new message follow each answer at once? If not, the next ones go out together when all answers are back.
    const REFILLS: bool;

    /// Adds so many messages, of which the first has this number.
    fn ask(&mut self, number: usize, count: usize, message: &mut Vec<u8>);

    /// Takes the answers that are whole off the start of what has come, and checks them. What has to be said besides is
    /// added to `reply`.
    fn take(&mut self, came: &[u8], reply: &mut Vec<u8>) -> io::Result<Taken>;
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) bytes: usize,
    pub(super) answers: usize,
}

/// How much is asked at once.
#[derive(Clone, Copy)]
pub(super) struct Crowd {
    pub(super) connections: usize,
    /// Messages under way on each.
    pub(super) depth: usize,
    /// It asks for answers again and again, and never sleeps for one.
    pub(super) spins: bool,
}

struct Load<P> {
    poller: OwnedFd,
    connections: Vec<Connection<P>>,
    crowd: Crowd,
    /// How many messages have been sent.
    sent: usize,
    /// Up to how many may be.
    end: usize,
    message: Vec<u8>,
    space: Vec<u8>,
}

struct Connection<P> {
    stream: TcpStream,
    protocol: P,
    /// Messages without an answer.
    under_way: usize,
    /// The beginning of an answer.
    received: Vec<u8>,
}

pub(super) fn run<P: Protocol>(port: u16, crowd: Crowd, protocol: impl Fn() -> P) -> io::Result<()> {
    let mut load = Load {
        poller: epoll::create(CreateFlags::CLOEXEC)?,
        connections: Vec::with_capacity(crowd.connections),
        crowd,
        sent: 0,
        end: 0,
        message: Vec::new(),
        space: vec![0; 64 * 1024],
    };
    for _ in 0..crowd.connections {
        load.connect(port, protocol())?;
    }
    // All connections are used before anything is counted: every handler is at work.
    load.exchange(crowd.connections * crowd.depth)?;
    obey(|messages| load.exchange(messages))
}

impl<P: Protocol> Load<P> {
    fn connect(&mut self, port: u16, protocol: P) -> io::Result<()> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        // Closed by a reset, so that ten thousand at once leave nothing behind that waits for its time to be over.
        set_socket_linger(&stream, Some(Duration::ZERO))?;
        let token = EventData::new_u64(self.connections.len() as u64);
        epoll::add(&self.poller, &stream, token, EventFlags::IN | EventFlags::ET)?;
        self.connections.push(Connection { stream, protocol, under_way: 0, received: Vec::new() });
        Ok(())
    }

    /// Sends `messages` in all, and waits for every answer.
    fn exchange(&mut self, messages: usize) -> io::Result<usize> {
        self.end = self.sent + messages;
        let mut left = messages;
        for index in 0..self.connections.len() {
            self.send(index)?;
        }
        let mut events: Vec<Event> = Vec::with_capacity(1024);
        let limit = self.crowd.spins.then(Timespec::default);
        while left > 0 {
            events.clear();
            epoll::wait(&self.poller, spare_capacity(&mut events), limit.as_ref())?;
            for event in &events {
                let index = event.data.u64() as usize;
                left -= self.receive(index)?;
                if P::REFILLS || self.connections[index].under_way == 0 {
                    self.send(index)?;
                }
            }
        }
        Ok(messages)
    }

    /// Sends what there is room for on a connection.
    fn send(&mut self, index: usize) -> io::Result<()> {
        let connection = &mut self.connections[index];
        let count = (self.crowd.depth - connection.under_way).min(self.end - self.sent);
        if count > 0 {
            self.message.clear();
            connection.protocol.ask(self.sent, count, &mut self.message);
            connection.under_way += count;
            self.sent += count;
            connection.stream.write_all(&self.message)?;
        }
        Ok(())
    }

    /// Takes what has come, and says how many answers it was.
    fn receive(&mut self, index: usize) -> io::Result<usize> {
        let Connection { stream, protocol, under_way, received } = &mut self.connections[index];
        let mut answers = 0;
        loop {
            let count = match stream.read(&mut self.space) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(answers),
                Err(error) => return Err(error),
            };
            let came = &self.space[..count];
            self.message.clear();
            // Mostly all of it is answers, and nothing has to be kept.
            let taken = if received.is_empty() {
                let taken = protocol.take(came, &mut self.message)?;
                received.extend_from_slice(&came[taken.bytes..]);
                taken
            } else {
                received.extend_from_slice(came);
                let taken = protocol.take(received, &mut self.message)?;
                received.drain(..taken.bytes);
                taken
            };
            if !self.message.is_empty() {
                stream.write_all(&self.message)?;
            }
            let unanswered = under_way.checked_sub(taken.answers);
            *under_way = unanswered.ok_or_else(|| io::Error::other("an answer to nothing"))?;
            answers += taken.answers;
            if count < self.space.len() {
                return Ok(answers);
            }
        }
    }
}
