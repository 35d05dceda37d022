//! How a handler stops its server.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::greenthread::lost::report_own;
use crate::hub::current;
use crate::hub::task::{Waiter, is_trace_poll};
use crate::hub::waiter_cell::WaiterCell;

/// What a handler returns to make [`serve`](super::serve) return.
///
/// It converts into an [`io::Error`] and into a `Box<dyn Error>`, so that a handler with such a
/// result can say `Err(StopServe.into())`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopServe;

impl fmt::Display for StopServe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server is to stop")
    }
}

impl Error for StopServe {}

impl From<StopServe> for io::Error {
    fn from(stop: StopServe) -> io::Error {
        io::Error::other(stop)
    }
}

/// What a handler of [`serve`](super::serve) may return.
pub trait Handled {
    /// Does it make the server stop?
    fn is_stop(&self) -> bool;
}

impl Handled for () {
    fn is_stop(&self) -> bool {
        false
    }
}

/// `Break` stops.
impl Handled for ControlFlow<()> {
    fn is_stop(&self) -> bool {
        self.is_break()
    }
}

impl<T> Handled for Result<T, StopServe> {
    fn is_stop(&self) -> bool {
        self.is_err()
    }
}

/// Stops if the error was made from a [`StopServe`].
impl<T> Handled for io::Result<T> {
    fn is_stop(&self) -> bool {
        self.as_ref().is_err_and(|error| error.get_ref().is_some_and(|inner| inner.is::<StopServe>()))
    }
}

/// Stops if the error is a [`StopServe`], or an `io::Error` that was made from one.
impl<T> Handled for Result<T, Box<dyn Error>> {
    fn is_stop(&self) -> bool {
        is_stop(self.as_ref().err().map(|error| &**error))
    }
}

/// Stops if the error is a [`StopServe`], or an `io::Error` that was made from one.
impl<T> Handled for Result<T, Box<dyn Error + Send + Sync>> {
    fn is_stop(&self) -> bool {
        is_stop(self.as_ref().err().map(|error| &**error as &dyn Error))
    }
}

fn is_stop(error: Option<&(dyn Error + 'static)>) -> bool {
    let Some(error) = error else { return false };
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<StopServe>() || inner.is_some_and(|inner| inner.is::<StopServe>())
}

/// What a server and its handlers share.
#[derive(Default)]
pub(super) struct Serving {
    is_stopped: Cell<bool>,
    /// The server, while it waits.
    server: WaiterCell,
}

impl Serving {
    /// Takes note of how a handler ended. Nobody reads its error, so it is reported.
    pub(super) fn end_one<H: Handled + 'static>(&self, outcome: &H) {
        if !outcome.is_stop() {
            return report_own(outcome);
        }
        self.is_stopped.set(true);
        self.server.wake();
    }

    /// Drives a call unless the server is stopped; then the answer is `None`.
    pub(super) fn or_stop<G>(&self, call: impl FnOnce() -> G) -> OrStop<'_, G> {
        OrStop { call: call(), server: AtStop(self) }
    }
}

pin_project_lite::pin_project! {
    /// Drives a call unless the server is stopped; then the answer is `None`.
    pub(super) struct OrStop<'a, G> {
        #[pin]
        call: G,
        server: AtStop<'a>,
    }
}

/// The registration of the server, which is woken at the stop.
struct AtStop<'a>(&'a Serving);

impl Drop for AtStop<'_> {
    fn drop(&mut self) {
        self.0.server.clear();
    }
}

impl<G: Future> Future for OrStop<'_, G> {
    type Output = Option<G::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<G::Output>> {
        let this = self.project();
        if is_trace_poll(cx) {
            return this.call.poll(cx).map(Some);
        }
        let serving = this.server.0;
        if serving.is_stopped.get() {
            return Poll::Ready(None);
        }
        let progress = this.call.poll(cx);
        if progress.is_pending() {
            let server = current::with(|hub| Waiter::of_waker(cx.waker(), &hub.remote));
            serving.server.register(server);
        }
        progress.map(Some)
    }
}
