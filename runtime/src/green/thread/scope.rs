//! std's scoped threads.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::Result;
use crate::call::{Green, GreenCall, MakesGreenCall};
use crate::green;
use crate::scope::{Scope as Inner, ScopedThread, scope as inner_scope};

/// Makes a scope for green threads that may borrow from what is around it, and waits until all have
/// ended. Suspends until then. std's `scope`, whose closure is `#[green]` here, as its body may
/// wait for the threads.
///
/// It is [`eventlet::scope`](crate::scope()) with std's rules for panics: one in a thread ends that
/// thread alone, and is what [`join`](ScopedJoinHandle::join) gives; one in the body comes out when
/// all threads have ended by themselves. (Over there the first panic ends the rest, which is mostly
/// what one wants.) All else that is said of scopes [there](mod@crate::scope) holds here.
///
/// # Panics
///
/// With the panic of the body; if a thread has panicked that nobody has joined.
///
/// # Cancel safety
///
/// A kill or timeout here ends the threads of the scope first, then its body.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::thread;
///
/// #[green]
/// fn longest(words: &[String]) -> usize {
///     thread::yield_now();
///     words.iter().map(|word| word.len()).max().unwrap_or(0)
/// }
///
/// #[green]
/// fn main() {
///     let words = ["one", "three", "five", "seven"].map(String::from);
///     let (left, right) = words.split_at(2);
///     let longest = thread::scope(#[green] |s| {
///         let left = s.spawn(|| longest(left));
///         let right = s.spawn(|| longest(right));
///         left.join().unwrap().max(right.join().unwrap())
///     });
///     assert_eq!(longest, 5);
/// }
/// ```
#[green(by_hand = "it drives what it is given")]
pub fn scope<'env, F, B, T>(f: F) -> Green<impl Future<Output = T>>
where
    F: FnOnce(Scope<'env>) -> B,
    B: GreenCall<Value = T>,
{
    Green::new(async move {
        let unheard = Rc::new(Cell::new(0));
        let body = inner_scope(|inner| {
            let scope = Scope { inner, unheard: unheard.clone() };
            // As a panic of the body would end the threads, it waits until they have ended.
            Caught { call: async move { f(scope).await } }
        });
        match body.await {
            Err(panic) => resume_unwind(panic),
            Ok(_) if unheard.get() > 0 => panic!("a scoped thread panicked"),
            Ok(value) => value,
        }
    })
}

/// What threads can be spawned in: [`scope`] gives it. Clones are handles on one scope.
#[derive(Clone)]
pub struct Scope<'env> {
    inner: Inner<'env>,
    /// How many panics nobody has joined for.
    unheard: Rc<Cell<usize>>,
}

impl<'env> Scope<'env> {
    /// Starts a green thread that ends before the scope does. Does not suspend. std's
    /// `Scope::spawn`.
    ///
    /// # Panics
    ///
    /// If the scope has ended.
    #[track_caller]
    pub fn spawn<F, G>(&self, f: F) -> ScopedJoinHandle<'env, G::Value>
    where
        F: MakesGreenCall<G> + 'env,
        G: GreenCall + 'env,
        G::Value: 'env,
    {
        let unheard = self.unheard.clone();
        let thread = self.inner.spawn(move || async move {
            let result = Caught { call: async move { f().await } }.await;
            if result.is_err() {
                unheard.set(unheard.get() + 1);
            }
            result
        });
        ScopedJoinHandle { thread, unheard: self.unheard.clone() }
    }
}

impl fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("running", &self.inner.running()).finish_non_exhaustive()
    }
}

/// The right to wait for the value of a thread in a [`scope`]. Dropping it loses nothing else.
pub struct ScopedJoinHandle<'env, T> {
    thread: ScopedThread<'env, Result<T>>,
    unheard: Rc<Cell<usize>>,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Waits for the thread's end. Suspends until then; not at all if it has ended.
    ///
    /// # Errors
    ///
    /// The value that the thread panicked with.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here leaves the thread running.
    #[green(by_hand = "a wait, and little else")]
    pub fn join(self) -> Green<impl Future<Output = Result<T>>> {
        Green::new(async move {
            match self.thread.join().await {
                Ok(Err(panic)) => {
                    self.unheard.set(self.unheard.get() - 1);
                    Err(panic)
                }
                Ok(result) => result,
                Err(exit) => Err(Box::new(exit) as Box<dyn Any + Send>),
            }
        })
    }

    /// Has it returned or panicked?
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").field("thread", &self.thread).finish_non_exhaustive()
    }
}

pin_project_lite::pin_project! {
    /// A call whose panic is a value.
    struct Caught<F> {
        #[pin]
        call: F,
    }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<F::Output>> {
        let call = self.project().call;
        // What is behind the panic is not looked at any more: the call is over.
        match catch_unwind(AssertUnwindSafe(|| call.poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}
