//! Iterators that give only some of the items that they take.

use super::GreenIterator;
use crate::green;

/// The iterator that [`GreenIterator::filter`] makes.
#[derive(Clone, Debug)]
pub struct Filter<I, P> {
    pub(super) iter: I,
    pub(super) predicate: P,
}

impl<I: GreenIterator, P: FnMut(&I::Item) -> bool> GreenIterator for Filter<I, P> {
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        loop {
            let item = self.iter.next()?;
            if (self.predicate)(&item) {
                return Some(item);
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.iter.size_hint().1)
    }
}

/// The iterator that [`GreenIterator::filter_map`] makes.
#[derive(Clone, Debug)]
pub struct FilterMap<I, F> {
    pub(super) iter: I,
    pub(super) f: F,
}

impl<I: GreenIterator, B, F: FnMut(I::Item) -> Option<B>> GreenIterator for FilterMap<I, F> {
    type Item = B;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<B> {
        loop {
            let item = self.iter.next()?;
            if let Some(item) = (self.f)(item) {
                return Some(item);
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.iter.size_hint().1)
    }
}

/// The iterator that [`GreenIterator::take`] makes.
#[derive(Clone, Debug)]
pub struct Take<I> {
    pub(super) iter: I,
    pub(super) left: usize,
}

impl<I: GreenIterator> GreenIterator for Take<I> {
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        if self.left == 0 {
            return None;
        }
        let item = self.iter.next();
        // An interrupted step does not count.
        self.left -= 1;
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (least, most) = self.iter.size_hint();
        (least.min(self.left), Some(most.map_or(self.left, |most| most.min(self.left))))
    }
}

/// The iterator that [`GreenIterator::take_while`] makes.
#[derive(Clone, Debug)]
pub struct TakeWhile<I, P> {
    pub(super) iter: I,
    pub(super) predicate: P,
    pub(super) is_over: bool,
}

impl<I: GreenIterator, P: FnMut(&I::Item) -> bool> GreenIterator for TakeWhile<I, P> {
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        if self.is_over {
            return None;
        }
        let item = self.iter.next()?;
        if (self.predicate)(&item) {
            return Some(item);
        }
        self.is_over = true;
        None
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.is_over { (0, Some(0)) } else { (0, self.iter.size_hint().1) }
    }
}

/// The iterator that [`GreenIterator::map_while`] makes.
#[derive(Clone, Debug)]
pub struct MapWhile<I, F> {
    pub(super) iter: I,
    pub(super) f: F,
}

impl<I: GreenIterator, B, F: FnMut(I::Item) -> Option<B>> GreenIterator for MapWhile<I, F> {
    type Item = B;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<B> {
        let item = self.iter.next()?;
        (self.f)(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.iter.size_hint().1)
    }
}

/// The iterator that [`GreenIterator::skip`] makes.
#[derive(Clone, Debug)]
pub struct Skip<I> {
    pub(super) iter: I,
    pub(super) left: usize,
}

impl<I: GreenIterator> GreenIterator for Skip<I> {
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        while self.left > 0 {
            self.iter.next()?;
            self.left -= 1;
        }
        self.iter.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (least, most) = self.iter.size_hint();
        (least.saturating_sub(self.left), most.map(|most| most.saturating_sub(self.left)))
    }
}

/// The iterator that [`GreenIterator::skip_while`] makes.
#[derive(Clone, Debug)]
pub struct SkipWhile<I, P> {
    pub(super) iter: I,
    pub(super) predicate: P,
    pub(super) has_begun: bool,
}

impl<I: GreenIterator, P: FnMut(&I::Item) -> bool> GreenIterator for SkipWhile<I, P> {
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        loop {
            let item = self.iter.next()?;
            if self.has_begun || !(self.predicate)(&item) {
                self.has_begun = true;
                return Some(item);
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.iter.size_hint().1)
    }
}

/// The iterator that [`GreenIterator::step_by`] makes.
#[derive(Clone, Debug)]
pub struct StepBy<I> {
    pub(super) iter: I,
    /// How many items are passed over after each that is given.
    pub(super) gap: usize,
    /// How many of them are to come.
    pub(super) left: usize,
}

impl<I: GreenIterator> GreenIterator for StepBy<I> {
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        while self.left > 0 {
            self.iter.next()?;
            self.left -= 1;
        }
        let item = self.iter.next()?;
        self.left = self.gap;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // The first is given after `left` others, each further one after `gap` others.
        let given = |items: usize| match items.checked_sub(self.left) {
            None | Some(0) => 0,
            Some(items) => (items - 1) / (self.gap + 1) + 1,
        };
        let (least, most) = self.iter.size_hint();
        (given(least), most.map(given))
    }
}
