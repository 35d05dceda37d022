//! Pools: slots come back whatever happens, nobody overtakes, nothing is lost.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use eventlet::testing::run_virtual;
use eventlet::{Exit, GreenPool, GreenThread, green, sleep, spawn, with_timeout};

/// What happened, in order.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn add(&self, event: impl Into<String>) {
        self.0.borrow_mut().push(event.into());
    }

    #[track_caller]
    fn assert(&self, expected: &[&str]) {
        assert_eq!(*self.0.borrow(), expected);
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A job that says when it begins and ends.
#[green]
fn job(log: Log, name: &'static str, duration: u64) -> &'static str {
    log.add(format!("{name} begins"));
    sleep(ms(duration));
    log.add(format!("{name} ends"));
    name
}

#[green]
fn forever() {
    sleep(Duration::MAX);
}

#[test]
fn spawn_with_room_does_not_suspend() {
    #[green]
    fn test() {
        let log = Log::default();
        let pool = GreenPool::new(2);
        let (one, two) = (log.clone(), log.clone());
        pool.spawn_n(move || job(one, "one", 0));
        log.add("spawned one");
        pool.spawn_n(move || job(two, "two", 0));
        log.add("spawned two");
        assert_eq!((pool.running(), pool.free()), (2, 0));
        pool.waitall();
        log.assert(&["spawned one", "spawned two", "one begins", "two begins", "one ends", "two ends"]);
        assert_eq!((pool.running(), pool.free()), (0, 2));
    }
    run_virtual(test);
}

#[test]
fn spawn_into_a_full_pool_waits_for_a_slot_first_come_first_served() {
    #[green]
    fn spawn_into(pool: GreenPool, log: Log, name: &'static str) {
        let jobs_log = log.clone();
        pool.spawn_n(move || job(jobs_log, name, 10));
        log.add(format!("{name} spawned"));
    }
    #[green]
    fn test() {
        let log = Log::default();
        let pool = GreenPool::new(1);
        for name in ["a", "b", "c"] {
            let (pool, log) = (pool.clone(), log.clone());
            spawn(move || spawn_into(pool, log, name));
        }
        sleep(ms(1));
        assert_eq!((pool.running(), pool.free(), pool.waiting()), (1, 0, 2));
        sleep(ms(100));
        log.assert(&[
            "a spawned",
            "a begins",
            "a ends",
            "b spawned",
            "b begins",
            "b ends",
            "c spawned",
            "c begins",
            "c ends",
        ]);
        assert_eq!((pool.running(), pool.free(), pool.waiting()), (0, 1, 0));
    }
    run_virtual(test);
}

#[test]
fn a_recursive_crawler_spawns_visits_into_its_own_full_pool() {
    #[green]
    fn visit(pool: GreenPool, depth: u32, seen: Rc<RefCell<Vec<u32>>>) {
        seen.borrow_mut().push(depth);
        sleep(ms(1));
        if depth > 0 {
            for _ in 0..2 {
                let (inner, seen) = (pool.clone(), seen.clone());
                pool.spawn_n(move || visit(inner, depth - 1, seen));
            }
        }
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(1);
        let seen = Rc::new(RefCell::new(vec![]));
        let (inner, inner_seen) = (pool.clone(), seen.clone());
        pool.spawn_n(move || visit(inner, 2, inner_seen));
        pool.waitall();
        assert_eq!(*seen.borrow(), [2, 1, 0, 0, 1, 0, 0]);
    }
    run_virtual(test);
}

#[test]
fn pool_member_spawning_into_its_full_pool_runs_the_job_in_place() {
    #[green]
    fn member(pool: GreenPool, log: Log) {
        let inner = log.clone();
        let handle: GreenThread<&str> = pool.spawn(move || job(inner, "inner", 5));
        log.add("spawn returned");
        assert!(handle.is_finished());
        assert_eq!((pool.running(), pool.free()), (1, 0));
        assert_eq!(handle.wait(), "inner");
        let inner = log.clone();
        pool.spawn_n(move || job(inner, "second", 5));
        log.add("spawn_n returned");
    }
    #[green]
    fn test() {
        let log = Log::default();
        let pool = GreenPool::new(1);
        let (inner, inner_log) = (pool.clone(), log.clone());
        pool.spawn(move || member(inner, inner_log)).wait();
        log.assert(&[
            "inner begins",
            "inner ends",
            "spawn returned",
            "second begins",
            "second ends",
            "spawn_n returned",
        ]);
    }
    run_virtual(test);
}

#[test]
fn a_panic_of_a_job_in_place_is_kept_in_the_handle() {
    #[green]
    fn fail() {
        panic!("the job failed");
    }
    #[green]
    fn member(pool: GreenPool) -> String {
        pool.spawn_n(fail);
        let Err(Exit::Panicked(panic)) = pool.spawn(fail).join() else { panic!("no panic was kept") };
        panic.message().unwrap().to_owned()
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(1);
        let inner = pool.clone();
        assert_eq!(pool.spawn(move || member(inner)).wait(), "the job failed");
        assert_eq!(pool.running(), 0);
        let _ = with_timeout(ms(1), forever);
    }
    run_virtual(test);
}
