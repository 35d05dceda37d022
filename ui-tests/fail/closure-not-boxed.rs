// A green closure has a type of its own; one that is called by a pointer is `#[green(boxed)]`.
use eventlet::{GreenBox, green};

type Handler = Box<dyn Fn(u32) -> GreenBox<'static, u32>>;

#[green]
fn fetch(n: u32) -> u32 {
    n
}

#[green]
fn main() {
    let wrong: Vec<Handler> = vec![Box::new(#[green] move |n: u32| fetch(n))]; //~ ERROR mismatched types
    let right: Vec<Handler> = vec![Box::new(#[green(boxed)] move |n: u32| fetch(n))];
    for handler in wrong.iter().chain(&right) {
        println!("{}", handler(1));
    }
}
