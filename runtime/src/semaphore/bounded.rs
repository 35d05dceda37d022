//! A semaphore that notices a release too many.

use std::fmt;
use std::ops::Deref;

use super::Semaphore;
use crate::hub::same::same_object;

/// A [`Semaphore`] that never has more permits than it began with: a release too many panics.
///
/// It can do what a [`Semaphore`] can. As permits give themselves back, only unpaired calls of
/// [`release`](Semaphore::release) can be too many.
///
/// ```should_panic
/// use eventlet::BoundedSemaphore;
///
/// let semaphore = BoundedSemaphore::new(2);
/// semaphore.release(); // nobody had acquired it
/// ```
///
/// eventlet's and gevent's `BoundedSemaphore`.
#[derive(Clone)]
pub struct BoundedSemaphore {
    semaphore: Semaphore,
}

impl BoundedSemaphore {
    /// A semaphore with that many permits, now and at most.
    pub fn new(permits: usize) -> Self {
        BoundedSemaphore { semaphore: Semaphore::with_limit(permits, permits) }
    }
}

impl Deref for BoundedSemaphore {
    type Target = Semaphore;

    fn deref(&self) -> &Semaphore {
        &self.semaphore
    }
}

impl Default for BoundedSemaphore {
    /// With one permit.
    fn default() -> Self {
        Self::new(1)
    }
}

same_object!(impl[] BoundedSemaphore, |bounded| &*bounded.semaphore.shared);

impl fmt::Debug for BoundedSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.semaphore.fmt(f)
    }
}
