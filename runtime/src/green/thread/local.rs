//! std's `thread_local!`.

use std::cell::{Cell, RefCell};
use std::fmt;

use super::AccessError;
use crate::corolocal;

/// Declares values that each thread has for itself: std's `thread_local!`, for green threads.
///
/// Each green thread has its own value, made when the thread first uses it and dropped when the
/// thread ends. Where no green thread runs, the OS thread has one. std's own macro declares what
/// all green threads of an OS thread share. See [`LocalKey`].
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::std::{thread, thread_local};
/// use std::cell::Cell;
///
/// thread_local! {
///     static REQUESTS: Cell<u32> = const { Cell::new(0) };
/// }
///
/// #[green]
/// fn serve(requests: u32) -> u32 {
///     for _ in 0..requests {
///         REQUESTS.set(REQUESTS.get() + 1);
///         thread::yield_now();
///     }
///     REQUESTS.get()
/// }
///
/// #[green]
/// fn main() {
///     let (one, other) = (thread::spawn(|| serve(1)), thread::spawn(|| serve(2)));
///     assert_eq!((one.join().unwrap(), other.join().unwrap(), REQUESTS.get()), (1, 2, 0));
/// }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __green_thread_local {
    () => {};
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $init:expr; $($rest:tt)*) => {
        $crate::__green_thread_local!($(#[$attribute])* $visibility static $name: $type = $init);
        $crate::__green_thread_local!($($rest)*);
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $init:expr) => {
        $(#[$attribute])*
        $visibility static $name: $crate::green::thread::LocalKey<$type> = {
            $crate::__private::thread_local! {
                static OF_THE_OS_THREAD: $type = $init;
            }
            $crate::green::thread::LocalKey::new(|| $init, &OF_THE_OS_THREAD)
        };
    };
}

/// A value that each thread has for itself: what [`thread_local!`](crate::green::std::thread_local)
/// of `green::std` declares. std's `LocalKey`.
///
/// The thread is the green thread that runs, whatever function asks; where none runs (in ordinary
/// code outside [`run`](crate::run()), on the OS threads of [`tpool`](crate::tpool)), it is the OS
/// thread. Of branches it holds what [`corolocal::LocalKey`] says.
pub struct LocalKey<T: 'static> {
    of_green: corolocal::LocalKey<T>,
    of_os: &'static std::thread::LocalKey<T>,
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn new(init: fn() -> T, of_os: &'static std::thread::LocalKey<T>) -> Self {
        LocalKey { of_green: corolocal::LocalKey::new(init), of_os }
    }

    /// Calls `f` with the value of the thread, which is made now if it had none. Does not suspend.
    ///
    /// # Panics
    ///
    /// Where no green thread runs, if the OS thread is ending and its value is gone.
    pub fn with<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        let mut f = Some(f);
        let given = self.of_green.try_with(|value| f.take().map(|f| f(value))).flatten();
        match (given, f) {
            (Some(result), _) => result,
            (None, Some(f)) => self.of_os.with(f),
            (None, None) => unreachable!("it was called, and gave something"),
        }
    }

    /// Calls `f` with the value of the thread, which is made now if it had none. Does not suspend.
    ///
    /// # Errors
    ///
    /// Where no green thread runs, if the OS thread is ending and its value is gone.
    pub fn try_with<F, R>(&'static self, f: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        let mut f = Some(f);
        let given = self.of_green.try_with(|value| f.take().map(|f| f(value))).flatten();
        match (given, f) {
            (Some(result), _) => Ok(result),
            (None, Some(f)) => self.of_os.try_with(f),
            (None, None) => unreachable!("it was called, and gave something"),
        }
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// Changes the value. Panics as [`with`](Self::with).
    pub fn set(&'static self, value: T) {
        self.with(|cell| cell.set(value));
    }

    /// A copy of the value. Panics as [`with`](Self::with).
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Takes the value, and leaves the default. Panics as [`with`](Self::with).
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// Puts another value in the place of the present one, which comes back. Panics as
    /// [`with`](Self::with).
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
    pub fn with_borrow<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        self.with(|cell| f(&cell.borrow()))
    }

    /// Calls `f` with the value borrowed mutably.
    ///
    /// # Panics
    ///
    /// As [`with`](Self::with), and if it is borrowed.
    pub fn with_borrow_mut<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&mut T) -> R,
    {
        self.with(|cell| f(&mut cell.borrow_mut()))
    }

    /// Changes the value. Panics as [`with_borrow_mut`](Self::with_borrow_mut).
    pub fn set(&'static self, value: T) {
        self.replace(value);
    }

    /// Takes the value, and leaves the default. Panics as
    /// [`with_borrow_mut`](Self::with_borrow_mut).
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// Puts another value in the place of the present one, which comes back. Panics as
    /// [`with_borrow_mut`](Self::with_borrow_mut).
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}
