//! Spawning, switching, memory, and the pool.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use eventlet::{GreenPool, green, sleep, spawn, spawn_n};

use eventlet_bench_measure::{Measured, Stopwatch, resident, sum_below};

#[green]
fn index(n: u64) -> u64 {
    n
}

#[green]
pub(crate) fn spawn_join(n: u64) -> Measured {
    let watch = Stopwatch::start();
    let threads: Vec<_> = (0..n).map(|i| spawn(move || index(i))).collect();
    let mut sum = 0;
    for thread in threads {
        sum += thread.wait();
    }
    let measured = watch.stop(n);
    assert_eq!(sum, sum_below(n));
    measured
}

#[green]
fn yielder(n: u64) {
    for _ in 0..n {
        sleep(Duration::ZERO);
    }
}

#[green]
pub(crate) fn yields(threads: u64, n: u64) -> Measured {
    let watch = Stopwatch::start();
    let threads: Vec<_> = (0..threads).map(|_| spawn(move || yielder(n))).collect();
    let count = threads.len() as u64;
    for thread in threads {
        thread.wait();
    }
    watch.stop(n * count)
}

#[green]
fn logging_yielder(me: u8, n: u64, last: Rc<Cell<u8>>, alternations: Rc<Cell<u64>>) {
    for _ in 0..n {
        if last.replace(me) != me {
            alternations.set(alternations.get() + 1);
        }
        sleep(Duration::ZERO);
    }
}

#[green]
pub(crate) fn yieldcheck(n: u64) -> Measured {
    let (last, alternations) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let watch = Stopwatch::start();
    let threads = [1, 2].map(|me| {
        let (last, alternations) = (last.clone(), alternations.clone());
        spawn(move || logging_yielder(me, n, last, alternations))
    });
    for thread in threads {
        thread.wait();
    }
    watch.stop(alternations.get())
}

#[green]
fn sleeper() {
    sleep(Duration::from_secs(3600));
}

#[green]
pub(crate) fn memory(n: u64) -> Measured {
    sleep(Duration::ZERO);
    let before = resident();
    let watch = Stopwatch::start();
    for _ in 0..n {
        spawn_n(sleeper);
    }
    // After this turn every one of them sleeps.
    sleep(Duration::ZERO);
    let mut measured = watch.stop(n);
    measured.bytes_per_task = Some(resident().saturating_sub(before) as f64 / n as f64);
    measured
}

#[green]
fn job(done: Rc<RefCell<u64>>) {
    sleep(Duration::ZERO);
    *done.borrow_mut() += 1;
}

#[green]
pub(crate) fn pool(n: u64) -> Measured {
    let done = Rc::new(RefCell::new(0));
    let watch = Stopwatch::start();
    let pool = GreenPool::new(1000);
    for _ in 0..n {
        let done = done.clone();
        pool.spawn_n(move || job(done));
    }
    pool.waitall();
    let measured = watch.stop(n);
    assert_eq!(*done.borrow(), n);
    measured
}
