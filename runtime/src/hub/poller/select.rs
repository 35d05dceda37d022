//! `select(2)`: the oldest way, kept because eventlet's programs name it.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{FdSetElement, FdSetIter, Timespec, fd_set_insert, fd_set_num_elements, select};
use rustix::io::Errno;

use super::pair::Pair;
use super::table::Table;
use super::{Event, Interest, Notify, Poller};

pub(crate) struct SelectPoller {
    table: Table,
    pair: Pair,
}

impl SelectPoller {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(SelectPoller { table: Table::default(), pair: Pair::new()? })
    }
}

impl Poller for SelectPoller {
    fn name(&self) -> &str {
        "select"
    }

    fn is_edge_triggered(&self) -> bool {
        false
    }

    fn add(&mut self, source: BorrowedFd<'_>, token: usize, interest: Interest) -> io::Result<()> {
        self.table.add(source, token, interest)
    }

    fn modify(&mut self, source: BorrowedFd<'_>, token: usize, interest: Interest) -> io::Result<()> {
        self.table.modify(source, token, interest)
    }

    fn delete(&mut self, source: BorrowedFd<'_>) -> io::Result<()> {
        self.table.delete(source)
    }

    fn wait(&mut self, events: &mut Vec<Event>, timeout: Option<Duration>) -> io::Result<()> {
        let pair = self.pair.watched().as_raw_fd();
        let highest = self.table.armed().map(|(fd, _)| fd).chain([pair]).max().unwrap_or(pair) + 1;
        // The sets are as long as the highest descriptor asks, so there is no limit at 1024.
        let empty = || vec![FdSetElement::default(); fd_set_num_elements(highest as usize, highest)];
        let (mut readable, mut writable) = (empty(), empty());
        fd_set_insert(&mut readable, pair);
        for (fd, interest) in self.table.armed() {
            if interest.readable {
                fd_set_insert(&mut readable, fd);
            }
            if interest.writable {
                fd_set_insert(&mut writable, fd);
            }
        }
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        // SAFETY: every descriptor in the sets is open: the pair is ours, and the hub keeps the others open until they
        // have been deleted here (the contract of `Poller`).
        let found =
            unsafe { select(highest, Some(&mut readable), Some(&mut writable), None, timeout.as_ref()) };
        match found {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let readable: BTreeSet<_> = FdSetIter::new(&readable).collect();
        let writable: BTreeSet<_> = FdSetIter::new(&writable).collect();
        if readable.contains(&pair) {
            self.pair.clear();
        }
        for &fd in readable.union(&writable) {
            events.extend(self.table.report(fd, readable.contains(&fd), writable.contains(&fd)));
        }
        Ok(())
    }

    fn notifier(&self) -> Arc<dyn Notify> {
        self.pair.notifier()
    }
}
