//! The default on Linux: the `polling` crate's epoll instance, waited on directly.
//!
//! `polling` 3.11 spends five system calls on every wait (it arms a timer descriptor and its
//! notifier each time). Here a wait is one: the timeout is an argument of it (`epoll_pwait2` where
//! it has a part of a millisecond and the kernel has that call, else rounded up), and the notifier
//! is an eventfd of our own, registered edge-triggered and never read. Descriptors are added with
//! `EPOLLRDHUP` besides, which `polling` has no word for: without it a short read could not be
//! taken as "nothing more there", because the end of a stream that arrives together with its last
//! bytes raises no second edge.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::io::Errno;

use super::{Interest, Notify, Poller, Readiness};

/// Below `usize::MAX`, which `polling` uses itself. Keys of sources are smaller.
const NOTIFY: u64 = u64::MAX - 1;
/// How many events one wait can bring; with more descriptors ready, the list doubles up to
/// [`MOST_EVENTS`].
const FIRST_EVENTS: usize = 1024;
const MOST_EVENTS: usize = 16 * 1024;

pub(crate) struct EpollPoller {
    poller: polling::Poller,
    notifier: Arc<EventFd>,
    ready: Vec<epoll::Event>,
    /// The kernel has `epoll_pwait2`, as far as is known.
    has_nanoseconds: bool,
}

struct EventFd(OwnedFd);

impl EpollPoller {
    pub(crate) fn new() -> io::Result<Self> {
        let poller = polling::Poller::new()?;
        let notifier = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        epoll::add(&poller, &notifier, EventData::new_u64(NOTIFY), EventFlags::IN | EventFlags::ET)?;
        Ok(EpollPoller {
            poller,
            notifier: Arc::new(EventFd(notifier)),
            ready: Vec::with_capacity(FIRST_EVENTS),
            has_nanoseconds: true,
        })
    }
}

impl Poller for EpollPoller {
    fn name(&self) -> &str {
        "epoll"
    }

    fn is_edge_triggered(&self) -> bool {
        true
    }

    fn reports_hang_up(&self) -> bool {
        true
    }

    fn add(&mut self, source: BorrowedFd<'_>, token: usize, interest: Interest) -> io::Result<()> {
        Ok(epoll::add(&self.poller, source, EventData::new_u64(token as u64), flags(interest))?)
    }

    fn modify(&mut self, source: BorrowedFd<'_>, token: usize, interest: Interest) -> io::Result<()> {
        Ok(epoll::modify(&self.poller, source, EventData::new_u64(token as u64), flags(interest))?)
    }

    fn delete(&mut self, source: BorrowedFd<'_>) -> io::Result<()> {
        self.poller.delete(source)
    }

    fn wait(&mut self, events: &mut Vec<Readiness>, timeout: Option<Duration>) -> io::Result<()> {
        self.ready.clear();
        match self.wait_for(timeout) {
            Ok(()) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        events.extend(self.ready.iter().filter_map(event));
        if self.ready.len() == self.ready.capacity() && self.ready.len() < MOST_EVENTS {
            self.ready.reserve(2 * self.ready.capacity());
        }
        Ok(())
    }

    fn notifier(&self) -> Arc<dyn Notify> {
        self.notifier.clone()
    }
}

impl EpollPoller {
    fn wait_for(&mut self, timeout: Option<Duration>) -> Result<(), Errno> {
        // Whole milliseconds need no finer call, and neither does a wait without a limit.
        let is_fine = timeout.is_some_and(|timeout| timeout.subsec_nanos() % 1_000_000 != 0);
        if is_fine && self.has_nanoseconds {
            match wait_in_nanoseconds(&self.poller, &mut self.ready, timeout) {
                // An older kernel, or a sandbox that does not know the call.
                Err(Errno::NOSYS | Errno::PERM) => self.has_nanoseconds = false,
                result => return result,
            }
        }
        let timeout = timeout.map(in_milliseconds);
        epoll::wait(&self.poller, spare_capacity(&mut self.ready), timeout.as_ref()).map(drop)
    }
}

/// Never less, and no more than the older call takes: whoever waits longer comes back, finds
/// nothing, and waits again.
fn in_milliseconds(timeout: Duration) -> Timespec {
    const MOST: u128 = i32::MAX as u128;
    let milliseconds = timeout.as_nanos().div_ceil(1_000_000).min(MOST) as i64;
    Timespec { tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000 }
}

/// `epoll_pwait2`, which rustix has only for programs that run on no older kernel at all.
#[expect(unsafe_code, reason = "a system call that no safe library offers with a way back")]
fn wait_in_nanoseconds(
    epoll: &impl AsFd,
    ready: &mut Vec<epoll::Event>,
    timeout: Option<Duration>,
) -> Result<(), Errno> {
    // A timeout that no timespec holds is longer than anybody waits.
    let timeout = timeout.and_then(|timeout| {
        let tv_sec = timeout.as_secs().try_into().ok()?;
        Some(libc::timespec { tv_sec, tv_nsec: timeout.subsec_nanos().into() })
    });
    let timeout = timeout.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let space = ready.spare_capacity_mut();
    let most = i32::try_from(space.len()).unwrap_or(i32::MAX);
    // SAFETY: the descriptor is open, being borrowed; the kernel writes at most `most` events of
    // the size of `epoll::Event`, which has its layout, into `space`, which is as long; `timeout`
    // is null or points to a timespec that outlives the call; no signal mask is given.
    let count = unsafe {
        libc::syscall(
            libc::SYS_epoll_pwait2,
            epoll.as_fd().as_raw_fd(),
            space.as_mut_ptr(),
            most,
            timeout,
            std::ptr::null::<libc::sigset_t>(),
            0_usize,
        )
    };
    let Ok(count) = usize::try_from(count) else {
        return Err(Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::INVAL));
    };
    // SAFETY: the vector was empty, and the kernel has initialised so many events at its beginning.
    unsafe { ready.set_len(count) };
    Ok(())
}

fn flags(interest: Interest) -> EventFlags {
    let mut flags = EventFlags::ET;
    if interest.readable {
        flags |= EventFlags::IN | EventFlags::RDHUP | EventFlags::PRI;
    }
    if interest.writable {
        flags |= EventFlags::OUT;
    }
    flags
}

fn event(event: &epoll::Event) -> Option<Readiness> {
    const GONE: EventFlags = EventFlags::HUP.union(EventFlags::ERR);
    const READABLE: EventFlags = EventFlags::IN.union(EventFlags::PRI).union(EventFlags::RDHUP).union(GONE);
    const WRITABLE: EventFlags = EventFlags::OUT.union(GONE);
    // The fields of a packed struct are copied before they are used.
    let (token, flags) = (event.data.u64(), event.flags);
    let token = usize::try_from(token).ok().filter(|_| token < NOTIFY)?;
    Some(Readiness {
        token,
        readable: flags.intersects(READABLE),
        writable: flags.intersects(WRITABLE),
        hung_up: flags.intersects(EventFlags::RDHUP.union(GONE)),
        priority: flags.contains(EventFlags::PRI),
    })
}

impl Notify for EventFd {
    fn notify(&self) {
        // It fails only when the counter is full, and then the hub has been told often enough.
        let _ = rustix::io::write(self.0.as_fd(), &1_u64.to_ne_bytes());
    }
}
