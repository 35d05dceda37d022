//! Let chains, which edition 2024 brought.

#![deny(warnings)]

use eventlet::green;

#[green]
fn leaf(n: u32) -> u32 {
    n + 1
}

#[green]
fn find(n: u32) -> Option<u32> {
    (n > 0).then_some(n)
}

#[green]
fn try_find(n: u32) -> Result<u32, String> {
    find(n).ok_or_else(|| format!("no {n}"))
}

#[green]
fn chains(n: u32) -> bool {
    if let Some(a) = find(n)
        && leaf(a) > 2
        && let Ok(b) = try_find(a)
        && b != 7
    {
        true
    } else if let Some(7) = find(n) {
        leaf(0) == 2
    } else {
        n == 1 || leaf(n) == 1
    }
}

#[green]
fn guards(n: u32) -> u32 {
    match find(n) {
        Some(m) if let Some(k) = Some(m) && leaf(k) > 100 => 40,
        Some(m) => m,
        None => 0,
    }
}

#[green]
fn loops(mut n: u32) -> u32 {
    while let Some(m) = find(n)
        && leaf(m) < 9
    {
        n += m;
    }
    n
}

#[green]
fn main() {
    assert_eq!([chains(0), chains(1), chains(3), chains(7)], [true, true, true, false]);
    assert_eq!([guards(0), guards(5), guards(100)], [0, 5, 40]);
    assert_eq!(loops(1), 8);
}
