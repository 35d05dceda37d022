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
        let page = fetch(2); //~ ERROR this is a green call, and an `async` block drives nothing by itself
        let size = std::mem::size_of_val(&page) as u32;
        let pages = fetch(3).await;
        pages + size
    };
    block.await
}

#[green]
fn main() {
    waits();
}
