//! Iterators that give other items than they take.

use std::future::Future;

use super::GreenIterator;
use crate::green;

/// The iterator that [`GreenIterator::map`] makes.
#[derive(Clone, Debug)]
pub struct Map<I, F> {
    pub(super) iter: I,
    pub(super) f: F,
}

impl<I: GreenIterator, B, F: FnMut(I::Item) -> B> GreenIterator for Map<I, F> {
    type Item = B;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<B> {
        let item = self.iter.next()?;
        Some((self.f)(item))
    }
}

/// The iterator that [`GreenIterator::then`] makes.
#[derive(Clone, Debug)]
pub struct Then<I, F> {
    pub(super) iter: I,
    pub(super) f: F,
}

impl<I, F, G> GreenIterator for Then<I, F>
where
    I: GreenIterator,
    F: FnMut(I::Item) -> G,
    G: Future,
{
    type Item = G::Output;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<G::Output> {
        let item = self.iter.next()?;
        Some((self.f)(item).await)
    }
}

/// The iterator that [`GreenIterator::inspect`] makes.
#[derive(Clone, Debug)]
pub struct Inspect<I, F> {
    pub(super) iter: I,
    pub(super) f: F,
}

impl<I: GreenIterator, F: FnMut(&I::Item)> GreenIterator for Inspect<I, F> {
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        let item = self.iter.next()?;
        (self.f)(&item);
        Some(item)
    }
}

/// The iterator that [`GreenIterator::enumerate`] makes.
#[derive(Clone, Debug)]
pub struct Enumerate<I> {
    pub(super) iter: I,
    pub(super) count: usize,
}

impl<I: GreenIterator> GreenIterator for Enumerate<I> {
    type Item = (usize, I::Item);

    #[green(crate = crate)]
    fn next(&mut self) -> Option<(usize, I::Item)> {
        let item = self.iter.next()?;
        let index = self.count;
        self.count += 1;
        Some((index, item))
    }
}

/// The iterator that [`GreenIterator::flatten`] and [`GreenIterator::flat_map`] make.
#[derive(Clone, Debug)]
pub struct Flatten<I, U: IntoIterator> {
    pub(super) iter: I,
    pub(super) inner: Option<U::IntoIter>,
}

impl<I, U> GreenIterator for Flatten<I, U>
where
    I: GreenIterator<Item = U>,
    U: IntoIterator,
{
    type Item = U::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<U::Item> {
        loop {
            if let Some(inner) = &mut self.inner {
                if let Some(item) = inner.next() {
                    return Some(item);
                }
                self.inner = None;
            }
            let items = self.iter.next()?;
            self.inner = Some(items.into_iter());
        }
    }
}
