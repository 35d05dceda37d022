//! Green threads in a group. From gevent's tutorial.

use eventlet::{GreenPool, green, spawn};

#[green]
fn talk(message: &str) {
    for _ in 0..3 {
        println!("{message}");
    }
}

#[green]
fn main() {
    let (g1, g2, g3) = (spawn(|| talk("bar")), spawn(|| talk("foo")), spawn(|| talk("fizz")));

    let group = GreenPool::unlimited();
    group.add(&g1);
    group.add(&g2);
    group.waitall();

    group.add(&g3);
    group.waitall();
}
