//! Jobs with names, which wait for each other's results: a graph without circles. eventlet's
//! `dagpool`.
//!
//! ```text
//!  mod.rs      DagPool: spawn, post, wait            results.rs  results as they arrive
//!  state.rs    what is known of each key             error.rs    what can go wrong with a key
//! ```

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::hash::Hash;
use std::rc::Rc;

use crate::call::GreenCall;
use crate::green;
use crate::greenthread::{GreenThread, spawn, try_current};
use crate::hub::exit::Exit;
use crate::hub::same::same_object;

mod error;
mod results;
mod state;

pub use error::{Collision, PropagateError, UnknownKey};
pub use results::Results;

use results::Only;
use state::State;

/// Jobs with names. Each begins at once, gets the results of the jobs that it depends on as they
/// arrive, and its own result is there for others. Clones are handles on one pool.
///
/// A key gets its result from a job or from [`post`](Self::post), and keeps it. It may be waited
/// for before anybody knows who will bring it. There is no limit on the number of jobs that run at
/// once.
///
/// # Examples
///
/// ```
/// use eventlet::dagpool::{DagPool, PropagateError, Results};
/// use eventlet::green;
///
/// #[green]
/// fn total(key: &'static str, parts: Results<&'static str, u32>) -> Result<u32, PropagateError<&'static str>> {
///     assert_eq!(key, "total");
///     let mut sum = 0;
///     for part in parts {
///         let (_key, value) = part?;
///         sum += value;
///     }
///     Ok(sum)
/// }
///
/// #[green]
/// fn main() {
///     let pool = DagPool::new();
///     pool.spawn("total", ["pears", "apples"], total).unwrap();
///     pool.post("apples", 3).unwrap();
///     pool.post("pears", 4).unwrap();
///     assert_eq!(pool.get(&"total").unwrap(), 7);
/// }
/// ```
///
/// eventlet's `DAGPool`.
pub struct DagPool<K, V> {
    state: Rc<State<K, V>>,
}

impl<K, V> DagPool<K, V>
where
    K: Clone + Eq + Hash + fmt::Debug + 'static,
    V: Clone + 'static,
{
    /// A pool that knows no key.
    pub fn new() -> Self {
        DagPool { state: Rc::default() }
    }

    /// Starts the job of `key`: the call that `f` makes with the key and the results of the keys
    /// that it depends on. Does not suspend.
    ///
    /// The job begins when the running thread next suspends, whether or not what it depends on is
    /// there; it takes that from its [`Results`] as it arrives. What it returns is the result of
    /// the key.
    ///
    /// # Errors
    ///
    /// [`Collision`] if the key has a value or a job already.
    ///
    /// # Panics
    ///
    /// As [`spawn`]. A panic of the job is the key's failure.
    pub fn spawn<F, G, E>(
        &self,
        key: K,
        depends: impl IntoIterator<Item = K>,
        f: F,
    ) -> Result<(), Collision<K>>
    where
        F: FnOnce(K, Results<K, V>) -> G + 'static,
        G: GreenCall<Value = Result<V, E>> + 'static,
        E: Into<Box<dyn Error>> + 'static,
    {
        if self.state.knows(&key) {
            return Err(Collision(key));
        }
        let depends: Vec<K> = depends.into_iter().collect();
        let results = Results::new(self.state.clone(), depends.clone(), Only::All);
        let name = key.clone();
        let job: GreenThread<Result<V, E>> = spawn(move || f(name, results));
        let thread = job.thread().clone();
        self.state.begin(key.clone(), thread.clone(), depends);
        let state = Rc::downgrade(&self.state);
        thread.link(move |thread| {
            let Some(state) = state.upgrade() else { return };
            // It may have posted its own result, or have been killed through the pool.
            if state.job(&key).is_some_and(|job| job == *thread) {
                let result = job.into_result().unwrap_or(Err(Exit::Killed));
                let result = match result {
                    Ok(result) => result.map_err(Into::into),
                    Err(exit) => Err(exit.into()),
                };
                state.finish(key.clone(), result.map_err(|cause| PropagateError::new(key, cause)));
            }
        });
        Ok(())
    }

    /// Starts a job for each key, with what it depends on. Does not suspend.
    ///
    /// # Errors
    ///
    /// [`Collision`] at the first key that has a value or a job already; the jobs of those before
    /// it are started.
    ///
    /// # Panics
    ///
    /// As [`spawn`](Self::spawn).
    pub fn spawn_many<D, F, G, E>(
        &self,
        graph: impl IntoIterator<Item = (K, D)>,
        f: F,
    ) -> Result<(), Collision<K>>
    where
        D: IntoIterator<Item = K>,
        F: Fn(K, Results<K, V>) -> G + 'static,
        G: GreenCall<Value = Result<V, E>> + 'static,
        E: Into<Box<dyn Error>> + 'static,
    {
        let f = Rc::new(f);
        graph.into_iter().try_for_each(|(key, depends)| {
            let f = f.clone();
            self.spawn(key, depends, move |key, results| f(key, results))
        })
    }

    /// Gives a key its value. Does not suspend.
    ///
    /// A job may post the value of its own key while it goes on; what it returns is dropped then.
    ///
    /// # Errors
    ///
    /// [`Collision`] if it has one, or a job that is not the running thread.
    pub fn post(&self, key: K, value: V) -> Result<(), Collision<K>> {
        if self.state.result(&key).is_some() || self.is_somebody_elses(&key) {
            return Err(Collision(key));
        }
        self.state.finish(key, Ok(value));
        Ok(())
    }

    /// Gives a key its value, in the place of an earlier one if it has one. Does not suspend.
    ///
    /// Whoever has taken the earlier one keeps it. eventlet's `post(…, replace=True)`.
    ///
    /// # Errors
    ///
    /// [`Collision`] if it has a job that is not the running thread.
    pub fn replace(&self, key: K, value: V) -> Result<(), Collision<K>> {
        if self.is_somebody_elses(&key) {
            return Err(Collision(key));
        }
        self.state.finish(key, Ok(value));
        Ok(())
    }

    fn is_somebody_elses(&self, key: &K) -> bool {
        let running = try_current();
        self.state.job(key).is_some_and(|job| running.is_none_or(|running| running != job))
    }

    /// Waits for the value of a key. Suspends until it is there; not at all if it is.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// [`PropagateError`] if its job failed.
    ///
    /// eventlet's `pool[key]`.
    #[green(crate = crate)]
    pub fn get(&self, key: &K) -> Result<V, PropagateError<K>> {
        let mut results = self.results([key.clone()], Only::All);
        let (_, result) = results.next_result().await.expect("one result was asked for");
        result
    }

    /// The value of a key, if it has a result. Does not suspend.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn try_get(&self, key: &K) -> Option<Result<V, PropagateError<K>>> {
        self.state.result(key)
    }

    /// Waits for the values of these keys. Suspends until all are there, or one has failed; not at
    /// all if that is so now.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// The first failure, in the order of arrival. The other jobs go on.
    #[green(crate = crate)]
    pub fn wait(&self, keys: impl IntoIterator<Item = K>) -> Result<HashMap<K, V>, PropagateError<K>> {
        let mut results = self.results(keys, Only::All);
        let mut values = HashMap::new();
        while let Some((key, result)) = results.next_result().await {
            values.insert(key, result?);
        }
        Ok(values)
    }

    /// Waits for the values of all keys that have one or a job now, as [`wait`](Self::wait).
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    #[green(crate = crate)]
    pub fn waitall(&self) -> Result<HashMap<K, V>, PropagateError<K>> {
        let keys = self.known_keys();
        self.wait(keys).await
    }

    /// The results of these keys, as they arrive. Does not suspend; the steps of the iterator do.
    pub fn wait_each(&self, keys: impl IntoIterator<Item = K>) -> Results<K, V> {
        self.results(keys, Only::All)
    }

    /// Like [`wait_each`](Self::wait_each), without those that failed.
    pub fn wait_each_success(&self, keys: impl IntoIterator<Item = K>) -> Results<K, V> {
        self.results(keys, Only::Successes)
    }

    /// Like [`wait_each`](Self::wait_each), with those that failed only.
    pub fn wait_each_exception(&self, keys: impl IntoIterator<Item = K>) -> Results<K, V> {
        self.results(keys, Only::Failures)
    }

    fn results(&self, keys: impl IntoIterator<Item = K>, only: Only) -> Results<K, V> {
        Results::new(self.state.clone(), keys, only)
    }

    /// Every key that has a result or a job, in no order.
    pub fn known_keys(&self) -> Vec<K> {
        self.state.keys(|_| true)
    }

    /// The keys that have a result, in the order in which it arrived. eventlet's `keys`.
    pub fn keys(&self) -> Vec<K> {
        self.state.finished()
    }

    /// The keys that have a result, with it, in the order in which it arrived. eventlet's `items`.
    pub fn items(&self) -> Vec<(K, Result<V, PropagateError<K>>)> {
        let with_result = |key: K| self.state.result(&key).map(|result| (key, result));
        self.keys().into_iter().filter_map(with_result).collect()
    }

    /// How many jobs have no result yet.
    pub fn running(&self) -> usize {
        self.running_keys().len()
    }

    /// The keys whose jobs have no result yet, in no order.
    pub fn running_keys(&self) -> Vec<K> {
        self.state.keys(|entry| entry.job.is_some())
    }

    /// How many jobs depend on something that is not there.
    pub fn waiting(&self) -> usize {
        self.waiting_for_all().len()
    }

    /// What the job of a key depends on and is not there. To find out why nothing moves.
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] if the key has neither a value nor a job.
    pub fn waiting_for(&self, key: &K) -> Result<Vec<K>, UnknownKey<K>> {
        self.state.missing(key).ok_or_else(|| UnknownKey(key.clone()))
    }

    /// The jobs that depend on something that is not there, with what that is, in no order.
    pub fn waiting_for_all(&self) -> Vec<(K, Vec<K>)> {
        let missing = |key: K| self.state.missing(&key).map(|missing| (key, missing));
        self.running_keys()
            .into_iter()
            .filter_map(missing)
            .filter(|(_, missing)| !missing.is_empty())
            .collect()
    }

    /// Kills the job of a key, and forgets the key: another job may be started for it, or a value
    /// posted. Does not suspend.
    ///
    /// Whoever waits for the key goes on waiting. It does not matter whether the job had begun; in
    /// eventlet one that had makes this raise.
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] if the key has no job that could be killed.
    pub fn kill(&self, key: &K) -> Result<(), UnknownKey<K>> {
        let job = self.state.job(key).ok_or_else(|| UnknownKey(key.clone()))?;
        self.state.forget(key);
        job.kill();
        Ok(())
    }
}

/// A pool with values to begin with. eventlet's `preload`.
impl<K, V> FromIterator<(K, V)> for DagPool<K, V>
where
    K: Clone + Eq + Hash + fmt::Debug + 'static,
    V: Clone + 'static,
{
    fn from_iter<I: IntoIterator<Item = (K, V)>>(values: I) -> Self {
        let pool = DagPool::new();
        values.into_iter().for_each(|(key, value)| pool.state.finish(key, Ok(value)));
        pool
    }
}

impl<K, V> Clone for DagPool<K, V> {
    fn clone(&self) -> Self {
        DagPool { state: self.state.clone() }
    }
}

impl<K, V> Default for DagPool<K, V>
where
    K: Clone + Eq + Hash + fmt::Debug + 'static,
    V: Clone + 'static,
{
    fn default() -> Self {
        Self::new()
    }
}

same_object!(impl[K, V] DagPool<K, V>, |pool| &*pool.state);

impl<K, V> fmt::Debug for DagPool<K, V>
where
    K: Clone + Eq + Hash + fmt::Debug + 'static,
    V: Clone + 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DagPool")
            .field("finished", &self.keys())
            .field("running", &self.running_keys())
            .finish()
    }
}
