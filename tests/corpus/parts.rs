//! Values that are put together where they are returned: their parts come from functions of traits, of which only the
//! place says what they give, and from iterators whose types name a function pointer.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::iter::{Flatten, Map};
use std::slice::Iter;
use std::vec::IntoIter;

trait Measure: Copy + PartialOrd + Debug + Default {
    fn zero() -> Self;
    fn infinite() -> Self;
    fn of(n: u32) -> Self;
    fn plus(self, other: Self) -> Self;
}

macro_rules! measures {
    ($($measure:ident)*) => { $(
        impl Measure for $measure {
            fn zero() -> Self { 0 as $measure }
            fn infinite() -> Self { $measure::MAX }
            fn of(n: u32) -> Self { n as $measure }
            fn plus(self, other: Self) -> Self { if self == $measure::MAX { self } else { self + other } }
        }
    )* };
}
measures!(u8 u64 f64);

#[derive(Debug, PartialEq)]
struct Span<M>(M, M);

#[derive(Debug, PartialEq)]
struct Route<K, M = u64> {
    cost: Span<M>,
    via: Option<K>,
    seen: (K, M),
}

trait Refusal: Sized {
    fn because(text: impl ToString) -> Self;
    fn end() -> Self;
}

#[derive(Debug, PartialEq)]
struct Refused(String);
impl Refusal for Refused {
    fn because(text: impl ToString) -> Self {
        Refused(text.to_string())
    }
    fn end() -> Self {
        Refused("the end".into())
    }
}

trait Visitor {
    type Value: Debug;
    fn number<E: Refusal>(self, n: u32) -> Result<Self::Value, E>;
    fn text<E: Refusal>(self, text: &str) -> Result<Self::Value, E>;
}

struct Doubles;
impl Visitor for Doubles {
    type Value = u32;
    fn number<E: Refusal>(self, n: u32) -> Result<u32, E> {
        n.checked_mul(2).ok_or_else(E::end)
    }
    fn text<E: Refusal>(self, text: &str) -> Result<u32, E> {
        Err(E::because(format!("a text: {text}")))
    }
}

struct Lengths<'a> {
    iter: Map<Flatten<Iter<'a, Vec<String>>>, fn(&String) -> usize>,
    left: usize,
}

struct Halves<T> {
    iter: Map<IntoIter<u32>, fn(u32) -> T>,
}

fn length(text: &String) -> usize {
    text.len()
}
fn half(n: u32) -> f64 {
    f64::from(n) / 2.0
}

crate::pairs! {
    fn empty_route[K: Default, M: Measure](_: &K, _: M) -> Route<K, M> {
        Route { cost: Span(Measure::zero(), Measure::infinite()), via: None, seen: (Default::default(), <_>::of(3)) }
    }
    with (&'x', 1u8), (&String::new(), 1.5);

    fn route_to[K: Clone + Eq + Hash, M: Measure](costs: &HashMap<K, u32>, to: K, _: M) -> Option<Route<K, M>> {
        let Some(&cost) = costs.get(&to) else { return None };
        if cost == 0 {
            return Some(Route { cost: Span(M::zero(), Measure::zero()), via: None, seen: (to, Measure::zero()) });
        }
        match cost {
            1 => Some(Route { cost: Span(Measure::of(1), Measure::of(2)), via: Some(to.clone()), seen: (to, Measure::of(0)) }),
            n => {
                let steps = (0..n).fold(M::zero(), |sum, _| sum.plus(M::of(1)));
                Some(Route { cost: Span(steps, Measure::infinite()), seen: (to, M::of(n)), via: None })
            }
        }
    }
    with (&HashMap::from([('a', 0), ('b', 1), ('c', 4)]), 'a', 0u64), (&HashMap::from([('b', 1)]), 'b', 0u8),
        (&HashMap::from([('c', 4)]), 'c', 0.0), (&HashMap::new(), "d", 0u64);

    fn number(text: &str) -> Result<u32, Refused> {
        match text.trim() {
            "" => Err(Refusal::because("nothing")),
            "end" => return Err(Refusal::end()),
            text => match text.parse() { Ok(n) => Ok(n), Err(e) => Err(Refusal::because(e)) },
        }
    }
    with (" 12 "), (""), ("end"), ("x");

    fn visited[V: Visitor](word: &str, visitor: V) -> Result<V::Value, Refused> {
        match word.chars().next() {
            None => Err(Refusal::because("no word")),
            Some(c) if c.is_ascii_digit() => match word.parse() {
                Ok(n) => visitor.number(n),
                Err(_) => Err(Refusal::because(c)),
            },
            Some(_) => visitor.text(word),
        }
    }
    with ("21", Doubles), ("", Doubles), ("4294967295", Doubles), ("99999999999", Doubles), ("word", Doubles);

    fn lengths<'a>(texts: &'a [Vec<String>]) -> Vec<usize> {
        let all = texts.iter().flatten();
        let mut lengths = Lengths { iter: all.map(length), left: 2 };
        let mut first = vec![];
        while lengths.left > 0 {
            lengths.left -= 1;
            let Some(length) = lengths.iter.next() else { break };
            first.push(length);
        }
        first
    }
    with (&[vec!["ab".to_owned()], vec![], vec!["c".to_owned(), "def".to_owned()]]), (&[]);

    fn halves(numbers: Vec<u32>) -> Vec<f64> {
        let numbers = numbers.into_iter();
        let halves = Halves { iter: numbers.map(half) };
        halves.iter.collect()
    }
    with (vec![1, 2, 5]), (vec![]);

    fn none_of[T](_: &T) -> Halves<T> {
        let none: Vec<u32> = Default::default();
        Halves { iter: none.into_iter().map(|_| unreachable!()) }
    }
    with (&'x');
}

impl<T> Debug for Halves<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} halves", self.iter.len())
    }
}
