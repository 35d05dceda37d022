//! The handle of a scoped thread.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::rc::Rc;

use super::shared::{Shared, Threads};
use crate::branch::branches::BranchKey;
use crate::call::Green;
use crate::green;
use crate::hub::exit::Exit;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::waiter_cell::WaiterCell;

/// The right to wait for the value of a thread in a [`scope`](crate::scope()).
///
/// Dropping it loses that right, and nothing else: the scope waits for the thread all the same.
pub struct ScopedThread<'env, T> {
    key: BranchKey,
    end: Rc<End<T>>,
    threads: Rc<dyn Threads + 'env>,
}

impl<'env, T: 'env> ScopedThread<'env, T> {
    #[track_caller]
    pub(super) fn spawn<F, G, E: 'env>(
        shared: &Rc<Shared<'env, E>>,
        f: F,
        split: fn(G::Output) -> Result<T, E>,
    ) -> Self
    where
        F: FnOnce() -> G + 'env,
        G: Future + 'env,
    {
        let end = Rc::new(End::new());
        // Made first, so dropped last: whoever waits finds that the thread's state has gone.
        let ending = Ending(end.clone());
        let call = Box::pin(async move {
            let ending = ending;
            let value = split(f().await)?;
            ending.0.set(Ok(value));
            Ok(())
        });
        let Ok(key) = shared.branches.add(call) else {
            panic!("the scope has ended\nhelp: spawn while its body or one of its threads runs");
        };
        ScopedThread { key, end, threads: shared.clone() }
    }
}

impl<T> ScopedThread<'_, T> {
    /// Waits for the thread's value. Suspends until the thread has ended; not at all if it has.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here leaves the thread running.
    ///
    /// # Panics
    ///
    /// If the thread was [killed](Self::kill); [`join`](Self::join) has that as a value. (If it
    /// panicked, the panic comes out of the scope, and nobody who waits in it is left.)
    #[green(by_hand = "a wait, and little else")]
    pub fn wait(self) -> Green<impl Future<Output = T>> {
        Green::new(async move { self.join().await.unwrap_or_else(|exit| exit.raise()) })
    }

    /// Waits for the thread's end. Suspends until the thread has ended; not at all if it has.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here leaves the thread running.
    ///
    /// # Errors
    ///
    /// [`Exit::Killed`] if the thread was [killed](Self::kill), or the scope failed before it had
    /// its value.
    #[green(by_hand = "a wait, and little else")]
    pub fn join(self) -> Green<impl Future<Output = Result<T, Exit>>> {
        Green::new(async move { until(Joined { end: &self.end, number: self.number() }).await })
    }

    /// Ends the thread alone. Does not suspend. That is no failure: the scope goes on.
    ///
    /// A suspended thread is dropped where it stands; its destructors have run when this returns,
    /// and if one panics, that comes out of the scope. A thread that kills itself ends at its next
    /// suspension. One that has ended stays as it is.
    pub fn kill(&self) {
        self.threads.kill(self.key);
    }

    /// Ends the thread if it has not begun; does nothing otherwise. Does not suspend.
    pub fn cancel(&self) {
        if !self.is_started() {
            self.kill();
        }
    }

    /// Has it returned, or been ended?
    pub fn is_finished(&self) -> bool {
        self.end.is_over.get()
    }

    /// Has it begun? (It may have ended since.)
    pub fn is_started(&self) -> bool {
        self.threads.is_started(self.key)
    }

    /// Its number in its scope, where the first is 1: `branch 1` in a report.
    pub fn number(&self) -> u64 {
        self.key.number()
    }
}

impl<T> fmt::Debug for ScopedThread<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedThread")
            .field("number", &self.number())
            .field("finished", &self.is_finished())
            .finish()
    }
}

/// Where a thread leaves its value.
struct End<T> {
    result: RefCell<Option<Result<T, Exit>>>,
    is_over: Cell<bool>,
    waiter: WaiterCell,
}

impl<T> End<T> {
    fn new() -> Self {
        End { result: RefCell::new(None), is_over: Cell::new(false), waiter: WaiterCell::default() }
    }

    fn set(&self, result: Result<T, Exit>) {
        if self.is_over.replace(true) {
            return;
        }
        self.result.replace(Some(result));
        self.waiter.wake();
    }
}

/// Sees to it that the end is known, however it comes.
struct Ending<T>(Rc<End<T>>);

impl<T> Drop for Ending<T> {
    fn drop(&mut self) {
        self.0.set(Err(Exit::Killed));
    }
}

/// Waits for the end of a scoped thread. There is one waiter, since it consumes the handle.
struct Joined<'a, T> {
    end: &'a End<T>,
    number: u64,
}

impl<T> Wait for Joined<'_, T> {
    type Output = Result<T, Exit>;

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<Result<T, Exit>> {
        let result = self.end.result.take();
        if result.is_none() {
            self.end.waiter.register(waiting.waiter());
        }
        result
    }

    fn is_settled(&self) -> bool {
        self.end.waiter.is_registered() || self.end.is_over.get()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for branch {} to end", self.number)
    }
}

impl<T> Drop for Joined<'_, T> {
    fn drop(&mut self) {
        self.end.waiter.clear();
    }
}
