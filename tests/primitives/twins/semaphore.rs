use std::time::Duration;

use eventlet::branch::Race2;
use eventlet::testing::now;
use eventlet::{Green, GreenThread, Timeout, green, race, sleep, spawn, spawn_after, with_timeout};

use super::{contract, on_both};
use crate::elsewhere::{meddle, woken_anew};
use crate::support::{Log, ms, turn};

/// What is given back when it is dropped.
pub(crate) trait Permit: std::fmt::Debug + 'static {
    fn forget(self);
}

impl Permit for eventlet::semaphore::Permit {
    fn forget(self) {
        eventlet::semaphore::Permit::forget(self);
    }
}

impl Permit for eventlet::sync::Permit {
    fn forget(self) {
        eventlet::sync::Permit::forget(self);
    }
}

contract! {
    /// A number of permits.
    trait Semaphores {
        type Permit: Permit = eventlet::semaphore::Permit, eventlet::sync::Permit;
        fn new(permits: usize) -> Self;
        fn acquire(self: &Self) -> Green<impl Future<Output = Self::Permit>>;
        fn acquire_timeout(
            self: &Self,
            limit: Duration
        ) -> Green<impl Future<Output = Result<Self::Permit, Timeout>>>;
        fn try_acquire(self: &Self) -> Option<Self::Permit>;
        fn wait(self: &Self) -> Green<impl Future<Output = usize>>;
        fn release(self: &Self);
        fn available(self: &Self) -> usize;
        fn locked(self: &Self) -> bool;
        fn waiting(self: &Self) -> usize;
        fn balance(self: &Self) -> isize;
    }
    eventlet::Semaphore as eventlet::Semaphore, eventlet::sync::Semaphore
}

#[green]
fn acquire_and_log(name: &'static str, semaphore: impl Semaphores, log: Log) {
    semaphore.acquire().forget();
    log.add(name);
}

#[green]
fn rounds(name: &'static str, semaphore: impl Semaphores, log: Log, inside: Option<Duration>) {
    for _ in 0..3 {
        let permit = semaphore.acquire();
        log.add(name);
        if let Some(inside) = inside {
            sleep(inside);
        }
        drop(permit);
    }
}

/// One thread for each name gets into line, in this order.
#[green]
fn queue_up<S: Semaphores>(semaphore: &S, log: &Log, names: &[&'static str]) -> Vec<GreenThread<()>> {
    let threads = names
        .iter()
        .map(|&name| {
            let (semaphore, log) = (semaphore.clone(), log.clone());
            spawn(move || acquire_and_log(name, semaphore, log))
        })
        .collect();
    turn();
    threads
}

on_both! {
    S: Semaphores = eventlet::Semaphore, eventlet::sync::Semaphore;

    fn uncontended_acquires_never_yield() {
        let (semaphore, log) = (S::new(1), Log::new());
        let threads = ["a", "b"].map(|name| {
            let (semaphore, log) = (semaphore.clone(), log.clone());
            spawn(move || rounds(name, semaphore, log, None))
        });
        for thread in threads {
            thread.wait();
        }
        log.expect(["a", "a", "a", "b", "b", "b"]);
    }

    fn contended_acquires_alternate() {
        let (semaphore, log) = (S::new(1), Log::new());
        let threads = ["a", "b"].map(|name| {
            let (semaphore, log) = (semaphore.clone(), log.clone());
            spawn(move || rounds(name, semaphore, log, Some(Duration::ZERO)))
        });
        for thread in threads {
            thread.wait();
        }
        log.expect(["a", "b", "a", "b", "a", "b"]);
    }

    fn release_does_not_switch_and_serves_the_first_in_line() {
        let (semaphore, log) = (S::new(0), Log::new());
        let _threads = queue_up(&semaphore, &log, &["a", "b", "c"]);
        assert_eq!((semaphore.balance(), semaphore.waiting()), (-3, 3));
        semaphore.release();
        semaphore.release();
        log.add("released");
        turn();
        log.expect(["released", "a", "b"]);
        semaphore.release();
        turn();
        log.expect(["c"]);
        assert_eq!(semaphore.balance(), 0);
    }

    fn one_release_wakes_exactly_one() {
        let (semaphore, log) = (S::new(0), Log::new());
        let threads = queue_up(&semaphore, &log, &["a", "b"]);
        semaphore.release();
        for _ in 0..5 {
            turn();
        }
        log.expect(["a"]);
        assert_eq!((semaphore.available(), semaphore.waiting()), (0, 1));
        threads[1].kill();
        assert_eq!((semaphore.available(), semaphore.waiting()), (0, 0));
    }

    fn who_was_called_and_has_not_run_yet_counts_as_waiting_for_a_free_permit() {
        let (semaphore, log) = (S::new(0), Log::new());
        let _threads = queue_up(&semaphore, &log, &["a", "b"]);
        semaphore.release();
        assert_eq!((semaphore.available(), semaphore.waiting(), semaphore.balance()), (1, 2, -1));
        assert!(!semaphore.locked());
        assert!(format!("{semaphore:?}").contains("{ available: 1, waiting: 2 }"));
        turn();
        assert_eq!((semaphore.available(), semaphore.waiting(), semaphore.balance()), (0, 1, -1));
        assert!(semaphore.locked());
        semaphore.release();
        turn();
        log.expect(["a", "b"]);
    }

    fn a_released_permit_may_be_taken_at_once_and_the_line_keeps_its_order() {
        let (semaphore, log) = (S::new(0), Log::new());
        let _threads = queue_up(&semaphore, &log, &["a", "b", "c"]);
        semaphore.release();
        semaphore.release();
        assert_eq!(semaphore.available(), 2);
        semaphore.try_acquire().unwrap().forget();
        semaphore.try_acquire().unwrap().forget();
        assert!(semaphore.try_acquire().is_none());
        turn();
        log.expect([]);
        assert_eq!(semaphore.waiting(), 3);
        semaphore.release();
        semaphore.release();
        semaphore.release();
        turn();
        log.expect(["a", "b", "c"]);
    }

    fn a_permit_taken_at_once_is_missed_by_the_last_that_was_called() {
        let (semaphore, log) = (S::new(0), Log::new());
        let threads = queue_up(&semaphore, &log, &["a", "b"]);
        semaphore.release();
        semaphore.release();
        let taken = semaphore.try_acquire().unwrap();
        turn();
        log.expect(["a"]);
        threads[1].kill(); // back in line, and out of it
        drop(taken);
        assert_eq!((semaphore.available(), semaphore.waiting()), (1, 0));
    }

    fn a_blocking_acquire_queues_behind_those_who_wait() {
        let (semaphore, log) = (S::new(0), Log::new());
        let _first = queue_up(&semaphore, &log, &["a"]);
        semaphore.release();
        semaphore.release();
        semaphore.acquire().forget(); // one of the two is spoken for, one is not
        log.add("second");
        turn();
        log.expect(["second", "a"]);

        let _second = queue_up(&semaphore, &log, &["b"]);
        semaphore.release();
        let s = semaphore.clone();
        let _release = spawn_after(ms(1), #[green] move || s.release());
        semaphore.acquire().forget();
        log.add("main");
        log.expect(["b", "main"]);
        assert_eq!(now(), ms(1));
    }

    fn an_acquire_with_a_limit_queues_too() {
        let (semaphore, log) = (S::new(0), Log::new());
        let _threads = queue_up(&semaphore, &log, &["a"]);
        semaphore.release();
        let s = semaphore.clone();
        let _release = spawn_after(ms(1), #[green] move || s.release());
        semaphore.acquire_timeout(ms(5)).unwrap().forget();
        log.add("main");
        log.expect(["a", "main"]);
        assert_eq!(now(), ms(1));
    }

    fn an_acquire_that_timed_out_is_out_of_the_line() {
        let semaphore = S::new(0);
        assert_eq!(semaphore.acquire_timeout(ms(10)).unwrap_err().limit(), ms(10));
        assert_eq!((now(), semaphore.waiting()), (ms(10), 0));
        semaphore.release();
        assert_eq!(semaphore.available(), 1);
        assert!(semaphore.acquire_timeout(Duration::ZERO).is_ok());
        assert_eq!(now(), ms(10));
    }

    fn a_permit_for_an_acquire_that_timed_out_goes_to_the_next() {
        let (semaphore, log) = (S::new(0), Log::new());
        let (s, l) = (semaphore.clone(), log.clone());
        let limited = spawn(#[green] move || l.add(s.acquire_timeout(Duration::ZERO).is_ok()));
        let (s, l) = (semaphore.clone(), log.clone());
        let _next = spawn(move || acquire_and_log("next", s, l));
        let s = semaphore.clone();
        // Calls the first in the round in which its limit is over.
        let _release = spawn(#[green] move || s.release());
        limited.wait();
        turn();
        log.expect(["false", "next"]);
        assert_eq!((semaphore.available(), semaphore.waiting()), (0, 0));
    }

    fn an_enclosing_limit_that_is_over_first_comes_out() {
        let semaphore = S::new(0);
        let late = with_timeout(ms(1), || semaphore.acquire_timeout(ms(9)));
        assert_eq!(late.unwrap_err().limit(), ms(1));
        assert_eq!((now(), semaphore.waiting()), (ms(1), 0));
    }

    fn a_killed_waiter_takes_no_permit() {
        let (semaphore, log) = (S::new(0), Log::new());
        let threads = queue_up(&semaphore, &log, &["a", "b", "c"]);
        threads[1].kill();
        semaphore.release();
        threads[0].kill(); // it had been called
        turn();
        log.expect(["c"]);
        assert_eq!((semaphore.available(), semaphore.waiting()), (0, 0));
    }

    fn a_permit_that_nobody_is_left_for_stays() {
        let (semaphore, log) = (S::new(0), Log::new());
        let threads = queue_up(&semaphore, &log, &["a", "b"]);
        semaphore.release();
        threads[0].kill();
        threads[1].kill();
        assert_eq!((semaphore.available(), semaphore.waiting(), semaphore.balance()), (1, 0, 1));
        assert!(semaphore.try_acquire().is_some());
    }

    fn a_permit_comes_back_when_its_holder_is_killed_or_panics() {
        let semaphore = S::new(1);
        let s = semaphore.clone();
        let holder = spawn(#[green] move || {
            let _permit = s.acquire();
            sleep(Duration::MAX);
        });
        turn();
        assert!(semaphore.locked());
        holder.kill();
        let s = semaphore.clone();
        let panics = spawn(#[green] move || {
            let _permit = s.acquire();
            panic!("on purpose");
        });
        assert!(panics.join().is_err());
        assert_eq!(semaphore.available(), 1);
    }

    fn acquire_and_release_need_not_be_paired() {
        let semaphore = S::default();
        semaphore.acquire().forget();
        assert!(semaphore.locked());
        semaphore.release();
        semaphore.release();
        assert_eq!((semaphore.available(), semaphore.balance()), (2, 2));
    }

    fn waiting_for_a_permit_leaves_it_there() {
        let (semaphore, log) = (S::new(0), Log::new());
        let (s, l) = (semaphore.clone(), log.clone());
        let looker = spawn(#[green] move || l.add(format!("free {}", s.wait())));
        turn();
        let _threads = queue_up(&semaphore, &log, &["a"]);
        semaphore.release();
        turn();
        looker.wait();
        turn();
        log.expect(["free 0", "a"]);
        semaphore.release();
        assert_eq!(semaphore.wait(), 1);
        assert_eq!(semaphore.available(), 1);
    }

    fn one_that_waits_for_a_permit_and_is_killed_passes_the_call_on() {
        let (semaphore, log) = (S::new(0), Log::new());
        let s = semaphore.clone();
        let looker = spawn(#[green] move || s.wait());
        turn();
        let _threads = queue_up(&semaphore, &log, &["a"]);
        semaphore.release();
        looker.kill();
        turn();
        log.expect(["a"]);
    }

    fn the_loser_of_a_race_takes_no_permit() {
        let (left, right) = (S::new(0), S::new(0));
        let (l, r) = (left.clone(), right.clone());
        let racer = spawn(#[green] move || match race(|| l.acquire(), || r.acquire()) {
            Race2::First(permit) => { permit.forget(); "left" }
            Race2::Second(permit) => { permit.forget(); "right" }
        });
        turn();
        assert_eq!((left.waiting(), right.waiting()), (1, 1));
        // Both are called before it runs.
        left.release();
        right.release();
        assert_eq!(racer.wait(), "left");
        assert_eq!((left.available(), right.available()), (0, 1));
        assert_eq!((left.waiting(), right.waiting()), (0, 0));
    }

    #[should_panic = "released more often than it was acquired"]
    fn one_release_more_than_can_be_counted_panics() {
        S::new(usize::MAX).release();
    }

    fn a_permit_beyond_what_can_be_counted_goes_quietly() {
        let semaphore = S::new(usize::MAX);
        let permit = semaphore.acquire();
        semaphore.release();
        drop(permit);
        assert_eq!((semaphore.available(), semaphore.balance()), (usize::MAX, isize::MAX));
    }

    fn the_destructor_of_a_foreign_waker_may_use_what_it_waited_for() {
        let semaphore = S::new(0);
        let used = semaphore.clone();
        meddle(|| semaphore.acquire(), move || used.release());
        assert_eq!((semaphore.available(), semaphore.waiting()), (2, 0));
    }

    fn another_executor_can_wait_and_the_waker_may_change() {
        let semaphore = S::new(0);
        woken_anew(|| semaphore.acquire(), || semaphore.release()).forget();
        assert!(semaphore.locked());
    }

    fn clones_are_one_semaphore_and_others_are_not() {
        let semaphore = S::default();
        assert_eq!(semaphore, semaphore.clone());
        assert_ne!(semaphore, S::default());
    }
}
