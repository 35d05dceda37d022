//! Structured concurrency: threads that end before the scope that they were spawned in, and may
//! borrow from what is around it. Neither eventlet nor gevent has it.
//!
//! ```
//! use std::time::Duration;
//! use eventlet::{green, scope, sleep};
//!
//! #[green]
//! fn count(text: &str, letter: char) -> usize {
//!     sleep(Duration::from_millis(1));
//!     text.matches(letter).count()
//! }
//!
//! #[green]
//! fn main() {
//!     let text = String::from("a banana");
//!     let total = scope(#[green] |s| {
//!         let a = s.spawn(|| count(&text, 'a'));
//!         let n = s.spawn(|| count(&text, 'n'));
//!         a.wait() + n.wait()
//!     });
//!     assert_eq!(total, 4 + 2);
//! }
//! ```
//!
//! # What is promised
//!
//! * **None outlives the scope.** The call of [`scope()`] ends when its body and all threads that
//!   were spawned in it have ended, whether or not somebody waits for them.
//! * **The first failure cancels the rest.** A panic in a scoped thread, and in a [`try_scope`] an
//!   error, ends the other threads and the body where they are suspended, and comes out of the
//!   call.
//! * **The scope ends as a whole.** A kill of the thread that made it, and a timeout around it,
//!   drop the call, and so end its threads first, in the order in which they were spawned, then its
//!   body, then the rest. A destructor that panics on this way does not stop the others.
//! * **Borrows are sound.** A scoped thread may borrow what lives outside the call of `scope`,
//!   because that call itself owns the thread and drives it, in place. It cannot borrow from the
//!   body of the scope, which is dropped like a thread of its own; the compiler sees to it.
//!
//! # Scoped threads are branches
//!
//! A scoped thread runs inside the green thread that called `scope`, as a [branch](crate::branch)
//! of it. Hence:
//!
//! * [`current`](crate::greenthread::current) is that green thread, in all of them. What belongs to
//!   a green thread (its name, a kill of it, the holder of a [reentrant lock](crate::lock)) belongs
//!   to them together, so a reentrant lock does not keep two of them apart. Values that a scoped
//!   thread sets ([`ContextKey`](crate::corolocal::ContextKey)) or makes
//!   ([`LocalKey`](crate::corolocal::LocalKey)) are its own; it begins with those of whoever spawns
//!   it.
//! * A scoped thread that was woken runs when its green thread has its turn, the first woken first:
//!   up to 64 of them, then other green threads have theirs. One that never waits long (it only
//!   yields) starves neither the body nor another thread.
//! * [`catch_exit`](crate::greenthread::catch_exit) around the scope catches a kill of the green
//!   thread for all of them. Where there is none, those in the scoped threads do, each for itself.
//! * The budget of I/O operations in a turn is one for all of them.
//!
//! Each is woken by itself and costs nothing while it waits, so that ten thousand are no slower
//! than ten thousand green threads. Their number has no limit but memory.
//!
//! # Losses
//!
//! A scoped thread that is cancelled loses what a kill at that place loses; see the call in which
//! it waits, and the table in [`branch`](crate::branch).

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::rc::Rc;

use crate::call::Green;
use crate::call::{GreenCall, MakesGreenCall};

mod call;
mod shared;
mod thread;

use crate::green;
use call::ScopeCall;
use shared::Shared;

pub use thread::ScopedThread;

/// Makes a scope, and drives the call that `f` makes with it, and every thread that is spawned in
/// it. Suspends until all have ended.
///
/// The [module](mod@crate::scope) says what is promised. The value is the body's.
///
/// # Cancel safety
///
/// A kill or timeout here ends the threads of the scope first, then its body.
///
/// # Panics
///
/// Raises the first panic of a thread of the scope, after all others have been ended.
///
/// # Examples
///
/// ```
/// use eventlet::{Queue, green, scope};
///
/// #[green]
/// fn produce(queue: &Queue<u32>) {
///     for n in 1..=3 {
///         queue.put(n).unwrap();
///     }
///     queue.shutdown();
/// }
///
/// #[green]
/// fn main() {
///     let queue = Queue::bounded(1);
///     let sum = scope(#[green] |s| {
///         s.spawn(|| produce(&queue));
///         let mut sum = 0;
///         for n in &queue {
///             sum += n;
///         }
///         sum
///     });
///     assert_eq!(sum, 6);
/// }
/// ```
#[doc(alias = "nursery")]
#[doc(alias = "TaskGroup")]
#[green(by_hand = "it drives what it is given")]
pub fn scope<'env, F, B, T>(f: F) -> Green<impl Future<Output = T>>
where
    F: FnOnce(Scope<'env>) -> B,
    B: GreenCall<Value = T>,
    B::Value: Sized,
{
    Green::new(async move {
        let body = |scope| async move { Ok::<_, Infallible>(f(scope).await) };
        match ScopeCall::new(body).await {
            Ok(value) => value,
            Err(never) => match never {},
        }
    })
}

/// Like [`scope()`], for a body and threads that can fail: the first error cancels the rest, and
/// comes out.
///
/// Threads that can fail are spawned with [`try_spawn`](Scope::try_spawn), which is all that there
/// is in such a scope.
///
/// # Cancel safety
///
/// A kill or timeout here is as there.
///
/// # Errors
///
/// The first error, as time goes, of a thread or of the body.
///
/// # Panics
///
/// As there.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, sleep, try_scope};
///
/// #[green]
/// fn work(ms: u64, fails: bool) -> Result<u64, String> {
///     sleep(Duration::from_millis(ms));
///     if fails { Err(format!("failed after {ms} ms")) } else { Ok(ms) }
/// }
///
/// #[green]
/// fn main() {
///     let result = try_scope(#[green] |s| {
///         let slow = s.try_spawn(|| work(3_600_000, false));
///         s.try_spawn(|| work(5, true));
///         Ok(slow.wait())
///     });
///     assert_eq!(result, Err("failed after 5 ms".to_owned()));
/// }
/// ```
#[green(by_hand = "it drives what it is given")]
pub fn try_scope<'env, F, B, T, E>(f: F) -> Green<impl Future<Output = Result<T, E>>>
where
    F: FnOnce(Scope<'env, E>) -> B,
    B: GreenCall<Value = Result<T, E>>,
    B::Value: Sized,
{
    Green::new(async move { ScopeCall::new(f).await })
}

/// The right to spawn threads in a scope. Clones are handles on one scope: a thread of it that is
/// to spawn others takes one along.
///
/// `'env` is what the threads may borrow from; `E` is the error that cancels a [`try_scope`].
pub struct Scope<'env, E = Infallible> {
    shared: Rc<Shared<'env, E>>,
}

impl<'env> Scope<'env> {
    /// Starts a thread that makes and drives the call of `f`, and ends before the scope does. Does
    /// not suspend.
    ///
    /// It begins when the running thread next suspends, after the threads of the scope that are
    /// ready already; `f` itself is called then. Dropping the handle loses nothing but the right to
    /// its value: the scope still waits for the thread.
    ///
    /// # Panics
    ///
    /// If the scope has ended, in which case `f` is dropped.
    #[track_caller]
    pub fn spawn<F, G>(&self, f: F) -> ScopedThread<'env, G::Value>
    where
        F: MakesGreenCall<G> + 'env,
        G: GreenCall + 'env,
        G::Value: 'env,
    {
        ScopedThread::spawn(&self.shared, f, Ok)
    }
}

impl<'env, E: 'env> Scope<'env, E> {
    /// Like [`spawn`](Scope::spawn), for a call that can fail. An error cancels the scope and comes
    /// out of it.
    ///
    /// # Panics
    ///
    /// As there.
    #[track_caller]
    pub fn try_spawn<F, G, T>(&self, f: F) -> ScopedThread<'env, T>
    where
        F: MakesGreenCall<G> + 'env,
        G: GreenCall<Value = Result<T, E>> + 'env,
        T: 'env,
    {
        ScopedThread::spawn(&self.shared, f, |result| result)
    }

    /// How many threads of the scope have not ended. The body is not counted.
    pub fn running(&self) -> usize {
        self.shared.branches.len()
    }
}

impl<E> Clone for Scope<'_, E> {
    fn clone(&self) -> Self {
        Scope { shared: self.shared.clone() }
    }
}

impl<E> fmt::Debug for Scope<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("running", &self.shared.branches.len()).finish()
    }
}
