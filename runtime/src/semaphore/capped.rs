//! A semaphore whose release waits at a limit.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use crate::call::Green;
use crate::green;
use crate::hub::same::same_object;
use crate::hub::suspend::until;
use crate::queue::Units;
use crate::queue::state::Shared;
use crate::queue::waits::{Get, Put};
use crate::timeout::{Timeout, with_timeout};

/// A count between zero and a limit: acquiring waits at zero, releasing waits at the limit. Clones
/// are handles on one semaphore.
///
/// With a limit of zero each release waits for an acquire, and the other way round. It is a bounded
/// [queue](crate::queue) whose items carry nothing, and keeps its rules of order. No permit is
/// held: acquire and release need not be paired, and each may be called by any thread.
///
/// # Examples
///
/// ```
/// use eventlet::{CappedSemaphore, green, spawn};
///
/// #[green]
/// fn visitor(meeting: CappedSemaphore) {
///     meeting.acquire();
/// }
///
/// #[green]
/// fn main() {
///     let meeting = CappedSemaphore::new(0, 0);
///     let other = meeting.clone();
///     let visitor = spawn(move || visitor(other));
///     meeting.release(); // suspends until the visitor is there
///     visitor.wait();
/// }
/// ```
///
/// eventlet's `CappedSemaphore`.
#[derive(Clone)]
pub struct CappedSemaphore {
    units: Rc<Shared<(), Units>>,
}

impl CappedSemaphore {
    /// A count that begins at `count` and goes up to `limit`.
    ///
    /// # Panics
    ///
    /// If `count` is above `limit`.
    #[track_caller]
    pub fn new(count: usize, limit: usize) -> Self {
        assert!(count <= limit, "a semaphore cannot begin above its limit: {count} of {limit}");
        CappedSemaphore { units: Rc::new(Shared::new(Units(count), limit, |_| ())) }
    }

    /// Counts down. Suspends while the count is zero, until this thread's turn comes; wakes a
    /// waiting release.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here changes nothing.
    #[green(by_hand = "a wait, and little else")]
    pub fn acquire(&self) -> Green<impl Future<Output = ()>> {
        Green::new(async move {
            let acquired = until(Get::new(&self.units)).await;
            debug_assert!(acquired.is_ok(), "it is never shut down");
        })
    }

    /// Counts down, within `limit`. Suspends as [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here changes nothing.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    #[green(by_hand = "a wait, and little else")]
    pub fn acquire_timeout(&self, limit: Duration) -> Green<impl Future<Output = Result<(), Timeout>>> {
        Green::new(async move { with_timeout(limit, || until(Get::new(&self.units))).await.map(|_| ()) })
    }

    /// Counts down if the count is not zero or a release waits, even if others wait for it. Does
    /// not suspend.
    pub fn try_acquire(&self) -> bool {
        self.units.try_get().is_ok()
    }

    /// Counts up. Suspends while the count is at the limit, until somebody acquires; wakes a
    /// waiting acquire.
    ///
    /// # Cancel safety
    ///
    /// A release that is killed or timed out while it waits has counted nothing.
    #[green(by_hand = "a wait, and little else")]
    pub fn release(&self) -> Green<impl Future<Output = ()>> {
        Green::new(async move {
            let unit = Cell::new(Some(()));
            let released = until(Put::new(&self.units, &unit)).await;
            debug_assert!(released.is_ok(), "it is never shut down");
        })
    }

    /// Counts up, within `limit`. Suspends as [`release`](Self::release).
    ///
    /// # Cancel safety
    ///
    /// A release that is killed or timed out while it waits has counted nothing.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    #[green(by_hand = "a wait, and little else")]
    pub fn release_timeout(&self, limit: Duration) -> Green<impl Future<Output = Result<(), Timeout>>> {
        Green::new(async move {
            let unit = Cell::new(Some(()));
            let released = with_timeout(limit, || until(Put::new(&self.units, &unit))).await;
            match released {
                // It was counted before the limit was noticed.
                Err(_) if unit.take().is_none() => Ok(()),
                released => released.map(|_| ()),
            }
        })
    }

    /// Counts up if the count is below the limit; at a limit of zero, if somebody waits to acquire.
    /// Does not suspend.
    pub fn try_release(&self) -> bool {
        self.units.try_put(()).is_ok()
    }

    /// The count.
    #[doc(alias = "counter")]
    pub fn available(&self) -> usize {
        self.units.state.borrow().items.0
    }

    /// Would an acquire wait?
    pub fn is_locked(&self) -> bool {
        self.units.state.borrow().supply() == 0
    }

    /// eventlet's word for [`is_locked`](Self::is_locked).
    pub fn locked(&self) -> bool {
        self.is_locked()
    }

    /// Would a release wait?
    pub fn is_bounded(&self) -> bool {
        !self.units.state.borrow().has_room()
    }

    /// eventlet's word for [`is_bounded`](Self::is_bounded).
    pub fn bounded(&self) -> bool {
        self.is_bounded()
    }

    /// The count, with the waiting releases and without the waiting acquires: below zero it says
    /// how many more want to acquire, above the limit how many more want to release.
    pub fn balance(&self) -> isize {
        let state = self.units.state.borrow();
        let acquiring = state.getters.len() + state.getters.notified();
        isize::try_from(state.supply()).unwrap_or(isize::MAX).saturating_sub_unsigned(acquiring)
    }
}

same_object!(impl[] CappedSemaphore, |semaphore| &*semaphore.units);

impl fmt::Debug for CappedSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.units.state.borrow().limit;
        f.debug_struct("CappedSemaphore")
            .field("available", &self.available())
            .field("limit", &limit)
            .field("balance", &self.balance())
            .finish()
    }
}
