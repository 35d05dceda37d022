//! Locks on files, which processes keep each other out with.

use std::fmt;
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::file::Shared;
use crate::green::io::{Error, ErrorKind, Result};
use crate::green::os::unix::net::pauses::Pauses;
use crate::hub::failed::cannot;
use crate::{green, tpool};

/// Why a file was not locked at once: std's `TryLockError`.
pub enum TryLockError {
    /// Whatever the operating system says.
    Error(Error),
    /// Somebody else has locked it.
    WouldBlock,
}

impl std::error::Error for TryLockError {}

impl fmt::Debug for TryLockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryLockError::Error(error) => error.fmt(f),
            TryLockError::WouldBlock => f.write_str("WouldBlock"),
        }
    }
}

impl fmt::Display for TryLockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryLockError::Error(error) => error.fmt(f),
            TryLockError::WouldBlock => f.write_str("the file is locked by somebody else"),
        }
    }
}

impl From<TryLockError> for Error {
    fn from(error: TryLockError) -> Error {
        match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => ErrorKind::WouldBlock.into(),
        }
    }
}

/// Which lock.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// One holder and nobody else.
    Exclusive,
    /// Any number of holders of this kind.
    Shared,
}

/// Locks, and asks again at growing distances while somebody else holds the file.
///
/// No OS thread blocks meanwhile: those that wait would be missing where whoever holds the lock
/// works on the file.
#[green(crate = crate)]
pub(super) fn lock(file: &Arc<Shared>, kind: Kind) -> Result<()> {
    let mut pauses = Pauses::default();
    while !try_lock(file, kind)? {
        pauses.pause();
    }
    Ok(())
}

/// Locks if nobody else holds the file in a way that keeps this out.
#[green(crate = crate)]
pub(super) fn try_lock(file: &Arc<Shared>, kind: Kind) -> Result<bool> {
    let file = file.clone();
    let taken = tpool::execute_io(move || take(file, kind))?;
    Ok(taken.map(Taken::keep).is_some())
}

#[green(crate = crate)]
pub(super) fn unlock(file: &Arc<Shared>) -> Result<()> {
    let file = file.clone();
    tpool::execute_io(move || {
        let unlocked = rustix::io::retry_on_intr(|| flock(&file.file, FlockOperation::Unlock));
        unlocked.map_err(|error| cannot(|| "unlock the file")(error.into()))
    })
}

/// On another OS thread.
fn take(file: Arc<Shared>, kind: Kind) -> Result<Option<Taken>> {
    let operation = match kind {
        Kind::Exclusive => FlockOperation::NonBlockingLockExclusive,
        Kind::Shared => FlockOperation::NonBlockingLockShared,
    };
    loop {
        match flock(&file.file, operation) {
            Ok(()) => return Ok(Some(Taken(Some(file)))),
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(Errno::INTR) => {}
            Err(error) => return Err(cannot(|| "lock the file")(error.into())),
        }
    }
}

/// A lock that nobody knows of yet: given back if whoever wanted it has gone.
struct Taken(Option<Arc<Shared>>);

impl Taken {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(file) = &self.0 {
            // Where it was taken it can be given back.
            let _ = flock(&file.file, FlockOperation::Unlock);
        }
    }
}
