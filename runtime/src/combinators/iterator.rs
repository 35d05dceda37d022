//! The twins of the combinators of ordinary iterators.

use std::future::Future;

use super::{
    GreenFilter, GreenFilterMap, GreenFlatten, GreenIteratorExt, GreenMapWhile, GreenSkipWhile,
    GreenTakeWhile,
};
use crate::call::{Green, GreenCall};
use crate::green;
use crate::iter::{Attempt, FromIter, IntoGreenIterator, Then, from_iter};

/// The twins of [`Iterator`]'s combinators, whose closures make green calls.
///
/// Those that give an iterator give a [`GreenIterator`](crate::GreenIterator), whose steps suspend
/// while the calls do; they do nothing by themselves. Those that give a value suspend until they
/// have it. Where std's closure takes a reference to the item, these take a clone: see
/// [`combinators`](crate::combinators).
///
/// ```
/// use std::time::Duration;
/// use eventlet::prelude::*;
/// use eventlet::{green, sleep};
///
/// #[green]
/// fn is_even(n: &u32) -> bool {
///     sleep(Duration::from_millis(1));
///     n % 2 == 0
/// }
///
/// #[green]
/// fn main() {
///     let numbers = [1, 2, 3, 4];
///     assert!(numbers.iter().green_any(is_even));
///     assert_eq!(numbers.iter().green_filter(|n| is_even(n)).count(), 2);
/// }
/// ```
///
/// # Cancel safety
///
/// A kill or timeout in a step drops the call, and the item that was given to it.
pub trait IteratorExt: Iterator {
    /// The same items from a [`GreenIterator`](crate::GreenIterator), which has the methods of
    /// those. Its steps do not suspend.
    fn green(self) -> FromIter<Self>
    where
        Self: Sized,
    {
        from_iter(self)
    }

    /// [`Iterator::map`], with a green call.
    fn green_map<F, G>(self, f: F) -> Then<FromIter<Self>, F>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall,
    {
        from_iter(self).green_map(f)
    }

    /// [`Iterator::filter`], with a green call that gets a clone of the item.
    fn green_filter<P, G>(self, predicate: P) -> GreenFilter<FromIter<Self>, P>
    where
        Self: Sized,
        Self::Item: Clone,
        P: FnMut(Self::Item) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        from_iter(self).green_filter(predicate)
    }

    /// [`Iterator::filter_map`], with a green call.
    fn green_filter_map<B, F, G>(self, f: F) -> GreenFilterMap<FromIter<Self>, F>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = Option<B>>,
        G::Value: Sized,
    {
        from_iter(self).green_filter_map(f)
    }

    /// [`Iterator::flat_map`], for a closure that gives a green iterator: its steps may suspend.
    fn green_flat_map<U, F>(self, f: F) -> GreenFlatten<FromIter<Self>, F, U::IntoIter>
    where
        Self: Sized,
        U: IntoGreenIterator,
        F: FnMut(Self::Item) -> U,
    {
        from_iter(self).green_flat_map(f)
    }

    /// [`Iterator::map_while`], with a green call.
    fn green_map_while<B, F, G>(self, f: F) -> GreenMapWhile<FromIter<Self>, F>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = Option<B>>,
        G::Value: Sized,
    {
        from_iter(self).green_map_while(f)
    }

    /// [`Iterator::take_while`], with a green call that gets a clone of the item.
    fn green_take_while<P, G>(self, predicate: P) -> GreenTakeWhile<FromIter<Self>, P>
    where
        Self: Sized,
        Self::Item: Clone,
        P: FnMut(Self::Item) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        from_iter(self).green_take_while(predicate)
    }

    /// [`Iterator::skip_while`], with a green call that gets a clone of the item.
    fn green_skip_while<P, G>(self, predicate: P) -> GreenSkipWhile<FromIter<Self>, P>
    where
        Self: Sized,
        Self::Item: Clone,
        P: FnMut(Self::Item) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        from_iter(self).green_skip_while(predicate)
    }

    /// [`Iterator::for_each`], with a green call. One call is over before the next is made.
    #[green(by_hand = "it hands another call on")]
    fn green_for_each<F, G>(self, f: F) -> Green<impl Future<Output = ()>>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = ()>,
        G::Value: Sized,
    {
        from_iter(self).green_for_each(f)
    }

    /// [`Iterator::try_for_each`], with a green call. No item is taken after the first call that
    /// fails.
    #[green(by_hand = "it drives what it is given")]
    fn green_try_for_each<F, G, R>(&mut self, f: F) -> Green<impl Future<Output = R>>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = R>,
        G::Value: Sized,
        R: Attempt<Output = ()>,
    {
        Green::new(async move { from_iter(self).green_try_for_each(f).await })
    }

    /// [`Iterator::fold`], with a green call.
    #[green(by_hand = "it hands another call on")]
    fn green_fold<B, F, G>(self, init: B, f: F) -> Green<impl Future<Output = B>>
    where
        Self: Sized,
        F: FnMut(B, Self::Item) -> G,
        G: GreenCall<Value = B>,
        G::Value: Sized,
    {
        from_iter(self).green_fold(init, f)
    }

    /// [`Iterator::try_fold`], with a green call. No item is taken after the first call that fails.
    #[green(by_hand = "it drives what it is given")]
    fn green_try_fold<B, F, G, R>(&mut self, init: B, f: F) -> Green<impl Future<Output = R>>
    where
        Self: Sized,
        F: FnMut(B, Self::Item) -> G,
        G: GreenCall<Value = R>,
        G::Value: Sized,
        R: Attempt<Output = B>,
    {
        Green::new(async move { from_iter(self).green_try_fold(init, f).await })
    }

    /// [`Iterator::any`], with a green call. No item is taken after the first that it wants.
    #[green(by_hand = "it drives what it is given")]
    fn green_any<F, G>(&mut self, f: F) -> Green<impl Future<Output = bool>>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        Green::new(async move { from_iter(self).green_any(f).await })
    }

    /// [`Iterator::all`], with a green call. No item is taken after the first that it does not
    /// want.
    #[green(by_hand = "it drives what it is given")]
    fn green_all<F, G>(&mut self, f: F) -> Green<impl Future<Output = bool>>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        Green::new(async move { from_iter(self).green_all(f).await })
    }

    /// [`Iterator::find`], with a green call that gets a clone of the item. No item is taken after
    /// it.
    #[green(by_hand = "it drives what it is given")]
    fn green_find<P, G>(&mut self, predicate: P) -> Green<impl Future<Output = Option<Self::Item>>>
    where
        Self: Sized,
        Self::Item: Clone,
        P: FnMut(Self::Item) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        Green::new(async move { from_iter(self).green_find(predicate).await })
    }

    /// [`Iterator::find_map`], with a green call. No item is taken after the first that gives
    /// something.
    #[green(by_hand = "it drives what it is given")]
    fn green_find_map<B, F, G>(&mut self, f: F) -> Green<impl Future<Output = Option<B>>>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = Option<B>>,
        G::Value: Sized,
    {
        Green::new(async move { from_iter(self).green_find_map(f).await })
    }

    /// [`Iterator::position`], with a green call. No item is taken after the first that it wants.
    #[green(by_hand = "it drives what it is given")]
    fn green_position<P, G>(&mut self, predicate: P) -> Green<impl Future<Output = Option<usize>>>
    where
        Self: Sized,
        P: FnMut(Self::Item) -> G,
        G: GreenCall<Value = bool>,
        G::Value: Sized,
    {
        Green::new(async move { from_iter(self).green_position(predicate).await })
    }

    /// [`Iterator::min_by_key`], with a green call that gets a clone of the item. It is made once
    /// for each item.
    #[green(by_hand = "it hands another call on")]
    fn green_min_by_key<K, F, G>(self, key: F) -> Green<impl Future<Output = Option<Self::Item>>>
    where
        Self: Sized,
        Self::Item: Clone,
        K: Ord,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = K>,
        G::Value: Sized,
    {
        from_iter(self).green_min_by_key(key)
    }

    /// [`Iterator::max_by_key`], with a green call that gets a clone of the item. It is made once
    /// for each item.
    #[green(by_hand = "it hands another call on")]
    fn green_max_by_key<K, F, G>(self, key: F) -> Green<impl Future<Output = Option<Self::Item>>>
    where
        Self: Sized,
        Self::Item: Clone,
        K: Ord,
        F: FnMut(Self::Item) -> G,
        G: GreenCall<Value = K>,
        G::Value: Sized,
    {
        from_iter(self).green_max_by_key(key)
    }
}

impl<I: Iterator + ?Sized> IteratorExt for I {}
