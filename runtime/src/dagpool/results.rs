//! Results as they arrive.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::rc::Rc;

use super::PropagateError;
use super::state::State;
use crate::green;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::wait_queue::Ticket;
use crate::iter::GreenIterator;

/// Gives the results of some keys, in the order in which they arrive; those that are there already come first, in the
/// order in which they arrived.
///
/// A step suspends until the next result is there; not at all if it is. A kill or timeout in a step loses nothing.
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
    #[green(crate = crate)]
    pub fn next_result(&mut self) -> Option<(K, Result<V, PropagateError<K>>)> {
        loop {
            let (key, result) = until(NextArrival { results: self, ticket: None }).await?;
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
    ticket: Option<Ticket>,
}

impl<K: Clone + Eq + Hash + 'static, V: Clone + 'static> Wait for NextArrival<'_, K, V> {
    type Output = Option<Arrival<K, V>>;

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<Option<Arrival<K, V>>> {
        let next = self.results.next_arrived();
        if next.is_some() {
            return next;
        }
        let (_left, _left_over);
        let mut readers = self.results.state.readers.borrow_mut();
        match self.ticket {
            Some(ticket) if !readers.is_notified(ticket) => {
                _left_over = readers.renew(ticket, waiting.task())
            }
            called => {
                if let Some(ticket) = called {
                    _left = readers.leave(ticket);
                }
                self.ticket = Some(readers.join(waiting.task()));
            }
        }
        None
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for the results of {} jobs", self.results.missing.len())
    }
}

impl<K, V> Drop for NextArrival<'_, K, V> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let left = self.results.state.readers.borrow_mut().leave(ticket);
            drop(left);
        }
    }
}
