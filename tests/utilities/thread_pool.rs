//! Pools of OS threads, and objects that are used over there.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use eventlet::tpool::{self, Proxy, ThreadPool};
use eventlet::{GreenIterator, green, no_switch, sleep, spawn, testing, with_timeout};
use eventlet_tests::{assert_events, note, virtual_tests};

/// Calls that wait to be let go, one by one.
struct Gate {
    open: mpsc::Sender<()>,
    wait: Arc<Mutex<mpsc::Receiver<()>>>,
}

impl Gate {
    fn new() -> Self {
        let (open, wait) = mpsc::channel();
        Gate { open, wait: Arc::new(Mutex::new(wait)) }
    }

    fn call(&self) -> impl FnOnce() + Send + use<> {
        let wait = self.wait.clone();
        move || wait.lock().unwrap().recv().unwrap()
    }

    fn open(&self) {
        self.open.send(()).unwrap();
    }
}

fn double(n: u32) -> u32 {
    2 * n
}

#[test]
fn a_result_that_is_an_error_or_a_panic_payload_is_an_ordinary_value() {
    #[green]
    fn scenario() {
        // eventlet raises what looks like an exception.
        let error: Result<(), String> = tpool::execute(|| Err("just a value".to_owned()));
        assert_eq!(error.unwrap_err(), "just a value");
        let payload = tpool::execute(|| std::panic::catch_unwind(|| panic!("kept")));
        assert!(payload.is_err());
    }
    testing::run_virtual(scenario);
}

virtual_tests! {
    fn a_spawned_call_is_in_line_at_once_and_its_thread_has_the_value() {
        let pool = ThreadPool::new(1);
        let (say, hear) = mpsc::channel();
        let thread = pool.spawn(move || say.send(7).map(|()| 8));
        // Nobody has suspended: the call does not wait for a green thread to begin.
        assert_eq!(no_switch! { hear.iter().next() }, Some(7));
        assert_eq!(thread.wait(), Ok(8));
    }

    fn spawn_never_waits_and_running_counts_what_is_not_over() {
        let pool = ThreadPool::new(2);
        let gate = Gate::new();
        let threads: Vec<_> = (0..5).map(|_| pool.spawn(gate.call())).collect();
        assert_eq!((pool.running(), pool.size()), (5, 2));
        assert!(pool.threads() <= 2);
        (0..5).for_each(|_| gate.open());
        pool.join();
        assert_eq!(pool.running(), 0);
        threads.into_iter().for_each(drop);
        sleep(Duration::ZERO);
    }

    fn a_panic_is_that_of_the_green_thread_and_the_pool_goes_on() {
        let pool = ThreadPool::new(1);
        let exit = pool.spawn(|| -> u32 { panic!("over there") }).join().unwrap_err();
        assert_eq!(exit.to_string(), "the green thread panicked: over there");
        assert_eq!(pool.apply(|| 1), 1);
    }

    fn a_timeout_lets_go_and_the_call_goes_on() {
        let pool = ThreadPool::new(1);
        let gate = Gate::new();
        let done = Arc::new(AtomicUsize::new(0));
        let (call, count) = (gate.call(), done.clone());
        let (begin, begun) = mpsc::channel();
        let waiting = pool.spawn(move || {
            begin.send(()).unwrap();
            call();
            count.fetch_add(1, Ordering::SeqCst)
        });
        tpool::execute(move || begun.recv().unwrap());
        let thread = waiting.thread().clone();
        with_timeout(Duration::ZERO, || waiting.join()).unwrap_err();
        assert_eq!(done.load(Ordering::SeqCst), 0);
        gate.open();
        pool.join();
        thread.join().unwrap();
        assert_eq!(done.load(Ordering::SeqCst), 1);
    }

    fn map_and_imap_keep_the_order_and_imap_unordered_does_not() {
        let pool = ThreadPool::new(2);
        assert_eq!(pool.map(double, 1..=5), [2, 4, 6, 8, 10]);
        let mut ordered = pool.imap(double, 1..=3);
        let mut seen = vec![];
        while let Some(n) = ordered.next() {
            seen.push(n);
        }
        assert_eq!(seen, [2, 4, 6]);

        let gate = Gate::new();
        let slow = Mutex::new(Some(gate.call()));
        let mut unordered = pool.imap_unordered(move |n: u32| {
            let wait = slow.lock().unwrap().take();
            if let (0, Some(wait)) = (n, wait) {
                wait();
            }
            n
        }, 0..2);
        assert_eq!(unordered.next(), Some(1));
        gate.open();
        assert_eq!(unordered.next(), Some(0));
        assert_eq!(unordered.next(), None);
    }

    fn a_pool_of_no_threads_keeps_calls_until_it_is_resized() {
        let pool = ThreadPool::new(0);
        let thread = pool.spawn(|| 1);
        sleep(Duration::ZERO);
        assert!(!thread.is_finished());
        pool.resize(1);
        assert_eq!(thread.wait(), 1);
        pool.resize(0);
        pool.killall();
        assert_eq!(pool.threads(), 0);
    }

    fn shrinking_an_idle_pool_ends_threads_that_are_too_many() {
        let pool = ThreadPool::new(3);
        let gate = Gate::new();
        let calls = [(); 3].map(|()| pool.spawn(gate.call()));
        assert_eq!(pool.threads(), 3);
        (0..3).for_each(|_| gate.open());
        for call in calls {
            call.wait();
        }
        pool.resize(1);
        // They hear of it on their own OS threads. The limit is for one that never does.
        let began = Instant::now();
        while pool.threads() > 1 {
            assert!(began.elapsed() < Duration::from_secs(10), "{} threads are left", pool.threads());
            eventlet::tpool::execute(std::thread::yield_now);
        }
        assert_eq!(pool.spawn(|| 7).wait(), 7);
        pool.killall();
        eventlet::tpool::killall();
    }

    fn killall_waits_for_outstanding_calls_ends_the_threads_and_the_pool_can_be_used_again() {
        let pool = ThreadPool::new(3);
        let gate = Gate::new();
        let threads: Vec<_> = (0..4).map(|_| pool.spawn(gate.call())).collect();
        let ender = spawn({
            let pool = pool.clone();
            move || async move {
                pool.killall().await;
                note("all ended");
            }
        });
        sleep(Duration::ZERO);
        note("open");
        (0..4).for_each(|_| gate.open());
        ender.wait();
        assert_eq!((pool.threads(), pool.running()), (0, 0));
        // No outstanding result is lost.
        for thread in threads {
            thread.wait();
        }
        assert_eq!(pool.apply(|| 5), 5);
        assert_events(["open", "all ended"]);
    }

    fn the_hubs_own_threads_end_with_killall_and_come_back() {
        assert_eq!(tpool::execute(|| 1), 1);
        tpool::killall();
        assert_eq!(tpool::execute(|| 2), 2);
    }

    fn a_pool_without_handles_goes_on_until_nobody_waits_for_its_calls() {
        let pool = ThreadPool::new(1);
        let gate = Gate::new();
        let first = pool.spawn(gate.call());
        let held = Arc::new(());
        let copy = held.clone();
        let second = pool.spawn(move || drop(copy));
        second.kill();
        drop(pool);
        // Not closed yet: somebody waits for a call.
        gate.open();
        first.wait();
        while Arc::strong_count(&held) > 1 {
            sleep(Duration::ZERO);
        }
    }

    fn the_methods_of_a_proxy_run_over_there_one_at_a_time_and_keep_what_they_change() {
        let here = std::thread::current().id();
        let proxy = Proxy::new(Vec::new());
        let threads: Vec<_> = (0..10)
            .map(|n| {
                let proxy = proxy.clone();
                spawn(move || async move {
                    proxy.call(move |list| {
                        assert_ne!(std::thread::current().id(), here);
                        let before = list.len();
                        std::thread::yield_now();
                        list.push(n);
                        assert_eq!(list.len(), before + 1);
                    }).await
                })
            })
            .collect();
        for thread in threads {
            thread.wait();
        }
        assert_eq!(proxy.with(|list| list.len()), 10);
        let mut list = proxy.into_inner().unwrap();
        list.sort_unstable();
        assert_eq!(list, (0..10).collect::<Vec<_>>());
    }

    fn a_method_of_a_proxy_that_panics_leaves_the_object_usable() {
        let proxy = Proxy::new(1);
        let copy = proxy.clone();
        let thread = spawn(move || async move {
            copy.call(|n| {
                *n = 2;
                panic!("half way");
            }).await
        });
        assert!(thread.join().is_err());
        assert_eq!(proxy.call(|n| *n), 2);
    }

    fn a_kill_in_a_method_of_a_proxy_lets_go_and_the_method_goes_on() {
        let proxy = Proxy::new(0);
        let gate = Gate::new();
        let call = gate.call();
        let (begin, begun) = mpsc::channel();
        let copy = proxy.clone();
        let caller = spawn(move || async move {
            copy.call(move |n| {
                begin.send(()).unwrap();
                call();
                *n = 1;
            }).await
        });
        sleep(Duration::ZERO);
        tpool::execute(move || begun.recv().unwrap());
        assert!(proxy.is_busy());
        caller.kill();
        // Whoever comes next is to know that it is still at work.
        assert!(proxy.is_busy());
        gate.open();
        assert_eq!(proxy.call(|n| *n), 1);
        assert!(!proxy.is_busy());
    }
}
