//! Blocking calls on other OS threads, while the green threads go on: eventlet's `tpool`, gevent's
//! `threadpool`.
//!
//! [`execute`] is for a call here and there, and uses the OS threads that each hub keeps for this.
//! A [`ThreadPool`] is a number of OS threads of its own; a [`Proxy`] is an object whose methods
//! block.
//!
//! # The end
//!
//! When a hub ends with its OS thread, or a [`ThreadPool`] with its last handle, calls that nobody
//! waits for and that have not begun are dropped, and idle OS threads end. A call that is at work
//! goes on to its end: nobody waits for it, and when `main` returns the process ends with it in the
//! middle, as for every OS thread that is not joined. [`killall`] waits.

use std::io;

use crate::green;
use crate::hub::current;

mod job;
mod pool;
mod proxy;
mod workers;

#[cfg(all(test, loom))]
mod model;

pub use pool::ThreadPool;
pub use proxy::Proxy;

/// How many OS threads a hub may have for this, if nobody says.
const DEFAULT_SIZE: usize = 20;
/// Says otherwise.
const SIZE_VARIABLE: &str = "EVENTLET_THREADPOOL_SIZE";

/// Calls `f` on another OS thread, and gives what it gives. Suspends until then, always; other
/// green threads go on.
///
/// The OS threads are the hub's own, up to 20 or what `EVENTLET_THREADPOOL_SIZE` or
/// [`set_num_threads`] says; they are started when they are needed. With all of them at work `f`
/// waits its turn, first come first served; that queue has no limit.
///
/// An `f` that has not begun is not called; one that has goes on to its end, and what it gives is
/// dropped over there.
///
/// # Cancel safety
///
/// A kill or timeout lets go at once.
///
/// # Panics
///
/// Raises the panic of `f`, which was printed when it happened; panics if the operating system
/// starts no OS thread for it and there is none: [`try_execute`] has that as a value.
///
/// # Examples
///
/// ```
/// use eventlet::{green, tpool};
///
/// #[green]
/// fn main() {
///     let here = std::thread::current().id();
///     let there = tpool::execute(|| std::thread::current().id());
///     assert_ne!(here, there);
/// }
/// ```
#[doc(alias = "spawn_blocking")]
#[green(crate = crate)]
pub fn execute<F, T>(f: F) -> T
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let pool = hubs_own();
    if pool.size() == 0 {
        return f();
    }
    pool.apply(f).await
}

/// Like [`execute`], for callers that can do without.
///
/// # Cancel safety
///
/// As in [`execute`].
///
/// # Errors
///
/// The operating system's, if it starts no OS thread and there is none that could make the call.
/// `f` is not called then, and is dropped; later calls try again.
///
/// # Panics
///
/// Raises the panic of `f`, which was printed when it happened.
#[green(crate = crate)]
pub fn try_execute<F, T>(f: F) -> io::Result<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let pool = hubs_own();
    if pool.size() == 0 {
        return Ok(f());
    }
    pool.try_apply(f).await
}

/// The same for a call that gives an `io::Result` of its own.
#[green(crate = crate)]
pub(crate) fn execute_io<F, T>(f: F) -> io::Result<T>
where
    F: FnOnce() -> io::Result<T> + Send + 'static,
    T: Send + 'static,
{
    try_execute(f)?
}

/// Looks something up that may take its time for reasons of the network. Such calls have OS threads
/// of their own, up to 20 a hub, so that jobs that are long do not delay them, nor they the jobs.
#[green(crate = crate)]
pub(crate) fn look_up<F, T>(f: F) -> io::Result<T>
where
    F: FnOnce() -> io::Result<T> + Send + 'static,
    T: Send + 'static,
{
    // Whoever wants no OS threads wants none for this either.
    if hubs_own().size() == 0 {
        return f();
    }
    let pool = for_names();
    pool.try_apply(f).await?
}

/// Sets how many OS threads this hub may have for [`execute`]; zero makes `execute` call `f` where
/// it stands, blocking.
///
/// More are started when they are needed; too many end when they next have nothing to do.
/// eventlet's `set_num_threads`.
pub fn set_num_threads(count: usize) {
    hubs_own().resize(count);
}

/// Waits until every call of [`execute`] is over and this hub's OS threads for it have ended.
/// Suspends until then.
///
/// Others are started when they are needed again.
///
/// # Cancel safety
///
/// A kill or timeout here loses nothing. eventlet's `killall`.
#[green(crate = crate)]
pub fn killall() {
    let pool = hubs_own();
    pool.killall().await;
    let pool = for_names();
    pool.killall().await
}

/// What a hub keeps for this: made on first use, ended with the hub.
struct HubsOwn(ThreadPool);

impl Default for HubsOwn {
    fn default() -> Self {
        HubsOwn(ThreadPool::new(size_from_environment()))
    }
}

/// The OS threads on which names are looked up.
struct ForNames(ThreadPool);

impl Default for ForNames {
    fn default() -> Self {
        ForNames(ThreadPool::new(DEFAULT_SIZE))
    }
}

fn for_names() -> ThreadPool {
    current::with(|hub| hub.extensions.get::<ForNames>()).0.clone()
}

fn hubs_own() -> ThreadPool {
    current::with(|hub| hub.extensions.get::<HubsOwn>()).0.clone()
}

/// # Panics
///
/// If the variable is set to something that is no number.
fn size_from_environment() -> usize {
    match std::env::var(SIZE_VARIABLE) {
        Ok(text) => text.trim().parse().unwrap_or_else(|_| {
            panic!("{SIZE_VARIABLE} is `{text}`\nhelp: it takes the number of OS threads, or 0 for none")
        }),
        Err(_) => DEFAULT_SIZE,
    }
}
