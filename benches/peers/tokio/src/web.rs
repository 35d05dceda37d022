//! Plain hyper as a web server.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::time::Duration;

use eventlet_bench_measure::{GREETING, listen, port};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

/// hyper's own default, which holds as soon as it is given a timer. It is the time from the end of one request to the
/// end of the next one's head, and so the limit on idle connections too.
const HEAD: Duration = Duration::from_secs(30);

/// With the headers that this crate's answer has.
async fn greet(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    assert_eq!(request.uri().path(), "/");
    let mut response = Response::new(Full::new(Bytes::from_static(GREETING.as_bytes())));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Ok(response)
}

pub(crate) async fn http1(n: u64, limited: bool) -> io::Result<()> {
    let mut builder = http1::Builder::new();
    builder.pipeline_flush(true);
    if limited {
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    }
    accept(n, move |connection| {
        let serving = builder.serve_connection(TokioIo::new(connection), service_fn(greet));
        spawn_local(serving);
    })
    .await
}

pub(crate) async fn http2(n: u64) -> io::Result<()> {
    let mut builder = http2::Builder::new(Local);
    builder.timer(TokioTimer::new()).max_concurrent_streams(256);
    accept(n, move |connection| {
        let serving = builder.serve_connection(TokioIo::new(connection), service_fn(greet));
        spawn_local(serving);
    })
    .await
}

async fn accept(n: u64, serve: impl Fn(TcpStream)) -> io::Result<()> {
    let listener = listen(port(n)?)?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    loop {
        if let Ok((connection, _)) = listener.accept().await
            && connection.set_nodelay(true).is_ok()
        {
            serve(connection);
        }
    }
}

/// Tasks of one OS thread.
#[derive(Clone)]
struct Local;

impl<F: Future + 'static> Executor<F> for Local {
    fn execute(&self, task: F) {
        spawn_local(task);
    }
}
