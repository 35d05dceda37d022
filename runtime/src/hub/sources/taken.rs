//! Sockets that were taken from whoever may share them, and that blocked: they do so again when
//! they go.
//!
//! Whether a socket blocks belongs to what its descriptors have in common, and not to any of them.
//! A clone that std or a child has would not block either from then on, and whoever has it may not
//! expect that. Two green sockets may be of one, on two hubs perhaps, and then it is the last of
//! them that puts it back; hence the table.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{OFlags, fcntl_getfl, fstat};
use rustix::io::ioctl_fionbio;

/// Device and inode, which a socket has from its beginning to its end, and the process that took
/// it: one that was forked puts nothing back for its parent.
type Key = (u64, u64, u32);

/// How many green sockets there are of each.
static TAKEN: Mutex<BTreeMap<Key, usize>> = Mutex::new(BTreeMap::new());

/// Tells a socket not to block. `true` says that [`put_back`] is due when it goes.
///
/// # Errors
///
/// Whatever the operating system says.
pub(crate) fn take(socket: impl AsFd) -> io::Result<bool> {
    let key = key(&socket)?;
    let mut taken = table();
    if let Some(users) = taken.get_mut(&key) {
        *users += 1;
        return Ok(true);
    }
    if fcntl_getfl(&socket)?.contains(OFlags::NONBLOCK) {
        return Ok(false);
    }
    ioctl_fionbio(&socket, true)?;
    taken.insert(key, 1);
    Ok(true)
}

/// One green socket fewer is of this one. After the last it blocks again.
pub(super) fn put_back(socket: impl AsFd) {
    // What has been asked before does not fail.
    let Ok(key) = key(&socket) else { return };
    let mut taken = table();
    let Some(users) = taken.get_mut(&key) else { return };
    *users -= 1;
    if *users == 0 {
        taken.remove(&key);
        let _ = ioctl_fionbio(&socket, false);
    }
}

fn key(socket: impl AsFd) -> io::Result<Key> {
    let stat = fstat(socket)?;
    #[allow(clippy::unnecessary_cast, reason = "they have other types elsewhere")]
    Ok((stat.st_dev as u64, stat.st_ino as u64, std::process::id()))
}

/// Nothing panics while it is locked.
fn table() -> MutexGuard<'static, BTreeMap<Key, usize>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}
