//! What can be held by one thread at a time, whatever it is called.

use std::rc::Rc;
use std::time::Duration;

use eventlet::branch::Race2;
use eventlet::lock::{Mutex, MutexGuard, ReentrantLock, ReentrantLockGuard, RwLock, RwLockWriteGuard};
use eventlet::testing::now;
use eventlet::{Green, GreenThread, Timeout, green, race, sleep, spawn, with_timeout};
use eventlet::{semaphore, sync};

use crate::support::{Log, ms, turn};

/// Held by one at a time, and given up when what holding it gives is dropped.
trait Exclusive: 'static {
    type Held<'a>
    where
        Self: 'a;

    fn unheld() -> Self;
    fn hold(&self) -> Green<impl Future<Output = Self::Held<'_>>>;
    fn hold_timeout(&self, limit: Duration) -> Green<impl Future<Output = Result<Self::Held<'_>, Timeout>>>;
    fn try_hold(&self) -> Option<Self::Held<'_>>;
}

macro_rules! exclusive {
    ($($lock:ty, $new:expr, $held:ty, $hold:ident, $hold_timeout:ident, $try_hold:ident;)*) => {$(
        impl Exclusive for $lock {
            type Held<'a> = $held;

            fn unheld() -> Self {
                $new
            }

            fn hold(&self) -> Green<impl Future<Output = Self::Held<'_>>> {
                self.$hold()
            }

            fn hold_timeout(
                &self,
                limit: Duration,
            ) -> Green<impl Future<Output = Result<Self::Held<'_>, Timeout>>> {
                self.$hold_timeout(limit)
            }

            fn try_hold(&self) -> Option<Self::Held<'_>> {
                self.$try_hold()
            }
        }
    )*};
}

exclusive! {
    Mutex<()>, Mutex::new(()), MutexGuard<'a, ()>, lock, lock_timeout, try_lock;
    RwLock<()>, RwLock::new(()), RwLockWriteGuard<'a, ()>, write, write_timeout, try_write;
    ReentrantLock<()>, ReentrantLock::new(()), ReentrantLockGuard<'a, ()>, lock, lock_timeout, try_lock;
    semaphore::Semaphore, Self::new(1), semaphore::Permit, acquire, acquire_timeout, try_acquire;
    semaphore::BoundedSemaphore, Self::new(1), semaphore::Permit, acquire, acquire_timeout, try_acquire;
    sync::Semaphore, Self::new(1), sync::Permit, acquire, acquire_timeout, try_acquire;
}

macro_rules! on_each {
    ($(fn $name:ident() { $($body:tt)* })*) => {$(
        mod $name {
            use super::*;

            #[eventlet::green]
            fn scenario<L: Exclusive>() { $($body)* }

            on_each! {
                mutex: Mutex<()>,
                rwlock: RwLock<()>,
                reentrant_lock: ReentrantLock<()>,
                semaphore: semaphore::Semaphore,
                bounded_semaphore: semaphore::BoundedSemaphore,
                semaphore_of_all_os_threads: sync::Semaphore,
            }
        }
    )*};
    ($($test:ident: $lock:ty,)*) => {$(
        #[test]
        fn $test() {
            super::super::run(scenario::<$lock>);
        }
    )*};
}

#[green]
fn hold_and_log<L: Exclusive>(name: &'static str, lock: Rc<L>, log: Log) {
    let _held = lock.hold();
    log.add(format!("{name} in"));
    sleep(ms(1));
    log.add(format!("{name} out"));
}

/// One thread for each name, in this order: the first holds the lock for a millisecond, and the others wait.
#[green]
fn crowd<L: Exclusive>(lock: &Rc<L>, log: &Log, names: &[&'static str]) -> Vec<GreenThread<()>> {
    let threads = names
        .iter()
        .map(|&name| {
            let (lock, log) = (lock.clone(), log.clone());
            spawn(move || hold_and_log(name, lock, log))
        })
        .collect();
    turn();
    threads
}

on_each! {
    fn who_comes_first_is_in_first_and_alone() {
        let (lock, log) = (Rc::new(L::unheld()), Log::new());
        let threads = crowd(&lock, &log, &["a", "b", "c"]);
        for thread in threads {
            thread.wait();
        }
        log.expect(["a in", "a out", "b in", "b out", "c in", "c out"]);
        assert_eq!(now(), ms(3));
    }

    fn who_need_not_wait_does_not_suspend() {
        let (lock, log) = (Rc::new(L::unheld()), Log::new());
        let l = log.clone();
        let other = spawn(#[green] move || l.add("other"));
        drop(lock.hold());
        drop(lock.hold_timeout(Duration::ZERO).unwrap());
        drop(lock.try_hold().unwrap());
        log.add("held three times");
        other.wait();
        log.expect(["held three times", "other"]);
    }

    fn who_cannot_wait_gets_nothing_while_it_is_held() {
        let (lock, log) = (Rc::new(L::unheld()), Log::new());
        let threads = crowd(&lock, &log, &["a"]);
        assert!(lock.try_hold().is_none());
        for thread in threads {
            thread.wait();
        }
        assert!(lock.try_hold().is_some());
        log.expect(["a in", "a out"]);
    }

    fn who_is_too_late_is_out_of_the_line() {
        let (lock, log) = (Rc::new(L::unheld()), Log::new());
        let threads = crowd(&lock, &log, &["a", "b"]);
        let limit = Duration::from_micros(1500);
        assert_eq!(lock.hold_timeout(limit).err().map(|timeout| timeout.limit()), Some(limit));
        assert_eq!(lock.hold_timeout(Duration::ZERO).err().map(|timeout| timeout.limit()), Some(Duration::ZERO));
        assert_eq!(now(), limit);
        drop(lock.hold_timeout(ms(1)).unwrap());
        assert_eq!(now(), ms(2));
        for thread in threads {
            thread.wait();
        }
        log.expect(["a in", "a out", "b in", "b out"]);
    }

    fn an_enclosing_limit_that_is_over_first_comes_out() {
        let (lock, log) = (Rc::new(L::unheld()), Log::new());
        let threads = crowd(&lock, &log, &["a"]);
        let limit = Duration::from_micros(500);
        let late = with_timeout(limit, || lock.hold_timeout(ms(1)));
        assert_eq!(late.err().map(|timeout| timeout.limit()), Some(limit));
        for thread in threads {
            thread.wait();
        }
        log.expect(["a in", "a out"]);
    }

    fn a_turn_that_comes_in_the_round_of_a_limit_of_zero_goes_to_the_next() {
        let (lock, log) = (Rc::new(L::unheld()), Log::new());
        let holder = crowd(&lock, &log, &["a"]);
        let (l, late) = (lock.clone(), log.clone());
        let limited = spawn(#[green] move || late.add(l.hold_timeout(Duration::ZERO).is_ok()));
        let next = spawn({ let (lock, log) = (lock.clone(), log.clone()); move || hold_and_log("b", lock, log) });
        // Gives the lock up in the round in which the limit is over.
        let _killer = spawn(#[green] move || holder[0].kill());
        limited.wait();
        next.wait();
        log.expect(["a in", "false", "b in", "b out"]);
    }

    fn a_holder_that_is_killed_or_panics_lets_the_next_in() {
        let (lock, log) = (Rc::new(L::unheld()), Log::new());
        let killed = crowd(&lock, &log, &["a"]);
        let l = lock.clone();
        let panics = spawn(#[green] move || {
            let _held = l.hold();
            panic!("on purpose");
        });
        let threads = crowd(&lock, &log, &["b"]);
        killed[0].kill();
        assert!(panics.join().is_err());
        for thread in threads {
            thread.wait();
        }
        log.expect(["a in", "b in", "b out"]);
    }

    fn a_waiter_that_is_killed_holds_up_nobody() {
        let (lock, log) = (Rc::new(L::unheld()), Log::new());
        let mut threads = crowd(&lock, &log, &["a", "b", "c", "d"]);
        let last = threads.pop().unwrap();
        threads[1].kill(); // in line
        threads[0].kill(); // its turn is c's
        threads[2].kill(); // called, and not resumed yet
        last.wait();
        log.expect(["a in", "d in", "d out"]);
        assert!(lock.try_hold().is_some());
    }

    fn the_loser_of_a_race_holds_nothing() {
        let (left, right, log) = (Rc::new(L::unheld()), Rc::new(L::unheld()), Log::new());
        let holders = [crowd(&left, &log, &["left"]), crowd(&right, &log, &["right"])];
        let (l, r) = (left.clone(), right.clone());
        let racer = spawn(#[green] move || match race(|| l.hold(), || r.hold()) {
            Race2::First(_) => "left",
            Race2::Second(_) => "right",
        });
        turn();
        // Both turns are the racer's before it is resumed.
        for threads in holders {
            threads[0].kill();
        }
        assert_eq!(racer.wait(), "left");
        assert!(left.try_hold().is_some() && right.try_hold().is_some());
        log.expect(["left in", "right in"]);
    }
}
