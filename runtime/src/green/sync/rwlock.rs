//! std's `RwLock`.

use std::fmt;
use std::sync::{self, LockResult, PoisonError, TryLockError, TryLockResult};

use super::access::{Access, Held, Kind};
use super::poison::Antidote;
use crate::green;
use crate::lock::guard::used_as_its_value;
use crate::loom::const_unless_modelled;

/// A value that many threads may read at a time, or one may change: std's `RwLock`, whose waits
/// suspend.
///
/// Readers and writers of all OS threads stand in one line, first come, first served; readers next
/// to each other go in together. A reader that comes after a waiting writer waits behind it, so a
/// thread that reads must not read again before it lets go: with a writer between the two it would
/// wait for itself. (std says that it may be so.) A panic of a writer poisons it, as in std; a kill
/// or a timeout does not.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::std::sync::RwLock;
///
/// static NAMES: RwLock<Vec<&str>> = RwLock::new(vec![]);
///
/// #[green]
/// fn main() {
///     NAMES.write().unwrap().push("one");
///     assert_eq!(*NAMES.read().unwrap(), ["one"]);
/// }
/// ```
pub struct RwLock<T: ?Sized> {
    access: Access,
    /// Locked by those who are in, so that nobody ever waits for it. It keeps the poison.
    value: sync::RwLock<T>,
}

/// Shared access to what is in an [`RwLock`], until it is dropped.
#[must_use = "a guard that is not kept unlocks at once"]
pub struct RwLockReadGuard<'a, T: ?Sized + 'a> {
    // Fields drop in order: the value is given back before the next one is let in.
    value: sync::RwLockReadGuard<'a, T>,
    _held: Held<'a>,
}

/// Exclusive access to what is in an [`RwLock`], until it is dropped.
#[must_use = "a guard that is not kept unlocks at once"]
pub struct RwLockWriteGuard<'a, T: ?Sized + 'a> {
    value: sync::RwLockWriteGuard<'a, T>,
    antidote: Antidote<'a, sync::RwLock<T>>,
    lock: &'a RwLock<T>,
    held: Held<'a>,
}

impl<T> RwLock<T> {
    const_unless_modelled! {
        /// An unlocked lock.
        pub const fn new(value: T) -> Self {
            RwLock { access: Access::new(), value: sync::RwLock::new(value) }
        }
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// The value as well, if the lock is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        self.value.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Locks to read. Suspends while a thread writes or others are in line, until it is this one's
    /// turn.
    ///
    /// # Errors
    ///
    /// The guard as well, if the lock is poisoned.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the next in line gets its turn.
    #[green(crate = crate)]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let held = self.access.enter(Kind::Read).await;
        self.read_guard(held)
    }

    /// Locks to write. Suspends while threads read or write or others are in line, until it is this
    /// one's turn.
    ///
    /// # Errors
    ///
    /// The guard as well, if the lock is poisoned.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the next in line gets its turn.
    #[green(crate = crate)]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let held = self.access.enter(Kind::Write).await;
        self.write_guard(held)
    }

    /// Locks to read if no thread writes, even if others wait. Does not suspend.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if one does; `Poisoned`, with the guard, if the lock is poisoned.
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let held = self.access.try_enter(Kind::Read).ok_or(TryLockError::WouldBlock)?;
        Ok(self.read_guard(held)?)
    }

    /// Locks to write if no thread reads or writes, even if others wait. Does not suspend.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if one does; `Poisoned`, with the guard, if the lock is poisoned.
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        let held = self.access.try_enter(Kind::Write).ok_or(TryLockError::WouldBlock)?;
        Ok(self.write_guard(held)?)
    }

    /// Has somebody panicked who wrote? Does not suspend.
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
    /// The value as well, if the lock is poisoned.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.value.get_mut()
    }

    fn read_guard<'a>(&'a self, held: Held<'a>) -> LockResult<RwLockReadGuard<'a, T>> {
        let guard = |value| RwLockReadGuard { value, _held: held };
        match self.value.read() {
            Ok(value) => Ok(guard(value)),
            Err(poisoned) => Err(PoisonError::new(guard(poisoned.into_inner()))),
        }
    }

    fn write_guard<'a>(&'a self, held: Held<'a>) -> LockResult<RwLockWriteGuard<'a, T>> {
        let guard = |value| {
            let antidote = Antidote::new(&self.value);
            RwLockWriteGuard { value, antidote, lock: self, held }
        };
        match self.value.write() {
            Ok(value) => Ok(guard(value)),
            Err(poisoned) => Err(PoisonError::new(guard(poisoned.into_inner()))),
        }
    }
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// Turns the guard into one that reads; nobody has written in between. Does not suspend.
    pub fn downgrade(this: Self) -> RwLockReadGuard<'a, T> {
        let RwLockWriteGuard { value, antidote, lock, mut held } = this;
        drop((value, antidote));
        // Still nobody else is in. Whether the lock is poisoned was said when it was locked.
        let value = lock.value.read().unwrap_or_else(PoisonError::into_inner);
        held.downgrade();
        RwLockReadGuard { value, _held: held }
    }
}

used_as_its_value!(RwLockReadGuard);
used_as_its_value!(mut RwLockWriteGuard);

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        RwLock::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        RwLock::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
