//! std's `thread`, with green threads.
//!
//! What is [spawned](spawn) here is a green thread of this OS thread's hub, so nothing needs to be
//! `Send`.

use std::any::Any;
use std::fmt;
use std::io;
use std::time::Duration;

use crate::call::{GreenCall, MakesGreenCall};
use crate::green;
use crate::greenthread::GreenThread;
use crate::hub::exit::Exit;

mod local;
mod park;
mod scope;

pub use std::thread::{AccessError, Result, available_parallelism, panicking};

#[doc(inline)]
pub use crate::__green_thread_local as thread_local;
pub use crate::greenthread::{Thread, current, sleep};
pub use local::LocalKey;
pub use park::{park, park_timeout};
pub use scope::{Scope, ScopedJoinHandle, scope};

/// Starts a green thread. Does not suspend.
///
/// [`greenthread::spawn`](crate::greenthread::spawn) with std's handle.
///
/// # Panics
///
/// As that.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::thread;
///
/// #[green]
/// fn double(n: u32) -> u32 {
///     2 * n
/// }
///
/// #[green]
/// fn main() {
///     let handle = thread::spawn(|| double(21));
///     assert_eq!(handle.join().unwrap(), 42);
/// }
/// ```
#[track_caller]
pub fn spawn<F, G>(f: F) -> JoinHandle<G::Value>
where
    F: MakesGreenCall<G> + 'static,
    G: GreenCall + 'static,
    G::Value: 'static,
{
    JoinHandle(crate::greenthread::spawn(f))
}

/// Yields once: every thread that is ready now runs first. Suspends until then.
///
/// # Cancel safety
///
/// A kill or timeout here loses nothing.
#[green(crate = crate)]
pub fn yield_now() {
    sleep(Duration::ZERO);
}

/// The right to wait for a green thread's value. Dropping it detaches the thread.
pub struct JoinHandle<T>(GreenThread<T>);

impl<T> JoinHandle<T> {
    /// Waits for the thread's end. Suspends until then; not at all if it has ended.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here leaves the thread running, detached.
    ///
    /// # Errors
    ///
    /// The value that the thread panicked with; [`Exit::Killed`] if it was killed.
    ///
    /// # Panics
    ///
    /// If it is the running thread: that would never end.
    #[green(crate = crate)]
    pub fn join(self) -> Result<T> {
        self.0.join().map_err(|exit| match exit {
            Exit::Panicked(panic) => panic.into_payload(),
            exit => Box::new(exit) as Box<dyn Any + Send>,
        })
    }

    /// The handle without the right to the value.
    pub fn thread(&self) -> &Thread {
        self.0.thread()
    }

    /// Has it returned, panicked, or been killed?
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How to start a green thread: std's `Builder`.
#[derive(Debug, Default)]
#[must_use = "nothing is started before `spawn`"]
pub struct Builder {
    name: Option<String>,
}

impl Builder {
    /// Nothing special.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the thread, for messages.
    pub fn name(mut self, name: String) -> Self {
        self.name = Some(name);
        self
    }

    /// Means nothing here: a green thread has no stack.
    pub fn stack_size(self, _bytes: usize) -> Self {
        self
    }

    /// Starts the thread in a scope, as [`Scope::spawn`] does. The name is not kept: what runs in a
    /// scope is a branch of the green thread around it.
    ///
    /// # Errors
    ///
    /// None; the result has std's type.
    ///
    /// # Panics
    ///
    /// As [`Scope::spawn`].
    #[track_caller]
    pub fn spawn_scoped<'env, F, G>(
        self,
        scope: &Scope<'env>,
        f: F,
    ) -> io::Result<ScopedJoinHandle<'env, G::Value>>
    where
        F: MakesGreenCall<G> + 'env,
        G: GreenCall + 'env,
        G::Value: 'env,
    {
        Ok(scope.spawn(f))
    }

    /// Starts the thread, as [`spawn`] does.
    ///
    /// # Errors
    ///
    /// None; the result has std's type.
    ///
    /// # Panics
    ///
    /// As [`spawn`].
    #[track_caller]
    pub fn spawn<F, G>(self, f: F) -> io::Result<JoinHandle<G::Value>>
    where
        F: MakesGreenCall<G> + 'static,
        G: GreenCall + 'static,
        G::Value: 'static,
    {
        let handle = spawn(f);
        if let Some(name) = &self.name {
            handle.thread().set_name(name);
        }
        Ok(handle)
    }
}
