// What is borrowed or moved across a green call is checked as across any other.
use eventlet::{green, sleep, spawn};
use std::cell::RefCell;
use std::time::Duration;

#[green]
fn fetch(text: String) -> usize {
    text.len()
}

#[green]
fn moved_across() -> String {
    let text = String::from("text");
    fetch(text);
    text //~ ERROR use of moved value: `text`
}

#[green]
fn moved_in_a_loop(text: String) {
    for _ in 0..3 {
        fetch(text); //~ ERROR use of moved value: `text`
    }
}

#[green]
fn not_mutable() {
    let list = Vec::new();
    list.push(fetch(String::new())); //~ ERROR cannot borrow `list` as mutable
}

#[green]
fn two_borrows(list: &mut Vec<usize>) {
    let first = &mut list[0];
    sleep(Duration::ZERO);
    list.clear(); //~ ERROR cannot borrow `*list` as mutable more than once
    *first = 1;
}

#[green]
fn returns_local() -> &'static str {
    let text = String::from("text");
    sleep(Duration::ZERO);
    &text //~ ERROR `text` does not live long enough
}

#[green]
fn guard_dropped_too_late(cell: RefCell<String>) -> usize {
    let guard = cell.borrow();
    drop(cell); //~ ERROR cannot move out of `cell` because it is borrowed
    guard.len()
}

#[green]
fn wrong_lifetime<'a>(a: &'a str, b: &str) -> &'a str { //~ ERROR explicit lifetime required in the type of `b`
    sleep(Duration::ZERO);
    if a.len() > 1 { a } else { b }
}

#[green]
fn not_static(name: &str) {
    let thread = spawn(move || fetch(name.to_string())); //~ ERROR borrowed data escapes
    thread.wait();
}

fn main() {}
