//! monoio, on io_uring where the kernel has it.

use std::future::Future;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use bench_async::local::{self, Permit};
use bench_async::{Peer, Receiver, Semaphore, Sender, give_way};
use eventlet_bench_measure::{Answer, listen, port};
use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::{TcpListener, TcpStream};
use monoio::{FusionDriver, RuntimeBuilder};

fn main() -> ExitCode {
    eventlet_bench_measure::main("monoio", |command, n| {
        let command = command.to_owned();
        let mut runtime = RuntimeBuilder::<FusionDriver>::new().enable_timer().build().expect("a runtime");
        runtime.block_on(async move {
            match command.as_str() {
                "echo" => Answer::Served(echo(n).await),
                // All work starts inside a task.
                _ => monoio::spawn(async move { bench_async::run::<Monoio>(&command, n).await }).await,
            }
        })
    })
}

struct Monoio;

impl Peer for Monoio {
    type Join<T: 'static> = monoio::task::JoinHandle<T>;
    type Permit = Permit;

    fn spawn<T: 'static>(task: impl Future<Output = T> + 'static) -> Self::Join<T> {
        monoio::spawn(task)
    }

    fn spawn_detached(task: impl Future<Output = ()> + 'static) {
        drop(monoio::spawn(task));
    }

    fn yield_now() -> impl Future<Output = ()> {
        give_way()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> {
        monoio::time::sleep(duration)
    }

    async fn timeout(limit: Duration, task: impl Future<Output = ()>) -> bool {
        monoio::time::timeout(limit, task).await.is_ok()
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
            drop(monoio::spawn(handle(connection)));
        }
    }
}

async fn handle(mut connection: TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(4096);
    loop {
        let (count, read) = connection.read(buffer).await;
        if count? == 0 {
            return Ok(());
        }
        let (written, sent) = connection.write_all(read).await;
        written?;
        buffer = sent;
        buffer.clear();
    }
}
