//! tokio: `current_thread` with a `LocalSet`.

mod databases;
mod http;
mod tls;
mod web;

use std::future::Future;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bench_async::{Peer, Receiver, Semaphore, Sender};
use eventlet_bench_measure::{Answer, Measured, listen, port, servers};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::{LocalSet, spawn_local};

fn main() -> ExitCode {
    eventlet_bench_measure::main("tokio", |command, n| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        LocalSet::new().block_on(&runtime, async move {
            match command {
                "echo" => Answer::Served(echo(n, None).await),
                "echo_timeout" => Answer::Served(echo(n, Some(Duration::from_secs(60))).await),
                "http" => Answer::Served(web::http1(n, true).await),
                "http2" => Answer::Served(web::http2(n).await),
                // All work starts inside a task.
                "tls_handshake" => spawn_local(tls::handshakes(n)).await.expect("no panic").into(),
                "tls_mib" => spawn_local(tls::bytes(n)).await.expect("no panic").into(),
                "hyper_request" => spawn_local(http::requests(n)).await.expect("no panic").into(),
                "redis_one" => asked(servers::redis(), async move |s| databases::redis_one(s, n).await).await,
                "redis_pool" => {
                    asked(servers::redis(), async move |s| databases::redis_pool(s, n).await).await
                }
                "redis_pipeline" => {
                    asked(servers::redis(), async move |s| databases::redis_pipeline(s, n).await).await
                }
                "postgres_one" => {
                    asked(servers::postgres(), async move |s| databases::postgres_one(s, n).await).await
                }
                "postgres_pool" => {
                    asked(servers::postgres(), async move |s| databases::postgres_pool(s, n).await).await
                }
                workload => {
                    let workload = workload.to_owned();
                    spawn_local(async move { bench_async::run::<Tokio>(&workload, n).await })
                        .await
                        .expect("no panic")
                }
            }
        })
    })
}

/// What a server is asked, inside a task, if there is one.
async fn asked<F>(server: Option<servers::Server>, measure: F) -> Answer
where
    F: AsyncFnOnce(servers::Server) -> Measured + 'static,
{
    match server {
        Some(server) => spawn_local(async move { measure(server).await }).await.expect("no panic").into(),
        None => Answer::Unsupported,
    }
}

struct Tokio;

impl Peer for Tokio {
    type Join<T: 'static> = Join<T>;
    type Permit = OwnedSemaphorePermit;

    fn spawn<T: 'static>(task: impl Future<Output = T> + 'static) -> Join<T> {
        Join(spawn_local(task))
    }

    fn spawn_detached(task: impl Future<Output = ()> + 'static) {
        spawn_local(task);
    }

    fn yield_now() -> impl Future<Output = ()> {
        tokio::task::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> {
        tokio::time::sleep(duration)
    }

    async fn timeout(limit: Duration, task: impl Future<Output = ()>) -> bool {
        tokio::time::timeout(limit, task).await.is_ok()
    }

    fn unbounded() -> (impl Sender, impl Receiver) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Unbounded(sender), UnboundedEnd(receiver))
    }

    fn bounded(room: usize) -> (impl Sender, impl Receiver) {
        let (sender, receiver) = mpsc::channel(room);
        (Bounded(sender), BoundedEnd(receiver))
    }

    fn semaphore(permits: usize) -> impl Semaphore<Permit = OwnedSemaphorePermit> {
        Slots(Arc::new(tokio::sync::Semaphore::new(permits)))
    }
}

struct Join<T>(tokio::task::JoinHandle<T>);

impl<T> Future for Join<T> {
    type Output = T;

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<T> {
        std::pin::Pin::new(&mut self.0).poll(cx).map(|result| result.expect("no task panics"))
    }
}

#[derive(Clone)]
struct Unbounded(mpsc::UnboundedSender<u64>);
struct UnboundedEnd(mpsc::UnboundedReceiver<u64>);
#[derive(Clone)]
struct Bounded(mpsc::Sender<u64>);
struct BoundedEnd(mpsc::Receiver<u64>);
struct Slots(Arc<tokio::sync::Semaphore>);

impl Sender for Unbounded {
    async fn send(&self, item: u64) {
        self.0.send(item).expect("the other end is there");
    }
}

impl Receiver for UnboundedEnd {
    async fn receive(&mut self) -> u64 {
        self.0.recv().await.expect("the other end is there")
    }
}

impl Sender for Bounded {
    async fn send(&self, item: u64) {
        self.0.send(item).await.expect("the other end is there");
    }
}

impl Receiver for BoundedEnd {
    async fn receive(&mut self) -> u64 {
        self.0.recv().await.expect("the other end is there")
    }
}

impl Semaphore for Slots {
    type Permit = OwnedSemaphorePermit;

    async fn acquire(&self) -> OwnedSemaphorePermit {
        self.0.clone().acquire_owned().await.expect("it is never closed")
    }
}

async fn echo(n: u64, limit: Option<Duration>) -> io::Result<()> {
    let listener = listen(port(n)?)?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    loop {
        if let Ok((connection, _)) = listener.accept().await {
            spawn_local(handle(connection, limit));
        }
    }
}

async fn handle(mut connection: TcpStream, limit: Option<Duration>) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut buffer = [0; 4096];
    loop {
        let count = match limit {
            None => connection.read(&mut buffer).await?,
            Some(limit) => tokio::time::timeout(limit, connection.read(&mut buffer)).await??,
        };
        if count == 0 {
            return Ok(());
        }
        connection.write_all(&buffer[..count]).await?;
    }
}
