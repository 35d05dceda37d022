// The tokens of a macro that `#[green]` does not know stay as they are: a green call in them is not driven.
use eventlet::green;

macro_rules! larger {
    ($a:expr, $b:expr) => {
        if $a > $b { $a } else { $b }
    };
}

#[green]
fn fetch(id: u32) -> u32 {
    id
}

#[green]
fn wrong() -> u32 {
    larger!(fetch(1), 2) //~ ERROR binary operation `>` cannot be applied
}

#[green]
fn right() -> u32 {
    let page = fetch(1);
    larger!(page, 2)
}

fn main() {}
