//! A flag that threads wait for.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use crate::call::Green;
use crate::green;
use crate::hub::same::same_object;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::wait_queue::{Queued, WaitList};
use crate::hub::wake_all;
use crate::timeout::{Timeout, with_timeout};

/// A flag that is up or down, and that threads wait for. Clones are handles on one flag.
///
/// # Examples
///
/// ```
/// use eventlet::event::Flag;
/// use eventlet::{green, spawn};
///
/// #[green]
/// fn cook(ready: Flag) -> &'static str {
///     ready.wait();
///     "dinner"
/// }
///
/// #[green]
/// fn main() {
///     let ready = Flag::new();
///     let cook = spawn({
///         let ready = ready.clone();
///         move || cook(ready)
///     });
///     ready.set();
///     assert_eq!(cook.wait(), "dinner");
/// }
/// ```
///
/// gevent's `Event`, and Python's `threading.Event`.
#[doc(alias = "Event")]
#[derive(Clone, Default)]
pub struct Flag {
    shared: Rc<Shared>,
}

#[derive(Default)]
struct Shared {
    is_set: Cell<bool>,
    line: RefCell<WaitList>,
}

impl Flag {
    /// A flag that is down.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts the flag up: whoever waits now is woken, first come first served. Does not suspend.
    ///
    /// They are past their wait even if the flag is cleared before they run.
    pub fn set(&self) {
        if self.shared.is_set.replace(true) {
            return;
        }
        let waiters = self.shared.line.borrow_mut().notify_all();
        wake_all(waiters);
    }

    /// Takes the flag down. Does not suspend.
    pub fn clear(&self) {
        self.shared.is_set.set(false);
    }

    /// Is it up?
    pub fn is_set(&self) -> bool {
        self.shared.is_set.get()
    }

    /// How many threads wait.
    pub fn waiting(&self) -> usize {
        self.shared.line.borrow().len()
    }

    /// Waits until the flag was up at some time during the wait. Suspends until then; not at all if
    /// it is up.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(by_hand = "a wait, and little else")]
    pub fn wait(&self) -> Green<impl Future<Output = ()>> {
        Green::new(async move { until(Raised::of(&self.shared)).await })
    }

    /// Waits until the flag was up, for at most `limit`. Suspends until then; not at all if it is
    /// up.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    #[green(by_hand = "a wait, and little else")]
    pub fn wait_timeout(&self, limit: Duration) -> Green<impl Future<Output = Result<(), Timeout>>> {
        Green::new(async move { with_timeout(limit, || until(Raised::of(&self.shared))).await })
    }
}

same_object!(impl[] Flag, |flag| &*flag.shared);

impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flag").field("is_set", &self.is_set()).field("waiting", &self.waiting()).finish()
    }
}

/// Waits until the flag is up, or was.
struct Raised<'a> {
    shared: &'a Shared,
    place: Queued<&'a RefCell<WaitList>>,
}

impl<'a> Raised<'a> {
    fn of(shared: &'a Shared) -> Self {
        Raised { shared, place: Queued::new(&shared.line) }
    }
}

impl Wait for Raised<'_> {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        let is_up = !self.place.is_in_line() && self.shared.is_set.get();
        (is_up || self.place.wait(waiting)).then_some(())
    }

    fn is_settled(&self) -> bool {
        self.place.is_in_line()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for a flag to be set ({} waiting)", self.shared.line.borrow().len())
    }
}
