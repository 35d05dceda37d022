//! `join_all`, `try_join_all` and `race_all`.

use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use eventlet::branch::{join_all, race_all, try_join_all};
use eventlet::{Event, Exit, green, sleep, spawn, testing, with_timeout};
use eventlet_tests::{Noted, assert_events, events, ms};

#[green]
fn value_after(delay: u64, value: &'static str) -> &'static str {
    let _noted = Noted(value);
    sleep(ms(delay));
    value
}

#[green]
fn result_after(delay: u64, result: Result<u32, &'static str>) -> Result<u32, &'static str> {
    sleep(ms(delay));
    result
}

#[green]
fn boom_after(delay: u64) -> &'static str {
    let _noted = Noted("dropped");
    sleep(ms(delay));
    if delay == 1 { panic!("boom") } else { "value" }
}

/// Counts how often it is polled.
struct Counted<'a, C> {
    polls: &'a Cell<usize>,
    call: Pin<Box<C>>,
}

impl<C: Future> Future for Counted<'_, C> {
    type Output = C::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<C::Output> {
        self.polls.set(self.polls.get() + 1);
        self.call.as_mut().poll(cx)
    }
}

#[eventlet::test]
fn values_come_in_the_order_given() {
    let before = testing::now();
    let calls = [(30, "c"), (10, "a"), (20, "b")].map(|(delay, value)| move || value_after(delay, value));
    assert_eq!(join_all(calls), ["c", "a", "b"]);
    assert_eq!(testing::now() - before, ms(30));
    assert_events(["a", "b", "c"]);
}

#[eventlet::test]
fn no_calls_are_over_at_once() {
    assert!(join_all(Vec::<fn() -> std::future::Ready<u32>>::new()).is_empty());
}

#[eventlet::test]
fn ten_thousand_calls_are_polled_when_woken_and_not_otherwise() {
    const COUNT: usize = 10_000;
    let polls = Cell::new(0);
    let sent: Vec<Event<usize>> = (0..COUNT).map(|_| Event::new()).collect();
    let senders: Vec<_> = sent.iter().cloned().enumerate().collect();
    let sender = spawn(
        #[green]
        move || {
            sleep(ms(1));
            for (index, event) in senders.iter().rev() {
                if index % 100 == 0 {
                    sleep(ms(1));
                }
                event.send(*index);
            }
        },
    );
    let values = join_all(sent.iter().map(|event| {
        let polls = &polls;
        move || Counted { polls, call: Box::pin(event.wait()) }
    }));
    sender.wait();
    assert!(values.into_iter().eq(0..COUNT));
    assert_eq!(polls.get(), 2 * COUNT);
}

#[eventlet::test]
fn a_panic_ends_the_others_and_comes_out() {
    let thread = spawn(|| join_all([5, 1, 7].map(|delay| move || boom_after(delay))));
    assert!(matches!(thread.join(), Err(Exit::Panicked(panic)) if panic.message() == Some("boom")));
    assert_events(["dropped", "dropped", "dropped"]);
}

#[eventlet::test]
fn the_first_error_ends_the_others() {
    let before = testing::now();
    let calls = [(9, Ok(1)), (3, Err("late")), (2, Err("early"))];
    let result = try_join_all(calls.map(|(delay, result)| move || result_after(delay, result)));
    assert_eq!((result, testing::now() - before), (Err("early"), ms(2)));
}

#[eventlet::test]
fn without_an_error_all_values_come_out() {
    let calls = [(2, Ok(1)), (1, Ok(2))];
    assert_eq!(
        try_join_all(calls.map(|(delay, result)| move || result_after(delay, result))),
        Ok(vec![1, 2])
    );
}

#[eventlet::test]
fn the_first_to_finish_wins_and_the_others_are_dropped() {
    let calls = [(30, "c"), (10, "a"), (20, "b")].map(|(delay, value)| move || value_after(delay, value));
    assert_eq!(race_all(calls), (1, "a"));
    assert_events(["a", "c", "b"]);
}

#[eventlet::test]
fn of_several_that_are_ready_at_once_the_first_given_wins() {
    assert_eq!(
        race_all((0..5).map(|n| #[green]
        move || n)),
        (0, 0)
    );
}

#[eventlet::test]
fn a_kill_or_a_timeout_ends_them_in_the_order_given() {
    let calls = || [(30, "c"), (10, "a"), (20, "b")].map(|(delay, value)| move || value_after(delay, value));
    assert!(with_timeout(ms(1), || join_all(calls())).is_err());
    assert_events(["c", "a", "b"]);
    let thread = spawn(move || join_all(calls()));
    sleep(Duration::ZERO);
    thread.kill();
    assert_events(["c", "a", "b"]);
}

#[test]
#[should_panic(expected = "a race needs a call to win it")]
fn a_race_of_nobody_panics() {
    drop(events());
    eventlet::run(|| race_all(Vec::<fn() -> std::future::Ready<u32>>::new()));
}
