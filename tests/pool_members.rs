//! Members of a pool: what they do differently, and what ends them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use eventlet::greenthread::catch_exit;
use eventlet::testing::run_virtual;
use eventlet::{Exit, GreenPool, GreenThread, Thread, green, sleep, spawn, with_timeout};

use super::*;

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
    fn member(pool: GreenPool) -> String {
        pool.spawn_n(|| picky(1));
        let Err(Exit::Panicked(panic)) = pool.spawn(|| picky(1)).join() else { panic!("no panic was kept") };
        panic.message().unwrap().to_owned()
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(1);
        let inner = pool.clone();
        assert_eq!(pool.spawn(move || member(inner)).wait(), "1 is odd");
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

#[test]
fn members_come_and_go_in_any_order() {
    #[green]
    fn test() {
        let pool = GreenPool::new(300);
        let mut random = Random(4);
        let mut threads = vec![];
        for round in 0..20 {
            while pool.free() > 0 {
                threads.push(pool.spawn(forever));
            }
            // The oldest stays until the last round.
            while threads.len() > 1 + round {
                let victim = 1 + random.below(threads.len() as u64 - 1) as usize;
                threads.swap_remove(victim).kill();
                assert_eq!(pool.running(), threads.len());
            }
        }
        let first = threads.remove(0);
        threads.iter().for_each(|thread| assert!(!thread.is_finished()));
        pool.killall();
        assert!(first.is_finished());
        threads.iter().for_each(|thread| assert!(thread.is_finished()));
        assert_eq!((pool.running(), pool.free()), (0, 300));
    }
    run_virtual(test);
}

#[test]
fn killall_goes_on_behind_a_member_that_refuses_to_end() {
    #[green]
    fn refuses() {
        assert!(catch_exit(forever).is_err());
        sleep(ms(10));
    }
    #[green]
    fn test() {
        let pool = GreenPool::new(4);
        let threads = [pool.spawn(refuses), pool.spawn(forever), pool.spawn(forever)];
        sleep(ms(1));
        threads[1].kill();
        pool.killall();
        assert_eq!(threads.each_ref().map(|thread| thread.is_finished()), [false, true, true]);
        pool.waitall();
        let [refuses, ..] = threads;
        assert!(refuses.join().is_ok());
    }
    run_virtual(test);
}
