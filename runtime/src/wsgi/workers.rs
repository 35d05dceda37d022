//! A server on several OS threads.

use std::future::Future;
use std::io;
use std::net;
use std::num::NonZero;
use std::thread::{self, available_parallelism};

use crate::Exit;
use crate::convenience::ListenOptions;
use crate::green;
use crate::green::net::{TcpListener, ToSocketAddrs};
use crate::greenthread::{Thread, catch_exit, spawn};
use crate::sync::Queue;

/// Serves at `address` on `count` OS threads, each of which has a hub of its own: `worker` is run
/// on each of them, with a listener of its own. Suspends until all of them have ended.
///
/// The operating system shares the connections out among the listeners (`SO_REUSEPORT`); what the
/// workers share besides is what [`sync`](crate::sync) has, and what else may be sent to other OS
/// threads. Zero is as many workers as there are processors for this process.
///
/// ```no_run
/// use std::io;
/// use eventlet::http::Request;
/// use eventlet::{green, wsgi};
///
/// #[green]
/// fn app(_request: Request) -> &'static str {
///     "Hello, World!\n"
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     // Until SIGTERM or SIGINT, of which each worker hears.
///     wsgi::workers(4, "127.0.0.1:8090", |listener| wsgi::server(listener, app))
/// }
/// ```
///
/// A worker makes its own server, and so its own settings, router, pool of connections to a
/// database, and TLS:
///
/// ```no_run
/// # use std::io;
/// # use eventlet::http::Request;
/// # use eventlet::{green, wsgi};
/// use eventlet::green::net::TcpListener;
///
/// #[green]
/// fn worker(listener: TcpListener) -> io::Result<()> {
///     let site = wsgi::Router::new().get("/", hello);
///     wsgi::Server::new().signals(true).max_size(10_000).serve(listener, site)
/// }
///
/// #[green]
/// fn hello(_request: Request) -> &'static str {
///     "Hello, World!\n"
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     wsgi::workers(0, "127.0.0.1:8090", worker)
/// }
/// ```
///
/// A worker that has ended well leaves the others alone. One that fails or panics ends them all:
/// each is killed as the thread here would be, which a server takes for a graceful end.
///
/// # Errors
///
/// What listening comes to ([`ListenOptions::listen`]; `Unsupported` where there is no
/// `SO_REUSEPORT` and several workers are wanted), an OS thread that cannot be started, and the
/// first error of a worker. A panic of a worker is an error that says which one's it was.
///
/// # Cancel safety
///
/// A kill is passed on to every worker and waited for, and so is a second one, at which a server
/// cuts its connections. A timeout is passed on, too, but not waited for.
#[green(crate = crate)]
pub fn workers<A, W, G>(count: usize, address: A, worker: W) -> io::Result<()>
where
    A: ToSocketAddrs,
    W: Fn(TcpListener) -> G + Clone + Send + 'static,
    G: Future<Output = io::Result<()>> + 'static,
{
    let count = NonZero::new(count).map_or_else(available_parallelism, Ok)?.get();
    let listeners = listeners(count, address)?;
    let mut team = Team { running: Vec::new(), ended: Queue::unbounded() };
    let mut result = Ok(());
    for (number, listener) in listeners.into_iter().enumerate() {
        if let Err(error) = team.start(number + 1, listener, worker.clone()) {
            team.kill();
            result = Err(error);
            break;
        }
    }
    for _ in 0..team.running.len() {
        let ended = loop {
            match catch_exit(|| team.ended.get()) {
                Ok(Ok(ended)) => break ended,
                Ok(Err(_shut_down)) => break Ok(()),
                Err(_killed) => team.kill(),
            }
        };
        if let (Err(error), true) = (ended, result.is_ok()) {
            team.kill();
            result = Err(error);
        }
    }
    team.running.clear();
    result
}

/// One listener for each worker, at one address.
#[green(crate = crate)]
fn listeners<A: ToSocketAddrs>(count: usize, address: A) -> io::Result<Vec<net::TcpListener>> {
    let options = ListenOptions::new().reuse_port(count > 1);
    let first = options.listen(address)?;
    // It may have been one of several addresses, or any port.
    let address = first.local_addr()?;
    let mut listeners = vec![first.into_std()?];
    while listeners.len() < count {
        listeners.push(options.listen(address)?.into_std()?);
    }
    Ok(listeners)
}

/// The workers, which go when this does.
struct Team {
    /// A message to one of these is a kill of that worker.
    running: Vec<Queue<()>>,
    ended: Queue<io::Result<()>>,
}

impl Team {
    fn start<W, G>(&mut self, number: usize, listener: net::TcpListener, worker: W) -> io::Result<()>
    where
        W: Fn(TcpListener) -> G + Send + 'static,
        G: Future<Output = io::Result<()>> + 'static,
    {
        let kills = Queue::unbounded();
        let report = Report { number, ended: self.ended.clone(), is_made: false };
        let heard = kills.clone();
        let body = move || {
            let ended = crate::run(move || work(number, listener, worker, heard));
            report.make(ended);
        };
        thread::Builder::new().name(format!("worker {number}")).spawn(body)?;
        self.running.push(kills);
        Ok(())
    }

    /// Has every worker killed, once more each time.
    fn kill(&self) {
        for kills in &self.running {
            // One that has ended hears nothing.
            let _ = kills.try_put(());
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How a worker ended: one for each that was started, however it ends.
struct Report {
    number: usize,
    ended: Queue<io::Result<()>>,
    is_made: bool,
}

impl Report {
    fn make(mut self, result: io::Result<()>) {
        self.is_made = true;
        let _ = self.ended.try_put(result);
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        if !self.is_made {
            // Its hub panicked, at its end.
            let _ = self.ended.try_put(Err(panicked(self.number)));
        }
    }
}

/// The main thread of a worker's hub.
#[green(crate = crate)]
fn work<W, G>(number: usize, listener: net::TcpListener, worker: W, kills: Queue<()>) -> io::Result<()>
where
    W: Fn(TcpListener) -> G + 'static,
    G: Future<Output = io::Result<()>> + 'static,
{
    let listener = TcpListener::from_std(listener)?;
    let serving = spawn(move || worker(listener));
    serving.set_name(&format!("worker {number}"));
    let thread = serving.thread().clone();
    let killer = spawn(move || pass_on(kills, thread));
    let ended = serving.join();
    killer.kill();
    match ended {
        Ok(result) => result,
        Err(Exit::Panicked(_)) => Err(panicked(number)),
        // Whoever killed it wanted it to end.
        Err(Exit::Killed | Exit::KilledWith(_)) => Ok(()),
    }
}

#[green(crate = crate)]
fn pass_on(kills: Queue<()>, thread: Thread) {
    while kills.get().is_ok() {
        thread.kill();
    }
}

fn panicked(number: usize) -> io::Error {
    io::Error::other(format!("worker {number} of a server panicked"))
}
