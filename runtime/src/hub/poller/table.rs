//! A poller that hands all of its descriptors over in every wait: what `poll` and `select` have in
//! common.

use std::collections::{BTreeMap, btree_map};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use super::pair::Pair;
use super::{Interest, Notify, Poller, Readiness};

/// A poller that is level-triggered and has no notifier of its own. How it waits is all that
/// differs.
pub(crate) struct TablePoller {
    name: &'static str,
    table: Table,
    pair: Pair,
    wait: Wait,
}

/// Waits for what is armed in the table, and for the pair.
type Wait = fn(&mut Table, &Pair, &mut Vec<Readiness>, Option<Duration>) -> io::Result<()>;

impl TablePoller {
    pub(crate) fn new(name: &'static str, wait: Wait) -> io::Result<Self> {
        Ok(TablePoller { name, table: Table::default(), pair: Pair::new()?, wait })
    }
}

impl Poller for TablePoller {
    fn name(&self) -> &str {
        self.name
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

    fn wait(&mut self, events: &mut Vec<Readiness>, timeout: Option<Duration>) -> io::Result<()> {
        (self.wait)(&mut self.table, &self.pair, events, timeout)
    }

    fn notifier(&self) -> Arc<dyn Notify> {
        self.pair.notifier()
    }
}

/// Which descriptors are watched, under which token, and for what they are armed.
#[derive(Default)]
pub(crate) struct Table {
    entries: BTreeMap<RawFd, Entry>,
}

struct Entry {
    token: usize,
    interest: Interest,
}

impl Table {
    fn add(&mut self, source: BorrowedFd<'_>, token: usize, interest: Interest) -> io::Result<()> {
        match self.entries.entry(source.as_raw_fd()) {
            btree_map::Entry::Vacant(vacant) => {
                vacant.insert(Entry { token, interest });
                Ok(())
            }
            btree_map::Entry::Occupied(_) => Err(io::ErrorKind::AlreadyExists.into()),
        }
    }

    fn modify(&mut self, source: BorrowedFd<'_>, token: usize, interest: Interest) -> io::Result<()> {
        let entry = self.entries.get_mut(&source.as_raw_fd()).ok_or(io::ErrorKind::NotFound)?;
        *entry = Entry { token, interest };
        Ok(())
    }

    fn delete(&mut self, source: BorrowedFd<'_>) -> io::Result<()> {
        self.entries.remove(&source.as_raw_fd()).map(drop).ok_or(io::ErrorKind::NotFound.into())
    }

    /// The descriptors that are armed.
    pub(crate) fn armed(&self) -> impl Iterator<Item = (RawFd, Interest)> {
        let is_armed = |entry: &Entry| entry.interest != Interest::NONE;
        self.entries.iter().filter(move |(_, entry)| is_armed(entry)).map(|(&fd, entry)| (fd, entry.interest))
    }

    /// A descriptor is ready: its event, and it is disarmed.
    pub(crate) fn report(&mut self, fd: RawFd, readable: bool, writable: bool) -> Option<Readiness> {
        let entry = self.entries.get_mut(&fd)?;
        entry.interest = Interest::NONE;
        Some(Readiness { token: entry.token, readable, writable, hung_up: false, priority: false })
    }
}
