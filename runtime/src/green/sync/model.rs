//! Locks that are given up, conditions that come true, and values that are there, while a green
//! thread of another OS thread is about to wait for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::thread;

use super::access::{Access, Kind};
use super::init::Arrival;
use super::*;
use crate::loom::model::{explore, hub_with};
use crate::{run, spawn};

#[test]
fn a_lock_that_is_given_up_while_another_waits_is_given_to_it_alone() {
    explore(3, || {
        hub_with(&Arc::default());
        let access = Arc::new(Access::new());
        let holders = Arc::new(AtomicUsize::new(0));
        let (other, others) = (access.clone(), holders.clone());
        thread::spawn(move || {
            if let Some(held) = other.try_enter(Kind::Write) {
                assert_eq!(others.fetch_add(1, Ordering::Relaxed), 0);
                thread::yield_now();
                others.fetch_sub(1, Ordering::Relaxed);
                drop(held);
            }
        });
        run(async || {
            let held = access.enter(Kind::Write).await;
            assert_eq!(holders.fetch_add(1, Ordering::Relaxed), 0);
            holders.fetch_sub(1, Ordering::Relaxed);
            drop(held);
        });
    });
}

#[test]
fn one_that_was_let_in_and_is_killed_lets_in_the_next() {
    explore(2, || {
        hub_with(&Arc::default());
        let access = Arc::new(Access::new());
        let (gives, waits) = (access.clone(), access.clone());
        run(async || {
            let held = gives.try_enter(Kind::Write).expect("nobody is in");
            let killed = spawn(move || async move { drop(waits.enter(Kind::Read).await) });
            crate::sleep(std::time::Duration::ZERO).await;
            std::mem::forget(held);
            thread::spawn(move || gives.leave(Kind::Write));
            killed.kill();
            drop(access.enter(Kind::Write).await);
        });
    });
}

#[test]
fn a_condition_that_comes_true_while_a_green_thread_falls_asleep_wakes_it() {
    explore(2, || {
        hub_with(&Arc::default());
        let pair = Arc::new((Mutex::new(()), Condvar::new()));
        let guard = pair.0.try_lock().expect("nobody has it");
        let other = pair.clone();
        // Once the mutex is open the waiter stands in its line.
        thread::spawn(move || {
            while other.0.try_lock().is_err() {
                thread::yield_now();
            }
            other.1.notify_one();
        });
        run(async || drop(pair.1.wait(guard).await));
    });
}

#[test]
fn a_value_that_is_set_while_a_green_thread_begins_to_wait_wakes_it() {
    explore(3, || {
        hub_with(&Arc::default());
        let cell = Arc::new(Arrival::new());
        let value = Arc::new(crate::loom::OnceLock::new());
        let (sets, announces) = (value.clone(), cell.clone());
        thread::spawn(move || {
            sets.set(7).expect("it is set once");
            announces.announce();
        });
        assert_eq!(run(async || cell.wait(|| value.get().copied()).await), 7);
    });
}
