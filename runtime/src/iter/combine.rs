//! Two iterators as one, and one that can be looked into.

use super::GreenIterator;
use crate::green;

/// The iterator that [`GreenIterator::zip`] makes.
#[derive(Clone, Debug)]
pub struct Zip<A: GreenIterator, B> {
    pub(super) a: A,
    pub(super) b: B,
    /// What `a` gave while `b` has not: an interrupted step does not lose it.
    pub(super) waiting: Option<A::Item>,
}

impl<A: GreenIterator, B: GreenIterator> GreenIterator for Zip<A, B> {
    type Item = (A::Item, B::Item);

    #[green(crate = crate)]
    fn next(&mut self) -> Option<(A::Item, B::Item)> {
        if self.waiting.is_none() {
            let first = self.a.next()?;
            self.waiting = Some(first);
        }
        let second = self.b.next();
        self.waiting.take().zip(second)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let waiting = usize::from(self.waiting.is_some());
        let (a, b) = (self.a.size_hint(), self.b.size_hint());
        let a_most = a.1.and_then(|most| most.checked_add(waiting));
        let most = match (a_most, b.1) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        (a.0.saturating_add(waiting).min(b.0), most)
    }
}

/// The iterator that [`GreenIterator::chain`] makes.
#[derive(Clone, Debug)]
pub struct Chain<A, B> {
    pub(super) a: Option<A>,
    pub(super) b: B,
}

impl<A, B> GreenIterator for Chain<A, B>
where
    A: GreenIterator,
    B: GreenIterator<Item = A::Item>,
{
    type Item = A::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<A::Item> {
        if let Some(a) = &mut self.a {
            let item = a.next();
            if item.is_some() {
                return item;
            }
            self.a = None;
        }
        self.b.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let a = self.a.as_ref().map_or((0, Some(0)), A::size_hint);
        let b = self.b.size_hint();
        let most = a.1.zip(b.1).and_then(|(a, b)| a.checked_add(b));
        (a.0.saturating_add(b.0), most)
    }
}

/// The iterator that [`GreenIterator::cycle`] makes.
#[derive(Clone, Debug)]
pub struct Cycle<I> {
    pub(super) start: I,
    pub(super) iter: I,
}

impl<I: GreenIterator + Clone> GreenIterator for Cycle<I> {
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        let item = self.iter.next();
        if item.is_some() {
            return item;
        }
        self.iter = self.start.clone();
        self.iter.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.start.size_hint() {
            (0, Some(0)) => (0, Some(0)),
            (0, _) => (0, None),
            _ => (usize::MAX, None),
        }
    }
}

/// The iterator that [`GreenIterator::fuse`] makes.
#[derive(Clone, Debug)]
pub struct Fuse<I> {
    pub(super) iter: Option<I>,
}

impl<I: GreenIterator> GreenIterator for Fuse<I> {
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        let iter = self.iter.as_mut()?;
        let item = iter.next();
        if item.is_none() {
            self.iter = None;
        }
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.iter.as_ref().map_or((0, Some(0)), I::size_hint)
    }
}

/// The iterator that [`GreenIterator::peekable`] makes.
#[derive(Clone, Debug)]
pub struct Peekable<I: GreenIterator> {
    pub(super) iter: I,
    /// What was looked at and not taken; the end is remembered as well.
    pub(super) peeked: Option<Option<I::Item>>,
}

impl<I: GreenIterator> Peekable<I> {
    /// The item that the next step will give, which stays where it is. Suspends as a step does.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses no item.
    #[green(crate = crate)]
    pub fn peek(&mut self) -> Option<&I::Item> {
        self.peek_mut().map(|item| &*item)
    }

    /// Like [`peek`](Self::peek), and the item may be changed.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses no item.
    #[green(crate = crate)]
    pub fn peek_mut(&mut self) -> Option<&mut I::Item> {
        if self.peeked.is_none() {
            let item = self.iter.next();
            self.peeked = Some(item);
        }
        self.peeked.as_mut()?.as_mut()
    }

    /// Takes the next item if `f` says so. Suspends as a step does.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses no item.
    #[green(crate = crate)]
    pub fn next_if(&mut self, f: impl FnOnce(&I::Item) -> bool) -> Option<I::Item> {
        let item = self.peek()?;
        if !f(item) {
            return None;
        }
        self.next()
    }

    /// Takes the next item if it equals `expected`. Suspends as a step does.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses no item.
    #[green(crate = crate)]
    pub fn next_if_eq<T: ?Sized>(&mut self, expected: &T) -> Option<I::Item>
    where
        I::Item: PartialEq<T>,
    {
        self.next_if(|item| item == expected)
    }
}

impl<I: GreenIterator> GreenIterator for Peekable<I> {
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        match self.peeked.take() {
            Some(item) => item,
            None => self.iter.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let peeked = match &self.peeked {
            Some(None) => return (0, Some(0)),
            Some(Some(_)) => 1,
            None => 0,
        };
        let (least, most) = self.iter.size_hint();
        (least.saturating_add(peeked), most.and_then(|most| most.checked_add(peeked)))
    }
}
