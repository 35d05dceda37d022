//! Pools of green threads and of OS threads: how many jobs are at work, which is next, and what becomes of a job.

use std::future::Future;

use eventlet::sync::{Event, Queue};
use eventlet::tpool::ThreadPool;
use eventlet::{Exit, GreenPool, GreenThread, green, spawn};

use crate::support::turn;

/// Runs jobs, so many at a time.
trait Pools: Clone + 'static {
    fn new(size: usize) -> Self;
    fn resize(&self, size: usize);

    /// Gives a job to the pool: it says that it has begun, and ends with what is sent to its gate, zero by a panic.
    fn give(&self, job: &Job) -> GreenThread<u32>;
}

#[derive(Clone)]
struct Job {
    number: u32,
    begun: Queue<u32>,
    gate: Event<u32>,
}

impl Job {
    fn end(value: u32) -> u32 {
        assert_ne!(value, 0, "on purpose");
        value
    }
}

/// Jobs with these numbers, that say so in one queue.
fn jobs<const N: usize>() -> ([Job; N], Queue<u32>) {
    let begun = Queue::unbounded();
    let jobs = std::array::from_fn(|n| Job { number: n as u32, begun: begun.clone(), gate: Event::new() });
    (jobs, begun)
}

impl Pools for GreenPool {
    fn new(size: usize) -> Self {
        GreenPool::new(size)
    }

    fn resize(&self, size: usize) {
        GreenPool::resize(self, size);
    }

    fn give(&self, job: &Job) -> GreenThread<u32> {
        let (pool, job) = (self.clone(), job.clone());
        spawn(move || in_a_green_thread(pool, job))
    }
}

#[green]
fn in_a_green_thread(pool: GreenPool, job: Job) -> u32 {
    pool.apply(
        #[green]
        move || {
            job.begun.put(job.number).unwrap();
            Job::end(job.gate.wait())
        },
    )
}

impl Pools for ThreadPool {
    fn new(size: usize) -> Self {
        ThreadPool::new(size)
    }

    fn resize(&self, size: usize) {
        ThreadPool::resize(self, size);
    }

    fn give(&self, job: &Job) -> GreenThread<u32> {
        let job = job.clone();
        self.spawn(move || {
            job.begun.put_blocking(job.number).unwrap();
            Job::end(job.gate.wait_blocking())
        })
    }
}

/// In real time, since OS threads are at work.
fn run<G: Future<Output = ()>>(scenario: impl FnOnce() -> G) {
    eventlet::testing::run_clean(scenario);
}

macro_rules! on_both_pools {
    ($(fn $name:ident() { $($body:tt)* })*) => {$(
        mod $name {
            use super::*;

            #[eventlet::green]
            fn scenario<P: Pools>() { $($body)* }

            #[test]
            fn of_green_threads() {
                run(scenario::<GreenPool>);
            }

            #[test]
            fn of_os_threads() {
                run(scenario::<ThreadPool>);
            }
        }
    )*};
}

on_both_pools! {
    fn as_many_jobs_are_at_work_as_there_is_room_for_and_the_next_begins_when_one_ends() {
        let (pool, (jobs, begun)) = (P::new(2), jobs::<4>());
        let threads = jobs.each_ref().map(|job| pool.give(job));
        turn();
        let mut first = [begun.get().unwrap(), begun.get().unwrap()];
        first.sort_unstable();
        assert_eq!((first, begun.is_empty()), ([0, 1], true));
        jobs[1].gate.send(11);
        assert_eq!((begun.get(), begun.is_empty()), (Ok(2), true));
        jobs[0].gate.send(10);
        assert_eq!(begun.get(), Ok(3));
        jobs[3].gate.send(13);
        jobs[2].gate.send(12);
        for (thread, value) in threads.into_iter().zip(10..) {
            assert_eq!(thread.wait(), value);
        }
    }

    fn a_job_that_panics_ends_its_own_thread_and_makes_room() {
        let (pool, (jobs, begun)) = (P::new(1), jobs::<2>());
        let [panics, other] = jobs.each_ref().map(|job| pool.give(job));
        jobs[0].gate.send(0);
        assert!(matches!(panics.join(), Err(Exit::Panicked(_))));
        jobs[1].gate.send(1);
        assert_eq!((other.wait(), begun.get(), begun.get()), (1, Ok(0), Ok(1)));
    }

    fn a_job_whose_thread_is_killed_in_line_never_begins() {
        let (pool, (jobs, begun)) = (P::new(1), jobs::<3>());
        let [first, killed, last] = jobs.each_ref().map(|job| pool.give(job));
        turn();
        assert_eq!(begun.get(), Ok(0));
        killed.kill();
        jobs[0].gate.send(1);
        assert_eq!(begun.get(), Ok(2));
        jobs[2].gate.send(3);
        assert_eq!((first.wait(), last.wait(), begun.is_empty()), (1, 3, true));
        assert!(matches!(killed.join(), Err(Exit::Killed)));
    }

    fn a_pool_that_grows_begins_what_is_in_line() {
        let (pool, (jobs, begun)) = (P::new(0), jobs::<2>());
        let threads = jobs.each_ref().map(|job| pool.give(job));
        turn();
        assert!(begun.is_empty());
        pool.resize(1);
        assert_eq!((begun.get(), begun.is_empty()), (Ok(0), true));
        pool.resize(2);
        assert_eq!(begun.get(), Ok(1));
        for (job, thread) in jobs.iter().zip(threads) {
            job.gate.send(7);
            assert_eq!(thread.wait(), 7);
        }
    }
}
