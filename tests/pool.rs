//! Pools: slots come back whatever happens, nobody overtakes, nothing is lost.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use eventlet::testing::{now, run_virtual};
use eventlet::{Exit, GreenPool, green, sleep, spawn, spawn_n, with_timeout};

mod pool_imap;
mod pool_members;
mod pool_pile;
mod pool_random;

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

/// Sleeps that long and gives it back.
#[green]
fn nap(time: u64) -> u64 {
    sleep(ms(time));
    time
}

/// Panics on odd numbers.
#[green]
fn picky(n: u64) -> u64 {
    sleep(ms(1));
    assert!(n.is_multiple_of(2), "{n} is odd");
    n
}

/// A result as text.
fn say(result: Result<u64, Exit>) -> String {
    match result {
        Ok(value) => value.to_string(),
        Err(exit) => exit.to_string(),
    }
}

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
fn slots_come_back_after_return_panic_kill_and_kill_before_start() {
    #[green]
    fn test() {
        let pool = GreenPool::new(4);
        let returns = pool.spawn(|| sleep(ms(1)));
        let panics = pool.spawn(|| picky(1));
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
        pool.spawn_n(|| picky(1));
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
fn what_a_closure_holds_is_dropped_before_its_slot_is_given_back() {
    struct TellsFree(GreenPool, Rc<RefCell<Vec<isize>>>);
    impl Drop for TellsFree {
        fn drop(&mut self) {
            self.1.borrow_mut().push(self.0.free());
        }
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(1);
        let told = Rc::<RefCell<Vec<isize>>>::default();
        let tells = || TellsFree(pool.clone(), told.clone());
        let held = tells();
        let panics = pool.spawn(move || -> std::future::Ready<()> {
            let _held = held;
            panic!("there is no job");
        });
        // Waits for the slot, so that it is promised in the midst of the panic.
        let held = tells();
        let killed = pool.spawn(move || async move { drop(held) });
        assert!(matches!(panics.join(), Err(Exit::Panicked(_))));
        assert_eq!(pool.free(), 0);
        killed.kill();
        assert_eq!((pool.running(), pool.free(), pool.waiting()), (0, 1, 0));
        assert_eq!(*told.borrow(), [0, 0]);
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
fn waiting_for_room_takes_no_slot() {
    #[green]
    fn test() {
        let pool = GreenPool::new(1);
        pool.wait_available();
        assert_eq!((pool.free(), now()), (1, ms(0)));
        pool.spawn_n(|| sleep(ms(10)));
        assert!(with_timeout(ms(5), || pool.wait_available()).is_err());
        pool.wait_available();
        assert_eq!((pool.free(), pool.waiting(), now()), (1, 0, ms(10)));
        assert!(pool.try_spawn(|| sleep(ms(1))).is_ok());
        pool.waitall();
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
fn a_spawn_that_waits_holds_its_job_and_little_else() {
    let pool = GreenPool::new(1);
    let cargo = [0_u8; 1024];
    let spawn = pool.spawn(move || async move { cargo.len() });
    assert!(size_of_val(&spawn) < 1024 + 200, "{} bytes", size_of_val(&spawn));
    drop(spawn);
}
