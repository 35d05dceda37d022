//! Values that each green thread has for itself, or from its spawner. eventlet's `corolocal`,
//! gevent's `local`.

mod context;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use crate::hub::current;

pub use context::ContextKey;

/// Declares values that each green thread has for itself, as [`thread_local!`] does for OS threads.
///
/// Each is made when its thread first uses it, and dropped when the thread ends, however it ends.
/// See [`LocalKey`].
///
/// # Examples
///
/// ```
/// use std::cell::Cell;
/// use eventlet::{green, green_local, spawn};
///
/// green_local! {
///     static REQUESTS: Cell<u32> = Cell::new(0);
/// }
///
/// #[green]
/// fn serve(requests: u32) -> u32 {
///     for _ in 0..requests {
///         REQUESTS.set(REQUESTS.get() + 1);
///     }
///     REQUESTS.get()
/// }
///
/// #[green]
/// fn main() {
///     let (one, other) = (spawn(|| serve(1)), spawn(|| serve(2)));
///     assert_eq!((one.wait(), other.wait(), REQUESTS.get()), (1, 2, 0));
/// }
/// ```
#[macro_export]
macro_rules! green_local {
    () => {};
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $init:expr; $($rest:tt)*) => {
        $crate::green_local!($(#[$attribute])* $visibility static $name: $type = $init);
        $crate::green_local!($($rest)*);
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $init:expr) => {
        $(#[$attribute])*
        $visibility static $name: $crate::corolocal::LocalKey<$type> = $crate::corolocal::LocalKey::new(|| $init);
    };
}

/// A value that each green thread has for itself: what [`green_local!`](crate::green_local)
/// declares.
///
/// It belongs to the green thread that runs, whatever function asks. One that a branch makes (a
/// call of a [`join`](crate::join), a [`race`](crate::race) or a [`scope`](crate::scope())) is the
/// branch's and ends with it; what its thread has made before is there in all of its branches.
/// Where none runs (in ordinary code outside [`run`](crate::run)) there is no value: see
/// [`try_with`](Self::try_with).
pub struct LocalKey<T: 'static> {
    // Statics that are not empty have addresses of their own: that is how keys are told apart.
    init: fn() -> T,
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn new(init: fn() -> T) -> Self {
        LocalKey { init }
    }

    /// Calls `f` with the value of the green thread that runs, which is made now if it had none.
    /// Does not suspend.
    ///
    /// # Panics
    ///
    /// Outside a green thread.
    #[track_caller]
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.try_with(f).expect("no green thread runs here, and so there is no value of its own")
    }

    /// Like [`with`](Self::with); `None` outside a green thread.
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Option<R> {
        let hub = current::find()?;
        hub.has_locals.set(true);
        let task = hub.current()?;
        let key = std::ptr::from_ref(self).addr();
        let found = task.if_cold(|cold| find(&cold.locals, key)).flatten();
        let value = found.unwrap_or_else(|| {
            let made: Rc<dyn Any> = Rc::new((self.init)());
            task.with_cold(|cold| {
                // Making it may have made it: the first stays, as it may have been changed.
                find(&cold.locals, key).unwrap_or_else(|| {
                    cold.locals.push((key, made.clone()));
                    made.clone()
                })
            })
        });
        let value = value.downcast_ref().expect("a key's values are of the key's type");
        Some(f(value))
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// A copy of the value. Panics as [`with`](Self::with).
    #[track_caller]
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Changes the value. Panics as [`with`](Self::with).
    #[track_caller]
    pub fn set(&'static self, value: T) {
        self.with(|cell| cell.set(value));
    }

    /// Puts another value in the place of the present one, which comes back. Panics as
    /// [`with`](Self::with).
    #[track_caller]
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// Calls `f` with the value borrowed.
    ///
    /// # Panics
    ///
    /// As [`with`](Self::with), and if it is borrowed mutably.
    #[track_caller]
    pub fn with_borrow<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.with(|cell| f(&cell.borrow()))
    }

    /// Calls `f` with the value borrowed mutably.
    ///
    /// # Panics
    ///
    /// As [`with`](Self::with), and if it is borrowed.
    #[track_caller]
    pub fn with_borrow_mut<R>(&'static self, f: impl FnOnce(&mut T) -> R) -> R {
        self.with(|cell| f(&mut cell.borrow_mut()))
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

fn find(locals: &[(usize, Rc<dyn Any>)], key: usize) -> Option<Rc<dyn Any>> {
    // A branch's own stand behind those of its thread.
    locals.iter().rev().find(|(other, _)| *other == key).map(|(_, value)| value.clone())
}
