//! The options of `#[green]` on closures.
#![deny(warnings)]

mod shelf {
    /// A crate that hands `eventlet` on.
    pub use eventlet;
}

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;

use eventlet::{GreenBox, green, green_closure};

#[green]
fn fetch(n: u32) -> u32 {
    n
}

type Handler = Box<dyn Fn(u32) -> GreenBox<'static, u32>>;

/// Calls of different closures have one type, so that a table can hold them.
#[derive(Default)]
struct Bus {
    handlers: RefCell<Vec<Handler>>,
}

impl Bus {
    fn on(&self, handler: Handler) {
        self.handlers.borrow_mut().push(handler);
    }
}

#[green]
fn a_table() -> u32 {
    let bus = Bus::default();
    let by = 5;
    bus.on(Box::new(
        #[green(boxed)]
        move |n: u32| fetch(n + by),
    ));
    bus.on(Box::new(
        #[green(boxed)]
        move |n: u32| {
            let first = fetch(n);
            first * fetch(by)
        },
    ));
    let handlers = bus.handlers.take();
    let mut sum = 0;
    for handler in &handlers {
        sum += handler(1);
    }
    sum
}

/// One that borrows from what is around it, and one that may fail.
#[green]
fn borrowed_and_failing() -> io::Result<u32> {
    let seen = Cell::new(0);
    let see = #[green(boxed)]
    |n: u32| seen.set(seen.get() + fetch(n));
    see(1);
    see(2);
    let checked = #[green(boxed)]
    move |n: u32| -> io::Result<u32> {
        let n = fetch(n);
        if n < 3 { Ok(n) } else { Err(io::ErrorKind::Other.into()) }
    };
    assert!(checked(3).is_err());
    Ok(seen.get() + checked(2)?)
}

#[green(crate = shelf::eventlet)]
fn named_roots() -> u32 {
    let first = #[green]
    |n: u32| fetch(n);
    let second = #[green(crate = shelf::eventlet, boxed)]
    |n: u32| fetch(n);
    first(1) + second(2)
}

/// Elsewhere they stand in front of the closure, inside the macro.
fn alone() -> GreenBox<'static, u32> {
    let shared = Rc::new(4);
    let call = green_closure!(
        #[green(boxed, crate = shelf::eventlet)]
        move || fetch(*shared) + 1
    );
    call()
}

#[green]
fn main() {
    assert_eq!(a_table(), 11);
    assert_eq!(borrowed_and_failing().unwrap(), 5);
    assert_eq!(named_roots(), 3);
    assert_eq!(alone(), 5);
}
