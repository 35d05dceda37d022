// A green function cannot run at compile time.
use eventlet::green;

#[green]
const fn double(n: u32) -> u32 { //~ ERROR a green function cannot be `const`
    n * 2
}

#[green]
fn main() {
    let n: u32 = double(1);
    assert_eq!(n, 2);
}
