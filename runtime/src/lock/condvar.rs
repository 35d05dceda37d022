//! Waiting for something to become true of what a mutex guards.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use super::{Mutex, MutexGuard};
use crate::call::Green;
use crate::green;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::wait_queue::{Queued, WaitList};
use crate::hub::{wake, wake_all};
use crate::timeout::{Timeout, with_timeout};

/// A line in which threads wait, their mutex unlocked, until another one notifies them.
///
/// No wait ends without a notification; still, when the mutex is locked again, another thread may
/// have changed the value since: [`wait_while`](Self::wait_while) looks. What changes without
/// suspending in between needs no mutex and no condition: an [`Event`](crate::Event), a
/// [`Flag`](crate::event::Flag) or a [`Queue`](crate::Queue) will do.
///
/// # Examples
///
/// ```
/// use std::rc::Rc;
/// use eventlet::lock::{Condvar, Mutex};
/// use eventlet::{green, spawn};
///
/// #[green]
/// fn start(pair: Rc<(Mutex<bool>, Condvar)>) {
///     *pair.0.lock() = true;
///     pair.1.notify_one();
/// }
///
/// #[green]
/// fn main() {
///     let pair = Rc::new((Mutex::new(false), Condvar::new()));
///     let handle = pair.clone();
///     spawn(move || start(handle));
///     let started = pair.0.lock();
///     let started = pair.1.wait_while(started, |started| !*started);
///     assert!(*started);
/// }
/// ```
///
/// Python's `threading.Condition`.
#[doc(alias = "Condition")]
#[derive(Default)]
pub struct Condvar {
    line: RefCell<WaitList>,
}

impl Condvar {
    /// A line with nobody in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Unlocks, waits to be notified, and locks again. Suspends until then.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout leaves the mutex unlocked; a notification that was on its way goes to the
    /// next in line.
    #[green(by_hand = "a wait, and little else")]
    pub fn wait<'a, T: ?Sized>(
        &self,
        guard: MutexGuard<'a, T>,
    ) -> Green<impl Future<Output = MutexGuard<'a, T>>> {
        Green::new(async move { self.lock_again(self.notified(guard).await).await })
    }

    /// Waits, unlocked, until `condition` is false of the value. Suspends until then; not at all if
    /// it is at once.
    ///
    /// `condition` is called with the mutex locked.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout leaves the mutex unlocked.
    #[green(by_hand = "a wait, and little else")]
    pub fn wait_while<'a, T: ?Sized, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: F,
    ) -> Green<impl Future<Output = MutexGuard<'a, T>>>
    where
        F: FnMut(&mut T) -> bool,
    {
        Green::new(async move {
            while condition(&mut guard) {
                guard = self.lock_again(self.notified(guard).await).await;
            }
            guard
        })
    }

    /// Unlocks, waits to be notified for at most `limit`, and locks again, however long that takes.
    ///
    /// The guard comes back in either case; beside it stands whether the limit was over first.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout leaves the mutex unlocked; a notification that was on its way goes to the
    /// next in line.
    #[green(by_hand = "a wait, and little else")]
    pub fn wait_timeout<'a, T: ?Sized>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> Green<impl Future<Output = (MutexGuard<'a, T>, Result<(), Timeout>)>> {
        Green::new(async move {
            let mutex = guard.mutex();
            match with_timeout(limit, || self.notified(guard)).await {
                Ok(mutex) => (self.lock_again(mutex).await, Ok(())),
                Err(timeout) => (mutex.lock().await, Err(timeout)),
            }
        })
    }

    /// Notifies the first in line, if there is one. Does not suspend.
    pub fn notify_one(&self) {
        let notified = self.line.borrow_mut().notify_first();
        notified.into_iter().for_each(wake);
    }

    /// Notifies everybody in line, in order. Does not suspend.
    pub fn notify_all(&self) {
        let notified = self.line.borrow_mut().notify_all();
        wake_all(notified);
    }

    /// How many threads wait to be notified.
    pub fn waiting(&self) -> usize {
        self.line.borrow().len()
    }

    /// Unlocks and waits to be notified.
    async fn notified<'a, T: ?Sized>(&self, guard: MutexGuard<'a, T>) -> &'a Mutex<T> {
        let mutex = guard.mutex();
        // Nobody else runs between the unlocking and the joining of the line.
        drop(guard);
        until(Notified { condvar: self, place: Queued::new(&self.line) }).await;
        mutex
    }

    /// Locks for a thread that was notified.
    async fn lock_again<'a, T: ?Sized>(&self, mutex: &'a Mutex<T>) -> MutexGuard<'a, T> {
        let unheard = Unheard { condvar: self };
        let guard = mutex.lock().await;
        std::mem::forget(unheard);
        guard
    }
}

/// A notification of which its thread has made nothing yet: if that ends, the next in line has it.
struct Unheard<'a> {
    condvar: &'a Condvar,
}

impl Drop for Unheard<'_> {
    fn drop(&mut self) {
        self.condvar.notify_one();
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").field("waiting", &self.waiting()).finish()
    }
}

struct Notified<'a> {
    condvar: &'a Condvar,
    place: Queued<&'a RefCell<WaitList>>,
}

impl Wait for Notified<'_> {
    type Output = ();

    /// It must stand in its line before others run: the mutex is open already.
    const IS_COUNTED: bool = false;

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        self.place.wait(waiting).then_some(())
    }

    fn is_settled(&self) -> bool {
        self.place.is_in_line()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "to be notified by a condvar ({} waiting)", self.condvar.waiting())
    }
}

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        if self.place.leave() {
            self.condvar.notify_one();
        }
    }
}
