//! `scope` and `try_scope`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use eventlet::greenthread::{self, catch_exit};
use eventlet::{
    Event, Exit, Queue, Scope, ScopedThread, Semaphore, green, scope, sleep, spawn, spawn_n, testing,
    try_scope, with_timeout,
};
use eventlet_tests::{Noted, assert_events, events, give_way, ms, note, say_after, virtual_tests, wait_with};

#[green]
fn say(event: &'static str) {
    note(event);
}

#[green]
fn boom(delay: Duration, text: &'static str) {
    sleep(delay);
    panic!("{text}");
}

#[green]
fn fail(delay: Duration, error: &'static str) -> Result<(), &'static str> {
    sleep(delay);
    Err(error)
}

#[green]
fn wait_fallibly(noted: &'static str) -> Result<u32, &'static str> {
    let _noted = Noted(noted);
    sleep(Duration::MAX);
    Ok(1)
}

#[green]
fn spin(event: &'static str, times: u32) {
    for _ in 0..times {
        note(event);
        sleep(Duration::ZERO);
    }
}

/// Notes its name when dropped, then panics.
struct Grenade(&'static str);

impl Drop for Grenade {
    fn drop(&mut self) {
        note(self.0);
        panic!("{}", self.0);
    }
}

#[green]
fn hold(grenade: Grenade) {
    let _grenade = grenade;
    sleep(Duration::MAX);
}

#[green]
fn push(to: &RefCell<Vec<u32>>, n: u32) {
    sleep(ms(u64::from(n)));
    to.borrow_mut().push(n);
}

#[green]
fn add(to: &mut u32, n: u32) {
    sleep(ms(1));
    *to += n;
}

// Spawning, borrowing, waiting.

virtual_tests! {
    fn threads_of_a_scope_borrow_from_the_parents_locals() {
        let (text, list) = (String::from("text"), RefCell::new(vec![]));
        let len = scope(#[green] |s| {
            s.spawn(|| push(&list, 2));
            s.spawn(|| push(&list, 1));
            text.len()
        });
        assert_eq!(len, 4);
        assert_eq!(list.into_inner(), [1, 2]);
    }

    fn a_thread_may_borrow_something_for_itself_alone() {
        let (mut a, mut b) = (1, 10);
        scope(#[green] |s| {
            s.spawn(|| add(&mut a, 1));
            s.spawn(|| add(&mut b, 5));
        });
        assert_eq!((a, b), (2, 15));
    }

    fn spawning_does_not_switch_and_threads_begin_in_order() {
        scope(#[green] |s| {
            s.spawn(|| say("a"));
            s.spawn(|| say("b"));
            note("body");
            give_way();
            note("body again");
        });
        note("after");
        assert_events(["body", "a", "b", "body again", "after"]);
    }

    fn a_scope_waits_for_the_threads_whose_handles_were_dropped() {
        let before = testing::now();
        let value = scope(#[green] |s| {
            s.spawn(|| say_after(ms(30), "slow"));
            s.spawn(|| say_after(ms(10), "fast"));
            note("body ends");
            7
        });
        assert_eq!((value, testing::now() - before), (7, ms(30)));
        assert_events(["body ends", "fast", "slow"]);
    }

    fn an_empty_scope_ends_with_its_body_without_a_turn() {
        spawn_n(|| say("other"));
        assert_eq!(scope(#[green] |_s| 3), 3);
        note("after");
        give_way();
        assert_events(["after", "other"]);
    }

    fn waiting_gives_the_value() {
        let words = scope(#[green] |s| {
            let late = s.spawn(|| say_after(ms(20), "late"));
            let early = s.spawn(|| say_after(ms(10), "early"));
            assert!(!late.is_started() && !late.is_finished());
            let words = [late.wait(), early.wait()];
            note("body");
            words
        });
        assert_eq!(words, ["late", "early"]);
        assert_events(["early", "late", "body"]);
    }

    fn a_value_may_borrow_from_around_the_scope() {
        let text = String::from("one two");
        let first: &str = scope(#[green] |s| {
            #[green]
            fn first_word(text: &str) -> &str {
                text.split(' ').next().unwrap_or(text)
            }
            let word = s.spawn(|| first_word(&text));
            word.wait()
        });
        assert_eq!(first, "one");
    }

    fn a_thread_spawns_others_with_a_clone_of_the_scope() {
        #[green]
        fn tree<'env>(s: Scope<'env>, total: &'env Cell<u32>, depth: u32) {
            total.set(total.get() + 1);
            if depth > 0 {
                for _ in 0..2 {
                    let t = s.clone();
                    s.spawn(move || tree(t, total, depth - 1));
                }
            }
        }
        let total = Cell::new(0);
        scope(|s| tree(s, &total, 5));
        assert_eq!(total.get(), 63);
    }

    fn a_scope_in_a_scope_ends_before_the_outer_goes_on() {
        let names = ["outer"];
        scope(#[green] |s| {
            s.spawn(|| say_after(ms(15), names[0]));
            scope(#[green] |inner| {
                inner.spawn(|| say_after(ms(10), "inner"));
            });
            note("between");
        });
        assert_events(["inner", "between", "outer"]);
    }

    fn the_current_thread_is_the_parent_in_all_of_them() {
        let parent = greenthread::current();
        scope(#[green] |s| {
            assert_eq!(greenthread::current(), parent);
            let child = s.spawn(#[green] || {
                sleep(ms(1));
                greenthread::current()
            });
            assert_eq!(child.wait(), parent);
        });
    }

    fn waits_of_every_kind_wake_only_the_thread_that_waits() {
        let (event, queue, semaphore) = (Event::new(), Queue::unbounded(), Semaphore::new(0));
        scope(#[green] |s| {
            s.spawn(#[green] || { event.wait(); note("event"); });
            s.spawn(#[green] || { note(queue.get().unwrap()); });
            s.spawn(#[green] || { drop(semaphore.acquire()); note("semaphore"); });
            s.spawn(#[green] || { spawn(|| say_after(ms(5), "spawned")).wait(); note("joined"); });
            give_way();
            semaphore.release();
            give_way();
            queue.put("item").unwrap();
            give_way();
            event.send(());
            give_way();
            note("body");
        });
        assert_events(["semaphore", "item", "event", "body", "spawned", "joined"]);
    }
}

// Turns.

virtual_tests! {
    fn threads_of_a_scope_take_turns_with_its_body_and_with_other_threads() {
        spawn_n(|| spin("other", 3));
        scope(#[green] |s| {
            s.spawn(|| spin("a", 3));
            s.spawn(|| spin("b", 3));
            spin("body", 3);
        });
        assert_events([
            "body", "other", "a", "b", "body", "other", "a", "b", "body", "other", "a", "b",
        ]);
    }

    fn a_spinning_thread_starves_nobody() {
        let stop = Cell::new(false);
        let other = spawn(|| spin("other", 2));
        scope(#[green] |s| {
            s.spawn(#[green] || while !stop.get() { give_way(); });
            other.wait();
            note("body");
            stop.set(true);
        });
        assert_events(["other", "other", "body"]);
    }

    fn those_woken_first_run_first() {
        let event = Event::new();
        scope(#[green] |s| {
            for name in ["1", "2", "3"] {
                let event = &event;
                s.spawn(#[green] move || { event.wait(); note(name); });
            }
            give_way();
            event.send(());
        });
        assert_events(["1", "2", "3"]);
    }

    fn ten_thousand_waiting_threads_are_polled_when_woken_and_not_otherwise() {
        const COUNT: usize = 10_000;
        let polls = Cell::new(0);
        let events: Vec<Event> = (0..COUNT).map(|_| Event::new()).collect();
        scope(#[green] |s| {
            for event in &events {
                let polls = &polls;
                s.spawn(move || Counted { polls, call: Box::pin(event.wait()) });
            }
            while polls.get() < COUNT {
                give_way();
            }
            for event in events.iter().rev() {
                event.send(());
                give_way();
            }
        });
        // Once to begin, once when woken.
        assert_eq!(polls.get(), 2 * COUNT);
    }

    fn ten_thousand_threads_that_are_ready_at_once_leave_room_for_others() {
        let turns = Cell::new(0);
        let done = Cell::new(0);
        let (turns_seen, done_seen) = (&turns, &done);
        scope(#[green] |s| {
            scope(#[green] |inner| {
                for _ in 0..10_000 {
                    inner.spawn(#[green] || done_seen.set(done_seen.get() + 1));
                }
                s.spawn(#[green] || while done_seen.get() < 10_000 {
                    turns_seen.set(turns_seen.get() + 1);
                    give_way();
                });
            });
        });
        assert!(turns.get() >= 10_000 / 64, "{} turns", turns.get());
    }
}

/// Counts how often it is polled.
struct Counted<'a, C> {
    polls: &'a Cell<usize>,
    call: std::pin::Pin<Box<C>>,
}

impl<C: Future> Future for Counted<'_, C> {
    type Output = C::Output;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<C::Output> {
        self.polls.set(self.polls.get() + 1);
        self.call.as_mut().poll(cx)
    }
}

// Failures.

/// The panic of a thread that is not expected to return.
fn panic_of(result: Result<(), Exit>) -> String {
    match result {
        Err(Exit::Panicked(panic)) => panic.message().unwrap_or("no text").to_owned(),
        other => panic!("no panic: {other:?}"),
    }
}

virtual_tests! {
    fn a_panic_of_a_thread_cancels_the_others_and_comes_out() {
        #[green]
        fn failing() {
            let _parent = Noted("parent");
            scope(#[green] |s| {
                s.spawn(|| wait_with("first"));
                s.spawn(|| boom(ms(5), "first failure"));
                s.spawn(|| boom(ms(6), "second failure"));
                wait_with("body");
            });
        }
        let before = testing::now();
        assert_eq!(panic_of(spawn(failing).join()), "first failure");
        assert_eq!(testing::now() - before, ms(5));
        assert_events(["first", "body", "parent"]);
    }

    fn a_panic_of_the_body_ends_the_threads_first() {
        #[green]
        fn failing() {
            scope(#[green] |s| {
                let _body = Noted("body");
                s.spawn(|| wait_with("thread"));
                sleep(ms(1));
                panic!("body");
            });
        }
        assert_eq!(panic_of(spawn(failing).join()), "body");
        // What stood in the running body unwinds before the panic gets as far as the scope.
        assert_events(["body", "thread"]);
    }

    fn an_error_cancels_the_others_and_comes_out() {
        let before = testing::now();
        let result: Result<(), _> = try_scope(#[green] |s| {
            let _body = Noted("body");
            s.try_spawn(|| wait_fallibly("first"));
            s.try_spawn(|| fail(ms(20), "late"));
            s.try_spawn(|| fail(ms(10), "early"));
            sleep(Duration::MAX);
            Ok(())
        });
        assert_eq!((result, testing::now() - before), (Err("early"), ms(10)));
        assert_events(["first", "body"]);
    }

    fn an_error_of_the_body_cancels_the_threads() {
        let result: Result<(), _> = try_scope(#[green] |s| {
            s.try_spawn(|| wait_fallibly("thread"));
            give_way();
            Err("body")
        });
        assert_eq!(result, Err("body"));
        assert_events(["thread"]);
    }

    fn without_an_error_a_try_scope_waits_for_all() {
        let result: Result<u32, &str> = try_scope(#[green] |s| {
            let one = s.try_spawn(#[green] || Ok(1));
            let two = s.try_spawn(#[green] || { sleep(ms(1)); Ok(2) });
            Ok(one.wait() + two.wait())
        });
        assert_eq!(result, Ok(3));
    }

    fn a_destructor_that_panics_does_not_stop_the_others() {
        #[green]
        fn failing() {
            scope(#[green] |s| {
                s.spawn(|| wait_with("a"));
                s.spawn(|| hold(Grenade("b")));
                s.spawn(|| wait_with("c"));
                s.spawn(|| boom(ms(1), "failure"));
                wait_with("body");
            });
        }
        assert_eq!(panic_of(spawn(failing).join()), "failure");
        assert_events(["a", "b", "c", "body"]);
    }

    fn a_destructor_that_panics_while_an_error_cancels_comes_out_instead_of_it() {
        #[green]
        fn failing() {
            let _: Result<(), &str> = try_scope(#[green] |s| {
                s.try_spawn(#[green] || { hold(Grenade("grenade")); Ok(()) });
                s.try_spawn(|| fail(ms(1), "error"));
                Ok(())
            });
        }
        assert_eq!(panic_of(spawn(failing).join()), "grenade");
    }
}

// Ends from outside.

virtual_tests! {
    fn a_kill_of_the_parent_ends_the_threads_in_order_then_the_body_then_the_rest() {
        #[green]
        fn parent() {
            let _parent = Noted("parent");
            scope(#[green] |s| {
                s.spawn(|| wait_with("a"));
                s.spawn(|| wait_with("b"));
                wait_with("body");
            });
        }
        let thread = spawn(parent);
        sleep(ms(1));
        thread.kill();
        assert_events(["a", "b", "body", "parent"]);
    }

    fn a_timeout_ends_the_threads_at_just_its_time() {
        let before = testing::now();
        let result = with_timeout(ms(10), || scope(#[green] |s| {
            s.spawn(|| wait_with("a"));
            s.spawn(|| say_after(ms(9), "in time"));
            s.spawn(|| say_after(ms(11), "too late"));
            wait_with("body");
        }));
        assert!(result.is_err());
        assert_eq!(testing::now() - before, ms(10));
        assert_events(["in time", "a", "body"]);
    }

    fn a_timeout_within_a_thread_is_that_threads_alone() {
        scope(#[green] |s| {
            let limited = s.spawn(|| with_timeout(ms(5), || sleep(Duration::MAX)));
            let other = s.spawn(|| say_after(ms(7), "other"));
            assert!(limited.wait().is_err());
            note("limited");
            other.wait();
        });
        assert_events(["limited", "other"]);
    }

    fn of_a_timeout_around_and_one_within_that_are_over_together_the_outer_comes_out() {
        let result = with_timeout(ms(5), || scope(#[green] |s| {
            let inner = s.spawn(|| with_timeout(ms(5), || sleep(Duration::MAX)));
            inner.wait().is_err()
        }));
        assert!(result.is_err());
    }

    fn a_scope_killed_before_its_threads_began_never_runs_them() {
        #[green]
        fn parent() {
            scope(#[green] |s| {
                s.spawn(|| say("never"));
                greenthread::current().kill();
                note("body");
            });
        }
        spawn(parent).join().unwrap_err();
        assert_events(["body"]);
    }

    fn a_kill_by_one_of_its_own_threads_ends_the_parent_as_a_whole() {
        #[green]
        fn parent() {
            let _parent = Noted("parent");
            scope(#[green] |s| {
                s.spawn(#[green] || { greenthread::current().kill(); note("killer"); });
                s.spawn(|| wait_with("sibling"));
                wait_with("body");
            });
        }
        assert!(spawn(parent).join().unwrap_err().is_killed());
        assert_events(["killer", "sibling", "body", "parent"]);
    }

    fn an_exit_is_caught_around_a_scope_and_not_within_its_threads() {
        #[green]
        fn parent() {
            let caught = catch_exit(|| scope(#[green] |s| {
                s.spawn(#[green] || {
                    let _ = catch_exit(|| wait_with("thread"));
                    note("never");
                });
                wait_with("body");
            }));
            assert!(caught.is_err());
            sleep(ms(1));
            note("cleaned up");
        }
        let thread = spawn(parent);
        sleep(ms(1));
        thread.kill();
        assert_events(["thread", "body"]);
        thread.wait();
        assert_events(["cleaned up"]);
    }

    fn killing_a_thread_ends_it_alone_and_at_once() {
        scope(#[green] |s| {
            let victim = s.spawn(|| wait_with("victim"));
            s.spawn(|| say_after(ms(1), "sibling"));
            give_way();
            assert!(victim.is_started());
            victim.kill();
            victim.kill();
            note("killed");
            assert!(victim.is_finished());
            assert!(victim.join().unwrap_err().is_killed());
        });
        assert_events(["victim", "killed", "sibling"]);
    }

    fn killing_the_last_thread_from_elsewhere_ends_the_scope() {
        scope(#[green] |s| {
            let victim = s.spawn(|| wait_with("victim"));
            s.spawn(#[green] move || {
                sleep(ms(1));
                victim.kill();
                note("killer");
            });
        });
        note("after");
        assert_events(["victim", "killer", "after"]);
    }

    fn a_thread_that_kills_itself_ends_where_it_next_suspends() {
        scope(#[green] |s| {
            let handle = Rc::new(RefCell::new(None::<ScopedThread<'_, ()>>));
            let mine = handle.clone();
            let thread = s.spawn(#[green] move || {
                let _noted = Noted("dropped");
                mine.take().unwrap().kill();
                note("goes on");
                give_way();
                note("never");
            });
            handle.replace(Some(thread));
        });
        assert_events(["goes on", "dropped"]);
    }

    fn cancel_ends_only_what_has_not_begun() {
        scope(#[green] |s| {
            let begun = s.spawn(|| say_after(ms(1), "begun"));
            give_way();
            let new = s.spawn(|| say("never"));
            begun.cancel();
            new.cancel();
            assert!(new.join().unwrap_err().is_killed());
            begun.wait();
        });
        assert_events(["begun"]);
    }

    fn a_destructor_that_panics_in_a_kill_comes_out_of_the_scope() {
        #[green]
        fn failing() {
            scope(#[green] |s| {
                let victim = s.spawn(|| hold(Grenade("grenade")));
                give_way();
                victim.kill();
                note("goes on");
                wait_with("body");
            });
        }
        assert_eq!(panic_of(spawn(failing).join()), "grenade");
        assert_events(["grenade", "goes on", "body"]);
    }

    fn a_scope_that_has_ended_takes_no_more_threads() {
        let smuggled = RefCell::new(None);
        scope(#[green] |s| {
            smuggled.replace(Some(s));
        });
        let s: Scope<'_> = smuggled.take().unwrap();
        let spawned = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(s.spawn(|| say("never")))));
        assert!(spawned.is_err());
        assert_eq!(events().len(), 0);
    }

    fn a_thread_of_another_scope_is_not_reached_by_an_old_handle() {
        let old = scope(#[green] |s| {
            let first = s.spawn(|| say("first"));
            give_way();
            // The place of the first is used again.
            s.spawn(|| say_after(ms(1), "second"));
            give_way();
            first.kill();
            first
        });
        assert!(old.is_finished());
        assert_events(["first", "second"]);
    }
}

#[test]
fn a_scope_that_is_forgotten_in_mid_air_leaves_nothing_that_runs() {
    use std::task::{Context, Waker};
    let touched = Cell::new(0);
    let event = Event::new();
    let waited_for = event.clone();
    eventlet::run(|| async {
        let (touched, event) = (&touched, waited_for);
        let mut call = Box::pin(scope(|s| async move {
            s.spawn(move || async move {
                event.wait().await;
                touched.set(1);
            });
            sleep(ms(1)).await;
        }));
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..3 {
            assert!(call.as_mut().poll(&mut cx).is_pending());
        }
        std::mem::forget(call);
    });
    event.send(());
    eventlet::run(|| sleep(ms(3)));
    assert_eq!(touched.get(), 0);
}

#[test]
fn a_scope_is_driven_by_any_executor() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Wake};

    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    let event = Event::new();
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = count.clone().into();
    let mut cx = Context::from_waker(&waker);
    let mut call = Box::pin(scope(|s| {
        let event = event.clone();
        async move { s.spawn(move || async move { event.wait().await }).wait().await + 1 }
    }));
    assert!(call.as_mut().poll(&mut cx).is_pending());
    assert!(call.as_mut().poll(&mut cx).is_pending());
    let woken = count.0.load(Ordering::Relaxed);
    event.send(41);
    assert_eq!(count.0.load(Ordering::Relaxed), woken + 1);
    let value = (0..3).find_map(|_| match call.as_mut().poll(&mut cx) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    });
    assert_eq!(value, Some(42));
}
