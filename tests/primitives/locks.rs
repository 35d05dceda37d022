use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use eventlet::lock::{Barrier, Condvar, Mutex, ReentrantLock, RwLock};
use eventlet::testing::now;
use eventlet::{GreenThread, green, sleep, spawn, spawn_after};

use crate::support::{Log, ms, scenarios, turn};

#[green]
fn read(name: &'static str, lock: Rc<RwLock<u32>>, log: Log) {
    let value = lock.read();
    log.add(format!("{name} reads {}", *value));
    sleep(ms(1));
}

#[green]
fn write(name: &'static str, lock: Rc<RwLock<u32>>, log: Log) {
    let mut value = lock.write();
    *value += 1;
    log.add(format!("{name} writes {}", *value));
    sleep(ms(1));
}

/// One thread for each letter of `plan`: `r` reads, `w` writes.
#[green]
fn crowd(plan: &[&'static str], lock: &Rc<RwLock<u32>>, log: &Log) -> Vec<GreenThread<()>> {
    let mut threads = vec![];
    for &name in plan {
        let (lock, log) = (lock.clone(), log.clone());
        threads.push(match name.starts_with('r') {
            true => spawn(move || read(name, lock, log)),
            false => spawn(move || write(name, lock, log)),
        });
    }
    turn();
    threads
}

#[green]
fn notified(name: &'static str, pair: Rc<(Mutex<u32>, Condvar)>, log: Log) {
    let guard = pair.0.lock();
    let guard = pair.1.wait(guard);
    log.add(format!("{name} {}", *guard));
}

scenarios! {
    fn a_mutex_holds_across_suspensions_and_serves_in_order() {
        let (mutex, log) = (Rc::new(Mutex::new(0)), Log::new());
        let threads = ["a", "b", "c"].map(|name| {
            let (mutex, log) = (mutex.clone(), log.clone());
            spawn(#[green] move || {
                let mut value = mutex.lock();
                let old = *value;
                sleep(ms(1));
                *value = old + 1;
                log.add(format!("{name} {}", *value));
            })
        });
        turn();
        assert!(mutex.is_locked() && mutex.try_lock().is_none());
        assert_eq!(mutex.waiting(), 2);
        assert!(mutex.lock_timeout(Duration::ZERO).is_err());
        for thread in threads {
            thread.wait();
        }
        log.expect(["a 1", "b 2", "c 3"]);
        assert_eq!(now(), ms(3));
        assert!(mutex.try_lock().is_some_and(|value| *value == 3));
    }

    fn a_mutex_is_not_poisoned_and_a_killed_holder_unlocks() {
        let mutex = Rc::new(Mutex::new(0));
        let m = mutex.clone();
        let panics = spawn(#[green] move || {
            let mut value = m.lock();
            *value = 1;
            panic!("on purpose");
        });
        assert!(panics.join().is_err());
        let m = mutex.clone();
        let holder = spawn(#[green] move || {
            let _value = m.lock();
            sleep(Duration::MAX);
        });
        let m = mutex.clone();
        let waiter = spawn(#[green] move || *m.lock());
        turn();
        holder.kill();
        assert_eq!(waiter.wait(), 1);
    }

    fn a_lock_waiter_killed_after_it_was_called_passes_the_lock_on() {
        let (mutex, log) = (Rc::new(Mutex::new(())), Log::new());
        let held = mutex.lock();
        let threads = ["a", "b"].map(|name| {
            let (mutex, log) = (mutex.clone(), log.clone());
            spawn(#[green] move || {
                let _held = mutex.lock();
                log.add(name);
            })
        });
        turn();
        drop(held);
        threads[0].kill();
        turn();
        log.expect(["b"]);
    }

    fn readers_share_and_a_waiting_writer_holds_up_later_readers() {
        let (lock, log) = (Rc::new(RwLock::new(0)), Log::new());
        let threads = crowd(&["r1", "r2", "w1", "r3", "r4", "w2"], &lock, &log);
        log.expect(["r1 reads 0", "r2 reads 0"]);
        for thread in threads {
            thread.wait();
        }
        log.expect(["w1 writes 1", "r3 reads 1", "r4 reads 1", "w2 writes 2"]);
        assert_eq!(now(), ms(4));
    }

    fn readers_behind_a_writer_that_gave_up_go_in() {
        let (lock, log) = (Rc::new(RwLock::new(0)), Log::new());
        let held = lock.read();
        let threads = crowd(&["w", "r1", "r2"], &lock, &log);
        log.expect([]);
        threads[0].kill();
        turn();
        log.expect(["r1 reads 0", "r2 reads 0"]);
        drop(held);
        sleep(ms(1));
    }

    fn a_writer_killed_after_it_was_called_lets_the_next_in() {
        let (lock, log) = (Rc::new(RwLock::new(0)), Log::new());
        let held = lock.read();
        let threads = crowd(&["w1", "w2"], &lock, &log);
        drop(held);
        assert!(lock.try_read().is_none());
        threads[0].kill();
        turn();
        log.expect(["w2 writes 1"]);
        assert!(lock.read_timeout(Duration::ZERO).is_err());
        assert!(lock.write_timeout(ms(5)).is_ok());
        assert!(lock.try_read().is_some());
        assert_eq!(now(), ms(1));
    }

    fn a_condvar_notifies_in_order_and_locks_again() {
        let (pair, log) = (Rc::new((Mutex::new(0), Condvar::new())), Log::new());
        for name in ["a", "b", "c"] {
            let (pair, log) = (pair.clone(), log.clone());
            spawn(move || notified(name, pair, log));
        }
        turn();
        assert_eq!(pair.1.waiting(), 3);
        pair.1.notify_one();
        turn();
        log.expect(["a 0"]);
        *pair.0.lock() = 1;
        pair.1.notify_all();
        turn();
        turn();
        log.expect(["b 1", "c 1"]);
    }

    fn a_notification_that_nobody_answers_goes_to_the_next() {
        let (pair, log) = (Rc::new((Mutex::new(0), Condvar::new())), Log::new());
        let threads = ["a", "b"].map(|name| {
            let (pair, log) = (pair.clone(), log.clone());
            spawn(move || notified(name, pair, log))
        });
        turn();
        pair.1.notify_one();
        threads[0].kill();
        turn();
        log.expect(["b 0"]);
        assert!(!pair.0.is_locked());
    }

    fn a_notification_of_one_that_ends_before_it_has_the_lock_again_goes_to_the_next() {
        let (pair, log) = (Rc::new((Mutex::new(0), Condvar::new())), Log::new());
        let threads = ["a", "b"].map(|name| {
            let (pair, log) = (pair.clone(), log.clone());
            spawn(move || notified(name, pair, log))
        });
        turn();
        let mut value = pair.0.lock();
        *value = 1;
        pair.1.notify_one();
        turn();
        assert_eq!((pair.0.waiting(), pair.1.waiting()), (1, 1));
        threads[0].kill();
        drop(value);
        turn();
        turn();
        log.expect(["b 1"]);
    }

    fn a_condvar_wait_that_timed_out_has_the_lock_again() {
        let (mutex, condvar) = (Mutex::new(1), Condvar::new());
        let (guard, result) = condvar.wait_timeout(mutex.lock(), ms(7));
        assert_eq!((*guard, result.unwrap_err().limit(), now()), (1, ms(7), ms(7)));
        assert!(mutex.is_locked());
        assert_eq!(condvar.waiting(), 0);
    }

    fn wait_while_looks_before_it_waits_and_after_each_notification() {
        let pair = Rc::new((Mutex::new(0), Condvar::new()));
        for n in 1..=3 {
            let pair = pair.clone();
            spawn_after(ms(n), #[green] move || {
                *pair.0.lock() += 1;
                pair.1.notify_one();
            });
        }
        let guard = pair.1.wait_while(pair.0.lock(), |n| *n < 3);
        assert_eq!((*guard, now()), (3, ms(3)));
        let guard = pair.1.wait_while(guard, |n| *n < 3);
        assert_eq!(*guard, 3);
    }

    fn the_last_at_a_barrier_leads_and_does_not_suspend() {
        let (barrier, log) = (Rc::new(Barrier::new(3)), Log::new());
        for round in ["one", "two"] {
            let threads = ["a", "b", "c"].map(|name| {
                let (barrier, log) = (barrier.clone(), log.clone());
                spawn(#[green] move || {
                    let leads = barrier.wait();
                    log.add(format!("{name} {round} {leads}"));
                })
            });
            for thread in threads {
                thread.wait();
            }
        }
        log.expect(["c one true", "a one false", "b one false", "c two true", "a two false", "b two false"]);
        assert_eq!(barrier.passed(), 2);
    }

    fn whoever_was_killed_at_a_barrier_is_not_there() {
        let barrier = Rc::new(Barrier::new(2));
        let threads = [1, 2].map(|n| {
            let barrier = barrier.clone();
            spawn_after(ms(n), #[green] move || barrier.wait())
        });
        sleep(ms(1));
        turn();
        threads[0].kill();
        sleep(ms(5));
        assert_eq!((barrier.waiting(), barrier.passed()), (1, 0));
        assert!(barrier.wait());
        turn();
    }

    fn a_reentrant_lock_is_unlocked_when_its_owner_is_killed() {
        let lock = Rc::new(ReentrantLock::new(()));
        let k = lock.clone();
        let owner = spawn(#[green] move || {
            let _outer = k.lock();
            let _inner = k.lock();
            sleep(Duration::MAX);
        });
        let k = lock.clone();
        let waiter = spawn(#[green] move || drop(k.lock()));
        turn();
        assert!(lock.is_locked() && !waiter.is_finished());
        owner.kill();
        waiter.wait();
        assert!(!lock.is_locked());
    }

    fn a_reentrant_lock_belongs_to_the_green_thread() {
        let (lock, log) = (Rc::new(ReentrantLock::new(Cell::new(0))), Log::new());
        let first = lock.lock();
        let second = lock.lock();
        let third = lock.try_lock().unwrap();
        let (k, l) = (lock.clone(), log.clone());
        let other = spawn(#[green] move || {
            l.add(k.try_lock().is_some());
            l.add(k.lock_timeout(ms(1)).is_ok());
            let guard = k.lock();
            l.add(format!("other has {}", guard.get()));
        });
        turn();
        drop(first);
        third.set(7);
        drop(third);
        sleep(ms(2));
        log.expect(["false", "false"]);
        assert!(lock.is_locked());
        drop(second);
        other.wait();
        log.expect(["other has 7"]);
        assert!(!lock.is_locked());
    }
}
