//! The accept loop.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::green;
use crate::green::net::{TcpListener, TcpStream};
#[cfg(unix)]
use crate::green::os::unix::net::{SocketAddr as UnixAddr, UnixListener, UnixStream};
use crate::greenpool::GreenPool;
use crate::greenthread::sleep;
use crate::hub::current;
use crate::hub::task::{TaskRef, is_look};

/// Accepts connections and handles each in a green thread of its own, at most `concurrency` at a time. Suspends until
/// a handler says stop, or accepting fails.
///
/// * `concurrency` is a number, or a [`GreenPool`] to handle them in.
/// * At the limit nothing is accepted; new connections wait in the operating system's queue. (If others spawn in the
///   same pool, one connection may be accepted and wait for its slot.)
/// * A handler owns its connection, which is closed when the handler ends.
/// * A handler that returns [`StopServe`] makes this return. Other handlers go on, and the listener goes on listening
///   for as long as it exists.
/// * A handler's other errors are dropped, and its panic ends it alone, printed when it happens. (In eventlet an
///   exception in one handler ends the server.)
/// * With too many descriptors open it waits and tries again, after 10 ms and then twice as long each time, up to a
///   second. A connection that was given up before it was accepted is passed over.
///
/// A kill or timeout here ends the accepting, loses no connection, and leaves the handlers at work.
///
/// # Errors
///
/// What else accepting comes to: `NotConnected` when another thread closed the listener.
///
/// # Examples
///
/// ```
/// use std::io;
/// use std::net::SocketAddr;
/// use eventlet::{StopServe, green, spawn};
/// use eventlet::green::io::{Read, Write};
/// use eventlet::green::net::TcpStream;
///
/// #[green]
/// fn greet(mut client: TcpStream, _address: SocketAddr) -> io::Result<()> {
///     client.write_all(b"welcome")?;
///     Err(StopServe.into())
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let listener = eventlet::listen("127.0.0.1:0")?;
///     let address = listener.local_addr()?;
///     let server = spawn(move || eventlet::serve(listener, greet, 1000));
///
///     let mut text = String::new();
///     eventlet::connect(address)?.read_to_string(&mut text)?;
///     assert_eq!(text, "welcome");
///     server.wait()
/// }
/// ```
///
/// eventlet's `serve`, whose `concurrency` is 1000 if nothing is said.
#[green(crate = crate)]
pub fn serve<L, F, G>(listener: L, handle: F, concurrency: impl Into<GreenPool>) -> io::Result<()>
where
    L: Listener,
    F: Fn(L::Connection, L::Address) -> G + 'static,
    G: Future + 'static,
    G::Output: Handled,
{
    let pool = concurrency.into();
    let handle = Rc::new(handle);
    let serving = Rc::new(Serving::default());
    let mut backoff = Backoff::default();
    while let Some(accepted) = serving.or_stop(|| next_connection(&listener, &pool)).await {
        match accepted.map_err(Trouble::of) {
            Ok((connection, address)) => {
                backoff = Backoff::default();
                let (handle, serving) = (handle.clone(), serving.clone());
                pool.spawn_n(move || async move { serving.end_one(handle(connection, address).await) });
            }
            Err(Trouble::Connection) => {}
            Err(Trouble::Resources) => {
                serving.or_stop(|| backoff.pause()).await;
            }
            Err(Trouble::Listener(error)) => return Err(error),
        }
    }
    Ok(())
}

/// Accepts when there is somebody to handle it.
#[green(crate = crate)]
fn next_connection<L: Listener>(listener: &L, pool: &GreenPool) -> io::Result<(L::Connection, L::Address)> {
    pool.wait_available();
    listener.accept()
}

/// What [`serve`] can serve.
pub trait Listener {
    /// What it accepts.
    type Connection: 'static;
    /// Who connects.
    type Address: 'static;

    /// The next connection. Suspends until there is one.
    ///
    /// # Errors
    ///
    /// Those of accepting.
    #[green(crate = crate)]
    fn accept(&self) -> io::Result<(Self::Connection, Self::Address)>;
}

impl Listener for TcpListener {
    type Connection = TcpStream;
    type Address = SocketAddr;

    #[green(crate = crate)]
    fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.accept()
    }
}

#[cfg(unix)]
impl Listener for UnixListener {
    type Connection = UnixStream;
    type Address = UnixAddr;

    #[green(crate = crate)]
    fn accept(&self) -> io::Result<(UnixStream, UnixAddr)> {
        self.accept()
    }
}

impl<L: Listener + ?Sized> Listener for &L {
    type Connection = L::Connection;
    type Address = L::Address;

    #[green(crate = crate)]
    fn accept(&self) -> io::Result<(L::Connection, L::Address)> {
        (**self).accept()
    }
}

impl<L: Listener + ?Sized> Listener for Rc<L> {
    type Connection = L::Connection;
    type Address = L::Address;

    #[green(crate = crate)]
    fn accept(&self) -> io::Result<(L::Connection, L::Address)> {
        (**self).accept()
    }
}

/// What a handler returns to make [`serve`] return.
///
/// It converts into an [`io::Error`] and into a `Box<dyn Error>`, so that a handler with such a result can say
/// `Err(StopServe.into())`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopServe;

impl fmt::Display for StopServe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server is to stop")
    }
}

impl Error for StopServe {}

impl From<StopServe> for io::Error {
    fn from(stop: StopServe) -> io::Error {
        io::Error::other(stop)
    }
}

/// What a handler of [`serve`] may return.
pub trait Handled {
    /// Does it make the server stop?
    fn is_stop(&self) -> bool;
}

impl Handled for () {
    fn is_stop(&self) -> bool {
        false
    }
}

/// `Break` stops.
impl Handled for ControlFlow<()> {
    fn is_stop(&self) -> bool {
        self.is_break()
    }
}

impl<T> Handled for Result<T, StopServe> {
    fn is_stop(&self) -> bool {
        self.is_err()
    }
}

/// Stops if the error was made from a [`StopServe`].
impl<T> Handled for io::Result<T> {
    fn is_stop(&self) -> bool {
        self.as_ref().is_err_and(|error| error.get_ref().is_some_and(|inner| inner.is::<StopServe>()))
    }
}

/// Stops if the error is a [`StopServe`], or an `io::Error` that was made from one.
impl<T> Handled for Result<T, Box<dyn Error>> {
    fn is_stop(&self) -> bool {
        is_stop(self.as_ref().err().map(|error| &**error))
    }
}

/// Stops if the error is a [`StopServe`], or an `io::Error` that was made from one.
impl<T> Handled for Result<T, Box<dyn Error + Send + Sync>> {
    fn is_stop(&self) -> bool {
        is_stop(self.as_ref().err().map(|error| &**error as &dyn Error))
    }
}

fn is_stop(error: Option<&(dyn Error + 'static)>) -> bool {
    let Some(error) = error else { return false };
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<StopServe>() || inner.is_some_and(|inner| inner.is::<StopServe>())
}

/// Why a connection could not be accepted.
enum Trouble {
    /// It concerns that connection alone.
    Connection,
    /// There is not enough of something; later there may be.
    Resources,
    /// The listener is of no use any more.
    Listener(io::Error),
}

impl Trouble {
    fn of(error: io::Error) -> Self {
        use io::ErrorKind::{
            ConnectionAborted, ConnectionReset, HostUnreachable, NetworkDown, NetworkUnreachable,
        };

        #[cfg(unix)]
        let scarce = {
            use rustix::io::Errno;
            [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM].map(Errno::raw_os_error)
        };
        // WSAEMFILE, WSAENOBUFS.
        #[cfg(windows)]
        let scarce = [10024, 10055];
        if error.raw_os_error().is_some_and(|code| scarce.contains(&code)) {
            return Trouble::Resources;
        }
        match error.kind() {
            // The network's troubles of a connection come out of accepting it.
            ConnectionAborted | ConnectionReset | HostUnreachable | NetworkDown | NetworkUnreachable => {
                Trouble::Connection
            }
            _ => Trouble::Listener(error),
        }
    }
}

/// Pauses that grow.
struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Backoff(Duration::from_millis(10))
    }
}

impl Backoff {
    #[green(crate = crate)]
    fn pause(&mut self) {
        sleep(self.0);
        self.0 = (2 * self.0).min(Duration::from_secs(1));
    }
}

/// What a server and its handlers share.
#[derive(Default)]
struct Serving {
    is_stopped: Cell<bool>,
    /// The server, while it waits.
    server: RefCell<Option<TaskRef>>,
}

impl Serving {
    /// Takes note of how a handler ended.
    fn end_one(&self, outcome: impl Handled) {
        if !outcome.is_stop() {
            return;
        }
        self.is_stopped.set(true);
        if let Some(server) = self.server.take() {
            current::with(|hub| hub.schedule(&server));
        }
    }

    /// Drives a call unless the server is stopped; then the answer is `None`.
    fn or_stop<G>(&self, call: impl FnOnce() -> G) -> OrStop<'_, G> {
        OrStop { call: call(), server: AtStop(self) }
    }
}

pin_project_lite::pin_project! {
    /// Drives a call unless the server is stopped; then the answer is `None`.
    struct OrStop<'a, G> {
        #[pin]
        call: G,
        server: AtStop<'a>,
    }
}

/// The server's word that it is to be woken at the stop.
struct AtStop<'a>(&'a Serving);

impl Drop for AtStop<'_> {
    fn drop(&mut self) {
        self.0.server.take();
    }
}

impl<G: Future> Future for OrStop<'_, G> {
    type Output = Option<G::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<G::Output>> {
        let this = self.project();
        if is_look(cx) {
            return this.call.poll(cx).map(Some);
        }
        let serving = this.server.0;
        if serving.is_stopped.get() {
            return Poll::Ready(None);
        }
        let progress = this.call.poll(cx);
        if progress.is_pending() {
            let server = current::with(|hub| TaskRef::of_waker(cx.waker(), &hub.remote));
            serving.server.replace(Some(server));
        }
        progress.map(Some)
    }
}
