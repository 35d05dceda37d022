// `#[green]` on a closure is read by the `#[green]` of the function around it.
use eventlet::{green, spawn};

#[green]
fn fetch(n: u32) -> u32 {
    n
}

fn start(n: u32) {
    let _thread = spawn(#[green] move || fetch(n) + 1); //~ ERROR a green closure stands in a function that is not green
}

fn main() {
    start(1);
}
