//! `poll(2)`: every Unix, any number of descriptors, each wait as long as their list.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use super::pair::Pair;
use super::table::Table;
use super::{Event, Interest, Notify, Poller};

pub(crate) struct PollPoller {
    table: Table,
    pair: Pair,
}

impl PollPoller {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(PollPoller { table: Table::default(), pair: Pair::new()? })
    }
}

impl Poller for PollPoller {
    fn name(&self) -> &str {
        "poll"
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
        let mut watched = vec![PollFd::from_borrowed_fd(self.pair.watched(), PollFlags::IN)];
        watched.extend(self.table.armed().map(|(fd, interest)| {
            // SAFETY: the hub keeps a descriptor open until it has been deleted here (the contract of `Poller`).
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
            self.pair.clear();
        }
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        for (fd, found) in watched[1..].iter().map(|fd| (fd.as_fd().as_raw_fd(), fd.revents())) {
            if !found.is_empty() {
                let readable = found.intersects(PollFlags::IN | PollFlags::PRI | gone);
                let writable = found.intersects(PollFlags::OUT | gone);
                events.extend(self.table.report(fd, readable, writable));
            }
        }
        Ok(())
    }

    fn notifier(&self) -> Arc<dyn Notify> {
        self.pair.notifier()
    }
}

fn flags(interest: Interest) -> PollFlags {
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::IN | PollFlags::PRI, interest.readable);
    flags.set(PollFlags::OUT, interest.writable);
    flags
}
