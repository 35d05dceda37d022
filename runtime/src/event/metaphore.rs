//! A count that threads wait for to come down to zero: what is still used of eventlet's `coros`.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use super::Flag;
use crate::call::Green;
use crate::green;
use crate::hub::same::same_object;
use crate::timeout::{Timeout, with_timeout};

/// A count of things under way; threads wait until there are none. Clones are handles on one count.
///
/// # Examples
///
/// ```
/// use eventlet::coros::Metaphore;
/// use eventlet::{green, spawn};
///
/// #[green]
/// fn job(under_way: Metaphore) {
///     under_way.dec(1);
/// }
///
/// #[green]
/// fn main() {
///     let under_way = Metaphore::new();
///     for _ in 0..3 {
///         under_way.inc(1);
///         let handle = under_way.clone();
///         spawn(move || job(handle));
///     }
///     under_way.wait();
///     assert_eq!(under_way.count(), 0);
/// }
/// ```
///
/// eventlet's `coros.metaphore`.
#[derive(Clone, Default)]
pub struct Metaphore {
    shared: Rc<Shared>,
}

#[derive(Default)]
struct Shared {
    count: Cell<usize>,
    /// Put up for a moment whenever the count comes down to zero.
    is_zero: Flag,
}

impl Metaphore {
    /// A count of zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts up. Does not suspend.
    ///
    /// # Panics
    ///
    /// Above `usize::MAX`.
    pub fn inc(&self, by: usize) {
        let count = &self.shared.count;
        count.set(count.get().checked_add(by).expect("a metaphore counts to usize::MAX"));
    }

    /// Counts down, to zero at most, and wakes whoever waits if that is where it comes to. Does not
    /// suspend.
    pub fn dec(&self, by: usize) {
        let Shared { count, is_zero } = &*self.shared;
        count.set(count.get().saturating_sub(by));
        if count.get() == 0 {
            is_zero.set();
            is_zero.clear();
        }
    }

    /// The count.
    pub fn count(&self) -> usize {
        self.shared.count.get()
    }

    /// Waits until the count was zero at some time during the wait. Suspends until then; not at all
    /// if it is.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(by_hand = "a wait, and little else")]
    pub fn wait(&self) -> Green<impl Future<Output = ()>> {
        Green::new(async move {
            if self.count() > 0 {
                self.shared.is_zero.wait().await;
            }
        })
    }

    /// Like [`wait`](Self::wait), for at most `limit`.
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
        Green::new(async move { with_timeout(limit, || self.wait()).await })
    }
}

same_object!(impl[] Metaphore, |metaphore| &*metaphore.shared);

impl fmt::Debug for Metaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metaphore").field("count", &self.count()).finish()
    }
}
