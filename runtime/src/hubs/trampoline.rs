//! Waiting for a descriptor that no green library knows.

use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::call::Green;
use crate::green;
use crate::hub::failed::cannot;
use crate::hub::poller::Interest;
use crate::hub::sources::{Direction, Done, Reads, Source, Writes};

/// Suspends until `source` is readable, or writable, or for at most `timeout`.
///
/// For descriptors of other libraries. The descriptor need not be non-blocking. It is registered
/// for the time of the wait; nothing of it stays afterwards, however the wait ends.
///
/// ```
/// use std::io::Write;
/// use std::os::unix::net::UnixStream;
/// use eventlet::green;
/// use eventlet::hubs::{Interest, trampoline};
///
/// #[green]
/// fn main() -> std::io::Result<()> {
///     let (ours, mut theirs) = UnixStream::pair()?;
///     theirs.write_all(b"hello")?;
///     trampoline(&ours, Interest::READ, None)?;
///     Ok(())
/// }
/// ```
///
/// eventlet's `trampoline`, gevent's `wait_read` and `wait_write`.
///
/// # Cancel safety
///
/// A kill or a timeout loses nothing.
///
/// # Errors
///
/// `InvalidInput` unless exactly one direction is asked for; `TimedOut`; `ResourceBusy` if another
/// green thread waits for the same direction of it; `NotConnected` after
/// [`notify_close`](crate::hubs::notify_close); else what the operating system says, for instance
/// that a regular file cannot be waited for.
#[doc(alias = "wait_read")]
#[doc(alias = "wait_write")]
#[green(by_hand = "a wait, and little else")]
pub fn trampoline<S: AsFd>(
    source: &S,
    interest: Interest,
    timeout: Option<Duration>,
) -> Green<impl Future<Output = io::Result<()>>> {
    Green::new(async move {
        let watched = Source::lent(source.as_fd());
        watched.set_limit(Direction::Read, timeout);
        watched.set_limit(Direction::Write, timeout);
        match interest {
            Interest::READ => watched.when_ready(Reads, |fd| is_ready(fd, PollFlags::IN)).await,
            Interest::WRITE => watched.when_ready(Writes, |fd| is_ready(fd, PollFlags::OUT)).await,
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "wait for one direction at a time")),
        }
    })
}

fn is_ready(fd: &impl AsFd, flags: PollFlags) -> io::Result<Done<()>> {
    let mut fds = [PollFd::new(fd, flags)];
    let asked = poll(&mut fds, Some(&Timespec::default()));
    match asked.map_err(|error| cannot(|| "ask what the descriptor is ready for")(error.into()))? {
        0 => Err(io::ErrorKind::WouldBlock.into()),
        _ => Ok(Done::new(())),
    }
}
