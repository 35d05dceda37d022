// Inside `no_switch!` nothing may suspend.
use eventlet::{GreenIterator, green, no_switch};

#[green]
fn fetch(id: u32) -> u32 {
    id
}

#[green]
fn update<I: GreenIterator<Item = u32>>(items: &mut I) -> u32 {
    let mut total = 0;
    no_switch! {
        total += fetch(1); //~ ERROR this call may switch to another green thread, inside `no_switch!`
        total += u32::MAX.count_ones();
        for item in items { //~ ERROR inside `no_switch!`
            total += item;
        }
    }
    total
}

fn main() {}
