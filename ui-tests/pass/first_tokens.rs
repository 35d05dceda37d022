//! Plain calls behind an operator, and on a struct's literal, at the start of a statement or of an arm.

#![deny(warnings)]

use eventlet::green;

#[derive(Clone)]
struct Span {
    from: usize,
    to: usize,
}

impl Span {
    fn length(&self) -> usize {
        self.to - self.from
    }

    fn part(self, of: &str) -> &str {
        &of[self.from..self.to]
    }

    #[green]
    fn waited(&self) -> usize {
        self.length()
    }
}

#[green]
fn rest(text: &str, from: usize) -> &[u8] {
    &text.as_bytes()[from..]
}

#[green]
fn first_is_off(flags: &[bool]) -> bool {
    !flags.to_vec()[0]
}

#[green]
fn negated(numbers: &[i32], at: usize) -> i32 {
    match at {
        0 => -numbers.to_vec()[0],
        at => -numbers.iter().copied().nth(at).unwrap_or(0),
    }
}

#[green]
fn behind_a_star(numbers: &[u32]) -> u32 {
    *numbers.iter().max().unwrap_or(&0)
}

#[green]
fn literal(from: usize) -> usize {
    Span { from, to: 10 }.length()
}

#[green]
fn literal_in_a_chain(from: usize, text: &str) -> Option<char> {
    Span { from, to: 3 }.clone().part(text).chars().next()
}

#[green]
fn literal_in_a_closure(from: usize) -> usize {
    let length = move || {
        let length = Span { from, to: 10 }.length();
        length + 1
    };
    length()
}

#[green]
fn literal_that_waits(from: usize) -> usize {
    let twice = Span { from, to: 10 }.waited() * 2;
    if (Span { from, to: 10 }).length() == 0 {
        return 0;
    }
    match twice {
        0 => Span { from, to: 1 }.waited(),
        _ => &Span { from, to: 10 }.to + twice,
    }
}

#[green]
fn green_parts() {
    assert_eq!(rest("text", 2), b"xt");
    assert!(first_is_off(&[false]));
    assert_eq!((negated(&[1, 2], 0), negated(&[1, 2], 1)), (-1, -2));
    assert_eq!(behind_a_star(&[1, 3]), 3);
    assert_eq!(literal(4), 6);
    assert_eq!(literal_in_a_chain(1, "text"), Some('e'));
    assert_eq!(literal_in_a_closure(4), 7);
    assert_eq!(literal_that_waits(4), 22);
}

fn main() {
    eventlet::run(green_parts);
}
