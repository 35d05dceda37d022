// A green function is written without `async`.
use eventlet::green;

#[green]
async fn fetch(id: u32) -> u32 { //~ ERROR a green function is written without `async`
    id
}

#[green]
fn main() {
    let n: u32 = fetch(1);
    assert_eq!(n, 1);
}
