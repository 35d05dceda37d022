//! Pools: slots come back whatever happens, nobody overtakes, nothing is lost.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use eventlet::greenpool::Imap;
use eventlet::greenthread::{catch_exit, joinall};
use eventlet::testing::{now, run_virtual};
use eventlet::{
    Exit, GreenIterator, GreenPile, GreenPool, GreenThread, Thread, green, sleep, spawn, spawn_n,
    with_timeout,
};

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

#[test]
fn a_job_in_place_is_dropped_with_its_caller() {
    struct Dropped(Log);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.add("job dropped");
        }
    }
    #[green]
    fn inner(log: Log) {
        let _guard = Dropped(log);
        sleep(Duration::MAX);
    }
    #[green]
    fn member(pool: GreenPool, log: Log) {
        pool.spawn_n(move || inner(log));
    }
    #[green]
    fn limited_member(pool: GreenPool, log: Log) {
        let result = with_timeout(ms(5), || pool.spawn(move || inner(log)));
        assert!(result.is_err());
        assert_eq!(pool.running(), 1);
    }
    #[green]
    fn test() {
        let log = Log::default();
        let pool = GreenPool::new(1);
        let (inner_pool, inner_log) = (pool.clone(), log.clone());
        let caller = pool.spawn(move || member(inner_pool, inner_log));
        sleep(ms(1));
        caller.kill();
        log.add("killed");
        assert_eq!(pool.free(), 1);
        let (inner_pool, inner_log) = (pool.clone(), log.clone());
        pool.spawn(move || limited_member(inner_pool, inner_log)).wait();
        log.assert(&["job dropped", "killed", "job dropped"]);
    }
    run_virtual(test);
}

#[test]
fn a_member_whose_pool_has_room_spawns_a_thread() {
    #[green]
    fn member(pool: GreenPool, log: Log) {
        let inner = log.clone();
        pool.spawn_n(move || job(inner, "inner", 1));
        log.add("spawned");
    }
    #[green]
    fn test() {
        let log = Log::default();
        let pool = GreenPool::new(2);
        let (inner_pool, inner_log) = (pool.clone(), log.clone());
        pool.spawn_n(move || member(inner_pool, inner_log));
        pool.waitall();
        log.assert(&["spawned", "inner begins", "inner ends"]);
    }
    run_virtual(test);
}

#[test]
fn a_thread_resumed_inside_a_member_is_no_member() {
    // A kill resumes the victim inside the killer, which is a member; the victim waits for a slot all the same.
    #[green]
    fn victim(pool: GreenPool, log: Log) {
        assert!(catch_exit(forever).is_err());
        log.add("victim hears");
        let inner = log.clone();
        pool.spawn_n(move || job(inner, "late", 0));
        log.add("victim spawned");
    }
    #[green]
    fn killer(pool: GreenPool, log: Log, victim: Thread) {
        victim.kill();
        log.add("killed");
        let inner = log.clone();
        pool.spawn_n(move || job(inner, "in place", 0));
    }
    #[green]
    fn test() {
        let log = Log::default();
        let pool = GreenPool::new(1);
        let (its_pool, its_log) = (pool.clone(), log.clone());
        let victim = spawn(move || victim(its_pool, its_log));
        sleep(ms(1));
        let (its_pool, its_log, thread) = (pool.clone(), log.clone(), victim.thread().clone());
        pool.spawn_n(move || killer(its_pool, its_log, thread));
        victim.wait();
        pool.waitall();
        log.assert(&[
            "victim hears",
            "killed",
            "in place begins",
            "in place ends",
            "victim spawned",
            "late begins",
            "late ends",
        ]);
    }
    run_virtual(test);
}

#[test]
fn slots_come_back_after_return_panic_kill_and_kill_before_start() {
    #[green]
    fn fail() {
        panic!("the job failed");
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(4);
        let returns = pool.spawn(|| sleep(ms(1)));
        let panics = pool.spawn(fail);
        let killed = pool.spawn(forever);
        sleep(ms(2));
        assert!(returns.is_finished() && panics.is_finished());
        assert_eq!(pool.free(), 3);
        killed.kill();
        killed.kill();
        assert_eq!(pool.free(), 4);
        let killed_before = pool.spawn(forever);
        assert_eq!(pool.free(), 3);
        killed_before.kill();
        assert_eq!(pool.free(), 4);
        pool.spawn_n(fail);
        pool.spawn_n(|| sleep(ms(1)));
        pool.waitall();
        assert_eq!((pool.running(), pool.free()), (0, 4));
    }
    run_virtual(test);
}

#[test]
fn a_job_that_panics_while_it_is_dropped_gives_its_slot_back() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the destructor failed");
        }
    }
    #[green]
    fn armed() {
        let _bomb = Bomb;
        sleep(Duration::MAX);
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(1);
        let thread = pool.spawn(armed);
        sleep(ms(1));
        thread.kill();
        assert_eq!((pool.running(), pool.free()), (0, 1));
        assert!(matches!(thread.join(), Err(Exit::Panicked(_))));
    }
    run_virtual(test);
}

#[test]
fn waitall_by_a_member_panics() {
    #[green]
    fn member(pool: GreenPool) {
        pool.waitall();
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(2);
        let inner = pool.clone();
        let Err(Exit::Panicked(panic)) = pool.spawn(move || member(inner)).join() else { panic!("no panic") };
        assert!(panic.message().unwrap().starts_with("`waitall` was called by a member of the pool\nnote: "));
    }
    run_virtual(test);
}

#[test]
fn waitall_on_an_empty_pool_returns_at_once() {
    #[green]
    fn other(log: Log) {
        log.add("other runs");
    }
    #[green]
    fn test() {
        let log = Log::default();
        let its_log = log.clone();
        let other = spawn(move || other(its_log));
        GreenPool::new(2).waitall();
        GreenPool::new(0).waitall();
        log.add("returned");
        other.wait();
        log.assert(&["returned", "other runs"]);
    }
    run_virtual(test);
}

#[test]
fn waitall_waits_for_those_that_wait_for_a_slot() {
    #[green]
    fn late(pool: GreenPool, log: Log) {
        pool.spawn_n(move || job(log, "late", 10));
    }
    #[green]
    fn test() {
        let log = Log::default();
        let pool = GreenPool::new(1);
        let its_log = log.clone();
        pool.spawn_n(move || job(its_log, "early", 10));
        let (its_pool, its_log) = (pool.clone(), log.clone());
        spawn_n(move || late(its_pool, its_log));
        pool.waitall();
        log.add("empty");
        log.assert(&["early begins", "early ends", "late begins", "late ends", "empty"]);
    }
    run_virtual(test);
}

#[test]
fn waitall_that_times_out_can_be_called_again() {
    #[green]
    fn test() {
        let pool = GreenPool::new(2);
        pool.spawn_n(|| sleep(ms(10)));
        assert!(with_timeout(ms(5), || pool.waitall()).is_err());
        assert_eq!(pool.running(), 1);
        pool.waitall();
        assert_eq!(pool.running(), 0);
    }
    run_virtual(test);
}

#[test]
fn free_is_negative_after_a_shrink_and_nobody_is_killed() {
    #[green]
    fn test() {
        let pool = GreenPool::new(4);
        let threads: Vec<_> =
            [10, 20, 30, 40].into_iter().map(|time| pool.try_spawn(move || sleep(ms(time)))).collect();
        pool.resize(2);
        assert_eq!((pool.size(), pool.running(), pool.free()), (2, 4, -2));
        sleep(ms(15));
        assert_eq!((pool.running(), pool.free()), (3, -1));
        assert!(pool.try_spawn(forever).is_err());
        pool.waitall();
        assert_eq!(pool.free(), 2);
        for thread in threads {
            thread.unwrap().wait();
        }
    }
    run_virtual(test);
}

#[test]
fn resize_up_wakes_those_that_wait_for_a_slot() {
    #[green]
    fn spawn_into(pool: GreenPool, log: Log, name: &'static str) {
        let jobs_log = log.clone();
        pool.spawn_n(move || job(jobs_log, name, 100));
        log.add(format!("{name} spawned"));
    }
    #[green]
    fn test() {
        let log = Log::default();
        let pool = GreenPool::new(0);
        for name in ["a", "b", "c"] {
            let (pool, log) = (pool.clone(), log.clone());
            spawn_n(move || spawn_into(pool, log, name));
        }
        sleep(ms(1));
        assert_eq!((pool.free(), pool.waiting()), (0, 3));
        pool.resize(2);
        // The two slots are promised: a newcomer does not overtake.
        assert_eq!((pool.free(), pool.waiting(), pool.running()), (0, 1, 0));
        assert!(pool.try_spawn(forever).is_err());
        sleep(ms(1));
        log.assert(&["a spawned", "b spawned", "a begins", "b begins"]);
        pool.waitall();
        log.assert(&[
            "a spawned",
            "b spawned",
            "a begins",
            "b begins",
            "a ends",
            "b ends",
            "c spawned",
            "c begins",
            "c ends",
        ]);
    }
    run_virtual(test);
}

#[test]
fn a_spawn_into_a_pool_of_size_zero_is_a_deadlock_that_is_reported() {
    #[green]
    fn test() {
        GreenPool::new(0).spawn_n(forever);
    }
    let result = std::panic::catch_unwind(|| eventlet::run(test));
    let report = result.unwrap_err().downcast::<String>().unwrap();
    assert!(report.starts_with("deadlock: "), "{report}");
    assert!(report.contains("waits for a free slot of a pool of 0"), "{report}");
}

#[test]
fn a_spawn_interrupted_by_a_timeout_loses_no_slot() {
    #[green]
    fn test() {
        let pool = GreenPool::new(1);
        pool.spawn_n(|| sleep(ms(10)));
        assert!(with_timeout(ms(5), || pool.spawn(forever)).is_err());
        assert_eq!((pool.running(), pool.waiting()), (1, 0));
        sleep(ms(10));
        assert_eq!((pool.running(), pool.free()), (0, 1));
        // The slot becomes free at the very moment at which the limit is over: the slot wins.
        pool.spawn_n(|| sleep(ms(10)));
        sleep(Duration::ZERO);
        let spawned = with_timeout(ms(10), || pool.spawn(|| sleep(ms(1))));
        assert!(spawned.is_ok());
        pool.waitall();
        assert_eq!((pool.running(), pool.free()), (0, 1));
    }
    run_virtual(test);
}

#[test]
fn a_spawner_killed_after_it_was_called_passes_its_call_on() {
    #[green]
    fn spawn_into(pool: GreenPool, log: Log, name: &'static str) {
        pool.spawn_n(move || job(log, name, 1));
    }
    #[green]
    fn test() {
        let log = Log::default();
        let pool = GreenPool::new(1);
        let first = pool.spawn(forever);
        let spawners = ["a", "b"].map(|name| {
            let (pool, log) = (pool.clone(), log.clone());
            spawn(move || spawn_into(pool, log, name))
        });
        sleep(ms(1));
        assert_eq!(pool.waiting(), 2);
        first.kill();
        assert_eq!((pool.waiting(), pool.free()), (1, 0));
        spawners[0].kill();
        assert_eq!((pool.waiting(), pool.free()), (0, 0));
        pool.waitall();
        log.assert(&["b begins", "b ends"]);
        assert_eq!((pool.running(), pool.free()), (0, 1));
    }
    run_virtual(test);
}

#[test]
fn the_last_spawner_that_is_killed_after_it_was_called_leaves_an_empty_pool() {
    #[green]
    fn spawn_into(pool: GreenPool) {
        pool.spawn_n(forever);
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(1);
        let first = pool.spawn(forever);
        let inner = pool.clone();
        let spawner = spawn(move || spawn_into(inner));
        let inner = pool.clone();
        let waiter = spawn(move || inner.waitall_owned());
        sleep(ms(1));
        first.kill();
        spawner.kill();
        waiter.wait();
        assert_eq!((pool.running(), pool.free(), pool.waiting()), (0, 1, 0));
    }
    trait WaitallOwned {
        #[green]
        fn waitall_owned(self);
    }
    impl WaitallOwned for GreenPool {
        #[green]
        fn waitall_owned(self) {
            self.waitall();
        }
    }
    run_virtual(test);
}

#[test]
fn try_spawn_gives_the_job_of_a_full_pool_back() {
    #[green]
    fn test() {
        let pool = GreenPool::new(1);
        let thread = pool.try_spawn(|| sleep(ms(1))).unwrap();
        let full = pool.try_spawn(|| job(Log::default(), "again", 0)).unwrap_err();
        assert_eq!(full.to_string(), "the pool has no free slot");
        thread.wait();
        assert_eq!(pool.try_spawn(full.into_inner()).unwrap().wait(), "again");
    }
    run_virtual(test);
}

#[test]
fn a_default_pool_has_1000_slots_and_clones_share_them() {
    #[green]
    fn test() {
        let pool = GreenPool::default();
        assert_eq!((pool.size(), pool.free()), (1000, 1000));
        let clone = pool.clone();
        clone.spawn_n(|| sleep(ms(1)));
        assert_eq!((pool.running(), pool.free()), (1, 999));
        assert_eq!(format!("{pool:?}"), "GreenPool { size: 1000, running: 1, waiting: 0 }");
        pool.waitall();
    }
    run_virtual(test);
}

#[test]
fn dropping_the_last_handle_leaves_the_members_running() {
    #[green]
    fn test() {
        let log = Log::default();
        let its_log = log.clone();
        let pool = GreenPool::new(1);
        pool.spawn_n(move || job(its_log, "job", 1));
        drop(pool);
        sleep(ms(2));
        log.assert(&["job begins", "job ends"]);
    }
    run_virtual(test);
}

#[test]
fn killall_kills_each_member_once_and_those_that_are_added_meanwhile() {
    #[green]
    fn stubborn(pool: GreenPool, log: Log) {
        while catch_exit(forever).is_err() {
            log.add("heard");
            // The pool has room: this is a new member, which is killed as well, before it has begun.
            let inner = log.clone();
            if log.0.borrow().len() < 3 {
                pool.spawn_n(move || job(inner, "added", 0));
            } else {
                return;
            }
        }
    }
    #[green]
    fn test() {
        let log = Log::default();
        let pool = GreenPool::new(10);
        let (its_pool, its_log) = (pool.clone(), log.clone());
        pool.spawn_n(move || stubborn(its_pool, its_log));
        pool.spawn_n(forever);
        sleep(ms(1));
        pool.killall();
        log.assert(&["heard"]);
        assert_eq!(pool.running(), 1);
        pool.killall();
        pool.killall();
        log.assert(&["heard", "heard", "heard"]);
        assert_eq!((pool.running(), pool.free()), (0, 10));
    }
    run_virtual(test);
}

#[test]
fn killall_spares_the_member_that_calls_it() {
    #[green]
    fn member(pool: GreenPool) -> usize {
        pool.killall();
        sleep(ms(1));
        pool.running()
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(3);
        pool.spawn_n(forever);
        let inner = pool.clone();
        let caller = pool.spawn(move || member(inner));
        pool.spawn_n(forever);
        assert_eq!(caller.wait(), 1);
    }
    run_virtual(test);
}

// ---- imap, imap_unordered, map

/// Sleeps that long and gives it back.
#[green]
fn nap(time: u64) -> u64 {
    sleep(ms(time));
    time
}

#[green]
fn collect(mut results: Imap<u64>) -> Vec<u64> {
    let mut values = Vec::new();
    while let Some(value) = results.next() {
        values.push(value);
    }
    values
}

/// What the results were, panics by their message.
#[green]
fn join_all(mut results: Imap<u64>) -> Vec<String> {
    let mut seen = Vec::new();
    while let Some(result) = results.join_next() {
        seen.push(say(result));
    }
    seen
}

fn say(result: Result<u64, Exit>) -> String {
    match result {
        Ok(value) => value.to_string(),
        Err(exit) => exit.to_string(),
    }
}

/// Counts how many items were taken from an iterator.
fn counted<I: Iterator>(taken: &Rc<Cell<usize>>, items: I) -> impl Iterator<Item = I::Item> + use<I> {
    let taken = taken.clone();
    items.inspect(move |_| taken.set(taken.get() + 1))
}

#[test]
fn imap_gives_results_in_input_order() {
    #[green]
    fn test() {
        let pool = GreenPool::new(4);
        assert_eq!(collect(pool.imap(nap, [40, 10, 30, 20, 5])), [40, 10, 30, 20, 5]);
        assert_eq!(collect(pool.imap(nap, [])), []);
        // The fifth job begins when the first result is read.
        assert_eq!(now(), ms(45));
    }
    run_virtual(test);
}

#[test]
fn imap_unordered_gives_results_as_the_jobs_end() {
    #[green]
    fn test() {
        let pool = GreenPool::new(3);
        assert_eq!(collect(pool.imap_unordered(nap, [40, 10, 30, 5])), [10, 5, 30, 40]);
        assert_eq!(collect(pool.imap_unordered(nap, [])), []);
    }
    run_virtual(test);
}

#[test]
fn imap_of_several_inputs_zips_them() {
    #[green]
    fn add(numbers: (u64, u64)) -> u64 {
        numbers.0 + numbers.1
    }
    #[green]
    fn test() {
        let sums = GreenPool::new(2).imap(add, (1..=3).zip(10..));
        assert_eq!(collect(sums), [11, 13, 15]);
    }
    run_virtual(test);
}

#[green]
fn picky(n: u64) -> u64 {
    sleep(ms(1));
    assert!(n % 2 == 0, "{n} is odd");
    n
}

#[test]
fn imap_raises_panics_in_place_and_goes_on_after_them() {
    #[green]
    fn step(results: Rc<RefCell<Imap<u64>>>) -> Option<u64> {
        let mut results = results.borrow_mut();
        results.next()
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(2);
        let results = Rc::new(RefCell::new(pool.imap(picky, [2, 3, 4, 5])));
        let mut seen = vec![];
        for _ in 0..6 {
            let results = results.clone();
            seen.push(match spawn(move || step(results)).join() {
                Ok(step) => format!("{step:?}"),
                Err(exit) => exit.to_string(),
            });
        }
        assert_eq!(
            seen,
            [
                "Some(2)",
                "the green thread panicked: 3 is odd",
                "Some(4)",
                "the green thread panicked: 5 is odd",
                "None",
                "None"
            ]
        );
        let seen = join_all(pool.imap_unordered(picky, [1, 2]));
        assert_eq!(seen, ["the green thread panicked: 1 is odd", "2"]);
        assert_eq!((pool.running(), pool.free()), (0, 2));
    }
    run_virtual(test);
}

#[test]
fn a_panic_of_the_inputs_comes_out_after_the_results_before_it_and_then_the_end() {
    fn inputs() -> impl Iterator<Item = u64> {
        (0..10).map(|n| if n < 3 { 30 - 10 * n } else { panic!("no input {n}") })
    }
    #[green]
    fn step(results: Rc<RefCell<Imap<u64>>>) -> Option<u64> {
        let mut results = results.borrow_mut();
        results.next()
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(10);
        let failed = "the green thread panicked: no input 3";
        assert_eq!(join_all(pool.imap(nap, inputs())), ["30", "20", "10", failed]);
        assert_eq!(join_all(pool.imap_unordered(nap, inputs())), ["10", "20", "30", failed]);
        let results = Rc::new(RefCell::new(pool.imap(nap, inputs().skip(3))));
        let its_results = results.clone();
        assert_eq!(spawn(move || step(its_results)).join().unwrap_err().to_string(), failed);
        assert_eq!(step(results), None);
    }
    run_virtual(test);
}

#[test]
fn imap_takes_no_more_inputs_than_its_window() {
    #[green]
    fn test() {
        let taken = Rc::new(Cell::new(0));
        let pool = GreenPool::new(2);
        let mut results = pool.imap(nap, counted(&taken, 0..));
        assert_eq!((taken.get(), pool.running()), (0, 0));
        sleep(ms(100));
        assert_eq!((taken.get(), pool.running()), (2, 0));
        assert_eq!(results.next(), Some(0));
        sleep(ms(100));
        assert_eq!((taken.get(), pool.running()), (3, 0));
        drop(results);

        taken.set(0);
        let mut results = pool.imap_unordered(nap, counted(&taken, 0..)).with_window(5);
        sleep(ms(100));
        assert_eq!(taken.get(), 5);
        assert_eq!(results.next(), Some(0));
        sleep(ms(100));
        assert_eq!(taken.get(), 6);
        drop(results);

        taken.set(0);
        let results = pool.imap(nap, counted(&taken, 0..)).with_window(1);
        sleep(ms(100));
        assert_eq!(taken.get(), 1);
        drop(results);
    }
    run_virtual(test);
}

#[test]
fn imap_shares_the_limit_of_its_pool() {
    #[green]
    fn test() {
        let pool = GreenPool::new(3);
        pool.spawn_n(|| sleep(ms(10)));
        let one = pool.imap(nap, [10, 10, 10]);
        let two = pool.imap(nap, [10, 10, 10]);
        sleep(ms(5));
        assert_eq!((pool.running(), pool.free(), pool.waiting()), (3, 0, 2));
        assert_eq!(collect(one), [10, 10, 10]);
        assert_eq!(collect(two), [10, 10, 10]);
        // Seven jobs, three at once.
        assert_eq!(now(), ms(30));
    }
    run_virtual(test);
}

#[test]
fn imap_of_a_member_does_not_wait_for_the_slot_of_its_member() {
    #[green]
    fn member(pool: GreenPool) -> Vec<u64> {
        let results = pool.imap(nap, [10, 20, 30]);
        sleep(ms(1));
        assert_eq!((pool.running(), pool.free(), pool.waiting()), (1, 0, 0));
        let mut values = collect(results);
        values.extend(pool.map(nap, [1, 2]));
        values
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(1);
        let inner = pool.clone();
        assert_eq!(pool.spawn(move || member(inner)).wait(), [10, 20, 30, 1, 2]);
    }
    run_virtual(test);
}

#[test]
fn an_imap_that_is_dropped_early_takes_no_more_inputs_and_its_jobs_go_on() {
    struct Dropped(Log);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.add("inputs dropped");
        }
    }
    #[green]
    fn test() {
        let log = Log::default();
        let pool = GreenPool::new(2);
        let inputs_log = log.clone();
        let guard = Dropped(log.clone());
        let inputs = ["a", "b", "c", "d"].into_iter().inspect(move |name| {
            let _ = &guard;
            inputs_log.add(format!("{name} taken"));
        });
        let jobs_log = log.clone();
        for name in pool.imap(move |name| job(jobs_log.clone(), name, 10), inputs) {
            log.add(format!("{name} read"));
            break;
        }
        log.add("left");
        pool.waitall();
        log.assert(&[
            "a taken",
            "b taken",
            "a begins",
            "b begins",
            "a ends",
            "b ends",
            "a read",
            "inputs dropped",
            "left",
        ]);
    }
    run_virtual(test);
}

#[test]
fn a_step_of_an_imap_that_times_out_loses_no_result() {
    #[green]
    fn test() {
        let pool = GreenPool::new(2);
        let mut results = pool.imap(nap, [20, 10, 30]);
        assert!(with_timeout(ms(5), || results.next()).is_err());
        assert!(with_timeout(ms(5), || results.next()).is_err());
        assert_eq!(collect(results), [20, 10, 30]);
        let mut results = pool.imap_unordered(nap, [20, 10, 30]);
        assert!(with_timeout(ms(5), || results.next()).is_err());
        assert_eq!(collect(results), [10, 20, 30]);
    }
    run_virtual(test);
}

#[test]
fn a_killed_job_of_an_imap_is_a_result_in_its_place() {
    #[green]
    fn test() {
        let pool = GreenPool::new(2);
        let results = pool.imap(nap, [10, 20, 30]);
        sleep(ms(1));
        pool.killall();
        assert_eq!(join_all(results), ["the green thread was killed", "the green thread was killed", "30"]);
    }
    run_virtual(test);
}

#[test]
fn the_reader_of_an_imap_and_its_jobs_alternate() {
    #[green]
    fn test() {
        let log = Log::default();
        let pool = GreenPool::new(2);
        let jobs_log = log.clone();
        for name in pool.imap(move |name| job(jobs_log.clone(), name, 10), ["a", "b", "c"]) {
            log.add(format!("{name} read"));
            sleep(ms(15));
        }
        log.assert(&[
            "a begins", "b begins", "a ends", "b ends", "a read", "c begins", "c ends", "b read", "c read",
        ]);
    }
    run_virtual(test);
}

#[test]
#[should_panic = "a window of zero results would never let a job start"]
fn a_window_of_zero_is_refused() {
    let _ = GreenPool::new(1).imap(nap, [1]).with_window(0);
}

#[test]
fn map_gives_a_list_in_order() {
    #[green]
    fn test() {
        let pool = GreenPool::new(2);
        assert_eq!(pool.map(nap, [30, 10, 20]), [30, 10, 20]);
        assert_eq!(pool.map(nap, []), []);
    }
    run_virtual(test);
}

#[test]
fn map_raises_the_first_failure_in_order_and_the_others_go_on() {
    #[green]
    fn fails_late(log: Log, n: u64) {
        sleep(ms(40 - 10 * n));
        if n == 1 || n == 2 {
            panic!("job {n} failed");
        }
        log.add(format!("job {n} ends at {:?}", now()));
    }
    #[green]
    fn map(pool: GreenPool, log: Log) {
        pool.map(move |n| fails_late(log.clone(), n), 0..4);
    }
    #[green]
    fn test() {
        let log = Log::default();
        let pool = GreenPool::new(4);
        let (its_pool, its_log) = (pool.clone(), log.clone());
        let error = spawn(move || map(its_pool, its_log)).join().unwrap_err();
        assert_eq!(error.to_string(), "the green thread panicked: job 1 failed");
        pool.waitall();
        log.assert(&["job 3 ends at 10ms", "job 0 ends at 40ms"]);
        assert_eq!((pool.running(), pool.free()), (0, 4));
    }
    run_virtual(test);
}

#[test]
fn map_that_fails_early_leaves_its_started_jobs_running() {
    #[green]
    fn first_fails(log: Log, n: u64) {
        sleep(ms(10 * (n + 1)));
        if n == 0 {
            panic!("job 0 failed");
        }
        log.add(format!("job {n} ends"));
    }
    #[green]
    fn map(pool: GreenPool, log: Log) {
        pool.map(move |n| first_fails(log.clone(), n), 0..3);
    }
    #[green]
    fn test() {
        let log = Log::default();
        let pool = GreenPool::new(3);
        let (its_pool, its_log) = (pool.clone(), log.clone());
        assert!(spawn(move || map(its_pool, its_log)).join().is_err());
        assert_eq!(pool.running(), 2);
        pool.waitall();
        log.assert(&["job 1 ends", "job 2 ends"]);
    }
    run_virtual(test);
}

// ---- piles

#[green]
fn drain(mut pile: GreenPile<u64>) -> Vec<u64> {
    let mut values = Vec::new();
    while let Some(value) = pile.next() {
        values.push(value);
    }
    values
}

#[test]
fn a_pile_gives_results_in_spawn_order_under_random_delays_with_several_spawners() {
    #[green]
    fn spawner(pile: GreenPile<u64>, expected: Rc<RefCell<Vec<u64>>>, seed: u64) {
        let mut random = Random(seed);
        for n in 0..50 {
            let (value, delay) = (1000 * seed + n, random.below(7));
            let expected = expected.clone();
            sleep(ms(random.below(3)));
            pile.spawn(move || {
                // Jobs begin in the order in which they were spawned.
                expected.borrow_mut().push(value);
                delayed(delay, value)
            });
        }
    }
    #[green]
    fn delayed(delay: u64, value: u64) -> u64 {
        sleep(ms(delay));
        value
    }
    #[green]
    fn test() {
        for size in [1, 5, 50] {
            let pile = GreenPile::new(size);
            let expected = Rc::default();
            let spawners: Vec<_> = (1..=4)
                .map(|seed| {
                    let (pile, expected) = (pile.clone(), Rc::clone(&expected));
                    spawn(move || spawner(pile, expected, seed))
                })
                .collect();
            let mut seen = vec![];
            while seen.len() < 200 {
                sleep(ms(1));
                seen.extend(drain(pile.clone()));
            }
            assert_eq!(seen, *expected.borrow());
            joinall(spawners);
        }
    }
    run_virtual(test);
}

#[test]
fn an_empty_pile_is_an_empty_sequence_and_can_be_filled_again() {
    #[green]
    fn test() {
        let pile = GreenPile::new(2);
        assert_eq!(drain(pile.clone()), []);
        pile.spawn(|| nap(2));
        pile.spawn(|| nap(1));
        assert_eq!(drain(pile.clone()), [2, 1]);
        assert_eq!(drain(pile.clone()), []);
        pile.spawn(|| nap(3));
        let mut seen = vec![];
        for value in pile {
            seen.push(value);
        }
        assert_eq!(seen, [3]);
    }
    run_virtual(test);
}

#[test]
fn a_pile_raises_panics_in_place_and_goes_on() {
    #[green]
    fn test() {
        let mut pile = GreenPile::default();
        for n in 1..=4 {
            pile.spawn(move || picky(n));
        }
        let mut seen = vec![];
        while let Some(result) = pile.join_next() {
            seen.push(say(result));
        }
        assert_eq!(
            seen,
            ["the green thread panicked: 1 is odd", "2", "the green thread panicked: 3 is odd", "4"]
        );
    }
    run_virtual(test);
}

#[test]
fn two_piles_on_one_pool_do_not_mix() {
    #[green]
    fn test() {
        let pool = GreenPool::new(3);
        let (one, two) = (GreenPile::with_pool(pool.clone()), GreenPile::with_pool(pool.clone()));
        for n in 0..4 {
            one.spawn(move || nap(n));
            two.spawn(move || nap(10 + n));
        }
        assert_eq!(drain(one), [0, 1, 2, 3]);
        assert_eq!(drain(two), [10, 11, 12, 13]);
        assert_eq!(pool.free(), 3);
    }
    run_virtual(test);
}

#[test]
fn a_pile_spawn_that_times_out_does_not_break_the_order() {
    #[green]
    fn test() {
        let pile = GreenPile::new(1);
        pile.spawn(|| nap(10));
        assert!(with_timeout(ms(5), || pile.spawn(|| nap(99))).is_err());
        pile.spawn(|| nap(4));
        pile.spawn(|| nap(5));
        assert_eq!(drain(pile.clone()), [10, 4, 5]);
        assert_eq!(drain(pile), []);
    }
    run_virtual(test);
}

#[test]
fn the_reader_of_a_pile_waits_for_a_spawn_that_waits_for_a_slot() {
    #[green]
    fn spawner(pile: GreenPile<u64>) {
        pile.spawn(|| nap(1));
    }
    #[green]
    fn interrupted_spawner(pile: GreenPile<u64>) {
        assert!(with_timeout(ms(5), || pile.spawn(|| nap(99))).is_err());
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(1);
        pool.spawn_n(|| sleep(ms(10)));
        let pile = GreenPile::with_pool(pool);
        let (one, two) = (pile.clone(), pile.clone());
        spawn_n(move || spawner(one));
        spawn_n(move || interrupted_spawner(two));
        sleep(Duration::ZERO);
        assert_eq!(drain(pile), [1]);

        let pool = GreenPool::new(0);
        let pile = GreenPile::with_pool(pool);
        let its_pile = pile.clone();
        spawn_n(move || interrupted_spawner(its_pile));
        sleep(Duration::ZERO);
        assert_eq!(drain(pile), []);
    }
    run_virtual(test);
}

#[test]
fn several_readers_of_a_pile_share_the_results() {
    #[green]
    fn reader(pile: GreenPile<u64>, log: Log, name: &'static str) {
        for value in pile {
            log.add(format!("{name} got {value}"));
        }
        log.add(format!("{name} done"));
    }
    #[green]
    fn test() {
        let log = Log::default();
        let pile = GreenPile::new(4);
        for time in [30, 10, 20, 40] {
            pile.spawn(move || nap(time));
        }
        let readers = ["one", "two", "three"].map(|name| {
            let (pile, log) = (pile.clone(), log.clone());
            spawn(move || reader(pile, log, name))
        });
        sleep(ms(5));
        readers[1].kill();
        joinall(readers);
        log.assert(&["one got 30", "one got 10", "one got 20", "one got 40", "one done", "three done"]);
    }
    run_virtual(test);
}

#[test]
fn a_member_that_fills_a_pile_on_its_own_pool_runs_the_jobs_in_place() {
    #[green]
    fn member(pool: GreenPool) -> Vec<u64> {
        let pile = GreenPile::with_pool(pool);
        for n in [3, 1, 2] {
            pile.spawn(move || nap(n));
        }
        drain(pile)
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(1);
        let inner = pool.clone();
        assert_eq!(pool.spawn(move || member(inner)).wait(), [3, 1, 2]);
        assert_eq!(now(), ms(6));
    }
    run_virtual(test);
}

// ---- everything at once

/// A small generator of numbers: the same seed gives the same numbers (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.next().wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) % limit
    }
}

/// What happened to one job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fate {
    begun: u32,
    ended: u32,
}

/// The fates of all jobs, by number.
type Fates = Rc<RefCell<Vec<Fate>>>;

/// A number for a job that is about to be spawned.
fn announce(fates: &Fates) -> usize {
    let mut fates = fates.borrow_mut();
    fates.push(Fate::default());
    fates.len() - 1
}

/// A job that may end in any way, and sometimes spawns another into its own pool.
#[green]
fn wild_job(pool: GreenPool, fates: Fates, number: usize, seed: u64) {
    fates.borrow_mut()[number].begun += 1;
    let mut random = Random(seed);
    sleep(ms(random.below(4)));
    match random.below(6) {
        0 => panic!("job {number} panics"),
        1 => {
            let (inner, inner_fates, next, seed) =
                (pool.clone(), fates.clone(), announce(&fates), random.next());
            // In place if the pool is full.
            let _ = with_timeout(ms(3), || pool.spawn(move || wild_job(inner, inner_fates, next, seed)));
        }
        2 => {
            let _ = catch_exit(|| sleep(ms(2)));
            sleep(ms(1));
        }
        _ => {}
    }
    fates.borrow_mut()[number].ended += 1;
}

/// Spawns jobs with impatience, and kills some of them.
#[green]
fn wild_spawner(pool: GreenPool, fates: Fates, seed: u64) {
    let mut random = Random(seed);
    let mut threads = vec![];
    for _ in 0..40 {
        let (inner, inner_fates, number, seed) =
            (pool.clone(), fates.clone(), announce(&fates), random.next());
        let limit = ms(random.below(4));
        let spawned = with_timeout(limit, || pool.spawn(move || wild_job(inner, inner_fates, number, seed)));
        threads.extend(spawned.ok());
        assert!(pool.free() >= 0);
        assert!(pool.running() as isize + pool.free() <= pool.size() as isize);
        match random.below(5) {
            0 => sleep(Duration::ZERO),
            1 => sleep(ms(random.below(3))),
            2 if !threads.is_empty() => {
                let victim = random.below(threads.len() as u64) as usize;
                threads.swap_remove(victim).kill();
            }
            _ => {}
        }
    }
}

#[test]
fn no_slot_is_lost_or_made_whatever_happens() {
    #[green]
    fn test() {
        for seed in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233] {
            let mut random = Random(seed);
            let size = 1 + random.below(4) as usize;
            let pool = GreenPool::new(size);
            let fates = Fates::default();
            let spawners: Vec<_> = (0..6)
                .map(|_| {
                    let (pool, fates, seed) = (pool.clone(), fates.clone(), random.next());
                    spawn(move || wild_spawner(pool, fates, seed))
                })
                .collect();
            for _ in 0..10 {
                sleep(ms(random.below(8)));
                match random.below(3) {
                    0 => spawners[random.below(6) as usize].kill(),
                    1 => pool.resize(size),
                    _ => pool.killall(),
                }
            }
            joinall(spawners);
            pool.waitall();
            assert_eq!((pool.running(), pool.waiting(), pool.free()), (0, 0, size as isize), "seed {seed}");
            let fates = fates.borrow();
            assert!(fates.iter().all(|fate| fate.begun <= 1 && fate.ended <= fate.begun), "seed {seed}");
            let counts = [
                fates.iter().filter(|fate| fate.begun == 0).count(),
                fates.iter().filter(|fate| fate.begun > fate.ended).count(),
                fates.iter().filter(|fate| fate.ended == 1).count(),
            ];
            assert!(counts.iter().all(|count| *count > 5), "seed {seed} is tame: {counts:?}");
        }
    }
    run_virtual(test);
}

#[test]
fn results_stay_in_order_whatever_happens() {
    #[green]
    fn wild_nap(n: u64) -> u64 {
        let mut random = Random(n + 1);
        sleep(ms(random.below(5)));
        assert!(random.below(4) > 0, "{n} panics");
        n
    }
    #[green]
    fn disturb(pool: GreenPool, seed: u64) {
        let mut random = Random(seed);
        for _ in 0..30 {
            sleep(ms(random.below(4)));
            let (time, limit) = (random.below(6), random.below(3));
            let _ = with_timeout(ms(limit), || pool.spawn(move || sleep(ms(time))));
        }
    }
    #[green]
    fn test() {
        for seed in [7, 77, 777, 7777, 77777] {
            let mut random = Random(seed);
            let pool = GreenPool::new(3);
            let inner = pool.clone();
            spawn_n(move || disturb(inner, seed));
            let mut results = pool.imap(wild_nap, 0..60).with_window(1 + random.below(5) as usize);
            let mut unordered = pool.imap_unordered(wild_nap, 0..60);
            let (mut seen, mut seen_unordered) = (vec![], vec![]);
            loop {
                let limit = ms(random.below(4));
                match with_timeout(limit, || results.join_next()) {
                    Ok(Some(result)) => seen.push(say(result)),
                    Ok(None) => break,
                    Err(_) => {}
                }
                if let Ok(Some(result)) = with_timeout(limit, || unordered.join_next()) {
                    seen_unordered.push(say(result));
                }
            }
            while let Some(result) = unordered.join_next() {
                seen_unordered.push(say(result));
            }
            let expected: Vec<String> = (0..60)
                .map(|n| {
                    let mut random = Random(n + 1);
                    random.next();
                    match random.below(4) {
                        0 => format!("the green thread panicked: {n} panics"),
                        _ => n.to_string(),
                    }
                })
                .collect();
            assert_eq!(seen, expected, "seed {seed}");
            assert_ne!(seen_unordered, expected, "seed {seed}");
            seen_unordered.sort();
            seen.sort();
            assert_eq!(seen_unordered, seen, "seed {seed}");
            sleep(ms(1000));
            assert_eq!((pool.running(), pool.free()), (0, 3));
        }
    }
    run_virtual(test);
}
