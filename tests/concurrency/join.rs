//! `join` and `try_join`.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use eventlet::branch::{join3, join7, try_join3};
use eventlet::{Exit, green, greenthread, join, sleep, spawn, testing, try_join, with_timeout};
use eventlet_tests::{Noted, assert_events, ms, note, say_after, virtual_tests, wait_with};

#[green]
fn boom(delay: Duration) -> u32 {
    sleep(delay);
    panic!("boom");
}

#[green]
fn result_after<T>(delay: Duration, result: Result<T, &'static str>) -> Result<T, &'static str> {
    sleep(delay);
    note("result");
    result
}

#[green]
fn wait_fallibly(noted: &'static str) -> Result<(), &'static str> {
    wait_with(noted);
    Ok(())
}

#[green]
fn push(to: &RefCell<Vec<&'static str>>, delay: Duration, event: &'static str) {
    sleep(delay);
    to.borrow_mut().push(event);
}

#[green]
fn count(to: &mut u32) -> u32 {
    sleep(ms(1));
    *to += 1;
    *to
}

virtual_tests! {
    fn calls_run_beside_each_other_and_give_their_values_in_the_order_written() {
        let before = testing::now();
        let values = join(|| say_after(ms(30), "slow"), || say_after(ms(10), "fast"));
        assert_eq!((values, testing::now() - before), (("slow", "fast"), ms(30)));
        assert_events(["fast", "slow"]);
    }

    fn calls_begin_in_the_order_written_and_without_a_turn() {
        join3(#[green] || note("a"), #[green] || note("b"), #[green] || note("c"));
        note("after");
        assert_events(["a", "b", "c", "after"]);
    }

    fn seven_calls_may_be_joined() {
        let n = join7(
            #[green] || 1, #[green] || 2u8, #[green] || 3, #[green] || 4,
            #[green] || "5", #[green] || 6, #[green] || sleep(ms(1))
        );
        assert_eq!(n, (1, 2, 3, 4, "5", 6, ()));
    }

    fn calls_borrow_from_around_them() {
        let list = RefCell::new(vec![]);
        let (mut a, mut b) = (1, 2);
        join(|| push(&list, ms(2), "second"), || push(&list, ms(1), "first"));
        assert_eq!(join(|| count(&mut a), || count(&mut b)), (2, 3));
        assert_eq!(list.into_inner(), ["first", "second"]);
    }

    fn the_state_of_a_call_that_is_over_is_dropped_at_once() {
        #[green]
        fn short() {
            let _noted = Noted("short");
            sleep(ms(1));
        }
        join(short, || say_after(ms(2), "long"));
        assert_events(["short", "long"]);
    }

    fn a_panic_ends_the_others_and_comes_out() {
        let thread = spawn(|| join3(|| wait_with("a"), || boom(ms(1)), || wait_with("c")));
        assert!(matches!(thread.join(), Err(Exit::Panicked(panic)) if panic.message() == Some("boom")));
        assert_events(["a", "c"]);
    }

    fn a_kill_ends_them_in_the_order_written() {
        let thread = spawn(|| join(|| wait_with("a"), || wait_with("b")));
        sleep(ms(1));
        thread.kill();
        assert_events(["a", "b"]);
    }

    fn a_timeout_ends_those_that_are_not_over() {
        let result = with_timeout(ms(5), || join(|| say_after(ms(1), "in time"), || wait_with("late")));
        assert!(result.is_err());
        assert_events(["in time", "late"]);
    }

    fn the_first_error_ends_the_others() {
        let before = testing::now();
        let result = try_join3(
            || wait_fallibly("a"),
            || result_after(ms(2), Err::<u32, _>("late")),
            || result_after(ms(1), Err::<u32, _>("early")),
        );
        assert_eq!((result, testing::now() - before), (Err("early"), ms(1)));
        assert_events(["result", "a"]);
    }

    fn of_errors_in_one_turn_the_first_written_comes_out() {
        let result = try_join(
            || result_after(ms(1), Err::<u32, _>("first")),
            || result_after(ms(1), Err::<u32, _>("second")),
        );
        assert_eq!(result, Err("first"));
        assert_events(["result"]);
    }

    fn without_an_error_all_values_come_out() {
        let result = try_join(|| result_after(ms(1), Ok(1)), || result_after(ms(2), Ok("two")));
        assert_eq!(result, Ok((1, "two")));
        assert_events(["result", "result"]);
    }

    fn a_branch_is_part_of_the_same_thread() {
        let me = greenthread::current();
        let seen = Cell::new(0);
        join(
            #[green] || { sleep(ms(1)); seen.set(seen.get() + u32::from(greenthread::current() == me)); },
            #[green] || { sleep(ms(2)); seen.set(seen.get() + u32::from(greenthread::current() == me)); },
        );
        assert_eq!(seen.get(), 2);
    }
}
