//! compio, on io_uring where the kernel has it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::process::ExitCode;
use std::task::{Context, Poll};
use std::time::Duration;

use bench_async::local::{self, Permit};
use bench_async::{Peer, Receiver, Semaphore, Sender, give_way};
use compio::io::{AsyncRead, AsyncWriteExt};
use compio::net::{TcpListener, TcpStream};
use compio::runtime::{JoinHandle, Runtime};
use eventlet_bench_measure::{Answer, listen, port};

fn main() -> ExitCode {
    eventlet_bench_measure::main("compio", |command, n| {
        let command = command.to_owned();
        Runtime::new().expect("a runtime").block_on(async move {
            match command.as_str() {
                "echo" => Answer::Served(echo(n).await),
                // All work starts inside a task.
                _ => Compio::spawn(async move { bench_async::run::<Compio>(&command, n).await }).await,
            }
        })
    })
}

struct Compio;

struct Join<T>(JoinHandle<T>);

impl<T> Future for Join<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut self.0).poll(cx).map(|result| result.ok().expect("no task panics"))
    }
}

impl Peer for Compio {
    type Join<T: 'static> = Join<T>;
    type Permit = Permit;

    fn spawn<T: 'static>(task: impl Future<Output = T> + 'static) -> Join<T> {
        Join(compio::runtime::spawn(task))
    }

    fn spawn_detached(task: impl Future<Output = ()> + 'static) {
        compio::runtime::spawn(task).detach();
    }

    fn yield_now() -> impl Future<Output = ()> {
        give_way()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> {
        compio::time::sleep(duration)
    }

    async fn timeout(limit: Duration, task: impl Future<Output = ()>) -> bool {
        compio::time::timeout(limit, task).await.is_ok()
    }

    fn unbounded() -> (impl Sender, impl Receiver) {
        local::unbounded()
    }

    fn bounded(room: usize) -> (impl Sender, impl Receiver) {
        local::bounded(room)
    }

    fn semaphore(permits: usize) -> impl Semaphore<Permit = Permit> {
        local::semaphore(permits)
    }
}

async fn echo(n: u64) -> io::Result<()> {
    let listener = TcpListener::from_std(listen(port(n)?)?)?;
    loop {
        if let Ok((connection, _)) = listener.accept().await {
            compio::runtime::spawn(handle(connection)).detach();
        }
    }
}

async fn handle(mut connection: TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(4096);
    loop {
        let (count, read) = connection.read(buffer).await.into();
        if count? == 0 {
            return Ok(());
        }
        let (written, sent) = connection.write_all(read).await.into();
        written?;
        buffer = sent;
        buffer.clear();
    }
}
