//! Green iterators behind a pointer.

use super::GreenIterator;
use crate::green;

/// A [`GreenIterator`] whose type is not known: `dyn DynGreenIterator<Item = T>`.
///
/// Every green iterator is one, and a `Box` or a `&mut` of the `dyn` type is a green iterator
/// again, with all its methods. Each step allocates.
///
/// ```
/// use eventlet::iter::{DynGreenIterator, from_iter};
/// use eventlet::{GreenIterator, green};
///
/// fn numbers(backwards: bool) -> Box<dyn DynGreenIterator<Item = u32>> {
///     if backwards { Box::new(from_iter((1..=3).rev())) } else { Box::new(from_iter(1..=3)) }
/// }
///
/// #[green]
/// fn main() {
///     let seen: Vec<u32> = numbers(true).chain(numbers(false)).collect();
///     assert_eq!(seen, [3, 2, 1, 1, 2, 3]);
/// }
/// ```
pub trait DynGreenIterator {
    /// What each step yields.
    type Item;

    /// [`GreenIterator::next`], on the heap.
    #[green(boxed, crate = crate)]
    fn next_boxed(&mut self) -> Option<Self::Item>;

    /// [`GreenIterator::size_hint`].
    fn size_hint_boxed(&self) -> (usize, Option<usize>);
}

impl<I: GreenIterator> DynGreenIterator for I {
    type Item = I::Item;

    #[green(boxed, crate = crate)]
    fn next_boxed(&mut self) -> Option<I::Item> {
        self.next()
    }

    fn size_hint_boxed(&self) -> (usize, Option<usize>) {
        self.size_hint()
    }
}

impl<T> GreenIterator for dyn DynGreenIterator<Item = T> + '_ {
    type Item = T;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<T> {
        self.next_boxed()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.size_hint_boxed()
    }
}
