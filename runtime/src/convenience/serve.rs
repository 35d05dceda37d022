//! The accept loop.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use super::accept_error::{Backoff, Trouble};
use super::stop::{Handled, Serving};
use crate::call::GreenCall;
use crate::green;
use crate::green::net::{TcpListener, TcpStream};
#[cfg(unix)]
use crate::green::os::unix::net::{SocketAddr as UnixAddr, UnixListener, UnixStream};
use crate::greenpool::GreenPool;

/// Accepts connections and handles each in a green thread of its own, at most `concurrency` at a
/// time. Suspends until a handler says stop, or accepting fails.
///
/// * `concurrency` is a number, or a [`GreenPool`] to handle them in.
/// * At the limit nothing is accepted; new connections wait in the operating system's queue. (If
///   others spawn in the same pool, one connection may be accepted and wait for its slot.)
/// * A handler owns its connection, which is closed when the handler ends.
/// * A handler that returns [`StopServe`](super::StopServe) makes this return. Other handlers go
///   on, and the listener goes on listening for as long as it exists.
/// * A handler's other errors are [reported](crate::greenthread::set_error_hook) and end its
///   connection alone, as its panic does, which is printed when it happens. (In eventlet an
///   exception in one handler ends the server.)
/// * With too many descriptors open, or too little of something else, it waits and tries again,
///   after 10 ms and then twice as long each time, up to a second, until it accepts one. A
///   connection that was given up before it was accepted, or that the network or a firewall
///   refused, is passed over: what accept(2) lists as such.
///
/// # Cancel safety
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
    F: Fn(L::Connection, L::Address) -> G + 'static, // one that captures goes into `shared2(…)`
    G: GreenCall + 'static,
    G::Value: Handled,
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
                pool.spawn_n(move || async move { serving.end_one(&handle(connection, address).await) });
            }
            Err(Trouble::Connection) => {
                serving.or_stop(|| backoff.pass_over()).await;
            }
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
