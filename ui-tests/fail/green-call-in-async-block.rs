// A green call in an `async` block belongs to the block, which drives what stands before `.await`.
#![deny(warnings)]
use eventlet::green;

#[green]
fn fetch(id: u32) -> u32 {
    id
}

#[green]
fn waits() -> u32 {
    let block = async {
        fetch(1); //~ ERROR unused `Green` that must be used
        let page: u32 = fetch(2); //~ ERROR mismatched types
        let later = fetch(3);
        page + later.await
    };
    block.await
}

#[green]
fn main() {
    waits();
}
