//! std's `sync`, with waits that suspend the green thread instead of blocking the OS thread.
//!
//! All of it is what std's is: `const fn new` for statics, `Send` and `Sync` for every OS thread,
//! poison, and std's own errors ([`LockResult`], [`PoisonError`], [`TryLockError`], those of
//! [`mpsc`]). Waits are green calls; whoever waits, on whatever hub, is served first come, first
//! served. OS threads that run no green threads wait through [`run`](crate::run()).
//!
//! It is for code that was written for std's, and for what OS threads share. Within one hub
//! [`lock`](crate::lock) has locks without poison that cost less, and whose deadlocks are reported;
//! [`sync`](crate::sync) has eventlet's own queue, event and semaphore for all OS threads.
//!
//! # Poison
//!
//! A guard that is dropped by a panic poisons its lock, as in std: `lock` gives the guard in a
//! [`PoisonError`] from then on. A kill or a timeout drops guards as a return does, and poisons
//! nothing.
//!
//! # Waiting for something that never comes
//!
//! As with [`sync`](crate::sync#waiting-for-something-that-never-comes), another OS thread might
//! bring it: no deadlock is reported.

mod access;
mod barrier;
mod condvar;
mod init;
mod lazy_lock;
pub mod mpsc;
mod mutex;
mod once;
mod once_lock;
mod poison;
mod rwlock;

#[cfg(all(test, loom))]
mod model;

pub use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult, Weak, atomic};

pub use barrier::{Barrier, BarrierWaitResult};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use init::{AtOnce, Diverging, Gives, Suspending};
pub use lazy_lock::LazyLock;
pub use mutex::{Mutex, MutexGuard};
pub use once::{Once, OnceState};
pub use once_lock::OnceLock;
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
