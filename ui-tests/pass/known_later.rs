//! Types that are known only behind the call, or whose parameter is, in generic functions.

#![deny(warnings)]

use std::cmp::Reverse;
use std::iter;
use std::marker::PhantomData;
use std::time::Duration;

use eventlet::{green, sleep};

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

/// What stands for an index, in a width of one's own choice.
trait Width: Copy {
    fn of(n: usize) -> Self;
    fn number(self) -> usize;
}

impl Width for u8 {
    fn of(n: usize) -> Self {
        n as u8
    }
    fn number(self) -> usize {
        self.into()
    }
}

impl Width for u32 {
    fn of(n: usize) -> Self {
        n as u32
    }
    fn number(self) -> usize {
        self as usize
    }
}

struct Index<W> {
    at: W,
}

impl<W: Width> Index<W> {
    fn new(n: usize) -> Self {
        Index { at: W::of(n) }
    }

    /// A green one by its path, whose parameter is known only behind it.
    #[green]
    fn waited(n: usize) -> Self {
        let index = Index::new(n);
        sleep(Duration::from_millis(1));
        index
    }

    #[green]
    fn checked(n: usize) -> Result<Self, String> {
        if n < 100 { Ok(Index::waited(n)) } else { Err(format!("{n} is too much")) }
    }
}

/// The parameter of a type of one's own.
#[green]
fn pair<W: Width>(n: usize) -> (Index<W>, Index<W>) {
    let first = Index::new(n);
    let second = Index::waited(n + 1);
    (first, second)
}

#[green]
fn in_places<W: Width>(ns: &[usize]) -> Result<Vec<Index<W>>, String> {
    let mut indices = vec![];
    for n in ns {
        indices.push(Index::checked(*n)?);
    }
    indices.insert(0, Index::new(indices.len()));
    let last = Index::waited(9);
    indices.push(last);
    Ok(indices)
}

/// A type parameter itself, by its default and by its own function.
#[green]
fn from_nothing<T: Default, W: Width>() -> (T, W) {
    let value = Default::default();
    let width = W::of(3);
    (value, width)
}

#[green]
fn numbers(indices: &[Index<impl Width>]) -> Vec<usize> {
    indices.iter().map(|index| index.at.number()).collect()
}

/// What is expected of a part is known, though it is not spelled: there the trait may be named, and
/// green calls are driven.
struct Span<W> {
    ends: (W, W),
    names: Option<Box<dyn Fn() -> String>>,
    at: Index<W>,
}

trait Waited: Width {
    #[green]
    fn waited(n: usize) -> Self {
        sleep(Duration::from_millis(1));
        Self::of(n)
    }
}

impl Waited for u8 {}

fn end<W: Width>(index: &Index<W>) -> W {
    index.at
}

fn name() -> Box<dyn Fn() -> String> {
    Box::new(|| "span".to_owned())
}

#[green]
fn boxed_name() -> Box<fn() -> String> {
    Box::new(|| "waited".to_owned())
}

impl<W: Waited> Span<W> {
    #[green]
    fn new(n: usize) -> Self {
        Span { ends: (Width::of(n), W::waited(n + 1)), names: None, at: Index { at: <_>::of(n) } }
    }

    #[green]
    fn named(n: usize) -> Option<Self> {
        if n > 100 {
            return Some(Span { ends: (Width::of(0), Width::of(1)), names: Some(name()), at: Index::new(2) });
        }
        match n {
            0 => None,
            n => Some(Self {
                ends: (end(&Index::new(n)), end(&Index::waited(n))),
                names: Some(boxed_name()),
                at: Index::waited(n),
            }),
        }
    }
}

/// A type of one's own that is made by a trait's function, in the place of an error.
#[derive(Debug, PartialEq)]
struct Failure(String);

trait Custom {
    fn custom(text: &str) -> Self;
}

impl Custom for Failure {
    fn custom(text: &str) -> Self {
        Failure(text.to_owned())
    }
}

#[green]
fn fails(n: u32) -> Result<u32, Failure> {
    match n {
        0 => Err(Custom::custom("nothing")),
        1 => return Err(Failure::custom("one")),
        n => Ok(n),
    }
}

trait Visit<'a> {
    type Value;
}

struct Text;

impl<'a> Visit<'a> for Text {
    type Value = &'a str;
}

/// The lifetime that the result's type leaves out leaves nothing else open.
#[green]
fn visit<E: Custom>(bytes: &[u8]) -> Result<<Text as Visit<'_>>::Value, E> {
    match std::str::from_utf8(bytes) {
        Ok("late") => {
            let late: Result<<Text as Visit<'_>>::Value, E> = Err(Custom::custom("late"));
            late
        }
        Ok(text) => Ok(text),
        Err(_) => Err(Custom::custom("no text")),
    }
}

#[green]
fn parts() {
    let span = Span::<u8>::new(4);
    assert_eq!((span.ends, span.at.at), ((4, 5), 4));
    assert!(span.names.is_none());
    let span = Span::<u8>::named(7).unwrap();
    assert_eq!((span.ends, span.at.at), ((7, 7), 7));
    assert_eq!(span.names.unwrap()(), "waited");
    let span = Span::<u8>::named(101).unwrap();
    assert_eq!((span.ends, span.at.at), ((0, 1), 2));
    assert_eq!(span.names.unwrap()(), "span");
    assert!(Span::<u8>::named(0).is_none());
    assert_eq!(fails(0), Err(Failure("nothing".to_owned())));
    assert_eq!(fails(1), Err(Failure("one".to_owned())));
    assert_eq!(fails(2), Ok(2));
    assert_eq!(visit::<Failure>(b"text"), Ok("text"));
    assert_eq!(visit(b"late"), Err(Failure("late".to_owned())));
    assert_eq!(visit(b"\xff"), Err(Failure("no text".to_owned())));
}

#[green]
fn green_parts() {
    let (first, second) = pair::<u8>(4);
    assert_eq!(numbers(&[first, second]), [4, 5]);
    assert_eq!(numbers(&in_places::<u32>(&[7, 8]).unwrap()), [2, 7, 8, 9]);
    assert!(in_places::<u8>(&[7, 100]).is_err());
    let width: (String, u8) = from_nothing();
    assert_eq!(width, (String::new(), 3));
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
    eventlet::run(parts);
}
