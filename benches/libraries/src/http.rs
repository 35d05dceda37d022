//! Requests to hyper, both ends in one process.

use std::convert::Infallible;

use eventlet::green::io::{Read, Write};
use eventlet::green::os::unix::net::UnixStream;
use eventlet::green::polled::Polled;
use eventlet::{green, spawn};
use eventlet_bench_measure::{GREETING, Measured, REQUEST, Stopwatch};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};

async fn greet(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    assert_eq!(request.uri().path(), "/");
    Ok(Response::new(GREETING.to_owned()))
}

/// N requests on one connection, one after the other.
#[green]
pub(crate) fn requests(n: u64) -> Measured {
    let (mut client, server) = UnixStream::pair().expect("two sockets");
    let watch = Stopwatch::start();
    let serving = spawn(
        #[green]
        move || http1::Builder::new().serve_connection(Polled::new(server), service_fn(greet)).await,
    );
    let mut space = vec![0; 4096];
    for _ in 0..n {
        ask(&mut client, &mut space);
    }
    drop(client);
    serving.wait().expect("the client ends between two requests");
    watch.stop(n)
}

/// One request, and the whole of its answer.
#[green]
pub(crate) fn ask(client: &mut UnixStream, space: &mut [u8]) {
    client.write_all(REQUEST).expect("the server listens");
    let mut got = 0;
    while !space[..got].ends_with(GREETING.as_bytes()) {
        match client.read(&mut space[got..]).expect("the server answers") {
            0 => panic!("the server has gone"),
            count => got += count,
        }
    }
}
