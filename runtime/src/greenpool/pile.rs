//! Spawned in any order of time, read in the order of spawning.

use std::fmt;
use std::future::Future;
use std::rc::Rc;

use super::GreenPool;
use super::results::Line;
use crate::call::Green;
use crate::call::{GreenCall, MakesGreenCall};
use crate::green;
use crate::hub::exit::Exit;
use crate::hub::same::same_object;
use crate::hub::task::Place;
use crate::iter::GreenIterator;

/// Jobs whose values are read in the order in which they were spawned.
///
/// Spawn into it, then iterate: each step suspends until the oldest unread job has ended, and gives
/// its value. A step raises the panic of a job that panicked, and panics if it was killed; the step
/// after that goes on with the next. The iteration is over when every job that was spawned has been
/// read, and goes on if more are spawned. An empty pile is an empty sequence.
///
/// Clones are handles on one pile; each result goes to one reader. Values that nobody reads are
/// kept: a pile grows with its jobs, not with its pool. [`GreenPool::imap`] is bounded.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::{GreenPile, green, sleep};
///
/// #[green]
/// fn slow_square(n: u64) -> u64 {
///     sleep(Duration::from_millis(10 - n));
///     n * n
/// }
///
/// #[green]
/// fn main() {
///     let pile = GreenPile::new(4);
///     for n in 1..=8 {
///         pile.spawn(move || slow_square(n));
///     }
///     let mut sum = 0;
///     for square in pile {
///         sum += square;
///     }
///     assert_eq!(sum, 204);
/// }
/// ```
///
/// eventlet's `GreenPile`.
pub struct GreenPile<T> {
    pool: GreenPool,
    results: Rc<Line<T>>,
}

impl<T: 'static> GreenPile<T> {
    /// A pile with a pool of its own, in which at most `size` jobs run at once.
    pub fn new(size: usize) -> Self {
        Self::with_pool(GreenPool::new(size))
    }

    /// A pile whose jobs take the slots of `pool`, which others may use as well.
    pub fn with_pool(pool: GreenPool) -> Self {
        GreenPile { pool, results: Rc::default() }
    }

    /// Starts a job. Suspends while the pool is full, as [`GreenPool::spawn`] does.
    ///
    /// Its place in the order is the one in which it got a slot, which is the order of the calls. A
    /// reader waits for the value of a spawn that still waits for a slot.
    ///
    /// Where the OS thread is ending and its hub has ended before it, the job is killed before it
    /// begins.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here drops the job without starting it, and leaves no gap.
    #[green(by_hand = "it begins before it is driven")]
    pub fn spawn<F, G>(&self, f: F) -> Green<impl Future<Output = ()>>
    where
        F: MakesGreenCall<G> + 'static,
        G: GreenCall<Value = T> + 'static,
        G::Value: Sized,
    {
        let place = Place::here();
        Green::new(async move {
            let announced = self.results.announce();
            let thread = self.pool.spawn(f).await.spawned_at(place);
            announced.deliver(thread);
        })
    }

    /// The value of the oldest unread job, with its panic or kill as a value. Suspends as a step of
    /// the iterator does.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses no result.
    #[green(crate = crate)]
    pub fn join_next(&mut self) -> Option<Result<T, Exit>> {
        self.results.next()
    }

    /// The pool whose slots the jobs take.
    pub fn pool(&self) -> &GreenPool {
        &self.pool
    }
}

impl<T> GreenIterator for GreenPile<T> {
    type Item = T;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<T> {
        self.results.next().map(|result| result.unwrap_or_else(|exit| exit.raise()))
    }
}

/// A pile with a pool of 1000 slots.
impl<T: 'static> Default for GreenPile<T> {
    fn default() -> Self {
        Self::with_pool(GreenPool::default())
    }
}

impl<T> Clone for GreenPile<T> {
    fn clone(&self) -> Self {
        GreenPile { pool: self.pool.clone(), results: self.results.clone() }
    }
}

same_object!(impl[T] GreenPile<T>, |pile| &*pile.results);

impl<T> fmt::Debug for GreenPile<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GreenPile").field("pool", &self.pool).finish_non_exhaustive()
    }
}
