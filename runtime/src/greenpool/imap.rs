//! A job for each input, and an iterator over what the jobs give.
//!
//! A green thread of its own, the feeder, takes the inputs and starts the jobs, so that work goes
//! on while the reader is busy with a result. It stays at most a window ahead of the reader.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::GreenPool;
use super::results::{Announced, Line};
use super::slots::FreeSlot;
use crate::green;
use crate::greenthread::{GreenThread, Thread, spawn};
use crate::hub::current;
use crate::hub::exit::{Exit, Panic};
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::waiter_cell::WaiterCell;
use crate::iter::GreenIterator;

/// The results of [`GreenPool::imap`] and [`GreenPool::imap_unordered`], one after another.
///
/// A step suspends until the next result is there. It raises the panic of a job that panicked, and
/// panics if the job was killed; the step after that goes on with the next result. If taking an
/// input panics, that panic is raised after the results of the inputs before it, and then the
/// iterator is over.
///
/// The jobs need slots to begin, so a member that reads an `Imap` which was made outside may wait
/// for ever: for a job that waits for the member's own slot. One that is made by the member has
/// slots of its own.
///
/// Dropping the iterator early takes no more inputs; jobs that were started go on, detached.
///
/// # Cancel safety
///
/// A kill or timeout in a step loses no result.
#[must_use = "the jobs that are started are no more than the window, until results are taken"]
pub struct Imap<T> {
    results: Rc<Line<T>>,
    window: Rc<Window>,
    feeder: Thread,
}

impl<T> Imap<T> {
    /// Lets the jobs be at most `window` results ahead of the reader, those that run included.
    /// Otherwise that is the size of the pool.
    ///
    /// gevent's `maxsize`.
    ///
    /// # Panics
    ///
    /// If `window` is zero: nothing would ever be started.
    #[track_caller]
    pub fn with_window(self, window: usize) -> Self {
        assert!(window > 0, "a window of zero results would never let a job start");
        self.window.resize(window);
        self
    }

    /// The next result, with the panic or the kill of its job as a value. Suspends as a step of the
    /// iterator does.
    ///
    /// A panic that was met in taking an input is the last of the results.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses no result.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventlet::{GreenPool, green};
    ///
    /// #[green]
    /// fn inverse(n: u32) -> u32 {
    ///     60 / n
    /// }
    ///
    /// #[green]
    /// fn main() {
    ///     let mut inverses = GreenPool::new(2).imap(inverse, [3, 0, 4]);
    ///     let mut seen = vec![];
    ///     while let Some(result) = inverses.join_next() {
    ///         seen.push(result.ok());
    ///     }
    ///     assert_eq!(seen, [Some(20), None, Some(15)]);
    /// }
    /// ```
    #[green(crate = crate)]
    pub fn join_next(&mut self) -> Option<Result<T, Exit>> {
        let result = self.results.next();
        if result.is_some() {
            self.window.move_on();
            return result;
        }
        let panic = self.window.input_panic.take()?;
        Some(Err(Exit::Panicked(panic)))
    }
}

impl<T> GreenIterator for Imap<T> {
    type Item = T;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<T> {
        self.join_next().map(|result| result.unwrap_or_else(|exit| exit.raise()))
    }
}

impl<T> Drop for Imap<T> {
    fn drop(&mut self) {
        self.window.is_closed.set(true);
        // With the hub gone the feeder is gone as well.
        if let Some(hub) = current::try_with(Rc::clone) {
            hub.kill(&self.feeder.0);
        }
    }
}

impl<T> fmt::Debug for Imap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Imap")
            .field("window", &self.window.size.get())
            .field("ahead", &self.window.ahead.get())
            .finish()
    }
}

/// When a job's result is put into the line.
#[derive(Clone, Copy)]
pub(super) enum Order {
    /// At its start: results in the order of the inputs.
    OfInputs,
    /// At its end: first come, first served.
    OfCompletion,
}

/// Starts the feeder.
pub(super) fn imap<I, A, F, G>(pool: &GreenPool, order: Order, f: F, inputs: I) -> Imap<G::Output>
where
    I: Iterator<Item = A> + 'static,
    A: 'static,
    F: Fn(A) -> G + 'static,
    G: Future + 'static,
    G::Output: 'static,
{
    // A member holds a slot while it waits for results, so results that need slots of the same pool
    // may never come.
    let pool = if pool.is_member() { GreenPool::new(pool.size()) } else { pool.clone() };
    let window = Rc::new(Window::new(pool.size().max(1)));
    let results = Rc::new(Line::default());
    let feeder = Feeder { pool, order, window: window.clone(), results: results.announce() };
    let feeder = spawn(move || feeder.feed(f, inputs)).thread().clone();
    Imap { results, window, feeder }
}

struct Feeder<T> {
    pool: GreenPool,
    order: Order,
    window: Rc<Window>,
    /// The line is not over while the feeder is at work.
    results: Announced<T>,
}

impl<T: 'static> Feeder<T> {
    async fn feed<I, A, F, G>(self, f: F, mut inputs: I)
    where
        I: Iterator<Item = A> + 'static,
        A: 'static,
        F: Fn(A) -> G + 'static,
        G: Future<Output = T> + 'static,
    {
        let f = Rc::new(f);
        loop {
            until(Room { window: &self.window }).await;
            let input = match catch_unwind(AssertUnwindSafe(|| inputs.next())) {
                Ok(Some(input)) => input,
                Ok(None) => return,
                Err(payload) => return self.window.input_panic.set(Some(Panic::new(payload))),
            };
            if self.window.is_closed.get() {
                return;
            }
            until(FreeSlot::new(&self.pool.slots)).await;
            self.window.ahead.set(self.window.ahead.get() + 1);
            let f = f.clone();
            self.deliver(self.pool.slots.start(move || f(input)));
        }
    }

    fn deliver(&self, thread: GreenThread<T>) {
        match self.order {
            Order::OfInputs => self.results.deliver(thread),
            Order::OfCompletion => {
                let results = self.results.another();
                let ended = thread.thread().clone();
                ended.link(move |_| results.deliver(thread));
            }
        }
    }
}

/// How far the jobs are ahead of the reader.
struct Window {
    size: Cell<usize>,
    /// Jobs whose results have not been read.
    ahead: Cell<usize>,
    /// The feeder, when it waits for the reader.
    feeder: WaiterCell,
    /// What taking an input panicked with.
    input_panic: Cell<Option<Panic>>,
    /// The reader is gone.
    is_closed: Cell<bool>,
}

impl Window {
    fn new(size: usize) -> Self {
        Window {
            size: Cell::new(size),
            ahead: Cell::new(0),
            feeder: WaiterCell::default(),
            input_panic: Cell::new(None),
            is_closed: Cell::new(false),
        }
    }

    fn resize(&self, size: usize) {
        self.size.set(size);
        self.feeder.wake();
    }

    /// A result has been read.
    fn move_on(&self) {
        self.ahead.set(self.ahead.get() - 1);
        self.feeder.wake();
    }
}

/// Waits until another job may be started for the reader.
struct Room<'a> {
    window: &'a Window,
}

impl Wait for Room<'_> {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        if self.window.ahead.get() < self.window.size.get() {
            return Some(());
        }
        self.window.feeder.register(waiting.waiter());
        None
    }

    fn is_settled(&self) -> bool {
        self.window.feeder.is_registered()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for the reader of an imap, which is {} results behind", self.window.ahead.get())
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.window.feeder.clear();
    }
}
