//! A thread that lives no longer than its handle.

use std::fmt;
use std::future::Future;
use std::ops::Deref;

use crate::call::Green;
use crate::green;
use crate::greenthread::join::Join;
use crate::greenthread::joinall::Joinable;
use crate::greenthread::{GreenThread, Thread, fmt_thread};
use crate::hub::exit::Exit;
use crate::hub::suspend::until;

/// A [`GreenThread`] that is [killed](Thread::kill) when this is dropped: what
/// [`GreenThread::kill_on_drop`] gives.
///
/// So it ends with whatever holds it: with a struct whose helper it is, with a function that
/// returns early by `?`, with a thread that is killed itself or whose time is over. The kill is as
/// any other: destructors have run when the drop returns, unless a
/// [`catch_exit`](super::catch_exit) of the thread cleans up at leisure or refuses. A thread that
/// has ended is left alone, and an `Err` that it has ended with is reported
/// ([`set_error_hook`](super::set_error_hook)).
///
/// Threads that borrow what is around them, or that belong to one piece of work together, are a
/// [`scope`](crate::scope()).
///
/// ```
/// use std::cell::Cell;
/// use std::rc::Rc;
/// use std::time::Duration;
/// use eventlet::greenthread::KillOnDrop;
/// use eventlet::{green, sleep, spawn};
///
/// /// Counts for as long as it is there.
/// struct Ticker {
///     count: Rc<Cell<u32>>,
///     _thread: KillOnDrop<()>,
/// }
///
/// #[green]
/// fn tick(count: Rc<Cell<u32>>) {
///     loop {
///         sleep(Duration::from_millis(1));
///         count.set(count.get() + 1);
///     }
/// }
///
/// impl Ticker {
///     fn start() -> Ticker {
///         let count = Rc::new(Cell::new(0));
///         let counted = count.clone();
///         Ticker { count, _thread: spawn(move || tick(counted)).kill_on_drop() }
///     }
/// }
///
/// #[green]
/// fn main() {
///     let ticker = Ticker::start();
///     while ticker.count.get() < 3 {
///         sleep(Duration::from_millis(1));
///     }
///     let count = ticker.count.clone();
///     drop(ticker);
///     let counted = count.get();
///     sleep(Duration::from_millis(5));
///     assert_eq!(count.get(), counted);
/// }
/// ```
#[must_use = "the thread is killed when this is dropped"]
pub struct KillOnDrop<T> {
    /// `None` once it was taken out.
    thread: Option<GreenThread<T>>,
}

const HELD: &str = "it is there until this is consumed";

impl<T> KillOnDrop<T> {
    pub(super) fn new(thread: GreenThread<T>) -> Self {
        KillOnDrop { thread: Some(thread) }
    }

    /// Waits for the thread's value, as [`GreenThread::wait`] does, which has the panics. Suspends
    /// until the thread has ended; not at all if it has.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here kills the thread.
    #[green(by_hand = "it captures no more than it says")]
    pub fn wait(self) -> Green<impl Future<Output = T> + use<T>> {
        Green::new(async move {
            match self.join().await {
                Ok(value) => value,
                Err(exit) => exit.raise(),
            }
        })
    }

    /// Waits for the thread's end, however it ends, as [`GreenThread::join`] does, which has the
    /// errors and panics. Suspends until then; not at all if it has ended.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here kills the thread.
    #[green(by_hand = "it captures no more than it says")]
    pub fn join(self) -> Green<impl Future<Output = Result<T, Exit>> + use<T>> {
        Green::new(async move {
            let task = self.held().outcome.task();
            if !task.is_done() {
                until(Join::new(task)).await;
            }
            self.into_inner().into_result().expect("the result is taken here alone")
        })
    }

    /// The thread, which goes on when this has gone.
    pub fn into_inner(mut self) -> GreenThread<T> {
        self.thread.take().expect(HELD)
    }

    fn held(&self) -> &GreenThread<T> {
        self.thread.as_ref().expect(HELD)
    }
}

impl<T> Drop for KillOnDrop<T> {
    fn drop(&mut self) {
        if let Some(thread) = &self.thread {
            thread.kill();
        }
    }
}

impl<T> Deref for KillOnDrop<T> {
    type Target = Thread;

    fn deref(&self) -> &Thread {
        self.held().thread()
    }
}

impl<T> AsRef<Thread> for KillOnDrop<T> {
    fn as_ref(&self) -> &Thread {
        self.held().thread()
    }
}

/// Those that were not waited for when the wait is killed, or its time is over, are killed.
impl<T> Joinable for KillOnDrop<T> {
    type Value = T;

    #[green(by_hand = "it hands another call on")]
    fn join_one(self) -> Green<impl Future<Output = Result<T, Exit>>> {
        self.join()
    }
}

impl<T> fmt::Debug for KillOnDrop<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_thread("KillOnDrop", self, f)
    }
}
