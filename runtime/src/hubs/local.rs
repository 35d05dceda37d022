//! The hub of this OS thread as an executor.

use std::future::Future;

use crate::greenthread::spawn_n;

/// An executor for libraries that ask for one: what it is given runs as a green thread of this OS
/// thread's hub.
///
/// It has no state: a `Local` means the hub of the OS thread on which it is used. What it runs need
/// not be `Send`. With the feature `hyper` it is `hyper::rt::Executor` for every future.
///
/// ```
/// use eventlet::{Event, green, hubs::Local};
///
/// #[green]
/// fn main() {
///     let done = Event::new();
///     let sent = done.clone();
///     Local.execute(async move { sent.send(7) });
///     assert_eq!(done.wait(), 7);
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Local;

impl Local {
    /// Runs `future` as a green thread, of which nothing more is heard; a panic in it is reported.
    /// Does not suspend.
    pub fn execute<F>(&self, future: F)
    where
        F: Future + 'static,
    {
        spawn_n(move || async move {
            future.await;
        });
    }
}
