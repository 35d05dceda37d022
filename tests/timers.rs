//! Sleeping and delayed beginnings: their order, and what is left of those that were called off.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use eventlet::greenthread::{Overrun, every, every_with, joinall, killall, set_error_hook};
use eventlet::hubs::{Clock, get_hub};
use eventlet::testing::{self, run_virtual};
use eventlet::{Thread, green, sleep, spawn, spawn_after, spawn_n, with_timeout};
use eventlet_tests::{assert_events, ms, note, virtual_tests};

#[green]
fn say(event: &'static str) {
    note(event);
}

#[green]
fn note_after(delay: Duration) {
    sleep(delay);
    note(delay.as_nanos());
}

#[green]
fn kill_after(delay: Duration, victim: Thread) {
    sleep(delay);
    victim.kill();
}

virtual_tests! {
    fn earlier_deadlines_fire_first_whatever_the_order_of_setting() {
        joinall([50, 10, 40, 20, 30].map(|delay| spawn(move || note_after(Duration::from_nanos(delay)))));
        assert_events(["10", "20", "30", "40", "50"]);
    }

    fn equal_deadlines_fire_in_the_order_in_which_they_were_set() {
        for name in ["a", "b", "c", "d"] {
            spawn_after(ms(100), move || say(name));
        }
        sleep(ms(60));
        for name in ["e", "f"] {
            spawn_after(ms(40), move || say(name));
        }
        sleep(ms(40));
        note("main");
        assert_eq!(testing::now(), ms(100));
        assert_events(["a", "b", "c", "d", "e", "f", "main"]);
    }

    fn a_thousand_equal_deadlines_of_each_magnitude_keep_their_order() {
        let seen = Rc::new(RefCell::new(vec![]));
        for seconds in [0, 1, 1000, 1_000_000] {
            for n in 0..1000 {
                let seen = seen.clone();
                spawn_after(Duration::from_secs(seconds), #[green] move || seen.borrow_mut().push((seconds, n)));
            }
        }
        sleep(Duration::from_secs(1_000_001));
        assert!(seen.borrow().is_sorted());
        assert_eq!(seen.borrow().len(), 4000);
    }

    fn a_timer_that_another_one_of_the_same_time_calls_off_does_not_fire() {
        let victim = spawn_after(ms(10), || say("never"));
        let victims = victim.thread().clone();
        // Set later, but it comes first.
        let killer = spawn(move || kill_after(ms(9), victims));
        sleep(ms(20));
        assert!(killer.is_finished() && victim.is_finished());
        assert_events([]);
    }

    fn what_is_due_together_is_all_woken_and_one_may_still_end_the_other() {
        let first = spawn_after(ms(10), || say("first"));
        let second = spawn_after(ms(10), || say("second"));
        let seconds = second.thread().clone();
        first.link(move |_| seconds.kill());
        sleep(ms(20));
        assert!(second.join().is_err());
        assert_events(["first"]);
    }

    fn timers_that_were_called_off_leave_nothing_behind() {
        let threads: Vec<_> = (0..2000).map(|n| spawn_after(ms(1000 + n), || say("never"))).collect();
        assert_eq!(get_hub().timers(), 2000);
        killall(&threads);
        assert_eq!(get_hub().timers(), 0);
        for _ in 0..2000 {
            let _ = with_timeout(ms(1000), #[green] || {});
            assert_eq!(get_hub().timers(), 0);
        }
    }

    fn a_timer_set_while_timers_fire_waits_for_its_own_time() {
        spawn_n(#[green] || {
            for n in 0..3 {
                sleep(ms(10));
                note(format_args!("{n} at {:?}", testing::now()));
            }
        });
        sleep(ms(25));
        note("main");
        sleep(ms(25));
        assert_events(["0 at 10ms", "1 at 20ms", "main", "2 at 30ms"]);
    }

    fn every_magnitude_of_sleep_takes_just_its_time() {
        for bits in 0..60 {
            let before = testing::now();
            let duration = Duration::from_nanos((1 << bits) | 1);
            sleep(duration);
            assert_eq!(testing::now() - before, duration);
        }
    }

    fn a_sleep_that_is_cut_short_leaves_no_timer() {
        let hour = Duration::from_secs(3600);
        let thread = spawn(move || sleep(hour));
        sleep(Duration::ZERO);
        assert_eq!(get_hub().timers(), 1);
        thread.kill();
        assert_eq!(get_hub().timers(), 0);
        assert!(with_timeout(ms(1), || sleep(hour)).is_err());
        assert_eq!(get_hub().timers(), 0);
    }

    fn the_time_of_a_sleep_begins_when_it_is_called() {
        let clock = testing::VirtualClock::new();
        get_hub().set_clock(clock.clone());
        sleep(ms(1));
        // The thread computes, and the hub does not look at the clock meanwhile.
        Clock::advance_to(&clock, ms(100));
        sleep(ms(10));
        assert_eq!(clock.elapsed(), ms(110));
        Clock::advance_to(&clock, ms(200));
        assert!(with_timeout(ms(10), || sleep(Duration::MAX)).is_err());
        assert_eq!(clock.elapsed(), ms(210));
    }

    fn a_panic_of_a_delayed_thread_leaves_the_timers_alone() {
        let panics = spawn_after(ms(5), #[green] || panic!("on purpose"));
        spawn_after(ms(5), || say("of the same time"));
        spawn_after(ms(6), || say("later"));
        sleep(ms(10));
        assert!(panics.join().is_err());
        assert_eq!(testing::now(), ms(10));
        assert_events(["of the same time", "later"]);
    }

    fn spawn_after_no_time_begins_in_order_with_other_delays() {
        spawn_after(ms(1), || say("later"));
        spawn_after(Duration::ZERO, || say("at once"));
        sleep(ms(2));
        assert_events(["at once", "later"]);
    }
}

/// Seconds of `count` timers that are set and called off while `others` are pending.
fn churn(others: u64, count: u64) -> f64 {
    run_virtual(|| async {
        let pending: Vec<_> = (0..others)
            .map(|n| spawn_after(Duration::from_micros(1_000_000 + 37 * n), || say("never")))
            .collect();
        let begun = Instant::now();
        for n in 0..count {
            spawn_after(Duration::from_micros(500_000 + n * 7919 % 1_000_000), || say("never")).kill();
        }
        let seconds = begun.elapsed().as_secs_f64();
        killall(&pending);
        seconds
    })
}

#[test]
fn setting_and_calling_off_costs_the_same_however_many_are_pending() {
    let few = churn(10, 20_000);
    let many = churn(100_000, 20_000);
    // A list would cost some thousand times as much.
    assert!(many < 50.0 * few + 1.0, "{few} s with few, {many} s with many");
}

/// Takes so long, and notes when it began and whether it is late.
#[green]
fn note_run(began: Duration, takes: Rc<RefCell<std::vec::IntoIter<u64>>>) {
    note((testing::now() - began).as_millis());
    let takes = takes.borrow_mut().next().unwrap_or(0);
    sleep(ms(takes));
}

/// When the runs of something begin that is done every 10 ms, if they take so long, up to 100 ms.
#[green]
fn runs(overrun: Overrun, takes: Vec<u64>) {
    let (began, takes) = (testing::now(), Rc::new(RefCell::new(takes.into_iter())));
    let thread = every_with(ms(10), overrun, move || note_run(began, takes.clone()));
    sleep(ms(95));
    thread.kill();
}

virtual_tests! {
    fn periodic_work_does_not_drift() {
        runs(Overrun::Skip, vec![3, 9, 10]);
        assert_events(["10", "20", "30", "40", "50", "60", "70", "80", "90"]);
    }

    fn runs_that_were_missed_are_left_out() {
        runs(Overrun::Skip, vec![25, 20, 0]);
        assert_events(["10", "40", "60", "70", "80", "90"]);
    }

    fn runs_that_were_missed_are_made_up_for() {
        runs(Overrun::Burst, vec![35]);
        assert_events(["10", "45", "45", "45", "50", "60", "70", "80", "90"]);
    }

    fn a_late_run_moves_those_after_it() {
        runs(Overrun::Delay, vec![0, 25]);
        assert_events(["10", "20", "55", "65", "75", "85"]);
    }

    fn an_error_of_a_run_is_reported_and_the_next_comes_all_the_same() {
        set_error_hook(|lost| note(lost.error()));
        let fail = #[green] || -> Result<(), &'static str> { Err("a run") };
        let thread = every(ms(10), fail);
        sleep(ms(25));
        thread.kill();
        assert_events(["\"a run\"", "\"a run\""]);
    }
}
