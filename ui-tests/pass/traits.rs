//! Green methods of traits: required and provided, generic and `dyn`.

#![deny(warnings)]

use eventlet::{GreenIterator, IntoGreenIterator, green};

trait Source {
    type Item;

    #[green]
    fn pull(&mut self, most: usize) -> Option<Self::Item>;

    #[green]
    fn pull_twice(&mut self) -> Option<Self::Item> {
        let first = self.pull(1);
        drop(first);
        self.pull(1)
    }

    #[green]
    fn name() -> &'static str {
        "source"
    }

    /// A provided method of a trait that may be unsized.
    #[green]
    fn describe(&self) -> String
    where
        Self: std::fmt::Debug,
    {
        format!("{self:?}")
    }
}

#[derive(Debug)]
struct Count(u32);

impl Source for Count {
    type Item = u32;

    #[green]
    fn pull(&mut self, _most: usize) -> Option<u32> {
        self.0 += 1;
        Some(self.0)
    }
}

#[green]
fn generic<S: Source>(source: &mut S) -> Option<S::Item> {
    source.pull(2)?;
    source.pull_twice()
}

#[green]
fn by_impl(mut source: impl Source<Item = u32>) -> u32 {
    source.pull(1).unwrap_or(0) + source.pull_twice().unwrap()
}

trait Shape {
    #[green(boxed)]
    fn area(&self) -> f64;

    #[green(boxed)]
    fn scaled(&self, by: &f64, names: &[&str]) -> f64 {
        assert_eq!(names.len(), 1);
        self.area() * by
    }

    #[green(boxed)]
    fn label<'a>(&'a self, prefix: &'a str) -> &'a str {
        let _ = self.area();
        prefix
    }

    #[green(boxed)]
    fn view(&self) -> Option<&f64>;
}

struct Square(f64);

impl Shape for Square {
    #[green(boxed)]
    fn area(&self) -> f64 {
        self.0 * self.0
    }

    #[green(boxed)]
    fn view(&self) -> Option<&f64> {
        Some(&self.0)
    }
}

#[green]
fn total(shapes: &[Box<dyn Shape>]) -> f64 {
    let mut sum = 0.0;
    for shape in shapes {
        sum += shape.scaled(&2.0, &["x"]);
        assert_eq!(shape.label("p"), "p");
        assert_eq!(shape.view(), Some(&3.0));
    }
    sum
}

#[green(boxed)]
fn boxed_generic<T: Clone, F>(value: &T, f: F, with: impl Fn(u32) -> u32) -> (T, u32)
where
    F: Fn(&T) -> u32,
{
    let n = with(f(value));
    (value.clone(), n)
}

#[green(boxed)]
fn boxed_nothing() {}

struct Countdown(u32);

impl GreenIterator for Countdown {
    type Item = u32;

    #[green]
    fn next(&mut self) -> Option<u32> {
        self.0 = self.0.checked_sub(1)?;
        Some(self.0)
    }
}

struct Days;

impl IntoGreenIterator for &Days {
    type Item = u32;
    type IntoIter = Countdown;
    fn into_green_iter(self) -> Countdown {
        Countdown(7)
    }
}

#[green]
fn sum_of<I: GreenIterator<Item = u32>>(items: I) -> u32 {
    let mut sum = 0;
    for n in items {
        sum += n;
    }
    sum
}

#[green]
fn loops() {
    let mut countdown = Countdown(4);
    for n in &mut countdown {
        if n == 2 {
            break;
        }
    }
    assert_eq!(countdown.next(), Some(1));
    assert_eq!(sum_of(Countdown(4)), 6);
    assert_eq!(sum_of(Box::new(Countdown(4))), 6);
    let mut days = 0;
    for _ in &Days {
        days += 1;
    }
    assert_eq!(days, 7);
    let mut seen = vec![];
    'outer: for (i, mut word) in ["a", "b", "c"].iter().enumerate() {
        for n in Countdown(3) {
            if i == 1 {
                continue 'outer;
            }
            if i == 2 {
                break 'outer;
            }
            if n == 1 {
                continue;
            }
            seen.push(format!("{word}{n}"));
        }
        word = &"z";
        seen.push(word.to_string());
    }
    assert_eq!(seen, ["a2", "a0", "z"]);
    for n in 0..sum_of(Countdown(3)) {
        assert!(n < 3);
    }
    let mut empty = true;
    for () in std::iter::empty() {
        empty = false;
    }
    assert!(empty);
    for b in std::cell::RefCell::new(vec![1, 2]).borrow().iter() {
        assert!(*b > 0);
    }
}

#[green]
fn main() {
    let mut count = Count(0);
    assert_eq!(generic(&mut count), Some(3));
    assert_eq!(by_impl(Count(0)), 4);
    assert_eq!(Count::name(), "source");
    assert_eq!(count.describe(), "Count(3)");
    assert_eq!(total(&[Box::new(Square(3.0)), Box::new(Square(3.0))]), 36.0);
    assert_eq!(boxed_generic(&"v", |v| v.len() as u32, |n| n + 1), ("v", 2));
    boxed_nothing();
    loops();
}
