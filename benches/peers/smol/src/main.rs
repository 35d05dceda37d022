//! smol: a `LocalExecutor` with `async-io`.

use std::future::Future;
use std::io;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use async_lock::SemaphoreGuardArc;
use bench_async::{Peer, Receiver, Semaphore, Sender};
use eventlet_bench_measure::{Answer, listen, port};
use smol::channel;
use smol::future::FutureExt;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::{TcpListener, TcpStream};
use smol::{Async, LocalExecutor, Timer};

thread_local! {
    static EXECUTOR: Rc<LocalExecutor<'static>> = Rc::new(LocalExecutor::new());
}

fn main() -> ExitCode {
    eventlet_bench_measure::main("smol", |command, n| {
        let executor = EXECUTOR.with(Rc::clone);
        smol::block_on(executor.run(async {
            match command {
                "echo" => Answer::Served(echo(n, None).await),
                "echo_timeout" => Answer::Served(echo(n, Some(Duration::from_secs(60))).await),
                // All work starts inside a task.
                workload => {
                    let workload = workload.to_owned();
                    Smol::spawn(async move { bench_async::run::<Smol>(&workload, n).await }).await
                }
            }
        }))
    })
}

struct Smol;

impl Peer for Smol {
    type Join<T: 'static> = smol::Task<T>;
    type Permit = SemaphoreGuardArc;

    fn spawn<T: 'static>(task: impl Future<Output = T> + 'static) -> smol::Task<T> {
        EXECUTOR.with(|executor| executor.spawn(task))
    }

    fn spawn_detached(task: impl Future<Output = ()> + 'static) {
        Self::spawn(task).detach();
    }

    fn yield_now() -> impl Future<Output = ()> {
        smol::future::yield_now()
    }

    async fn sleep(duration: Duration) {
        Timer::after(duration).await;
    }

    async fn timeout(limit: Duration, task: impl Future<Output = ()>) -> bool {
        let in_time = async {
            task.await;
            true
        };
        let over = async {
            Timer::after(limit).await;
            false
        };
        in_time.or(over).await
    }

    fn unbounded() -> (impl Sender, impl Receiver) {
        let (sender, receiver) = channel::unbounded();
        (End(sender), OtherEnd(receiver))
    }

    fn bounded(room: usize) -> (impl Sender, impl Receiver) {
        let (sender, receiver) = channel::bounded(room);
        (End(sender), OtherEnd(receiver))
    }

    fn semaphore(permits: usize) -> impl Semaphore<Permit = SemaphoreGuardArc> {
        Slots(Arc::new(async_lock::Semaphore::new(permits)))
    }
}

#[derive(Clone)]
struct End(channel::Sender<u64>);
struct OtherEnd(channel::Receiver<u64>);
struct Slots(Arc<async_lock::Semaphore>);

impl Sender for End {
    async fn send(&self, item: u64) {
        self.0.send(item).await.expect("the other end is there");
    }
}

impl Receiver for OtherEnd {
    async fn receive(&mut self) -> u64 {
        self.0.recv().await.expect("the other end is there")
    }
}

impl Semaphore for Slots {
    type Permit = SemaphoreGuardArc;

    async fn acquire(&self) -> SemaphoreGuardArc {
        self.0.acquire_arc().await
    }
}

async fn echo(n: u64, limit: Option<Duration>) -> io::Result<()> {
    let listener = TcpListener::from(Async::new(listen(port(n)?)?)?);
    loop {
        if let Ok((connection, _)) = listener.accept().await {
            Smol::spawn(handle(connection, limit)).detach();
        }
    }
}

async fn handle(mut connection: TcpStream, limit: Option<Duration>) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut buffer = [0; 4096];
    loop {
        let count = match limit {
            None => connection.read(&mut buffer).await?,
            Some(limit) => {
                let over = async {
                    Timer::after(limit).await;
                    Err(io::ErrorKind::TimedOut.into())
                };
                connection.read(&mut buffer).or(over).await?
            }
        };
        if count == 0 {
            return Ok(());
        }
        connection.write_all(&buffer[..count]).await?;
    }
}
