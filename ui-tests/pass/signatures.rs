//! Functions and methods in every shape of signature.

#![deny(warnings)]

use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use eventlet::{Green, green};

#[green]
fn add(a: u32, b: u32) -> u32 {
    a + b
}

struct Meter {
    value: u32,
}

impl Meter {
    const STEP: u32 = 2;

    #[green]
    fn new(value: u32) -> Self {
        Self { value: add(value, 0) }
    }
    #[green]
    fn by_ref(&self) -> u32 {
        add(self.value, 0)
    }
    #[green]
    fn by_mut(&mut self) -> &mut u32 {
        self.value = add(self.value, Self::STEP);
        &mut self.value
    }
    #[green]
    fn by_value(self) -> u32 {
        add(self.value, 1)
    }
    #[green]
    fn by_mut_value(mut self) -> Self {
        self.value = add(self.value, 1);
        self
    }
    #[green]
    fn boxed_self(self: Box<Self>) -> u32 {
        self.by_ref()
    }
    #[green]
    fn rc_self(self: Rc<Self>) -> u32 {
        self.by_ref()
    }
    #[green]
    fn arc_self(self: &Arc<Self>) -> u32 {
        self.by_ref()
    }
    #[green]
    fn pin_self(self: Pin<&mut Self>) -> u32 {
        self.by_ref()
    }
    #[green]
    fn typed_ref(self: &Self) -> u32 {
        self.by_ref()
    }
    /// A documented method.
    #[must_use]
    #[green]
    pub(crate) fn documented(&self) -> u32 {
        #![allow(unused_parens)]
        (self.by_ref())
    }
}

#[green]
fn methods() {
    let mut meter = Meter::new(1);
    assert_eq!(meter.by_ref(), 1);
    *meter.by_mut() += 1;
    assert_eq!(meter.typed_ref() + meter.documented(), 8);
    assert_eq!(Pin::new(&mut meter).pin_self(), 4);
    assert_eq!(meter.by_mut_value().by_value(), 6);
    assert_eq!(Box::new(Meter::new(3)).boxed_self(), 3);
    assert_eq!(Rc::new(Meter::new(3)).rc_self(), 3);
    assert_eq!(Arc::new(Meter { value: 7 }).arc_self(), 7);
    assert_eq!(Meter::by_ref(&Meter { value: 9 }), 9);
}

#[green]
fn longest<'a>(a: &'a str, b: &'a str) -> &'a str {
    if a.len() > b.len() { a } else { b }
}

#[green]
fn first_word(text: &str) -> Option<&str> {
    text.split(' ').next()
}

#[green]
fn two_lifetimes<'a, 'b: 'a>(a: &'a [&'b str], index: usize) -> &'b str {
    a[add(index as u32, 0) as usize]
}

#[green]
fn generic<T, const N: usize>(items: [T; N]) -> usize
where
    T: Debug + Clone,
{
    let copy = items.clone();
    add(copy.len() as u32, N as u32) as usize
}

#[green]
fn takes_impl(shown: impl Display, f: impl Fn(u32) -> u32) -> String {
    let n = f(2);
    format!("{shown}{}", add(n, 1))
}

#[green]
fn returns_impl(n: u32) -> impl Iterator<Item = u32> {
    let end = add(n, 1);
    0..end
}

#[green]
fn returns_nested_impl(n: u32) -> Result<impl Fn(u32) -> u32, String> {
    if n == 0 {
        return Err("none".to_string());
    }
    let n = add(n, 0);
    Ok(move |m| n + m)
}

#[green]
fn unit() {}

#[green]
fn early(n: u32) -> Result<u32, std::num::ParseIntError> {
    if n == 0 {
        return Ok(9);
    }
    let parsed: u32 = "12".parse()?;
    let x = "x".parse::<u32>()?;
    Ok(parsed + x)
}

#[green]
fn patterns((a, b): (u32, u32), [c, .., d]: [u32; 4], Meter { value }: Meter, _: u32, &e: &u32, mut f: u32) -> u32 {
    f += add(a, b);
    f + c + d + value + e
}

#[green]
unsafe fn dangerous(p: *const u32) -> u32 {
    unsafe { *p }
}

#[green]
fn r#match(r#type: u32) -> u32 {
    add(r#type, 1)
}

mod inner {
    use eventlet::green;

    #[green]
    pub(super) fn visible() -> u32 {
        1
    }

    pub mod reexport {
        pub use eventlet as green_things;
    }

    #[green(crate = self::reexport::green_things)]
    pub fn elsewhere() -> u32 {
        visible()
    }
}

fn hand_on<F: FnOnce(u32, u32) -> Green<G>, G: Future<Output = u32>>(f: F) -> u32 {
    eventlet::run(|| f(1, 2))
}

#[green]
fn green_parts() {
    methods();
    assert_eq!(longest("a", "bc"), "bc");
    assert_eq!(first_word("one two"), Some("one"));
    assert_eq!(two_lifetimes(&["x", "y"], 1), "y");
    assert_eq!(generic([1, 2, 3]), 6);
    let base = 10;
    assert_eq!(takes_impl("n", |n| n + base), "n13");
    assert_eq!(returns_impl(2).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(returns_nested_impl(2).unwrap()(3), 5);
    assert!(returns_nested_impl(0).is_err());
    unit();
    assert_eq!(early(0), Ok(9));
    assert!(early(1).is_err());
    assert_eq!(patterns((1, 2), [3, 0, 0, 4], Meter { value: 5 }, 0, &6, 7), 28);
    let n = 5;
    assert_eq!(unsafe { dangerous(&n) }, 5);
    assert_eq!(r#match(2), 3);
    assert_eq!(inner::visible() + inner::elsewhere(), 2);
}

fn main() {
    eventlet::run(green_parts);
    assert_eq!(hand_on(add), 3);
}
