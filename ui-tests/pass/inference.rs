//! Calls whose type is inferred from what surrounds them stay as they are in an ordinary function.

#![deny(warnings)]

use std::collections::HashMap;
use std::fmt::Display;
use std::future::Future;
use std::iter::FromIterator;
use std::rc::Rc;

use eventlet::green;

#[green]
fn leaf(n: u32) -> u32 {
    n + 1
}

fn stop() -> ! {
    panic!("stop")
}

#[green]
fn generic_returns() -> Result<(), Box<dyn std::error::Error>> {
    let v: Vec<u8> = "abc".bytes().collect();
    assert_eq!(v.len(), 3);
    let n: u32 = "3".parse().unwrap();
    let m: u32 = "4".parse()?;
    let later = "5".parse().unwrap();
    let _: u64 = later;
    let s: String = "x".into();
    let d: HashMap<String, u32> = Default::default();
    let some: Option<Vec<u8>> = Some(Default::default());
    let total: u32 = [n, m].iter().sum();
    let product: u64 = [n, m].iter().map(|&n| u64::from(n)).product();
    assert_eq!((total, product, s.len(), d.len()), (7, 12, 1, 0));
    assert_eq!(some.unwrap().len(), 0);
    let (even, odd): (Vec<u32>, Vec<u32>) = (0..5).partition(|n| n % 2 == 0);
    assert_eq!((even.len(), odd.len()), (3, 2));
    let mut grown = Vec::new();
    grown.push(leaf(1));
    assert_eq!(grown, [2]);
    let mut counts = HashMap::new();
    *counts.entry("a").or_insert(0) += leaf(1);
    assert_eq!(counts["a"], 2);
    let text = ["a", "b"].iter().map(|s| s.to_string()).collect::<Vec<_>>().join("-");
    assert_eq!(text, "a-b");
    let all: Result<Vec<u32>, _> = ["1", "2"].iter().map(|s| s.parse::<u32>()).collect();
    assert_eq!(all?, [1, 2]);
    Ok(())
}

#[green]
fn coercions() -> Rc<dyn Display> {
    let b: Box<dyn Fn(&str) -> usize> = Box::new(|s| s.len());
    assert_eq!(b("four"), 4);
    let f: fn(u8) -> char = char::from;
    assert_eq!(f(65), 'A');
    let slice: &[u8] = Vec::leak(vec![1, 2]);
    assert_eq!(slice.len(), 2);
    if leaf(1) == 9 {
        return Rc::new(1);
    }
    let shown: Rc<dyn Display> = make(5);
    assert_eq!(shown.to_string(), "5");
    Rc::new("end")
}

fn make<T>(value: T) -> Rc<T> {
    Rc::new(value)
}

#[green]
fn diverging(n: u32) -> u32 {
    let value = if n > 1 { leaf(n) } else { stop() };
    let other: u32 = match n {
        0 => stop(),
        n => n,
    };
    if other == 77 {
        stop();
    }
    value + other
}

#[green]
fn only_diverges() -> ! {
    leaf(1);
    stop()
}

#[green]
fn type_parameter<T: Clone + PartialEq, I: Iterator<Item = T>>(value: T, mut items: I) -> Option<T> {
    let same = value.clone();
    let first = items.next()?;
    if same == first { Some(first) } else { None }
}

#[green]
fn pinned(mut future: std::pin::Pin<&mut (impl Future<Output = u8> + ?Sized)>) -> u8 {
    let again = future.as_mut();
    again.await
}

#[green]
fn unpinned_values() -> u8 {
    // A future is a value like any other: it is not driven, since it is not a green call.
    async fn five() -> u8 {
        5
    }
    let future = five();
    future.await + five().await
}

// A type parameter is not `Unpin`. What is inferred to contain one later is taken for plain all the same.

#[green]
fn collections_of<T: Clone + Eq + std::hash::Hash>(items: &[T]) -> (Vec<T>, HashMap<T, usize>) {
    let mut list = Vec::new();
    let mut room = Vec::with_capacity(leaf(1) as usize);
    let mut counts = HashMap::new();
    for item in items {
        list.push(item.clone());
        room.push(item);
        *counts.entry(item.clone()).or_default() += room.len();
    }
    (list, counts)
}

#[green]
fn collected_to<T, C: FromIterator<T> + Default>(items: Vec<T>, none: bool) -> C {
    if none {
        let empty: C = Default::default();
        return empty;
    }
    let list: Vec<_> = items.into_iter().collect();
    leaf(1);
    list.into_iter().collect()
}

#[green]
fn parsed_as<T: std::str::FromStr>(text: &str) -> Option<T> {
    let parsed: Result<T, T::Err> = text.parse();
    parsed.ok()
}

#[green]
fn expected_types() -> usize {
    // What is expected is not always what the call gives: it may be green, or coerced.
    let n: u32 = leaf(1);
    let slice: &[u8] = Vec::leak(vec![1]);
    let shown: Rc<dyn Display> = make(n);
    let boxed: Box<dyn Fn() -> u32> = identity(Box::new(move || n));
    let stopped: u32 = if n == 9 { stop() } else { boxed() };
    slice.len() + shown.to_string().len() + stopped as usize
}

fn identity<T>(value: T) -> T {
    value
}

#[green]
fn generic_collections<T: Clone, K: Ord>(item: T, key: K) -> (Vec<T>, Option<Result<T, u32>>) {
    let mut grown = Vec::new();
    grown.push(item.clone());
    let mut nested: Vec<Option<T>> = grown.iter().cloned().map(Some).collect();
    nested.push(None);
    let mut map = std::collections::BTreeMap::new();
    map.insert(key, leaf(1));
    let (some, none): (Vec<Option<T>>, Vec<Option<T>>) = nested.into_iter().partition(Option::is_some);
    assert_eq!((some.len(), none.len(), map.len()), (1, 1, 1));
    let all: Result<Vec<T>, String> = some.into_iter().map(|some| some.ok_or_else(String::new)).collect();
    let error = None.map(|error| Err(error));
    (all.unwrap(), error)
}

#[green]
fn green_parts() {
    let (list, counts) = collections_of(&["a", "b"]);
    assert_eq!((list, counts["b"]), (vec!["a", "b"], 2));
    assert_eq!(collected_to::<_, String>(vec!['a', 'b'], false), "ab");
    assert_eq!(collected_to::<_, Vec<u8>>(vec![], true), []);
    assert_eq!(parsed_as("5"), Some(5));
    assert_eq!(expected_types(), 1 + 1 + 2);
    generic_returns().unwrap();
    assert_eq!(coercions().to_string(), "end");
    assert_eq!(diverging(3), 7);
    assert_eq!(type_parameter(3, vec![3, 4].into_iter()), Some(3));
    assert_eq!(pinned(std::pin::pin!(async { 8 })), 8);
    assert_eq!(unpinned_values(), 10);
    assert_eq!(generic_collections(1, "key"), (vec![1], None));
}

fn main() {
    eventlet::run(green_parts);
    let never = || eventlet::run(|| only_diverges());
    assert!(std::panic::catch_unwind(|| { never(); }).is_err());
}
