//! Requests to the web server, both ends in one process.

use std::io;
use std::net::SocketAddr;

use eventlet::convenience::Listener;
use eventlet::green::os::unix::net::UnixStream;
use eventlet::http::Request;
use eventlet::queue::Queue;
use eventlet::wsgi::{Server, Transport};
use eventlet::{GreenThread, green, spawn};
use eventlet_bench_measure::{GREETING, Measured, Stopwatch};

use super::http::ask;

/// Gives out one end of each pair of sockets.
#[derive(Clone)]
struct Pairs(Queue<UnixStream>);

impl Pairs {
    fn connect(&self) -> UnixStream {
        let (client, server) = UnixStream::pair().expect("two sockets");
        self.0.try_put(server).expect("it has no limit");
        client
    }
}

impl Listener for Pairs {
    type Connection = UnixStream;
    type Address = ();

    #[green]
    fn accept(&self) -> io::Result<(UnixStream, ())> {
        let connection = self.0.get().map_err(io::Error::other)?;
        Ok((connection, ()))
    }
}

impl Transport for Pairs {
    fn address((): ()) -> Option<SocketAddr> {
        None
    }
}

#[green]
fn greet(request: Request) -> &'static str {
    assert_eq!(request.uri().path(), "/");
    GREETING
}

fn serve() -> (Pairs, GreenThread<io::Result<()>>) {
    let pairs = Pairs(Queue::unbounded());
    let listener = pairs.clone();
    (pairs, spawn(move || Server::new().serve(listener, greet)))
}

/// N requests on one connection, one after the other.
#[green]
pub(crate) fn requests(n: u64) -> Measured {
    let (pairs, server) = serve();
    let mut client = pairs.connect();
    let mut space = vec![0; 4096];
    let watch = Stopwatch::start();
    for _ in 0..n {
        ask(&mut client, &mut space);
    }
    let measured = watch.stop(n);
    drop(client);
    server.kill();
    measured
}

/// N connections with a request each, one after the other.
#[green]
pub(crate) fn connections(n: u64) -> Measured {
    let (pairs, server) = serve();
    let mut space = vec![0; 4096];
    let watch = Stopwatch::start();
    for _ in 0..n {
        ask(&mut pairs.connect(), &mut space);
    }
    let measured = watch.stop(n);
    server.kill();
    measured
}
