// A function under `#[green(no_switch)]` makes no green call, neither by itself nor in a closure.
use eventlet::{green, spawn};

#[green]
fn fetch(n: u32) -> u32 {
    n
}

#[green(no_switch)]
fn transfer(from: u32) -> u32 {
    fetch(from) //~ ERROR this call may switch to another green thread
}

#[green(no_switch)]
fn quits(list: &[u32]) {
    list.iter().for_each(|n| {
        let _ = fetch(*n); //~ ERROR this call may switch to another green thread
    });
}

#[green(no_switch)]
fn hands_on(n: u32) {
    spawn(
        #[green]
        move || fetch(n),
    );
}

#[green]
fn main() {
    transfer(1);
    quits(&[1]);
    hands_on(1);
}
