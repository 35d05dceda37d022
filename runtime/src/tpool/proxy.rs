//! An object whose methods block.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::execute;
use crate::call::Green;
use crate::green;

/// An object whose methods block the OS thread: they are called on other OS threads, one at a time.
///
/// Clones are handles on one object, for the green threads of one OS thread or of several.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::tpool::Proxy;
///
/// struct Database {
///     rows: Vec<&'static str>,
/// }
///
/// impl Database {
///     fn insert(&mut self, row: &'static str) -> usize {
///         std::thread::sleep(std::time::Duration::from_millis(1));
///         self.rows.push(row);
///         self.rows.len()
///     }
/// }
///
/// #[green]
/// fn main() {
///     let database = Proxy::new(Database { rows: vec![] });
///     assert_eq!(database.call(|database| database.insert("a")), 1);
///     assert_eq!(database.call(|database| database.insert("b")), 2);
///     assert_eq!(database.with(|database| database.rows.clone()), ["a", "b"]);
/// }
/// ```
///
/// eventlet's `Proxy`; a closure names the method. What its `autowrap` does, wrapping what a method
/// gives, is a `Proxy::new` around it.
pub struct Proxy<T> {
    object: Arc<Mutex<T>>,
}

impl<T: Send + 'static> Proxy<T> {
    /// Wraps an object.
    pub fn new(object: T) -> Self {
        Proxy { object: Arc::new(Mutex::new(object)) }
    }

    /// Calls `f` with the object on another OS thread, and gives what it gives. Suspends until
    /// then.
    ///
    /// Calls of one object are made one after another. Each takes up an OS thread of this hub's
    /// while it waits for the object.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout lets go at once; an `f` that has begun goes on to its end, and changes the
    /// object.
    ///
    /// # Panics
    ///
    /// Raises the panic of `f`; the object stays as `f` left it, and can be used.
    #[green(by_hand = "it begins before it is driven")]
    pub fn call<F, R>(&self, f: F) -> Green<impl Future<Output = R>>
    where
        F: FnOnce(&mut T) -> R + Send + 'static,
        R: Send + 'static,
    {
        let object = self.object.clone();
        Green::new(async move { execute(move || f(&mut lock(&object))).await })
    }

    /// Calls `f` with the object here and now, for what does not block. Does not suspend; blocks
    /// the OS thread while another one uses the object. eventlet's `nonblocking=True`.
    ///
    /// # Panics
    ///
    /// If `f` does.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut lock(&self.object))
    }

    /// The object, if this is the last handle and no call is at work.
    ///
    /// # Errors
    ///
    /// The proxy comes back.
    pub fn into_inner(self) -> Result<T, Self> {
        Arc::try_unwrap(self.object)
            .map(|object| object.into_inner().unwrap_or_else(PoisonError::into_inner))
            .map_err(|object| Proxy { object })
    }
}

/// A call that panicked leaves the object to the next one, as a Python object would be.
fn lock<T>(object: &Mutex<T>) -> MutexGuard<'_, T> {
    object.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Clone for Proxy<T> {
    fn clone(&self) -> Self {
        Proxy { object: self.object.clone() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Proxy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Proxy");
        match self.object.try_lock() {
            Ok(object) => text.field("object", &*object).finish(),
            Err(_) => text.finish_non_exhaustive(),
        }
    }
}
