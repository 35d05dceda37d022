//! Limits on calls: which one comes out, what it interrupts and what it does not.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use eventlet::greenthread::{GreenletExit, catch_exit, joinall};
use eventlet::{
    Deadline, Exit, Timeout, green, join, sleep, spawn, spawn_after, testing, with_timeout,
    with_timeout_value,
};
use eventlet_tests::{assert_events, ms, note, value_after, virtual_tests, wait_with};

/// A limit inside a limit: which of the two came out?
#[green]
fn nested(outer: Duration, inner: Duration) -> Result<Result<(), Timeout>, Timeout> {
    with_timeout(outer, || with_timeout(inner, || sleep(Duration::MAX)))
}

#[green]
fn spin() {
    loop {
        sleep(Duration::ZERO);
    }
}

/// Gives itself up to others, by another way than the hub's own.
struct YieldOnce(bool);

impl Future for YieldOnce {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

virtual_tests! {
    fn a_call_within_its_limit_gives_its_value_and_leaves_no_timer() {
        let timers = testing::Left::now().timers;
        assert_eq!(with_timeout(ms(10), || value_after(ms(5), 1)), Ok(1));
        assert_eq!(testing::Left::now().timers, timers);
        assert_eq!(testing::now(), ms(5));
    }

    fn a_call_beyond_its_limit_gives_an_error_at_the_limit() {
        let timeout = with_timeout(ms(10), || value_after(ms(11), 1)).unwrap_err();
        assert_eq!(timeout.limit(), ms(10));
        assert_eq!(timeout.to_string(), "timed out after 10ms");
        assert_eq!(testing::now(), ms(10));
        let error = std::io::Error::from(timeout);
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    }

    fn a_default_takes_the_place_of_the_error() {
        assert_eq!(with_timeout_value(ms(1), || value_after(ms(5), 1), 0), 0);
        assert_eq!(with_timeout_value(ms(5), || value_after(ms(1), 1), 0), 1);
    }

    fn a_dropped_call_runs_its_destructors_before_the_error_is_seen() {
        assert!(with_timeout(ms(1), || wait_with("dropped")).is_err());
        note("seen");
        assert_events(["dropped", "seen"]);
    }

    fn a_call_may_borrow() {
        let text = String::from("borrowed");
        let length = with_timeout(ms(10), #[green] || { sleep(ms(1)); text.len() });
        assert_eq!(length, Ok(8));
    }

    fn of_nested_limits_the_earliest_comes_out() {
        assert_eq!(nested(ms(20), ms(10)).map(|inner| inner.unwrap_err().limit()), Ok(ms(10)));
        assert_eq!(nested(ms(10), ms(20)).unwrap_err().limit(), ms(10));
        assert_eq!(testing::now(), ms(20));
    }

    fn of_equal_limits_the_outermost_comes_out() {
        assert_eq!(nested(ms(10), ms(10)).unwrap_err().limit(), ms(10));
    }

    fn of_limits_that_are_over_together_the_earliest_comes_out() {
        // Both end while this thread computes, and both are noticed at the same suspension.
        let clock = testing::VirtualClock::new();
        eventlet::hubs::get_hub().set_clock(clock.clone());
        let result = with_timeout(ms(20), #[green] || {
            with_timeout(ms(10), #[green] || {
                sleep(ms(1));
                eventlet::hubs::Clock::advance_to(&clock, ms(100));
                sleep(Duration::MAX);
            })
        });
        assert_eq!(result.map(|inner| inner.unwrap_err().limit()), Ok(ms(10)));
    }

    fn a_kill_on_the_way_changes_nothing_about_which_of_two_limits_comes_out() {
        // Both are over; the outer one asks its call a last time, and that kills before it comes to the inner one.
        let victim = spawn(|| wait_with("killed"));
        let outer = with_timeout(ms(10), #[green] || join(
            #[green] || { sleep(ms(10)); victim.kill(); },
            || with_timeout(ms(10), || sleep(Duration::MAX)),
        ));
        assert!(outer.is_err(), "{outer:?}");
        assert_events(["killed"]);
    }

    fn the_limit_of_a_killed_thread_is_its_own_whatever_limit_of_its_killer_is_over() {
        let victim = spawn(#[green] || {
            let limited = with_timeout(ms(10), #[green] || {
                assert!(catch_exit(|| sleep(Duration::MAX)).is_err());
                note("cleans up");
                sleep(Duration::MAX);
            });
            note(if limited.is_err() { "out of time" } else { "unlimited" });
        });
        let killer = with_timeout(ms(10), #[green] || {
            sleep(ms(10));
            victim.kill();
            note("has killed");
            sleep(Duration::MAX);
        });
        assert!(killer.is_err());
        victim.wait();
        assert_events(["cleans up", "out of time", "has killed"]);
    }

    fn an_outer_limit_passes_through_an_inner_default() {
        let outer = with_timeout(ms(10), || with_timeout_value(ms(20), || value_after(ms(30), 1), 0));
        assert_eq!(outer.unwrap_err().limit(), ms(10));
    }

    fn an_inner_error_leaves_the_outer_limit_armed() {
        let result = with_timeout(ms(30), #[green] || {
            assert!(with_timeout(ms(10), || sleep(ms(15))).is_err());
            note(testing::now().as_millis());
            sleep(Duration::MAX);
        });
        assert!(result.is_err());
        assert_eq!(testing::now(), ms(30));
        assert_events(["10"]);
    }

    fn each_of_three_nested_limits_is_told_apart() {
        let result = with_timeout(ms(30), || {
            with_timeout(ms(10), || with_timeout(ms(20), || sleep(Duration::MAX)))
        });
        assert_eq!(result.map(|middle| middle.unwrap_err().limit()), Ok(ms(10)));
    }

    fn an_outer_limit_passes_through_every_wait() {
        let thread = spawn(|| sleep(Duration::MAX));
        let handle = thread.thread().clone();
        assert!(with_timeout(ms(1), || handle.join()).is_err());
        assert!(with_timeout(ms(1), || joinall([thread.thread()])).is_err());
        assert!(with_timeout(ms(1), || with_timeout(ms(5), || handle.join())).is_err());
        thread.kill();
    }

    fn code_that_computes_is_not_interrupted_and_the_limit_is_noticed_where_it_suspends() {
        let clock = testing::VirtualClock::new();
        eventlet::hubs::get_hub().set_clock(clock.clone());
        let result = with_timeout(ms(10), #[green] || {
            eventlet::hubs::Clock::advance_to(&clock, ms(50));
            note("computed");
            sleep(ms(1));
            note("never");
        });
        assert!(result.is_err());
        assert_eq!(clock.elapsed(), ms(50));
        assert_events(["computed"]);
    }

    fn code_that_computes_and_returns_has_its_value() {
        let clock = testing::VirtualClock::new();
        eventlet::hubs::get_hub().set_clock(clock.clone());
        let result = with_timeout(ms(10), #[green] || {
            eventlet::hubs::Clock::advance_to(&clock, ms(50));
            3
        });
        assert_eq!(result, Ok(3));
    }

    fn a_limit_of_zero_lets_the_call_run_up_to_its_first_suspension() {
        let result = with_timeout(Duration::ZERO, #[green] || {
            note("begins");
            sleep(ms(1));
            note("never");
        });
        assert!(result.is_err());
        assert_eq!(with_timeout(Duration::ZERO, #[green] || 5), Ok(5));
        assert_eq!(testing::now(), Duration::ZERO);
        assert_events(["begins"]);
    }

    fn a_limit_that_the_clock_does_not_reach_never_ends() {
        assert_eq!(with_timeout(Duration::MAX, || value_after(ms(1), 1)), Ok(1));
        assert_eq!(with_timeout(Duration::MAX, || value_after(Duration::from_secs(1 << 32), 2)), Ok(2));
    }

    fn what_has_arrived_by_the_limit_wins() {
        // Both are due at the same time; the call is asked before the clock is.
        assert_eq!(with_timeout(ms(10), || value_after(ms(10), 1)), Ok(1));
        let thread = spawn(|| value_after(ms(5), 2));
        sleep(Duration::ZERO);
        let joined = with_timeout(ms(5), || thread.join());
        assert!(matches!(joined, Ok(Ok(2))));
    }

    fn a_limit_ends_a_call_that_is_always_ready() {
        // Real time: the clock of the hub is put back by the test.
        let begun = std::time::Instant::now();
        eventlet::hubs::get_hub().set_clock(Real(begun));
        assert!(with_timeout(ms(10), spin).is_err());
        assert!(begun.elapsed() >= ms(10));
    }

    fn the_limit_of_a_call_that_yields_in_a_foreign_way_is_noticed() {
        let result = with_timeout(ms(5), #[green] || {
            YieldOnce(false).await;
            note("yielded");
            sleep(Duration::MAX);
        });
        assert!(result.is_err());
        assert_events(["yielded"]);
    }

    fn a_kill_passes_through_a_limit() {
        let thread = spawn(|| with_timeout(ms(10), || wait_with("dropped")));
        sleep(ms(1));
        thread.kill();
        assert!(matches!(thread.join(), Err(Exit::Killed)));
        assert_events(["dropped"]);
    }

    fn a_limit_inside_a_scope_is_the_limits() {
        let result = catch_exit(|| with_timeout(ms(1), || sleep(Duration::MAX)));
        assert!(matches!(result, Ok(Err(timeout)) if timeout.limit() == ms(1)));
    }

    fn a_kill_inside_a_limit_is_the_scopes() {
        let thread = spawn(#[green] || with_timeout(ms(10), || catch_exit(|| sleep(Duration::MAX))));
        sleep(ms(1));
        thread.kill();
        assert!(thread.is_finished());
        assert_eq!(thread.wait(), Ok(Err(GreenletExit)));
    }

    fn a_limit_that_is_over_leaves_its_scopes() {
        let thread = spawn(#[green] || {
            assert!(with_timeout(ms(1), || catch_exit(|| sleep(Duration::MAX))).is_err());
            // The scope is gone: a kill now ends the thread as a whole.
            wait_with("whole");
        });
        sleep(ms(2));
        thread.kill();
        assert!(matches!(thread.join(), Err(Exit::Killed)));
        assert_events(["whole"]);
    }

    fn cleaning_up_can_be_limited_itself() {
        let thread = spawn(#[green] || {
            if catch_exit(|| sleep(Duration::MAX)).is_err() {
                with_timeout(ms(5), || sleep(Duration::MAX)).unwrap_err().limit()
            } else {
                Duration::ZERO
            }
        });
        sleep(ms(1));
        thread.kill();
        assert_eq!(thread.wait(), ms(5));
    }

    fn a_kill_that_is_due_together_with_a_limit_ends_the_thread() {
        let thread = spawn(|| with_timeout(ms(10), || wait_with("dropped")));
        let victim = thread.thread().clone();
        let killer = spawn_after(ms(10), #[green] move || victim.kill());
        killer.wait();
        note("killer ended");
        let _ = thread.join();
        assert_events(["dropped", "killer ended"]);
    }

    fn a_destructor_that_panics_in_a_dropped_call_raises_from_there() {
        struct Panics;
        impl Drop for Panics {
            fn drop(&mut self) {
                panic!("in a dropped call");
            }
        }
        let thread = spawn(#[green] || {
            with_timeout(ms(1), #[green] || { let _panics = Panics; sleep(Duration::MAX); }).is_err()
        });
        let exit = thread.join().unwrap_err();
        assert_eq!(exit.to_string(), "the green thread panicked: in a dropped call");
    }

    fn many_limits_cost_nothing_once_they_are_over() {
        let timers = testing::Left::now().timers;
        for _ in 0..2000 {
            assert_eq!(with_timeout(Duration::from_secs(3600), || value_after(ms(1), 1)), Ok(1));
            assert_eq!(testing::Left::now().timers, timers);
        }
    }

    fn a_limit_inside_a_thread_that_is_limited_does_not_keep_the_other_alive() {
        let kept = Rc::new(());
        let held = kept.clone();
        let _ = with_timeout(ms(1), #[green] move || { let _held = held; sleep(ms(5)); });
        assert_eq!(Rc::strong_count(&kept), 1);
    }

    fn of_two_limits_one_may_be_beyond_the_clock() {
        let far = Duration::from_secs(1 << 33);
        assert!(with_timeout(far, || sleep(Duration::MAX)).is_err());
        assert_eq!(testing::now(), far);
    }

    fn several_calls_share_one_deadline() {
        let deadline = Deadline::after(ms(10));
        assert_eq!(deadline.limit(|| value_after(ms(4), 1)), Ok(1));
        sleep(ms(1));
        assert_eq!(deadline.remaining(), Some(ms(5)));
        assert_eq!(deadline.limit(|| value_after(ms(5), 2)), Ok(2));
        assert!(deadline.is_over());
        assert_eq!(testing::now(), ms(10));
    }

    fn the_error_of_a_deadline_names_the_whole_limit() {
        let deadline = Deadline::after(ms(10));
        deadline.limit(|| value_after(ms(7), 1)).unwrap();
        let timeout = deadline.limit(|| value_after(ms(7), 2)).unwrap_err();
        assert_eq!((timeout.limit(), testing::now()), (ms(10), ms(10)));
        assert_eq!(timeout.to_string(), "timed out after 10ms");
        assert_eq!(deadline.remaining(), Some(Duration::ZERO));
    }

    fn a_deadline_that_is_over_lets_a_call_run_up_to_its_first_suspension() {
        let deadline = Deadline::after(ms(1));
        sleep(ms(5));
        let result = deadline.limit(#[green] || {
            note("begins");
            sleep(ms(1));
            note("never");
        });
        assert!(result.is_err());
        assert_eq!(deadline.limit(#[green] || 5), Ok(5));
        assert_eq!(testing::now(), ms(5));
        assert_events(["begins"]);
    }

    fn of_a_deadline_and_a_limit_the_earliest_comes_out() {
        let deadline = Deadline::after(ms(10));
        sleep(ms(6));
        let inner = with_timeout(ms(5), || deadline.limit(|| sleep(Duration::MAX)));
        assert_eq!(inner.map(|inner| inner.unwrap_err().limit()), Ok(ms(10)));
        let deadline = Deadline::after(ms(10));
        let outer = with_timeout(ms(5), || deadline.limit(|| sleep(Duration::MAX)));
        assert_eq!(outer.unwrap_err().limit(), ms(5));
        let around = deadline.limit(|| with_timeout(ms(5), || sleep(Duration::MAX)));
        assert_eq!((around.unwrap_err().limit(), testing::now()), (ms(10), ms(20)));
    }

    fn one_deadline_inside_itself_comes_out_at_the_outside() {
        let deadline = Deadline::after(ms(3));
        let result = deadline.limit(|| deadline.limit(|| sleep(Duration::MAX)));
        assert_eq!(result.unwrap_err().limit(), ms(3));
    }

    fn a_deadline_that_is_never_over_interrupts_nothing() {
        for deadline in [Deadline::never(), Deadline::after(Duration::MAX)] {
            assert_eq!(deadline.limit(|| value_after(Duration::from_secs(1 << 32), 1)), Ok(1));
            assert_eq!((deadline.remaining(), deadline.is_over()), (None, false));
        }
    }

    fn a_deadline_that_is_forgotten_interrupts_nothing_and_leaves_no_timer() {
        let timers = testing::Left::now().timers;
        let deadline = Deadline::after(ms(1));
        assert_eq!(deadline.limit(|| value_after(Duration::ZERO, 1)), Ok(1));
        assert_eq!(testing::Left::now().timers, timers);
        sleep(ms(5));
        assert_eq!(value_after(ms(5), 2), 2);
    }

    fn threads_may_share_a_deadline() {
        let deadline = Deadline::after(ms(10));
        let threads = [ms(5), ms(15)].map(|delay| spawn(move || deadline.limit(move || value_after(delay, 1))));
        let [first, second] = threads;
        assert_eq!(first.wait(), Ok(1));
        assert_eq!(second.wait().unwrap_err().limit(), ms(10));
        assert_eq!(testing::now(), ms(10));
    }
}

/// Time as it passes, for a test that has to spin.
struct Real(std::time::Instant);

impl eventlet::hubs::Clock for Real {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

#[test]
fn a_limit_may_be_moved_to_another_thread_while_it_waits() {
    testing::run_virtual(|| async {
        let mut limited = Box::pin(with_timeout(ms(10), || value_after(ms(20), 1)));
        poll_fn(|cx| {
            assert!(limited.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        let thread = spawn(move || limited);
        assert_eq!(thread.wait().await.unwrap_err().limit(), ms(10));
        assert_eq!(testing::now(), ms(10));
    });
}

/// Panics when it is asked at this time or later.
struct PanicsAt(Duration);

impl Future for PanicsAt {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        assert!(testing::now() < self.0, "asked a last time");
        Poll::Pending
    }
}

#[test]
fn a_call_that_panics_when_its_limit_is_over_leaves_the_limits_beside_it_alone() {
    testing::run_virtual(|| async {
        let mut first = Box::pin(with_timeout(ms(5), || PanicsAt(ms(5))));
        let mut second = Box::pin(with_timeout(ms(5), || sleep(ms(100))));
        let result = poll_fn(|cx| {
            let caught = catch_unwind(AssertUnwindSafe(|| first.as_mut().poll(cx)));
            let second = second.as_mut().poll(cx);
            if caught.is_ok_and(|first| first.is_pending()) { Poll::Pending } else { Poll::Ready(second) }
        })
        .await;
        assert!(matches!(result, Poll::Ready(Err(_))));
    });
}
