// A value that a green call has given is like any other: what is done with it is checked at the user's own words.
use eventlet::green;
use std::fmt::Display;
use std::io;

#[green]
fn fetch(id: u32) -> io::Result<String> {
    Ok(id.to_string())
}

#[green]
fn missing_question_mark() -> io::Result<usize> {
    Ok(fetch(1).len()) //~ ERROR no method named `len`
}

#[green]
fn question_mark_without_result() -> usize {
    fetch(1)?.len() //~ ERROR `?` in a function that returns `usize`
}

#[green]
fn mismatched_arms(n: u32) -> u32 {
    match n {
        0 => 0,
        1 => fetch(1), //~ ERROR mismatched types
        _ => 2,
    }
}

#[green]
fn mismatched_branches(n: u32) -> usize {
    let size = if n > 1 { n as usize } else { fetch(1) }; //~ ERROR `if` and `else` have incompatible types
    size
}

#[green]
fn wrong_result() -> Result<String, std::num::ParseIntError> {
    fetch(1) //~ ERROR mismatched types
}

#[green]
fn wrong_error() -> Result<String, std::num::ParseIntError> {
    Ok(fetch(1)?) //~ ERROR `?` couldn't convert the error
}

#[green]
fn wrong_operand() -> usize {
    1 + fetch(1).unwrap() //~ ERROR cannot add `String` to `{integer}`
}

#[green]
fn wrong_condition() {
    if fetch(1) {} //~ ERROR mismatched types
}

#[green]
fn not_opaque() -> impl Display { //~ ERROR `Vec<bool>` doesn't implement `std::fmt::Display`
    vec![fetch(1).is_ok()]
}

#[green]
fn wrong_pattern() {
    let Some(page) = fetch(1) else { return }; //~ ERROR mismatched types
    drop(page);
}

#[green]
fn wrong_argument() {
    let page = fetch(1).unwrap();
    fetch(page); //~ ERROR mismatched types
}

#[green]
fn generic_not_inferred() {
    made(); //~ ERROR type annotations needed
}

#[green]
fn made<T: Default>() -> T {
    T::default()
}

fn main() {}
