//! How cost grows with the number of live threads: each workload does its one step with `n` threads alive.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use eventlet::event::Event;
use eventlet::queue::Queue;
use eventlet::{green, sleep, spawn, spawn_n, with_timeout};
use eventlet_bench_measure::{Measured, Stopwatch, most_resident, resident, sum_below};

/// At least so many steps are measured, so that a thousand threads are not over in no time.
const STEPS: u64 = 1_000_000;
const HOUR: Duration = Duration::from_secs(3600);

#[green]
fn wait_for(event: Event<()>) {
    event.wait();
}

/// Threads that wait for an event that does not come.
#[green]
fn crowd(n: u64) -> Event<()> {
    let event = Event::new();
    for _ in 0..n {
        let event = event.clone();
        spawn_n(move || wait_for(event));
    }
    sleep(Duration::ZERO);
    event
}

#[green]
fn index(i: u64) -> u64 {
    i
}

/// Spawn and join, a thousand at a time, beside `n` others that wait.
#[green]
pub(crate) fn spawn_beside(n: u64) -> Measured {
    let _crowd = crowd(n);
    let watch = Stopwatch::start();
    let mut sum = 0;
    for _ in 0..STEPS / 1000 {
        let threads: Vec<_> = (0..1000).map(|i| spawn(move || index(i))).collect();
        for thread in threads {
            sum += thread.wait();
        }
    }
    let measured = watch.stop(STEPS);
    assert_eq!(sum, STEPS / 1000 * sum_below(1000));
    measured
}

#[green]
fn yielder(rounds: u64) {
    for _ in 0..rounds {
        sleep(Duration::ZERO);
    }
}

/// A switch among `n` threads that are all ready.
#[green]
pub(crate) fn switch(n: u64) -> Measured {
    let rounds = (STEPS / n).max(4);
    for _ in 0..n {
        // One round more, so that all have begun before the clock is read.
        spawn_n(move || yielder(rounds + 1));
    }
    sleep(Duration::ZERO);
    let watch = Stopwatch::start();
    for _ in 0..rounds {
        sleep(Duration::ZERO);
    }
    watch.stop(n * rounds)
}

#[green]
fn hour() {
    sleep(HOUR);
}

/// A timer set and cancelled, beside `n` threads that sleep.
#[green]
pub(crate) fn timer(n: u64) -> Measured {
    for _ in 0..n {
        spawn_n(hour);
    }
    sleep(Duration::ZERO);
    let watch = Stopwatch::start();
    for i in 0..STEPS {
        let limit = HOUR + Duration::from_micros(i);
        with_timeout(limit, || sleep(Duration::ZERO)).expect("an hour has not passed");
    }
    watch.stop(STEPS)
}

#[green]
fn count_after(event: Event<()>, woken: Rc<Cell<u64>>) {
    event.wait();
    woken.set(woken.get() + 1);
}

/// `n` threads wait for one event, all are woken, all run to their ends.
#[green]
pub(crate) fn wake(n: u64) -> Measured {
    let woken = Rc::new(Cell::new(0));
    let mut steps = Vec::new();
    for _ in 0..(STEPS / n).max(1) {
        let event = Event::new();
        for _ in 0..n {
            let (event, woken) = (event.clone(), woken.clone());
            spawn_n(move || count_after(event, woken));
        }
        sleep(Duration::ZERO);
        let watch = Stopwatch::start();
        event.send(());
        sleep(Duration::ZERO);
        steps.push(watch.stop(n));
    }
    assert_eq!(woken.get(), steps.len() as u64 * n);
    together(&steps)
}

#[green]
fn take(queue: Queue<u64>, sum: Rc<Cell<u64>>) {
    let item = queue.get().expect("nobody shuts it down");
    sum.set(sum.get() + item);
}

/// `n` threads wait for one queue, and an item comes for each.
#[green]
pub(crate) fn queue(n: u64) -> Measured {
    let mut steps = Vec::new();
    for _ in 0..(STEPS / n).max(1) {
        let (queue, sum) = (Queue::unbounded(), Rc::new(Cell::new(0)));
        for _ in 0..n {
            let (queue, sum) = (queue.clone(), sum.clone());
            spawn_n(move || take(queue, sum));
        }
        sleep(Duration::ZERO);
        let watch = Stopwatch::start();
        for item in 0..n {
            queue.put(item).expect("nobody shuts it down");
        }
        sleep(Duration::ZERO);
        steps.push(watch.stop(n));
        assert_eq!(sum.get(), sum_below(n));
    }
    together(&steps)
}

fn together(steps: &[Measured]) -> Measured {
    Measured {
        ops: steps.iter().map(|step| step.ops).sum(),
        seconds: steps.iter().map(|step| step.seconds).sum(),
        cpu_seconds: steps.iter().map(|step| step.cpu_seconds).sum(),
        bytes_per_task: None,
        share: None,
    }
}

#[green]
fn come(asleep: Rc<Cell<u64>>, until: std::time::Instant) {
    asleep.set(asleep.get() + 1);
    sleep(until.saturating_duration_since(std::time::Instant::now()));
    asleep.set(asleep.get() - 1);
}

/// `n` threads fall asleep, all are asleep at once, all wake up and end. The bytes are those of the worst moment.
#[green]
pub(crate) fn come_and_go(n: u64) -> Measured {
    let asleep = Rc::new(Cell::new(0));
    let before = resident();
    let watch = Stopwatch::start();
    // Long enough for all of them to have come on a slow machine.
    let until = std::time::Instant::now() + Duration::from_micros(3 * n);
    for _ in 0..n {
        let asleep = asleep.clone();
        spawn_n(move || come(asleep, until));
    }
    sleep(Duration::ZERO);
    assert_eq!(asleep.get(), n, "all are asleep at once");
    while asleep.get() > 0 {
        sleep(Duration::from_millis(10));
    }
    let mut measured = watch.stop(n);
    measured.bytes_per_task = Some(most_resident().saturating_sub(before) as f64 / n as f64);
    measured
}
