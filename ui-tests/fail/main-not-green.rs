// A `main` that makes green calls is green itself.
use eventlet::green;

#[green]
fn work(n: u32) -> u32 {
    n
}

fn is_first<T: PartialEq<u32>>(value: T) -> bool {
    value == 1
}

fn main() {
    let _sum = work(1) + 1; //~ ERROR cannot add
    let _same = work(1) == 1; //~ ERROR binary operation `==` cannot be applied
    let _value: u32 = work(2); //~ ERROR mismatched types
    println!("{}", work(3)); //~ ERROR a green call cannot be shown
    is_first(work(4)); //~ ERROR a green call stands where its value is meant
}
