//! Three jobs in a pool of two. From gevent's tutorial.
//!
//! A thread leaves the pool as soon as it ends, so here each gives way before it does.

use std::time::Duration;

use eventlet::{GreenPool, green, sleep};

#[green]
fn hello_from(pool: GreenPool) {
    println!("Size of pool {}", pool.running());
    sleep(Duration::ZERO);
}

#[green]
fn main() {
    let pool = GreenPool::new(2);
    let members = pool.clone();
    pool.map(move |_| hello_from(members.clone()), 0..3);
}
