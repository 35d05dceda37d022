use std::time::Duration;

use eventlet::event::Flag;
use eventlet::testing::now;
use eventlet::{Event, green, sleep, spawn, spawn_after, with_timeout};

use crate::support::{Log, ms, scenarios, turn};

#[green]
fn wait_and_log(name: &'static str, event: Event<u32>, log: Log) {
    let value = event.wait();
    log.add(format!("{name} {value}"));
}

#[green]
fn wait_flag(name: u32, flag: Flag, log: Log) {
    flag.wait();
    log.add(name);
}

scenarios! {
    fn send_does_not_switch_and_waiters_run_in_the_order_in_which_they_came() {
        let (event, log) = (Event::new(), Log::new());
        for name in ["a", "b", "c"] {
            let (event, log) = (event.clone(), log.clone());
            spawn(move || wait_and_log(name, event, log));
        }
        turn();
        assert_eq!(event.waiting(), 3);
        event.send(1);
        log.add("sent");
        turn();
        log.expect(["sent", "a 1", "b 1", "c 1"]);
    }

    fn waiting_for_a_sent_event_does_not_suspend() {
        let (event, log) = (Event::new(), Log::new());
        let other = log.clone();
        let thread = spawn(#[green] move || other.add("other"));
        event.send(7);
        log.add(event.wait());
        log.add(event.wait_timeout(Duration::ZERO).unwrap());
        log.expect(["7", "7"]);
        thread.wait();
    }

    fn a_second_send_is_refused_and_the_first_value_stays() {
        let event = Event::new();
        event.send(1);
        assert_eq!(event.try_send(2), Err(2));
        assert_eq!(event.wait(), 1);
        event.reset();
        assert!(!event.ready());
        assert_eq!(event.poll(), None);
        event.send(3);
        assert_eq!(event.poll(), Some(3));
    }

    fn the_value_is_captured_when_it_is_sent() {
        let (event, log) = (Event::new(), Log::new());
        let (e, l) = (event.clone(), log.clone());
        spawn(move || wait_and_log("early", e, l));
        turn();
        event.send(1);
        event.reset();
        event.send(2);
        let (e, l) = (event.clone(), log.clone());
        spawn(move || wait_and_log("late", e, l));
        turn();
        log.expect(["early 1", "late 2"]);
    }

    fn waiters_that_a_reset_overtook_have_not_joined_the_new_round() {
        let (event, log) = (Event::new(), Log::new());
        let (e, l) = (event.clone(), log.clone());
        spawn(move || wait_and_log("early", e, l));
        turn();
        event.send(1);
        event.reset();
        assert_eq!(event.waiting(), 0);
        turn();
        log.expect(["early 1"]);
    }

    fn set_overwrites_silently() {
        let event = Event::new();
        event.set(1);
        event.set(2);
        assert_eq!(event.wait(), 2);
    }

    fn an_error_reaches_every_waiter_and_is_gone_after_a_reset() {
        let event: Event<Result<u32, &str>> = Event::new();
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

    fn a_timeout_is_not_a_value_and_leaves_no_waiter() {
        let event: Event<Option<u32>> = Event::new();
        let error = event.wait_timeout(ms(20)).unwrap_err();
        assert_eq!(error.limit(), ms(20));
        assert_eq!(now(), ms(20));
        assert_eq!(event.waiting(), 0);
        event.send(None);
        assert_eq!(event.wait_timeout(ms(20)), Ok(None));
        assert_eq!(now(), ms(20));
    }

    fn a_value_sent_before_the_limit_arrives() {
        let event = Event::new();
        let e = event.clone();
        spawn_after(ms(5), #[green] move || e.send("in time"));
        assert_eq!(event.wait_timeout(ms(10)), Ok("in time"));
        assert_eq!(now(), ms(5));
    }

    fn a_limit_of_zero_is_over_before_what_is_sent_later() {
        let event = Event::new();
        let e = event.clone();
        let sender = spawn_after(ms(1), #[green] move || e.send(1));
        assert!(with_timeout(Duration::ZERO, || event.wait()).is_err());
        sender.wait();
        assert_eq!(event.wait(), 1);
    }

    fn a_killed_waiter_is_forgotten_and_the_others_are_served() {
        let (event, log) = (Event::new(), Log::new());
        let threads = ["a", "b", "c"].map(|name| {
            let (event, log) = (event.clone(), log.clone());
            spawn(move || wait_and_log(name, event, log))
        });
        turn();
        threads[0].kill();
        assert_eq!(event.waiting(), 2);
        event.send(1);
        threads[1].kill(); // woken already
        turn();
        log.expect(["c 1"]);
    }

    fn a_waiter_that_panics_does_not_stop_the_others() {
        let (event, log) = (Event::new(), Log::new());
        let e = event.clone();
        let panics = spawn(#[green] move || {
            let value: u32 = e.wait();
            assert_eq!(value, 0, "on purpose");
        });
        let (e, l) = (event.clone(), log.clone());
        spawn(move || wait_and_log("other", e, l));
        turn();
        event.send(1);
        turn();
        log.expect(["other 1"]);
        assert!(panics.join().is_err());
    }

    fn links_run_in_order_after_the_send_and_can_be_undone() {
        let (event, log) = (Event::new(), Log::new());
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
        event.link(move |value| late.add(value));
        log.expect([]);
        turn();
        log.expect(["10"]);
    }

    fn a_flag_set_and_cleared_at_once_lets_all_waiters_pass() {
        let (flag, log) = (Flag::new(), Log::new());
        for name in 0..100 {
            let (flag, log) = (flag.clone(), log.clone());
            spawn(move || wait_flag(name, flag, log));
        }
        turn();
        flag.set();
        flag.clear();
        assert!(!flag.is_set());
        turn();
        let all: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        assert_eq!(log.take(), all);
    }

    fn a_flag_that_is_set_does_not_suspend_who_comes_while_others_are_woken() {
        let (flag, log) = (Flag::new(), Log::new());
        for name in [1, 2] {
            let (flag, log) = (flag.clone(), log.clone());
            spawn(move || wait_flag(name, flag, log));
        }
        turn();
        flag.set();
        wait_flag(3, flag, log.clone());
        turn();
        log.expect(["3", "1", "2"]);
    }

    fn the_end_of_a_thread_can_be_sent_to_an_event() {
        let results: Event<Result<u32, String>> = Event::new();
        let thread = spawn(#[green] || { sleep(ms(5)); 7 });
        let r = results.clone();
        spawn(#[green] move || r.set(thread.join().map_err(|exit| exit.to_string())));
        assert_eq!(results.wait(), Ok(7));
        results.reset();
        let thread = spawn(#[green] || -> u32 { panic!("no result") });
        let r = results.clone();
        spawn(#[green] move || r.set(thread.join().map_err(|exit| exit.to_string())));
        assert_eq!(results.wait(), Err("the green thread panicked: no result".to_owned()));
    }

    fn a_flag_that_was_cleared_waits_again() {
        let (flag, log) = (Flag::new(), Log::new());
        flag.set();
        flag.wait();
        flag.clear();
        let (f, l) = (flag.clone(), log.clone());
        let waiter = spawn(move || wait_flag(1, f, l));
        turn();
        assert_eq!(flag.waiting(), 1);
        assert!(flag.wait_timeout(ms(3)).is_err());
        log.expect([]);
        flag.set();
        waiter.wait();
        log.expect(["1"]);
        assert_eq!(now(), ms(3));
    }

    fn the_tutorials_event() {
        let (flag, log) = (Flag::new(), Log::new());
        let (f, l) = (flag.clone(), log.clone());
        let setter = spawn(#[green] move || {
            l.add("A: Hey wait for me, I have to do something");
            sleep(ms(3000));
            l.add("Ok, I'm done");
            f.set();
        });
        let waiters = [1, 2, 3, 4, 5].map(|_| {
            let (f, l) = (flag.clone(), log.clone());
            spawn(#[green] move || {
                l.add("I'll wait for you");
                f.wait();
                l.add("It's about time");
            })
        });
        setter.wait();
        for waiter in waiters {
            waiter.wait();
        }
        let mut expected = vec!["A: Hey wait for me, I have to do something"];
        expected.extend(["I'll wait for you"; 5]);
        expected.push("Ok, I'm done");
        expected.extend(["It's about time"; 5]);
        assert_eq!(log.take(), expected);
    }
}

#[test]
#[should_panic = "the event was sent already"]
fn sending_twice_panics() {
    let event = Event::new();
    event.send(1);
    event.send(2);
}

#[test]
#[should_panic = "not sent cannot be reset"]
fn resetting_a_fresh_event_panics() {
    Event::<u32>::new().reset();
}
