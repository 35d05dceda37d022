//! Ordinary functions and closures under `#[green]`: those that wait in place, and those that promise never to.
#![deny(warnings)]

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use eventlet::{GreenIterator, green, green_closure, iter, no_switch, sleep, spawn};

#[green]
fn fetch(n: u32) -> u32 {
    sleep(Duration::from_millis(1));
    n
}

#[green]
fn try_fetch(n: u32) -> io::Result<u32> {
    if n < 10 { Ok(fetch(n)) } else { Err(io::ErrorKind::Other.into()) }
}

/// A trait of somebody else's has ordinary methods, with names that no green method may have.
struct Price {
    of: u32,
    shown: Cell<u32>,
}

impl Clone for Price {
    #[green(in_place)]
    fn clone(&self) -> Self {
        Price { of: fetch(self.of), shown: Cell::new(0) }
    }
}

impl fmt::Display for Price {
    #[green(in_place)]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.set(fetch(self.shown.get()) + 1);
        write!(f, "{}", fetch(self.of))?;
        for n in 0..fetch(2) {
            write!(f, " {n}")?;
        }
        Ok(())
    }
}

impl Iterator for Price {
    type Item = u32;

    #[green(in_place)]
    fn next(&mut self) -> Option<u32> {
        self.of = fetch(self.of).checked_sub(1)?;
        Some(self.of)
    }
}

impl Drop for Price {
    #[green(in_place)]
    fn drop(&mut self) {
        fetch(self.of);
    }
}

#[green(in_place)]
extern "C" fn on_event(n: u32) -> u32 {
    if n == 0 {
        return fetch(7);
    }
    on_event(n - 1) + 1
}

#[green(in_place)]
fn read_all<'a, T: GreenIterator<Item = u32>>(steps: T, seen: &'a mut Vec<u32>) -> io::Result<&'a [u32]> {
    for n in steps {
        seen.push(try_fetch(n)?);
    }
    let last = match seen.last() {
        Some(last) if fetch(*last) > 2 => fetch(*last),
        _ => 0,
    };
    seen.push(last);
    Ok(seen)
}

/// What is handed to an ordinary combinator waits in place.
#[green]
fn closures(list: &[u32]) -> io::Result<Vec<u32>> {
    let total = Rc::new(Cell::new(0));
    let count = total.clone();
    let mut kept: Vec<u32> = list
        .iter()
        .copied()
        .filter(
            #[green(in_place)]
            move |n| {
                count.set(count.get() + fetch(1));
                fetch(*n) > 1
            },
        )
        .collect();
    let text = RefCell::new(String::new());
    kept.sort_by_key(
        #[green(in_place)]
        |n| {
            *text.borrow_mut() += &fetch(*n).to_string();
            std::cmp::Reverse(fetch(*n))
        },
    );
    let checked: io::Result<u32> = kept.iter().try_fold(
        0,
        #[green(in_place)]
        |sum, n| -> io::Result<u32> { Ok(sum + try_fetch(*n)?) },
    );
    kept.push(checked? + total.get());
    Ok(kept)
}

/// A promise. Threads are started in it all the same: what they are to do is handed on in a green closure, or by name.
#[green(no_switch)]
fn transfer(from: &Cell<u32>, to: &Cell<u32>, by: u32) -> Option<eventlet::GreenThread<u32>> {
    let left = from.get().checked_sub(by)?;
    from.set(left);
    to.set([to.get(), by].iter().map(|n| u32::max(*n, 0)).sum());
    no_switch! { from.set(from.get()) };
    Some(spawn(
        #[green]
        move || fetch(left),
    ))
}

#[green]
fn promised() {
    let (from, to) = (Cell::new(5), Cell::new(0));
    assert_eq!(transfer(&from, &to, 3).map(|thread| thread.thread().id() > 0), Some(true));
    assert!(transfer(&from, &to, 3).is_none());
    let add = #[green(no_switch)]
    |n: u32| to.set(to.get() + n);
    add(1);
    assert_eq!((from.get(), to.get()), (2, 4));
}

/// A ring: `read` calls a method that calls `read`, which has no end as far as the compiler sees.
trait Source {
    #[green]
    fn read(&mut self) -> u32;

    #[green]
    fn read_twice(&mut self) -> u32 {
        self.read() + self.read()
    }
}

struct Ring {
    left: u32,
}

impl Source for Ring {
    #[green]
    fn read(&mut self) -> u32 {
        if self.left == 0 {
            return fetch(1);
        }
        self.left -= 1;
        self.read_twice().__on_heap() + u32::max(1, 0).__on_heap()
    }
}

#[green]
fn is_even(n: u32) -> bool {
    if n == 0 { true } else { is_odd(n - 1).__on_heap() }
}

#[green]
fn is_odd(n: u32) -> bool {
    if n == 0 { false } else { is_even(n - 1) }
}

fn main() {
    // Outside of green code each of them runs the hub.
    assert_eq!(on_event(2), 9);
    let price = Price { of: 3, shown: Cell::new(0) };
    assert_eq!(price.clone().to_string(), "3 0 1");
    assert_eq!(price.collect::<Vec<u32>>(), [2, 1, 0]);
    eventlet::run(green_closure!(|| {
        assert_eq!(on_event(2), 9);
        let price = Price { of: 3, shown: Cell::new(0) };
        assert_eq!(format!("{price}"), "3 0 1");
        assert_eq!(price.shown.get(), 1);
        assert_eq!(price.collect::<Vec<u32>>(), [2, 1, 0]);
        let mut seen = vec![];
        assert_eq!(read_all(iter::from_iter(1..=3), &mut seen).unwrap(), [1, 2, 3, 3]);
        assert!(read_all(iter::from_iter([1, 20]), &mut seen).is_err());
        assert_eq!(closures(&[1, 2, 3]).unwrap(), [3, 2, 8]);
        promised();
        assert_eq!(Ring { left: 2 }.read(), 5);
        assert!(is_even(10) && !is_even(11));
    }));
}
