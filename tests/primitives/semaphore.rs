//! Semaphores that have no twin for all OS threads.

use std::time::Duration;

use eventlet::testing::now;
use eventlet::{BoundedSemaphore, CappedSemaphore, sleep, spawn};

use crate::support::{Log, ms, scenarios, turn};

scenarios! {
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
