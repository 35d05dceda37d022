//! Iterators in structs, whose types name a pointer to a function: the item of one, or a closure, becomes it where it
//! is put into the field.

use std::any::Any;
use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::iter::{Filter, Flatten, Inspect, Map, MapWhile, Scan};
use std::ops::Range;
use std::rc::Rc;
use std::{slice, str, vec};

use log::info;

/// Values whose type is known to whoever asks for them.
type Boxed = Rc<dyn Any>;

#[derive(Clone)]
struct Values<T> {
    iter: Map<Flatten<vec::IntoIter<Vec<Boxed>>>, fn(Boxed) -> T>,
    left: usize,
}

impl<T> Iterator for Values<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let next = self.iter.next()?;
        self.left = self.left.checked_sub(1)?;
        Some(next)
    }
}

impl<T: Clone + Debug> Debug for Values<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

fn opened<T: Clone + 'static>(value: Boxed) -> T {
    value.downcast_ref::<T>().expect("a value of this type").clone()
}

fn boxed<T: 'static>(values: impl IntoIterator<Item = T>) -> Vec<Boxed> {
    values.into_iter().map(|value| Rc::new(value) as Boxed).collect()
}

/// A group for each time that something was said.
struct Groups<'a, T> {
    iter: Map<slice::Iter<'a, Vec<Boxed>>, fn(&'a Vec<Boxed>) -> Group<'a, T>>,
}

struct Group<'a, T> {
    iter: Map<slice::Iter<'a, Boxed>, fn(&'a Boxed) -> &'a T>,
}

fn opened_ref<T: 'static>(value: &Boxed) -> &T {
    value.downcast_ref().expect("a value of this type")
}

/// An index of a width of one's own choice.
trait Width: Copy + Debug {
    fn of(n: usize) -> Self;
    fn n(self) -> usize;
}

impl Width for u8 {
    fn of(n: usize) -> u8 {
        n as u8
    }
    fn n(self) -> usize {
        usize::from(self)
    }
}

impl Width for u32 {
    fn of(n: usize) -> u32 {
        n as u32
    }
    fn n(self) -> usize {
        self as usize
    }
}

struct Graph<W> {
    next: Vec<Vec<(W, &'static str)>>,
}

struct Nodes<W> {
    iter: Map<Range<usize>, fn(usize) -> W>,
}

struct Neighbours<'a, W> {
    iter: Map<Rows<'a, W>, fn(&'a (W, &'static str)) -> W>,
}

type Rows<'a, W> = slice::Iter<'a, (W, &'static str)>;

/// The target, unless that is too far.
type Near<'a, W> = MapWhile<Rows<'a, W>, fn(&'a (W, &'static str)) -> Option<W>>;

fn near<W: Width>(edge: &(W, &'static str)) -> Option<W> {
    (edge.0.n() < 3).then_some(edge.0)
}

impl<W: Width> Graph<W> {
    fn new(edges: &[(usize, usize, &'static str)]) -> Self {
        let mut next = vec![];
        for &(from, to, name) in edges {
            next.resize_with(next.len().max(from + 1), Vec::new);
            next[from].push((W::of(to), name));
        }
        Graph { next }
    }
}

/// The records of a text, and the words of one.
struct Records<'a> {
    data: slice::Split<'a, u8, fn(&u8) -> bool>,
}

enum Words<'a> {
    Short(str::Split<'a, fn(char) -> bool>),
    Long { words: Filter<str::Split<'a, fn(char) -> bool>, fn(&&'a str) -> bool>, least: usize },
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        match self {
            Words::Short(words) => words.next(),
            Words::Long { words, least } => words.find(|word| word.len() >= *least),
        }
    }
}

fn is_sign(c: char) -> bool {
    !c.is_alphanumeric()
}

/// What is counted on the way.
struct Totals {
    iter: Inspect<Scan<vec::IntoIter<u32>, u32, fn(&mut u32, u32) -> Option<u32>>, fn(&u32)>,
}

fn total(sum: &mut u32, n: u32) -> Option<u32> {
    *sum = sum.checked_add(n)?;
    Some(*sum)
}

struct Settings {
    names: LazyCell<Vec<String>>,
    sizes: Option<LazyCell<usize>>,
}

/// Something that has a `map` of its own.
#[derive(Debug, Clone, PartialEq)]
struct Span<T> {
    value: T,
    at: usize,
}

impl<T> Span<T> {
    fn map<U>(self, each: fn(T) -> U) -> Span<U> {
        Span { value: each(self.value), at: self.at }
    }
}

#[derive(Debug, PartialEq)]
struct Line {
    name: Option<String>,
    number: Result<usize, String>,
    text: Span<usize>,
}

crate::pairs! {
    fn values_of(groups: Vec<Vec<Boxed>>) -> Option<Values<u32>> {
        let left = groups.iter().map(Vec::len).sum();
        if left == 0 {
            return None;
        }
        let values = groups.into_iter().flatten();
        let values = Values { iter: values.map(opened), left };
        Some(values)
    }
    with (vec![boxed([1u32, 2]), vec![], boxed([3u32])]), (vec![]), (vec![vec![]]);

    fn without_values[T: Clone + Debug](_: T) -> Values<T> {
        let empty: Vec<Vec<Boxed>> = Default::default();
        let empty = empty.into_iter().flatten();
        Values { iter: empty.map(|_| unreachable!()), left: 0 }
    }
    with ('x'), ("y");

    fn in_groups(groups: &[Vec<Boxed>]) -> Vec<Vec<String>> {
        let all = groups.iter();
        let groups = Groups { iter: all.map(|group| Group { iter: group.iter().map(opened_ref::<String>) }) };
        let mut found = vec![];
        for group in groups.iter {
            found.push(group.iter.cloned().collect());
        }
        found
    }
    with (&[boxed(["a".to_owned()]), vec![], boxed(["b".to_owned(), "c".to_owned()])]), (&[]);

    fn nodes[W: Width](graph: &Graph<W>) -> Vec<W> {
        let count = graph.next.len();
        let all = 0..count;
        let nodes = Nodes { iter: all.map(W::of) };
        nodes.iter.collect()
    }
    with (&Graph::<u8>::new(&[(0, 1, "a"), (3, 0, "b")])), (&Graph::<u32>::new(&[]));

    fn neighbours['a, W: Width](graph: &'a Graph<W>, of: W) -> Result<Neighbours<'a, W>, W> {
        match graph.next.get(of.n()) {
            Some(edges) if !edges.is_empty() => {
                info!("{} edges", edges.len());
                let edges = edges.iter();
                Ok(Neighbours { iter: edges.map(|edge| edge.0) })
            }
            _ => Err(of),
        }
    }
    with (&Graph::<u8>::new(&[(0, 1, "a"), (0, 2, "b")]), 0), (&Graph::<u32>::new(&[(1, 0, "c")]), 0);

    fn near_ones<'a>(graph: &'a Graph<u8>, of: u8) -> Option<Near<'a, u8>> {
        let edges = graph.next.get(usize::from(of))?.iter();
        let close: Near<'_, u8> = edges.map_while(near);
        Some(close)
    }
    with (&Graph::new(&[(0, 1, "a"), (0, 4, "b"), (0, 2, "c")]), 0), (&Graph::new(&[]), 2);

    fn records(text: &str) -> Vec<usize> {
        let bytes = text.as_bytes();
        let mut records = Records { data: bytes.split(|byte| *byte == b'\n') };
        let mut lengths = vec![];
        while let Some(record) = records.data.next() {
            lengths.push(record.len());
        }
        lengths
    }
    with ("one\n\nfour"), ("");

    fn words<'a>(text: &'a str, least: usize) -> Words<'a> {
        if least < 2 {
            return Words::Short(text.split(is_sign));
        }
        let words: str::Split<'_, fn(char) -> bool> = text.split(is_sign);
        Words::Long { words: words.filter(|word| !word.is_empty()), least }
    }
    with ("a, bc; def", 0), ("a, bc; def", 2), ("", 3);

    fn totals(numbers: Vec<u32>) -> Vec<u32> {
        let numbers = numbers.into_iter();
        let sums: Scan<_, _, fn(&mut u32, u32) -> Option<u32>> = numbers.scan(0, total as _);
        let mut totals = Totals { iter: sums.inspect(|sum| info!("{sum}")) };
        let mut all = vec![];
        loop {
            match totals.iter.next() {
                Some(total) => all.push(total),
                None => break all,
            }
        }
    }
    with (vec![1, 2, 3]), (vec![u32::MAX, 1]), (vec![]);

    fn settings(with_sizes: bool) -> (usize, Option<usize>) {
        let settings = Settings {
            names: LazyCell::new(|| vec!["a".to_owned(), "bc".to_owned()]),
            sizes: if with_sizes { Some(LazyCell::new(|| 7)) } else { None },
        };
        (settings.names.len(), settings.sizes.map(|sizes| *sizes))
    }
    with (true), (false);

    fn line(text: &str, at: usize) -> Line {
        let (name, number) = match text.split_once('=') {
            Some((name, number)) => (Some(name), number),
            None => (None, text),
        };
        Line {
            name: name.map(str::to_uppercase),
            number: number.parse::<usize>().map(|n| n + 1).map_err(|error| error.to_string()),
            text: Span { value: text, at }.map(str::len),
        }
    }
    with ("size=3", 1), ("4", 2), ("x=y", 3);

    fn by_length(names: &[&str]) -> BTreeMap<usize, Vec<String>> {
        let mut found: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        let names = names.iter();
        let pairs: Map<_, fn(&&str) -> (usize, String)> = names.map(|name| (name.len(), name.to_uppercase()));
        for (length, name) in pairs {
            found.entry(length).or_default().push(name);
        }
        found
    }
    with (&["a", "bc", "d"]), (&[]);
}

impl Debug for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let copy = match self {
            Words::Short(words) => Words::Short(words.clone()),
            Words::Long { words, least } => Words::Long { words: words.clone(), least: *least },
        };
        f.debug_list().entries(copy).finish()
    }
}

impl<W: Width> Debug for Neighbours<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter.clone()).finish()
    }
}
