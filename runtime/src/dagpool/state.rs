//! What a pool knows of its keys.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

use super::PropagateError;
use crate::greenthread::Thread;
use crate::hub::wait_queue::WaitList;
use crate::hub::wake_all;

pub(super) struct State<K, V> {
    entries: RefCell<HashMap<K, Entry<K, V>>>,
    /// Keys that got a result, in that order. One that was forgotten since may stand here.
    arrived: RefCell<Vec<K>>,
    pub(super) readers: RefCell<WaitList>,
}

pub(super) struct Entry<K, V> {
    /// Its job, while that has no result.
    pub(super) job: Option<Thread>,
    pub(super) depends: Vec<K>,
    pub(super) result: Option<Result<V, PropagateError<K>>>,
}

impl<K, V> Default for State<K, V> {
    fn default() -> Self {
        State { entries: RefCell::default(), arrived: RefCell::default(), readers: RefCell::default() }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> State<K, V> {
    pub(super) fn knows(&self, key: &K) -> bool {
        self.entries.borrow().contains_key(key)
    }

    pub(super) fn result(&self, key: &K) -> Option<Result<V, PropagateError<K>>> {
        self.entries.borrow().get(key)?.result.clone()
    }

    pub(super) fn job(&self, key: &K) -> Option<Thread> {
        self.entries.borrow().get(key)?.job.clone()
    }

    pub(super) fn arrival(&self, index: usize) -> Option<K> {
        self.arrived.borrow().get(index).cloned()
    }

    pub(super) fn begin(&self, key: K, job: Thread, depends: Vec<K>) {
        let entry = Entry { job: Some(job), depends, result: None };
        self.entries.borrow_mut().insert(key, entry);
    }

    /// Gives a key its result, in the place of an earlier one if there is one, and notifies all
    /// readers.
    pub(super) fn finish(&self, key: K, result: Result<V, PropagateError<K>>) {
        let entry = Entry { job: None, depends: Vec::new(), result: Some(result) };
        let old = self.entries.borrow_mut().insert(key.clone(), entry);
        let is_new = old.as_ref().is_none_or(|old| old.result.is_none());
        if is_new {
            self.arrived.borrow_mut().push(key);
        }
        // The old value goes only now, when nothing is borrowed.
        drop(old);
        let readers = self.readers.borrow_mut().notify_all();
        wake_all(readers);
    }

    /// Takes out a key that has no result.
    pub(super) fn forget(&self, key: &K) {
        let entry = self.entries.borrow_mut().remove(key);
        drop(entry);
    }

    /// Keys with the given property.
    pub(super) fn keys(&self, is_wanted: impl Fn(&Entry<K, V>) -> bool) -> Vec<K> {
        let entries = self.entries.borrow();
        entries.iter().filter(|(_, entry)| is_wanted(entry)).map(|(key, _)| key.clone()).collect()
    }

    /// Keys with a result, in the order in which they arrived.
    pub(super) fn finished(&self) -> Vec<K> {
        let arrived = self.arrived.borrow();
        let entries = self.entries.borrow();
        let has_result = |key: &&K| entries.get(key).is_some_and(|entry| entry.result.is_some());
        arrived.iter().filter(has_result).cloned().collect()
    }

    /// What the job of `key` depends on and is not there.
    pub(super) fn missing(&self, key: &K) -> Option<Vec<K>> {
        let entries = self.entries.borrow();
        let has_result = |key: &K| entries.get(key).is_some_and(|entry| entry.result.is_some());
        let entry = entries.get(key)?;
        Some(entry.depends.iter().filter(|key| !has_result(key)).cloned().collect())
    }
}
