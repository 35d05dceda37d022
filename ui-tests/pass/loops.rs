//! `for` loops over ordinary and green iterators, in every place and with every way out.

#![deny(warnings)]

use std::collections::BTreeMap;

use eventlet::{GreenIterator, IntoGreenIterator, green};

#[green]
fn leaf(n: u32) -> u32 {
    n + 1
}

#[green]
fn list(n: u32) -> Result<Vec<u32>, String> {
    if n > 9 { Err("too many".to_string()) } else { Ok((0..n).collect()) }
}

struct Upto {
    next: u32,
    end: u32,
}

impl GreenIterator for Upto {
    type Item = u32;

    #[green]
    fn next(&mut self) -> Option<u32> {
        if self.next == self.end {
            return None;
        }
        self.next = leaf(self.next);
        Some(self.next - 1)
    }
}

#[green]
fn upto(end: u32) -> Upto {
    Upto { next: 0, end }
}

struct Numbered<I>(I, usize);

impl<I: GreenIterator> GreenIterator for Numbered<I> {
    type Item = (usize, I::Item);

    #[green]
    fn next(&mut self) -> Option<Self::Item> {
        let item = self.0.next()?;
        self.1 += 1;
        Some((self.1, item))
    }
}

#[green]
fn any_plain<I: IntoIterator>(items: I) -> usize {
    let mut count = 0;
    for _item in items {
        count += 1;
    }
    count
}

#[green]
fn any_green<I>(items: I) -> Vec<I::Item>
where
    I: IntoGreenIterator,
{
    let mut seen = vec![];
    for item in items {
        seen.push(item);
    }
    seen
}

#[green]
fn by_dyn(items: &mut dyn Iterator<Item = u32>) -> u32 {
    let mut sum = 0;
    for n in items {
        sum += leaf(n);
    }
    sum
}

#[green]
fn first_big(items: &[u32]) -> Option<u32> {
    for &n in items {
        if leaf(n) > 3 {
            return Some(n);
        }
    }
    None
}

#[green]
fn never_twice(n: u32) -> u32 {
    #[allow(clippy::never_loop)]
    for k in upto(n) {
        return k + 10;
    }
    0
}

#[green]
fn tail_loop(seen: &mut Vec<u32>) {
    for n in list(2).unwrap() {
        seen.push(n)
    }
}

#[green]
fn question(n: u32) -> Result<u32, String> {
    let mut sum = 0;
    for k in list(n)? {
        for (i, k) in Numbered(upto(k), 0) {
            sum += list(k)?.len() as u32 + i as u32;
        }
    }
    Ok(sum)
}

#[green]
fn patterns() -> Vec<String> {
    let mut map = BTreeMap::from([("a", vec![1, 2]), ("b", vec![])]);
    for (_, values) in &mut map {
        values.push(leaf(8));
    }
    for values in map.values_mut() {
        values.retain(|v| *v != 1);
    }
    let mut out = vec![];
    for (name, values) in &map {
        for (i, mut value) in values.iter().copied().enumerate() {
            value += 1;
            out.push(format!("{name}{i}{value}"));
        }
    }
    for [a, b] in [[1, 2], [3, 4]] {
        out.push(format!("{a}{b}"));
    }
    for c in "xy".chars().rev().filter(char::is_ascii) {
        out.push(c.to_string());
    }
    out
}

#[green]
fn ways_out() -> Vec<u32> {
    let mut seen = vec![];
    let found = 'search: {
        for n in upto(9) {
            if n == 5 {
                break 'search Some(n);
            }
        }
        None
    };
    seen.extend(found);
    'outer: for n in upto(4) {
        'inner: for m in (0..n).rev() {
            match (n, m) {
                (2, 0) => continue 'outer,
                (3, 1) => break 'outer,
                (1, _) => break 'inner,
                _ => seen.push(n * 10 + m),
            }
        }
        loop {
            seen.push(leaf(n));
            break;
        }
    }
    seen
}

/// The type of the items is known only when the ordinary closure is looked into, which is last.
#[green]
fn known_last() -> u32 {
    let queue = eventlet::Queue::unbounded();
    let fill = || {
        queue.try_put(1).unwrap();
        queue.shutdown();
    };
    fill();
    let mut all = vec![];
    for item in queue.iter() {
        all.push(item);
    }
    assert_eq!(all, [1]);
    all.len() as u32
}

#[green]
fn main() {
    assert_eq!(known_last(), 1);
    assert_eq!(any_plain(vec!["x"; 3]) + any_plain(Some(1)) + any_plain(0..leaf(1)), 6);
    assert_eq!(any_green(upto(3)), [0, 1, 2]);
    assert_eq!(any_green(Numbered(&mut upto(2), 0)), [(1, 0), (2, 1)]);
    assert_eq!(by_dyn(&mut vec![1, 2].into_iter()), 5);
    assert_eq!(first_big(&[1, 2, 3, 4]), Some(3));
    assert_eq!((never_twice(3), never_twice(0)), (10, 0));
    let mut seen = vec![];
    tail_loop(&mut seen);
    assert_eq!(seen, [0, 1]);
    assert_eq!(question(3), Ok(1 + (1 + 2) + 1));
    assert_eq!(question(10), Err("too many".to_string()));
    assert_eq!(patterns(), ["a03", "a110", "b010", "12", "34", "y", "x"]);
    assert_eq!(ways_out(), [5, 1, 2, 21, 32]);
}
