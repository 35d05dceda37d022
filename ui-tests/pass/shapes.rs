//! Calls in every place where an expression may stand.

#![deny(warnings)]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt::Debug;
use std::future::Future;
use std::rc::Rc;

use eventlet::{Green, GreenBox, green};

#[green]
fn leaf(n: u32) -> u32 {
    n + 1
}

#[green]
fn flag(n: u32) -> bool {
    n > 0
}

#[green]
fn pair(n: u32) -> (u32, u32) {
    (n, n + 1)
}

#[green]
fn words() -> Vec<String> {
    vec!["one".to_string(), "two".to_string()]
}

#[green]
fn checked(n: u32) -> Result<Point, String> {
    if n > 90 { Err(format!("{n} is too much")) } else { Ok(Point { x: n, y: n }) }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Point {
    x: u32,
    y: u32,
}

struct Holder<F> {
    f: F,
    points: Vec<Point>,
}

impl<F: Fn(u32) -> u32> Holder<F> {
    #[green]
    fn first(&mut self) -> &mut Point {
        &mut self.points[0]
    }

    #[green]
    fn slice(&mut self) -> &mut [Point] {
        &mut self.points
    }

    #[green]
    fn field_call(&self) -> u32 {
        (self.f)(leaf(1)) + (self.f)(1)
    }
}

#[green]
fn places() -> u32 {
    let mut holder = Holder { f: |n| n * 2, points: vec![Point::default(); 3] };
    holder.first().x = leaf(1);
    holder.first().x += leaf(1);
    holder.slice()[1] = Point { y: leaf(2), ..Point { x: leaf(3), y: 0 } };
    holder.slice()[leaf(1) as usize].y -= leaf(0) - 1;
    *holder.first() = Point { x: holder.first().x, y: leaf(5) };
    assert_eq!(holder.points, [Point { x: 4, y: 6 }, Point { x: 4, y: 3 }, Point { x: 0, y: 0 }]);
    holder.field_call() + holder.slice().iter().map(|p| p.x).sum::<u32>()
}

#[green]
fn operators() -> (u32, i64, bool) {
    let sum = leaf(1) + leaf(2) * leaf(3) + (-(-(leaf(1) as i64))) as u32;
    let cast = leaf(1) as i64;
    let less = (leaf(1) as usize) < 3 && !flag(0) || flag(1) ^ flag(2);
    let range = leaf(1)..=leaf(3);
    let mut count = 0;
    for n in leaf(0)..leaf(3) {
        count += n;
    }
    let nested = leaf(leaf(leaf(leaf(0))));
    let (a, b) = (leaf(1), pair(2).1);
    let [c, d] = [leaf(1), pair(2).0];
    let text = &words()[1][..leaf(1) as usize];
    assert_eq!(text, "tw");
    let reference = &mut leaf(4);
    *reference += leaf(5);
    (sum + range.count() as u32 + count + nested + a + b + c + d + *reference, cast, less)
}

#[green]
fn statements(n: u32) -> Result<u32, String> {
    checked(n)?;
    checked(n)?.x.to_string();
    if flag(n) {
        checked(n)?;
    } else if flag(n + 1) {
        return checked(n).map(|p| p.x);
    }
    let mut queue: VecDeque<u32> = (0..n).collect();
    while let Some(next) = queue.pop_front() {
        if next > 3 {
            break;
        }
        queue.extend((0..next).take(leaf(0) as usize));
    }
    while flag(queue.len() as u32) {
        queue.pop_back();
    }
    let value = loop {
        if flag(1) {
            break checked(n)?.y;
        }
    };
    let block = { leaf(value) };
    let length = { words() }.len();
    match n {
        90 => checked(n)?.x,
        80 => leaf(1) + 1,
        70 => pair(1).1,
        60 => words()[0].len() as u32,
        50 => leaf(1),
        _ => return Ok(block + length as u32),
    };
    Ok(match checked(n) {
        Ok(Point { x, .. }) if leaf(x) > 60 => leaf(x),
        Ok(point) => point.y,
        Err(text) => return Err(text + &words()[0]),
    })
}

trait Named {
    const NAME: &'static str;
    #[green]
    fn named(n: u32) -> String;
    #[green]
    fn generic<T: Debug>(&self, value: T) -> String;
}

impl Named for Point {
    const NAME: &'static str = "point";
    #[green]
    fn named(n: u32) -> String {
        format!("{}{}", Self::NAME, leaf(n))
    }
    #[green]
    fn generic<T: Debug>(&self, value: T) -> String {
        format!("{value:?}{}", self.x)
    }
}

#[green]
fn paths<T: Named>(value: &T) -> Vec<String> {
    vec![
        T::named(1),
        <T as Named>::named(2),
        Point::named(3),
        value.generic::<u8>(4),
        T::generic::<&str>(value, "five"),
        std::convert::identity::<String>(T::named(5)),
        core::iter::once(leaf(6)).map(|n| n.to_string()).collect(),
    ]
}

fn adder(n: u32) -> impl Fn(u32) -> Green<std::future::Ready<u32>> {
    move |m| eventlet::__private::green(std::future::ready(n + m))
}

#[green]
fn callables() -> u32 {
    let table = [leaf, leaf];
    let dynamic: Vec<Box<dyn Fn(u32) -> GreenBox<'static, u32>>> = vec![Box::new(boxed), Box::new(|n| boxed(n + 1))];
    let mut sum = adder(1)(2) + table[0](1) + dynamic[0](1);
    for f in &dynamic {
        sum += f(1);
    }
    let shared = Rc::new(RefCell::new(vec![1]));
    let inner = Rc::clone(&shared);
    let push = move |n| inner.borrow_mut().push(n);
    push(leaf(1));
    let taken = shared.borrow().iter().sum::<u32>();
    sum + taken + hold_back(|| leaf(1)) + hold_back(|| pair(7)).0
}

#[green(boxed)]
fn boxed(n: u32) -> u32 {
    leaf(n)
}

#[green]
fn hold_back<T, G: Future<Output = T>>(call: impl FnOnce() -> Green<G>) -> T {
    call()
}

#[green]
fn higher_ranked<F>(f: F, text: &str) -> usize
where
    F: for<'a> Fn(&'a str) -> &'a str,
{
    let cut = f(text);
    cut.len()
}

#[green]
fn borrowing_callback<F: AsyncFn(&str) -> usize>(f: F) -> usize {
    let text = words().concat();
    f(&text).await
}

#[green]
fn measure(text: &str) -> usize {
    text.len()
}

macro_rules! make {
    ($(#[$attr:meta])* $name:ident($arg:ident: $ty:ty) -> $out:ty = $value:expr, $block:block) => {
        $(#[$attr])*
        #[green]
        fn $name($arg: $ty) -> $out {
            let value = $value;
            let more = leaf($arg) + $value;
            value + more + $block
        }
    };
}

make!(#[allow(dead_code)] made(n: u32) -> u32 = leaf(10), { leaf(1) });

macro_rules! unknown {
    ($e:expr) => {
        $e
    };
}

#[green]
fn macros() -> u32 {
    // The tokens of an unknown macro are not touched; the value that it leaves is not a call.
    let held = unknown!(leaf(1));
    let text = concat!("a", "b");
    thread_local!(static KEPT: u32 = const { 3 });
    held.await + text.len() as u32 + KEPT.with(|n| *n)
}

#[green]
fn walk(steps: &mut impl Iterator<Item = u32>) -> u32 {
    match steps.next() {
        Some(n) => n + walk(steps),
        None => 0,
    }
}

// A panic says where it happened, also in an expression that contains a call.

thread_local!(static PANICKED_AT: Cell<u32> = const { Cell::new(0) });

#[green]
fn overflows(n: u8) -> u8 {
    n + leaf(1) as u8
}

#[green]
fn too_far(n: usize) -> String {
    words()[n].clone()
}

#[green]
fn divides(n: u32) -> u32 {
    leaf(n) / n
}

#[green]
fn unwraps(n: u32) -> Point {
    checked(n).unwrap()
}

fn panics() {
    std::panic::set_hook(Box::new(|info| PANICKED_AT.set(info.location().unwrap().line())));
    let line_of = |call: fn()| {
        assert!(std::panic::catch_unwind(call).is_err());
        PANICKED_AT.get()
    };
    let lines = [
        line_of(|| _ = eventlet::run(|| overflows(255))),
        line_of(|| _ = eventlet::run(|| too_far(2))),
        line_of(|| _ = eventlet::run(|| divides(0))),
        line_of(|| _ = eventlet::run(|| unwraps(99))),
    ];
    _ = std::panic::take_hook();
    let source = include_str!("shapes.rs");
    let text_at = |line: u32| source.lines().nth(line as usize - 1).unwrap().trim();
    assert_eq!(lines.map(text_at), [
        "n + leaf(1) as u8",
        "words()[n].clone()",
        "leaf(n) / n",
        "checked(n).unwrap()",
    ]);
}

fn main() {
    panics();
    eventlet::run(green_parts);
}

#[green]
fn green_parts() {
    assert_eq!(places(), 6 + 4 + 4);
    assert_eq!(operators(), (2 + 12 + 2 + 3 + 6 + 4 + 2 + 3 + 2 + 2 + 11, 2, true));
    assert_eq!(statements(0), Ok(0));
    assert_eq!(statements(5), Ok(6 + 2));
    assert_eq!(statements(60), Ok(61));
    assert_eq!(statements(50), Ok(50));
    assert_eq!(statements(91), Err("91 is too much".to_string()));
    let point = Point { x: 1, y: 1 };
    assert_eq!(paths(&point), ["point2", "point3", "point4", "41", "\"five\"1", "point6", "7"]);
    assert_eq!(callables(), 3 + 2 + 2 + 2 + 3 + 3 + 2 + 7);
    assert_eq!(higher_ranked(|s| &s[1..], "four"), 3);
    assert_eq!(borrowing_callback(measure), 6);
    assert_eq!(made(1), 11 + 13 + 2);
    assert_eq!(macros(), 7);
    assert_eq!(walk(&mut vec![1, 2, 3].into_iter()), 6);
}
