//! Locks for green threads of one hub: waiting for one suspends the green thread, not the OS
//! thread.
//!
//! Between two suspensions nobody else runs, so data that green threads share needs no lock: a
//! `Cell` or `RefCell` in an `Rc` will do. A lock is for what must hold *across* a suspension.
//!
//! All of them serve waiters first come, first served, and never suspend when they need not wait.
//! Guards release when they are dropped, so a thread that is killed, or panics, releases what it
//! holds. There is **no poisoning**: a panic ends one green thread, and the next holder finds what
//! it left. Waiting for a lock that the thread itself holds never ends ([`ReentrantLock`]
//! excepted); if nothing else can wake anybody, the hub reports the deadlock.
//!
//! eventlet's and gevent's `lock`, and what they have of Python's `threading`.

mod barrier;
mod condvar;
pub(crate) mod guard;
mod mutex;
mod reentrant;
mod rwlock;

pub use barrier::Barrier;
pub use condvar::Condvar;
pub use mutex::{Mutex, MutexGuard};
pub use reentrant::{ReentrantLock, ReentrantLockGuard};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
