//! Signals of the operating system, whose handlers are green threads. Feature `signal`; Unix only.
//!
//! A signal interrupts code at any point, and almost nothing may be done there. So what is
//! installed writes a byte to a socket that the hub watches, and the handler is a green thread like
//! any other: it may suspend, and it shares data without locks.
//!
//! # Ctrl-C
//!
//! Without a handler SIGINT ends the process where it stands: nothing is dropped. To end in order,
//! wait for it beside the work, and return from `main`, which ends the other green threads with
//! their destructors:
//!
//! ```no_run
//! use eventlet::signal::{SIGINT, wait_for};
//! use eventlet::{green, spawn};
//!
//! #[green]
//! fn serve() {
//!     // …
//! }
//!
//! #[green]
//! fn main() -> std::io::Result<()> {
//!     let server = spawn(serve);
//!     wait_for(SIGINT)?;
//!     server.kill();
//!     Ok(())
//! }
//! ```
//!
//! Code that computes, or that blocks its OS thread, holds the handlers up: they run when the hub
//! next looks outside.

use std::fmt;
#[cfg(target_os = "linux")]
use std::io::IoSliceMut;
use std::io::{self, ErrorKind};
#[cfg(target_os = "linux")]
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use signal_hook::SigId;
use signal_hook::low_level::{pipe, unregister};

use crate::call::GreenFn;
use crate::green;
use crate::greenthread::{Thread, sleep, spawn, spawn_n};
use crate::hub::failed::cannot;
use crate::hub::sources::{Done, Reads, Source};

pub use signal_hook::consts::{
    SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGWINCH,
};

/// Runs the call that `handler` makes in a new green thread whenever the signal comes. Does not
/// suspend.
///
/// It goes on until the [`Handle`] is [cancelled](Handle::cancel), or the hub ends. Any number of
/// handlers of one signal may be installed, on any OS threads; each runs. The handler is there for
/// the next signal although one is at work, or has panicked. Of signals that come faster than they
/// are taken the operating system may make one.
///
/// If the operating system refuses to tell of signals that come (there is no room for one more
/// watch, no memory), the handler is [installed](Handle::is_installed) no more, and the error is
/// reported as [one that nobody asks for](crate::greenthread::set_error_hook).
///
/// Once a handler was installed the signal's default action, mostly the end of the process, does
/// not come back.
///
/// # Examples
///
/// ```no_run
/// use eventlet::{green, signal};
///
/// #[green]
/// fn reload() {
///     println!("reading the configuration again");
/// }
///
/// #[green]
/// fn main() -> std::io::Result<()> {
///     let handle = signal::signal(signal::SIGHUP, reload)?;
///     // …
///     handle.cancel();
///     Ok(())
/// }
/// ```
///
/// gevent's `signal_handler`.
///
/// # Errors
///
/// `InvalidInput` for a signal that cannot be handled (SIGKILL, SIGSTOP, SIGSEGV, SIGILL, SIGFPE);
/// else what the operating system says.
///
/// # Panics
///
/// As [`spawn`].
pub fn signal<F, T>(signal: i32, handler: F) -> io::Result<Handle>
where
    F: GreenFn<T> + 'static,
    T: 'static,
{
    let arrivals = Arrivals::of(signal)?;
    let listener = spawn(move || listen(arrivals, handler));
    listener.set_name(&format!("handler of signal {signal}"));
    Ok(Handle { listener: listener.thread().clone() })
}

#[green(crate = crate)]
fn listen<F, T>(arrivals: Arrivals, handler: F) -> io::Result<()>
where
    F: GreenFn<T> + 'static,
    T: 'static,
{
    let handler = std::rc::Rc::new(handler);
    loop {
        let count = match arrivals.next().await {
            Ok(count) => count,
            // The hub was told of a closed descriptor: nothing more will come.
            Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(()),
            Err(error) => return Err(error),
        };
        for _ in 0..count {
            let handler = handler.clone();
            spawn_n(move || async move { handler().await });
        }
    }
}

/// Waits until the signal comes. Suspends until then.
///
/// What came before this was called does not count. Of several that wait for one signal all go on.
/// As after [`signal()`], the default action does not come back.
///
/// # Cancel safety
///
/// A kill or timeout here loses nothing but what comes later.
///
/// # Errors
///
/// As [`signal()`].
#[green(crate = crate)]
pub fn wait_for(signal: i32) -> io::Result<()> {
    let arrivals = Arrivals::of(signal)?;
    arrivals.next().await?;
    Ok(())
}

/// A handler that is installed. Dropping this leaves it so.
#[derive(Clone)]
pub struct Handle {
    listener: Thread,
}

impl Handle {
    /// Takes the handler away: what comes from now on starts no thread. Those that run go on. Does
    /// not suspend.
    pub fn cancel(&self) {
        self.listener.kill();
    }

    /// Is it installed?
    pub fn is_installed(&self) -> bool {
        !self.listener.is_finished()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("installed", &self.is_installed()).finish()
    }
}

/// A byte for each arrival of a signal, as long as this lives.
struct Arrivals {
    bytes: Source<UnixStream>,
    registration: SigId,
}

/// As many arrivals as are taken at once.
const BATCH: usize = 64;

impl Arrivals {
    fn of(signal: i32) -> io::Result<Self> {
        if signal_hook::consts::FORBIDDEN.contains(&signal) {
            let message = format!("signal {signal} cannot be handled");
            return Err(io::Error::new(ErrorKind::InvalidInput, message));
        }
        Self::listen_for(signal).map_err(cannot(|| format!("handle signal {signal}")))
    }

    fn listen_for(signal: i32) -> io::Result<Self> {
        let (bytes, writer) = UnixStream::pair()?;
        bytes.set_nonblocking(true)?;
        #[cfg(target_os = "linux")]
        rustix::net::sockopt::set_socket_passcred(&bytes, true)?;
        let registration = pipe::register(signal, OwnedFd::from(writer))?;
        Ok(Arrivals { bytes: Source::new(bytes), registration })
    }

    /// How many have come.
    async fn next(&self) -> io::Result<usize> {
        let mut bytes = [0; BATCH];
        let read = |stream: &UnixStream| take_own(stream, &mut bytes).map(Done::new);
        let count = self.bytes.when_ready(Reads, read).await?;
        if count == 0 {
            // The writing end lives as long as the registration does.
            sleep(Duration::MAX).await;
        }
        Ok(count)
    }
}

/// Takes bytes, and says how many come from this process. A child that has not reached its program
/// yet still has the handler and the writing end, and what it is sent is not ours: the operating
/// system says who wrote.
#[cfg(target_os = "linux")]
fn take_own(stream: &UnixStream, bytes: &mut [u8]) -> io::Result<usize> {
    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

    loop {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
        let mut said = RecvAncillaryBuffer::new(&mut space);
        let taken = recvmsg(stream, &mut [IoSliceMut::new(bytes)], &mut said, RecvFlags::empty())?;
        let own = rustix::process::getpid();
        let is_strange = said
            .drain()
            .any(|said| matches!(said, RecvAncillaryMessage::ScmCredentials(writer) if writer.pid != own));
        if !is_strange {
            return Ok(taken.bytes);
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn take_own(mut stream: &UnixStream, bytes: &mut [u8]) -> io::Result<usize> {
    io::Read::read(&mut stream, bytes)
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        unregister(self.registration);
    }
}
