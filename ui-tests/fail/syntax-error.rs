// A syntax error is one error, and the function stays green for its callers.
use eventlet::green;

#[green]
fn fetch(n: u32) -> u32 {
    n
}

#[green]
fn broken(n: u32) -> u32 {
    let first = fetch(n) //~ ERROR expected `;`
    let second = fetch(first);
    first + second
}

#[green]
fn main() {
    let sum: u32 = broken(1) + fetch(broken(2));
    assert_eq!(sum, 6);
}
