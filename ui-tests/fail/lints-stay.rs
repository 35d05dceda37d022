// The lints that an ordinary function gets, a green one gets too, and no others.
#![deny(warnings)]
use eventlet::green;

#[green]
fn fetch(id: u32) -> Result<u32, String> {
    Ok(id)
}

#[green]
pub fn arguments(used: u32, unused: u32, _ignored: u32, (left, right): (u32, u32)) -> u32 { //~ ERROR unused variable
    println!("{used}");
    left
}

#[green]
pub fn mutability(mut never: u32, mut once: u32) -> u32 { //~ ERROR variable does not need to be mutable
    once += never;
    let mut local = fetch(once); //~ ERROR variable does not need to be mutable
    local.unwrap_or(0)
}

#[green]
pub fn results() {
    fetch(1); //~ ERROR unused `Result` that must be used
    let unused = fetch(2); //~ ERROR unused variable: `unused`
}

#[green]
pub fn unreachable() -> u32 {
    return fetch(1).unwrap_or(0);
    fetch(2).unwrap_or(0) //~ ERROR unreachable expression
}

#[green]
fn dead(id: u32) -> u32 { //~ ERROR function `dead` is never used
    id
}

#[green]
pub fn parentheses() -> u32 {
    let n = (fetch(1).unwrap_or(0)); //~ ERROR unnecessary parentheses
    n
}

#[green]
#[deprecated]
pub fn old() {}

#[green]
pub fn new() {
    old(); //~ ERROR use of deprecated function
}

fn main() {}
