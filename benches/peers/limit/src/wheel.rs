//! Timers that are nodes in the slots of a wheel, each in an allocation with the machine that it is for.

use std::ptr::NonNull;
use std::time::{Duration, Instant};

use eventlet_bench_measure::{Delays, Measured, Stopwatch, resident};

const SLOTS: usize = 4096;
const HOUR: u64 = 3_600_000_000;

/// A machine that sleeps, linked into the slot of its millisecond.
struct Sleeper {
    /// Microseconds.
    deadline: u64,
    before: Link,
    after: Link,
    /// What the machine itself remembers.
    woken: bool,
}

type Link = Option<NonNull<Sleeper>>;

struct Wheel {
    began: Instant,
    first: Vec<Link>,
}

impl Wheel {
    fn new() -> Self {
        Wheel { began: Instant::now(), first: vec![None; SLOTS] }
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    fn slot(deadline: u64) -> usize {
        (deadline / 1000) as usize % SLOTS
    }

    /// A machine of its own allocation goes to sleep.
    fn sleep(&mut self, deadline: u64) -> NonNull<Sleeper> {
        let first = &mut self.first[Self::slot(deadline)];
        let sleeper = Box::new(Sleeper { deadline, before: None, after: *first, woken: false });
        let sleeper = NonNull::from(Box::leak(sleeper));
        if let Some(after) = *first {
            // SAFETY: what is linked is alive: it is freed by `wake` and `cancel`, which unlink it.
            unsafe { (*after.as_ptr()).before = Some(sleeper) };
        }
        *first = Some(sleeper);
        sleeper
    }

    fn cancel(&mut self, sleeper: NonNull<Sleeper>) {
        // SAFETY: it is linked, hence alive, and so are its neighbours; this takes it out and frees it.
        unsafe {
            let sleeper = Box::from_raw(sleeper.as_ptr());
            match sleeper.before {
                Some(before) => (*before.as_ptr()).after = sleeper.after,
                None => self.first[Self::slot(sleeper.deadline)] = sleeper.after,
            }
            if let Some(after) = sleeper.after {
                (*after.as_ptr()).before = sleeper.before;
            }
        }
    }

    /// Wakes and ends whoever is due in one slot.
    fn wake(&mut self, slot: usize, now: u64) -> u64 {
        let mut woken = 0;
        let mut next = self.first[slot];
        while let Some(sleeper) = next {
            // SAFETY: it is linked, hence alive.
            let due = unsafe {
                next = (*sleeper.as_ptr()).after;
                (*sleeper.as_ptr()).woken = (*sleeper.as_ptr()).deadline <= now;
                (*sleeper.as_ptr()).woken
            };
            if due {
                self.cancel(sleeper);
                woken += 1;
            }
        }
        woken
    }
}

pub fn random_sleeps(n: u64) -> Measured {
    let watch = Stopwatch::start();
    let mut wheel = Wheel::new();
    for delay in Delays::default().take(n as usize) {
        let deadline = wheel.now() + delay;
        wheel.sleep(deadline);
    }
    let (mut left, mut tick) = (n, 0);
    while left > 0 {
        let now = wheel.now();
        while tick < now / 1000 {
            left -= wheel.wake(tick as usize % SLOTS, now);
            tick += 1;
        }
        if left > 0 {
            std::thread::sleep(Duration::from_micros((tick + 1) * 1000 - wheel.now().min((tick + 1) * 1000)));
        }
    }
    watch.stop(n)
}

pub fn memory(n: u64) -> Measured {
    let mut wheel = Wheel::new();
    wheel.sleep(HOUR);
    let before = resident();
    let watch = Stopwatch::start();
    for _ in 0..n {
        let deadline = wheel.now() + HOUR;
        wheel.sleep(deadline);
    }
    let mut measured = watch.stop(n);
    measured.bytes_per_task = Some(resident().saturating_sub(before) as f64 / n as f64);
    measured
}

pub fn cancelled(n: u64) -> Measured {
    let watch = Stopwatch::start();
    let mut wheel = Wheel::new();
    for _ in 0..n {
        let deadline = wheel.now() + HOUR;
        let sleeper = wheel.sleep(deadline);
        wheel.cancel(std::hint::black_box(sleeper));
    }
    watch.stop(n)
}

pub fn bulk(n: u64) -> Measured {
    let watch = Stopwatch::start();
    let mut wheel = Wheel::new();
    let mut sleepers = Vec::with_capacity(n as usize);
    for i in 0..n {
        let deadline = wheel.now() + HOUR + i;
        sleepers.push(wheel.sleep(deadline));
    }
    for sleeper in sleepers {
        wheel.cancel(sleeper);
    }
    watch.stop(n)
}
