// A green call that is made in an ordinary function has no result yet.
use eventlet::green;

#[green]
fn fetch(id: u32) -> u32 {
    id
}

fn ordinary() -> u32 {
    let n: u32 = fetch(2); //~ ERROR mismatched types
    n
}

#[green]
fn main() {
    ordinary();
}
