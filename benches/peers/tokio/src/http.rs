//! Requests to hyper, both ends in one process.

use std::convert::Infallible;

use eventlet_bench_measure::{GREETING, Measured, REQUEST, Stopwatch};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::spawn_local;

async fn greet(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    assert_eq!(request.uri().path(), "/");
    Ok(Response::new(GREETING.to_owned()))
}

/// N requests on one connection, one after the other.
pub(crate) async fn requests(n: u64) -> Measured {
    let (mut client, server) = UnixStream::pair().expect("two sockets");
    let watch = Stopwatch::start();
    let serving = spawn_local(async move {
        http1::Builder::new().serve_connection(TokioIo::new(server), service_fn(greet)).await
    });
    let mut space = vec![0; 4096];
    for _ in 0..n {
        client.write_all(REQUEST).await.expect("the server listens");
        let mut got = 0;
        while !space[..got].ends_with(GREETING.as_bytes()) {
            match client.read(&mut space[got..]).await.expect("the server answers") {
                0 => panic!("the server has gone"),
                count => got += count,
            }
        }
    }
    drop(client);
    serving.await.expect("no panic").expect("the client ends between two requests");
    watch.stop(n)
}
