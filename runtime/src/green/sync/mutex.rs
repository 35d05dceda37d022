//! std's `Mutex`.

use std::fmt;
use std::sync::{self, LockResult, PoisonError, TryLockError, TryLockResult};

use super::access::{Access, Held, Kind};
use super::poison::Antidote;
use crate::green;
use crate::lock::guard::used_as_its_value;
use crate::loom::const_unless_modelled;

/// A value that one thread at a time may use: std's `Mutex`, whose [`lock`](Self::lock) suspends.
///
/// Green threads of any hub stand in one line, first come, first served. A panic of whoever holds
/// it poisons it, as in std; a kill or a timeout does not.
///
/// A thread that locks what it holds waits for itself. As another OS thread might unlock it, that
/// is reported as no deadlock; std's blocks or panics.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::green::std::sync::{Arc, Mutex};
/// use eventlet::green::std::thread;
/// use eventlet::green;
///
/// static TOTAL: Mutex<u32> = Mutex::new(0);
///
/// #[green]
/// fn add(n: u32) {
///     let mut total = TOTAL.lock().unwrap();
///     let old = *total;
///     thread::sleep(Duration::from_millis(1)); // nobody else gets at it meanwhile
///     *total = old + n;
/// }
///
/// #[green]
/// fn main() {
///     let adders: Vec<_> = (1..=3).map(|n| thread::spawn(move || add(n))).collect();
///     for adder in adders {
///         adder.join().unwrap();
///     }
///     assert_eq!(*TOTAL.lock().unwrap(), 6);
/// }
/// ```
pub struct Mutex<T: ?Sized> {
    access: Access,
    /// Locked by whoever is in, so that nobody ever waits for it. It keeps the poison.
    value: sync::Mutex<T>,
}

/// Access to what is in a [`Mutex`], until it is dropped.
#[must_use = "a guard that is not kept unlocks the mutex at once"]
pub struct MutexGuard<'a, T: ?Sized + 'a> {
    // Fields drop in order: the value is given back before the next one is let in.
    value: sync::MutexGuard<'a, T>,
    _antidote: Antidote<'a, sync::Mutex<T>>,
    mutex: &'a Mutex<T>,
    _held: Held<'a>,
}

impl<T> Mutex<T> {
    const_unless_modelled! {
        /// An unlocked mutex.
        pub const fn new(value: T) -> Self {
            Mutex { access: Access::new(), value: sync::Mutex::new(value) }
        }
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// The value as well, if the mutex is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks. Suspends until it is this thread's turn; not at all if nobody holds it or is in line.
    ///
    /// # Errors
    ///
    /// The guard as well, if the mutex is poisoned.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the next in line gets the lock.
    #[green(crate = crate)]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let held = self.access.enter(Kind::Write).await;
        self.guard(held)
    }

    /// Locks if nobody holds it, even if others wait for it. Does not suspend.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if somebody does; `Poisoned`, with the guard, if the mutex is poisoned.
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let held = self.access.try_enter(Kind::Write).ok_or(TryLockError::WouldBlock)?;
        Ok(self.guard(held)?)
    }

    /// Has somebody panicked who held it? Does not suspend.
    pub fn is_poisoned(&self) -> bool {
        self.value.is_poisoned()
    }

    /// Lets it be as if nobody had panicked. Does not suspend.
    pub fn clear_poison(&self) {
        self.value.clear_poison();
    }

    /// The value, which nobody else can be using.
    ///
    /// # Errors
    ///
    /// The value as well, if the mutex is poisoned.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.value.get_mut()
    }

    fn guard<'a>(&'a self, held: Held<'a>) -> LockResult<MutexGuard<'a, T>> {
        let guard = |value| {
            let antidote = Antidote::new(&self.value);
            MutexGuard { value, _antidote: antidote, mutex: self, _held: held }
        };
        match self.value.lock() {
            Ok(value) => Ok(guard(value)),
            Err(poisoned) => Err(PoisonError::new(guard(poisoned.into_inner()))),
        }
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// The mutex that this locks.
    pub(super) fn mutex(&self) -> &'a Mutex<T> {
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
        self.value.fmt(f)
    }
}
