//! Names of the user's that an expansion might have been meant to use: they never meet.

#![deny(warnings)]
#![allow(non_camel_case_types, dead_code)]

use ::eventlet::green;
use std::fmt::Display;

/// Modules in the way of every path that an expansion could begin with.
mod eventlet {
    pub mod __private {
        pub fn green() {}
    }
}
mod core {
    pub mod future {
        pub trait Future {}
    }
}
mod alloc {}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Probe(u32);
struct Green;
struct Plain;
struct Driven;
enum Never {
    Some,
    None,
}
trait Future {}
trait Kind {}
impl Future for Green {}

/// Methods of an expansion's names, on every type there is.
trait Everywhere: Sized {
    fn eventlet_kind(&self) -> u32 {
        1
    }
    fn eventlet_steps(self) -> u32 {
        2
    }
    fn value(self) -> u32 {
        3
    }
    fn call(self) -> u32 {
        4
    }
    fn kind(&self) -> u32 {
        5
    }
    fn boxed(self) -> u32 {
        6
    }
    fn stay(&mut self) -> u32 {
        7
    }
    fn start(self) -> u32 {
        8
    }
    fn plain(&self) -> u32 {
        9
    }
}
impl<T> Everywhere for T {}

impl Probe {
    fn drive(self) -> u32 {
        10
    }
    fn poll(&self) -> u32 {
        11
    }
    fn eventlet_kind(&self) -> u32 {
        12
    }
    fn r#await(self) -> u32 {
        13
    }
}

fn probe(n: u32) -> Probe {
    Probe(n)
}

fn unknown() -> u32 {
    14
}

fn steps(n: u32) -> std::ops::Range<u32> {
    0..n
}

macro_rules! println {
    ($($any:tt)*) => {
        15
    };
}

macro_rules! vec {
    ($($any:tt)*) => {
        [16]
    };
}

macro_rules! matches {
    () => {
        18
    };
}

#[green]
fn leaf(value: u32) -> u32 {
    value + 1
}

#[green]
fn arguments(value: u32, kind: u32, __v: u32, (iter, item): (u32, u32), iterable: u32, result: u32, __arg3: u32) -> u32 {
    leaf(value) + leaf(kind) + leaf(__v) + leaf(iter) + leaf(item) + leaf(iterable) + leaf(result) + leaf(__arg3)
}

#[green]
fn locals() -> u32 {
    let value = leaf(0);
    let kind = leaf(value);
    let call = leaf(kind) + value;
    let (iter, iterable, item) = (leaf(call), leaf(1), leaf(2));
    let mut total = 0;
    for result in [value, kind] {
        let kind = result + kind;
        total += leaf(kind) + result + value;
    }
    for iter in steps(iter) {
        total += iter + iterable;
    }
    total + item + unknown()
}

#[green]
fn methods() -> [u32; 8] {
    let p = probe(0);
    [
        p.drive(),
        p.poll(),
        p.eventlet_kind(),
        p.r#await(),
        1u8.eventlet_kind() + 1u8.eventlet_steps(),
        p.value() + p.call() + p.kind(),
        leaf(1).boxed() + leaf(2).clone().stay(),
        Green.start() + Plain.plain() + Driven.value() + Never::Some.call() + Never::None.kind(),
    ]
}

#[green]
fn macros(n: u32) -> u32 {
    println!("no such format {}") + vec![leaf(n); "x"][0] + matches!()
}

#[green]
fn constants() -> u32 {
    const VALUE: u32 = 1;
    static KIND: u32 = 2;
    fn probe(n: u32) -> u32 {
        n * 100
    }
    #[green]
    fn leaf(n: u32) -> u32 {
        n + 1000
    }
    let r#match = leaf(VALUE);
    r#match + probe(KIND)
}

#[green]
fn generic<Green: Display, Output>(value: Green, keep: Output) -> (String, Output) {
    (value.to_string(), keep)
}

#[green]
fn labels() -> u32 {
    let mut n = 0;
    'green: loop {
        for k in [1, 2, 3] {
            n = leaf(n) + k;
            if n > 5 {
                break 'green n;
            }
        }
    }
}

#[green]
fn main() {
    let seen = (arguments(1, 2, 3, (4, 5), 6, 7, 8), locals(), methods());
    assert_eq!(seen, (44, 51, [10, 11, 12, 13, 3, 12, 13, 29]));
    assert_eq!((macros(1), constants(), labels()), (49, 1201, 9));
    assert_eq!(generic(5, ' '), ("5".to_string(), ' '));
}
