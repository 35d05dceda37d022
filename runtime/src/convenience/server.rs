//! A server that can be stopped from outside.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use super::serve::{Listener, serve};
use super::stop::Handled;
use crate::call::GreenCall;
use crate::green;
use crate::greenpool::GreenPool;
use crate::greenthread::{GreenThread, Thread, current, sleep, spawn, try_current};
use crate::hub::exit::Exit;
use crate::timeout::with_timeout;

/// [`serve`] in a green thread of its own, with counts, and an end that gives the handlers time.
///
/// Clones are handles on one server. Dropping the last one leaves the server at work, as dropping
/// the handle of a green thread does.
///
/// # Examples
///
/// ```
/// use std::io;
/// use std::net::SocketAddr;
/// use std::time::Duration;
/// use eventlet::convenience::Server;
/// use eventlet::green;
/// use eventlet::green::io::{Read, Write};
/// use eventlet::green::net::TcpStream;
///
/// #[green]
/// fn greet(mut client: TcpStream, _address: SocketAddr) -> io::Result<()> {
///     client.write_all(b"welcome")
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let listener = eventlet::listen("127.0.0.1:0")?;
///     let address = listener.local_addr()?;
///     let server = Server::start(listener, greet, 1000);
///
///     let mut text = String::new();
///     eventlet::connect(address)?.read_to_string(&mut text)?;
///     assert_eq!(text, "welcome");
///
///     let stopped = server.stop(Duration::from_secs(10));
///     assert_eq!((server.handled(), stopped.killed), (1, 0));
///     server.wait()
/// }
/// ```
///
/// gevent's `StreamServer`.
#[doc(alias = "StreamServer")]
#[derive(Clone)]
pub struct Server {
    pool: GreenPool,
    members: Rc<Members>,
    acceptor: Thread,
    /// How the accepting ended, until somebody has asked.
    outcome: Rc<RefCell<Option<GreenThread<io::Result<()>>>>>,
}

/// What became of the handlers that [`Server::stop`] found at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// How many ended by themselves.
    pub finished: usize,
    /// How many were killed when the grace was over.
    pub killed: usize,
}

/// The handlers that are at work.
#[derive(Default)]
struct Members {
    /// By their numbers, so in the order in which they were accepted.
    active: RefCell<BTreeMap<u64, Thread>>,
    handled: Cell<u64>,
}

/// A handler at work.
struct Active {
    id: u64,
    members: Rc<Members>,
}

impl Members {
    fn enter(self: &Rc<Self>) -> Active {
        let thread = current();
        let id = thread.id();
        self.active.borrow_mut().insert(id, thread);
        Active { id, members: self.clone() }
    }

    /// Those that are at work, without the running one.
    fn others(&self) -> Vec<Thread> {
        let myself = try_current().map(|thread| thread.id());
        let active = self.active.borrow();
        active.values().filter(|thread| Some(thread.id()) != myself).cloned().collect()
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        let thread = self.members.active.borrow_mut().remove(&self.id);
        self.members.handled.set(self.members.handled.get() + 1);
        drop(thread);
    }
}

impl Server {
    /// Begins to serve, as [`serve`] says, whose arguments these are. Does not suspend.
    ///
    /// # Panics
    ///
    /// If the OS thread is ending and its hub has ended before it.
    #[track_caller]
    pub fn start<L, F, G>(listener: L, handle: F, concurrency: impl Into<GreenPool>) -> Server
    where
        L: Listener + 'static,
        F: Fn(L::Connection, L::Address) -> G + 'static,
        G: GreenCall + 'static,
        G::Value: Handled,
    {
        let pool = concurrency.into();
        let members = Rc::new(Members::default());
        let (of_server, slots) = (members.clone(), pool.clone());
        let handle = Rc::new(handle);
        let handle_one = move |connection, address| {
            let (active, handle) = (of_server.enter(), handle.clone());
            async move {
                let outcome = handle(connection, address).await;
                drop(active);
                outcome
            }
        };
        let acceptor = spawn(move || serve(listener, handle_one, slots));
        let thread = acceptor.thread().clone();
        Server { pool, members, acceptor: thread, outcome: Rc::new(RefCell::new(Some(acceptor))) }
    }

    /// How many handlers are at work.
    pub fn active(&self) -> usize {
        self.members.active.borrow().len()
    }

    /// How many handlers have ended, however they ended.
    pub fn handled(&self) -> u64 {
        self.members.handled.get()
    }

    /// Does it still accept connections?
    pub fn is_accepting(&self) -> bool {
        !self.acceptor.is_finished()
    }

    /// The pool in which the handlers are.
    pub fn pool(&self) -> &GreenPool {
        &self.pool
    }

    /// Ends the accepting: the listener is dropped, and so closed if nobody else has it. Does not
    /// suspend. The handlers go on.
    pub fn close(&self) {
        self.acceptor.kill();
    }

    /// Ends the accepting, gives the handlers `grace` to end by themselves, and kills those that
    /// have not by then. Suspends until then, at least once: a connection that was accepted before
    /// has its handler begin.
    ///
    /// A handler that calls this is neither waited for nor killed. One that catches its exit may
    /// still be at work when this returns. Others of a shared pool are left alone.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here leaves the listener closed and the handlers at work; it can be called
    /// again, by several threads too, and whoever's grace is over first ends the handlers.
    ///
    /// gevent's `stop(timeout)`.
    #[green(crate = crate)]
    pub fn stop(&self, grace: Duration) -> Stopped {
        self.close();
        sleep(Duration::ZERO);
        let at_work = self.members.others();
        let threads = at_work.clone();
        let ended = with_timeout(
            grace,
            #[green(crate = crate)]
            move || {
                for thread in threads {
                    // However it ended.
                    let _ = thread.join();
                }
            },
        );
        let mut killed = 0;
        if ended.is_err() {
            // One by one: a destructor of one may end another.
            for thread in at_work.iter().filter(|thread| !thread.is_finished()).collect::<Vec<_>>() {
                killed += usize::from(!thread.is_finished());
                thread.kill();
            }
        }
        Stopped { finished: at_work.len() - killed, killed }
    }

    /// Waits until nothing is accepted any more: a handler said [`StopServe`](super::StopServe),
    /// the server was stopped or closed, or accepting failed. Suspends until then; not at all if
    /// that is so. Handlers may be at work.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// That of accepting, for the first who asks.
    ///
    /// # Panics
    ///
    /// Raises a panic of the listener, for the first who asks.
    #[green(crate = crate)]
    pub fn wait(&self) -> io::Result<()> {
        // How it ended is asked of the one handle.
        let _ = self.acceptor.join();
        let Some(acceptor) = self.outcome.take() else { return Ok(()) };
        match acceptor.join() {
            Ok(outcome) => outcome,
            Err(Exit::Killed) => Ok(()),
            Err(exit) => exit.raise(),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("is_accepting", &self.is_accepting())
            .field("active", &self.active())
            .field("handled", &self.handled())
            .finish()
    }
}
