//! Closures that the hub calls at a time.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use eventlet::hubs::{ScheduledCall, schedule_call_global, schedule_call_local};
use eventlet::{sleep, spawn, testing};
use eventlet_tests::{Noted, assert_events, ms, note};

#[eventlet::test]
fn calls_are_made_by_deadline_and_equal_ones_in_the_order_in_which_they_were_scheduled() {
    for (delay, event) in
        [(30, "30 first"), (10, "10 first"), (30, "30 second"), (20, "20"), (10, "10 second")]
    {
        schedule_call_global(ms(delay), move || note(event));
    }
    sleep(ms(40));
    assert_events(["10 first", "10 second", "20", "30 first", "30 second"]);
}

#[eventlet::test]
fn a_call_without_delay_takes_its_turn_among_the_threads() {
    spawn(|| async { note("thread") });
    schedule_call_global(Duration::ZERO, || note("call"));
    spawn(|| async { note("another thread") });
    note("main");
    sleep(Duration::ZERO);
    assert_events(["main", "thread", "call", "another thread"]);
}

#[eventlet::test]
fn a_global_call_outlives_its_thread_and_a_local_one_does_not() {
    spawn(|| async {
        schedule_call_global(ms(10), || note("global"));
        schedule_call_local(ms(10), || note("local"));
        schedule_call_local(Duration::ZERO, || note("local at once"));
    })
    .wait();
    sleep(ms(20));
    assert_events(["global"]);
}

#[eventlet::test]
fn a_local_call_is_made_while_its_thread_lives() {
    let call = schedule_call_local(ms(10), || note("local"));
    sleep(ms(20));
    assert!(call.is_called());
    assert_events(["local"]);
}

#[eventlet::test]
fn a_cancelled_call_is_not_made_and_leaves_nothing() {
    let held = Noted("closure dropped");
    let call = schedule_call_global(ms(10), move || {
        let _held = &held;
        note("never");
    });
    assert!(call.is_pending() && !call.is_called());
    call.cancel();
    assert_events(["closure dropped"]);
    call.cancel();
    assert!(!call.is_pending() && !call.is_called());
    assert_eq!(testing::Left::now().timers, 0);
    sleep(ms(20));
    assert_events([]);
}

#[eventlet::test]
fn a_call_can_cancel_another_one_of_the_same_moment() {
    let second: Rc<RefCell<Option<ScheduledCall>>> = Rc::default();
    let cancels = second.clone();
    schedule_call_global(ms(10), move || {
        note("first");
        cancels.take().unwrap().cancel();
    });
    second.replace(Some(schedule_call_global(ms(10), || note("never"))));
    sleep(ms(20));
    assert_events(["first"]);
}

#[eventlet::test]
fn a_panic_in_a_call_goes_no_further() {
    let call = schedule_call_global(ms(1), || panic!("in a call"));
    schedule_call_global(ms(1), || note("next"));
    sleep(ms(2));
    assert!(call.is_called() && !call.is_pending());
    call.cancel();
    assert_events(["next"]);
}

#[eventlet::test]
fn two_thousand_cancelled_calls_leave_nothing() {
    for n in 0..2000 {
        schedule_call_global(ms(60_000 + n), || note("never")).cancel();
    }
    assert_eq!(testing::Left::now().timers, 0);
    assert_events([]);
}
