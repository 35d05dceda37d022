// An ordinary closure of several statements gives no green call: a green closure does.
use eventlet::{green, listen, scope, serve, spawn};

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

fn main() {}
