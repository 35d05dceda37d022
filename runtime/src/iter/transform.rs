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

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.iter.size_hint()
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

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.iter.size_hint()
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

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.iter.size_hint()
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

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.iter.size_hint()
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

    fn size_hint(&self) -> (usize, Option<usize>) {
        let inner = self.inner.as_ref().map_or((0, Some(0)), |inner| inner.size_hint());
        // How many each collection to come has is not known; if none comes, the one at hand is all.
        match self.iter.size_hint().1 {
            Some(0) => inner,
            _ => (inner.0, None),
        }
    }
}

/// The iterator that [`GreenIterator::scan`] makes.
#[derive(Clone, Debug)]
pub struct Scan<I, S, F> {
    pub(super) iter: I,
    pub(super) state: S,
    pub(super) f: F,
}

impl<I: GreenIterator, S, B, F: FnMut(&mut S, I::Item) -> Option<B>> GreenIterator for Scan<I, S, F> {
    type Item = B;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<B> {
        let item = self.iter.next()?;
        (self.f)(&mut self.state, item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.iter.size_hint().1)
    }
}

/// The iterator that [`GreenIterator::copied`] makes.
#[derive(Clone, Debug)]
pub struct Copied<I> {
    pub(super) iter: I,
}

impl<'a, I: GreenIterator<Item = &'a T>, T: Copy + 'a> GreenIterator for Copied<I> {
    type Item = T;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<T> {
        self.iter.next().copied()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.iter.size_hint()
    }
}

/// The iterator that [`GreenIterator::cloned`] makes.
#[derive(Clone, Debug)]
pub struct Cloned<I> {
    pub(super) iter: I,
}

impl<'a, I: GreenIterator<Item = &'a T>, T: Clone + 'a> GreenIterator for Cloned<I> {
    type Item = T;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<T> {
        self.iter.next().cloned()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.iter.size_hint()
    }
}
