// Green functions in crates of earlier editions: `lib.rs` builds this file as one of 2018, and as one of 2021.

use eventlet::{GreenIterator, green};
use std::cell::RefCell;
use std::fmt::Display;

#[green]
fn leaf(n: u32) -> u32 {
    n + 1
}

struct Words<'a> {
    text: &'a str,
    seen: RefCell<Vec<usize>>,
}

impl<'a> Words<'a> {
    #[green]
    fn first(&self) -> &'a str {
        self.note(1);
        self.text.split(' ').next().unwrap_or("")
    }

    #[green]
    fn longer<'b>(&'b self, other: &'b str, _n: &u32) -> &'b str {
        if self.text.len() > other.len() { self.text } else { other }
    }

    #[green]
    fn note(&self, n: usize) {
        self.seen.borrow_mut().push(n);
    }

    #[green]
    fn shown(&self, with: impl Display) -> String {
        format!("{}{}{}", self.text, with, leaf(1))
    }

    #[green(boxed)]
    fn boxed(&self, n: &u32) -> &str {
        self.note(*n as usize);
        self.text
    }
}

trait Source {
    #[green]
    fn pull<'a>(&'a mut self, names: &[&'a str]) -> Option<&'a str>;
}

impl Source for Words<'_> {
    #[green]
    fn pull<'a>(&'a mut self, names: &[&'a str]) -> Option<&'a str> {
        let first = names.first()?;
        Some(self.longer(first, &1))
    }
}

struct Countdown(u32);

impl GreenIterator for Countdown {
    type Item = u32;

    #[green]
    fn next(&mut self) -> Option<u32> {
        self.0 = self.0.checked_sub(1)?;
        Some(self.0)
    }
}

#[green]
fn result(n: u32) -> Result<u32, std::num::ParseIntError> {
    let parsed: u32 = "1".parse()?;
    let mut sum = parsed;
    for k in Countdown(n) {
        sum += k;
    }
    for k in vec![1, 2] {
        sum += k;
    }
    let add = #[green]
    |k: u32| leaf(k) + sum;
    Ok(add(1))
}

#[green]
fn lifetimes_are_captured() {
    let text = String::from("one two");
    let mut words = Words { text: &text, seen: RefCell::new(vec![]) };
    let first = words.first();
    assert_eq!(words.longer("x", &leaf(1)), "one two");
    assert_eq!(words.shown(7), "one two72");
    assert_eq!(words.boxed(&5), "one two");
    assert_eq!(words.pull(&["a much longer one"]), Some("a much longer one"));
    assert_eq!(words.seen.take(), [1, 5]);
    drop(words);
    assert_eq!(first, "one");
}

#[green]
fn bodies_are_lowered() -> Result<(), std::num::ParseIntError> {
    assert_eq!(result(3)?, 1 + 3 + 3 + 2);
    Ok(())
}

#[green]
fn main() -> Result<(), std::num::ParseIntError> {
    lifetimes_are_captured();
    bodies_are_lowered()
}
