//! What makes a value once: closures that give it, or that make a green call for it.

use std::fmt;
use std::future::{Future, ready};
use std::sync::PoisonError;
use std::task::Waker;

use crate::call::Green;
use crate::loom::{self, const_unless_modelled};
use crate::sync::line::{Line, Ticket};
use crate::sync::wait::{Attempt, suspend, wake_all};

/// What a closure gives that is to make a `T`: the value itself, or a green call for it.
///
/// [`Once::call_once`](super::Once::call_once) and [`OnceLock::get_or_init`] take closures of
/// either kind: `|| 5` and `|| fetch(5)`; one that only panics will do as well. There is nothing to
/// implement; `Kind` is which of them it is, and found by the compiler, if it knows `T`: where the
/// value of a `OnceLock` is made by a green call, its type is written (`OnceLock::<u32>::new()`).
///
/// [`OnceLock::get_or_init`]: super::OnceLock::get_or_init
pub trait Gives<T, Kind> {
    #[doc(hidden)]
    fn into_call(self) -> impl Future<Output = T>;
}

/// The value is there at once.
#[derive(Debug)]
pub enum AtOnce {}

/// A green call gives the value.
#[derive(Debug)]
pub enum Suspending {}

/// No value is given: the closure does not come back.
#[derive(Debug)]
pub enum Diverging {}

/// The type `!`, which has no name yet outside of a function's result.
type Never = <fn() -> ! as Returning>::Result;

#[doc(hidden)]
pub trait Returning {
    type Result;
}

impl<T> Returning for fn() -> T {
    type Result = T;
}

impl<T> Gives<T, AtOnce> for T {
    fn into_call(self) -> impl Future<Output = T> {
        ready(self)
    }
}

impl<F: Future> Gives<F::Output, Suspending> for Green<F> {
    fn into_call(self) -> impl Future<Output = F::Output> {
        self
    }
}

impl<T> Gives<T, Diverging> for Never {
    async fn into_call(self) -> T {
        self
    }
}

/// Those who wait until something is there that comes once, and who do not make it.
pub(super) struct Arrival {
    line: loom::Mutex<Line>,
}

impl Arrival {
    const_unless_modelled! {
        /// Nobody waits.
        pub(super) const fn new() -> Self {
            Arrival { line: loom::Mutex::new(Line::new()) }
        }
    }

    /// Waits until `look` finds something. Suspends until it does, when somebody
    /// [says](Self::announce) that it is there.
    pub(super) async fn wait<T>(&self, look: impl FnMut() -> Option<T>) -> T {
        suspend(Look { arrival: self, look, ticket: None }).await
    }

    /// Says to all who wait that it is there.
    pub(super) fn announce(&self) {
        let all = self.line().notify_for(usize::MAX);
        wake_all(all);
    }

    fn line(&self) -> loom::MutexGuard<'_, Line> {
        // Nothing panics while it holds this lock.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Look<'a, L> {
    arrival: &'a Arrival,
    look: L,
    ticket: Option<Ticket>,
}

impl<T, L: FnMut() -> Option<T>> Attempt for Look<'_, L> {
    type Output = T;

    fn attempt(&mut self, waker: &Waker) -> Option<T> {
        let waker = waker.clone();
        let mut line = self.arrival.line();
        // Looked for under the lock: who announces it takes that when it is there.
        let found = (self.look)();
        let unused = match found {
            Some(_) => None,
            None => line.wait(&mut self.ticket, waker),
        };
        drop(line);
        drop(unused);
        found
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for a value that any OS thread may make")
    }
}

impl<L> Drop for Look<'_, L> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let unused = self.arrival.line().dequeue(ticket);
            drop(unused);
        }
    }
}
