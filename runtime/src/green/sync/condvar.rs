//! std's `Condvar`.

use std::fmt;
use std::sync::{LockResult, PoisonError};
use std::task::Waker;
use std::time::Duration;

use super::{Mutex, MutexGuard};
use crate::green;
use crate::loom::{self, const_unless_modelled};
use crate::sync::line::{Line, Ticket};
use crate::sync::wait::{Attempt, suspend, wake_all};
use crate::timeout::{Deadline, with_timeout};

/// A line in which threads wait, their mutex unlocked, until another one notifies them: std's
/// `Condvar`, whose waits suspend.
///
/// It may be used with several mutexes at a time. No wait ends without a notification; still, when
/// the mutex is locked again, another thread may have changed the value since:
/// [`wait_while`](Self::wait_while) looks.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::std::sync::{Condvar, Mutex};
/// use eventlet::green::std::thread;
///
/// static STARTED: Mutex<bool> = Mutex::new(false);
/// static CHANGED: Condvar = Condvar::new();
///
/// #[green]
/// fn start() {
///     *STARTED.lock().unwrap() = true;
///     CHANGED.notify_one();
/// }
///
/// #[green]
/// fn main() {
///     thread::spawn(start);
///     let started = STARTED.lock().unwrap();
///     let started = CHANGED.wait_while(started, |started| !*started).unwrap();
///     assert!(*started);
/// }
/// ```
pub struct Condvar {
    line: loom::Mutex<Line>,
}

/// Whether a wait with a limit ended with that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Was the limit over?
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    const_unless_modelled! {
        /// A line with nobody in it.
        pub const fn new() -> Self {
            Condvar { line: loom::Mutex::new(Line::new()) }
        }
    }

    /// Unlocks, waits to be notified, and locks again. Suspends until then.
    ///
    /// # Errors
    ///
    /// The guard as well, if the mutex is poisoned when it is locked again.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout leaves the mutex unlocked; a notification that was on its way goes to the
    /// next in line.
    #[green(crate = crate)]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let mutex = guard.mutex();
        suspend(Notified::new(self, guard)).await;
        self.lock_again(mutex)
    }

    /// Locks for a thread that was notified.
    #[green(crate = crate)]
    fn lock_again<'a, T>(&self, mutex: &'a Mutex<T>) -> LockResult<MutexGuard<'a, T>> {
        let unheard = Unheard { condvar: self };
        let result = mutex.lock();
        std::mem::forget(unheard);
        result
    }

    /// Waits, unlocked, until `condition` is false of the value. Suspends until then; not at all if
    /// it is at once.
    ///
    /// `condition` is called with the mutex locked.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Cancel safety
    ///
    /// As [`wait`](Self::wait).
    #[green(crate = crate)]
    pub fn wait_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: F,
    ) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut *guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Unlocks, waits to be notified for at most `limit`, and locks again, however long that takes.
    /// Suspends until then.
    ///
    /// # Errors
    ///
    /// What it gives else, if the mutex is poisoned when it is locked again.
    ///
    /// # Cancel safety
    ///
    /// As [`wait`](Self::wait).
    #[green(crate = crate)]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let mutex = guard.mutex();
        let notified = with_timeout(limit, || suspend(Notified::new(self, guard)));
        let result = WaitTimeoutResult(notified.is_err());
        let locked = if result.timed_out() { mutex.lock() } else { self.lock_again(mutex) };
        match locked {
            Ok(guard) => Ok((guard, result)),
            Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), result))),
        }
    }

    /// Waits, unlocked, until `condition` is false of the value, for at most `limit`. Suspends
    /// until then; not at all if it is at once.
    ///
    /// # Errors
    ///
    /// As [`wait_timeout`](Self::wait_timeout).
    ///
    /// # Cancel safety
    ///
    /// As [`wait`](Self::wait).
    #[green(crate = crate)]
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        limit: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        let deadline = Deadline::after(limit);
        loop {
            if !condition(&mut *guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            // Of a deadline that the clock does not reach nothing is ever left.
            let left = deadline.remaining().unwrap_or(Duration::MAX);
            if left.is_zero() {
                return Ok((guard, WaitTimeoutResult(true)));
            }
            guard = self.wait_timeout(guard, left)?.0;
        }
    }

    /// Notifies the first in line, if there is one. Does not suspend.
    pub fn notify_one(&self) {
        let notified = self.line().notify_first();
        notified.into_iter().for_each(Waker::wake);
    }

    /// Notifies everybody in line, in order. Does not suspend.
    pub fn notify_all(&self) {
        let notified = self.line().notify_for(usize::MAX);
        wake_all(notified);
    }

    fn line(&self) -> loom::MutexGuard<'_, Line> {
        // Nothing panics while it holds this lock.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Condvar {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
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

/// Waits to be notified. The mutex is unlocked when it stands in its line: whoever changes the
/// value from then on finds it there.
struct Notified<'a, 'b, T> {
    condvar: &'a Condvar,
    guard: Option<MutexGuard<'b, T>>,
    ticket: Option<Ticket>,
}

impl<'a, 'b, T> Notified<'a, 'b, T> {
    fn new(condvar: &'a Condvar, guard: MutexGuard<'b, T>) -> Self {
        Notified { condvar, guard: Some(guard), ticket: None }
    }
}

impl<T> Attempt for Notified<'_, '_, T> {
    type Output = ();

    fn attempt(&mut self, waker: &Waker) -> Option<()> {
        let waker = waker.clone();
        let mut line = self.condvar.line();
        if let Some(ticket) = self.ticket.take_if(|ticket| line.is_notified(*ticket)) {
            let unused = line.dequeue(ticket);
            drop(line);
            drop(unused);
            return Some(());
        }
        let unused = line.wait(&mut self.ticket, waker);
        drop(line);
        drop(unused);
        self.guard = None;
        None
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("to be notified by a condvar of all OS threads")
    }
}

impl<T> Drop for Notified<'_, '_, T> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut line = self.condvar.line();
        let is_notified = line.is_notified(ticket);
        let unused = line.dequeue(ticket);
        let next = if is_notified { line.notify_first() } else { None };
        drop(line);
        drop(unused);
        next.into_iter().for_each(Waker::wake);
    }
}
