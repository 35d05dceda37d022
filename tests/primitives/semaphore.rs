use std::time::Duration;

use eventlet::testing::now;
use eventlet::{BoundedSemaphore, CappedSemaphore, Semaphore, green, sleep, spawn, spawn_after};

use crate::support::{Log, ms, scenarios, turn};

#[green]
fn acquire_and_log(name: &'static str, semaphore: Semaphore, log: Log) {
    semaphore.acquire().forget();
    log.add(name);
}

#[green]
fn rounds(name: &'static str, semaphore: Semaphore, log: Log, inside: Option<Duration>) {
    for _ in 0..3 {
        let permit = semaphore.acquire();
        log.add(name);
        if let Some(inside) = inside {
            sleep(inside);
        }
        drop(permit);
    }
}

#[green]
fn queue_up(semaphore: &Semaphore, log: &Log, names: &[&'static str]) -> Vec<eventlet::GreenThread<()>> {
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

scenarios! {
    fn uncontended_acquires_never_yield() {
        let (semaphore, log) = (Semaphore::new(1), Log::new());
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
        let (semaphore, log) = (Semaphore::new(1), Log::new());
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
        let (semaphore, log) = (Semaphore::new(0), Log::new());
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

    fn a_released_permit_may_be_taken_at_once_and_the_line_keeps_its_order() {
        let (semaphore, log) = (Semaphore::new(0), Log::new());
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

    fn a_blocking_acquire_queues_behind_those_who_wait() {
        let (semaphore, log) = (Semaphore::new(0), Log::new());
        let _threads = queue_up(&semaphore, &log, &["a"]);
        semaphore.release();
        semaphore.release();
        semaphore.acquire().forget(); // one of the two is spoken for, one is not
        log.add("second");
        turn();
        log.expect(["second", "a"]);

        let _threads = queue_up(&semaphore, &log, &["b"]);
        semaphore.release();
        let s = semaphore.clone();
        spawn_after(ms(1), #[green] move || s.release());
        semaphore.acquire().forget();
        log.add("main");
        log.expect(["b", "main"]);
        assert_eq!(now(), ms(1));
    }

    fn an_acquire_with_a_limit_queues_too() {
        let (semaphore, log) = (Semaphore::new(0), Log::new());
        let _threads = queue_up(&semaphore, &log, &["a"]);
        semaphore.release();
        let s = semaphore.clone();
        spawn_after(ms(1), #[green] move || s.release());
        semaphore.acquire_timeout(ms(5)).unwrap().forget();
        log.add("main");
        log.expect(["a", "main"]);
        assert_eq!(now(), ms(1));
    }

    fn an_acquire_that_timed_out_is_out_of_the_line() {
        let semaphore = Semaphore::new(0);
        assert!(semaphore.acquire_timeout(ms(10)).is_err());
        assert_eq!((now(), semaphore.waiting()), (ms(10), 0));
        semaphore.release();
        assert_eq!(semaphore.available(), 1);
        assert!(semaphore.acquire_timeout(Duration::ZERO).is_ok());
        assert_eq!(now(), ms(10));
    }

    fn a_killed_waiter_takes_no_permit() {
        let (semaphore, log) = (Semaphore::new(0), Log::new());
        let threads = queue_up(&semaphore, &log, &["a", "b", "c"]);
        threads[1].kill();
        semaphore.release();
        threads[0].kill(); // it had been called
        turn();
        log.expect(["c"]);
        assert_eq!((semaphore.available(), semaphore.waiting()), (0, 0));
    }

    fn a_permit_comes_back_when_its_holder_is_killed_or_panics() {
        let semaphore = Semaphore::new(1);
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
        let semaphore = Semaphore::default();
        semaphore.acquire().forget();
        assert!(semaphore.locked());
        semaphore.release();
        semaphore.release();
        assert_eq!((semaphore.available(), semaphore.balance()), (2, 2));
    }

    fn waiting_for_a_permit_leaves_it_there() {
        let (semaphore, log) = (Semaphore::new(0), Log::new());
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

    fn a_bounded_semaphore_lends_like_any_other() {
        let semaphore = BoundedSemaphore::new(2);
        let first = semaphore.acquire();
        let second = semaphore.acquire();
        assert!(semaphore.try_acquire().is_none());
        drop(first);
        second.forget();
        semaphore.release();
        assert_eq!(semaphore.available(), 2);
    }

    fn the_tutorials_bounded_semaphore() {
        let (semaphore, log) = (BoundedSemaphore::new(2), Log::new());
        let workers: Vec<_> = (0..3)
            .map(|n| {
                let (semaphore, log) = (semaphore.clone(), log.clone());
                spawn(#[green] move || {
                    let _permit = semaphore.acquire();
                    log.add(format!("Worker {n} acquired semaphore"));
                    sleep(Duration::ZERO);
                    log.add(format!("Worker {n} released semaphore"));
                })
            })
            .collect();
        for worker in workers {
            worker.wait();
        }
        log.expect([
            "Worker 0 acquired semaphore",
            "Worker 1 acquired semaphore",
            "Worker 0 released semaphore",
            "Worker 1 released semaphore",
            "Worker 2 acquired semaphore",
            "Worker 2 released semaphore",
        ]);
    }

    fn a_capped_semaphore_makes_release_wait_at_the_cap() {
        let (semaphore, log) = (CappedSemaphore::new(2, 3), Log::new());
        semaphore.release();
        assert!(semaphore.bounded() && !semaphore.try_release());
        let (s, l) = (semaphore.clone(), log.clone());
        let releases = spawn(#[green] move || {
            s.release();
            l.add("released");
        });
        turn();
        assert_eq!(semaphore.balance(), 4);
        semaphore.acquire();
        log.add("acquired");
        releases.wait();
        log.expect(["acquired", "released"]);
        assert_eq!((semaphore.available(), semaphore.balance()), (3, 3));
    }

    fn a_cap_of_zero_is_a_meeting() {
        let (semaphore, log) = (CappedSemaphore::new(0, 0), Log::new());
        assert!(semaphore.locked() && semaphore.bounded());
        assert!(!semaphore.try_acquire() && !semaphore.try_release());
        let (s, l) = (semaphore.clone(), log.clone());
        let acquires = spawn(#[green] move || {
            l.add("acquiring");
            s.acquire();
            l.add("acquired");
        });
        semaphore.release();
        log.add("released");
        acquires.wait();
        log.expect(["acquiring", "acquired", "released"]);
    }

    fn a_release_that_timed_out_at_the_cap_counts_nothing() {
        let semaphore = CappedSemaphore::new(1, 1);
        assert!(semaphore.release_timeout(ms(5)).is_err());
        semaphore.acquire();
        assert!(semaphore.locked());
        assert!(semaphore.acquire_timeout(ms(5)).is_err());
        assert!(semaphore.release_timeout(ms(5)).is_ok());
        assert_eq!((semaphore.balance(), now()), (1, ms(10)));
    }
}

#[test]
#[should_panic = "released more often than it was acquired"]
fn releasing_a_bounded_semaphore_too_often_panics() {
    BoundedSemaphore::new(1).release();
}

#[test]
#[should_panic = "cannot begin above its limit: 4 of 3"]
fn a_capped_semaphore_cannot_begin_above_its_cap() {
    CappedSemaphore::new(4, 3);
}
