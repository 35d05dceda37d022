//! The descriptors of a poller that hands all of them over in every wait.

use std::collections::{BTreeMap, btree_map};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use super::{Event, Interest};

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
    pub(crate) fn add(&mut self, source: BorrowedFd<'_>, token: usize, interest: Interest) -> io::Result<()> {
        match self.entries.entry(source.as_raw_fd()) {
            btree_map::Entry::Vacant(vacant) => {
                vacant.insert(Entry { token, interest });
                Ok(())
            }
            btree_map::Entry::Occupied(_) => Err(io::ErrorKind::AlreadyExists.into()),
        }
    }

    pub(crate) fn modify(
        &mut self,
        source: BorrowedFd<'_>,
        token: usize,
        interest: Interest,
    ) -> io::Result<()> {
        let entry = self.entries.get_mut(&source.as_raw_fd()).ok_or(io::ErrorKind::NotFound)?;
        *entry = Entry { token, interest };
        Ok(())
    }

    pub(crate) fn delete(&mut self, source: BorrowedFd<'_>) -> io::Result<()> {
        self.entries.remove(&source.as_raw_fd()).map(drop).ok_or(io::ErrorKind::NotFound.into())
    }

    /// The descriptors that are armed.
    pub(crate) fn armed(&self) -> impl Iterator<Item = (RawFd, Interest)> {
        let is_armed = |entry: &Entry| entry.interest != Interest::NONE;
        self.entries.iter().filter(move |(_, entry)| is_armed(entry)).map(|(&fd, entry)| (fd, entry.interest))
    }

    /// A descriptor is ready: its event, and it is disarmed.
    pub(crate) fn report(&mut self, fd: RawFd, readable: bool, writable: bool) -> Option<Event> {
        let entry = self.entries.get_mut(&fd)?;
        entry.interest = Interest::NONE;
        Some(Event { token: entry.token, readable, writable, hung_up: false })
    }
}
