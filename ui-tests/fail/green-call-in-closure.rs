// An ordinary closure cannot suspend, so a green call in it does not run.
#![deny(warnings)]
use eventlet::{Green, green};

#[green]
fn fetch(id: u32) -> u32 {
    id
}

#[green]
fn closures(ids: &[u32]) -> usize {
    ids.iter().for_each(|id| {
        fetch(*id); //~ ERROR unused `Green` that must be used
    });
    ids.iter()
        .map(|id| {
            let page = fetch(*id); //~ ERROR this is a green call, and an ordinary closure cannot drive it
            std::mem::size_of_val(&page)
        })
        .sum()
}

/// A call in the last place is handed on; a green closure drives its own.
#[green]
fn harmless() -> u32 {
    let later = |id| fetch(id);
    let sum = #[green]
    |id: u32| {
        let page = fetch(id);
        page + 1
    };
    let list: Vec<u32> = (0..3)
        .map(|n| {
            let next = u32::min(n, 1);
            next + 1
        })
        .collect();
    let typed = |id| {
        let call: Green<_> = fetch(id);
        call
    };
    later(1) + sum(1) + list[0] + typed(1)
}

#[green]
fn main() {
    closures(&[harmless()]);
}
