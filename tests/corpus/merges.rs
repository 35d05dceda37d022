//! Adaptors over any iterators: what is made of several, with types of its own and closures of the caller's.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::fmt::{self, Debug, Display};
use std::hash::Hash;
use std::iter::{self, FromIterator, Fuse, Peekable};
use std::mem;
use std::ops::ControlFlow;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Both<A, B> {
    Both(A, B),
    Left(A),
    Right(B),
}

impl<A, B> Both<A, B> {
    fn left(self) -> Option<A> {
        match self {
            Both::Both(a, _) | Both::Left(a) => Some(a),
            Both::Right(_) => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Extremes<T> {
    None,
    One(T),
    Two(T, T),
}

/// What takes from two in turns.
struct Interleave<I, J> {
    first: Fuse<I>,
    second: Fuse<J>,
    is_second: bool,
}

impl<I: Iterator, J: Iterator<Item = I::Item>> Iterator for Interleave<I, J> {
    type Item = I::Item;
    fn next(&mut self) -> Option<I::Item> {
        self.is_second = !self.is_second;
        if self.is_second {
            self.first.next().or_else(|| self.second.next())
        } else {
            self.second.next().or_else(|| self.first.next())
        }
    }
}

/// An iterator with its first item at hand.
struct HeadTail<I: Iterator> {
    head: I::Item,
    tail: I,
}

impl<I: Iterator> HeadTail<I> {
    fn new(mut tail: I) -> Option<Self> {
        let head = tail.next();
        head.map(|head| HeadTail { head, tail })
    }
}

/// Shows items with something in between, one by one.
struct Joined<'a, T> {
    items: &'a [T],
    between: &'a str,
}

impl<T: Display> Display for Joined<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut items = self.items.iter();
        if let Some(first) = items.next() {
            write!(f, "{first}")?;
        }
        items.try_for_each(|item| write!(f, "{}{item}", self.between))
    }
}

fn while_some<I: Iterator>(items: &mut Peekable<I>, wanted: impl Fn(&I::Item) -> bool) -> Option<I::Item> {
    items.next_if(wanted)
}

crate::pairs! {
    fn interleaved[I: IntoIterator, J: IntoIterator<Item = I::Item>](first: I, second: J) -> Vec<I::Item> {
        let all = Interleave { first: first.into_iter().fuse(), second: second.into_iter().fuse(), is_second: false };
        all.collect()
    }
    with ([1, 3], vec![2, 4, 5]), ("ab".chars(), None);

    fn zip_longest[A, B](a: impl IntoIterator<Item = A>, b: impl IntoIterator<Item = B>) -> Vec<Both<A, B>> {
        let (mut a, mut b) = (a.into_iter(), b.into_iter());
        let mut all = Vec::new();
        loop {
            let both = match (a.next(), b.next()) {
                (Some(a), Some(b)) => Both::Both(a, b),
                (Some(a), None) => Both::Left(a),
                (None, Some(b)) => Both::Right(b),
                (None, None) => break,
            };
            all.push(both);
        }
        all
    }
    with ([1, 2], ["a"]), ("".chars(), Some(1));

    fn lefts[A: Clone, B: Clone](all: &[Both<A, B>]) -> Vec<A> {
        all.iter().cloned().filter_map(Both::left).collect()
    }
    with (&[Both::Left(1), Both::Right('a'), Both::Both(2, 'b')]);

    fn merged[T: Clone, F: FnMut(&T, &T) -> bool](a: &[T], b: &[T], mut is_first: F) -> Vec<T> {
        let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
        let mut out = Vec::with_capacity(a.len() + b.len());
        while let Some(next) = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) => if is_first(x, y) { a.next() } else { b.next() },
            (Some(_), None) => a.next(),
            (None, _) => b.next(),
        } { out.push(next.clone()); }
        out
    }
    with (&[1, 4, 6], &[2, 3, 9], |a, b| a <= b), (&[], &["x"], |_, _| true);

    fn merged_all[I: IntoIterator<Item = T>, T: Ord](lists: Vec<I>) -> Vec<T> {
        let mut heads: Vec<HeadTail<I::IntoIter>> = lists.into_iter().filter_map(|list| HeadTail::new(list.into_iter())).collect();
        let mut out = vec![];
        while !heads.is_empty() {
            let mut least = 0;
            for at in 1..heads.len() { if heads[at].head < heads[least].head { least = at } }
            let next = heads[least].tail.next();
            let head = match next {
                Some(next) => mem::replace(&mut heads[least].head, next),
                None => heads.swap_remove(least).head,
            };
            out.push(head);
        }
        out
    }
    with (vec![vec![1, 5], vec![2], vec![], vec![0, 9]]);

    fn extremes[I: IntoIterator, K: PartialOrd](items: I, mut key: impl FnMut(&I::Item) -> K) -> Extremes<I::Item> {
        let mut items = items.into_iter();
        let Some(first) = items.next() else { return Extremes::None };
        let Some(second) = items.next() else { return Extremes::One(first) };
        let (mut least, mut greatest) = if key(&second) < key(&first) { (second, first) } else { (first, second) };
        for item in items {
            let its = key(&item);
            if its < key(&least) { least = item } else if its >= key(&greatest) { greatest = item }
        }
        Extremes::Two(least, greatest)
    }
    with ([3, 1, 4, 1, 5], |n| -*n), (["a"], |s| s.len()), (Vec::<u8>::new(), |n| *n);

    fn grouped[K: Eq + Hash + Clone, V](items: impl IntoIterator<Item = V>, mut key: impl FnMut(&V) -> K) -> Vec<(K, Vec<V>)> {
        let mut order = Vec::new();
        let mut groups = HashMap::new();
        items.into_iter().for_each(|value| {
            let key = key(&value);
            groups.entry(key.clone()).or_insert_with(|| { order.push(key); Vec::new() }).push(value);
        });
        order.into_iter().map(|key| { let values = groups.remove(&key).unwrap(); (key, values) }).collect()
    }
    with ([1, 2, 3, 4], |n| n % 2), (["b", "a", "bb"], |s| s.chars().next());

    fn unique[T: Eq + Hash + Clone](items: impl IntoIterator<Item = T>) -> Vec<T> {
        let mut seen = HashSet::new();
        let mut out = Vec::new();
        for item in items { if seen.insert(item.clone()) { out.push(item); } }
        out
    }
    with ([3, 1, 3]), ("abca".chars());

    fn coalesced[T](items: Vec<T>, mut join: impl FnMut(T, T) -> Result<T, (T, T)>) -> Vec<T> {
        let mut items = items.into_iter();
        let Some(mut last) = items.next() else { return Default::default() };
        let mut out = vec![];
        for item in items {
            last = match join(last, item) {
                Ok(joined) => joined,
                Err((before, after)) => { out.push(before); after }
            };
        }
        out.push(last);
        out
    }
    with (vec![1, 2, -1, -2, 3], |a, b| if (a >= 0) == (b >= 0) { Ok(a + b) } else { Err((a, b)) }), (vec![], |a: i8, b| Ok(a + b));

    fn folded_while[T, B](items: impl IntoIterator<Item = T>, init: B, mut f: impl FnMut(B, T) -> ControlFlow<B, B>) -> ControlFlow<B, B> {
        let mut value = init;
        for item in items { value = f(value, item)?; }
        ControlFlow::Continue(value)
    }
    with (1..9, 0, |sum, n| if sum > 9 { ControlFlow::Break(sum) } else { ControlFlow::Continue(sum + n) });

    fn windows[T: Clone](items: impl IntoIterator<Item = T>) -> Vec<(T, T)> {
        let mut items = items.into_iter();
        let Some(mut last) = items.next() else { return vec![] };
        let pairs = iter::from_fn(move || {
            let next = items.next()?;
            let pair = (mem::replace(&mut last, next.clone()), next);
            Some(pair)
        });
        pairs.collect()
    }
    with ("abc".chars()), ([1]), (None::<u8>);

    fn processed[T, E, R](items: impl IntoIterator<Item = Result<T, E>>, f: impl FnOnce(&mut dyn Iterator<Item = T>) -> R) -> Result<R, E> {
        let mut error = Ok(());
        let value = {
            let mut items = items.into_iter().map_while(|item| match item {
                Ok(item) => Some(item),
                Err(its) => { error = Err(its); None }
            });
            f(&mut items)
        };
        error.map(|()| value)
    }
    with (vec![Ok::<u8, char>(1), Ok(2)], |items| items.sum::<u8>()), (vec![Ok(1u8), Err('x'), Ok(5)], |items| items.count());

    fn sorted_by_key[T, K: Ord](items: impl IntoIterator<Item = T>, key: fn(&T) -> K) -> Vec<T> {
        let mut items = Vec::from_iter(items);
        let by = compare(key);
        items.sort_by(by);
        items
    }
    with (["bb", "a", "ccc"], |s| std::cmp::Reverse(s.len()));

    fn compare_first[T, K: Ord](a: T, b: T, key: fn(&T) -> K) -> Ordering {
        let mut by = compare(key);
        by(&a, &b)
    }
    with ("a", "bb", |s| s.len());

    fn products[T: Clone](lists: &[Vec<T>]) -> Vec<Vec<T>> {
        let mut all = vec![Vec::new()];
        for list in lists {
            let longer = all.iter().flat_map(|head| list.iter().map(move |item| {
                let mut head = Vec::clone(head);
                head.push(item.clone());
                head
            }));
            all = longer.collect();
        }
        all
    }
    with (&[vec![1, 2], vec![3], vec![4, 5]]), (&[vec![], vec!['a']]), (&Vec::<Vec<()>>::new());

    fn joined[T: Display + Debug](items: &[T], between: &str) -> String {
        let text = Joined { items, between }.to_string();
        format!("{text}|{:?}", items.len())
    }
    with (&[1, 2, 3], ", "), (&["a"], "-");

    fn runs(text: &str) -> Vec<(char, usize)> {
        let mut chars = text.chars().peekable();
        let mut all = vec![];
        while let Some(first) = chars.next() {
            let mut count = 1;
            while let Some(_) = while_some(&mut chars, |next| *next == first) { count += 1; }
            all.push((first, count));
        }
        all
    }
    with ("aabccc"), ("");
}

fn compare<T, K: Ord>(key: fn(&T) -> K) -> impl FnMut(&T, &T) -> Ordering {
    move |a, b| key(a).cmp(&key(b))
}
