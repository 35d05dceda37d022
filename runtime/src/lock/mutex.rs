//! One at a time.

use std::cell::{RefCell, RefMut};
use std::fmt;
use std::future::Future;
use std::time::Duration;

use super::guard::used_as_its_value;
use crate::call::Green;
use crate::green;
use crate::hub::suspend::until;
use crate::semaphore::permits::Permits;
use crate::timeout::{Timeout, with_timeout};

/// A value that one thread at a time may use, across suspensions. Share it in an
/// [`Rc`](std::rc::Rc).
///
/// It is not poisoned by a panic of its holder: see the [module](crate::lock).
///
/// # Examples
///
/// ```
/// use std::rc::Rc;
/// use std::time::Duration;
/// use eventlet::lock::Mutex;
/// use eventlet::{green, sleep, spawn};
///
/// #[green]
/// fn add(sum: Rc<Mutex<u32>>, n: u32) {
///     let mut sum = sum.lock();
///     let old = *sum;
///     sleep(Duration::from_millis(1)); // nobody else gets at it meanwhile
///     *sum = old + n;
/// }
///
/// #[green]
/// fn main() {
///     let sum = Rc::new(Mutex::new(0));
///     let adders: Vec<_> = (1..=3)
///         .map(|n| {
///             let sum = sum.clone();
///             spawn(move || add(sum, n))
///         })
///         .collect();
///     for adder in adders {
///         adder.wait();
///     }
///     assert_eq!(*sum.lock(), 6);
/// }
/// ```
///
/// eventlet's `Lock`; gevent has `BoundedSemaphore(1)` in its place.
#[doc(alias = "Lock")]
pub struct Mutex<T: ?Sized> {
    permit: Permits,
    value: RefCell<T>,
}

/// Access to what is in a [`Mutex`], until it is dropped.
#[must_use = "a guard that is not kept unlocks the mutex at once"]
pub struct MutexGuard<'a, T: ?Sized> {
    // Fields drop in order: the value is given back before the next holder is notified.
    value: RefMut<'a, T>,
    mutex: &'a Mutex<T>,
    _held: Held<'a>,
}

/// The permit, given back when dropped.
struct Held<'a>(&'a Permits);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

impl<T> Mutex<T> {
    /// An unlocked mutex.
    pub fn new(value: T) -> Self {
        Mutex { permit: Permits::new(1), value: RefCell::new(value) }
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks. Suspends until it is this thread's turn; not at all if nobody holds it or is in line.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the next in line gets the lock.
    #[green(by_hand = "a wait, and little else")]
    pub fn lock(&self) -> Green<impl Future<Output = MutexGuard<'_, T>>> {
        Green::new(async move {
            until(self.permit.acquire("a mutex")).await;
            self.guard()
        })
    }

    /// Locks within `limit`. Suspends as [`lock`](Self::lock).
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the next in line gets the lock.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    #[green(by_hand = "a wait, and little else")]
    pub fn lock_timeout(
        &self,
        limit: Duration,
    ) -> Green<impl Future<Output = Result<MutexGuard<'_, T>, Timeout>>> {
        Green::new(async move {
            with_timeout(limit, || until(self.permit.acquire("a mutex"))).await?;
            Ok(self.guard())
        })
    }

    /// Locks if nobody holds it, even if others wait for it. Does not suspend.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.permit.try_take().then(|| self.guard())
    }

    /// Does somebody hold it?
    pub fn is_locked(&self) -> bool {
        self.permit.free() == 0
    }

    /// How many threads are in line.
    pub fn waiting(&self) -> usize {
        self.permit.waiting()
    }

    /// The value, which nobody else can be using.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    fn guard(&self) -> MutexGuard<'_, T> {
        MutexGuard { value: self.value.borrow_mut(), mutex: self, _held: Held(&self.permit) }
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// The mutex that this locks.
    pub(crate) fn mutex(&self) -> &'a Mutex<T> {
        self.mutex
    }
}

used_as_its_value!(mut MutexGuard);

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Mutex::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Mutex::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Mutex");
        match self.value.try_borrow() {
            Ok(value) => text.field("value", &&*value),
            Err(_) => text.field("value", &format_args!("<locked>")),
        };
        text.finish()
    }
}
