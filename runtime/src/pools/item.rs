//! What a pool lends.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::stock::Slot;

/// An item of a [`Pool`](super::Pool). Dropping it brings it back, and wakes the first in line.
#[must_use = "an item that is not kept goes back at once"]
pub struct Item<T, E = std::convert::Infallible> {
    /// `None` once it was taken out of here.
    lent: Option<(T, Slot<T, E>)>,
}

impl<T, E> Item<T, E> {
    pub(super) fn new(item: T, place: Slot<T, E>) -> Self {
        Item { lent: Some((item, place)) }
    }

    /// Takes the item out of the guard; the pool goes on counting it.
    /// [`Pool::put`](super::Pool::put) brings it back.
    ///
    /// eventlet's unpaired `get` and `put`.
    pub fn keep(mut self) -> T {
        let (item, place) = self.lent.take().expect(LENT);
        place.keep();
        item
    }

    /// Takes the item away from the pool for good; another one may be made in its place.
    pub fn remove(mut self) -> T {
        let (item, _place) = self.lent.take().expect(LENT);
        item
    }
}

const LENT: &str = "an item is there until it is taken out, which consumes it";

impl<T, E> Drop for Item<T, E> {
    fn drop(&mut self) {
        if let Some((item, place)) = self.lent.take() {
            place.bring_back(item);
        }
    }
}

impl<T, E> Deref for Item<T, E> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.lent.as_ref().expect(LENT).0
    }
}

impl<T, E> DerefMut for Item<T, E> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.lent.as_mut().expect(LENT).0
    }
}

impl<T: fmt::Debug, E> fmt::Debug for Item<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
