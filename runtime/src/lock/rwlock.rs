//! Many that look, or one that changes.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::fmt;
use std::future::Future;
use std::time::Duration;

use super::guard::used_as_its_value;
use crate::call::Green;
use crate::green;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::wait_queue::{Queued, WaitList};
use crate::hub::wake;
use crate::timeout::{Timeout, with_timeout};

/// A value that many threads may read at a time, or one may change, across suspensions. Share it in
/// an [`Rc`](std::rc::Rc).
///
/// **Fairness**: readers and writers stand in one line, first come, first served. A reader that
/// comes after a waiting writer waits behind it, so writers do not starve; readers next to each
/// other in line go in together. So a thread that reads must not read again before it lets go: with
/// a writer between the two, it would wait for itself.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::lock::RwLock;
///
/// #[green]
/// fn main() {
///     let lock = RwLock::new(5);
///     {
///         let (one, another) = (lock.read(), lock.try_read());
///         assert_eq!((*one, another.map(|n| *n)), (5, Some(5)));
///     }
///     *lock.write() += 1;
///     assert_eq!(lock.into_inner(), 6);
/// }
/// ```
pub struct RwLock<T: ?Sized> {
    access: Access,
    value: RefCell<T>,
}

/// Shared access to what is in an [`RwLock`], until it is dropped.
#[must_use = "a guard that is not kept unlocks at once"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    // Fields drop in order: the value is given back before the next holder is notified.
    value: Ref<'a, T>,
    _held: Held<'a>,
}

/// Exclusive access to what is in an [`RwLock`], until it is dropped.
#[must_use = "a guard that is not kept unlocks at once"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    value: RefMut<'a, T>,
    _held: Held<'a>,
}

impl<T> RwLock<T> {
    /// An unlocked lock.
    pub fn new(value: T) -> Self {
        RwLock { access: Access::default(), value: RefCell::new(value) }
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Locks to read. Suspends while a thread writes or others are in line, until it is this one's
    /// turn.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the next in line gets its turn.
    #[green(by_hand = "a wait, and little else")]
    pub fn read(&self) -> Green<impl Future<Output = RwLockReadGuard<'_, T>>> {
        Green::new(async move {
            until(self.access.enter(Kind::Read)).await;
            self.read_guard()
        })
    }

    /// Locks to write. Suspends while threads read or write or others are in line, until it is this
    /// one's turn.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the next in line gets its turn.
    #[green(by_hand = "a wait, and little else")]
    pub fn write(&self) -> Green<impl Future<Output = RwLockWriteGuard<'_, T>>> {
        Green::new(async move {
            until(self.access.enter(Kind::Write)).await;
            self.write_guard()
        })
    }

    /// Locks to read within `limit`. Suspends as [`read`](Self::read).
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the next in line gets its turn.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    #[green(by_hand = "a wait, and little else")]
    pub fn read_timeout(
        &self,
        limit: Duration,
    ) -> Green<impl Future<Output = Result<RwLockReadGuard<'_, T>, Timeout>>> {
        Green::new(async move {
            with_timeout(limit, || until(self.access.enter(Kind::Read))).await?;
            Ok(self.read_guard())
        })
    }

    /// Locks to write within `limit`. Suspends as [`write`](Self::write).
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the next in line gets its turn.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    #[green(by_hand = "a wait, and little else")]
    pub fn write_timeout(
        &self,
        limit: Duration,
    ) -> Green<impl Future<Output = Result<RwLockWriteGuard<'_, T>, Timeout>>> {
        Green::new(async move {
            with_timeout(limit, || until(self.access.enter(Kind::Write))).await?;
            Ok(self.write_guard())
        })
    }

    /// Locks to read if no thread writes, even if others wait. Does not suspend.
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T>> {
        self.access.try_take(Kind::Read).then(|| self.read_guard())
    }

    /// Locks to write if no thread reads or writes, even if others wait. Does not suspend.
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T>> {
        self.access.try_take(Kind::Write).then(|| self.write_guard())
    }

    /// The value, which nobody else can be using.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    fn read_guard(&self) -> RwLockReadGuard<'_, T> {
        RwLockReadGuard { value: self.value.borrow(), _held: Held { access: &self.access, kind: Kind::Read } }
    }

    fn write_guard(&self) -> RwLockWriteGuard<'_, T> {
        RwLockWriteGuard {
            value: self.value.borrow_mut(),
            _held: Held { access: &self.access, kind: Kind::Write },
        }
    }
}

used_as_its_value!(RwLockReadGuard);
used_as_its_value!(mut RwLockWriteGuard);

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        RwLock::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("RwLock");
        match self.value.try_borrow() {
            Ok(value) => text.field("value", &&*value),
            Err(_) => text.field("value", &format_args!("<locked>")),
        };
        text.finish()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
}

/// Who is in, and who waits to be. A thread that is notified is in from that moment on.
#[derive(Default)]
struct Access {
    readers: Cell<usize>,
    is_writing: Cell<bool>,
    /// Each brings what it wants.
    line: RefCell<WaitList<Kind>>,
}

impl Access {
    fn enter(&self, kind: Kind) -> Enter<'_> {
        Enter { access: self, kind, place: Queued::new(&self.line) }
    }

    fn try_take(&self, kind: Kind) -> bool {
        let is_free = !self.is_writing.get() && (kind == Kind::Read || self.readers.get() == 0);
        match kind {
            Kind::Read if is_free => self.readers.set(self.readers.get() + 1),
            Kind::Write if is_free => self.is_writing.set(true),
            _ => {}
        }
        is_free
    }

    fn leave(&self, kind: Kind) {
        match kind {
            Kind::Read => self.readers.set(self.readers.get() - 1),
            Kind::Write => self.is_writing.set(false),
        }
        self.notify_next();
    }

    /// Lets in whoever can go in from the head of the line.
    fn notify_next(&self) {
        loop {
            let mut line = self.line.borrow_mut();
            let Some(&kind) = line.brought_by_first() else { return };
            if !self.try_take(kind) {
                return;
            }
            let notified = line.notify_first();
            drop(line);
            notified.into_iter().for_each(wake);
        }
    }
}

/// A right to be in, given back when dropped.
struct Held<'a> {
    access: &'a Access,
    kind: Kind,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.access.leave(self.kind);
    }
}

struct Enter<'a> {
    access: &'a Access,
    kind: Kind,
    place: Queued<&'a RefCell<WaitList<Kind>>>,
}

impl Wait for Enter<'_> {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        let Access { line, .. } = self.access;
        let is_first = !self.place.is_in_line() && line.borrow().is_empty();
        let is_in = is_first && self.access.try_take(self.kind);
        (is_in || self.place.wait_bringing(waiting, Some(self.kind))).then_some(())
    }

    fn is_settled(&self) -> bool {
        self.place.is_in_line()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.kind == Kind::Read { "read" } else { "write" };
        let waiting = self.access.line.borrow().len();
        write!(f, "to {verb} behind a lock ({waiting} waiting)")
    }
}

impl Drop for Enter<'_> {
    fn drop(&mut self) {
        if !self.place.is_in_line() {
            return;
        }
        if self.place.leave() {
            self.access.leave(self.kind);
        } else {
            // It may have held up those behind it.
            self.access.notify_next();
        }
    }
}
