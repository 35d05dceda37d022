//! What a `for` loop in a green body accepts beside ordinary iterators.

use super::GreenIterator;

/// What a `for` loop in a green body turns into a [`GreenIterator`].
pub trait IntoGreenIterator {
    /// What each step yields.
    type Item;
    /// The iterator that it becomes.
    type IntoIter: GreenIterator<Item = Self::Item>;

    /// Makes the iterator.
    fn into_green_iter(self) -> Self::IntoIter;
}

impl<I: GreenIterator> IntoGreenIterator for I {
    type Item = I::Item;
    type IntoIter = I;

    fn into_green_iter(self) -> I {
        self
    }
}
