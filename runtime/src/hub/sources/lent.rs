//! Descriptors that are somebody else's, for as long as a green thread waits for them.
//!
//! What the poller watches is a duplicate that this table owns, because nothing keeps the original
//! open when a wait is forgotten (`mem::forget`): a number that was closed, or is a stranger's by
//! then, must not be with the poller. Waits for one descriptor share one duplicate, found by the
//! original's number.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::fs::{OFlags, fcntl_getfl, fstat};

use super::Sources;
use super::source::add;
use crate::hub::Hub;
use crate::hub::task::Waiter;

/// By the number of the original.
pub(super) type LentTable = BTreeMap<RawFd, Lent>;

pub(super) struct Lent {
    slot: u32,
    users: usize,
    watched: OwnedFd,
}

/// What is left of a registration: dropped when nothing is borrowed.
pub(super) struct Leftover {
    watched: OwnedFd,
    _waiters: [Option<Waiter>; 2],
}

impl Sources {
    /// One wait more for this descriptor, if one waits for it already.
    fn share(&mut self, source: BorrowedFd<'_>) -> Option<u32> {
        let lent = self.lent.get_mut(&source.as_raw_fd())?;
        // Every wait for the number borrows the descriptor, so that another one with the number
        // says that the waits for the old one were forgotten.
        if !are_one(&lent.watched, source) {
            return None;
        }
        lent.users += 1;
        Some(lent.slot)
    }

    /// Takes the whole registration of a number out.
    fn take_lent(&mut self, number: RawFd) -> Option<Leftover> {
        let lent = self.lent.remove(&number)?;
        Some(Leftover { watched: lent.watched, _waiters: self.release(lent.slot) })
    }

    /// One wait fewer uses this slot. What is left after the last comes back.
    fn let_go(&mut self, number: RawFd, slot: u32) -> Option<Leftover> {
        let lent = self.lent.get_mut(&number).filter(|lent| lent.slot == slot)?;
        lent.users -= 1;
        if lent.users == 0 { self.take_lent(number) } else { None }
    }

    /// The duplicate that is watched for this number.
    pub(super) fn watched(&self, number: RawFd) -> Option<BorrowedFd<'_>> {
        self.lent.get(&number).map(|lent| lent.watched.as_fd())
    }
}

/// Registers a descriptor of somebody else's, or shares its registration, and gives the slot.
///
/// # Errors
///
/// Whatever the operating system says: too many descriptors, or one that cannot be watched.
pub(super) fn register(hub: &Hub, source: BorrowedFd<'_>) -> io::Result<u32> {
    let number = source.as_raw_fd();
    let shared = hub.reactor.sources.borrow_mut().share(source);
    if let Some(slot) = shared {
        return Ok(slot);
    }
    let forgotten = hub.reactor.sources.borrow_mut().take_lent(number);
    end(hub, forgotten);
    let watched = source.try_clone_to_owned()?;
    let slot = add(hub, watched.as_fd(), number, true)?;
    hub.reactor.sources.borrow_mut().lent.insert(number, Lent { slot, users: 1, watched });
    Ok(slot)
}

/// One wait fewer: the last one ends the registration.
pub(super) fn forget(hub: &Hub, number: RawFd, slot: u32) {
    let leftover = hub.reactor.sources.borrow_mut().let_go(number, slot);
    end(hub, leftover);
}

fn end(hub: &Hub, leftover: Option<Leftover>) {
    if let Some(leftover) = leftover {
        // An error here says that the poller has forgotten the descriptor already.
        let _ = hub.reactor.poller.borrow_mut().delete(leftover.watched.as_fd());
    }
}

/// Do both stand for the same end of the same thing? `false` if that cannot be found out.
fn are_one(one: impl AsFd, other: impl AsFd) -> bool {
    let what = |fd: BorrowedFd<'_>| {
        let stat = fstat(fd)?;
        Ok::<_, rustix::io::Errno>((stat.st_dev, stat.st_ino, fcntl_getfl(fd)? & OFlags::ACCMODE))
    };
    matches!((what(one.as_fd()), what(other.as_fd())), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::hub::current;

    #[test]
    fn waits_for_one_descriptor_share_a_duplicate_until_the_last_lets_go() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let number = ours.as_raw_fd();
        current::with(|hub| {
            let slot = register(hub, ours.as_fd()).unwrap();
            assert_eq!(register(hub, ours.as_fd()).unwrap(), slot);
            let watched = hub.reactor.sources.borrow().watched(number).unwrap().as_raw_fd();
            assert_ne!(watched, number);
            forget(hub, number, slot);
            assert_eq!(hub.reactor.sources.borrow().len(), 1);
            forget(hub, number, slot);
            assert_eq!(hub.reactor.sources.borrow().len(), 0);
            assert!(hub.reactor.sources.borrow().watched(number).is_none());
        });
    }

    #[test]
    fn what_was_forgotten_gives_way_to_the_next_descriptor_with_its_number() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let number = ours.as_raw_fd();
        let (others, _) = UnixStream::pair().unwrap();
        current::with(|hub| {
            let _forgotten = register(hub, ours.as_fd()).unwrap();
            // As if the number had been closed and given out again.
            let lent = hub.reactor.sources.borrow_mut().lent.remove(&number).unwrap();
            let others_number = others.as_raw_fd();
            hub.reactor.sources.borrow_mut().lent.insert(others_number, lent);
            let slot = register(hub, others.as_fd()).unwrap();
            assert_eq!(hub.reactor.sources.borrow().len(), 1);
            forget(hub, others_number, slot);
            assert_eq!(hub.reactor.sources.borrow().len(), 0);
        });
    }
}
