use std::time::Duration;

use eventlet::branch::Race2;
use eventlet::testing::now;
use eventlet::{Green, GreenThread, Timeout, green, race, sleep, spawn, spawn_after, with_timeout};

use super::{contract, on_both};
use crate::elsewhere::{meddle, woken_anew};
use crate::support::{Log, Meddler, ms, turn};

contract! {
    /// A value that is sent once, and that any number of threads wait for.
    trait Events<T> {
        fn send(self: &Self, value: T);
        fn try_send(self: &Self, value: T) -> Result<(), T>;
        fn set(self: &Self, value: T);
        fn ready(self: &Self) -> bool;
        fn reset(self: &Self);
        fn try_reset(self: &Self) -> bool;
        fn waiting(self: &Self) -> usize;
        fn wait(self: &Self) -> Green<impl Future<Output = T>>;
        fn wait_timeout(self: &Self, limit: Duration) -> Green<impl Future<Output = Result<T, Timeout>>>;
        fn poll(self: &Self) -> Option<T>;
        fn link(self: &Self, f: impl FnOnce(T) + 'static) -> GreenThread<()>;
    }
    eventlet::Event<T> as eventlet::Event<T>, eventlet::sync::Event<T>
}

type Outcome = Result<u32, &'static str>;

contract! {
    /// One that may bring an error.
    trait SendsErrors {
        fn send_exception(self: &Self, error: &'static str);
        fn has_result(self: &Self) -> bool;
        fn has_exception(self: &Self) -> bool;
    }
    eventlet::Event<Outcome> as eventlet::Event<Outcome>, eventlet::sync::Event<Outcome>
}

trait OutcomeEvents: Events<Outcome> + SendsErrors {}

impl<E: Events<Outcome> + SendsErrors> OutcomeEvents for E {}

#[green]
fn wait_and_log(name: &'static str, event: impl Events<u32>, log: Log) {
    let value = event.wait();
    log.add(format!("{name} {value}"));
}

/// One thread for each name waits, in this order.
#[green]
fn waiters<E: Events<u32>>(event: &E, log: &Log, names: &[&'static str]) -> Vec<GreenThread<()>> {
    let threads = names
        .iter()
        .map(|&name| {
            let (event, log) = (event.clone(), log.clone());
            spawn(move || wait_and_log(name, event, log))
        })
        .collect();
    turn();
    threads
}

on_both! {
    E: Events<u32> = eventlet::Event<u32>, eventlet::sync::Event<u32>;

    fn send_does_not_switch_and_waiters_run_in_the_order_in_which_they_came() {
        let (event, log) = (E::default(), Log::new());
        let _threads = waiters(&event, &log, &["a", "b", "c"]);
        assert_eq!(event.waiting(), 3);
        event.send(1);
        assert_eq!(event.waiting(), 0);
        log.add("sent");
        turn();
        log.expect(["sent", "a 1", "b 1", "c 1"]);
    }

    fn waiting_for_a_sent_event_does_not_suspend() {
        let (event, log) = (E::default(), Log::new());
        let other = log.clone();
        let thread = spawn(#[green] move || other.add("other"));
        event.send(7);
        log.add(event.wait());
        log.add(event.wait_timeout(Duration::ZERO).unwrap());
        log.expect(["7", "7"]);
        thread.wait();
    }

    fn who_comes_while_others_are_woken_does_not_suspend() {
        let (event, log) = (E::default(), Log::new());
        let _threads = waiters(&event, &log, &["a", "b"]);
        event.send(1);
        log.add(format!("late {}", event.wait()));
        turn();
        log.expect(["late 1", "a 1", "b 1"]);
    }

    fn a_second_send_is_refused_and_the_first_value_stays() {
        let event = E::default();
        event.send(1);
        assert_eq!(event.try_send(2), Err(2));
        assert_eq!(event.wait(), 1);
        event.reset();
        assert!(!event.ready());
        assert_eq!(event.poll(), None);
        event.send(3);
        assert_eq!(event.poll(), Some(3));
    }

    #[should_panic = "the event was sent already"]
    fn sending_twice_panics() {
        let event = E::default();
        event.send(1);
        event.send(2);
    }

    #[should_panic = "not sent cannot be reset"]
    fn resetting_a_fresh_event_panics() {
        E::default().reset();
    }

    fn trying_to_reset_a_fresh_event_forgets_nobody() {
        let (event, log) = (E::default(), Log::new());
        let _threads = waiters(&event, &log, &["a"]);
        assert!(!event.try_reset(), "nothing was sent yet");
        assert_eq!(event.waiting(), 1);
        event.send(1);
        assert!(event.try_reset());
        assert!(!event.try_reset(), "that was the last");
        turn();
        log.expect(["a 1"]);
    }

    fn the_value_is_captured_when_it_is_sent() {
        let (event, log) = (E::default(), Log::new());
        let _early = waiters(&event, &log, &["early"]);
        event.send(1);
        event.reset();
        event.send(2);
        let _late = waiters(&event, &log, &["late"]);
        log.expect(["early 1", "late 2"]);
    }

    fn waiters_that_a_reset_overtook_have_not_joined_the_new_round() {
        let (event, log) = (E::default(), Log::new());
        let _early = waiters(&event, &log, &["early"]);
        event.send(1);
        event.reset();
        assert_eq!(event.waiting(), 0);
        turn();
        log.expect(["early 1"]);
    }

    fn set_overwrites_silently() {
        let event = E::default();
        event.set(1);
        event.set(2);
        assert_eq!((event.wait(), event.ready()), (2, true));
    }

    fn set_wakes_who_waits_and_who_was_woken_keeps_its_value() {
        let (event, log) = (E::default(), Log::new());
        let _threads = waiters(&event, &log, &["a", "b"]);
        event.set(1);
        event.set(2);
        log.add(event.poll().unwrap());
        turn();
        log.expect(["2", "a 1", "b 1"]);
    }

    fn a_value_sent_before_the_limit_arrives() {
        let event = E::default();
        let e = event.clone();
        let _sender = spawn_after(ms(5), #[green] move || e.send(1));
        assert_eq!(event.wait_timeout(ms(10)), Ok(1));
        assert_eq!(now(), ms(5));
    }

    fn a_limit_that_is_over_leaves_no_waiter() {
        let event = E::default();
        assert_eq!(event.wait_timeout(ms(20)).unwrap_err().limit(), ms(20));
        assert_eq!((now(), event.waiting()), (ms(20), 0));
        assert_eq!(event.wait_timeout(Duration::ZERO).unwrap_err().limit(), Duration::ZERO);
        assert_eq!((now(), event.waiting()), (ms(20), 0));
        event.send(1);
        assert_eq!(event.wait_timeout(ms(20)), Ok(1));
        assert_eq!(now(), ms(20));
    }

    fn a_limit_of_zero_is_over_before_what_is_sent_later() {
        let event = E::default();
        let e = event.clone();
        let sender = spawn_after(ms(1), #[green] move || e.send(1));
        assert!(with_timeout(Duration::ZERO, || event.wait()).is_err());
        sender.wait();
        assert_eq!(event.wait(), 1);
    }

    fn an_enclosing_limit_that_is_over_first_comes_out() {
        let event = E::default();
        assert_eq!(with_timeout(ms(1), || event.wait_timeout(ms(9))).unwrap_err().limit(), ms(1));
        assert_eq!((now(), event.waiting()), (ms(1), 0));
    }

    fn a_killed_waiter_is_forgotten_and_the_others_are_served() {
        let (event, log) = (E::default(), Log::new());
        let threads = waiters(&event, &log, &["a", "b", "c"]);
        threads[0].kill();
        assert_eq!(event.waiting(), 2);
        event.send(1);
        threads[1].kill(); // woken already
        turn();
        log.expect(["c 1"]);
    }

    fn a_waiter_that_panics_does_not_stop_the_others() {
        let (event, log) = (E::default(), Log::new());
        let e = event.clone();
        let panics = spawn(#[green] move || {
            let value = e.wait();
            assert_eq!(value, 0, "on purpose");
        });
        let _other = waiters(&event, &log, &["other"]);
        event.send(1);
        turn();
        log.expect(["other 1"]);
        assert!(panics.join().is_err());
    }

    fn the_loser_of_a_race_leaves_no_waiter() {
        let (left, right) = (E::default(), E::default());
        let (l, r) = (left.clone(), right.clone());
        let racer = spawn(#[green] move || match race(|| l.wait(), || r.wait()) {
            Race2::First(value) => ("left", value),
            Race2::Second(value) => ("right", value),
        });
        turn();
        assert_eq!((left.waiting(), right.waiting()), (1, 1));
        right.send(2);
        assert_eq!(racer.wait(), ("right", 2));
        assert_eq!((left.waiting(), right.waiting()), (0, 0));
    }

    fn waiters_outlive_the_handle_that_they_came_by() {
        let (event, log) = (E::default(), Log::new());
        let (e, l) = (event.clone(), log.clone());
        let waiter = spawn(#[green] move || {
            let value = e.wait();
            drop(e);
            l.add(value);
        });
        turn();
        let sender = event.clone();
        drop(event);
        sender.send(1);
        drop(sender);
        waiter.wait();
        log.expect(["1"]);
    }

    fn links_run_in_order_after_the_send_and_can_be_undone() {
        let (event, log) = (E::default(), Log::new());
        let links = [1, 2, 3].map(|n| {
            let log = log.clone();
            event.link(move |value: u32| log.add(n * value))
        });
        turn();
        links[1].kill();
        event.send(10);
        log.expect([]);
        turn();
        log.expect(["10", "30"]);
        let late = log.clone();
        let _link = event.link(move |value| late.add(value));
        log.expect([]);
        turn();
        log.expect(["10"]);
    }

    fn the_destructor_of_a_foreign_waker_may_use_what_it_waited_for() {
        let event = E::default();
        let used = event.clone();
        meddle(|| event.wait(), move || assert!(used.waiting() <= 1));
        assert_eq!(event.waiting(), 0);
    }

    fn another_executor_can_wait_and_the_waker_may_change() {
        let event = E::default();
        assert_eq!(woken_anew(|| event.wait(), || event.send(7)), 7);
    }

    fn clones_are_one_event_and_others_are_not() {
        let event = E::default();
        assert_eq!(event, event.clone());
        assert_ne!(event, E::default());
        event.clone().send(1);
        assert_eq!(format!("{event:?}"), "Event { ready: true, waiting: 0 }");
    }
}

on_both! {
    E: OutcomeEvents = eventlet::Event<Outcome>, eventlet::sync::Event<Outcome>;

    fn an_error_reaches_every_waiter_and_is_gone_after_a_reset() {
        let event = E::default();
        let e = event.clone();
        let waiter = spawn(#[green] move || e.wait());
        turn();
        event.send_exception("no");
        assert_eq!(waiter.wait(), Err("no"));
        assert_eq!(event.wait(), Err("no"));
        assert!(event.ready() && event.has_exception() && !event.has_result());
        event.reset();
        assert!(!event.has_exception());
        event.send(Ok(1));
        assert_eq!(event.wait(), Ok(1));
        assert!(event.has_result() && !event.has_exception());
    }

    #[should_panic = "the event was sent already"]
    fn an_error_after_a_value_panics() {
        let event = E::default();
        event.send(Ok(1));
        event.send_exception("no");
    }
}

on_both! {
    E: Events<Option<u32>> = eventlet::Event<Option<u32>>, eventlet::sync::Event<Option<u32>>;

    fn a_timeout_is_not_a_value_and_leaves_no_waiter() {
        let event = E::default();
        let error = event.wait_timeout(ms(20)).unwrap_err();
        assert_eq!(error.limit(), ms(20));
        assert_eq!((now(), event.waiting()), (ms(20), 0));
        event.send(None);
        assert_eq!(event.wait_timeout(ms(20)), Ok(None));
        assert_eq!(now(), ms(20));
    }
}

on_both! {
    E: Events<Meddler> = eventlet::Event<Meddler>, eventlet::sync::Event<Meddler>;

    fn the_destructor_of_a_value_may_use_its_event() {
        let (event, log) = (E::default(), Log::new());
        let (e, l) = (event.clone(), log.clone());
        event.send(Meddler::new(move || {
            l.add(format!("ready {}", e.ready()));
            l.add(format!("sent {}", e.try_send(Meddler::default()).is_ok()));
        }));
        event.set(Meddler::default());
        log.expect(["ready true", "sent false"]);

        let (e, l) = (event.clone(), log.clone());
        event.set(Meddler::new(move || l.add(format!("ready {}", e.ready()))));
        event.reset();
        log.expect(["ready false"]);
    }
}

on_both! {
    E: Events<u32> = eventlet::Event<u32>, eventlet::sync::Event<u32>;

    fn a_value_that_comes_in_the_round_of_a_limit_of_zero_is_too_late() {
        let event = E::default();
        let e = event.clone();
        let _sender = spawn(#[green] move || e.send(1));
        assert!(event.wait_timeout(Duration::ZERO).is_err());
        assert_eq!((event.poll(), event.waiting()), (Some(1), 0));
    }

    fn a_value_that_comes_at_the_instant_of_the_limit_wins() {
        let event = E::default();
        let e = event.clone();
        let _sender = spawn(#[green] move || {
            sleep(ms(5));
            e.send(1);
        });
        turn();
        assert_eq!(event.wait_timeout(ms(5)), Ok(1));
        assert_eq!(now(), ms(5));
    }
}
