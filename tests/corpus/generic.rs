//! Generic functions, traits and lifetimes.

use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::marker::PhantomData;
use std::str::FromStr;

trait Animal {
    fn name(&self) -> String;
    fn noise(&self) -> &'static str {
        "..."
    }
}
struct Dog;
struct Cat(u8);
impl Animal for Dog {
    fn name(&self) -> String {
        "dog".into()
    }
    fn noise(&self) -> &'static str {
        "woof"
    }
}
impl Animal for Cat {
    fn name(&self) -> String {
        format!("cat with {} lives", self.0)
    }
}

struct Stack<T, const N: usize> {
    items: [Option<T>; N],
    len: usize,
}
impl<T: Copy, const N: usize> Stack<T, N> {
    fn new() -> Self {
        Stack { items: [None; N], len: 0 }
    }
    fn push(&mut self, item: T) -> Result<&mut Self, T> {
        let slot = self.items.get_mut(self.len).ok_or(item)?;
        *slot = Some(item);
        self.len += 1;
        Ok(self)
    }
    fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        self.items[self.len].take()
    }
}

crate::pairs! {
    fn largest(values: &[&dyn Animal]) -> Option<String> {
        values.iter().map(|a| a.name()).max_by_key(|n| n.len())
    }
    with (&[&Dog, &Cat(9)]), (&[]);

    fn chorus(values: Vec<Box<dyn Animal>>) -> String {
        let mut out = String::new();
        for animal in &values { out += &format!("{}: {}; ", animal.name(), animal.noise()); }
        out
    }
    with (vec![Box::new(Dog), Box::new(Cat(3))]), (vec![]);

    fn fill(items: &[u8]) -> (Result<(), u8>, Vec<u8>) {
        let mut stack: Stack<u8, 3> = Stack::new();
        let mut result = Ok(());
        for &item in items {
            if let Err(full) = stack.push(item) { result = Err(full); break }
        }
        (result, std::iter::from_fn(|| stack.pop()).collect())
    }
    with (&[1, 2]), (&[1, 2, 3, 4]);

    fn chained_push() -> Result<Option<char>, char> {
        let mut stack = Stack::<_, 2>::new();
        stack.push('a')?.push('b')?;
        let top = stack.pop();
        stack.push('c')?.push('d')?;
        Ok(top)
    }
    with ();

    fn defaults() -> (u8, String, Option<i32>, Vec<()>, [u16; 3]) {
        let a = Default::default();
        let b = <String as Default>::default();
        (a, b, Default::default(), Vec::default(), <[u16; 3]>::default())
    }
    with ();

    fn conversions(n: u16) -> (u32, i64, String, Box<str>, Result<u8, String>) {
        let wide: u32 = n.into();
        let signed = i64::from(n);
        let text = n.to_string();
        (wide, signed, text.clone(), text.into(), u8::try_from(n).map_err(|e| e.to_string()))
    }
    with (7), (700);

    fn references<'a>(a: &'a str, b: &'a str, first: bool) -> &'a str { let pick = if first { &a } else { &b }; pick.trim() }
    with (" a ", "b", true), (" a ", "b", false);

    fn function_pointers(text: &str) -> Vec<String> {
        let steps: [fn(&str) -> String; 3] = [str::to_uppercase, str::to_lowercase, |s| s.chars().rev().collect()];
        let mut out = vec![];
        for step in steps { out.push(step(text)); }
        out
    }
    with ("aBc");

    fn turbofish(text: &str) -> (usize, Option<f32>, Vec<u8>) {
        let n = text.split(' ').filter_map(|t| t.parse::<i32>().ok()).count();
        let f = text.rsplit(' ').next().map(f32::from_str).and_then(Result::ok);
        (n, f, Vec::<u8>::from_iter(text.bytes().take(2)))
    }
    with ("1 x 2.5"), ("");

    fn associated(n: i32) -> (i32, bool, u32, i32) {
        (i32::abs(n), <i32 as PartialOrd>::lt(&n, &0), i32::MAX.count_ones(), Ord::max(n, std::cmp::min(3, n * 2)))
    }
    with (-4), (9);

    fn parse_words[T: FromStr](text: &str, _: PhantomData<T>) -> Option<Vec<T>> {
        let mut out = Vec::new();
        for word in text.split(' ') {
            let Ok(value) = word.parse::<T>() else { continue };
            out.push(value);
        }
        (!out.is_empty()).then_some(out)
    }
    with ("1 2 x 3", PhantomData::<i32>), ("x", PhantomData::<u8>), ("a b", PhantomData::<char>);

    fn count[K: Hash + Eq + Ord](items: impl IntoIterator<Item = K>) -> Vec<(K, usize)> {
        let mut counts = HashMap::new();
        for item in items { *counts.entry(item).or_default() += 1; }
        let mut all: Vec<(K, usize)> = counts.into_iter().collect();
        all.sort();
        all
    }
    with (["b", "a", "b"]), (Vec::<u8>::new());

    fn show_largest[T: PartialOrd + Copy + Display + Debug](items: &[T]) -> Option<String> {
        let mut best = *items.first()?;
        for &item in items { if item > best { best = item; } }
        Some(format!("{best} of {items:?}"))
    }
    with (&[1.0, 2.5]), (&['x']), (&[0u8; 0]);

    fn collected[T](items: impl Iterator<Item = T>) -> Vec<T> {
        let mut items: Vec<T> = items.collect();
        items.reverse();
        items
    }
    with ([1, 2].into_iter()), ("ab".chars());

    fn pushed[T: Clone](items: &[T]) -> Vec<T> {
        let mut out = Vec::with_capacity(items.len());
        for item in items { out.push(item.clone()); }
        out.extend(items.iter().cloned());
        out
    }
    with (&["a"]), (&[1, 2]);

    fn or_default[T: Default + Clone](value: Option<&T>) -> T {
        let fallback: T = Default::default();
        value.cloned().unwrap_or(fallback)
    }
    with (Some(&3)), (None::<&String>);

    fn into_wide[T: Into<i64>, U: From<i64>](value: T, _: PhantomData<U>) -> U {
        let wide: i64 = value.into();
        (wide * 2).into()
    }
    with (3u8, PhantomData::<i128>), (-3i32, PhantomData::<i64>);

    fn memoized[K: Hash + Eq + Clone, V: Clone](keys: &[K], compute: impl Fn(&K) -> V) -> (Vec<V>, usize) {
        let mut cache = HashMap::new();
        let mut out = vec![];
        for key in keys {
            let value = match cache.get(key) {
                Some(value) => V::clone(value),
                None => { let value = compute(key); cache.insert(key.clone(), value.clone()); value }
            };
            out.push(value);
        }
        (out, cache.len())
    }
    with (&["a", "bb", "a"], |k| k.len());
}
