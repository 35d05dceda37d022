//! One thread at a time, as often as it likes.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::time::Duration;

use super::guard::shown_as_its_value;
use crate::call::Green;
use crate::green;
use crate::hub::current;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::semaphore::permits::{Acquire, Permits};
use crate::timeout::{Timeout, with_timeout};

/// A value that one green thread at a time may use, which may lock it again while it holds it.
///
/// The owner is the green thread that locked it, whatever state machine in it did. As there may be
/// several guards, they give shared access only; put a `Cell` or `RefCell` inside to change the
/// value.
///
/// # Examples
///
/// ```
/// use std::cell::Cell;
/// use eventlet::green;
/// use eventlet::lock::ReentrantLock;
///
/// #[green]
/// fn count_down(lock: &ReentrantLock<Cell<u32>>) {
///     let count = lock.lock();
///     if count.get() > 0 {
///         count.set(count.get() - 1);
///         count_down(lock);
///     }
/// }
///
/// #[green]
/// fn main() {
///     let lock = ReentrantLock::new(Cell::new(3));
///     count_down(&lock);
///     assert_eq!(lock.lock().get(), 0);
/// }
/// ```
///
/// gevent's and Python's `RLock`. There it stays locked if its owner ends; here the guards release
/// it.
#[doc(alias = "RLock")]
pub struct ReentrantLock<T: ?Sized> {
    owning: Owning,
    value: T,
}

/// Shared access to what is in a [`ReentrantLock`], until it is dropped.
#[must_use = "a guard that is not kept unlocks at once"]
pub struct ReentrantLockGuard<'a, T: ?Sized> {
    lock: &'a ReentrantLock<T>,
}

struct Owning {
    permit: Permits,
    owner: Cell<Option<u64>>,
    depth: Cell<usize>,
}

impl<T> ReentrantLock<T> {
    /// An unlocked lock.
    pub fn new(value: T) -> Self {
        let owning = Owning { permit: Permits::new(1), owner: Cell::new(None), depth: Cell::new(0) };
        ReentrantLock { owning, value }
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: ?Sized> ReentrantLock<T> {
    /// Locks. Suspends while another green thread holds it, until it is this one's turn.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(by_hand = "a wait, and little else")]
    pub fn lock(&self) -> Green<impl Future<Output = ReentrantLockGuard<'_, T>>> {
        Green::new(async move {
            until(self.owning.enter()).await;
            ReentrantLockGuard { lock: self }
        })
    }

    /// Locks within `limit`. Suspends as [`lock`](Self::lock).
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    #[green(by_hand = "a wait, and little else")]
    pub fn lock_timeout(
        &self,
        limit: Duration,
    ) -> Green<impl Future<Output = Result<ReentrantLockGuard<'_, T>, Timeout>>> {
        Green::new(async move {
            with_timeout(limit, || until(self.owning.enter())).await?;
            Ok(ReentrantLockGuard { lock: self })
        })
    }

    /// Locks if no other green thread holds it, even if others wait for it. Does not suspend.
    pub fn try_lock(&self) -> Option<ReentrantLockGuard<'_, T>> {
        let me = running();
        (self.owning.enter_again(me) || self.owning.permit.try_take()).then(|| {
            self.owning.owner.set(me);
            ReentrantLockGuard { lock: self }
        })
    }

    /// Does a green thread hold it?
    pub fn is_locked(&self) -> bool {
        self.owning.permit.free() == 0
    }

    /// The value, which nobody else can be using.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: ?Sized> Drop for ReentrantLockGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.owning.leave();
    }
}

impl<T: ?Sized> Deref for ReentrantLockGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.lock.value
    }
}

shown_as_its_value!(ReentrantLockGuard);

impl<T: ?Sized + fmt::Debug> fmt::Debug for ReentrantLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReentrantLock").field("value", &&self.value).finish()
    }
}

/// The green thread that runs, if one does.
fn running() -> Option<u64> {
    current::with(|hub| hub.current()).map(|task| task.id())
}

impl Owning {
    /// Enters once more if `me` is in already. `depth` counts the times beyond the first.
    fn enter_again(&self, me: Option<u64>) -> bool {
        let is_in = me.is_some() && self.owner.get() == me;
        if is_in {
            self.depth.set(self.depth.get() + 1);
        }
        is_in
    }

    fn enter(&self) -> Enter<'_> {
        Enter { owning: self, first: self.permit.acquire("a reentrant lock") }
    }

    fn leave(&self) {
        match self.depth.get().checked_sub(1) {
            Some(left) => self.depth.set(left),
            None => {
                self.owner.set(None);
                self.permit.give_back();
            }
        }
    }
}

struct Enter<'a> {
    owning: &'a Owning,
    first: Acquire<'a>,
}

impl Wait for Enter<'_> {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        let me = waiting.hub.current().map(|task| task.id());
        if self.owning.enter_again(me) {
            return Some(());
        }
        self.first.attempt(waiting)?;
        self.owning.owner.set(me);
        Some(())
    }

    fn is_settled(&self) -> bool {
        self.first.is_settled()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.describe(f)
    }
}
