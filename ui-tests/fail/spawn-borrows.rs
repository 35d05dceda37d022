// A green thread may outlive the function that spawned it, so it cannot borrow from it.
use eventlet::{green, spawn};

#[green]
fn parse(text: &str) -> usize {
    text.len()
}

#[green]
fn by_closure() {
    let text = String::from("text");
    spawn(|| parse(&text)); //~ ERROR closure may outlive the current function
}

#[green]
fn by_argument(text: &str) {
    spawn(move || parse(text)); //~ ERROR borrowed data escapes
}

#[green]
fn by_value() {
    let text = String::from("text");
    let thread = spawn(move || parse(&text)); //~ ERROR cannot return value referencing local data `text`
    thread.wait();
}

fn main() {}
