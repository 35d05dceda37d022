//! Iterators whose steps are green calls.

use crate::green;

/// An iterator whose steps may suspend.
///
/// A `for` loop in a green body drives each step:
///
/// ```
/// use eventlet::{GreenIterator, green};
///
/// struct Countdown(u32);
///
/// impl GreenIterator for Countdown {
///     type Item = u32;
///
///     #[green]
///     fn next(&mut self) -> Option<u32> {
///         self.0 = self.0.checked_sub(1)?;
///         Some(self.0)
///     }
/// }
///
/// #[green]
/// fn main() {
///     let mut seen = vec![];
///     for n in Countdown(3) {
///         seen.push(n);
///     }
///     assert_eq!(seen, [2, 1, 0]);
/// }
/// ```
pub trait GreenIterator {
    /// What each step yields.
    type Item;

    /// The next item, or `None` at the end.
    #[green(crate = crate)]
    fn next(&mut self) -> Option<Self::Item>;
}

impl<I: GreenIterator + ?Sized> GreenIterator for &mut I {
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        (**self).next()
    }
}

impl<I: GreenIterator + ?Sized> GreenIterator for Box<I> {
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        (**self).next()
    }
}

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
