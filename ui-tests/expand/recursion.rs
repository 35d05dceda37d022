//! A call of the function itself gets a place of its own; a boxed function has a type that can be named.

#[green]
fn factorial(n: u64) -> u64 {
    if n == 0 { 1 } else { n * factorial(n - 1) }
}

#[green(boxed)]
fn is_odd(n: &u32, report: impl Fn(u32)) -> bool {
    *n > 0 && is_even(n - 1)
}
