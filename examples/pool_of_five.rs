//! Five jobs of different lengths in one pool. They speak Persian: شروع شد is "has begun", پایان
//! یافت "has ended".

use std::time::Duration;

use eventlet::{GreenPool, green, sleep};

#[green]
fn task(name: String, seconds: u64) {
    println!("{name} شروع شد");
    sleep(Duration::from_secs(seconds));
    println!("{name} پایان یافت");
}

#[green]
fn main() {
    let pool = GreenPool::default();
    for i in 0..5 {
        pool.spawn(move || task(format!("Task-{i}"), i % 3 + 1));
    }
    pool.waitall();
}
