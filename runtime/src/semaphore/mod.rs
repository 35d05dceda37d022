//! Semaphores: a number of permits. eventlet's and gevent's `semaphore`.
//!
//! | type | what release does when nothing is held |
//! |---|---|
//! | [`Semaphore`] | counts up |
//! | [`BoundedSemaphore`] | panics |
//! | [`CappedSemaphore`] | waits, at its limit, for somebody to acquire |

mod bounded;
mod capped;
pub(crate) mod permits;

use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use crate::call::Green;
use crate::green;
use crate::hub::same::same_object;
use crate::hub::suspend::until;
use crate::timeout::{Timeout, with_timeout};
use permits::Permits;

pub use bounded::BoundedSemaphore;
pub use capped::CappedSemaphore;

/// A number of permits. Clones are handles on one semaphore.
///
/// [`acquire`](Self::acquire) is first come, first served: whoever finds others waiting queues
/// behind them, even if a permit is free that the first of them has not taken yet; it takes at once
/// what is left over. Only [`try_acquire`](Self::try_acquire), which cannot wait, may take it
/// before; the one that was to have it keeps its place. Acquiring a free permit that nobody waits
/// for never suspends.
///
/// A [`Permit`] gives itself back when it is dropped. Where that is too tidy, [`Permit::forget`]
/// and [`release`](Self::release) count down and up by hand, in any thread, without an owner.
///
/// # Examples
///
/// ```
/// use eventlet::{Semaphore, green, sleep, spawn};
/// use std::time::Duration;
///
/// #[green]
/// fn worker(id: u32, seats: Semaphore) {
///     let _seat = seats.acquire();
///     assert!(seats.available() <= 2);
///     println!("{id} works");
///     sleep(Duration::from_millis(1));
/// }
///
/// #[green]
/// fn main() {
///     let seats = Semaphore::new(2);
///     let workers: Vec<_> = (0..5)
///         .map(|id| {
///             let seats = seats.clone();
///             spawn(move || worker(id, seats))
///         })
///         .collect();
///     for worker in workers {
///         worker.wait();
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Semaphore {
    shared: Rc<Shared>,
}

struct Shared {
    permits: Permits,
    /// More than this many are never free.
    limit: usize,
}

impl Semaphore {
    /// A semaphore with that many permits, which may be zero.
    pub fn new(permits: usize) -> Self {
        Self::with_limit(permits, usize::MAX)
    }

    fn with_limit(permits: usize, limit: usize) -> Self {
        Semaphore { shared: Rc::new(Shared { permits: Permits::new(permits), limit }) }
    }

    /// Takes a permit. Suspends until there is one for this thread; not at all if there is.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: a permit that was on its way goes to the next in line.
    #[green(by_hand = "a wait, and little else")]
    pub fn acquire(&self) -> Green<impl Future<Output = Permit>> {
        Green::new(async move {
            until(self.shared.permits.acquire("a permit of a semaphore")).await;
            self.permit()
        })
    }

    /// Takes a permit, within `limit`. Suspends until there is one for this thread; not at all if
    /// there is.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout loses nothing, as in [`acquire`](Self::acquire).
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    #[green(by_hand = "a wait, and little else")]
    pub fn acquire_timeout(&self, limit: Duration) -> Green<impl Future<Output = Result<Permit, Timeout>>> {
        Green::new(async move {
            with_timeout(limit, || until(self.shared.permits.acquire("a permit of a semaphore"))).await?;
            Ok(self.permit())
        })
    }

    /// Takes a permit if one is free, even if others wait for it. Does not suspend.
    pub fn try_acquire(&self) -> Option<Permit> {
        self.shared.permits.try_take().then(|| self.permit())
    }

    /// Waits until a permit is free, and leaves it there. Suspends until then; not at all if one
    /// is.
    ///
    /// Gives the number of free permits, which may be zero: the next in line may have been notified
    /// for it. gevent's `Semaphore.wait`.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(by_hand = "a wait, and little else")]
    pub fn wait(&self) -> Green<impl Future<Output = usize>> {
        Green::new(async move {
            until(self.shared.permits.acquire("a permit of a semaphore to be free")).await;
            drop(self.permit());
            self.shared.permits.unclaimed()
        })
    }

    /// Adds a permit, and wakes the first in line. Does not suspend.
    ///
    /// It pairs with [`Permit::forget`]; a permit that is dropped is given back already.
    ///
    /// # Panics
    ///
    /// That of a [`BoundedSemaphore`], if all its permits are free.
    #[track_caller]
    pub fn release(&self) {
        let Shared { permits, limit } = &*self.shared;
        assert!(permits.free() < *limit, "the semaphore was released more often than it was acquired");
        permits.give_back();
    }

    /// How many permits are free, those included for which a thread in line was notified that has
    /// not run yet.
    #[doc(alias = "counter")]
    pub fn available(&self) -> usize {
        self.shared.permits.free()
    }

    /// Is no permit free?
    pub fn is_locked(&self) -> bool {
        self.available() == 0
    }

    /// eventlet's word for [`is_locked`](Self::is_locked).
    pub fn locked(&self) -> bool {
        self.is_locked()
    }

    /// How many threads are in line.
    pub fn waiting(&self) -> usize {
        self.shared.permits.waiting()
    }

    /// The free permits less the threads in line: below zero it says how many wait.
    pub fn balance(&self) -> isize {
        isize::try_from(self.available()).unwrap_or(isize::MAX).saturating_sub_unsigned(self.waiting())
    }

    fn permit(&self) -> Permit {
        Permit { semaphore: Some(self.clone()) }
    }
}

impl Default for Semaphore {
    /// With one permit.
    fn default() -> Self {
        Self::new(1)
    }
}

same_object!(impl[] Semaphore, |semaphore| &*semaphore.shared);

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("available", &self.available())
            .field("waiting", &self.waiting())
            .finish()
    }
}

/// A permit of a [`Semaphore`] or [`BoundedSemaphore`]. Dropping it gives it back, and wakes the
/// first in line.
///
/// (If a [`BoundedSemaphore`] was released for it by hand already, dropping it changes nothing.)
#[must_use = "a permit that is not kept is given back at once; `forget` keeps it taken"]
#[derive(Debug)]
pub struct Permit {
    /// `None` once it is forgotten.
    semaphore: Option<Semaphore>,
}

impl Permit {
    /// Keeps the permit taken. [`Semaphore::release`] adds one again, from wherever it is called.
    pub fn forget(mut self) {
        self.semaphore = None;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(Semaphore { shared }) = &self.semaphore else { return };
        if shared.permits.free() < shared.limit {
            shared.permits.give_back();
        }
    }
}
