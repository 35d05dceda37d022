//! An object whose methods block.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::execute;
use crate::call::Green;
use crate::green;

/// An object whose methods block the OS thread: they are called on other OS threads, one at a time.
///
/// The object is dropped with its last handle, where that is; a call that is under way has one.
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
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    object: Mutex<T>,
    /// How many calls are in line or under way over there.
    calls: AtomicUsize,
}

/// A call that is in line or under way, whether or not anybody waits for it.
struct Begun<T>(Arc<Shared<T>>);

impl<T> Begun<T> {
    fn new(shared: Arc<Shared<T>>) -> Self {
        shared.calls.fetch_add(1, Ordering::Relaxed);
        Begun(shared)
    }
}

impl<T> Drop for Begun<T> {
    fn drop(&mut self) {
        // What the call has done to the object is seen by whoever sees that it is over.
        self.0.calls.fetch_sub(1, Ordering::Release);
    }
}

impl<T: Send + 'static> Proxy<T> {
    /// Wraps an object.
    pub fn new(object: T) -> Self {
        Proxy { shared: Arc::new(Shared { object: Mutex::new(object), calls: AtomicUsize::new(0) }) }
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
    /// object. Until then the proxy [is busy](Self::is_busy).
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
        let shared = self.shared.clone();
        Green::new(async move {
            let begun = Begun::new(shared);
            execute(move || f(&mut lock(&begun.0.object))).await
        })
    }

    /// Is a call in line or under way, of whichever handle, that of a caller who was killed
    /// included? Does not suspend or block.
    ///
    /// It is the [check](crate::db_pool::Builder::check) of a pool of connections: one that is busy
    /// when it comes back was cut off in the middle of a call, which goes on over there. Nobody is
    /// to have it; it is closed by the end of that call, if this was the last handle.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    /// use eventlet::tpool::Proxy;
    /// use eventlet::{green, sleep, with_timeout};
    ///
    /// #[green]
    /// fn main() {
    ///     let (end, wait) = mpsc::channel::<()>();
    ///     let database = Proxy::new(wait);
    ///     let hurried = with_timeout(Duration::from_millis(5), || database.call(|wait| wait.recv().is_ok()));
    ///     assert!(hurried.is_err() && database.is_busy());
    ///     end.send(()).unwrap();
    ///     while database.is_busy() {
    ///         sleep(Duration::from_millis(1));
    ///     }
    /// }
    /// ```
    pub fn is_busy(&self) -> bool {
        self.shared.calls.load(Ordering::Acquire) > 0
    }

    /// Calls `f` with the object here and now, for what does not block. Does not suspend; blocks
    /// the OS thread while another one uses the object. eventlet's `nonblocking=True`.
    ///
    /// # Panics
    ///
    /// If `f` does.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut lock(&self.shared.object))
    }

    /// The object, if this is the last handle and no call is at work.
    ///
    /// # Errors
    ///
    /// The proxy comes back.
    pub fn into_inner(self) -> Result<T, Self> {
        Arc::try_unwrap(self.shared)
            .map(|shared| shared.object.into_inner().unwrap_or_else(PoisonError::into_inner))
            .map_err(|shared| Proxy { shared })
    }
}

/// A call that panicked leaves the object to the next one, as a Python object would be.
fn lock<T>(object: &Mutex<T>) -> MutexGuard<'_, T> {
    object.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Clone for Proxy<T> {
    fn clone(&self) -> Self {
        Proxy { shared: self.shared.clone() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Proxy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Proxy");
        match self.shared.object.try_lock() {
            Ok(object) => text.field("object", &*object).finish(),
            Err(_) => text.finish_non_exhaustive(),
        }
    }
}
