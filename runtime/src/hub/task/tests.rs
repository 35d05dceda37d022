use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::super::subtask::SubtaskQueue;
use super::*;
use crate::hub::current::with;

/// Wakes it when it is dropped.
struct Wakes(Waker);

impl Drop for Wakes {
    fn drop(&mut self) {
        self.0.wake_by_ref();
    }
}

/// Lets everybody have a turn who is ready.
fn take_turns() {
    crate::run(|| crate::sleep(Duration::ZERO));
}

#[test]
fn a_task_that_never_ended_is_not_brought_back_by_its_own_destructor() {
    let resumed = Rc::new(Cell::new(0));
    let count = resumed.clone();
    let remote = with(|hub| hub.remote.clone());
    let (task, outcome) = TaskRef::allocate(&remote, 0, move || async move {
        let _wakes = Wakes(poll_fn(|cx| Poll::Ready(cx.waker().clone())).await);
        poll_fn(|_| {
            count.set(count.get() + 1);
            Poll::<()>::Pending
        })
        .await;
    });
    assert_eq!(task.resume(), Progress::Suspended);
    drop((task, outcome));
    assert_eq!(with(|hub| hub.ready_count()), 0);
    take_turns();
    assert_eq!((resumed.get(), Rc::strong_count(&resumed)), (1, 1));
}

#[test]
fn a_branch_that_never_ended_is_not_reached_while_it_is_dropped() {
    let queue = SubtaskQueue::new();
    let remote = with(|hub| hub.remote.clone());
    let branch = Subtask::new(&remote, 0, &queue);
    let waker = branch.with_context(|cx| cx.waker().clone());
    branch.0.with_cold(|cold| cold.locals.push((0, Rc::new(Wakes(waker)))));
    drop(branch);
    assert_eq!(Rc::strong_count(&queue), 1);
}

#[test]
fn each_reference_is_counted_once() {
    let remote = with(|hub| hub.remote.clone());
    let held = Rc::new(());
    let of_body = held.clone();
    let (task, outcome) = TaskRef::allocate(&remote, 0, move || async move {
        let _held = of_body;
        pending::<()>().await;
    });
    assert_eq!(task.resume(), Progress::Suspended);
    let waker = task.with_context(|cx| cx.waker().clone());
    let others = [task.clone(), task.clone()];
    drop((task, outcome));
    assert_eq!(Rc::strong_count(&held), 2);
    drop(others);
    // Its body goes with the last reference at home, its memory with the last waker.
    assert_eq!(Rc::strong_count(&held), 1);
    waker.wake_by_ref();
    take_turns();
    drop(waker);
}
