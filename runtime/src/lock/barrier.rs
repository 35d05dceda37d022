//! Waiting for each other.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;

use crate::call::Green;
use crate::green;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::wait_queue::{Queued, WaitList};
use crate::hub::wake_all;

/// A place at which a number of threads wait for each other, and then all go on. It can be used
/// again at once.
///
/// # Examples
///
/// ```
/// use std::rc::Rc;
/// use eventlet::lock::Barrier;
/// use eventlet::{green, spawn};
///
/// #[green]
/// fn runner(start: Rc<Barrier>) -> bool {
///     start.wait()
/// }
///
/// #[green]
/// fn main() {
///     let start = Rc::new(Barrier::new(2));
///     let other = start.clone();
///     let first = spawn(move || runner(other));
///     let second = spawn(move || runner(start));
///     assert!(!first.wait());
///     assert!(second.wait(), "the last to arrive leads");
/// }
/// ```
pub struct Barrier {
    size: usize,
    line: RefCell<WaitList>,
    passed: Cell<u64>,
}

impl Barrier {
    /// A barrier that lets threads pass when `size` of them are there. With a size of zero or one
    /// all pass at once.
    pub fn new(size: usize) -> Self {
        Barrier { size, line: RefCell::default(), passed: Cell::new(0) }
    }

    /// Waits until as many threads as the barrier asks for are there. Suspends until then; the last
    /// to arrive does not suspend, and `true` tells it that it leads.
    ///
    /// # Cancel safety
    ///
    /// A thread that is killed or timed out while it waits is not there any more: the barrier asks
    /// for another one.
    #[green(by_hand = "a wait, and little else")]
    pub fn wait(&self) -> Green<impl Future<Output = bool>> {
        Green::new(async move { until(Passed { barrier: self, place: Queued::new(&self.line) }).await })
    }

    /// How many threads wait.
    pub fn waiting(&self) -> usize {
        self.line.borrow().len()
    }

    /// How often all went on.
    pub fn passed(&self) -> u64 {
        self.passed.get()
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").field("size", &self.size).field("waiting", &self.waiting()).finish()
    }
}

struct Passed<'a> {
    barrier: &'a Barrier,
    place: Queued<&'a RefCell<WaitList>>,
}

impl Wait for Passed<'_> {
    type Output = bool;

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<bool> {
        let Barrier { size, line, passed } = self.barrier;
        if !self.place.is_in_line() && line.borrow().len() + 1 >= *size {
            let all = line.borrow_mut().notify_all();
            passed.set(passed.get() + 1);
            wake_all(all);
            return Some(true);
        }
        self.place.wait(waiting).then_some(false)
    }

    fn is_settled(&self) -> bool {
        self.place.is_in_line()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at a barrier with {} of {}", self.barrier.waiting(), self.barrier.size)
    }
}
