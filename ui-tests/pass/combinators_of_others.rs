//! Methods by the names of std's combinators that take green calls, and closures of std's whose calls are plain.
#![deny(warnings)]

use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;

use eventlet::prelude::*;
use eventlet::{Green, GreenPool, green, iter};

#[green]
fn fetch(n: u32) -> u32 {
    n
}

#[green]
fn is_even(n: u32) -> bool {
    n % 2 == 0
}

fn plain(n: u32) -> Option<u32> {
    n.checked_sub(1)
}

fn same<T>(value: T) -> T {
    value
}

struct Steps(Vec<u32>);

/// What takes calls gets them, by whatever name.
impl Steps {
    #[green]
    fn filter<F, G>(self, keep: F) -> Vec<u32>
    where
        F: Fn(u32) -> Green<G>,
        G: Future<Output = bool>,
    {
        let mut kept = vec![];
        for n in self.0 {
            if keep(n) {
                kept.push(n);
            }
        }
        kept
    }

    #[green]
    fn fold<F, G: Future<Output = u32>>(self, f: F) -> u32
    where
        F: Fn(u32) -> G,
    {
        let mut sum = 0;
        for n in self.0 {
            sum += f(n).await;
        }
        sum
    }

    fn map<F: Fn(u32) -> G, G>(self, f: F) -> Vec<G> {
        self.0.into_iter().map(f).collect()
    }
}

#[green]
fn takes_calls() {
    assert_eq!(Steps(vec![1, 2, 4]).filter(|n| is_even(n)), [2, 4]);
    assert_eq!(Steps(vec![1, 2, 4]).fold(|n| fetch(n)), 7);
    let mut sum = 0;
    for call in Steps(vec![1, 2]).map(|n| fetch(n)) {
        sum += call.await;
    }
    for call in [3, 4].iter().map(|n| -> Green<_> { fetch(*n) }) {
        sum += call.await;
    }
    assert_eq!(sum, 10);
    assert_eq!(GreenPool::new(2).map(|n| fetch(n), [1, 2]), [1, 2]);
    assert_eq!(iter::from_iter(1..=3).green_filter(|n| is_even(n)).sum::<u32>(), 2);
    assert!((1..3).green_any(|n| is_even(n)));
}

/// Types that are known only where the value goes, and conversions.
#[green]
fn plain_calls<T: Default + Clone + From<u32>>(one: Option<T>, texts: &[String]) -> (T, Vec<T>) {
    let first = one.unwrap_or_else(|| Default::default());
    let more: Vec<T> = [1, 2].iter().filter_map(|n| plain(*n)).map(|n| n.into()).collect();
    let kept: Vec<T> = more.iter().cloned().map(|value| same(value)).collect();
    let longest: &str =
        texts.iter().fold("", |longest, text| if text.len() > longest.len() { text } else { longest });
    let found = texts.iter().find(|text| text.starts_with(longest)).map_or("none", |text| text);
    assert_eq!(found, longest);
    let mut counts: HashMap<&str, Rc<dyn Fn() -> u32>> = HashMap::new();
    counts.entry("a").or_insert_with(|| boxed(1));
    assert_eq!(counts["a"](), 1);
    let sum: Result<u32, String> = Ok::<u32, String>(1).and_then(|n| checked(n));
    assert_eq!(sum, Ok(1));
    (first, kept)
}

fn boxed(n: u32) -> Rc<dyn Fn() -> u32> {
    Rc::new(move || n)
}

fn checked<E>(n: u32) -> Result<u32, E> {
    Ok(n)
}

#[green]
fn main() {
    takes_calls();
    let texts = ["a".to_owned(), "abc".to_owned()];
    assert_eq!(plain_calls::<u64>(None, &texts), (0, vec![0, 1]));
}
