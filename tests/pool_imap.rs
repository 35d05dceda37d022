//! A job for each input: imap, imap_unordered and map.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use eventlet::greenpool::Imap;
use eventlet::testing::{now, run_virtual};
use eventlet::{GreenIterator, GreenPool, green, sleep, spawn, with_timeout};

use super::*;

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
        assert!(collect(pool.imap(nap, [])).is_empty());
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
        assert!(collect(pool.imap_unordered(nap, [])).is_empty());
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

/// One step, for a thread that may panic in it.
#[allow(deprecated, clippy::await_holding_refcell_ref)] // Nobody else uses it meanwhile.
#[green]
fn step(results: Rc<RefCell<Imap<u64>>>) -> Option<u64> {
    let mut results = results.borrow_mut();
    results.next()
}

#[test]
fn imap_raises_panics_in_place_and_goes_on_after_them() {
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
        assert!(pool.map(nap, []).is_empty());
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
fn a_map_beside_other_work_is_a_thread_that_maps() {
    #[green]
    fn map(pool: GreenPool, log: Log) {
        let values = pool.map(nap, [10, 20]);
        log.add(format!("mapped {values:?}"));
    }
    #[green]
    fn test() {
        let log = Log::default();
        let (pool, its_log) = (GreenPool::new(1), log.clone());
        // The pool is full, and neither of them waits for it here.
        pool.spawn_n(|| nap(5));
        let its_pool = pool.clone();
        let mapping = spawn(move || map(its_pool, its_log));
        log.add("other work");
        mapping.wait();
        log.assert(&["other work", "mapped [10, 20]"]);
        assert_eq!(now(), ms(35));
    }
    run_virtual(test);
}

#[test]
fn an_imap_ends_when_its_inputs_end_after_all_results() {
    #[green]
    fn test() {
        let pool = GreenPool::new(4);
        // Nobody knows that this is the last input before the reader asks for more.
        for window in [1, 2, 4] {
            let results = pool.imap(nap, [1, 2, 3]).with_window(window);
            assert_eq!(collect(results), [1, 2, 3]);
            let mut results = pool.imap_unordered(nap, [3, 2, 1]).with_window(window);
            for _ in 0..3 {
                assert!(results.next().is_some());
                sleep(ms(10));
            }
            assert_eq!((results.next(), results.next()), (None, None));
        }
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

#[test]
fn an_imap_that_its_own_inputs_drop_starts_no_more_jobs() {
    #[green]
    fn test() {
        let log = Log::default();
        let holder: Rc<RefCell<Option<Imap<&str>>>> = Rc::default();
        let its_holder = holder.clone();
        let inputs = ["a", "b", "c"].into_iter().inspect(move |name| {
            if *name == "b" {
                drop(its_holder.take());
            }
        });
        let jobs_log = log.clone();
        let results = GreenPool::new(5).imap(move |name| job(jobs_log.clone(), name, 1), inputs);
        holder.replace(Some(results));
        sleep(ms(10));
        log.assert(&["a begins", "a ends"]);
    }
    run_virtual(test);
}
