//! The hub itself: fairness, clocks, deadlocks, panics, other OS threads, wakers, pollers, descriptors.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::process::Command;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use eventlet::branch::race_all;
use eventlet::greenthread::{catch_exit, current, iwait, joinall};
use eventlet::hubs::{self, HubEnded, Interest, get_hub, notify_close, trampoline, use_hub};
use eventlet::testing::{Left, VirtualClock, run_clean, run_virtual};
use eventlet::with_timeout;
use eventlet::{
    Exit, GreenIterator, GreenPool, Queue, Semaphore, green, run, sleep, spawn, spawn_n, try_run,
};
use eventlet_tests::{Noted, assert_events, events, give_way, ms, note, value_after};

/// Runs until the flag is dropped elsewhere.
#[green]
fn spin_while_held(flag: Rc<()>) -> u64 {
    let mut turns = 0;
    while Rc::strong_count(&flag) > 1 {
        turns += 1;
        sleep(Duration::ZERO);
    }
    turns
}

/// The text of the panic that `f` ends with.
#[track_caller]
fn panic_of<T>(f: impl FnOnce() -> T) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else { panic!("it did not panic") };
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast::<&str>().map(|text| (*text).to_owned()).expect("text"),
    }
}

/// Runs one test of this file alone, in a process of its own.
fn in_a_process(test: &str, variables: &[(&str, &str)]) -> std::process::Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).envs(variables.iter().copied());
    command.env("EVENTLET_TEST_CHILD", "1").output().unwrap()
}

fn is_child() -> bool {
    std::env::var_os("EVENTLET_TEST_CHILD").is_some()
}

mod fairness {
    use super::*;

    #[test]
    fn a_spinning_thread_does_not_starve_timers() {
        run_clean(|| async {
            let flag = Rc::new(());
            let held = flag.clone();
            let spinner = spawn(move || spin_while_held(held));
            sleep(ms(5)).await;
            drop(flag);
            assert!(spinner.wait().await > 1);
        });
    }

    #[test]
    fn a_spinning_thread_does_not_starve_io() {
        run_clean(|| async {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            let flag = Rc::new(());
            let held = flag.clone();
            let spinner = spawn(move || spin_while_held(held));
            let writer = thread::spawn(move || {
                thread::sleep(ms(5));
                theirs.write_all(b"x").unwrap();
                theirs
            });
            trampoline(&ours, Interest::READ, None).await.unwrap();
            drop(flag);
            spinner.wait().await;
            writer.join().unwrap();
        });
    }

    #[test]
    fn a_spinning_thread_does_not_starve_mail_for_more_than_its_share() {
        run_clean(|| async {
            let flag = Rc::new(());
            let held = flag.clone();
            let spinner = spawn(move || spin_while_held(held));
            sleep(ms(1)).await;
            KEPT.set(Some(flag));
            let handle = get_hub().handle();
            thread::spawn(move || {
                handle.spawn(|| async { drop(KEPT.take()) }).unwrap();
            })
            .join()
            .unwrap();
            let mut turns = 0;
            while !spinner.is_finished() {
                turns += 1;
                sleep(ms(0)).await;
            }
            // Two threads spin, and the hub looks outside after 1024 resumptions at the latest.
            assert!(turns <= 1024, "{turns}");
            spinner.wait().await;
        });
    }

    thread_local! {
        static KEPT: RefCell<Option<Rc<()>>> = const { RefCell::new(None) };
    }
}

mod clocks {
    use super::*;

    #[test]
    fn a_virtual_hour_takes_no_time_and_is_put_back() {
        let begun = Instant::now();
        let before = eventlet::testing::now();
        run_virtual(|| async {
            sleep(Duration::from_secs(3600)).await;
            assert_eq!(eventlet::testing::now(), Duration::from_secs(3600));
        });
        assert!(begun.elapsed() < Duration::from_secs(60));
        let after = eventlet::testing::now();
        assert!(after >= before && after < Duration::from_secs(60));
    }

    #[test]
    fn the_virtual_clock_jumps_from_deadline_to_deadline() {
        run_virtual(|| async {
            let threads = [30, 10, 20].map(|delay| {
                spawn(move || async move {
                    sleep(ms(delay)).await;
                    note(eventlet::testing::now().as_millis());
                })
            });
            joinall(threads).await;
        });
        assert_events(["10", "20", "30"]);
    }

    #[test]
    fn a_real_sleep_never_returns_early() {
        run_clean(|| async {
            for micros in [1, 100, 999, 1500, 3000] {
                let begun = Instant::now();
                sleep(Duration::from_micros(micros)).await;
                assert!(begun.elapsed() >= Duration::from_micros(micros));
            }
        });
    }

    #[test]
    fn timers_work_in_real_time_after_virtual_time() {
        run_virtual(|| sleep(Duration::from_secs(1_000_000)));
        let begun = Instant::now();
        run_clean(|| sleep(ms(3)));
        assert!(begun.elapsed() >= ms(3) && begun.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_clock_may_be_ones_own() {
        let clock = VirtualClock::new();
        get_hub().set_clock(clock.clone());
        run(|| sleep(ms(77)));
        assert_eq!(clock.elapsed(), ms(77));
    }
}

mod entering {
    use super::*;

    #[test]
    fn run_inside_run_is_refused_and_the_hub_goes_on() {
        let value = run_virtual(|| async {
            let text = panic_of(|| run(|| async {}));
            assert!(text.starts_with("`run` was called inside a green thread\nnote: "), "{text}");
            value_after(ms(1), 5).await
        });
        assert_eq!(value, 5);
    }

    #[test]
    fn a_panic_in_the_main_thread_comes_out_of_run() {
        let text = panic_of(|| run(|| async { panic!("out") }));
        assert_eq!(text, "out");
        assert!(matches!(try_run(|| async { panic!("again") }), Err(Exit::Panicked(_))));
        assert_eq!(run(|| value_after(ms(1), 2)), 2);
    }

    #[test]
    fn a_killed_main_thread_is_an_error_of_try_run() {
        assert!(matches!(
            try_run(|| async {
                current().kill();
                give_way().await
            }),
            Err(Exit::Killed)
        ));
        let text = panic_of(|| {
            run(|| async {
                current().kill();
                give_way().await
            });
        });
        assert!(text.starts_with("the main green thread was killed"), "{text}");
    }

    #[test]
    fn nobody_has_a_turn_any_more_once_the_main_thread_was_killed_from_outside() {
        thread_local! {
            static MAIN: RefCell<Option<eventlet::Thread>> = const { RefCell::new(None) };
        }
        struct KillsMain;
        impl Wake for KillsMain {
            fn wake(self: Arc<Self>) {
                MAIN.take().unwrap().kill();
                note("killed");
            }
        }
        let exit = try_run(|| async {
            MAIN.set(Some(current()));
            spawn_n(|| async {
                let mut was_killed = false;
                while !was_killed {
                    give_way().await;
                    was_killed = MAIN.with_borrow(Option::is_none);
                }
                note("a turn");
            });
            // The timer wakes a stranger, between two turns.
            let mut call = pin!(sleep(ms(1)));
            let stranger = Waker::from(Arc::new(KillsMain));
            assert!(call.as_mut().poll(&mut Context::from_waker(&stranger)).is_pending());
            sleep(Duration::MAX).await;
        });
        assert!(matches!(exit, Err(Exit::Killed)));
        assert_events(["killed"]);
        run(give_way);
        assert_events(["a turn"]);
    }

    #[test]
    fn what_runs_may_borrow_from_the_caller() {
        let mut list = vec![1];
        run_virtual(|| async {
            sleep(ms(1)).await;
            list.push(2);
        });
        assert_eq!(list, [1, 2]);
    }

    #[test]
    fn what_is_ready_when_the_main_thread_ends_has_its_turn_in_the_next_run() {
        run(|| async {
            spawn_n(|| async { note("other thread") });
            note("main thread");
        });
        assert_events(["main thread"]);
        run(give_way);
        assert_events(["other thread"]);
    }

    #[test]
    fn other_threads_stay_suspended_between_two_runs() {
        run(|| async {
            spawn_n(|| async {
                note("begins");
                sleep(ms(1)).await;
                note("goes on");
            });
            give_way().await;
        });
        note("between");
        run(|| sleep(ms(5)));
        assert_events(["begins", "between", "goes on"]);
    }

    #[test]
    fn a_kill_outside_run_drops_a_thread_with_its_destructors() {
        let thread = run(|| async {
            let thread = spawn(|| async {
                let _noted = Noted("dropped");
                sleep(Duration::MAX).await;
            });
            give_way().await;
            thread
        });
        thread.kill();
        note("killed");
        assert_events(["dropped", "killed"]);
        assert_eq!(Left::now(), Left { threads: 0, timers: 0, sources: 0 });
    }

    #[test]
    fn a_hub_that_ends_with_its_os_thread_ends_its_green_threads() {
        let (say, hear) = mpsc::channel();
        struct Says(mpsc::Sender<&'static str>);
        impl Drop for Says {
            fn drop(&mut self) {
                self.0.send("dropped").unwrap();
            }
        }
        thread::spawn(move || {
            run(|| async {
                spawn_n(move || async move {
                    let _says = Says(say);
                    // It would refuse; nobody asks it any more.
                    while catch_exit(|| sleep(Duration::MAX)).await.is_err() {}
                });
                give_way().await;
            });
        })
        .join()
        .unwrap();
        assert_eq!(hear.recv(), Ok("dropped"));
    }

    /// Leaves behind threads that wait for all sorts of things.
    async fn wait_for_everything() {
        let worker = spawn(|| sleep(Duration::MAX)).thread().clone();
        spawn_n(|| eventlet::join(|| sleep(Duration::MAX), || sleep(Duration::MAX)));
        spawn_n(|| race_all((0..3).map(|_| || sleep(Duration::MAX))));
        spawn_n(|| async {
            eventlet::scope(|scope| async move {
                scope.spawn(|| sleep(Duration::MAX));
                sleep(Duration::MAX).await;
            })
            .await;
        });
        spawn_n(move || async move {
            let mut ended = iwait([worker]);
            drop(ended.next().await);
        });
        spawn_n(|| with_timeout(Duration::from_secs(3600), || sleep(Duration::MAX)));
        let (queue, full, semaphore) = (Queue::<u32>::unbounded(), Queue::bounded(0), Semaphore::new(1));
        spawn_n(move || async move { queue.get().await });
        spawn_n(move || async move { full.put(1).await });
        for _ in 0..2 {
            let semaphore = semaphore.clone();
            spawn_n(move || async move {
                let _permit = semaphore.acquire().await;
                sleep(Duration::MAX).await;
            });
        }
        let pool = GreenPool::new(1);
        pool.spawn_n(|| sleep(Duration::MAX)).await;
        spawn_n(move || async move { pool.spawn_n(|| sleep(Duration::MAX)).await });
        spawn_n(|| async {
            let mut results = GreenPool::new(2).imap(|_| sleep(Duration::MAX), 0..5);
            results.next().await;
        });
        spawn_n(|| async {
            let (ours, _theirs) = UnixStream::pair().unwrap();
            trampoline(&ours, Interest::READ, None).await
        });
        sleep(ms(1)).await;
    }

    #[test]
    fn whatever_still_waits_when_the_hub_ends_ends_without_a_panic() {
        if is_child() {
            thread::spawn(|| run(wait_for_everything)).join().unwrap();
            return;
        }
        let test = "entering::whatever_still_waits_when_the_hub_ends_ends_without_a_panic";
        let output = in_a_process(test, &[]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{text}");
        assert!(!text.contains("panicked"), "{text}");
    }

    #[test]
    fn run_is_refused_in_a_thread_that_a_kill_resumes_outside_run() {
        let thread = run(|| async {
            let thread = spawn(|| async {
                let _ = catch_exit(|| sleep(Duration::MAX)).await;
                run(|| sleep(ms(1)));
            });
            give_way().await;
            thread
        });
        thread.kill();
        let exit = run(|| thread.join()).unwrap_err();
        assert!(exit.to_string().contains("inside a green thread"), "{exit}");
    }

    /// Notes, and leaves another one behind.
    struct Hydra(u32);

    impl Drop for Hydra {
        fn drop(&mut self) {
            note(format_args!("dropped {}", self.0));
            if let Some(next) = self.0.checked_sub(1) {
                let hydra = Hydra(next);
                spawn_n(move || async move {
                    let _hydra = hydra;
                    note("never");
                });
            }
        }
    }

    #[test]
    fn what_a_green_main_leaves_behind_ends_with_it_and_so_does_what_that_spawns() {
        eventlet::__private::main(|| async {
            spawn_n(|| async {
                let _hydra = Hydra(2);
                sleep(Duration::MAX).await;
            });
            give_way().await;
            note("main ends");
        });
        assert_events(["main ends", "dropped 2", "dropped 1", "dropped 0"]);
        assert_eq!(Left::now(), Left { threads: 0, timers: 0, sources: 0 });
    }

    #[test]
    fn a_hub_that_is_shut_down_ends_even_if_its_threads_multiply() {
        eventlet::__private::main(|| async {
            spawn_n(|| async {
                let _hydra = Hydra(1000);
                sleep(Duration::MAX).await;
            });
            give_way().await;
        });
        // It gives up after a hundred generations; the rest ends with the OS thread.
        assert_eq!(events().len(), 100);
        assert_eq!(Left::now().threads, 1);
    }

    #[test]
    fn a_wake_from_its_own_destructor_does_not_bring_a_thread_back() {
        run_virtual(|| async {
            struct Wakes(Waker);
            impl Drop for Wakes {
                fn drop(&mut self) {
                    self.0.wake_by_ref();
                    note("woken");
                }
            }
            let thread = spawn(|| async {
                let _wakes = Wakes(poll_fn(|cx| Poll::Ready(cx.waker().clone())).await);
                sleep(Duration::MAX).await;
            });
            give_way().await;
            thread.kill();
            give_way().await;
            assert!(matches!(thread.join().await, Err(Exit::Killed)));
        });
        assert_events(["woken"]);
    }
}

mod panics {
    use super::*;

    #[test]
    fn a_panic_is_printed_once() {
        if is_child() {
            run(|| async {
                let thread = spawn(|| async { panic!("just once") });
                let handle = thread.thread().clone();
                assert!(handle.join().await.is_err());
                let waiter = spawn(|| thread.wait());
                assert!(waiter.join().await.is_err());
            });
            return;
        }
        let output = in_a_process("panics::a_panic_is_printed_once", &[]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{text}");
        assert_eq!(text.matches("just once").count(), 1, "{text}");
    }

    #[test]
    fn a_panic_without_a_handle_is_printed() {
        if is_child() {
            run(|| async {
                spawn_n(|| async { panic!("nobody waits") });
                sleep(ms(1)).await;
            });
            return;
        }
        let output = in_a_process("panics::a_panic_without_a_handle_is_printed", &[]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{text}");
        assert_eq!(text.matches("nobody waits").count(), 1, "{text}");
    }

    #[test]
    fn a_kill_is_not_printed() {
        if is_child() {
            run(|| async {
                let thread = spawn(|| sleep(Duration::MAX));
                give_way().await;
                thread.kill();
                assert!(matches!(thread.join().await, Err(Exit::Killed)));
                let thread = spawn(|| async { catch_exit(|| sleep(Duration::MAX)).await.unwrap_err() });
                give_way().await;
                thread.kill();
                thread.wait().await;
            });
            return;
        }
        let output = in_a_process("panics::a_kill_is_not_printed", &[]);
        assert!(output.status.success());
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    }

    #[test]
    fn the_hub_survives_any_number_of_panics() {
        run_virtual(|| async {
            for _ in 0..100 {
                spawn_n(|| async {
                    sleep(ms(1)).await;
                    std::panic::resume_unwind(Box::new("quietly"));
                });
            }
            sleep(ms(2)).await;
            assert_eq!(get_hub().threads(), 1);
        });
    }
}

mod other_os_threads {
    use super::*;

    #[test]
    fn a_handle_spawns_in_order() {
        let (give, take) = mpsc::channel();
        let worker = thread::spawn(move || {
            let hub = get_hub();
            give.send(hub.handle()).unwrap();
            hub.run_until_stopped();
            hub.threads()
        });
        let handle = take.recv().unwrap();
        let (say, hear) = mpsc::channel();
        for n in 0..100 {
            let say = say.clone();
            handle.spawn(move || async move { say.send(n).unwrap() }).unwrap();
        }
        drop(say);
        assert!(hear.iter().eq(0..100));
        handle.wake().unwrap();
        assert!(!handle.is_ended());
        handle.stop().unwrap();
        assert_eq!(worker.join().unwrap(), 0);
        assert!(handle.is_ended());
        assert_eq!(handle.spawn(|| async {}), Err(HubEnded));
        assert_eq!(handle.wake(), Err(HubEnded));
        assert_eq!(handle.stop(), Err(HubEnded));
    }

    #[test]
    fn stop_ends_a_run_with_an_error_and_the_next_one_works() {
        let handle = get_hub().handle();
        let stopper = thread::spawn(move || {
            thread::sleep(ms(5));
            handle.stop().unwrap();
        });
        let result = try_run(|| async {
            let _noted = Noted("dropped");
            sleep(Duration::MAX).await;
        });
        assert!(matches!(result, Err(Exit::Killed)));
        assert_events(["dropped"]);
        stopper.join().unwrap();
        assert_eq!(run(|| value_after(ms(1), 4)), 4);
    }

    #[test]
    fn mail_that_nobody_collects_is_dropped_with_the_hub() {
        let counted = Arc::new(());
        let held = counted.clone();
        thread::spawn(move || {
            let handle = get_hub().handle();
            handle
                .spawn(move || async move {
                    let _held = held;
                })
                .unwrap();
        })
        .join()
        .unwrap();
        assert_eq!(Arc::strong_count(&counted), 1);
    }

    #[test]
    fn mail_that_panics_when_it_is_dropped_does_not_stop_the_rest() {
        struct Panics;
        impl Drop for Panics {
            fn drop(&mut self) {
                panic!("in a letter");
            }
        }
        if is_child() {
            let counted = Arc::new(());
            let (panics, held) = (Panics, counted.clone());
            thread::spawn(move || {
                let handle = get_hub().handle();
                handle.spawn(move || async move { drop(panics) }).unwrap();
                handle.spawn(move || async move { drop(held) }).unwrap();
            })
            .join()
            .unwrap();
            assert_eq!(Arc::strong_count(&counted), 1);
            return;
        }
        let test = "other_os_threads::mail_that_panics_when_it_is_dropped_does_not_stop_the_rest";
        let output = in_a_process(test, &[]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{text}");
        assert_eq!(text.matches("in a letter").count(), 1, "{text}");
    }

    #[test]
    fn two_hubs_talk_through_their_handles() {
        let (give, take) = mpsc::channel();
        let other = thread::spawn(move || {
            let hub = get_hub();
            give.send(hub.handle()).unwrap();
            hub.run_until_stopped();
        });
        let there = take.recv().unwrap();
        run_clean(|| async {
            let here = get_hub().handle();
            for n in 0..200_u32 {
                let shared = Arc::new(Shared::default());
                let answer = shared.clone();
                let here = here.clone();
                there
                    .spawn(move || async move {
                        give_way().await;
                        here.spawn(move || async move { answer.give(n + 1) }).unwrap();
                    })
                    .unwrap();
                assert_eq!(Answer(shared).await, n + 1);
            }
        });
        there.stop().unwrap();
        other.join().unwrap();
    }

    #[test]
    fn a_sleeping_hub_is_woken_by_every_waker_from_elsewhere() {
        run_clean(|| async {
            for n in 0..500 {
                let shared = Arc::new(Shared::default());
                let there = shared.clone();
                let os_thread = thread::spawn(move || there.give(n));
                assert_eq!(Answer(shared).await, n);
                os_thread.join().unwrap();
            }
        });
    }

    #[test]
    fn a_stop_leaves_the_timers_for_the_next_run() {
        let stop = || async {
            spawn_n(|| async {
                sleep(ms(2)).await;
                note("woken");
            });
            give_way().await;
            get_hub().handle().stop().unwrap();
            sleep(Duration::MAX).await;
        };
        assert!(matches!(try_run(stop), Err(Exit::Killed)));
        assert_events([]);
        assert_eq!((get_hub().threads(), get_hub().timers()), (1, 1));
        run_virtual(|| sleep(ms(5)));
        assert_events(["woken"]);
    }

    #[test]
    fn a_stop_from_within_comes_before_whoever_is_ready() {
        let stop = || async {
            spawn_n(|| async { note("after the stop") });
            get_hub().handle().stop().unwrap();
            note("goes on");
            give_way().await;
            note("never");
        };
        assert!(matches!(try_run(stop), Err(Exit::Killed)));
        assert_events(["goes on"]);
        run(give_way);
        assert_events(["after the stop"]);
    }

    #[test]
    fn a_stop_that_the_main_thread_asks_for_as_it_returns_is_not_kept_for_the_next_run() {
        let stop = || async {
            get_hub().handle().stop().unwrap();
            3
        };
        assert_eq!(try_run(stop).unwrap(), 3);
        assert_eq!(run(|| value_after(ms(1), 4)), 4);
    }

    #[test]
    fn a_hub_that_was_stopped_before_it_runs_does_not_begin() {
        get_hub().handle().stop().unwrap();
        assert!(matches!(try_run(|| async { note("never") }), Err(Exit::Killed)));
        assert_eq!(run(|| value_after(ms(1), 4)), 4);
        assert_events([]);
    }

    thread_local! {
        static STUCK: RefCell<Option<eventlet::Thread>> = const { RefCell::new(None) };
    }

    #[test]
    fn mail_whose_sender_lets_go_at_once_is_not_a_deadlock() {
        for _ in 0..2000 {
            run(|| async {
                let stuck = spawn(|| poll_fn(|_| Poll::<()>::Pending));
                STUCK.set(Some(stuck.thread().clone()));
                let handle = get_hub().handle();
                let os_thread = thread::spawn(move || {
                    handle.spawn(|| async { STUCK.take().unwrap().kill() }).unwrap();
                });
                assert!(stuck.join().await.is_err());
                os_thread.join().unwrap();
            });
        }
    }
}

/// A value that comes from another OS thread.
#[derive(Default)]
struct Shared {
    inner: Mutex<(Option<u32>, Option<Waker>)>,
}

impl Shared {
    fn give(&self, value: u32) {
        let waker = {
            let mut inner = self.inner.lock().unwrap();
            inner.0 = Some(value);
            inner.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Waits for it.
struct Answer(Arc<Shared>);

impl Future for Answer {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        let mut inner = self.0.inner.lock().unwrap();
        match inner.0 {
            Some(value) => Poll::Ready(value),
            None => {
                inner.1 = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

mod wakers {
    use super::*;

    /// A waker of the running thread, to keep.
    async fn own_waker() -> Waker {
        poll_fn(|cx| Poll::Ready(cx.waker().clone())).await
    }

    #[test]
    fn wakers_are_cloned_woken_and_dropped_on_other_os_threads() {
        run_clean(|| async {
            let waker = own_waker().await;
            let os_threads: Vec<_> = (0..4)
                .map(|_| {
                    let waker = waker.clone();
                    thread::spawn(move || {
                        for _ in 0..1000 {
                            let another = waker.clone();
                            another.wake_by_ref();
                            another.wake();
                        }
                    })
                })
                .collect();
            drop(waker);
            while !os_threads.iter().all(|os_thread| os_thread.is_finished()) {
                sleep(ms(1)).await;
            }
            os_threads.into_iter().for_each(|os_thread| os_thread.join().unwrap());
        });
    }

    #[test]
    fn the_waker_of_a_thread_that_is_over_does_nothing() {
        run_virtual(|| async {
            let waker = spawn(own_waker).wait().await;
            waker.wake_by_ref();
            let elsewhere = waker.clone();
            thread::spawn(move || {
                elsewhere.wake_by_ref();
                elsewhere.wake();
            })
            .join()
            .unwrap();
            waker.wake();
            sleep(ms(1)).await;
        });
    }

    #[test]
    fn a_waker_outlives_its_hub() {
        let wakers: Vec<Waker> = thread::spawn(|| {
            run(|| async {
                let first = own_waker().await;
                let second = spawn(own_waker).wait().await;
                vec![first.clone(), first, second]
            })
        })
        .join()
        .unwrap();
        wakers.iter().for_each(Waker::wake_by_ref);
        wakers.into_iter().for_each(Waker::wake);
    }

    #[test]
    fn the_result_of_a_thread_is_dropped_at_home_though_a_waker_is_elsewhere() {
        let (say, hear) = mpsc::channel();
        let waker = thread::spawn(move || {
            run(|| async {
                struct Says(mpsc::Sender<thread::ThreadId>);
                impl Drop for Says {
                    fn drop(&mut self) {
                        self.0.send(thread::current().id()).unwrap();
                    }
                }
                let thread = spawn(move || async move {
                    let waker = own_waker().await;
                    (waker, Says(say))
                });
                let (waker, says) = thread.wait().await;
                drop(says);
                (waker, thread::current().id())
            })
        });
        let (waker, home) = waker.join().unwrap();
        assert_eq!(hear.recv(), Ok(home));
        drop(waker);
    }

    #[test]
    fn a_wait_may_be_polled_with_the_waker_of_a_thread_that_is_over() {
        run_virtual(|| async {
            let stale = spawn(own_waker).wait().await;
            let mut wait = Box::pin(sleep(ms(5)));
            assert!(wait.as_mut().poll(&mut Context::from_waker(&stale)).is_pending());
            // The timer holds the thread now, and the last waker goes.
            drop(stale);
            wait.await;
            assert_eq!(eventlet::testing::now(), ms(5));
        });
    }

    #[test]
    fn a_wait_that_is_woken_by_mistake_waits_on() {
        run_virtual(|| async {
            let (say, hear) = mpsc::channel();
            let thread = spawn(move || async move {
                say.send(own_waker().await).unwrap();
                sleep(ms(10)).await;
                note(eventlet::testing::now().as_millis());
            });
            give_way().await;
            let waker = hear.recv().unwrap();
            for _ in 0..3 {
                waker.wake_by_ref();
                give_way().await;
                note("woken");
            }
            thread.wait().await;
        });
        assert_events(["woken", "woken", "woken", "10"]);
    }

    #[test]
    fn a_wait_may_go_from_one_thread_to_another() {
        run_virtual(|| async {
            let other = spawn(|| value_after(ms(5), 0));
            let handle = other.thread().clone();
            let mut join = Box::pin(handle.join());
            let mut nap = Box::pin(sleep(ms(9)));
            let first = spawn(move || async move {
                poll_fn(|cx| {
                    assert!(join.as_mut().poll(cx).is_pending());
                    assert!(nap.as_mut().poll(cx).is_pending());
                    Poll::Ready(())
                })
                .await;
                (join, nap)
            });
            let (join, nap) = first.wait().await;
            let second = spawn(move || async move {
                join.await.unwrap();
                note(eventlet::testing::now().as_millis());
                nap.await;
                note(eventlet::testing::now().as_millis());
            });
            second.wait().await;
            other.wait().await;
        });
        assert_events(["5", "9"]);
    }

    /// Polls both whenever it is polled; ready with the first.
    async fn either(a: impl Future<Output = ()>, b: impl Future<Output = ()>) -> &'static str {
        let (mut a, mut b) = (pin!(a), pin!(b));
        poll_fn(|cx| {
            if a.as_mut().poll(cx).is_ready() {
                return Poll::Ready("first");
            }
            b.as_mut().poll(cx).map(|()| "second")
        })
        .await
    }

    #[test]
    fn foreign_combinators_hold_green_calls() {
        run_virtual(|| async {
            assert_eq!(either(sleep(ms(5)), sleep(ms(3))).await, "second");
            assert_eq!(eventlet::testing::now(), ms(3));
        });
    }

    /// A waker of its own around another one, as combinators of many futures have.
    struct Wrapped {
        inner: Waker,
        wakes: AtomicUsize,
    }

    impl Wake for Wrapped {
        fn wake(self: Arc<Self>) {
            self.wakes.fetch_add(1, Ordering::Relaxed);
            self.inner.wake_by_ref();
        }
    }

    #[test]
    fn a_green_call_under_a_foreign_waker_is_woken_through_it() {
        run_virtual(|| async {
            let mut wrapped = None;
            let thread = spawn(|| value_after(ms(2), 0));
            let mut call = Box::pin(async {
                sleep(ms(5)).await;
                give_way().await;
                thread.wait().await
            });
            poll_fn(|cx| {
                let wrapped = wrapped.get_or_insert_with(|| {
                    Arc::new(Wrapped { inner: cx.waker().clone(), wakes: AtomicUsize::new(0) })
                });
                let waker = Waker::from(wrapped.clone());
                call.as_mut().poll(&mut Context::from_waker(&waker))
            })
            .await;
            assert_eq!(wrapped.unwrap().wakes.load(Ordering::Relaxed), 2);
            assert_eq!(eventlet::testing::now(), ms(5));
        });
    }

    #[test]
    fn a_green_call_that_does_not_wait_can_be_driven_by_anybody() {
        let mut call = pin!(async { 2 + 2 });
        let poll = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(poll, Poll::Ready(4));
    }

    /// Asks once, and leaves the call waiting.
    async fn poll_once(mut call: Pin<&mut impl Future>) {
        poll_fn(|cx| {
            assert!(call.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
    }

    #[test]
    fn a_timer_that_is_the_last_to_know_a_thread_may_be_cancelled() {
        run_virtual(|| async {
            let mut nap = Box::pin(sleep(ms(50)));
            let slot = Rc::new(RefCell::new(None));
            let give = slot.clone();
            spawn_n(|| async move {
                poll_once(nap.as_mut()).await;
                *give.borrow_mut() = Some(nap);
                let mut inner = Box::pin(sleep(ms(60)));
                poll_once(inner.as_mut()).await;
                (inner, Noted("value"))
            });
            give_way().await;
            drop(slot.take());
        });
        assert_events(["value"]);
    }

    /// A waker whose destructor uses the hub.
    struct Busy;

    impl Wake for Busy {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for Busy {
        fn drop(&mut self) {
            spawn_n(|| sleep(ms(1)));
            let _ = current().name();
            note(format_args!("{} timers", get_hub().timers()));
        }
    }

    fn poll_busily(call: Pin<&mut impl Future>) {
        let waker = Waker::from(Arc::new(Busy));
        assert!(call.poll(&mut Context::from_waker(&waker)).is_pending());
    }

    #[test]
    fn the_destructor_of_a_foreign_waker_may_use_the_hub() {
        run_virtual(|| async {
            let mut nap = Box::pin(sleep(ms(50)));
            poll_busily(nap.as_mut());
            poll_busily(nap.as_mut());
            drop(nap);
            let thread = spawn(|| sleep(ms(5)));
            let mut join = Box::pin(thread.thread().join());
            poll_busily(join.as_mut());
            poll_busily(join.as_mut());
            drop(join);
            sleep(ms(10)).await;
        });
        assert_events(["1 timers", "0 timers", "0 timers", "0 timers"]);
    }

    /// Polls both whenever it is polled; ready when both are.
    async fn both(a: impl Future<Output = ()>, b: impl Future<Output = ()>) {
        let (mut a, mut b) = (pin!(a), pin!(b));
        let (mut a_is_over, mut b_is_over) = (false, false);
        poll_fn(|cx| {
            a_is_over = a_is_over || a.as_mut().poll(cx).is_ready();
            b_is_over = b_is_over || b.as_mut().poll(cx).is_ready();
            if a_is_over && b_is_over { Poll::Ready(()) } else { Poll::Pending }
        })
        .await
    }

    #[test]
    fn a_look_that_moves_one_of_two_foreign_branches_on_loses_no_wake_up() {
        run_virtual(|| async {
            let flag = Rc::new(std::cell::Cell::new(false));
            let seen = flag.clone();
            let other = spawn(|| sleep(ms(50)));
            let handle = other.thread().clone();
            let thread = spawn(move || {
                let first = async move {
                    poll_fn(|_| if seen.get() { Poll::Ready(()) } else { Poll::Pending }).await;
                    sleep(ms(5)).await;
                    note(eventlet::testing::now().as_millis());
                };
                both(first, async move { handle.join().await.unwrap() })
            });
            give_way().await;
            flag.set(true);
            get_hub().describe_threads();
            thread.wait().await;
            other.wait().await;
        });
        assert_events(["5"]);
    }

    #[test]
    fn waits_do_not_leave_their_os_thread() {
        /// Which `A` is meant is ambiguous, and this does not compile, for what may be sent.
        trait Stays<A> {}
        struct MaySend;
        impl<T: ?Sized> Stays<()> for T {}
        impl<T: ?Sized + Send> Stays<MaySend> for T {}
        fn stays<T: Stays<A>, A>(_value: &T) {}
        stays(&sleep(ms(1)));
        stays(&with_timeout(ms(1), || sleep(ms(1))));
        stays(&spawn(give_way));
        stays(&get_hub());
    }

    #[test]
    fn a_green_call_that_needs_its_hub_refuses_another_executor_outside_run() {
        let cx = &mut Context::from_waker(Waker::noop());
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let limited = || with_timeout(ms(5), || poll_fn(|_| Poll::<()>::Pending));
        for text in [
            panic_of(|| pin!(sleep(ms(5))).as_mut().poll(cx)),
            panic_of(|| pin!(limited()).as_mut().poll(cx).map(drop)),
            panic_of(|| pin!(trampoline(&ours, Interest::READ, None)).as_mut().poll(cx).map(drop)),
        ] {
            assert!(
                text.starts_with("a green call waits for its hub, and that does not run\nnote: "),
                "{text}"
            );
        }
        assert_eq!(Left::now(), Left { threads: 0, timers: 0, sources: 0 });
    }
}

mod pollers {
    use super::*;

    #[green]
    fn echo(stream: UnixStream) {
        let mut bytes = [0; 16];
        loop {
            trampoline(&stream, Interest::READ, None).unwrap();
            let count = (&stream).read(&mut bytes).unwrap();
            if count == 0 {
                return;
            }
            trampoline(&stream, Interest::WRITE, None).unwrap();
            (&stream).write_all(&bytes[..count]).unwrap();
        }
    }

    /// Two green threads talk, and a timer and a message from another OS thread come in between.
    #[green]
    fn talk() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let server = spawn(|| echo(theirs));
        for round in 0..10_u8 {
            trampoline(&ours, Interest::WRITE, None).unwrap();
            (&ours).write_all(&[round]).unwrap();
            trampoline(&ours, Interest::READ, Some(Duration::from_secs(30))).unwrap();
            let mut byte = [0];
            (&ours).read_exact(&mut byte).unwrap();
            assert_eq!(byte, [round]);
            sleep(ms(1));
        }
        let error = trampoline(&ours, Interest::READ, Some(ms(2))).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let shared = Arc::new(Shared::default());
        let there = shared.clone();
        let os_thread = thread::spawn(move || {
            thread::sleep(ms(2));
            there.give(7);
        });
        assert_eq!(Answer(shared).await, 7);
        while !os_thread.is_finished() {
            sleep(ms(1));
        }
        drop(ours);
        server.wait();
    }

    #[test]
    fn every_hub_serves() {
        for name in ["default", "epoll", "epolls", "polling", "poll", "select", "selects"] {
            use_hub(name).unwrap();
            assert_eq!(get_hub().name(), name.trim_end_matches('s').replace("default", "epoll"));
            run_clean(talk);
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_that_lists_the_names() {
        let error = use_hub("twisted").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(
            error.to_string(),
            "there is no hub `twisted` here; the hubs are `default`, `epoll`, `polling`, `poll`, `select`"
        );
        run_clean(talk);
    }

    #[test]
    fn a_hub_may_wait_in_ones_own_way() {
        use_hub(own::Own::new()).unwrap();
        assert_eq!(get_hub().name(), "own");
        run_clean(talk);
    }

    #[test]
    fn a_waiting_descriptor_does_not_make_timers_late() {
        for name in ["default", "polling", "poll", "select"] {
            use_hub(name).unwrap();
            run_clean(|| async {
                let (ours, _theirs) = UnixStream::pair().unwrap();
                let waiter = spawn(|| async move { trampoline(&ours, Interest::READ, None).await });
                let much_later = spawn(|| sleep(Duration::from_secs(20)));
                for _ in 0..50 {
                    sleep(Duration::from_micros(100)).await;
                }
                assert!(!much_later.is_finished());
                much_later.kill();
                waiter.kill();
            });
        }
    }

    #[test]
    fn data_that_arrived_while_a_thread_computed_beats_the_limit() {
        for name in ["default", "polling", "poll", "select"] {
            use_hub(name).unwrap();
            run_clean(|| async {
                let (ours, mut theirs) = UnixStream::pair().unwrap();
                let reader = spawn(|| async move {
                    with_timeout(ms(5), || trampoline(&ours, Interest::READ, None)).await.map(Result::unwrap)
                });
                give_way().await;
                // This holds the hub until the limit is over; the data came before.
                theirs.write_all(b"x").unwrap();
                thread::sleep(ms(10));
                assert_eq!(reader.wait().await, Ok(()), "on {name}");
            });
        }
    }

    #[test]
    fn a_process_that_was_stopped_and_continued_goes_on() {
        if is_child() {
            for name in ["default", "polling", "poll", "select"] {
                use_hub(name).unwrap();
                run_clean(|| async {
                    let (ours, theirs) = UnixStream::pair().unwrap();
                    let waiter = spawn(|| async move { trampoline(&ours, Interest::READ, None).await });
                    give_way().await;
                    stop_for_a_moment().await;
                    sleep(ms(1)).await;
                    assert!(!waiter.is_finished());
                    drop(theirs);
                    waiter.wait().await.unwrap();
                });
            }
            return;
        }
        let output = in_a_process("pollers::a_process_that_was_stopped_and_continued_goes_on", &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Another process stops this one while its hub waits, and continues it.
    async fn stop_for_a_moment() {
        let script = format!("sleep 0.05; kill -STOP {0}; sleep 0.05; kill -CONT {0}", std::process::id());
        let mut stopper = Command::new("sh").args(["-c", &script]).spawn().unwrap();
        while stopper.try_wait().unwrap().is_none() {
            sleep(ms(200)).await;
        }
    }

    #[test]
    fn the_hub_is_not_changed_under_descriptors() {
        run_clean(|| async {
            let (ours, _theirs) = UnixStream::pair().unwrap();
            let waiter = spawn(|| async move { trampoline(&ours, Interest::READ, None).await });
            give_way().await;
            let error = use_hub("poll").unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
            assert_eq!(get_hub().name(), "epoll");
            waiter.kill();
            use_hub("poll").unwrap();
            assert!(matches!(waiter.join().await, Err(Exit::Killed)));
        });
    }

    #[test]
    fn the_environment_chooses() {
        if is_child() {
            let name = get_hub().name();
            assert_eq!(name, "select");
            run_clean(talk);
            return;
        }
        let test = "pollers::the_environment_chooses";
        let output = in_a_process(test, &[("EVENTLET_HUB", "select")]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let output = in_a_process(test, &[("EVENTLET_HUB", "twisted")]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        assert!(text.contains("EVENTLET_HUB names no hub: `twisted`\nnote: the hubs here are"), "{text}");
    }

    mod own {
        use std::collections::BTreeMap;
        use std::io;
        use std::os::fd::{AsRawFd, RawFd};
        use std::sync::{Arc, Condvar, Mutex};
        use std::time::Duration;

        use eventlet::hubs::{BorrowedSource, Interest, Notify, Poller, Readiness};

        /// A poller as simple as can be: it says now and then that everything it was asked for is ready.
        pub(super) struct Own {
            armed: BTreeMap<RawFd, (usize, Interest)>,
            bell: Arc<Bell>,
        }

        #[derive(Default)]
        struct Bell {
            rung: Mutex<bool>,
            changed: Condvar,
        }

        impl Own {
            pub(super) fn new() -> Self {
                Own { armed: BTreeMap::new(), bell: Arc::default() }
            }
        }

        impl Notify for Bell {
            fn notify(&self) {
                *self.rung.lock().unwrap() = true;
                self.changed.notify_all();
            }
        }

        impl Poller for Own {
            fn name(&self) -> &str {
                "own"
            }

            fn is_edge_triggered(&self) -> bool {
                false
            }

            fn add(
                &mut self,
                source: BorrowedSource<'_>,
                token: usize,
                interest: Interest,
            ) -> io::Result<()> {
                self.armed.insert(source.as_raw_fd(), (token, interest));
                Ok(())
            }

            fn modify(
                &mut self,
                source: BorrowedSource<'_>,
                token: usize,
                interest: Interest,
            ) -> io::Result<()> {
                self.add(source, token, interest)
            }

            fn delete(&mut self, source: BorrowedSource<'_>) -> io::Result<()> {
                self.armed.remove(&source.as_raw_fd());
                Ok(())
            }

            fn wait(&mut self, events: &mut Vec<Readiness>, timeout: Option<Duration>) -> io::Result<()> {
                let is_asked = self.armed.values().any(|(_, interest)| *interest != Interest::NONE);
                let longest = if is_asked { Duration::from_millis(1) } else { Duration::MAX };
                let timeout = timeout.unwrap_or(Duration::MAX).min(longest);
                let rung = self.bell.rung.lock().unwrap();
                let (mut rung, _) =
                    self.bell.changed.wait_timeout_while(rung, timeout, |rung| !*rung).unwrap();
                *rung = false;
                for (token, interest) in self.armed.values_mut() {
                    let Interest { readable, writable } = std::mem::replace(interest, Interest::NONE);
                    if readable || writable {
                        let (hung_up, priority) = (false, false);
                        events.push(Readiness { token: *token, readable, writable, hung_up, priority });
                    }
                }
                Ok(())
            }

            fn notifier(&self) -> Arc<dyn Notify> {
                self.bell.clone()
            }
        }
    }
}

mod descriptors {
    use super::*;

    #[test]
    fn trampoline_refuses_both_directions_and_none() {
        run_clean(|| async {
            let (ours, _theirs) = UnixStream::pair().unwrap();
            for interest in [Interest::BOTH, Interest::NONE] {
                let error = trampoline(&ours, interest, None).await.unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            }
        });
    }

    #[test]
    fn trampoline_does_not_suspend_when_its_descriptor_is_ready() {
        run_clean(|| async {
            let (ours, _theirs) = UnixStream::pair().unwrap();
            spawn_n(|| async { note("other") });
            trampoline(&ours, Interest::WRITE, None).await.unwrap();
            note("writable");
            give_way().await;
        });
        assert_events(["writable", "other"]);
    }

    #[test]
    fn trampoline_times_out_and_leaves_nothing() {
        run_virtual(|| async {
            let (ours, _theirs) = UnixStream::pair().unwrap();
            let error = trampoline(&ours, Interest::READ, Some(ms(50))).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            assert_eq!(eventlet::testing::now(), ms(50));
            assert_eq!(get_hub().sources(), 0);
            assert!(with_timeout(ms(50), || trampoline(&ours, Interest::READ, None)).await.is_err());
            assert_eq!(get_hub().sources(), 0);
        });
    }

    #[test]
    fn a_killed_trampoline_leaves_nothing() {
        run_clean(|| async {
            let (ours, _theirs) = UnixStream::pair().unwrap();
            let waiter = spawn(|| async move { trampoline(&ours, Interest::READ, Some(ms(1000))).await });
            give_way().await;
            assert_eq!(get_hub().sources(), 1);
            waiter.kill();
            assert_eq!(get_hub().sources(), 0);
            assert_eq!(get_hub().timers(), 0);
        });
    }

    #[test]
    fn a_race_of_waits_for_descriptors_gives_the_first_that_is_ready() {
        for name in ["default", "polling", "poll", "select"] {
            use_hub(name).unwrap();
            run_clean(|| async {
                let pairs: Vec<_> = (0..4).map(|_| UnixStream::pair().unwrap()).collect();
                let readable = |index: usize| trampoline(&pairs[index].0, Interest::READ, Some(ms(20_000)));
                let first = || race_all((0..4).map(|index| move || readable(index)));
                let nobody = with_timeout(ms(1), first).await;
                assert!(nobody.is_err());
                assert_eq!(get_hub().sources(), 0);
                (&pairs[2].1).write_all(b"x").unwrap();
                (&pairs[3].1).write_all(b"x").unwrap();
                assert!(matches!(first().await, (2, Ok(()))));
                // The other one is ready still.
                (&pairs[2].0).read_exact(&mut [0]).unwrap();
                assert!(matches!(first().await, (3, Ok(()))));
            });
        }
    }

    #[test]
    fn trampoline_sees_the_end_of_the_peer() {
        run_clean(|| async {
            let (ours, theirs) = UnixStream::pair().unwrap();
            let waiter = spawn(|| async move { trampoline(&ours, Interest::READ, None).await });
            give_way().await;
            drop(theirs);
            waiter.wait().await.unwrap();
        });
    }

    #[test]
    fn a_regular_file_cannot_be_waited_for_or_is_ready_at_once() {
        run_clean(|| async {
            let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
            trampoline(&file, Interest::READ, Some(ms(1000))).await.unwrap();
        });
    }

    #[test]
    fn notify_close_wakes_who_waits() {
        use std::os::fd::AsRawFd;
        run_clean(|| async {
            let (ours, _theirs) = UnixStream::pair().unwrap();
            let raw = ours.as_raw_fd();
            assert!(!notify_close(raw));
            let waiter = spawn(|| async move { trampoline(&ours, Interest::READ, None).await });
            give_way().await;
            assert!(notify_close(raw));
            let error = waiter.wait().await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotConnected);
        });
    }

    #[test]
    fn one_thread_may_wait_for_each_direction_of_a_descriptor() {
        for name in ["default", "polling", "poll", "select"] {
            use_hub(name).unwrap();
            run_clean(both_directions);
        }
    }

    #[green]
    fn wait_for(stream: Rc<UnixStream>, interest: Interest) {
        trampoline(&*stream, interest, None).unwrap();
    }

    #[green]
    fn both_directions() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        while (&ours).write(&[0; 4096]).is_ok() {}
        let ours = Rc::new(ours);
        let (readable, writable) = (ours.clone(), ours.clone());
        let reader = spawn(|| wait_for(readable, Interest::READ));
        let writer = spawn(|| wait_for(writable, Interest::WRITE));
        give_way();
        let error = trampoline(&*ours, Interest::READ, None).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        theirs.write_all(b"x").unwrap();
        reader.wait();
        assert_eq!(get_hub().sources(), 1);
        theirs.set_nonblocking(true).unwrap();
        while theirs.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {}
        writer.wait();
    }

    #[green]
    fn second_reader(stream: Rc<UnixStream>) -> io::Error {
        note(line!() + 1);
        trampoline(&*stream, Interest::READ, None).unwrap_err()
    }

    #[green]
    fn first_reader(stream: Rc<UnixStream>) {
        note(line!() + 1);
        trampoline(&*stream, Interest::READ, None).unwrap();
    }

    #[test]
    fn a_second_reader_is_told_where_the_first_one_waits() {
        run_clean(|| async {
            let (ours, _theirs) = UnixStream::pair().unwrap();
            let ours = Rc::new(ours);
            let (to_first, to_second) = (ours.clone(), ours.clone());
            let first = spawn(|| first_reader(to_first));
            let second = spawn(|| second_reader(to_second));
            let text = second.wait().await.to_string();
            let [line_of_first, line_of_second] = events().try_into().unwrap();
            let file = file!();
            let expected = format!(
                "second simultaneous read on one descriptor\n\
                 note: the first waits in green thread 2 at {file}:{line_of_first}:9\n\
                 note: the second came in green thread 3 at {file}:{line_of_second}:9\n\
                 help: let one green thread read, and share what it gets through a queue"
            );
            assert_eq!(text, expected);
            first.kill();
        });
    }

    #[test]
    fn a_second_reader_that_is_killed_before_it_is_told_leaves_nothing() {
        run_clean(|| async {
            let (ours, _theirs) = UnixStream::pair().unwrap();
            let ours = Rc::new(ours);
            let (to_first, to_second) = (ours.clone(), ours.clone());
            let first = spawn(|| first_reader(to_first));
            let second = spawn(|| second_reader(to_second));
            give_way().await;
            second.kill();
            assert!(!first.is_finished());
            first.kill();
            assert_eq!(get_hub().sources(), 0);
        });
        drop(events());
    }
}

mod deadlocks {
    use super::*;

    #[green]
    fn wait_for(thread: eventlet::Thread) {
        note(line!() + 1);
        thread.join().unwrap();
    }

    #[green]
    fn through_another(thread: eventlet::Thread) {
        note(line!() + 1);
        wait_for(thread);
    }

    #[test]
    fn a_deadlock_is_reported_with_every_thread_and_its_lines() {
        let text = panic_of(|| {
            run(|| async {
                let main = current();
                let other = spawn(move || through_another(main));
                other.set_name("other");
                spawn_n(|| poll_fn(|_| Poll::<()>::Pending));
                note(line!() + 1);
                other.wait().await;
            });
        });
        let [main, caller, callee] = events().try_into().unwrap();
        let file = file!();
        assert_eq!(
            text,
            format!(
                "deadlock: every green thread waits, and nothing is left that could wake one\n  \
                 green thread 1 waits for green thread 2 to end\n      \
                 eventlet::greenthread::GreenThread::wait called at {file}:{main}:30\n  \
                 green thread 2 (other) waits for green thread 1 to end\n      \
                 eventlet::greenthread::Thread::join called at {file}:{callee}:16\n      \
                 hub::deadlocks::wait_for called at {file}:{caller}:9\n      \
                 hub::deadlocks::through_another\n  \
                 green thread 3 waits for something outside eventlet\n\
                 note: there is no timer, no descriptor, no job on another OS thread \
                 and no handle or waker elsewhere"
            )
        );
    }

    #[test]
    fn the_others_can_go_on_after_a_deadlock() {
        let stuck = run(|| async {
            let forever = spawn(|| poll_fn(|_| Poll::<()>::Pending));
            spawn(move || wait_for(forever.thread().clone()))
        });
        panic_of(|| run(|| async { stuck.thread().join().await }));
        assert_eq!(run(|| value_after(ms(1), 3)), 3);
        stuck.kill();
    }

    #[test]
    fn a_handle_elsewhere_keeps_a_waiting_hub_from_being_deadlocked() {
        let handle = get_hub().handle();
        let os_thread = thread::spawn(move || {
            thread::sleep(ms(10));
            handle.spawn(|| async { hubs::get_hub().handle().stop().unwrap() }).unwrap();
        });
        let result = try_run(|| poll_fn(|_| Poll::<()>::Pending));
        assert!(matches!(result, Err(Exit::Killed)));
        os_thread.join().unwrap();
    }

    #[test]
    fn to_sleep_for_ever_with_nobody_else_about_is_a_deadlock() {
        let text = panic_of(|| run_virtual(|| sleep(Duration::MAX)));
        assert!(text.starts_with("deadlock: "), "{text}");
        assert!(text.contains("green thread 1 waits for a time to pass\n"), "{text}");
    }

    /// The wait is all there is to the call, and has a name of its own that nobody outside knows.
    #[test]
    fn a_sleep_is_reported_under_its_public_name() {
        let text = panic_of(|| {
            run_virtual(|| async {
                note(line!() + 1);
                sleep(Duration::MAX).await;
            })
        });
        let [line] = events().try_into().unwrap();
        let call = format!("eventlet::greenthread::sleep called at {}:{line}:", file!());
        assert!(text.contains(&call), "`{call}` is missing in\n{text}");
    }
}
