//! Green iterators from something else.

use super::GreenIterator;
use crate::green;

/// A green iterator over what an ordinary one gives. Its steps do not suspend.
///
/// ```
/// use eventlet::{GreenIterator, green, iter};
///
/// #[green]
/// fn main() {
///     assert_eq!(iter::from_iter([1, 2, 3]).last(), Some(3));
/// }
/// ```
pub fn from_iter<I: IntoIterator>(items: I) -> FromIter<I::IntoIter> {
    FromIter { items: items.into_iter() }
}

/// The iterator that [`from_iter`] makes.
#[derive(Clone, Debug)]
pub struct FromIter<I> {
    items: I,
}

impl<I: Iterator> GreenIterator for FromIter<I> {
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        self.items.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

/// A green iterator that asks `f` for each step; it is over when `f` gives `None`. A step suspends
/// while `f`'s call does.
///
/// ```
/// use std::time::Duration;
/// use eventlet::{GreenIterator, green, iter, sleep};
///
/// #[green]
/// fn tick(count: u32) -> Option<u32> {
///     sleep(Duration::from_millis(1));
///     (count < 3).then_some(count)
/// }
///
/// #[green]
/// fn main() {
///     let mut count = 0;
///     let ticks = iter::from_fn(|| {
///         count += 1;
///         tick(count)
///     });
///     let seen: Vec<u32> = ticks.collect();
///     assert_eq!(seen, [1, 2]);
/// }
/// ```
///
/// # Cancel safety
///
/// A kill or timeout in a step drops the call that `f` made.
pub fn from_fn<T, F>(f: F) -> FromFn<F>
where
    F: AsyncFnMut() -> Option<T>,
{
    FromFn { f }
}

/// The iterator that [`from_fn`] makes.
#[derive(Clone, Debug)]
pub struct FromFn<F> {
    f: F,
}

impl<T, F> GreenIterator for FromFn<F>
where
    F: AsyncFnMut() -> Option<T>,
{
    type Item = T;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<T> {
        (self.f)().await
    }
}

/// A green iterator that asks `f` for each step and never ends. A step suspends while `f`'s call
/// does.
///
/// # Cancel safety
///
/// A kill or timeout in a step drops the call that `f` made.
pub fn repeat_with<T, F>(f: F) -> RepeatWith<F>
where
    F: AsyncFnMut() -> T,
{
    RepeatWith { f }
}

/// The iterator that [`repeat_with`] makes.
#[derive(Clone, Debug)]
pub struct RepeatWith<F> {
    f: F,
}

impl<T, F> GreenIterator for RepeatWith<F>
where
    F: AsyncFnMut() -> T,
{
    type Item = T;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<T> {
        Some((self.f)().await)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}
