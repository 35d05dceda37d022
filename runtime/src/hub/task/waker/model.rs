//! Wakers that are used on other OS threads than their task's, with the hub itself on one side.

use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use loom::alloc::Track;
use loom::sync::atomic::AtomicU32;
use loom::thread;

use super::*;
use crate::hub::Hub;
use crate::loom::model::{explore, hub_with};

/// What a green thread waits for: that all of these were written, each without an ordering of its
/// own.
type Written = Arc<[AtomicU32]>;

fn none_of(count: usize) -> Written {
    (0..count).map(|_| AtomicU32::new(0)).collect()
}

/// Suspends until all are written. The waker goes to `give` when this is first resumed.
async fn all(written: &Written, give: impl FnOnce(&Waker)) {
    let mut give = Some(give);
    poll_fn(|cx| {
        if let Some(give) = give.take() {
            give(cx.waker());
        }
        if written.iter().all(|word| word.load(Relaxed) == 1) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await
}

fn run(hub: &Rc<Hub>, body: impl Future<Output = ()>) {
    assert!(matches!(hub.run_scoped(|| body), Ok(Ok(()))), "the hub took it for a deadlock");
}

/// Explores a green thread that waits until `count` words are written, by those to whom `give`
/// gives its waker.
fn explore_waiting(preemptions: usize, count: usize, give: fn(&Written, &Waker)) {
    explore(preemptions, move || {
        let hub = hub_with(&Arc::default());
        let written = none_of(count);
        run(&hub, all(&written, |waker| give(&written, waker)));
    });
}

/// Lets another OS thread write and wake.
fn elsewhere(written: &Written, waker: &Waker, act: impl FnOnce(Written, Waker) + 'static) {
    let (written, waker) = (written.clone(), waker.clone());
    thread::spawn(move || act(written, waker));
}

#[test]
fn a_wake_brings_what_was_written_before_it() {
    explore_waiting(4, 1, |written, waker| {
        elsewhere(written, waker, |written, waker| {
            written[0].store(1, Relaxed);
            waker.wake();
        });
    });
}

#[test]
fn a_wake_that_finds_another_one_in_the_inbox_brings_what_was_written_before_it() {
    explore_waiting(2, 2, |written, waker| {
        for index in 0..2 {
            elsewhere(written, waker, move |written, waker| {
                written[index].store(1, Relaxed);
                waker.wake();
            });
        }
    });
}

#[test]
fn a_thread_that_is_woken_again_while_it_runs_runs_again() {
    explore_waiting(3, 2, |written, waker| {
        elsewhere(written, waker, |written, waker| {
            written[0].store(1, Relaxed);
            waker.wake_by_ref();
            written[1].store(1, Relaxed);
            waker.wake();
        });
    });
}

#[test]
fn a_wake_at_home_takes_over_one_from_elsewhere() {
    explore(3, || {
        let hub = hub_with(&Arc::default());
        let written = none_of(1);
        run(&hub, async {
            let at_home = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
            all(&written, |waker| {
                elsewhere(&written, waker, |written, waker| {
                    written[0].store(1, Relaxed);
                    waker.wake();
                });
                at_home.wake_by_ref();
            })
            .await;
        });
    });
}

#[test]
fn a_waker_may_outlive_its_thread_and_the_hub() {
    explore(3, || {
        let hub = hub_with(&Arc::default());
        let content = Track::new(());
        run(&hub, async {
            let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
            thread::spawn(move || {
                waker.wake_by_ref();
                drop(waker.clone());
                waker.wake();
            });
            drop(content);
        });
    });
}

#[test]
fn a_waker_that_comes_home_after_its_thread_has_ended_wakes_nothing() {
    explore(3, || {
        let hub = hub_with(&Arc::default());
        let (ended, written) =
            (hub.create_task(|| poll_fn(|cx| Poll::Ready(cx.waker().clone()))), none_of(1));
        hub.schedule(ended.task());
        run(
            &hub,
            all(&written, |waker| {
                let waker = waker.clone();
                let (written, waker_of_ended) = (written.clone(), ended.take());
                drop(ended);
                thread::spawn(move || {
                    waker_of_ended.expect("it ran first").expect("it returned").wake();
                    written[0].store(1, Relaxed);
                    waker.wake();
                });
            }),
        );
    });
}
