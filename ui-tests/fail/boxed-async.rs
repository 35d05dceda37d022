// The calls of an `async` closure borrow from it, and a type that can be named is one for all of them.
use eventlet::green;

#[green]
fn fetch(n: u32) -> u32 {
    n
}

#[green]
fn main() {
    let boxed = #[green(boxed)]
    async |n: u32| fetch(n); //~ ERROR a boxed green closure is written without `async`
    boxed(1).await;
}
