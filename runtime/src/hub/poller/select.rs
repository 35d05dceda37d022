//! `select(2)`: the oldest way, kept because eventlet's programs name it.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

use rustix::event::{FdSetElement, FdSetIter, Timespec, fd_set_insert, fd_set_num_elements, select};
use rustix::io::Errno;

use super::Readiness;
use super::pair::Pair;
use super::table::{Table, TablePoller};

/// # Errors
///
/// Those of making the pair of sockets that wakes it: too many descriptors.
pub(crate) fn new() -> io::Result<TablePoller> {
    TablePoller::new("select", wait)
}

fn wait(
    table: &mut Table,
    pair: &Pair,
    events: &mut Vec<Readiness>,
    timeout: Option<Duration>,
) -> io::Result<()> {
    let notified = pair.watched().as_raw_fd();
    let highest = table.armed().map(|(fd, _)| fd).chain([notified]).max().unwrap_or(notified) + 1;
    // The sets are as long as the highest descriptor asks, so there is no limit at 1024.
    let empty = || vec![FdSetElement::default(); fd_set_num_elements(highest as usize, highest)];
    let (mut readable, mut writable) = (empty(), empty());
    fd_set_insert(&mut readable, notified);
    for (fd, interest) in table.armed() {
        if interest.readable {
            fd_set_insert(&mut readable, fd);
        }
        if interest.writable {
            fd_set_insert(&mut writable, fd);
        }
    }
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    // SAFETY: every descriptor in the sets is open, and the sets are long enough for `highest`. The
    // pair is ours. Only a hub has this poller (`IntoPoller` cannot be called from outside), and
    // what it adds is owned by a `Source`, which deletes it here before closing it, or by the table
    // of `lent.rs`, which does the same; what is forgotten stays open. A source that finds no hub
    // is closed after `Hub::retire_poller` has dropped this table.
    let found = unsafe { select(highest, Some(&mut readable), Some(&mut writable), None, timeout.as_ref()) };
    match found {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let readable: BTreeSet<_> = FdSetIter::new(&readable).collect();
    let writable: BTreeSet<_> = FdSetIter::new(&writable).collect();
    if readable.contains(&notified) {
        pair.clear();
    }
    for &fd in readable.union(&writable) {
        events.extend(table.report(fd, readable.contains(&fd), writable.contains(&fd)));
    }
    Ok(())
}
