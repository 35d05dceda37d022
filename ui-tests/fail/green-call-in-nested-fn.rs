// An inner function is a function of its own: `#[green]` around it does not make it green.
#![deny(warnings)]
use eventlet::green;

#[green]
fn fetch(id: u32) -> u32 {
    id
}

#[green]
fn outer() {
    fn inner() -> usize {
        fetch(1); //~ ERROR unused `Green` that must be used
        let page = fetch(2); //~ ERROR this is a green call, and an ordinary function cannot drive it
        std::mem::size_of_val(&page)
    }
    const fn constant() -> u32 {
        let one = u32::count_ones(1);
        one
    }
    #[green]
    fn green_inner() -> u32 {
        let page = fetch(3);
        page + constant()
    }
    inner();
    green_inner();
}

#[green]
fn main() {
    outer();
}
