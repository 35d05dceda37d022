// Of two green functions that call each other, one is `#[green(boxed)]`.
use eventlet::green;

#[green]
fn is_even(n: u32) -> bool { //~ ERROR recursion
    if n == 0 { true } else { is_odd(n - 1) }
}

#[green]
fn is_odd(n: u32) -> bool {
    if n == 0 { false } else { is_even(n - 1) }
}

#[green]
fn main() {
    assert!(is_even(10));
}
