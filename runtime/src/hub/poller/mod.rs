//! How a hub waits for the operating system.
//!
//! A [`Poller`] says which descriptors are ready. The default is the `polling` crate's for the
//! platform, waited on directly where that saves system calls (Linux); `poll` and `select` are here
//! for portability and for looking at what differs, and a program can bring its own.

use std::io;
use std::sync::Arc;
use std::time::Duration;

#[cfg(target_os = "linux")]
mod epoll;
#[cfg(unix)]
#[expect(unsafe_code, reason = "the C library tells of a fork")]
pub(super) mod fork;
pub(crate) mod none;
#[cfg(unix)]
mod pair;
#[cfg(unix)]
#[expect(unsafe_code, reason = "a descriptor is borrowed by its number, for one wait")]
mod poll;
#[expect(unsafe_code, reason = "`polling` asks that a descriptor be deleted before it is closed")]
mod polling;
pub(crate) mod retired;
#[cfg(unix)]
#[expect(unsafe_code, reason = "descriptors are handed over by their numbers, for one wait")]
mod select;
#[cfg(unix)]
mod table;

/// Something with a descriptor (a socket, on Windows) that a poller can watch.
#[cfg(unix)]
pub(crate) trait AsSource: std::os::fd::AsFd {
    fn as_source(&self) -> BorrowedSource<'_> {
        self.as_fd()
    }
}
#[cfg(unix)]
impl<S: std::os::fd::AsFd> AsSource for S {}

/// Something with a descriptor (a socket, on Windows) that a poller can watch.
#[cfg(windows)]
pub(crate) trait AsSource: std::os::windows::io::AsSocket {
    fn as_source(&self) -> BorrowedSource<'_> {
        self.as_socket()
    }
}
#[cfg(windows)]
impl<S: std::os::windows::io::AsSocket> AsSource for S {}

/// A borrowed descriptor; a borrowed socket on Windows.
#[cfg(unix)]
pub type BorrowedSource<'a> = std::os::fd::BorrowedFd<'a>;
/// A borrowed descriptor; a borrowed socket on Windows.
#[cfg(windows)]
pub type BorrowedSource<'a> = std::os::windows::io::BorrowedSocket<'a>;

/// The number of a descriptor; of a socket on Windows.
#[cfg(unix)]
pub type RawSource = std::os::fd::RawFd;
/// The number of a descriptor; of a socket on Windows.
#[cfg(windows)]
pub type RawSource = std::os::windows::io::RawSocket;

pub(crate) fn raw_source(source: &impl AsSource) -> RawSource {
    #[cfg(unix)]
    return std::os::fd::AsRawFd::as_raw_fd(&source.as_source());
    #[cfg(windows)]
    return std::os::windows::io::AsRawSocket::as_raw_socket(&source.as_source());
}

/// Which directions of a descriptor matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Something to read, or the end of it.
    pub readable: bool,
    /// Room to write.
    pub writable: bool,
}

impl Interest {
    /// Neither direction.
    pub const NONE: Interest = Interest { readable: false, writable: false };
    /// Reading only.
    pub const READ: Interest = Interest { readable: true, writable: false };
    /// Writing only.
    pub const WRITE: Interest = Interest { readable: false, writable: true };
    /// Both directions.
    pub const BOTH: Interest = Interest { readable: true, writable: true };
}

/// What a poller found out about a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// The token that the descriptor was added with.
    pub token: usize,
    /// There is something to read, or the end, or an error.
    pub readable: bool,
    /// There is room to write, or an error.
    pub writable: bool,
    /// The peer has hung up, or there is an error. A poller that cannot tell says `false`.
    pub hung_up: bool,
    /// Something out of the ordinary has come: TCP's urgent data. A poller that cannot tell says
    /// `false`.
    pub priority: bool,
}

/// What waits for descriptors on behalf of a hub; give your own to
/// [`use_hub`](crate::hubs::use_hub).
///
/// A poller belongs to one hub and is used on that hub's OS thread only; just its
/// [notifier](Self::notifier) is used from other threads. The hub keeps every descriptor open until
/// it has been deleted, or the poller has been dropped: what a forgotten wait has registered is the
/// hub's own and stays open with it. A descriptor is not added twice without deleting it in
/// between.
///
/// eventlet's hubs (`epolls`, `kqueue`, `poll`, `selects`) are the same idea; here the loop is not
/// theirs, only the waiting.
pub trait Poller {
    /// A short name, as [`use_hub`](crate::hubs::use_hub) takes it.
    fn name(&self) -> &str;

    /// Are events edges?
    ///
    /// Edge-triggered: a descriptor is added once, and an event comes whenever it *becomes* ready,
    /// and once if it is ready when added. Otherwise an event disarms its descriptor until it is
    /// [modified](Self::modify), and `modify` finds what is ready already.
    fn is_edge_triggered(&self) -> bool;

    /// After a short read from a TCP stream, does an edge still announce its end (`hung_up`) if the
    /// end came together with the data, and is urgent data told apart (`priority`)? Only then the
    /// hub may take a short read as "nothing more there" and save a system call.
    fn reports_hang_up(&self) -> bool {
        false
    }

    /// Starts to watch a descriptor, under a token that is not in use.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says: too many descriptors, or one that cannot be watched.
    /// After `AlreadyExists` the hub deletes the descriptor and adds it again, since what is there
    /// is of an older one with its number.
    fn add(&mut self, source: BorrowedSource<'_>, token: usize, interest: Interest) -> io::Result<()>;

    /// Arms a descriptor again, for these directions. Not called for an edge-triggered poller.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says.
    fn modify(&mut self, source: BorrowedSource<'_>, token: usize, interest: Interest) -> io::Result<()>;

    /// Stops watching a descriptor.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says; the hub goes on.
    fn delete(&mut self, source: BorrowedSource<'_>) -> io::Result<()>;

    /// Waits until a descriptor is ready, the notifier is used, or `timeout` has passed (`None`:
    /// for ever; zero: not at all), and appends what it found to `events`. May come back early with
    /// nothing; must not come back before a non-zero timeout is over without a reason of that kind.
    ///
    /// # Errors
    ///
    /// Whatever the operating system says, except for an interruption by a signal, which is a
    /// return with nothing. The hub cannot go on after an error here and panics.
    fn wait(&mut self, events: &mut Vec<Readiness>, timeout: Option<Duration>) -> io::Result<()>;

    /// What other OS threads use to end a [`wait`](Self::wait): the present one, or else the next.
    fn notifier(&self) -> Arc<dyn Notify>;
}

/// Ends a poller's wait from any OS thread.
pub trait Notify: Send + Sync {
    /// Makes the present wait, or else the next one, come back at once. Does nothing if the poller
    /// has gone.
    fn notify(&self);
}

/// Where processes are not forked.
#[cfg(not(unix))]
pub(super) mod fork {
    pub(crate) fn generation() -> u32 {
        0
    }

    pub(crate) fn listen() {}
}

/// The poller of this name: `None` if there is none on this platform.
pub(crate) fn by_name(name: &str) -> Option<io::Result<Box<dyn Poller>>> {
    fn boxed<P: Poller + 'static>(poller: io::Result<P>) -> io::Result<Box<dyn Poller>> {
        poller.map(|poller| Box::new(poller) as Box<dyn Poller>)
    }
    Some(match name {
        #[cfg(target_os = "linux")]
        "default" | "epoll" | "epolls" => boxed(epoll::EpollPoller::new()),
        #[cfg(not(target_os = "linux"))]
        "default" => boxed(polling::PollingPoller::new()),
        "polling" => boxed(polling::PollingPoller::new()),
        #[cfg(unix)]
        "poll" => boxed(poll::new()),
        #[cfg(unix)]
        "select" | "selects" => boxed(select::new()),
        _ => return None,
    })
}

/// The names that [`by_name`] knows, for messages.
pub(crate) const NAMES: &str = if cfg!(target_os = "linux") {
    "`default`, `epoll`, `polling`, `poll`, `select`"
} else if cfg!(unix) {
    "`default`, `polling`, `poll`, `select`"
} else {
    "`default`, `polling`"
};
