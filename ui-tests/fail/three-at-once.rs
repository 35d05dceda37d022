// Every mistake of a function comes out of one compile, and the callers of a broken function stay clean.
use eventlet::green;

#[green(stack = 4096)] //~ ERROR `#[green]` has no option `stack`
#[green] //~ ERROR `#[green]` stands twice on one function
async fn fetch(id: u32) -> u32 { //~ ERROR a green function is written without `async`
    id
}

#[green]
const fn double(n: u32) -> u32 { //~ ERROR a green function cannot be `const`
    fetch(n) * 2
}

#[green]
fn main() {
    let n: u32 = double(1) + fetch(2);
    assert_eq!(n, 4);
}
