//! Values that are put together where they are returned: their parts come from functions of traits, of which only the
//! place says what they give.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

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

/// Parts that borrow, whose lifetime a result leaves out.
trait Lends<'a> {
    type Lent: Debug;
    fn lend(text: &'a str) -> Option<Self::Lent>;
}

struct Words;

impl<'a> Lends<'a> for Words {
    type Lent = &'a str;
    fn lend(text: &'a str) -> Option<&'a str> {
        text.split_whitespace().next()
    }
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

    fn first_word[E: Refusal](bytes: &[u8], _: PhantomData<E>) -> Result<<Words as Lends<'_>>::Lent, E> {
        match std::str::from_utf8(bytes) {
            Ok(text) => match Words::lend(text) { Some(word) => Ok(word), None => Err(Refusal::because("no word")) },
            Err(e) => Err(Refusal::because(e)),
        }
    }
    with (b"a word", PhantomData::<Refused>), (b"", PhantomData::<Refused>), (b"\xff", PhantomData::<Refused>);
}
