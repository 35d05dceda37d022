//! Noticing that the process was forked.
//!
//! The child has a copy of the hub, and with it of every green thread, but the poller behind it is
//! shared with the parent: what the child takes out of it the parent does not hear of any more. So
//! the copy is taken out of use before anybody can use it. Nothing is asked while there is no fork,
//! not even the process's number.
//!
//! The C library tells of `fork`, in the one OS thread that the child has. (A program that makes
//! the system call by itself, past the C library, is not noticed.)

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::hub::current;

/// How many forks lie between the first process of all and this one. Changed only between `fork`
/// and its return, when there is just one OS thread.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// Tells one process from those that it was forked from.
pub(crate) fn generation() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

unsafe extern "C" {
    fn pthread_atfork(
        prepare: Option<unsafe extern "C" fn()>,
        parent: Option<unsafe extern "C" fn()>,
        child: Option<unsafe extern "C" fn()>,
    ) -> std::ffi::c_int;
}

/// From now on forks are noticed.
pub(crate) fn listen() {
    static LISTENS: Once = Once::new();
    LISTENS.call_once(|| {
        // SAFETY: the declaration is POSIX's. `in_child` lives as long as the program. It takes no
        // lock and allocates nothing, as is asked of what runs in a forked process, and it cannot
        // unwind.
        let failed = unsafe { pthread_atfork(None, None, Some(in_child)) };
        // It fails where memory is short, and then forks are not noticed.
        debug_assert_eq!(failed, 0, "a fork cannot be noticed");
    });
}

unsafe extern "C" fn in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    current::after_fork();
}
