//! `race`.

use std::time::Duration;

use eventlet::branch::{Race2, Race3, race3};
use eventlet::{Event, Exit, Queue, green, race, sleep, spawn, testing, with_timeout};
use eventlet_tests::{Noted, assert_events, ms, note, virtual_tests, wait_with};

#[green]
fn say_after(delay: Duration, event: &'static str) -> &'static str {
    let _noted = Noted("dropped");
    sleep(delay);
    note(event);
    event
}

#[green]
fn boom() {
    panic!("boom");
}

#[green]
fn say(event: &'static str) {
    note(event);
}

virtual_tests! {
    fn the_first_to_finish_wins_and_the_others_are_dropped_before_the_race_is_over() {
        let before = testing::now();
        let winner = race3(|| wait_with("a"), || say_after(ms(5), "winner"), || wait_with("c"));
        note("after");
        assert_eq!((winner, testing::now() - before), (Race3::Second("winner"), ms(5)));
        assert_events(["winner", "dropped", "a", "c", "after"]);
    }

    fn of_several_that_are_ready_the_first_written_wins() {
        for _ in 0..3 {
            let winner = race(|| sleep(ms(1)), || sleep(ms(1)));
            assert_eq!(winner, Race2::First(()));
        }
    }

    fn a_call_after_one_that_is_ready_at_once_is_never_begun() {
        let winner = race(#[green] || 1, || say("never"));
        assert_eq!(winner, Race2::First(1));
        assert_events([]);
    }

    fn a_last_call_that_is_ready_is_an_else() {
        let queue = Queue::unbounded();
        assert_eq!(race(|| queue.get(), #[green] || "nothing"), Race2::Second("nothing"));
        queue.put(1).unwrap();
        assert_eq!(race(|| queue.get(), #[green] || "nothing"), Race2::First(Ok(1)));
    }

    fn the_arms_of_a_match_on_a_race_are_green_code() {
        let (queue, stop) = (Queue::unbounded(), Event::new());
        let taker = spawn({
            let (queue, stop) = (queue.clone(), stop.clone());
            #[green] move || loop {
                match race(|| stop.wait(), || queue.get()) {
                    Race2::First(()) => break note("stop"),
                    Race2::Second(item) => {
                        sleep(ms(1));
                        note(item.unwrap());
                    }
                }
            }
        });
        for item in ["1", "2", "3"] {
            queue.put(item).unwrap();
        }
        sleep(ms(10));
        queue.put("4").unwrap();
        stop.send(());
        taker.wait();
        assert_events(["1", "2", "3", "stop"]);
        assert_eq!(queue.len(), 1);
    }

    fn a_panic_ends_the_others_and_comes_out() {
        let thread = spawn(|| race(|| wait_with("a"), boom));
        assert!(matches!(thread.join(), Err(Exit::Panicked(panic)) if panic.message() == Some("boom")));
        assert_events(["a"]);
    }

    fn a_kill_ends_them_in_the_order_written() {
        let thread = spawn(|| race(|| wait_with("a"), || wait_with("b")));
        sleep(ms(1));
        thread.kill();
        assert_events(["a", "b"]);
    }

    fn a_timeout_around_a_race_ends_them_all() {
        let result = with_timeout(ms(2), || race(|| wait_with("a"), || wait_with("b")));
        assert!(result.is_err());
        assert_events(["a", "b"]);
    }

    fn races_may_be_nested() {
        let winner = race(
            || race(|| wait_with("a"), || say_after(ms(3), "inner")),
            || wait_with("b"),
        );
        assert_eq!(winner, Race2::First(Race2::Second("inner")));
        assert_events(["inner", "dropped", "a", "b"]);
    }
}
