//! Raw coroutines.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use eventlet::greenlet::{
    CyclicParent, Greenlet, GreenletExit, InvalidSwitch, Thrown, Transfer, getcurrent, gettrace, settrace,
};
use eventlet::{green, sleep, spawn, testing, with_timeout};
use eventlet_tests::{Noted, assert_events, events, ms, note};

#[green]
fn to_parent(value: u32) -> Result<u32, Thrown> {
    let parent = getcurrent().parent().unwrap();
    Ok(parent.switch(value)?.take())
}

/// Switches every number to its parent, and adds up what comes back.
#[green]
fn sum_of_answers(first: u32) -> Result<u32, Thrown> {
    let mut sum = 0;
    for n in [first, first + 1] {
        sum += to_parent(n)?;
    }
    Ok(sum)
}

#[green]
fn returns(value: u32) -> Result<u32, Thrown> {
    Ok(value)
}

#[green]
fn fails(_: ()) -> Result<(), Thrown> {
    Err(Thrown::new("no luck"))
}

#[green]
fn panics(text: &'static str) -> Result<(), Thrown> {
    panic!("{text}");
}

/// Stands at a switch to its parent, and says what comes out of it.
#[green]
fn listens(_: ()) -> Result<&'static str, Thrown> {
    let _noted = Noted("dropped");
    match getcurrent().parent().unwrap().switch(()) {
        Ok(_) => note("value"),
        Err(thrown) => {
            note(format!("thrown: {thrown}"));
            getcurrent().parent().unwrap().switch("cleaning up")?;
        }
    }
    Ok("cleaned up")
}

#[green]
fn sleeps(duration: Duration) -> Result<u32, Thrown> {
    let _noted = Noted("sleeper dropped");
    sleep(duration);
    Ok(7)
}

fn take<T: 'static>(result: Result<eventlet::greenlet::Value, Thrown>) -> T {
    result.unwrap().take()
}

#[test]
fn values_go_both_ways_and_the_last_one_is_what_the_body_returns() {
    let sum = Greenlet::new(sum_of_answers);
    assert!(!sum.is_active() && !sum.is_dead());
    assert_eq!(take::<u32>(sum.switch_in_place(10_u32)), 10);
    assert!(sum.is_active());
    assert_eq!(take::<u32>(sum.switch_in_place(1_u32)), 11);
    assert_eq!(take::<u32>(sum.switch_in_place(2_u32)), 3);
    assert!(sum.is_dead() && !sum.is_active());
}

#[test]
fn a_switch_to_a_dead_greenlet_gives_back_what_was_passed() {
    let dead = Greenlet::new(returns);
    assert_eq!(take::<u32>(dead.switch_in_place(1_u32)), 1);
    assert_eq!(take::<u32>(dead.switch_in_place(5_u32)), 5);
    assert_eq!(take::<(u8, u8)>(dead.switch_in_place((1_u8, 2_u8))), (1, 2));
}

#[test]
fn a_switch_to_oneself_gives_the_value_back() {
    assert_eq!(take::<u32>(getcurrent().switch_in_place(3_u32)), 3);
    #[green]
    fn body(_: ()) -> Result<u32, Thrown> {
        Ok(getcurrent().switch(4_u32)?.take())
    }
    assert_eq!(take::<u32>(Greenlet::new(body).switch_in_place(())), 4);
}

#[test]
fn an_error_that_ends_a_greenlet_is_thrown_into_its_parent() {
    let failing = Greenlet::new(fails);
    assert_eq!(failing.switch_in_place(()).unwrap_err().to_string(), "no luck");
    assert!(failing.is_dead());
}

#[test]
fn a_panic_that_ends_a_greenlet_goes_on_in_its_parent_where_it_stands() {
    #[green]
    fn outer(_: ()) -> Result<(), Thrown> {
        let _noted = Noted("outer dropped");
        Greenlet::new(panics).switch("inner panic")?;
        note("never");
        Ok(())
    }
    drop(events());
    let outer = Greenlet::new(outer);
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| outer.switch_in_place(())));
    assert_eq!(payload.unwrap_err().downcast_ref::<String>().unwrap(), "inner panic");
    assert!(outer.is_dead());
    assert_events(["outer dropped"]);
    assert_eq!(take::<u32>(Greenlet::new(returns).switch_in_place(1_u32)), 1);
}

#[test]
fn a_value_of_another_type_than_expected_names_both() {
    let wrong = std::panic::catch_unwind(|| take::<u32>(Greenlet::new(returns).switch_in_place("text")));
    let message = wrong.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(*message, "a greenlet was switched a `&str` where it takes a `u32`");
}

#[test]
fn throw_is_an_error_where_the_greenlet_stands_and_it_may_go_on() {
    drop(events());
    let listener = Greenlet::new(listens);
    drop(listener.switch_in_place(()).unwrap());
    let answer = listener.throw_in_place(Thrown::new("stop it"));
    assert_eq!(take::<&str>(answer), "cleaning up");
    assert_eq!(take::<&str>(listener.switch_in_place(())), "cleaned up");
    assert_events(["thrown: stop it", "dropped"]);
}

#[test]
fn an_exit_thrown_into_an_unstarted_greenlet_ends_it_and_is_a_value() {
    drop(events());
    let unstarted = Greenlet::new(|_: ()| async {
        note("never");
        Ok(())
    });
    assert_eq!(take::<GreenletExit>(unstarted.throw_in_place(GreenletExit)), GreenletExit);
    assert!(unstarted.is_dead());
    assert_events([]);
}

#[test]
fn an_error_thrown_into_an_unstarted_or_dead_greenlet_comes_out_in_the_parent() {
    let greenlet = Greenlet::new(returns);
    assert_eq!(greenlet.throw_in_place(Thrown::new("first")).unwrap_err().to_string(), "first");
    assert!(greenlet.is_dead());
    assert_eq!(greenlet.throw_in_place(Thrown::new("second")).unwrap_err().to_string(), "second");
    assert!(greenlet.throw_in_place(GreenletExit).is_ok());
}

#[test]
fn two_greenlets_switch_to_each_other_without_their_parent() {
    #[green]
    fn ping(other: Greenlet) -> Result<&'static str, Thrown> {
        for _ in 0..2 {
            note("ping");
            other.switch(getcurrent())?;
        }
        Ok("ping is done")
    }
    #[green]
    fn pong(other: Greenlet) -> Result<(), Thrown> {
        loop {
            note("pong");
            drop(other.switch(())?);
        }
    }
    drop(events());
    let (ping, pong) = (Greenlet::new(ping), Greenlet::new(pong));
    assert_eq!(take::<&str>(ping.switch_in_place(pong.clone())), "ping is done");
    assert_events(["ping", "pong", "ping", "pong"]);
    assert!(ping.is_dead() && pong.is_active());
}

#[test]
fn a_sibling_that_ends_gives_its_value_to_the_one_who_switched_first() {
    #[green]
    fn hands_over(other: Greenlet) -> Result<(), Thrown> {
        note(other.switch(8_u32)?.take::<&str>());
        Ok(())
    }
    drop(events());
    let last = Greenlet::new(returns);
    let first = Greenlet::new(hands_over);
    assert_eq!(take::<u32>(first.switch_in_place(last)), 8);
    assert!(!first.is_dead());
    drop(first.switch_in_place("back again").unwrap());
    assert_events(["back again"]);
}

#[test]
fn the_parent_is_who_made_it_and_can_be_changed_but_not_into_a_circle() {
    let main = getcurrent();
    assert!(main.parent().is_none());
    let (a, b) = (Greenlet::new(returns), Greenlet::new(returns));
    assert_eq!(a.parent(), Some(main.clone()));
    a.set_parent(&b).unwrap();
    assert_eq!(b.set_parent(&a), Err(CyclicParent));
    assert_eq!(a.set_parent(&a), Err(CyclicParent));
    assert_eq!(main.set_parent(&a), Err(CyclicParent));
    // The value of `a` is the first value of its parent, which had not begun.
    assert_eq!(take::<u32>(a.switch_in_place(6_u32)), 6);
    assert!(a.is_dead() && b.is_dead());
}

#[test]
fn a_greenlet_made_in_a_greenlet_has_it_as_its_parent() {
    #[green]
    fn outer(_: ()) -> Result<u32, Thrown> {
        let inner = Greenlet::new(returns);
        assert_eq!(inner.parent(), Some(getcurrent()));
        let value: u32 = inner.switch(20_u32)?.take();
        Ok(value + 1)
    }
    assert_eq!(take::<u32>(Greenlet::new(outer).switch_in_place(())), 21);
}

#[test]
fn a_child_does_not_keep_its_parent_and_then_main_takes_its_place() {
    let parent = Greenlet::new(returns);
    let child = Greenlet::new(returns);
    child.set_parent(&parent).unwrap();
    drop(parent);
    assert_eq!(child.parent(), Some(getcurrent()));
    assert!(!child.is_dead());
    assert_eq!(take::<u32>(child.switch_in_place(2_u32)), 2);
}

#[test]
fn dropping_a_suspended_greenlet_drops_what_it_holds() {
    drop(events());
    let listener = Greenlet::new(listens);
    drop(listener.switch_in_place(()).unwrap());
    assert_events([]);
    drop(listener);
    assert_events(["dropped"]);
}

#[test]
fn a_greenlet_that_holds_its_own_handle_ends_with_the_last_other_one() {
    #[green]
    fn keeps_itself(_: ()) -> Result<(), Thrown> {
        let _noted = Noted("dropped");
        let myself = getcurrent();
        myself.parent().unwrap().switch(myself.clone())?;
        Ok(())
    }
    drop(events());
    let greenlet = Greenlet::new(keeps_itself);
    let copy: Greenlet = take(greenlet.switch_in_place(()));
    assert!(copy == greenlet && copy.is_active());
    drop(greenlet);
    assert!(copy.is_dead());
    assert_events(["dropped"]);
    assert_eq!(take::<u32>(copy.switch_in_place(1_u32)), 1);
}

#[test]
fn ordinary_code_inside_a_greenlet_gets_control_back() {
    #[green]
    fn outer(_: ()) -> Result<u32, Thrown> {
        // A plain closure cannot suspend, but can drive another greenlet in place.
        let numbers = Greenlet::new(sum_of_answers);
        let first = [5_u32].map(|n| take::<u32>(numbers.switch_in_place(n)));
        Ok(first[0] + to_parent(0)?)
    }
    let outer = Greenlet::new(outer);
    assert_eq!(take::<u32>(outer.switch_in_place(())), 0);
    assert_eq!(take::<u32>(outer.switch_in_place(1_u32)), 6);
}

#[test]
fn a_switch_to_one_further_up_the_stack_is_an_error_value() {
    #[green]
    fn outer(_: ()) -> Result<bool, Thrown> {
        let main = getcurrent().parent().unwrap();
        let inner = Greenlet::new(move |_: ()| async move {
            let refused = main.switch(()).await.unwrap_err();
            Ok(refused.downcast_ref::<InvalidSwitch>().is_some())
        });
        Ok(std::iter::once(()).all(|()| take::<bool>(inner.switch_in_place(()))))
    }
    assert!(take::<bool>(Greenlet::new(outer).switch_in_place(())));
}

#[test]
fn in_ordinary_code_a_greenlet_that_waits_for_the_hub_is_a_panic_that_says_so() {
    let result = std::panic::catch_unwind(|| Greenlet::new(sleeps).switch_in_place(ms(1)).is_ok());
    let payload = result.unwrap_err();
    let message = payload.downcast_ref::<&str>().unwrap();
    assert!(message.contains("waits for its hub") && message.contains("help:"), "{message}");
    assert_eq!(testing::Left::now().timers, 0);
}

#[test]
fn settrace_sees_starts_returns_and_throws_and_a_panic_in_it_ends_it() {
    let seen = Rc::new(RefCell::new(vec![]));
    let log = seen.clone();
    let main = getcurrent();
    let before = settrace(Some(Rc::new(move |transfer, origin, target| {
        log.borrow_mut().push((transfer, *origin == main, *target == main));
    })));
    assert!(before.is_none());
    drop(Greenlet::new(returns).switch_in_place(1_u32).unwrap());
    assert!(Greenlet::new(returns).throw_in_place(Thrown::new("x")).is_err());
    assert!(settrace(None).is_some());
    let expected = [
        (Transfer::Switch, true, false),
        (Transfer::Switch, false, true),
        (Transfer::Throw, true, false),
        (Transfer::Throw, false, true),
    ];
    assert_eq!(*seen.borrow(), expected);

    settrace(Some(Rc::new(|_, _, _| panic!("a trace that panics"))));
    assert_eq!(take::<u32>(Greenlet::new(returns).switch_in_place(1_u32)), 1);
    assert!(gettrace().is_none());
}

#[eventlet::test]
fn green_code_switches_too_and_a_greenlet_that_sleeps_lets_other_threads_run() {
    spawn(|| async { note("another thread") });
    let value: u32 = Greenlet::new(sleeps).switch(ms(10)).unwrap().take();
    note(value);
    assert_eq!(testing::now(), ms(10));
    assert_events(["another thread", "sleeper dropped", "7"]);
}

#[eventlet::test]
fn a_timeout_around_a_switch_ends_the_greenlet_that_waits() {
    let sleeper = Greenlet::new(sleeps);
    assert!(with_timeout(ms(5), || sleeper.switch(ms(10))).is_err());
    assert!(sleeper.is_dead());
    assert_events(["sleeper dropped"]);
    assert_eq!(getcurrent().parent(), None);
}

#[eventlet::test]
fn a_kill_in_a_switch_ends_the_greenlet_that_waits() {
    let sleeper = Greenlet::new(sleeps);
    let copy = sleeper.clone();
    let thread = spawn(move || async move { sleeper.switch(ms(10)).await.map(drop) });
    sleep(ms(1));
    thread.kill();
    assert!(copy.is_dead());
    assert_events(["sleeper dropped"]);
}

#[eventlet::test]
fn a_greenlet_that_waits_in_another_green_thread_cannot_be_switched_to() {
    let sleeper = Greenlet::new(sleeps);
    let copy = sleeper.clone();
    let thread = spawn(move || async move { copy.switch(ms(10)).await.map(|value| value.take::<u32>()) });
    sleep(ms(1));
    let refused = sleeper.switch(()).unwrap_err();
    assert!(refused.downcast_ref::<InvalidSwitch>().is_some());
    assert_eq!(thread.wait().unwrap(), 7);
}

#[eventlet::test]
fn a_greenlet_may_be_begun_in_one_green_thread_and_go_on_in_another() {
    let sum = Greenlet::new(sum_of_answers);
    let copy = sum.clone();
    let thread = spawn(move || async move { copy.switch(1_u32).await.map(|value| value.take::<u32>()) });
    assert_eq!(thread.wait().unwrap(), 1);
    assert_eq!(sum.switch(10_u32).unwrap().take::<u32>(), 2);
    assert_eq!(sum.switch(20_u32).unwrap().take::<u32>(), 30);
}
