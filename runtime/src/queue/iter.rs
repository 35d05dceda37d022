//! A loop over what comes out of a queue.

use std::fmt;

use super::{AnyQueue, Storage};
use crate::green;
use crate::iter::GreenIterator;

/// Items as they come: what [`AnyQueue::iter`] makes.
pub struct Iter<T, S> {
    queue: AnyQueue<T, S>,
}

impl<T, S> Iter<T, S> {
    pub(super) fn new(queue: AnyQueue<T, S>) -> Self {
        Iter { queue }
    }
}

impl<T, S: Storage<T>> fmt::Debug for Iter<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("queue", &self.queue).finish()
    }
}

impl<T, S: Storage<T>> GreenIterator for Iter<T, S> {
    type Item = T;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<T> {
        self.queue.get().ok()
    }
}
