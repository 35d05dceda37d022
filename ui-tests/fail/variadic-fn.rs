// C-variadic arguments live on a stack that a green call does not have.
use eventlet::green;

#[green]
unsafe fn sum(count: u32, _: ...) -> u32 { //~ ERROR a green function cannot take C-variadic arguments
    count
}

#[green]
fn main() {
    let n: u32 = unsafe { sum(1) };
    assert_eq!(n, 1);
}
