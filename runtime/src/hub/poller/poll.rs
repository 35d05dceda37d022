//! `poll(2)`: every Unix, any number of descriptors, each wait as long as their list.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use super::pair::Pair;
use super::table::{Table, TablePoller};
use super::{Interest, Readiness};

/// # Errors
///
/// Those of making the pair of sockets that wakes it: too many descriptors.
pub(crate) fn new() -> io::Result<TablePoller> {
    TablePoller::new("poll", wait)
}

fn wait(
    table: &mut Table,
    pair: &Pair,
    events: &mut Vec<Readiness>,
    timeout: Option<Duration>,
) -> io::Result<()> {
    let mut watched = vec![PollFd::from_borrowed_fd(pair.watched(), PollFlags::IN)];
    watched.extend(table.armed().map(|(fd, interest)| {
        // SAFETY: the descriptor is open for as long as it is borrowed, that is during this wait.
        // Only a hub has this poller (`IntoPoller` cannot be called from outside). What it adds is
        // owned by a `Source`, which deletes it here before closing it, or by the table of
        // `lent.rs`, which does the same; what is forgotten stays open. A source that finds no hub
        // is closed after `Hub::retire_poller` has dropped this table.
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        PollFd::from_borrowed_fd(fd, flags(interest))
    }));
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    match rustix::event::poll(&mut watched, timeout.as_ref()) {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    if !watched[0].revents().is_empty() {
        pair.clear();
    }
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    for (fd, found) in watched[1..].iter().map(|fd| (fd.as_fd().as_raw_fd(), fd.revents())) {
        if !found.is_empty() {
            let readable = found.intersects(PollFlags::IN | PollFlags::PRI | gone);
            let writable = found.intersects(PollFlags::OUT | gone);
            events.extend(table.report(fd, readable, writable));
        }
    }
    Ok(())
}

fn flags(interest: Interest) -> PollFlags {
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::IN | PollFlags::PRI, interest.readable);
    flags.set(PollFlags::OUT, interest.writable);
    flags
}
