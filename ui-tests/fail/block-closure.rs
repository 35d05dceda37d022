// An ordinary closure of several statements gives no green call: a green closure does.
use std::time::Duration;

use eventlet::branch::join_all;
use eventlet::prelude::*;
use eventlet::{GreenPool, green, join, listen, race, scope, serve, spawn, with_timeout};

#[green]
fn fetch(n: u32) -> u32 {
    n
}

#[green]
fn threads() {
    spawn(move || {
        println!("start");
        fetch(1);
    }); //~^^^ ERROR a green call is expected of this closure
}

#[green]
fn scoped() {
    scope(#[green] |s| { s.spawn(|| { fetch(3); }); }); //~ ERROR a green call is expected of this closure
}

#[green]
fn server() {
    let listener = listen("127.0.0.1:0").unwrap();
    let _ = serve(listener, |_stream, _address| { fetch(4); }, 10); //~ ERROR a green call is expected of this closure
}

// What gives a call of its own says it once, too.
#[green]
fn in_scope() {
    scope(|_| { fetch(5); }); //~ ERROR a green call is expected of this closure
}

#[green]
fn joined() {
    join(|| fetch(6), || { fetch(7); }); //~ ERROR a green call is expected of this closure
}

#[green]
fn raced() {
    race(|| { fetch(8); }, || fetch(9)); //~ ERROR a green call is expected of this closure
}

#[green]
fn many() {
    join_all([10].map(|n| move || { fetch(n); })); //~ ERROR a green call is expected of this closure
}

#[green]
fn pooled() {
    GreenPool::new(2).map(|n| { fetch(n); }, 11..13); //~ ERROR a green call is expected of this closure
}

#[green]
fn in_time() {
    let _ = with_timeout(Duration::ZERO, || { fetch(14); }); //~ ERROR a green call is expected of this closure
}

#[green]
fn combined() {
    let _ = [15].iter().green_any(|n| { fetch(*n); true }); //~ ERROR a green call is expected of this closure
}

fn main() {}
