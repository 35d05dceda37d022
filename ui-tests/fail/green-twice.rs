// One `#[green]` is enough.
use eventlet::green;

#[green]
#[eventlet::green] //~ ERROR `#[green]` stands twice on one function
fn fetch() -> u32 {
    1
}

#[green]
fn main() {
    let n: u32 = fetch();
    assert_eq!(n, 1);
}
