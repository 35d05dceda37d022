//! What the tests of the web share.

use std::collections::BTreeSet;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use eventlet::green::io::{Read, Write};
use eventlet::green::net::TcpStream;
use eventlet::http::{IntoResponse, Request, Response};
use eventlet::wsgi::{self, Handle, Server};
use eventlet::{GreenThread, connect, green, listen, sleep, spawn};

pub mod authority;

/// A millisecond.
pub const MS: Duration = Duration::from_millis(1);

/// A server under test.
pub struct Site {
    /// Where it listens.
    pub address: SocketAddr,
    /// What ends it.
    pub handle: Handle,
    /// The thread that serves.
    pub serving: GreenThread<io::Result<()>>,
}

impl Site {
    /// A server of `app` that listens.
    #[green]
    pub fn new(server: Server, app: impl wsgi::Application) -> Site {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let handle = server.handle();
        Site { address, handle, serving: spawn(move || server.serve(listener, app)) }
    }

    /// Ends it, and waits until it has.
    #[green]
    pub fn end(self) {
        self.handle.stop();
        self.serving.wait().unwrap();
    }

    /// Sends these bytes in pieces of `size`, and gives all that comes back.
    #[green]
    pub fn exchange_in(&self, request: &[u8], size: usize) -> String {
        let mut stream = connect(self.address).unwrap();
        for piece in request.chunks(size) {
            if stream.write_all(piece).is_err() {
                break;
            }
            if size < request.len() {
                sleep(Duration::ZERO);
            }
        }
        answer_of(stream)
    }

    /// Sends this, and gives all that comes back.
    #[green]
    pub fn exchange(&self, request: &str) -> String {
        self.exchange_in(request.as_bytes(), usize::MAX)
    }

    /// Sends this in two pieces that are cut at `cut`, ends the sending if that is said, and gives all that comes back.
    #[green]
    pub fn exchange_cut(&self, request: &[u8], cut: usize, ends: bool) -> String {
        let mut stream = connect(self.address).unwrap();
        // A server that refuses the first piece may not wait for the second.
        let _ = stream.write_all(&request[..cut]);
        if cut < request.len() {
            sleep(Duration::ZERO);
            let _ = stream.write_all(&request[cut..]);
        }
        if ends {
            let _ = stream.shutdown(Shutdown::Write);
        }
        answer_of(stream)
    }

    /// What is answered to this wherever it is cut, with the sending ended and not: mostly one answer.
    #[green]
    pub fn exchange_everywhere(&self, request: &[u8]) -> BTreeSet<String> {
        let mut answers = BTreeSet::new();
        for ends in [true, false] {
            for cut in 1..=request.len() {
                answers.insert(self.exchange_cut(request, cut, ends));
            }
        }
        answers
    }
}

/// All that comes until the peer ends, without the date.
#[green]
pub fn answer_of(mut stream: TcpStream) -> String {
    let mut answer = vec![];
    // A reset after the answer is as good as an end.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let lines = answer.split_inclusive("\r\n").filter(|line| !line.starts_with("date: "));
    lines.collect()
}

/// An application that answers with what it was asked.
#[green]
pub fn echo(request: Request) -> io::Result<Response> {
    let head = format!("{} {}\n", request.method(), request.uri());
    let body = request.into_body().text()?;
    Ok((head + &body).into_response())
}

/// An application that reads nothing.
#[green]
pub fn ignore(_request: Request) -> &'static str {
    "ignored\n"
}

/// The status of each answer in this.
pub fn statuses(answers: &str) -> Vec<u16> {
    let heads = answers.match_indices("HTTP/1.").map(|(at, found)| &answers[at + found.len()..]);
    heads.filter_map(|rest| rest.get(2..5)?.parse().ok()).collect()
}
