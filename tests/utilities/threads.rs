//! The rest of green threads: links, waits for several, builders, idling, spawn trees, groups.

use std::time::Duration;

use eventlet::greenthread::{
    Builder, catch_exit, current, idle, joinall, killall_timeout, spawn_tree, track_spawns, try_joinall,
    wait, wait_timeout,
};
use eventlet::{Exit, GreenPool, green, hubs, sleep, spawn, testing};
use eventlet_tests::{Noted, assert_events, ms, note, value_after, virtual_tests};

#[green]
fn fails_after(delay: Duration, text: &'static str) -> u32 {
    sleep(delay);
    panic!("{text}");
}

#[green]
fn say(event: &'static str) {
    note(event);
}

/// Takes a while to end when it is killed.
#[green]
fn undead(delay: Duration) {
    let _ = catch_exit(|| sleep(Duration::MAX));
    sleep(delay);
    note("really dead");
}

virtual_tests! {
    fn link_value_and_link_error_run_for_their_kind_of_end_only() {
        let good = spawn(|| value_after(ms(1), 1));
        let bad = spawn(|| fails_after(ms(2), "bad luck"));
        let killed = spawn(|| value_after(ms(1000), 1));
        for (thread, name) in [(good.thread(), "good"), (bad.thread(), "bad"), (killed.thread(), "killed")] {
            thread.link_value(move |_| note(format!("{name}: value")));
            thread.link_error(move |_, exit| note(format!("{name}: {exit}")));
        }
        killed.kill();
        joinall([good.thread(), bad.thread()]);
        assert_events([
            "killed: the green thread was killed", "good: value", "bad: the green thread panicked: bad luck",
        ]);
    }

    fn a_link_on_a_value_after_the_end_runs_at_once() {
        let thread = spawn(|| value_after(ms(1), 1));
        thread.thread().join().unwrap();
        thread.link_value(|thread| note(format!("value of {}", thread.is_finished())));
        thread.link_error(|_, _| note("never"));
        assert_events(["value of true"]);
    }

    fn wait_gives_the_first_to_end_and_watches_all() {
        let threads = [30, 10, 20].map(|delay| spawn(move || value_after(ms(delay), delay as u32)));
        let first = wait(threads, 2);
        assert_eq!(testing::now(), ms(20));
        let mut values = vec![];
        for thread in first {
            values.push(thread.wait());
        }
        assert_eq!(values, [10, 20]);
        sleep(ms(20));
    }

    fn wait_for_more_than_there_are_gives_all_in_the_order_of_their_ends() {
        let threads = [3, 1, 2].map(|delay| spawn(move || value_after(ms(delay), delay as u32)));
        let mut values = vec![];
        for thread in wait(threads, 10) {
            values.push(thread.wait());
        }
        assert_eq!(values, [1, 2, 3]);
        assert!(wait(Vec::<eventlet::GreenThread<()>>::new(), 1).is_empty());
    }

    fn wait_with_a_limit_gives_what_has_ended_by_then_and_leaves_the_rest() {
        let threads = [10, 1000].map(|delay| spawn(move || value_after(ms(delay), delay as u32)));
        let ended = wait_timeout(&threads, 2, ms(100));
        assert_eq!(ended.len(), 1);
        assert!(threads[0].is_finished() && !threads[1].is_finished());
        assert_eq!(testing::now(), ms(100));
        threads[1].kill();
    }

    fn try_joinall_raises_what_failed_first_in_time_without_waiting_for_the_rest() {
        let threads = [
            spawn(|| fails_after(ms(20), "second")),
            spawn(|| fails_after(ms(10), "first")),
            spawn(|| value_after(ms(1000), 0)),
        ];
        let rest = threads[2].thread().clone();
        let Err(Exit::Panicked(panic)) = try_joinall(threads) else { panic!("nothing failed") };
        assert_eq!(panic.message(), Some("first"));
        assert_eq!(testing::now(), ms(10));
        rest.kill();
        sleep(ms(20));
    }

    fn killall_with_a_limit_waits_for_the_real_end_or_says_that_it_did_not_come() {
        let quick = spawn(|| undead(ms(5)));
        let slow = spawn(|| undead(ms(50)));
        let unstarted = spawn(|| say("never"));
        let thread = unstarted.thread().clone();
        thread.kill();
        sleep(Duration::ZERO);
        assert!(killall_timeout([&quick], ms(10)).is_ok());
        assert_eq!(killall_timeout([&slow], ms(10)).unwrap_err().limit(), ms(10));
        assert!(!slow.is_finished());
        slow.join().unwrap();
        assert_events(["really dead", "really dead"]);
    }

    fn a_thread_can_be_made_linked_and_named_before_it_is_started() {
        let unstarted = Builder::new().name("steve").create(|| say("body"));
        unstarted.link(|thread| note(format!("{} ended", thread.name().unwrap())));
        sleep(ms(1));
        assert!(!unstarted.is_started() && !unstarted.is_finished());
        let thread = unstarted.start();
        note("started");
        thread.wait();
        assert_events(["started", "body", "steve ended"]);
    }

    fn an_unstarted_thread_starts_later_and_can_be_killed_before() {
        let unstarted = Builder::new().create(|| say("late"));
        let thread = unstarted.start_later(ms(10));
        sleep(ms(5));
        assert!(!thread.is_started());
        thread.wait();
        assert_eq!(testing::now(), ms(10));

        let unstarted = Builder::new().create(|| say("never"));
        unstarted.kill();
        assert!(unstarted.is_finished());
        assert!(matches!(unstarted.start().join(), Err(Exit::Killed)));

        let killed_later = Builder::new().delay(ms(10)).create(|| say("never")).start();
        killed_later.kill();
        assert_events(["late"]);
    }

    fn dropping_an_unstarted_thread_kills_it() {
        let noted = Noted("closure dropped");
        let unstarted = Builder::new().create(move || async move {
            let _noted = noted;
            note("never");
        });
        let thread = (*unstarted).clone();
        drop(unstarted);
        assert!(thread.is_finished());
        assert_events(["closure dropped"]);
    }

    fn a_builder_delays() {
        let thread = Builder::new().delay(ms(7)).spawn(|| say("now"));
        thread.wait();
        assert_eq!(testing::now(), ms(7));
        assert_events(["now"]);
    }

    fn idle_waits_until_nothing_else_is_ready_but_not_for_time_to_pass() {
        spawn(#[green] || for _ in 0..3 {
            note("busy");
            sleep(Duration::ZERO);
        });
        let sleeper = spawn(|| value_after(ms(1), 0));
        idle();
        note("idle");
        assert!(!sleeper.is_finished());
        assert_eq!(testing::now(), ms(0));
        sleeper.wait();
        assert_events(["busy", "busy", "busy", "idle"]);
    }

    fn idle_waits_though_the_hub_looks_outside_while_others_are_ready() {
        // Far more steps than one turn has.
        let busy = spawn(#[green] || for _ in 0..5000 {
            sleep(Duration::ZERO);
        });
        idle();
        assert!(busy.is_finished());
    }

    fn several_that_idle_go_on_one_at_a_time_and_none_starves() {
        let idlers = ["a", "b"].map(|name| spawn(#[green] move || for _ in 0..2 {
            idle();
            note(name);
            spawn(|| say("work"));
        }));
        joinall(idlers);
        sleep(Duration::ZERO);
        assert_events(["a", "work", "b", "work", "a", "work", "b", "work"]);
    }

    fn a_killed_idler_is_forgotten() {
        let idler = spawn(idle);
        let other = spawn(idle);
        sleep(Duration::ZERO);
        idler.kill();
        other.wait();
    }

    fn the_spawn_tree_shows_who_spawned_whom_while_it_is_tracked() {
        assert_eq!(current().spawner(), None);
        track_spawns(true);
        let outer = spawn(#[green] || {
            let inner = spawn(|| value_after(ms(10), 0));
            inner.set_name("inner");
            inner.wait();
        });
        track_spawns(false);
        let untracked = spawn(|| value_after(ms(10), 0));
        track_spawns(true);
        outer.set_name("outer");
        sleep(Duration::ZERO);
        assert_eq!(outer.spawner(), Some(current().id()));
        assert_eq!(untracked.spawner(), None);
        assert_eq!(spawn_tree(), "1\n  2 (outer)\n    4 (inner)\n3\n");
        outer.kill();
        // The spawner has ended: what it spawned stands at the left.
        assert_eq!(spawn_tree(), "1\n3\n4 (inner)\n");
        track_spawns(false);
        sleep(ms(20));
    }

    fn a_group_tracks_threads_from_elsewhere_until_they_end() {
        let group = GreenPool::unlimited();
        let thread = spawn(|| value_after(ms(10), 1));
        group.add(&thread);
        group.add(&thread);
        assert_eq!(group.running(), 1);
        assert!(group.contains(&thread));
        assert_eq!(group.members(), [thread.thread().clone()]);
        group.waitall();
        assert_eq!((testing::now(), group.running()), (ms(10), 0));
        group.add(&thread);
        assert_eq!(group.running(), 0);
    }

    fn adding_to_a_full_pool_waits_and_discarding_frees_exactly_one_slot() {
        let pool = GreenPool::new(1);
        let (first, second) = (spawn(|| value_after(ms(50), 1)), spawn(|| value_after(ms(50), 2)));
        assert!(pool.try_add(&first));
        assert!(!pool.try_add(&second));
        let adder = spawn({
            let (pool, second) = (pool.clone(), second.thread().clone());
            move || async move {
                pool.add(&second).await;
                note("added");
            }
        });
        sleep(ms(1));
        assert_events([]);
        assert!(pool.discard(&first));
        assert!(!pool.discard(&first));
        adder.wait();
        assert_events(["added"]);
        assert_eq!((pool.running(), pool.free()), (1, 0));
        pool.waitall();
        assert_eq!((pool.running(), pool.free()), (0, 1));
    }

    fn discarding_a_live_spawned_member_frees_its_slot_once() {
        let pool = GreenPool::new(1);
        let thread = pool.spawn(|| value_after(ms(10), 1));
        assert!(pool.discard(&thread));
        assert_eq!(pool.free(), 1);
        thread.wait();
        assert_eq!(pool.free(), 1);
        assert!(pool.try_add(&spawn(|| value_after(ms(1), 1))));
        assert_eq!(pool.free(), 0);
        pool.waitall();
    }

    fn a_discarded_thread_can_be_added_again() {
        let pool = GreenPool::unlimited();
        let threads: Vec<_> = (0..3).map(|n| spawn(move || value_after(ms(10), n))).collect();
        for thread in &threads {
            pool.add(thread);
        }
        assert!(pool.discard(&threads[1]));
        assert_eq!(pool.running(), 2);
        pool.add(&threads[1]);
        let ids = |threads: &[eventlet::Thread]| threads.iter().map(|thread| thread.id()).collect::<Vec<_>>();
        assert_eq!(ids(&pool.members()), threads.iter().map(|thread| thread.id()).collect::<Vec<_>>());
        pool.killall();
        assert_eq!(pool.running(), 0);
    }

    fn apply_inside_a_pool_of_one_does_not_deadlock() {
        let pool = GreenPool::new(1);
        let inner = pool.clone();
        let value = pool.apply(move || async move { inner.apply(|| value_after(ms(1), 5)).await + 1 });
        assert_eq!(value, 6);
    }

    fn try_waitall_tells_of_members_that_failed_but_not_of_those_already_gone() {
        let pool = GreenPool::new(5);
        pool.spawn_n(|| fails_after(ms(1), "gone before"));
        sleep(ms(2));
        pool.spawn_n(|| value_after(ms(3), 0));
        assert!(pool.try_waitall().is_ok());
        pool.spawn_n(|| fails_after(ms(2), "late"));
        pool.spawn_n(|| value_after(ms(3), 0));
        let Err(exit) = pool.try_waitall() else { panic!("nothing failed") };
        assert_eq!(exit.to_string(), "the green thread panicked: late");
        assert_eq!((pool.running(), hubs::get_hub().threads()), (0, 1));
    }
}
