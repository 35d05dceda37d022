//! Functions and closures that become pointers since the place of the call says so, and other methods of
//! the same names, which stay what they are.

#![deny(warnings)]

use std::cell::LazyCell;
use std::iter::{Filter, Map, Scan};
use std::slice;
use std::str;
use std::time::Duration;

use eventlet::{green, sleep};

fn length(text: &String) -> usize {
    text.len()
}

fn is_long(text: &&String) -> bool {
    text.len() > 2
}

fn is_newline(c: char) -> bool {
    c == '\n'
}

fn sum(sum: &mut u32, n: u32) -> Option<u32> {
    *sum += n;
    Some(*sum)
}

/// A field of a struct with a parameter, which is known late or from what is returned.
struct Lengths<'a, T> {
    lengths: Map<slice::Iter<'a, T>, fn(&'a T) -> usize>,
    left: usize,
}

#[green]
fn lengths(texts: &[String]) -> Lengths<'_, String> {
    let texts = texts.iter();
    Lengths { lengths: texts.map(length), left: 1 }
}

#[green]
fn some_lengths(texts: &[String]) -> Result<Option<Lengths<'_, String>>, String> {
    let left = texts.len();
    let texts = texts.iter();
    let lengths = Lengths { lengths: texts.map(String::len), left };
    if left == 0 {
        return Ok(None);
    }
    Ok(Some(lengths))
}

#[green]
fn none(texts: &[String], left: usize) -> Option<Lengths<'_, String>> {
    let texts = texts.iter();
    let lengths = Lengths {
        lengths: match left {
            0 => texts.map(|_| unreachable!()),
            _ if left > 9 => {
                sleep(Duration::ZERO);
                texts.map(length)
            }
            _ => return None,
        },
        left,
    };
    Some(lengths)
}

/// Other adaptors, in a variant and in a tuple.
enum Pieces<'a> {
    Lines(str::Split<'a, fn(char) -> bool>),
    Bytes(slice::Split<'a, u8, fn(&u8) -> bool>),
}

#[green]
fn pieces(text: &str, is_text: bool) -> (Pieces<'_>, usize) {
    let bytes = text.as_bytes();
    let pieces =
        if is_text { Pieces::Lines(text.split(is_newline)) } else { Pieces::Bytes(bytes.split(|b| *b == b'\n')) };
    (pieces, text.len())
}

type Sums = Scan<std::vec::IntoIter<u32>, u32, fn(&mut u32, u32) -> Option<u32>>;

/// A result whose type has another name.
#[green]
fn sums(numbers: Vec<u32>) -> Sums {
    let numbers = numbers.into_iter();
    numbers.scan(0, sum)
}

struct Texts<'a>(&'a [String]);

impl<'a> IntoIterator for Texts<'a> {
    type Item = usize;
    type IntoIter = Map<slice::Iter<'a, String>, fn(&'a String) -> usize>;

    #[green(in_place)]
    fn into_iter(self) -> Self::IntoIter {
        let texts = self.0.iter();
        texts.map(length)
    }
}

#[green]
fn long(texts: &[String]) -> usize {
    let all = texts.iter();
    let long: Filter<slice::Iter<'_, String>, fn(&&String) -> bool> = all.filter(is_long);
    long.count()
}

struct Kept<'a> {
    lengths: Option<Lengths<'a, String>>,
    names: Map<slice::Iter<'a, String>, fn(&'a String) -> usize>,
}

#[green]
fn changed<'a>(kept: &mut Kept<'a>, texts: &'a [String]) {
    let others = texts.iter();
    kept.names = others.map(length);
    let others = texts.iter();
    kept.lengths = Some(Lengths { lengths: others.map(length), left: 2 });
}

/// A cell whose function is a pointer unless something else is said.
struct Settings {
    port: LazyCell<u16>,
}

#[green]
fn settings() -> Settings {
    Settings { port: LazyCell::new(|| 6000) }
}

/// Methods of the same names that are green ones, or have other values.
struct Store(u32);

#[derive(Debug, PartialEq)]
struct Mapped(u32);

impl Store {
    #[green]
    fn map(&self, each: fn(u32) -> u32) -> u32 {
        sleep(Duration::from_millis(1));
        each(self.0)
    }

    #[green]
    fn filter(&self, keep: fn(&u32) -> bool) -> Option<u32> {
        sleep(Duration::from_millis(1));
        Some(self.0).filter(keep)
    }

    fn inspect(&self, each: fn(u32) -> u32) -> Mapped {
        Mapped(each(self.0))
    }
}

#[derive(Debug, PartialEq)]
struct Found<A, B> {
    first: A,
    second: B,
    kept: Option<u32>,
    mapped: Mapped,
}

fn double(n: u32) -> u32 {
    n * 2
}

#[green]
fn others(store: &Store, n: Option<u32>) -> Found<u32, Option<u32>> {
    Found {
        first: store.map(double),
        second: n.map(double),
        kept: store.filter(|n| *n > 1),
        mapped: store.inspect(double),
    }
}

/// Fields whose types are parameters, of which nothing is known before the call.
#[green]
fn unknown(store: &Store, n: Option<u32>) -> usize {
    let results: Result<u32, String> = Ok(3);
    let numbers = [1, 2].iter();
    let one = Found { first: n.map(double), second: results.map(double), kept: None, mapped: Mapped(0) };
    let two = Found {
        first: numbers.map(|n| n + 1),
        second: [1, 2].map(double),
        kept: store.filter(|n| *n > 9),
        mapped: store.inspect(double),
    };
    assert_eq!((one.first, one.second), (Some(4), Ok(6)));
    assert_eq!((two.second, two.kept, two.mapped), ([2, 4], None, Mapped(8)));
    two.first.count() + one.mapped.0 as usize
}

#[green]
fn green_parts() {
    let texts = ["one".to_owned(), "by".to_owned()];
    let all = lengths(&texts);
    assert_eq!((all.lengths.collect::<Vec<_>>(), all.left), (vec![3, 2], 1));
    assert_eq!(some_lengths(&texts).unwrap().unwrap().lengths.sum::<usize>(), 5);
    assert!(some_lengths(&[]).unwrap().is_none());
    assert_eq!(none(&[], 0).unwrap().lengths.next(), None);
    assert_eq!(none(&texts, 10).unwrap().lengths.count(), 2);
    assert!(none(&texts, 1).is_none());
    let (Pieces::Lines(lines), 3) = pieces("a\nb", true) else { panic!("no lines") };
    assert_eq!(lines.collect::<Vec<_>>(), ["a", "b"]);
    let (Pieces::Bytes(bytes), 2) = pieces("a\n", false) else { panic!("no bytes") };
    assert_eq!(bytes.collect::<Vec<_>>(), [&b"a"[..], &[]]);
    assert_eq!(sums(vec![1, 2, 3]).collect::<Vec<_>>(), [1, 3, 6]);
    assert_eq!(Texts(&texts).into_iter().collect::<Vec<_>>(), [3, 2]);
    assert_eq!(long(&texts), 1);
    let mut kept = Kept { lengths: None, names: texts[..0].iter().map(length as fn(&String) -> usize) };
    changed(&mut kept, &texts);
    assert_eq!((kept.names.count(), kept.lengths.unwrap().left), (2, 2));
    assert_eq!(*settings().port, 6000);
    let found = Found { first: 8, second: Some(6), kept: Some(4), mapped: Mapped(8) };
    assert_eq!(others(&Store(4), Some(3)), found);
    assert_eq!(unknown(&Store(4), Some(2)), 2);
}

fn main() {
    eventlet::run(green_parts);
}
