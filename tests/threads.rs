//! Spawning, waiting, linking, killing: what eventlet and gevent promise of a green thread.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::time::Duration;

use eventlet::greenthread::{self, catch_exit, current, iwait, joinall, killall, try_current};
use eventlet::{Exit, GreenThread, green, sleep, spawn, spawn_after, spawn_after_local, spawn_n};
use eventlet::{testing, with_timeout};
use eventlet_tests::{
    Noted, assert_events, events, give_way, ms, note, value_after, virtual_tests, wait_with,
};

#[green]
fn say(event: &'static str) {
    note(event);
}

/// Gives way so many times.
#[green]
fn spin(event: &'static str, times: u32) {
    for _ in 0..times {
        note(event);
        sleep(Duration::ZERO);
    }
}

/// A scope that is not entered yet.
async fn scope_of(noted: &'static str) {
    let _ = catch_exit(|| wait_with(noted)).await;
}

#[green]
fn add_after(delay: Duration, sum: Rc<Cell<u64>>, n: u64) {
    sleep(delay);
    sum.set(sum.get() + n);
}

#[green]
fn boom(text: &'static str) {
    panic!("{text}");
}

// Spawning.

virtual_tests! {
    fn spawn_does_not_switch() {
        let thread = spawn(|| say("child"));
        note("parent");
        assert!(!thread.is_started());
        thread.wait();
        assert_events(["parent", "child"]);
    }

    fn the_closure_itself_is_called_in_the_new_thread() {
        let thread = spawn(|| {
            note("closure");
            say("body")
        });
        note("parent");
        thread.wait();
        assert_events(["parent", "closure", "body"]);
    }

    fn threads_begin_in_the_order_in_which_they_were_spawned() {
        for name in ["a", "b", "c", "d"] {
            spawn_n(move || say(name));
        }
        give_way();
        assert_events(["a", "b", "c", "d"]);
    }

    fn a_thread_spawned_in_a_thread_begins_after_all_that_are_ready() {
        spawn_n(#[green] || {
            note("f");
            spawn_n(|| say("nested"));
        });
        spawn_n(|| say("g"));
        give_way();
        note("main");
        give_way();
        assert_events(["f", "g", "main", "nested"]);
    }

    fn what_a_thread_that_ends_at_once_has_spawned_still_runs() {
        spawn_n(#[green] || spawn_n(|| say("grandchild")));
        give_way();
        give_way();
        assert_events(["grandchild"]);
    }

    fn sleep_zero_is_a_fair_round_robin() {
        joinall(["a", "b", "c"].map(|name| spawn(move || spin(name, 3))));
        assert_events(["a", "b", "c", "a", "b", "c", "a", "b", "c"]);
    }

    fn sleep_takes_just_as_long_as_it_says_on_a_virtual_clock() {
        let before = testing::now();
        sleep(Duration::from_nanos(1_234_567_891));
        assert_eq!(testing::now() - before, Duration::from_nanos(1_234_567_891));
    }

    fn spawn_after_begins_when_its_time_has_come() {
        let thread = spawn_after(ms(20), || say("late"));
        sleep(ms(19));
        note("19");
        assert!(!thread.is_started());
        sleep(ms(2));
        assert!(thread.is_finished());
        assert_events(["19", "late"]);
    }

    fn spawn_after_outlives_its_maker_and_spawn_after_local_does_not() {
        let local = Rc::new(RefCell::new(None));
        let kept = local.clone();
        spawn(#[green] move || {
            spawn_after(ms(5), || say("global"));
            *kept.borrow_mut() = Some(spawn_after_local(ms(5), || say("local")));
        }).wait();
        sleep(ms(10));
        assert_events(["global"]);
        let local = local.take().unwrap();
        assert!(!local.is_started());
        assert!(matches!(local.join(), Err(Exit::Killed)));
    }

    fn spawn_after_local_begins_while_its_maker_lives() {
        let thread = spawn_after_local(ms(5), || value_after(ms(1), 7));
        assert_eq!(thread.wait(), 7);
    }

    fn a_thread_is_neither_finished_nor_started_before_its_first_turn() {
        let thread = spawn(#[green] || {
            assert!(current().is_started());
            assert!(!current().is_finished());
        });
        assert!(!thread.is_started() && !thread.is_finished());
        give_way();
        assert!(thread.is_started() && thread.is_finished());
        thread.wait();
    }

    fn spawn_after_sets_its_timer_at_once() {
        spawn_after(ms(10), || say("first"));
        sleep(ms(10));
        note("main");
        give_way();
        assert_events(["first", "main"]);
    }
}

// Waiting.

virtual_tests! {
    fn the_end_of_a_thread_that_is_over_is_there_without_suspending() {
        let thread = spawn(|| value_after(ms(1), 3));
        let handle = thread.thread().clone();
        sleep(ms(2));
        spawn_n(|| say("other"));
        assert!(handle.join().is_ok());
        assert!(handle.join().is_ok());
        assert_eq!(thread.wait(), 3);
        note("joined");
        give_way();
        assert_events(["joined", "other"]);
    }

    fn several_waiters_are_woken_in_the_order_in_which_they_waited() {
        let thread = spawn(|| value_after(ms(5), 1));
        for name in ["a", "b", "c"] {
            let handle = thread.thread().clone();
            spawn_n(#[green] move || {
                assert!(handle.join().is_ok());
                note(name);
            });
        }
        thread.wait();
        note("main");
        give_way();
        // Main was the first to wait: the others had not begun.
        assert_events(["main", "a", "b", "c"]);
    }

    fn every_waiter_hears_of_a_panic() {
        let thread = spawn(|| boom("too much"));
        let waiters: Vec<_> = (0..3).map(|_| {
            let handle = thread.thread().clone();
            spawn(move || handle.join())
        }).collect();
        for result in joinall(waiters) {
            let exit = result.unwrap().unwrap_err();
            assert_eq!(exit.to_string(), "the green thread panicked: too much");
        }
        let Err(Exit::Panicked(panic)) = thread.join() else { panic!("no panic") };
        assert_eq!(panic.message(), Some("too much"));
    }

    fn wait_raises_the_panic_with_its_own_value() {
        let waiter = spawn(#[green] || {
            let thread = spawn(#[green] || { std::panic::panic_any(42_u8); });
            thread.wait();
        });
        let Err(Exit::Panicked(panic)) = waiter.join() else { panic!("no panic") };
        assert_eq!(panic.into_payload().downcast_ref::<u8>(), Some(&42));
    }

    fn a_timeout_in_a_waiter_leaves_the_thread_alive() {
        let thread = spawn(|| value_after(ms(20), 9));
        assert!(with_timeout(ms(5), || thread.thread().join()).is_err());
        assert!(!thread.is_finished());
        assert_eq!(thread.wait(), 9);
    }

    fn killing_a_waiter_leaves_the_thread_alive() {
        let thread = spawn(|| value_after(ms(20), 9));
        let handle = thread.thread().clone();
        let waiter = spawn(move || handle.join());
        sleep(ms(1));
        waiter.kill();
        sleep(ms(1));
        assert!(waiter.is_finished() && !thread.is_finished());
        assert_eq!(thread.wait(), 9);
    }

    fn joinall_gives_results_in_the_order_of_the_threads() {
        let threads = [30, 10, 20].map(|delay| spawn(move || value_after(ms(delay), delay as u32)));
        threads[1].kill();
        let results = joinall(threads);
        assert!(matches!(results[..], [Ok(30), Err(Exit::Killed), Ok(20)]));
        assert_eq!(joinall(Vec::<GreenThread<()>>::new()).len(), 0);
    }

    fn iwait_gives_threads_in_the_order_in_which_they_end() {
        let ready = spawn(|| value_after(ms(1), 1));
        sleep(ms(2));
        let mut order = vec![];
        let slow = [30, 10, 20].map(|delay| spawn(move || value_after(ms(delay), delay as u32)));
        for thread in iwait([ready].into_iter().chain(slow)) {
            // The consumer may switch: nothing is lost meanwhile.
            sleep(ms(15));
            order.push(thread.wait());
        }
        assert_eq!(order, [1, 10, 20, 30]);
    }

    fn leaving_iwait_early_leaves_nothing_with_the_other_threads() {
        let threads = [1, 50].map(|delay| spawn(move || value_after(ms(delay), 0)));
        let kept = Rc::new(());
        let seen = kept.clone();
        let handles = threads.each_ref().map(|thread| thread.thread().clone());
        for thread in iwait(handles) {
            drop(thread);
            drop(seen);
            break;
        }
        assert_eq!(Rc::strong_count(&kept), 1);
        joinall(threads);
    }

    fn iwait_with_a_timeout_goes_on_afterwards() {
        use eventlet::GreenIterator;
        let mut ends = iwait([10, 20].map(|delay| spawn(move || value_after(ms(delay), delay as u32))));
        assert!(with_timeout(ms(5), || ends.next()).is_err());
        assert_eq!(ends.next().unwrap().wait(), 10);
        assert_eq!(ends.next().unwrap().wait(), 20);
        assert!(ends.next().is_none());
    }

    fn a_value_that_nobody_wants_is_dropped_when_the_thread_ends() {
        let handle = spawn(#[green] || Noted("value")).thread().clone();
        handle.link(|_| note("link"));
        give_way();
        note("ended");
        drop(handle);
        assert_events(["value", "link", "ended"]);
    }

    fn a_value_that_nobody_took_is_dropped_with_the_right_to_it() {
        let thread = spawn(#[green] || Noted("value"));
        let handle = thread.thread().clone();
        give_way();
        note("ended");
        drop(thread);
        note("handle");
        drop(handle);
        assert_events(["ended", "value", "handle"]);
    }
}

// Links.

virtual_tests! {
    fn links_run_in_order_inside_the_ending_thread_before_waiters_go_on() {
        let thread = spawn(#[green] || { let _noted = Noted("body dropped"); sleep(ms(1)); });
        for name in ["first", "second"] {
            thread.link(move |ended| {
                assert!(ended.is_finished());
                assert_eq!(try_current().as_ref(), Some(ended));
                note(name);
            });
        }
        thread.wait();
        note("waiter");
        assert_events(["body dropped", "first", "second", "waiter"]);
    }

    fn a_thousand_links_run_in_order() {
        let thread = spawn(give_way);
        let seen = Rc::new(RefCell::new(vec![]));
        for n in 0..1000 {
            let seen = seen.clone();
            thread.link(move |_| seen.borrow_mut().push(n));
        }
        thread.wait();
        assert!(seen.borrow().iter().copied().eq(0..1000));
    }

    fn a_link_to_a_thread_that_is_over_is_called_at_once() {
        let thread = spawn(give_way);
        sleep(ms(1));
        let link = thread.link(|_| note("linked"));
        note("after");
        assert!(!thread.unlink(link));
        thread.wait();
        assert_events(["linked", "after"]);
    }

    fn a_link_made_in_a_link_is_called_once() {
        let thread = spawn(give_way);
        thread.link(|thread| {
            note("outer");
            thread.link(|_| note("inner"));
            note("outer ends");
        });
        thread.wait();
        give_way();
        assert_events(["outer", "inner", "outer ends"]);
    }

    fn a_link_that_panics_stops_neither_the_next_nor_the_result() {
        let thread = spawn(|| value_after(ms(1), 5));
        thread.link(|_| panic!("a link"));
        thread.link(|_| note("next"));
        assert_eq!(thread.wait(), 5);
        assert_events(["next"]);
    }

    fn an_unlinked_link_is_not_called_and_is_dropped_at_once() {
        let thread = spawn(give_way);
        let held = Noted("closure dropped");
        let link = thread.link(move |_| { let _held = held; note("called"); });
        assert!(thread.unlink(link));
        note("unlinked");
        assert!(!thread.unlink(link));
        thread.wait();
        assert_events(["closure dropped", "unlinked"]);
    }

    fn a_link_may_spawn_and_kill() {
        let victim = spawn(|| wait_with("victim"));
        let other = victim.thread().clone();
        let thread = spawn(give_way);
        thread.link(move |_| {
            other.kill();
            spawn_n(|| say("spawned"));
        });
        give_way();
        note("turn");
        sleep(ms(1));
        assert_events(["turn", "victim", "spawned"]);
        thread.wait();
    }

    fn a_link_may_undo_a_later_one() {
        let thread = spawn(give_way);
        let second = Rc::new(Cell::new(None));
        let link = second.clone();
        thread.link(move |thread| {
            note("first");
            assert!(thread.unlink(link.take().unwrap()));
        });
        second.set(Some(thread.link(|_| note("second"))));
        thread.link(|_| note("third"));
        thread.wait();
        assert_events(["first", "third"]);
    }

    fn what_a_link_panics_with_may_panic_in_its_turn() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("in a payload");
            }
        }
        let thread = spawn(give_way);
        thread.link(|_| std::panic::panic_any(Bomb));
        thread.link(|_| note("next"));
        thread.wait();
        assert_events(["next"]);
    }
}

// Killing.

virtual_tests! {
    fn a_thread_killed_before_its_beginning_never_runs() {
        let thread = spawn(|| say("body"));
        thread.link(|_| note("link"));
        thread.kill();
        note("killed");
        thread.kill();
        assert!(thread.is_finished());
        assert!(matches!(thread.join(), Err(Exit::Killed)));
        assert_events(["link", "killed"]);
    }

    fn what_its_closure_held_is_dropped_when_it_is_killed_before_its_beginning() {
        let held = Noted("held");
        let thread = spawn(move || { let _held = held; say("body") });
        thread.kill();
        note("killed");
        assert_events(["held", "killed"]);
    }

    fn killing_a_delayed_thread_cancels_its_timer() {
        let timers = testing::Left::now().timers;
        let threads: Vec<_> = (0..10).map(|_| spawn_after(ms(1000), || say("body"))).collect();
        sleep(ms(1));
        killall(&threads);
        assert_eq!(testing::Left::now().timers, timers);
        assert!(joinall(threads).iter().all(|result| matches!(result, Err(Exit::Killed))));
        assert_events([]);
    }

    fn kill_of_a_blocked_thread_runs_its_destructors_before_kill_returns() {
        let thread = spawn(|| wait_with("destructor"));
        thread.link(|_| note("link"));
        give_way();
        note("kill");
        thread.kill();
        note("killed");
        assert!(matches!(thread.join(), Err(Exit::Killed)));
        assert_events(["kill", "destructor", "link", "killed"]);
    }

    fn locals_drop_innermost_first_when_a_thread_is_killed() {
        let thread = spawn(#[green] || {
            let _first = Noted("first");
            let _second = Noted("second");
            wait_with("callee");
        });
        give_way();
        thread.kill();
        assert_events(["callee", "second", "first"]);
    }

    fn cleaning_up_may_suspend_and_its_rest_runs_later() {
        let thread = spawn(#[green] || {
            if catch_exit(|| sleep(Duration::MAX)).is_err() {
                note("clean-up begins");
                sleep(ms(5));
                note("clean-up ends");
                current().kill();
                sleep(Duration::ZERO);
                note("never");
            }
        });
        give_way();
        thread.kill();
        note("kill returned");
        assert!(matches!(thread.join(), Err(Exit::Killed)));
        assert_events(["clean-up begins", "kill returned", "clean-up ends"]);
    }

    fn a_thread_may_refuse_to_end() {
        let thread = spawn(#[green] || {
            match catch_exit(|| value_after(Duration::MAX, 0)) {
                Ok(_) => "finished",
                Err(_) => { sleep(ms(5)); "survived" }
            }
        });
        give_way();
        thread.kill();
        assert!(!thread.is_finished());
        assert_eq!(thread.wait(), "survived");
    }

    fn of_nested_scopes_the_innermost_hears_of_each_kill() {
        let thread = spawn(#[green] || {
            let outer = catch_exit(#[green] || {
                if catch_exit(|| sleep(Duration::MAX)).is_err() {
                    note("inner");
                }
                sleep(Duration::MAX);
            });
            assert!(outer.is_err());
            note("outer");
            sleep(Duration::MAX);
        });
        give_way();
        thread.kill();
        note("once");
        thread.kill();
        note("twice");
        assert!(!thread.is_finished());
        thread.kill();
        assert!(matches!(thread.join(), Err(Exit::Killed)));
        assert_events(["inner", "once", "outer", "twice"]);
    }

    fn a_kill_of_a_thread_that_is_over_leaves_its_result() {
        let thread = spawn(|| value_after(ms(1), 4));
        sleep(ms(2));
        thread.kill();
        assert_eq!(thread.wait(), 4);
    }

    fn a_thread_that_kills_itself_ends_at_its_next_suspension() {
        let thread = spawn(#[green] || {
            let _noted = Noted("dropped");
            current().kill();
            note("still here");
            sleep(Duration::ZERO);
            note("never");
        });
        assert!(matches!(thread.join(), Err(Exit::Killed)));
        assert_events(["still here", "dropped"]);
    }

    fn a_thread_that_kills_itself_and_returns_without_suspending_has_its_value() {
        let thread = spawn(#[green] || { current().kill(); 8 });
        assert_eq!(thread.wait(), 8);
    }

    fn a_scope_hears_of_its_own_threads_kill() {
        let thread = spawn(#[green] || {
            let result = catch_exit(#[green] || {
                current().kill();
                note("still here");
                sleep(ms(10));
                note("never");
            });
            assert!(result.is_err());
            note("heard");
        });
        thread.wait();
        assert_events(["still here", "heard"]);
    }

    fn cancel_prevents_a_beginning_and_nothing_else() {
        let early = spawn(|| say("early"));
        early.cancel();
        let late = spawn(|| value_after(ms(1), 2));
        give_way();
        late.cancel();
        let delayed = spawn_after(ms(1), || say("delayed"));
        give_way();
        delayed.cancel();
        assert!(matches!(early.join(), Err(Exit::Killed)));
        assert!(matches!(delayed.join(), Err(Exit::Killed)));
        assert_eq!(late.wait(), 2);
        assert_events([]);
    }

    fn killall_kills_in_order_and_does_not_suspend() {
        let threads = ["a", "b", "c"].map(|name| spawn(move || wait_with(name)));
        spawn_n(|| say("ready"));
        give_way();
        spawn_n(|| say("later"));
        killall(&threads);
        note("killed");
        joinall(threads);
        give_way();
        assert_events(["ready", "a", "b", "c", "killed", "later"]);
    }

    fn threads_may_kill_each_other_from_destructors() {
        struct Kills(Rc<RefCell<Option<greenthread::Thread>>>, &'static str);
        impl Drop for Kills {
            fn drop(&mut self) {
                note(self.1);
                let other = self.0.take();
                if let Some(other) = other {
                    other.kill();
                    note(format_args!("{} killed", self.1));
                }
            }
        }
        let of_a = Rc::new(RefCell::new(None));
        let of_b = Rc::new(RefCell::new(None));
        let (kills_b, kills_a) = (Kills(of_b.clone(), "a"), Kills(of_a.clone(), "b"));
        let a = spawn(#[green] move || { let _kills = kills_b; sleep(Duration::MAX); });
        let b = spawn(#[green] move || { let _kills = kills_a; sleep(Duration::MAX); });
        *of_a.borrow_mut() = Some(a.thread().clone());
        *of_b.borrow_mut() = Some(b.thread().clone());
        give_way();
        a.kill();
        note("done");
        assert!(a.is_finished() && b.is_finished());
        assert_events(["a", "b", "b killed", "a killed", "done"]);
    }

    fn a_destructor_may_spawn_and_its_thread_begins_in_its_turn() {
        struct Spawns;
        impl Drop for Spawns {
            fn drop(&mut self) {
                spawn_n(|| say("spawned"));
                note("dropped");
            }
        }
        let thread = spawn(#[green] || { let _spawns = Spawns; sleep(Duration::MAX); });
        give_way();
        thread.kill();
        note("killed");
        give_way();
        assert_events(["dropped", "killed", "spawned"]);
    }

    fn a_destructor_that_panics_is_the_threads_result() {
        struct Panics;
        impl Drop for Panics {
            fn drop(&mut self) {
                panic!("in a destructor");
            }
        }
        let thread = spawn(#[green] || { let _panics = Panics; sleep(Duration::MAX); });
        give_way();
        thread.kill();
        let exit = thread.join().unwrap_err();
        assert_eq!(exit.to_string(), "the green thread panicked: in a destructor");
    }

    fn a_panic_ends_its_thread_alone() {
        let thread = spawn(|| boom("alone"));
        let other = spawn(|| value_after(ms(5), 6));
        assert!(thread.join().is_err());
        assert_eq!(other.wait(), 6);
    }

    fn waiting_for_oneself_is_a_panic_that_says_so() {
        let thread = spawn(#[green] || current().join());
        let exit = thread.join().unwrap_err();
        let text = exit.to_string();
        assert!(text.contains("waits for its own end"), "{text}");
    }

    fn a_thread_that_computes_is_not_interrupted() {
        let thread = spawn(#[green] || {
            sleep(ms(1));
            for n in 0..3 {
                note(n);
            }
        });
        sleep(ms(2));
        thread.kill();
        thread.wait();
        assert_events(["0", "1", "2"]);
    }

    fn ids_are_never_used_again_and_names_show() {
        let first = spawn(give_way);
        first.set_name("worker");
        let second = spawn(give_way);
        assert!(second.id() > first.id());
        assert_eq!(first.name().as_deref(), Some("worker"));
        assert!(format!("{first:?}").contains("worker"));
        assert!(first.thread() != second.thread());
        joinall([first, second]);
    }

    fn what_is_spawned_in_a_loop_of_many_all_ends() {
        let sum = Rc::new(Cell::new(0_u64));
        let threads: Vec<_> = (0..10_000).map(|n| {
            let sum = sum.clone();
            spawn(move || add_after(ms(n % 7), sum, n))
        }).collect();
        for (index, thread) in threads.iter().enumerate() {
            if index % 10 == 0 {
                thread.kill();
            }
        }
        joinall(threads);
        assert_eq!(sum.get(), (0..10_000_u64).filter(|n| n % 10 != 0).sum::<u64>());
    }

    fn a_thread_that_kills_itself_while_it_cleans_up_is_heard_of_by_the_outer_scope() {
        let thread = spawn(#[green] || {
            let outer = catch_exit(#[green] || {
                let inner = catch_exit(#[green] || { current().kill(); sleep(Duration::MAX); });
                assert!(inner.is_err());
                note("inner");
                current().kill();
                sleep(Duration::MAX);
            });
            assert!(outer.is_err());
            note("outer");
        });
        thread.wait();
        assert_events(["inner", "outer"]);
    }

    fn a_thread_that_does_nothing_but_kill_itself_lets_the_others_live() {
        let thread = spawn(#[green] || {
            for _ in 0..3 {
                let result = catch_exit(#[green] || { current().kill(); sleep(Duration::MAX); });
                assert!(result.is_err());
                note("again");
            }
        });
        let other = spawn(|| say("other"));
        thread.wait();
        other.wait();
        assert_events(["again", "other", "again", "again"]);
    }

    fn a_scope_that_is_not_reached_does_not_keep_a_killed_thread() {
        let thread = spawn(#[green] || {
            let mut scope = Box::pin(scope_of("scope"));
            poll_fn(|cx| {
                let _ = scope.as_mut().poll(cx);
                std::task::Poll::Ready(())
            }).await;
            // The scope is entered, and its call is driven no more.
            wait_with("thread");
        });
        give_way();
        thread.kill();
        assert!(matches!(thread.join(), Err(Exit::Killed)));
        assert_events(["thread", "scope"]);
    }

    fn a_thread_that_is_killed_while_it_is_ready_keeps_the_ready_queue_in_order() {
        let thread = spawn(#[green] || {
            let spinning = catch_exit(#[green] || spin("never seen twice", u32::MAX));
            assert!(spinning.is_err());
            for n in 0..3 {
                note(n);
                sleep(Duration::ZERO);
            }
        });
        let before = spawn(|| spin("before", 2));
        give_way();
        let after = spawn(|| spin("after", 2));
        assert_eq!(events(), ["never seen twice", "before"]);
        // Its place in the queue is between theirs.
        thread.kill();
        let new = spawn(|| spin("new", 2));
        joinall([thread.thread(), before.thread(), after.thread(), new.thread()]);
        let events = events();
        for event in ["0", "1", "2", "before", "after", "new"] {
            let expected = if event == "after" || event == "new" { 2 } else { 1 };
            assert_eq!(events.iter().filter(|seen| *seen == event).count(), expected, "{events:?}");
        }
    }

    fn a_thread_that_wakes_and_kills_itself_keeps_the_ready_queue_in_order() {
        let thread = spawn(#[green] || {
            let result = catch_exit(#[green] || { current().kill(); sleep(Duration::ZERO); });
            assert!(result.is_err());
            give_way();
            note("killed");
        });
        let others = ["a", "b"].map(|name| spawn(move || spin(name, 3)));
        thread.wait();
        joinall(others);
        assert_eq!(events().len(), 7);
    }
}

// A handle that kills.

virtual_tests! {
    fn a_held_thread_is_killed_when_its_handle_is_dropped() {
        let held = spawn(|| wait_with("dropped")).kill_on_drop();
        let thread = (*held).clone();
        give_way();
        drop(held);
        note("after");
        assert_events(["dropped", "after"]);
        assert!(matches!(thread.join(), Err(Exit::Killed)));
        // Before its body has begun, too.
        let held = spawn(|| say("never")).kill_on_drop();
        assert_eq!(format!("{held:?}"), format!("{:?}", *held).replacen("Thread", "KillOnDrop", 1));
        drop(held);
        give_way();
        assert_events([]);
    }

    fn a_held_thread_ends_with_the_thread_that_waits_for_it() {
        let held = spawn(|| wait_with("held")).kill_on_drop();
        let waiter = spawn(#[green] move || held.wait());
        give_way();
        waiter.kill();
        note("waiter");
        assert_events(["held", "waiter"]);

        let held = ["one", "other"].map(|name| spawn(move || wait_with(name)).kill_on_drop());
        assert!(with_timeout(ms(5), || joinall(held)).is_err());
        assert_events(["one", "other"]);
        assert_eq!(testing::now(), ms(5));
    }

    fn a_held_thread_gives_its_value_and_goes_on_when_it_is_taken_out() {
        assert_eq!(spawn(|| value_after(ms(3), 7)).kill_on_drop().wait(), 7);
        let ended = spawn(|| value_after(ms(3), 8)).kill_on_drop();
        sleep(ms(4));
        assert!(ended.is_finished());
        assert_eq!(ended.join().unwrap(), 8);
        let free = spawn(|| value_after(ms(3), 9)).kill_on_drop().into_inner();
        assert_eq!(free.wait(), 9);
        let panics = spawn(|| boom("held")).kill_on_drop();
        assert!(matches!(panics.join(), Err(Exit::Panicked(panic)) if panic.message() == Some("held")));
    }
}

#[test]
fn a_handle_outlives_everything() {
    // `run` leaves the other threads as they are.
    let thread = eventlet::run(|| async { spawn(|| wait_with("dropped")) });
    thread.kill();
    assert!(thread.is_finished());
    drop(events());
    assert!(matches!(eventlet::run(|| thread.join()), Err(Exit::Killed)));
}

// What is said in other words than gevent's.

virtual_tests! {
    fn the_running_thread_is_the_current_one() {
        let main = current();
        let thread = spawn(#[green] || {
            let before = current().id();
            sleep(ms(1));
            assert_eq!(current().id(), before);
            before
        });
        let id = thread.id();
        assert_ne!(id, main.id());
        assert_eq!(thread.wait(), id);
        assert_eq!(current(), main);
    }

    fn what_becomes_ready_is_resumed_in_the_order_of_the_calls() {
        let event = eventlet::Event::new();
        let waiter = { let event = event.clone(); spawn(#[green] move || { event.wait(); note("sent"); }) };
        let refuses = spawn(#[green] || {
            assert!(catch_exit(|| sleep(Duration::MAX)).is_err());
            give_way();
            note("killed");
        });
        give_way();
        let spawned = spawn(|| say("spawned"));
        event.send(());
        refuses.kill();
        let last = spawn(|| say("last"));
        joinall([waiter.thread(), refuses.thread(), spawned.thread(), last.thread()]);
        assert_events(["spawned", "sent", "killed", "last"]);
    }

    fn iwait_stops_at_a_count_and_leaves_the_others() {
        use eventlet::GreenIterator;
        let threads = [30, 10, 20].map(|delay| spawn(move || value_after(ms(delay), delay as u32)));
        let slow = threads[0].thread().clone();
        let mut order = vec![];
        for thread in iwait(threads).take(2) {
            order.push(thread.wait());
        }
        assert_eq!((order, testing::now()), (vec![10, 20], ms(20)));
        assert!(!slow.is_finished());
        assert!(slow.join().is_ok());
    }

    fn the_first_failure_in_time_is_heard_of_while_others_run() {
        let slow = spawn(|| sleep(ms(50)));
        let fails_late = spawn(#[green] || { sleep(ms(20)); boom("late"); });
        let fails_early = spawn(#[green] || { sleep(ms(10)); boom("early"); });
        let handles = [&slow, &fails_late, &fails_early].map(|thread| thread.thread().clone());
        let mut first = None;
        for thread in iwait(handles) {
            if let Err(exit) = thread.join() {
                first = Some(exit.to_string());
                break;
            }
        }
        assert_eq!(first.as_deref(), Some("the green thread panicked: early"));
        assert_eq!(testing::now(), ms(10));
        assert!(!slow.is_finished() && !fails_late.is_finished());
        assert!(fails_late.join().is_err());
        slow.wait();
    }

    fn waiting_for_the_end_of_killed_threads_can_be_limited() {
        let refuses = spawn(#[green] || {
            assert!(catch_exit(|| sleep(Duration::MAX)).is_err());
            sleep(ms(20));
        });
        let ends = spawn(|| sleep(Duration::MAX));
        give_way();
        let threads = [refuses.thread(), ends.thread()];
        killall(threads);
        assert_eq!((refuses.is_finished(), ends.is_finished()), (false, true));
        assert!(with_timeout(ms(5), || joinall(threads)).is_err());
        assert_eq!(testing::now(), ms(5));
        assert!(matches!(joinall(threads)[..], [Ok(()), Err(Exit::Killed)]));
    }

    fn what_follows_an_end_is_a_thread_that_joins() {
        let follow = |thread: GreenThread<u32>| spawn(#[green] move || match thread.join() {
            Ok(value) => { give_way(); note(format!("value {value}")) }
            Err(exit) => note(exit),
        });
        let ended = spawn(|| value_after(Duration::ZERO, 1));
        sleep(ms(1));
        let follows_ended = follow(ended);
        note("not at once");
        let follows_panic = follow(spawn(#[green] || { boom("no value"); 0 }));
        let follows_kill = { let thread = spawn(|| value_after(ms(1), 2)); thread.kill(); follow(thread) };
        joinall([follows_ended, follows_panic, follows_kill]);
        assert_events([
            "not at once",
            "the green thread panicked: no value",
            "the green thread was killed",
            "value 1",
        ]);
    }

    fn threads_in_the_way_of_std_are_green() {
        use eventlet::green::thread;
        let thread = thread::spawn(#[green] || {
            thread::yield_now();
            note("in the thread");
            7
        });
        let other = thread::Builder::new().name("worker".to_owned()).spawn(#[green] || {
            note(thread::current().name().unwrap());
            thread::sleep(ms(5));
        }).unwrap();
        note("spawned");
        assert!(!thread.is_finished());
        assert_eq!(thread.join().unwrap(), 7);
        assert!(other.join().is_ok());
        assert_eq!(testing::now(), ms(5));
        let payload = thread::spawn(|| boom("as in std")).join().unwrap_err();
        assert_eq!(payload.downcast_ref::<String>().map(|text| &**text), Some("as in std"));
        assert_events(["spawned", "worker", "in the thread"]);
    }
}

/// What a thread holds in memory: its closure, then the call that this makes, then the value.
mod memory {
    use std::cell::OnceCell;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use eventlet::testing::run_virtual;
    use eventlet::{hubs, run, try_run};

    use super::*;

    /// Notes its name when it is dropped, and panics with it.
    struct Bomb(&'static str);

    impl Drop for Bomb {
        fn drop(&mut self) {
            note(self.0);
            panic!("{}", self.0);
        }
    }

    /// Calls its closure when it is dropped.
    struct OnDrop<F: FnMut()>(F);

    impl<F: FnMut()> Drop for OnDrop<F> {
        fn drop(&mut self) {
            (self.0)();
        }
    }

    virtual_tests! {
        fn a_closure_that_panics_is_dropped_and_is_the_threads_result() {
            let held = Noted("held");
            let thread = spawn(move || -> std::future::Ready<()> {
                let _held = &held;
                panic!("no call is made");
            });
            let detached = spawn(|| -> std::future::Pending<()> { std::panic::panic_any(7) });
            drop(detached);
            let exit = thread.join().unwrap_err();
            assert_eq!(exit.to_string(), "the green thread panicked: no call is made");
            assert_events(["held"]);
        }

        fn a_thread_that_its_own_closure_kills_ends_at_its_first_suspension() {
            let thread = spawn(|| {
                current().kill();
                note(format_args!("finished: {}", current().is_finished()));
                wait_with("dropped")
            });
            assert!(matches!(thread.join(), Err(Exit::Killed)));
            assert_events(["finished: false", "dropped"]);
        }

        fn a_closure_that_kills_its_thread_and_panics_has_panicked() {
            let thread = spawn(|| -> std::future::Ready<()> {
                current().kill();
                panic!("first");
            });
            assert!(matches!(thread.join(), Err(Exit::Panicked(_))));
        }

        fn a_closure_may_look_at_all_threads_and_spawn_and_drop_its_own_handle() {
            let own: Rc<RefCell<Option<GreenThread<Noted>>>> = Rc::default();
            let of_closure = own.clone();
            *own.borrow_mut() = Some(spawn(move || {
                assert!(hubs::get_hub().describe_threads().contains(" runs\n"));
                spawn_n(|| say("spawned"));
                drop(of_closure.take());
                async { Noted("value") }
            }));
            give_way();
            assert!(own.borrow().is_none());
            give_way();
            assert_events(["value", "spawned"]);
        }

        fn a_handle_that_the_body_owns_detaches_the_thread_with_the_body() {
            let own: Rc<RefCell<Option<GreenThread<Noted>>>> = Rc::default();
            let taken = own.clone();
            let thread = spawn(#[green] move || {
                let handle = taken.take();
                sleep(ms(1));
                drop(Noted("body"));
                drop(handle);
                Noted("value")
            });
            let end = thread.thread().clone();
            *own.borrow_mut() = Some(thread);
            end.join().unwrap();
            assert_events(["body", "value"]);

            // The same when the body is dropped with the handle in it.
            let taken = own.clone();
            let thread = spawn(#[green] move || {
                let _handle = taken.take();
                sleep(Duration::MAX);
                Noted("never")
            });
            let end = thread.thread().clone();
            *own.borrow_mut() = Some(thread);
            give_way();
            end.kill();
            assert!(end.is_finished());
            assert_events([]);
        }

        fn the_destructor_of_a_value_may_use_the_thread_that_made_it() {
            spawn_n(|| async {
                let me = current();
                OnDrop(move || {
                    note(format_args!("current: {}, finished: {}", try_current() == Some(me.clone()), me.is_finished()));
                    me.kill();
                    me.set_name("late");
                    hubs::get_hub().describe_threads();
                    spawn_n(|| say("spawned"));
                })
            });
            give_way();
            give_way();
            assert_events(["current: true, finished: false", "spawned"]);

            let taken = spawn(|| async {
                let me = current();
                OnDrop(move || note(format_args!("finished: {}", me.is_finished())))
            });
            give_way();
            drop(taken);
            assert_events(["finished: true"]);
        }

        fn a_value_whose_destructor_panics_ends_nobody_else() {
            spawn_n(|| async { Bomb("detached") });
            let thread = spawn(|| async { Bomb("dropped with its handle") });
            give_way();
            assert_events(["detached"]);
            let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(thread)));
            assert!(dropped.is_err());
            assert_events(["dropped with its handle"]);
        }

        fn of_a_body_and_a_value_whose_destructors_panic_the_body_is_the_result() {
            struct Returns {
                _body: Bomb,
            }
            impl Future for Returns {
                type Output = Bomb;
                fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Bomb> {
                    Poll::Ready(Bomb("value"))
                }
            }
            let thread = spawn(|| Returns { _body: Bomb("body") });
            let exit = thread.join().err().unwrap();
            assert_eq!(exit.to_string(), "the green thread panicked: body");
            let detached = spawn(|| Returns { _body: Bomb("detached body") });
            let end = detached.thread().clone();
            drop(detached);
            assert_eq!(end.join().unwrap_err().to_string(), "the green thread panicked: detached body");
            assert_events(["body", "value", "detached body", "value"]);
        }

        fn what_is_panicked_with_may_panic_when_it_is_dropped() {
            spawn_n(|| -> std::future::Ready<()> { std::panic::panic_any(Bomb("of the closure")) });
            spawn_n(|| async { std::panic::panic_any(Bomb("of the body")) });
            let killed = spawn(|| async {
                let _panics = OnDrop(|| std::panic::panic_any(Bomb("of a destructor")));
                sleep(Duration::MAX).await;
            });
            give_way();
            let end = killed.thread().clone();
            drop(killed);
            end.kill();
            assert!(matches!(end.join(), Err(Exit::Panicked(_))));
            assert_events(["of the closure", "of the body", "of a destructor"]);
        }

        fn a_closure_that_never_ran_is_dropped_once_whatever_its_destructor_does() {
            let slot: Rc<OnceCell<greenthread::Thread>> = Rc::default();
            let own = slot.clone();
            let held = OnDrop(move || {
                let me = own.get().unwrap();
                note(format_args!("finished: {}", me.is_finished()));
                me.kill();
                spawn_n(|| say("spawned"));
                panic!("in the closure's destructor");
            });
            let thread = spawn(move || async move { drop(held) });
            slot.set(thread.thread().clone()).unwrap();
            thread.kill();
            let exit = thread.join().unwrap_err();
            assert_eq!(exit.to_string(), "the green thread panicked: in the closure's destructor");
            give_way();
            assert_events(["finished: false", "spawned"]);
        }

        fn each_stage_stays_where_it_is_and_is_aligned() {
            #[repr(align(64))]
            struct Aligned<const N: usize>([u8; N]);
            fn check<const N: usize>(value: &Aligned<N>) -> usize {
                let address = std::ptr::from_ref(value).addr();
                assert_eq!(address % 64, 0);
                assert!(value.0.iter().all(|&byte| byte == 7));
                address
            }
            fn stages<const N: usize>() -> impl Future<Output = Aligned<N>> {
                let held = Aligned([7; N]);
                let thread = spawn(move || {
                    check(&held);
                    async move {
                        let before = check(&held);
                        sleep(ms(1)).await;
                        assert_eq!(check(&held), before);
                        held
                    }
                });
                thread.wait()
            }
            check(&stages::<0>().await);
            check(&stages::<1>().await);
            check(&stages::<100_000>().await);
        }

        fn a_thread_without_any_size_has_a_value_without_any() {
            struct Nothing;
            impl Future for Nothing {
                type Output = Nothing;
                fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Nothing> {
                    Poll::Ready(Nothing)
                }
            }
            impl Drop for Nothing {
                fn drop(&mut self) {
                    note("nothing");
                }
            }
            let Nothing = spawn(|| Nothing).wait();
            spawn_n(|| Nothing);
            spawn(|| Nothing).kill();
            give_way();
            assert_events(["nothing", "nothing", "nothing", "nothing"]);
        }

        fn a_waker_is_woken_and_cloned_by_every_destructor_of_its_thread() {
            async fn own_waker() -> Waker {
                std::future::poll_fn(|cx| Poll::Ready(cx.waker().clone())).await
            }
            fn wakes(waker: Waker, noted: &'static str) -> impl Sized {
                OnDrop(move || {
                    waker.wake_by_ref();
                    let another = waker.clone();
                    another.wake();
                    note(noted);
                })
            }
            let make = || spawn(|| async {
                let waker = own_waker().await;
                let _body = wakes(waker.clone(), "body");
                give_way().await;
                wakes(waker, "value")
            });
            drop(make());
            let taken = make();
            let killed = make();
            give_way();
            killed.kill();
            give_way();
            drop(taken);
            give_way();
            assert_events(["body", "body", "value", "body", "value"]);
        }
    }

    #[test]
    fn what_a_stopped_run_borrows_is_given_back_before_it_returns() {
        let mut text = String::from("borrowed");
        let exit = try_run(|| {
            let text = &mut text;
            async move {
                let _end = OnDrop(|| text.push_str(", dropped"));
                hubs::get_hub().handle().stop().unwrap();
                sleep(Duration::MAX).await;
            }
        });
        assert!(matches!(exit, Err(Exit::Killed)));
        assert_eq!(text, "borrowed, dropped");
        // Stopped before it begins: the closure is dropped without having been called.
        hubs::get_hub().handle().stop().unwrap();
        let held = OnDrop(|| text.push_str(", again"));
        assert!(try_run(move || async move { drop(held) }).is_err());
        assert_eq!(text, "borrowed, dropped, again");
        assert_eq!(run(|| async { text.as_str() }), "borrowed, dropped, again");
    }

    #[test]
    fn what_a_deadlocked_run_borrows_is_given_back_before_it_panics() {
        let text = RefCell::new(String::new());
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            run(|| async {
                // It refuses to end, and is not asked.
                let _end = OnDrop(|| text.borrow_mut().push_str("dropped"));
                while catch_exit(|| sleep(Duration::MAX)).await.is_err() {}
            });
        }));
        assert!(outcome.is_err());
        assert_eq!(text.into_inner(), "dropped");
    }

    #[test]
    fn a_main_thread_that_somebody_else_kept_is_empty_when_run_returns() {
        let text = String::from("borrowed");
        let kept = run(|| async {
            let _borrowed = &text;
            current()
        });
        drop(text);
        assert!(kept.is_finished());
        kept.kill();
        assert!(run_virtual(|| kept.join()).is_ok());
    }
}
