//! The trait, and its methods.

use std::cmp::Ordering;
use std::future::Future;
use std::iter::{Product, Sum, empty, once};

use super::attempt::Attempt;
use super::compare;
use super::extremes::{greatest, least};
use super::{
    Chain, Cloned, Copied, Cycle, DynGreenIterator, Enumerate, Filter, FilterMap, Flatten, Fuse, Inspect,
    IntoGreenIterator, Map, MapWhile, Peekable, Scan, Skip, SkipWhile, StepBy, Take, TakeWhile, Then, Zip,
};
use crate::call::{Green, GreenCall};
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
///
/// The other methods are those of [`Iterator`]. Those that give an iterator do nothing by
/// themselves, and its steps suspend as the steps of this one do. Those that give a value are green
/// functions, which take all the steps they need.
///
/// ```
/// # use eventlet::{green, GreenIterator};
/// use eventlet::iter::from_iter;
///
/// #[green]
/// fn main() {
///     let odd_squares: Vec<u32> = from_iter(1..).map(|n| n * n).filter(|n| n % 2 == 1).take(3).collect();
///     assert_eq!(odd_squares, [1, 9, 25]);
/// }
/// ```
///
/// # Cancel safety
///
/// A kill or timeout in a step loses no item, unless it says so here.
// `is_sorted` takes the iterator whole, as std's does.
#[allow(clippy::wrong_self_convention)]
pub trait GreenIterator {
    /// What each step yields.
    type Item;

    /// The next item, or `None` at the end.
    #[green(crate = crate)]
    fn next(&mut self) -> Option<Self::Item>;

    /// At least and at most how many items are to come, `None` being no limit, as
    /// [`Iterator::size_hint`] says it. Never suspends. It is a hint, for whoever makes room:
    /// nothing relies on it.
    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, None)
    }

    // ---- other iterators

    /// What `f` makes of each item. `f` is ordinary code: for a green function there is
    /// [`then`](Self::then).
    fn map<B, F>(self, f: F) -> Map<Self, F>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> B,
    {
        Map { iter: self, f }
    }

    /// What the green call gives that `f` makes of each item, one after another. A step suspends
    /// while the call does; a kill or timeout then drops the call and its item.
    /// [`GreenPool::imap`](crate::GreenPool::imap) runs several at once.
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventlet::{GreenIterator, green, iter, sleep};
    ///
    /// #[green]
    /// fn slowly(n: u32) -> u32 {
    ///     sleep(Duration::from_millis(1));
    ///     n
    /// }
    ///
    /// #[green]
    /// fn main() {
    ///     assert_eq!(iter::from_iter(1..=3).then(slowly).sum::<u32>(), 6);
    /// }
    /// ```
    fn then<F, G>(self, f: F) -> Then<Self, F>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> G,
        G: GreenCall,
    {
        Then { iter: self, f }
    }

    /// The items that `predicate` wants.
    fn filter<P>(self, predicate: P) -> Filter<Self, P>
    where
        Self: Sized,
        P: FnMut(&Self::Item) -> bool,
    {
        Filter { iter: self, predicate }
    }

    /// What `f` makes of each item, where it makes something.
    fn filter_map<B, F>(self, f: F) -> FilterMap<Self, F>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> Option<B>,
    {
        FilterMap { iter: self, f }
    }

    /// Each item with its index.
    fn enumerate(self) -> Enumerate<Self>
    where
        Self: Sized,
    {
        Enumerate { iter: self, count: 0 }
    }

    /// The first `n` items. No step is taken for the one after them.
    fn take(self, n: usize) -> Take<Self>
    where
        Self: Sized,
    {
        Take { iter: self, left: n }
    }

    /// The items before the first that `predicate` does not want; that one is taken and lost.
    fn take_while<P>(self, predicate: P) -> TakeWhile<Self, P>
    where
        Self: Sized,
        P: FnMut(&Self::Item) -> bool,
    {
        TakeWhile { iter: self, predicate, is_over: false }
    }

    /// What `f` makes of each item, until it makes nothing.
    fn map_while<B, F>(self, f: F) -> MapWhile<Self, F>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> Option<B>,
    {
        MapWhile { iter: self, f }
    }

    /// The items after the first `n`.
    fn skip(self, n: usize) -> Skip<Self>
    where
        Self: Sized,
    {
        Skip { iter: self, left: n }
    }

    /// The items from the first on that `predicate` does not want skipped.
    fn skip_while<P>(self, predicate: P) -> SkipWhile<Self, P>
    where
        Self: Sized,
        P: FnMut(&Self::Item) -> bool,
    {
        SkipWhile { iter: self, predicate, has_begun: false }
    }

    /// The first item and every `step`th after it.
    ///
    /// # Panics
    ///
    /// If `step` is zero.
    #[track_caller]
    fn step_by(self, step: usize) -> StepBy<Self>
    where
        Self: Sized,
    {
        assert!(step > 0, "a step of zero would never get anywhere");
        StepBy { iter: self, gap: step - 1, left: 0 }
    }

    /// Pairs of an item of this one and an item of `other`, until one of them is over. A step first
    /// takes from this one, then from `other`.
    fn zip<U>(self, other: U) -> Zip<Self, U::IntoIter>
    where
        Self: Sized,
        U: IntoGreenIterator,
    {
        Zip { a: self, b: other.into_green_iter(), waiting: None }
    }

    /// The items of this one, then those of `other`.
    fn chain<U>(self, other: U) -> Chain<Self, U::IntoIter>
    where
        Self: Sized,
        U: IntoGreenIterator<Item = Self::Item>,
    {
        Chain { a: Some(self), b: other.into_green_iter() }
    }

    /// What `f` makes of each item and of a state that it keeps, which starts as `state`; over when
    /// it makes nothing.
    fn scan<S, B, F>(self, state: S, f: F) -> Scan<Self, S, F>
    where
        Self: Sized,
        F: FnMut(&mut S, Self::Item) -> Option<B>,
    {
        Scan { iter: self, state, f }
    }

    /// The items of this one, then again and again those of clones of it. Ends only if there are
    /// none.
    fn cycle(self) -> Cycle<Self>
    where
        Self: Sized + Clone,
    {
        Cycle { start: self.clone(), iter: self }
    }

    /// Copies of the items, which are references.
    fn copied<'a, T>(self) -> Copied<Self>
    where
        Self: Sized + GreenIterator<Item = &'a T>,
        T: Copy + 'a,
    {
        Copied { iter: self }
    }

    /// Clones of the items, which are references.
    fn cloned<'a, T>(self) -> Cloned<Self>
    where
        Self: Sized + GreenIterator<Item = &'a T>,
        T: Clone + 'a,
    {
        Cloned { iter: self }
    }

    /// Shows each item to `f` on its way.
    fn inspect<F>(self, f: F) -> Inspect<Self, F>
    where
        Self: Sized,
        F: FnMut(&Self::Item),
    {
        Inspect { iter: self, f }
    }

    /// The items of what `f` makes of each item: of ordinary collections and iterators.
    fn flat_map<U, F>(self, f: F) -> Flatten<Map<Self, F>, U>
    where
        Self: Sized,
        U: IntoIterator,
        F: FnMut(Self::Item) -> U,
    {
        Flatten { iter: self.map(f), inner: None }
    }

    /// The items of the items, which are ordinary collections or iterators.
    fn flatten(self) -> Flatten<Self, Self::Item>
    where
        Self: Sized,
        Self::Item: IntoIterator,
    {
        Flatten { iter: self, inner: None }
    }

    /// An iterator that can be asked what comes next without taking it.
    fn peekable(self) -> Peekable<Self>
    where
        Self: Sized,
    {
        Peekable { iter: self, peeked: None }
    }

    /// An iterator that stays over once it is over.
    fn fuse(self) -> Fuse<Self>
    where
        Self: Sized,
    {
        Fuse { iter: Some(self) }
    }

    /// This iterator by reference, so that it can be used on after what is made of it.
    fn by_ref(&mut self) -> &mut Self
    where
        Self: Sized,
    {
        self
    }

    /// This iterator on the heap, its type hidden. Each step then allocates.
    fn boxed<'a>(self) -> Box<dyn DynGreenIterator<Item = Self::Item> + 'a>
    where
        Self: Sized + 'a,
    {
        Box::new(self)
    }

    // ---- values

    /// All items in a collection. Suspends until the iterator is over.
    ///
    /// The items are gathered before the collection is made of them, so collecting into a `Result`
    /// takes the steps after an error as well; [`try_collect`](Self::try_collect) does not, nor
    /// does a `for` loop with `?`.
    #[green(by_hand = "it drives what it is given")]
    fn collect<C>(self) -> Green<impl Future<Output = C>>
    where
        Self: Sized,
        C: FromIterator<Self::Item>,
    {
        Green::new(async move {
            let mut items = Vec::with_capacity(self.size_hint().0.min(MOST_AT_FIRST));
            self.for_each(|item| items.push(item)).await;
            items.into_iter().collect()
        })
    }

    /// What the items, which may fail, give in a collection; or the first failure, after which no
    /// step is taken. Suspends until then.
    ///
    /// This is how std collects into a `Result` or an `Option`. The collection alone is named, not
    /// the `Result` around it:
    ///
    /// ```
    /// use eventlet::prelude::*;
    /// use eventlet::green;
    /// use std::num::ParseIntError;
    ///
    /// #[green]
    /// fn parse(text: &str) -> Result<u32, ParseIntError> {
    ///     text.parse()
    /// }
    ///
    /// #[green]
    /// fn main() -> Result<(), ParseIntError> {
    ///     let numbers = ["1", "2"].into_iter().green_map(|text| parse(text)).try_collect::<Vec<u32>>()?;
    ///     assert_eq!(numbers, [1, 2]);
    ///     assert!(["1", "two"].into_iter().green_map(|text| parse(text)).try_collect::<Vec<u32>>().is_err());
    ///     Ok(())
    /// }
    /// ```
    #[green(by_hand = "it drives what it is given")]
    fn try_collect<C>(&mut self) -> Green<impl Future<Output = <Self::Item as Attempt>::At<C>>>
    where
        Self: Sized,
        Self::Item: Attempt,
        C: FromIterator<<Self::Item as Attempt>::Output>,
    {
        Green::new(async move {
            let mut items = Vec::new();
            while let Some(item) = self.next().await {
                match item.outcome() {
                    Ok(item) => items.push(item),
                    Err(failure) => return Attempt::failed(failure),
                }
            }
            Attempt::done(items.into_iter().collect())
        })
    }

    /// Lets `f` work each item into a value that starts as `init`. Suspends until the iterator is
    /// over.
    #[green(by_hand = "it drives what it is given")]
    fn fold<B, F>(mut self, init: B, mut f: F) -> Green<impl Future<Output = B>>
    where
        Self: Sized,
        F: FnMut(B, Self::Item) -> B,
    {
        Green::new(async move {
            let mut value = init;
            while let Some(item) = self.next().await {
                value = f(value, item);
            }
            value
        })
    }

    /// Like [`fold`](Self::fold), until `f` fails, whose failure is the value then. No step is
    /// taken after it.
    #[green(by_hand = "it drives what it is given")]
    fn try_fold<B, F, R>(&mut self, init: B, mut f: F) -> Green<impl Future<Output = R>>
    where
        Self: Sized,
        F: FnMut(B, Self::Item) -> R,
        R: Attempt<Output = B>,
    {
        Green::new(async move {
            let mut value = init;
            while let Some(item) = self.next().await {
                value = match f(value, item).outcome() {
                    Ok(value) => value,
                    Err(failure) => return R::failed(failure),
                };
            }
            R::done(value)
        })
    }

    /// Calls `f` with each item, until it fails. No step is taken after that.
    #[green(by_hand = "it drives what it is given")]
    fn try_for_each<F, R>(&mut self, mut f: F) -> Green<impl Future<Output = R>>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> R,
        R: Attempt<Output = ()>,
    {
        Green::new(async move { self.try_fold((), |(), item| f(item)).await })
    }

    /// Like [`fold`](Self::fold), starting with the first item; `None` if there is none.
    #[green(by_hand = "it drives what it is given")]
    fn reduce<F>(mut self, f: F) -> Green<impl Future<Output = Option<Self::Item>>>
    where
        Self: Sized,
        F: FnMut(Self::Item, Self::Item) -> Self::Item,
    {
        Green::new(async move {
            let first = self.next().await?;
            Some(self.fold(first, f).await)
        })
    }

    /// Calls `f` with each item. Suspends until the iterator is over.
    #[green(by_hand = "it drives what it is given")]
    fn for_each<F>(mut self, mut f: F) -> Green<impl Future<Output = ()>>
    where
        Self: Sized,
        F: FnMut(Self::Item),
    {
        Green::new(async move {
            while let Some(item) = self.next().await {
                f(item);
            }
        })
    }

    /// How many items there are. Suspends until the iterator is over.
    #[green(by_hand = "it drives what it is given")]
    fn count(self) -> Green<impl Future<Output = usize>>
    where
        Self: Sized,
    {
        Green::new(async move { self.fold(0, |count, _| count + 1).await })
    }

    /// The last item. Suspends until the iterator is over.
    #[green(by_hand = "it drives what it is given")]
    fn last(self) -> Green<impl Future<Output = Option<Self::Item>>>
    where
        Self: Sized,
    {
        Green::new(async move { self.reduce(|_, item| item).await })
    }

    /// The item after the next `n`, which are taken as well; those taken before a kill or timeout
    /// are lost.
    #[green(by_hand = "it drives what it is given")]
    fn nth(&mut self, n: usize) -> Green<impl Future<Output = Option<Self::Item>>>
    where
        Self: Sized,
    {
        Green::new(async move { self.skip(n).next().await })
    }

    /// Does `f` want any of the items? No step is taken after the first that it wants.
    #[green(by_hand = "it drives what it is given")]
    fn any<F>(&mut self, mut f: F) -> Green<impl Future<Output = bool>>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> bool,
    {
        Green::new(async move {
            while let Some(item) = self.next().await {
                if f(item) {
                    return true;
                }
            }
            false
        })
    }

    /// Does `f` want all of the items? No step is taken after the first that it does not want.
    #[green(by_hand = "it drives what it is given")]
    fn all<F>(&mut self, mut f: F) -> Green<impl Future<Output = bool>>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> bool,
    {
        Green::new(async move { !self.any(|item| !f(item)).await })
    }

    /// The first item that `predicate` wants. No step is taken after it.
    #[green(by_hand = "it drives what it is given")]
    fn find<P>(&mut self, predicate: P) -> Green<impl Future<Output = Option<Self::Item>>>
    where
        Self: Sized,
        P: FnMut(&Self::Item) -> bool,
    {
        Green::new(async move { self.filter(predicate).next().await })
    }

    /// The first thing that `f` makes of an item. No step is taken after it.
    #[green(by_hand = "it drives what it is given")]
    fn find_map<B, F>(&mut self, f: F) -> Green<impl Future<Output = Option<B>>>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> Option<B>,
    {
        Green::new(async move { self.filter_map(f).next().await })
    }

    /// The index of the first item that `predicate` wants. No step is taken after it.
    #[green(by_hand = "it drives what it is given")]
    fn position<P>(&mut self, mut predicate: P) -> Green<impl Future<Output = Option<usize>>>
    where
        Self: Sized,
        P: FnMut(Self::Item) -> bool,
    {
        Green::new(async move {
            let mut indexed = self.enumerate();
            indexed.find_map(|(index, item)| predicate(item).then_some(index)).await
        })
    }

    /// The sum of the items. Suspends until the iterator is over.
    #[green(by_hand = "it drives what it is given")]
    fn sum<S>(self) -> Green<impl Future<Output = S>>
    where
        Self: Sized,
        S: Sum<Self::Item> + Sum<S>,
    {
        let zero: S = empty::<S>().sum();
        Green::new(
            async move { self.fold(zero, |sum, item| [sum, once(item).sum()].into_iter().sum()).await },
        )
    }

    /// The product of the items. Suspends until the iterator is over.
    #[green(by_hand = "it drives what it is given")]
    fn product<S>(self) -> Green<impl Future<Output = S>>
    where
        Self: Sized,
        S: Product<Self::Item> + Product<S>,
    {
        let one: S = empty::<S>().product();
        Green::new(async move {
            self.fold(one, |product, item| [product, once(item).product()].into_iter().product()).await
        })
    }

    /// The least item, of equal ones the first. Suspends until the iterator is over.
    #[green(by_hand = "it drives what it is given")]
    fn min(self) -> Green<impl Future<Output = Option<Self::Item>>>
    where
        Self: Sized,
        Self::Item: Ord,
    {
        Green::new(async move { self.min_by(Ord::cmp).await })
    }

    /// The greatest item, of equal ones the last. Suspends until the iterator is over.
    #[green(by_hand = "it drives what it is given")]
    fn max(self) -> Green<impl Future<Output = Option<Self::Item>>>
    where
        Self: Sized,
        Self::Item: Ord,
    {
        Green::new(async move { self.max_by(Ord::cmp).await })
    }

    /// The least item by a comparison, of equal ones the first. Suspends until the iterator is
    /// over.
    #[green(by_hand = "it drives what it is given")]
    fn min_by<F>(self, mut compare: F) -> Green<impl Future<Output = Option<Self::Item>>>
    where
        Self: Sized,
        F: FnMut(&Self::Item, &Self::Item) -> Ordering,
    {
        Green::new(async move {
            self.reduce(|first, second| {
                let order = compare(&first, &second);
                least(first, second, order)
            })
            .await
        })
    }

    /// The greatest item by a comparison, of equal ones the last. Suspends until the iterator is
    /// over.
    #[green(by_hand = "it drives what it is given")]
    fn max_by<F>(self, mut compare: F) -> Green<impl Future<Output = Option<Self::Item>>>
    where
        Self: Sized,
        F: FnMut(&Self::Item, &Self::Item) -> Ordering,
    {
        Green::new(async move {
            self.reduce(|first, second| {
                let order = compare(&first, &second);
                greatest(first, second, order)
            })
            .await
        })
    }

    /// The item with the least key, of equal ones the first; `key` is asked once for each. Suspends
    /// until the iterator is over.
    #[green(by_hand = "it drives what it is given")]
    fn min_by_key<K, F>(self, mut key: F) -> Green<impl Future<Output = Option<Self::Item>>>
    where
        Self: Sized,
        K: Ord,
        F: FnMut(&Self::Item) -> K,
    {
        Green::new(async move {
            let keyed = self.map(|item| (key(&item), item));
            keyed.min_by(|first, second| first.0.cmp(&second.0)).await.map(|(_, item)| item)
        })
    }

    /// The item with the greatest key, of equal ones the last; `key` is asked once for each.
    /// Suspends until the iterator is over.
    #[green(by_hand = "it drives what it is given")]
    fn max_by_key<K, F>(self, mut key: F) -> Green<impl Future<Output = Option<Self::Item>>>
    where
        Self: Sized,
        K: Ord,
        F: FnMut(&Self::Item) -> K,
    {
        Green::new(async move {
            let keyed = self.map(|item| (key(&item), item));
            keyed.max_by(|first, second| first.0.cmp(&second.0)).await.map(|(_, item)| item)
        })
    }

    /// The items that `predicate` wants, and the others. Suspends until the iterator is over.
    #[green(by_hand = "it drives what it is given")]
    fn partition<C, P>(self, mut predicate: P) -> Green<impl Future<Output = (C, C)>>
    where
        Self: Sized,
        C: Default + Extend<Self::Item>,
        P: FnMut(&Self::Item) -> bool,
    {
        Green::new(async move {
            let (mut wanted, mut others) = (C::default(), C::default());
            self.for_each(|item| if predicate(&item) { &mut wanted } else { &mut others }.extend(once(item)))
                .await;
            (wanted, others)
        })
    }

    /// The first parts of pairs, and the second parts. Suspends until the iterator is over.
    #[green(by_hand = "it drives what it is given")]
    fn unzip<A, B, FromA, FromB>(self) -> Green<impl Future<Output = (FromA, FromB)>>
    where
        Self: Sized + GreenIterator<Item = (A, B)>,
        FromA: Default + Extend<A>,
        FromB: Default + Extend<B>,
    {
        Green::new(async move {
            let (mut firsts, mut seconds) = (FromA::default(), FromB::default());
            self.for_each(|(first, second)| {
                firsts.extend(once(first));
                seconds.extend(once(second));
            })
            .await;
            (firsts, seconds)
        })
    }

    // ---- comparisons, item by item; no step is taken after what decides

    /// The order of the items and those of `other`, as words are in a dictionary.
    #[green(by_hand = "it drives what it is given")]
    fn cmp<U>(mut self, other: U) -> Green<impl Future<Output = Ordering>>
    where
        Self: Sized,
        Self::Item: Ord,
        U: IntoGreenIterator<Item = Self::Item>,
    {
        Green::new(async move {
            let order = compare::order(&mut self, other.into_green_iter(), |a, b| Some(a.cmp(b))).await;
            order.unwrap_or(Ordering::Equal)
        })
    }

    /// The order of the items and those of `other`, if they have one.
    #[green(by_hand = "it drives what it is given")]
    fn partial_cmp<U>(mut self, other: U) -> Green<impl Future<Output = Option<Ordering>>>
    where
        Self: Sized,
        U: IntoGreenIterator,
        Self::Item: PartialOrd<U::Item>,
    {
        Green::new(async move {
            compare::order(&mut self, other.into_green_iter(), |a, b| a.partial_cmp(b)).await
        })
    }

    /// Are the items and those of `other` equal, and as many?
    #[green(by_hand = "it drives what it is given")]
    fn eq<U>(mut self, other: U) -> Green<impl Future<Output = bool>>
    where
        Self: Sized,
        U: IntoGreenIterator,
        Self::Item: PartialEq<U::Item>,
    {
        Green::new(async move {
            let equal = |a: &Self::Item, b: &U::Item| (a == b).then_some(Ordering::Equal);
            compare::order(&mut self, other.into_green_iter(), equal).await == Some(Ordering::Equal)
        })
    }

    /// Do the items and those of `other` differ, or their number?
    #[green(by_hand = "it drives what it is given")]
    fn ne<U>(self, other: U) -> Green<impl Future<Output = bool>>
    where
        Self: Sized,
        U: IntoGreenIterator,
        Self::Item: PartialEq<U::Item>,
    {
        Green::new(async move { !self.eq(other).await })
    }

    /// Do the items come before those of `other`?
    #[green(by_hand = "it drives what it is given")]
    fn lt<U>(self, other: U) -> Green<impl Future<Output = bool>>
    where
        Self: Sized,
        U: IntoGreenIterator,
        Self::Item: PartialOrd<U::Item>,
    {
        Green::new(async move { self.partial_cmp(other).await.is_some_and(Ordering::is_lt) })
    }

    /// Do the items come before those of `other`, or are they equal?
    #[green(by_hand = "it drives what it is given")]
    fn le<U>(self, other: U) -> Green<impl Future<Output = bool>>
    where
        Self: Sized,
        U: IntoGreenIterator,
        Self::Item: PartialOrd<U::Item>,
    {
        Green::new(async move { self.partial_cmp(other).await.is_some_and(Ordering::is_le) })
    }

    /// Do the items come after those of `other`?
    #[green(by_hand = "it drives what it is given")]
    fn gt<U>(self, other: U) -> Green<impl Future<Output = bool>>
    where
        Self: Sized,
        U: IntoGreenIterator,
        Self::Item: PartialOrd<U::Item>,
    {
        Green::new(async move { self.partial_cmp(other).await.is_some_and(Ordering::is_gt) })
    }

    /// Do the items come after those of `other`, or are they equal?
    #[green(by_hand = "it drives what it is given")]
    fn ge<U>(self, other: U) -> Green<impl Future<Output = bool>>
    where
        Self: Sized,
        U: IntoGreenIterator,
        Self::Item: PartialOrd<U::Item>,
    {
        Green::new(async move { self.partial_cmp(other).await.is_some_and(Ordering::is_ge) })
    }

    /// Is no item less than the one before it?
    #[green(by_hand = "it drives what it is given")]
    fn is_sorted(self) -> Green<impl Future<Output = bool>>
    where
        Self: Sized,
        Self::Item: PartialOrd,
    {
        Green::new(async move { self.is_sorted_by(|a, b| a <= b).await })
    }

    /// Does `compare` say of each item and the next that they are in order?
    #[green(by_hand = "it drives what it is given")]
    fn is_sorted_by<F>(mut self, mut compare: F) -> Green<impl Future<Output = bool>>
    where
        Self: Sized,
        F: FnMut(&Self::Item, &Self::Item) -> bool,
    {
        Green::new(async move {
            let Some(mut last) = self.next().await else { return true };
            while let Some(item) = self.next().await {
                if !compare(&last, &item) {
                    return false;
                }
                last = item;
            }
            true
        })
    }

    /// Is no item's key less than that of the one before it?
    #[green(by_hand = "it drives what it is given")]
    fn is_sorted_by_key<K, F>(self, f: F) -> Green<impl Future<Output = bool>>
    where
        Self: Sized,
        F: FnMut(Self::Item) -> K,
        K: PartialOrd,
    {
        Green::new(async move { self.map(f).is_sorted().await })
    }
}

/// A hint makes room for no more items than this: what it says may be a mistake, or `usize::MAX`.
const MOST_AT_FIRST: usize = 1024;

impl<I: GreenIterator + ?Sized> GreenIterator for &mut I {
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        (**self).next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (**self).size_hint()
    }
}

impl<I: GreenIterator + ?Sized> GreenIterator for Box<I> {
    type Item = I::Item;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<I::Item> {
        (**self).next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (**self).size_hint()
    }
}
