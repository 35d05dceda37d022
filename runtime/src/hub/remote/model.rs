//! The inbox and the sleep, with the hub itself on one side.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use loom::alloc::Track;
use loom::thread;

use super::*;
use crate::hub::current;
use crate::hub::turn::RunEnd;
use crate::loom::model::{explore, hub_with};

/// Mail that stops the hub when the other one that shares `count` has come too.
fn second_stops(count: &Arc<AtomicU32>) -> Mail {
    let count = count.clone();
    Mail::Call(Box::new(move || {
        if count.fetch_add(1, Ordering::Relaxed) == 1 {
            current::with(|hub| hub.stop());
        }
    }))
}

#[test]
fn mail_posted_while_the_hub_falls_asleep_wakes_it() {
    explore(4, || {
        let hub = hub_with(&Arc::default());
        let remote = hub.remote.clone();
        thread::spawn(move || assert!(remote.post(Mail::Stop)));
        assert!(matches!(hub.run_until(None), RunEnd::Stopped));
    });
}

#[test]
fn of_two_who_post_at_once_none_is_overlooked() {
    explore(2, || {
        let hub = hub_with(&Arc::default());
        let count = Arc::new(AtomicU32::new(0));
        for _ in 0..2 {
            let (remote, mail) = (hub.remote.clone(), second_stops(&count));
            thread::spawn(move || assert!(remote.post(mail)));
        }
        assert!(matches!(hub.run_until(None), RunEnd::Stopped));
    });
}

#[test]
fn mail_wakes_a_hub_from_every_one_of_its_sleeps() {
    explore(3, || {
        let hub = hub_with(&Arc::default());
        let count = Arc::new(AtomicU32::new(0));
        let (remote, mail) = (hub.remote.clone(), [second_stops(&count), second_stops(&count)]);
        thread::spawn(move || mail.into_iter().for_each(|mail| assert!(remote.post(mail))));
        assert!(matches!(hub.run_until(None), RunEnd::Stopped));
    });
}

#[test]
fn mail_posted_while_the_hub_changes_its_poller_wakes_it_in_the_new_one() {
    explore(3, || {
        let hub = hub_with(&Arc::default());
        let remote = hub.remote.clone();
        thread::spawn(move || assert!(remote.post(Mail::Stop)));
        hub_with(&Arc::default());
        assert!(matches!(hub.run_until(None), RunEnd::Stopped));
    });
}

#[test]
fn mail_from_a_handle_that_is_let_go_after_it_is_no_deadlock() {
    explore(3, || {
        let hub = hub_with(&Arc::default());
        let remote = hub.remote.clone();
        let is_told = Arc::new(AtomicBool::new(false));
        let tells = is_told.clone();
        thread::spawn(move || {
            let wake_all = || current::with(|hub| hub.all_tasks().iter().for_each(|task| hub.schedule(task)));
            remote.post(Mail::Call(Box::new(move || {
                tells.store(true, Ordering::Relaxed);
                wake_all();
            })));
        });
        let told = std::future::poll_fn(|_| {
            if is_told.load(Ordering::Relaxed) {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        });
        assert!(matches!(hub.run_scoped(|| told), Ok(Ok(()))), "the hub took it for a deadlock");
    });
}

#[test]
fn what_is_posted_while_the_hub_ends_is_refused_or_dropped() {
    explore(3, || {
        let hub = hub_with(&Arc::default());
        let remote = hub.remote.clone();
        thread::spawn(move || {
            // It holds the inbox that it lies in: one that stays there is never freed.
            let (kept, content) = (remote.clone(), Track::new(()));
            remote.post(Mail::Call(Box::new(move || drop((kept, content)))));
        });
    });
}
