//! The methods of a pool that make a job of each input.

use std::future::Future;

use super::GreenPool;
use super::imap::{Imap, Order, imap};
use crate::call::Green;
use crate::call::GreenCall;
use crate::green;
use crate::iter::GreenIterator;

impl GreenPool {
    /// Makes a job of each input, and iterates over the results in the order of the inputs. Does
    /// not suspend; the steps of the iterator do.
    ///
    /// `f` is called in the job's own thread. The jobs take slots of this pool, one each while they
    /// run, and are started as slots become free. Inputs are taken one by one, when their turn
    /// comes, in a green thread that is no member. There are never more jobs and unread results
    /// together than the pool has slots when this is called ([`with_window`](Imap::with_window)
    /// chooses another bound), so an endless input takes constant memory.
    ///
    /// A member of the pool that calls this gets as many slots beside the pool's own, so that it
    /// cannot wait for itself.
    ///
    /// [`Imap`] says what becomes of panics, of interrupted steps, and of a dropped iterator.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventlet::{GreenPool, green, sleep};
    ///
    /// #[green]
    /// fn length(word: &'static str) -> usize {
    ///     sleep(Duration::from_millis(1));
    ///     word.len()
    /// }
    ///
    /// #[green]
    /// fn main() {
    ///     let pool = GreenPool::new(2);
    ///     let mut lengths = vec![];
    ///     for n in pool.imap(length, ["ordinary", "looking", "code"]) {
    ///         lengths.push(n);
    ///     }
    ///     assert_eq!(lengths, [8, 7, 4]);
    /// }
    /// ```
    ///
    /// eventlet's and gevent's `imap`. eventlet gives the jobs slots of a pool of their own.
    #[track_caller]
    pub fn imap<I, F, G>(&self, f: F, inputs: I) -> Imap<G::Value>
    where
        I: IntoIterator<IntoIter: 'static, Item: 'static>,
        F: Fn(I::Item) -> G + 'static, // a green closure that captures goes into `shared(…)`
        G: GreenCall + 'static,
        G::Value: 'static,
    {
        imap(self, Order::OfInputs, f, inputs.into_iter())
    }

    /// Like [`imap`](Self::imap), with the results in the order in which the jobs end.
    ///
    /// gevent's `imap_unordered`.
    #[track_caller]
    pub fn imap_unordered<I, F, G>(&self, f: F, inputs: I) -> Imap<G::Value>
    where
        I: IntoIterator<IntoIter: 'static, Item: 'static>,
        F: Fn(I::Item) -> G + 'static, // a green closure that captures goes into `shared(…)`
        G: GreenCall + 'static,
        G::Value: 'static,
    {
        imap(self, Order::OfCompletion, f, inputs.into_iter())
    }

    /// Makes a job of each input, and gives all results in the order of the inputs. Suspends until
    /// they are there.
    ///
    /// Slots are taken as by [`imap`](Self::imap).
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here takes no more inputs; jobs that were started go on.
    ///
    /// # Panics
    ///
    /// With the panic of the first job in order that panicked (or was killed), or of the inputs.
    /// The other jobs that were started go on, no more inputs are taken.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventlet::{GreenPool, green};
    ///
    /// #[green]
    /// fn double(n: u32) -> u32 {
    ///     2 * n
    /// }
    ///
    /// #[green]
    /// fn main() {
    ///     assert_eq!(GreenPool::new(10).map(double, 1..=3), [2, 4, 6]);
    /// }
    /// ```
    ///
    /// gevent's `map`.
    #[green(by_hand = "it drives what it is given")]
    pub fn map<I, F, G, T>(&self, f: F, inputs: I) -> Green<impl Future<Output = Vec<T>>>
    where
        I: IntoIterator<IntoIter: 'static, Item: 'static>,
        F: Fn(I::Item) -> G + 'static, // a green closure that captures goes into `shared(…)`
        G: GreenCall<Value = T> + 'static,
        G::Value: 'static,
    {
        Green::new(async move {
            let mut results = self.imap(f, inputs);
            let mut values = Vec::new();
            while let Some(value) = results.next().await {
                values.push(value);
            }
            values
        })
    }
}
