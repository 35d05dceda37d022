//! Queues: two threads that answer each other, and many that feed one.

use eventlet::queue::Queue;
use eventlet::{green, spawn, spawn_n};
use eventlet_bench_measure::{Measured, Stopwatch, sum_below};

const PRODUCERS: u64 = 1000;

fn queue(capacity: Option<usize>) -> Queue<u64> {
    capacity.map_or_else(Queue::unbounded, Queue::bounded)
}

#[green]
fn echo(n: u64, from: Queue<u64>, to: Queue<u64>) {
    for _ in 0..n {
        let item = from.get().expect("nobody shuts it down");
        to.put(item).expect("nobody shuts it down");
    }
}

#[green]
pub(crate) fn ping_pong(n: u64, capacity: Option<usize>) -> Measured {
    let (there, back) = (queue(capacity), queue(capacity));
    let watch = Stopwatch::start();
    let (from, to) = (there.clone(), back.clone());
    let other = spawn(move || echo(n, from, to));
    let mut sum = 0;
    for i in 0..n {
        there.put(i).expect("nobody shuts it down");
        sum += back.get().expect("nobody shuts it down");
    }
    other.wait();
    let measured = watch.stop(n);
    assert_eq!(sum, sum_below(n));
    measured
}

#[green]
fn producer(items: std::ops::Range<u64>, queue: Queue<u64>) {
    for item in items {
        queue.put(item).expect("nobody shuts it down");
    }
}

#[green]
pub(crate) fn fan_in(n: u64, capacity: Option<usize>) -> Measured {
    let each = n / PRODUCERS;
    let total = PRODUCERS * each;
    let queue = queue(capacity);
    let watch = Stopwatch::start();
    for i in 0..PRODUCERS {
        let queue = queue.clone();
        spawn_n(move || producer(i * each..(i + 1) * each, queue));
    }
    let mut sum = 0;
    for _ in 0..total {
        sum += queue.get().expect("nobody shuts it down");
    }
    let measured = watch.stop(total);
    assert_eq!(sum, sum_below(total));
    measured
}
