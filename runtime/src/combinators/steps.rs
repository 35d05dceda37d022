//! The twins of the combinators of green iterators.

use crate::call::GreenCall;
use crate::green;
use crate::iter::{Attempt, GreenIterator, IntoGreenIterator, Then};

/// The twins of [`GreenIterator`]'s combinators, whose closures make green calls.
///
/// Those that give an iterator do nothing by themselves; a step suspends while the iterator's step
/// and the call do. Those that give a value suspend until they have it. Where std's closure takes a
/// reference to the item, these take a clone: see [`combinators`](crate::combinators).
///
/// ```
/// use std::time::Duration;
/// use eventlet::prelude::*;
/// use eventlet::{green, iter, sleep};
///
/// #[green]
/// fn is_even(n: u32) -> bool {
///     sleep(Duration::from_millis(1));
///     n % 2 == 0
/// }
///
/// #[green]
/// fn main() {
///     let even: Vec<u32> = iter::from_iter(1..=6).green_filter(is_even).collect();
///     assert_eq!(even, [2, 4, 6]);
/// }
/// ```
///
/// # Cancel safety
///
/// A kill or timeout in a step drops the call, and the item that was given to it.
pub trait GreenIteratorExt: GreenIterator {
    /// [`Iterator::map`], with a green call: [`GreenIterator::then`] under the name of its kind.
    fn green_map<F, G>(self, f: F) -> Then<Self, F>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall,
    {
        self.then(f)
    }

    /// [`Iterator::filter`], with a green call that gets a clone of the item.
    fn green_filter<P, G>(self, predicate: P) -> GreenFilter<Self, P>
    where
        Self: Sized,
        Self::Item: Clone,
        P: FnMut(Self::Item) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        GreenFilter { iter: self, predicate }
    }

    /// [`Iterator::filter_map`], with a green call.
    fn green_filter_map<B, F, G>(self, f: F) -> GreenFilterMap<Self, F>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = Option<B>>,
        G::Value: Sized,
    {
        GreenFilterMap { iter: self, f }
    }

    /// [`Iterator::flat_map`], for a closure that gives a green iterator: its steps may suspend,
    /// too.
    fn green_flat_map<U, F>(self, f: F) -> GreenFlatten<Self, F, U::IntoIter>
    where
        Self: Sized,
        U: IntoGreenIterator,
        F: FnMut(Self::Item) -> U,
    {
        GreenFlatten { iter: self, f, inner: None }
    }

    /// [`Iterator::map_while`], with a green call.
    fn green_map_while<B, F, G>(self, f: F) -> GreenMapWhile<Self, F>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = Option<B>>,
        G::Value: Sized,
    {
        GreenMapWhile { iter: self, f }
    }

    /// [`Iterator::take_while`], with a green call that gets a clone of the item.
    fn green_take_while<P, G>(self, predicate: P) -> GreenTakeWhile<Self, P>
    where
        Self: Sized,
        Self::Item: Clone,
        P: FnMut(Self::Item) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        GreenTakeWhile { iter: self, predicate, is_over: false }
    }

    /// [`Iterator::skip_while`], with a green call that gets a clone of the item.
    fn green_skip_while<P, G>(self, predicate: P) -> GreenSkipWhile<Self, P>
    where
        Self: Sized,
        Self::Item: Clone,
        P: FnMut(Self::Item) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        GreenSkipWhile { iter: self, predicate, has_begun: false }
    }

    /// [`Iterator::for_each`], with a green call. One call is over before the next step.
    #[green(crate = crate)]
    fn green_for_each<F, G>(mut self, mut f: F)
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = ()>,
        G::Value: Sized,
    {
        while let Some(item) = self.next() {
            f(item).await;
        }
    }

    /// [`Iterator::try_for_each`], with a green call. No step is taken after the first call that
    /// fails.
    #[green(crate = crate)]
    fn green_try_for_each<F, G, R>(&mut self, mut f: F) -> R
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = R>,
        G::Value: Sized,
        R: Attempt<Output = ()>,
    {
        while let Some(item) = self.next() {
            if let Err(failure) = f(item).await.outcome() {
                return R::failed(failure);
            }
        }
        R::done(())
    }

    /// [`Iterator::fold`], with a green call.
    #[green(crate = crate)]
    fn green_fold<B, F, G>(mut self, init: B, mut f: F) -> B
    where
        Self: Sized,
        F: FnMut(B, Self::Item) -> G,
        G: GreenCall<Value = B>,
        G::Value: Sized,
    {
        let mut value = init;
        while let Some(item) = self.next() {
            value = f(value, item).await;
        }
        value
    }

    /// [`Iterator::try_fold`], with a green call. No step is taken after the first call that fails.
    #[green(crate = crate)]
    fn green_try_fold<B, F, G, R>(&mut self, init: B, mut f: F) -> R
    where
        Self: Sized,
        F: FnMut(B, Self::Item) -> G,
        G: GreenCall<Value = R>,
        G::Value: Sized,
        R: Attempt<Output = B>,
    {
        let mut value = init;
        while let Some(item) = self.next() {
            value = match f(value, item).await.outcome() {
                Ok(value) => value,
                Err(failure) => return R::failed(failure),
            };
        }
        R::done(value)
    }

    /// [`Iterator::any`], with a green call. No step is taken after the first item that it wants.
    #[green(crate = crate)]
    fn green_any<F, G>(&mut self, mut f: F) -> bool
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        while let Some(item) = self.next() {
            if f(item).await {
                return true;
            }
        }
        false
    }

    /// [`Iterator::all`], with a green call. No step is taken after the first item that it does not
    /// want.
    #[green(crate = crate)]
    fn green_all<F, G>(&mut self, mut f: F) -> bool
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        while let Some(item) = self.next() {
            if !f(item).await {
                return false;
            }
        }
        true
    }

    /// [`Iterator::find`], with a green call that gets a clone of the item. No step is taken after
    /// it.
    #[green(crate = crate)]
    fn green_find<P, G>(&mut self, mut predicate: P) -> Option<Self::Item>
    where
        Self: Sized,
        Self::Item: Clone,
        P: FnMut(Self::Item) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        while let Some(item) = self.next() {
            if predicate(item.clone()).await {
                return Some(item);
            }
        }
        None
    }

    /// [`Iterator::find_map`], with a green call. No step is taken after the first that gives
    /// something.
    #[green(crate = crate)]
    fn green_find_map<B, F, G>(&mut self, mut f: F) -> Option<B>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = Option<B>>,
        G::Value: Sized,
    {
        while let Some(item) = self.next() {
            let found = f(item).await;
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// [`Iterator::position`], with a green call. No step is taken after the first item that it
    /// wants.
    #[green(crate = crate)]
    fn green_position<P, G>(&mut self, mut predicate: P) -> Option<usize>
    where
        Self: Sized,
        P: FnMut(Self::Item) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        let mut index = 0;
        while let Some(item) = self.next() {
            if predicate(item).await {
                return Some(index);
            }
            index += 1;
        }
        None
    }

    /// [`Iterator::min_by_key`], with a green call that gets a clone of the item. It is made once
    /// for each item.
    #[green(crate = crate)]
    fn green_min_by_key<K, F, G>(self, mut key: F) -> Option<Self::Item>
    where
        Self: Sized,
        Self::Item: Clone,
        K: Ord,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = K>,
        G::Value: Sized,
    {
        let keyed = self.then(|item| {
            let call = key(item.clone());
            async move { (call.await, item) }
        });
        let least = keyed.min_by(|first, second| first.0.cmp(&second.0));
        least.map(|(_, item)| item)
    }

    /// [`Iterator::max_by_key`], with a green call that gets a clone of the item. It is made once
    /// for each item.
    #[green(crate = crate)]
    fn green_max_by_key<K, F, G>(self, mut key: F) -> Option<Self::Item>
    where
        Self: Sized,
        Self::Item: Clone,
        K: Ord,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = K>,
        G::Value: Sized,
    {
        let keyed = self.then(|item| {
            let call = key(item.clone());
            async move { (call.await, item) }
        });
        let greatest = keyed.max_by(|first, second| first.0.cmp(&second.0));
        greatest.map(|(_, item)| item)
    }
}

impl<I: GreenIterator + ?Sized> GreenIteratorExt for I {}

/// The iterator that [`GreenIteratorExt::green_filter`] makes.
#[derive(Clone, Debug)]
pub struct GreenFilter<I, P> {
    iter: I,
    predicate: P,
}

impl<I, P, G> GreenIterator for GreenFilter<I, P>
where
    I: GreenIterator,
    I::Item: Clone,
    P: FnMut(I::Item) -> G,
    G: GreenCall<Value = bool>,
    G::Value: Sized,
{
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        loop {
            let item = self.iter.next()?;
            if (self.predicate)(item.clone()).await {
                return Some(item);
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.iter.size_hint().1)
    }
}

/// The iterator that [`GreenIteratorExt::green_filter_map`] makes.
#[derive(Clone, Debug)]
pub struct GreenFilterMap<I, F> {
    iter: I,
    f: F,
}

impl<I, B, F, G> GreenIterator for GreenFilterMap<I, F>
where
    I: GreenIterator,
    F: FnMut(I::Item) -> G,
    G: GreenCall<Value = Option<B>>,
    G::Value: Sized,
{
    type Item = B;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<B> {
        loop {
            let item = self.iter.next()?;
            let made = (self.f)(item).await;
            if made.is_some() {
                return made;
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.iter.size_hint().1)
    }
}

/// The iterator that [`GreenIteratorExt::green_flat_map`] makes.
#[derive(Clone, Debug)]
pub struct GreenFlatten<I, F, U> {
    iter: I,
    f: F,
    inner: Option<U>,
}

impl<I, F, U> GreenIterator for GreenFlatten<I, F, U::IntoIter>
where
    I: GreenIterator,
    F: FnMut(I::Item) -> U,
    U: IntoGreenIterator,
{
    type Item = U::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<U::Item> {
        loop {
            if let Some(inner) = &mut self.inner {
                let item = inner.next();
                if item.is_some() {
                    return item;
                }
                self.inner = None;
            }
            let item = self.iter.next()?;
            self.inner = Some((self.f)(item).into_green_iter());
        }
    }
}

/// The iterator that [`GreenIteratorExt::green_map_while`] makes.
#[derive(Clone, Debug)]
pub struct GreenMapWhile<I, F> {
    iter: I,
    f: F,
}

impl<I, B, F, G> GreenIterator for GreenMapWhile<I, F>
where
    I: GreenIterator,
    F: FnMut(I::Item) -> G,
    G: GreenCall<Value = Option<B>>,
    G::Value: Sized,
{
    type Item = B;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<B> {
        let item = self.iter.next()?;
        (self.f)(item).await
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.iter.size_hint().1)
    }
}

/// The iterator that [`GreenIteratorExt::green_take_while`] makes.
#[derive(Clone, Debug)]
pub struct GreenTakeWhile<I, P> {
    iter: I,
    predicate: P,
    is_over: bool,
}

impl<I, P, G> GreenIterator for GreenTakeWhile<I, P>
where
    I: GreenIterator,
    I::Item: Clone,
    P: FnMut(I::Item) -> G,
    G: GreenCall<Value = bool>,
    G::Value: Sized,
{
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        if self.is_over {
            return None;
        }
        let item = self.iter.next()?;
        if (self.predicate)(item.clone()).await {
            return Some(item);
        }
        self.is_over = true;
        None
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.is_over { (0, Some(0)) } else { (0, self.iter.size_hint().1) }
    }
}

/// The iterator that [`GreenIteratorExt::green_skip_while`] makes.
#[derive(Clone, Debug)]
pub struct GreenSkipWhile<I, P> {
    iter: I,
    predicate: P,
    has_begun: bool,
}

impl<I, P, G> GreenIterator for GreenSkipWhile<I, P>
where
    I: GreenIterator,
    I::Item: Clone,
    P: FnMut(I::Item) -> G,
    G: GreenCall<Value = bool>,
    G::Value: Sized,
{
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        while !self.has_begun {
            let item = self.iter.next()?;
            if !(self.predicate)(item.clone()).await {
                self.has_begun = true;
                return Some(item);
            }
        }
        self.iter.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.iter.size_hint().1)
    }
}
