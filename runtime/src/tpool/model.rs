//! Calls on other OS threads, with the hub that waits for them, the workers, and their end.

use std::sync::Arc;

use loom::alloc::Track;

use super::ThreadPool;
use crate::hubs::run;
use crate::loom::model::{explore, hub_with};

#[test]
fn a_call_that_ends_while_its_thread_suspends_wakes_it() {
    explore(3, || {
        hub_with(&Arc::default());
        let pool = ThreadPool::new(1);
        assert_eq!(run(|| pool.apply(|| 7)), 7);
    });
}

#[test]
fn two_calls_share_one_os_thread() {
    explore(2, || {
        hub_with(&Arc::default());
        run(async || {
            let pool = ThreadPool::new(1);
            let calls = [pool.spawn(|| 1), pool.spawn(|| 2)];
            for (call, value) in calls.into_iter().zip(1..) {
                assert_eq!(call.wait().await, value);
            }
        });
    });
}

#[test]
fn os_threads_end_though_the_pool_is_let_go_while_they_look_for_calls() {
    explore(2, || {
        hub_with(&Arc::default());
        run(async || {
            let pool = ThreadPool::new(2);
            let content = Track::new(());
            pool.spawn(|| {});
            pool.spawn(move || drop(content)).kill();
        });
    });
}

#[test]
fn join_comes_back_when_the_calls_are_over() {
    explore(2, || {
        hub_with(&Arc::default());
        let pool = ThreadPool::new(1);
        run(async || {
            let call = pool.spawn(|| 7);
            pool.join().await;
            assert_eq!((pool.running(), call.wait().await), (0, 7));
        });
    });
}

#[test]
fn killall_comes_back_when_the_os_threads_have_ended() {
    explore(2, || {
        hub_with(&Arc::default());
        run(async || {
            let pool = ThreadPool::new(1);
            let call = pool.spawn(|| 7);
            pool.killall().await;
            assert_eq!((pool.threads(), call.wait().await), (0, 7));
        });
    });
}

#[test]
fn a_line_is_served_though_the_pool_is_made_smaller_meanwhile() {
    explore(2, || {
        hub_with(&Arc::default());
        run(async || {
            let pool = ThreadPool::new(1);
            let call = pool.spawn(|| 7);
            pool.resize(0);
            assert_eq!(call.wait().await, 7);
            pool.join().await;
        });
    });
}
