//! Results as they arrive.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::rc::Rc;

use super::PropagateError;
use super::state::State;
use crate::green;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::wait_queue::{Line, Queued, WaitList};
use crate::iter::GreenIterator;

/// Gives the results of some keys, in the order in which they arrive; those that are there already
/// come first, in the order in which they arrived.
///
/// A step suspends until the next result is there; not at all if it is.
///
/// # Cancel safety
///
/// A kill or timeout in a step loses nothing.
pub struct Results<K, V> {
    state: Rc<State<K, V>>,
    missing: HashSet<K>,
    /// How far the line of arrivals has been looked through.
    seen: usize,
    only: Only,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Only {
    All,
    Successes,
    Failures,
}

/// A key, and its value or why it has none.
type Arrival<K, V> = (K, Result<V, PropagateError<K>>);

impl<K: Clone + Eq + Hash + 'static, V: Clone + 'static> Results<K, V> {
    pub(super) fn new(state: Rc<State<K, V>>, keys: impl IntoIterator<Item = K>, only: Only) -> Self {
        Results { state, missing: keys.into_iter().collect(), seen: 0, only }
    }

    /// The next result of any kind, with its key. Suspends as a step of the iterator does.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(crate = crate)]
    pub fn next_result(&mut self) -> Option<(K, Result<V, PropagateError<K>>)> {
        loop {
            let (key, result) = until(NextArrival::of(self)).await?;
            let is_wanted = match self.only {
                Only::All => true,
                Only::Successes => result.is_ok(),
                Only::Failures => result.is_err(),
            };
            if is_wanted {
                return Some((key, result));
            }
        }
    }

    /// Keys whose results have not come out yet.
    pub fn missing(&self) -> impl Iterator<Item = &K> {
        self.missing.iter()
    }

    /// `None` if nothing has arrived; `Some(None)` if nothing more will.
    fn next_arrived(&mut self) -> Option<Option<Arrival<K, V>>> {
        if self.missing.is_empty() {
            return Some(None);
        }
        while let Some(key) = self.state.arrival(self.seen) {
            self.seen += 1;
            if let Some(result) = self.state.result(&key)
                && self.missing.remove(&key)
            {
                return Some(Some((key, result)));
            }
        }
        None
    }
}

impl<K, V> GreenIterator for Results<K, V>
where
    K: Clone + Eq + Hash + 'static,
    V: Clone + 'static,
{
    /// A key with its value; the error says whose job failed.
    type Item = Result<(K, V), PropagateError<K>>;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<Result<(K, V), PropagateError<K>>> {
        let (key, result) = self.next_result().await?;
        Some(result.map(|value| (key, value)))
    }
}

impl<K: fmt::Debug, V> fmt::Debug for Results<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results").field("missing", &self.missing).finish_non_exhaustive()
    }
}

/// Waits until one of the missing keys has a result.
struct NextArrival<'a, K, V> {
    results: &'a mut Results<K, V>,
    place: Queued<Readers<K, V>>,
}

impl<'a, K, V> NextArrival<'a, K, V> {
    fn of(results: &'a mut Results<K, V>) -> Self {
        let place = Queued::new(Readers(results.state.clone()));
        NextArrival { results, place }
    }
}

/// The line of those who wait for results of this pool.
struct Readers<K, V>(Rc<State<K, V>>);

impl<K, V> Line for Readers<K, V> {
    type Brought = ();

    fn with<R>(&self, f: impl FnOnce(&mut WaitList) -> R) -> Option<R> {
        Some(f(&mut self.0.readers.borrow_mut()))
    }
}

impl<K: Clone + Eq + Hash + 'static, V: Clone + 'static> Wait for NextArrival<'_, K, V> {
    type Output = Option<Arrival<K, V>>;

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<Option<Arrival<K, V>>> {
        let next = self.results.next_arrived();
        if next.is_some() {
            return next;
        }
        self.place.wait_on(waiting);
        None
    }

    fn is_settled(&self) -> bool {
        self.place.is_in_line()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for the results of {} jobs", self.results.missing.len())
    }
}
