//! A number of OS threads that a program keeps for a purpose.

use std::fmt;
use std::future::Future;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use super::job::{Job, PoolEnd};
use super::workers::{Owned, Workers};
use crate::call::Green;
use crate::green;
use crate::greenpool::{GreenPool, Imap};
use crate::greenthread::{GreenThread, spawn};
use crate::hub::current;
use crate::hub::same::same_object;
use crate::hub::suspend::until;

/// Some OS threads, and the line of calls that wait for one of them. Clones are handles on one
/// pool.
///
/// The OS threads are started when they are needed. They end when the last handle is dropped and no
/// green thread waits for a call any more; calls that were let go of and have not begun are dropped
/// then.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::tpool::ThreadPool;
///
/// fn fib(n: u64) -> u64 {
///     if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
/// }
///
/// #[green]
/// fn main() {
///     let pool = ThreadPool::new(2);
///     let early = pool.spawn(|| fib(15));
///     assert_eq!(pool.apply(|| fib(10)), 55);
///     assert_eq!(pool.map(fib, [1, 2, 3, 4]), [1, 1, 2, 3]);
///     assert_eq!(early.wait(), 610);
///     pool.join();
/// }
/// ```
///
/// gevent's `ThreadPool`. Its `spawn` waits when the pool and one place beside it are taken; this
/// one never does.
#[doc(alias = "Threadpool")]
#[derive(Clone)]
pub struct ThreadPool {
    workers: Rc<Owned>,
}

impl ThreadPool {
    /// A pool of at most `size` OS threads. With a size of zero calls wait until it is
    /// [resized](Self::resize).
    pub fn new(size: usize) -> Self {
        ThreadPool { workers: Owned::new(size) }
    }

    pub(super) fn workers(&self) -> &Arc<Workers> {
        self.workers.get()
    }

    /// Calls `f` on one of the OS threads, and gives what it gives. Suspends until then, always.
    ///
    /// With all of them at work `f` waits its turn, first come first served; that line has no
    /// limit.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout lets go at once: an `f` that has not begun is not called, what one gives
    /// that has is dropped over there.
    ///
    /// # Panics
    ///
    /// Raises the panic of `f`, which was printed when it happened; panics if the operating system
    /// starts no OS thread for it and there is none: [`try_apply`](Self::try_apply) has that as a
    /// value.
    #[green(by_hand = "a wait, and little else")]
    pub fn apply<F, T>(&self, f: F) -> Green<impl Future<Output = T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Green::new(async move { self.job(f).value().await })
    }

    /// Like [`apply`](Self::apply), for callers that can do without.
    ///
    /// # Cancel safety
    ///
    /// As in [`apply`](Self::apply).
    ///
    /// # Errors
    ///
    /// The operating system's, if it starts no OS thread and there is none that could make the
    /// call. `f` is not called then, and is dropped; later calls try again.
    ///
    /// # Panics
    ///
    /// Raises the panic of `f`, which was printed when it happened.
    #[green(by_hand = "a wait, and little else")]
    pub fn try_apply<F, T>(&self, f: F) -> Green<impl Future<Output = io::Result<T>>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Green::new(async move { self.job(f).value_or_error().await })
    }

    /// Calls `f` on one of the OS threads, and gives a green thread that waits for it. Does not
    /// suspend.
    ///
    /// `f` is in line when this returns. Killing the green thread lets go of it, as
    /// [`apply`](Self::apply) says.
    ///
    /// A panic of `f` is that of the green thread, which also panics if no OS thread is there and
    /// none can be started.
    pub fn spawn<F, T>(&self, f: F) -> GreenThread<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let mut job = self.job(f);
        job.submit();
        spawn(move || job.value())
    }

    fn job<F, T>(&self, f: F) -> Job<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Job::new(current::with(Rc::clone), &self.workers, f)
    }

    /// Calls `f` on the OS threads with each input, and gives all results in the order of the
    /// inputs. Suspends until they are there.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here takes no more inputs; calls that were started go on.
    ///
    /// # Panics
    ///
    /// With the panic of the first call in order that panicked.
    #[green(by_hand = "it drives what it is given")]
    pub fn map<I, F, T>(&self, f: F, inputs: I) -> Green<impl Future<Output = Vec<T>>>
    where
        I: IntoIterator<IntoIter: 'static, Item: Send + 'static>,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
        T: Send + 'static,
    {
        Green::new(async move {
            let pool = self.jobs();
            pool.map(self.caller(f), inputs).await
        })
    }

    /// Calls `f` on the OS threads with each input, and iterates over the results in the order of
    /// the inputs. Does not suspend; the steps of the iterator do.
    ///
    /// There are never more calls and unread results together than the pool has OS threads when
    /// this is called, or than [`with_window`](Imap::with_window) says.
    pub fn imap<I, F, T>(&self, f: F, inputs: I) -> Imap<T>
    where
        I: IntoIterator<IntoIter: 'static, Item: Send + 'static>,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
        T: Send + 'static,
    {
        self.jobs().imap(self.caller(f), inputs)
    }

    /// Like [`imap`](Self::imap), with the results in the order in which the calls end.
    pub fn imap_unordered<I, F, T>(&self, f: F, inputs: I) -> Imap<T>
    where
        I: IntoIterator<IntoIter: 'static, Item: Send + 'static>,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
        T: Send + 'static,
    {
        self.jobs().imap_unordered(self.caller(f), inputs)
    }

    /// The green threads that wait for the calls of a map.
    fn jobs(&self) -> GreenPool {
        GreenPool::new(self.size().max(1))
    }

    fn caller<A, F, T>(&self, f: F) -> impl Fn(A) -> Green<Called<T>> + 'static
    where
        A: Send + 'static,
        F: Fn(A) -> T + Send + Sync + 'static,
        T: Send + 'static,
    {
        let (pool, f) = (self.clone(), Arc::new(f));
        move |input| {
            let f = f.clone();
            Green::new(Box::pin(pool.job(move || f(input)).value()))
        }
    }

    /// How many OS threads there may be.
    pub fn size(&self) -> usize {
        self.workers().limit()
    }

    /// Sets how many OS threads there may be. More are started when they are needed; too many end
    /// when they next have nothing to do. Does not suspend. gevent's `maxsize`.
    pub fn resize(&self, size: usize) {
        self.workers().set_limit(size);
    }

    /// How many OS threads there are.
    pub fn threads(&self) -> usize {
        self.workers().threads()
    }

    /// How many calls are not over: those in line and those at work. gevent's `len`.
    pub fn running(&self) -> usize {
        self.workers().unfinished()
    }

    /// Waits until every call is over, those that are submitted meanwhile included. Suspends until
    /// then; not at all if there is none.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(by_hand = "a wait, and little else")]
    pub fn join(&self) -> Green<impl Future<Output = ()>> {
        Green::new(async move { until(PoolEnd::of_calls(current::with(Rc::clone), self.workers())).await })
    }

    /// Waits until every call is over and the OS threads have ended. Suspends until then.
    ///
    /// The pool can be used again afterwards: OS threads are started when they are needed.
    ///
    /// eventlet's `killall`, gevent's `kill`.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the OS threads end all the same.
    #[green(by_hand = "a wait, and little else")]
    pub fn killall(&self) -> Green<impl Future<Output = ()>> {
        Green::new(async move { until(PoolEnd::of_threads(current::with(Rc::clone), self.workers())).await })
    }
}

type Called<T> = std::pin::Pin<Box<dyn Future<Output = T>>>;

same_object!(impl[] ThreadPool, |pool| &*pool.workers);

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPool")
            .field("size", &self.size())
            .field("threads", &self.threads())
            .field("running", &self.running())
            .finish()
    }
}
