//! Waits that another OS thread ends: one that blocks, and one that suspends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::thread;

use super::*;
use crate::loom::model::{explore, hub_with};
use crate::{run, spawn};

#[test]
fn a_value_sent_while_an_os_thread_falls_asleep_wakes_it() {
    explore(4, || {
        let event = Event::new();
        let sends = event.clone();
        thread::spawn(move || sends.send(7));
        assert_eq!(event.wait_blocking(), 7);
    });
}

#[test]
fn a_value_sent_while_a_green_thread_suspends_wakes_it() {
    explore(3, || {
        hub_with(&Arc::default());
        let event = Event::new();
        let sends = event.clone();
        thread::spawn(move || sends.send(7));
        assert_eq!(run(|| event.wait()), 7);
    });
}

#[test]
fn whoever_waits_gets_the_value_of_its_round_though_the_event_is_reset() {
    explore(3, || {
        let event = Event::new();
        let sends = event.clone();
        thread::spawn(move || {
            sends.send(7);
            sends.reset();
            sends.send(8);
        });
        assert!([7, 8].contains(&event.wait_blocking()));
    });
}

#[test]
fn one_permit_is_never_with_two() {
    explore(3, || {
        let semaphore = Semaphore::new(1);
        let holders = Arc::new(AtomicUsize::new(0));
        let take_turns = move || {
            let _permit = semaphore.acquire_blocking();
            assert_eq!(holders.fetch_add(1, Ordering::Relaxed), 0);
            thread::yield_now();
            holders.fetch_sub(1, Ordering::Relaxed);
        };
        thread::spawn(take_turns.clone());
        take_turns();
    });
}

#[test]
fn a_permit_that_was_meant_for_a_killed_thread_goes_to_the_next() {
    explore(2, || {
        hub_with(&Arc::default());
        let semaphore = Semaphore::new(0);
        let (gives, waits) = (semaphore.clone(), semaphore.clone());
        run(async || {
            let killed = spawn(move || async move { drop(waits.acquire().await) });
            crate::sleep(std::time::Duration::ZERO).await;
            thread::spawn(move || gives.release());
            thread::spawn(move || drop(semaphore.acquire_blocking()));
            killed.kill();
        });
    });
}

#[test]
fn every_item_of_a_full_queue_arrives_in_order() {
    explore(3, || {
        let queue = Queue::bounded(1);
        let puts = queue.clone();
        thread::spawn(move || (1..=2).for_each(|item| puts.put_blocking(item).unwrap()));
        assert_eq!([queue.get_blocking(), queue.get_blocking()], [Ok(1), Ok(2)]);
    });
}

#[test]
fn two_getters_on_two_os_threads_get_an_item_each() {
    explore(2, || {
        hub_with(&Arc::default());
        let queue = Queue::bounded(0);
        let (puts, gets) = (queue.clone(), queue.clone());
        thread::spawn(move || (1..=2).for_each(|item| puts.put_blocking(item).unwrap()));
        thread::spawn(move || assert!(gets.get_blocking().is_ok()));
        assert!(run(|| queue.get()).is_ok());
    });
}

#[test]
fn a_queue_that_is_shut_down_lets_everybody_go() {
    explore(3, || {
        let queue = Queue::<u32>::unbounded();
        let shuts = queue.clone();
        thread::spawn(move || shuts.shutdown());
        assert!(queue.get_blocking().is_err());
    });
}

#[test]
fn a_permit_that_is_taken_at_once_and_given_back_reaches_who_was_called_for_it() {
    explore(2, || {
        let semaphore = Semaphore::new(0);
        let (waits, gives) = (semaphore.clone(), semaphore.clone());
        thread::spawn(move || drop(waits.acquire_blocking()));
        thread::spawn(move || gives.release());
        drop(semaphore.try_acquire());
    });
}

#[test]
fn an_item_that_is_taken_at_once_and_put_back_reaches_who_was_called_for_it() {
    explore(2, || {
        let queue = Queue::unbounded();
        let (gets, puts) = (queue.clone(), queue.clone());
        thread::spawn(move || assert_eq!(gets.get_blocking(), Ok(7)));
        thread::spawn(move || puts.try_put(7).unwrap());
        if let Ok(item) = queue.try_get() {
            queue.try_put(item).unwrap();
        }
    });
}

#[test]
fn of_two_values_that_are_set_one_wakes_whoever_waits_and_one_stays() {
    explore(3, || {
        let event = Event::new();
        let (waits, sets) = (event.clone(), event.clone());
        thread::spawn(move || assert!([7, 8].contains(&waits.wait_blocking())));
        thread::spawn(move || sets.set(7));
        event.set(8);
        assert!([Some(7), Some(8)].contains(&event.poll()));
    });
}

#[test]
fn an_item_that_is_put_wakes_who_looks_and_done_with_wakes_who_joins() {
    explore(2, || {
        let queue = Queue::unbounded();
        let (looks, puts) = (queue.clone(), queue.clone());
        thread::spawn(move || {
            assert_eq!(looks.peek_blocking(), Ok(7));
            looks.task_done();
        });
        puts.try_put(7).unwrap();
        queue.join_blocking();
    });
}
