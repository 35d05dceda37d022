//! No more than two workers at a time. From gevent's tutorial.

use std::time::Duration;

use eventlet::{BoundedSemaphore, GreenPool, green, sleep};

#[green]
fn worker1(sem: BoundedSemaphore, n: u32) {
    let permit = sem.acquire();
    println!("Worker {n} acquired semaphore");
    sleep(Duration::ZERO);
    drop(permit);
    println!("Worker {n} released semaphore");
}

#[green]
fn worker2(sem: BoundedSemaphore, n: u32) {
    {
        let _permit = sem.acquire();
        println!("Worker {n} acquired semaphore");
        sleep(Duration::ZERO);
    }
    println!("Worker {n} released semaphore");
}

#[green]
fn main() {
    let sem = BoundedSemaphore::new(2);
    let pool = GreenPool::unlimited();
    let for_first = sem.clone();
    pool.map(move |n| worker1(for_first.clone(), n), 0..2);
    pool.map(move |n| worker2(sem.clone(), n), 3..6);
}
