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
    #[green(crate = crate)]
    pub fn peek(&mut self) -> Option<&I::Item> {
        self.peek_mut().map(|item| &*item)
    }

    /// Like [`peek`](Self::peek), and the item may be changed.
    #[green(crate = crate)]
    pub fn peek_mut(&mut self) -> Option<&mut I::Item> {
        if self.peeked.is_none() {
            let item = self.iter.next();
            self.peeked = Some(item);
        }
        self.peeked.as_mut()?.as_mut()
    }

    /// Takes the next item if `f` says so. Suspends as a step does.
    #[green(crate = crate)]
    pub fn next_if(&mut self, f: impl FnOnce(&I::Item) -> bool) -> Option<I::Item> {
        let item = self.peek()?;
        if !f(item) {
            return None;
        }
        self.next()
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
}
