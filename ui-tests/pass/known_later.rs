//! Std's types whose parameter is known only behind the call, in generic functions.

#![deny(warnings)]

use std::cmp::Reverse;
use std::iter;
use std::marker::PhantomData;

use eventlet::green;

struct Tagged<T> {
    number: u32,
    tag: PhantomData<T>,
}

impl<T> Tagged<T> {
    #[green]
    fn new(number: u32) -> Self {
        Tagged { number, tag: Default::default() }
    }
}

#[green]
fn rest<I: IntoIterator>(items: I) -> Vec<I::Item> {
    let mut items = items.into_iter().collect::<Vec<_>>().into_iter();
    let _first = items.next();
    items.collect()
}

#[green]
fn kept<T>(items: Vec<T>, keep: fn(&T) -> bool) -> Vec<T> {
    let kept = items.into_iter().rev().filter(keep);
    let numbered = kept.enumerate().skip(1);
    numbered.map(|(_, item)| item).collect()
}

#[green]
fn made<T: Clone>(item: T, count: usize) -> Vec<T> {
    let mut left = count;
    let counted = iter::from_fn(|| {
        left = left.checked_sub(1)?;
        Some(item.clone())
    });
    counted.chain(iter::once(item.clone())).collect()
}

#[green]
fn largest<T: Ord>(items: Vec<T>) -> Option<T> {
    let least = items.into_iter().map(Reverse).min();
    least.map(|Reverse(item)| item)
}

#[green]
fn green_parts() {
    let tagged = Tagged::<String>::new(3);
    let PhantomData = tagged.tag;
    assert_eq!(tagged.number, 3);
    assert_eq!(rest([1, 2, 3]), [2, 3]);
    assert_eq!(kept(vec![1, 2, 3, 4], |n| n % 2 == 1), [1]);
    assert_eq!(made("a", 2), ["a", "a", "a"]);
    assert_eq!(largest(vec![2, 5, 1]), Some(5));
}

fn main() {
    eventlet::run(green_parts);
}
