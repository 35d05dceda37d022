//! Blocking calls on other OS threads.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::Duration;

use eventlet::testing::{run_clean, run_virtual};
use eventlet::{GreenPool, green, sleep, spawn, tpool, with_timeout};
use eventlet_tests::{assert_events, ms, note, virtual_tests};

/// A gate that OS threads wait at.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(open, |open| !*open).unwrap());
    }
}

virtual_tests! {
    fn the_value_comes_back_and_others_go_on_meanwhile() {
        let gate = Gate::default();
        let other = { let gate = gate.clone(); spawn(#[green] move || {
            note("another thread runs");
            gate.open();
        }) };
        let value = tpool::execute(move || {
            gate.pass();
            6 * 7
        });
        note(format!("got {value}"));
        other.wait();
        assert_events(["another thread runs", "got 42"]);
    }

    fn even_the_shortest_call_suspends() {
        let other = spawn(#[green] || note("another thread runs"));
        tpool::execute(|| ());
        note("back");
        other.wait();
        assert_events(["another thread runs", "back"]);
    }

    fn time_stands_still_while_a_call_is_under_way() {
        let before = eventlet::testing::now();
        let sleeper = spawn(#[green] move || {
            sleep(Duration::from_secs(60));
            note("slept");
        });
        tpool::execute(|| std::thread::sleep(ms(5)));
        note("called");
        assert_eq!(eventlet::testing::now(), before);
        sleeper.wait();
        assert_events(["called", "slept"]);
    }

    fn a_panic_comes_out_where_the_call_stands() {
        let caller = spawn(#[green] || {
            tpool::execute(|| -> () { panic!("over there") });
            note("not reached");
        });
        let exit = caller.join().unwrap_err();
        assert_eq!(exit.to_string(), "the green thread panicked: over there");
        // The OS thread is still of use.
        assert_eq!(tpool::execute(|| 1), 1);
        assert_events([]);
    }

    fn a_killed_caller_is_let_go_at_once_and_the_call_goes_on() {
        let gate = Gate::default();
        let (begin, begun) = mpsc::channel();
        let (say, hear) = mpsc::channel();
        let caller = { let gate = gate.clone(); spawn(#[green] move || {
            tpool::execute(move || {
                begin.send(()).unwrap();
                gate.pass();
                say.send("done").unwrap();
            });
            note("not reached");
        }) };
        tpool::execute(move || begun.recv().unwrap());
        caller.kill();
        assert!(caller.is_finished());
        gate.open();
        assert_eq!(tpool::execute(move || hear.recv().unwrap()), "done");
        assert_events([]);
    }

    fn calls_begin_first_come_first_served() {
        tpool::set_num_threads(1);
        let order = Arc::new(Mutex::new(vec![]));
        let callers: Vec<_> = (0..10)
            .map(|number| {
                let order = order.clone();
                spawn(move || tpool::execute(move || order.lock().unwrap().push(number)))
            })
            .collect();
        for caller in callers {
            caller.wait();
        }
        assert_eq!(*order.lock().unwrap(), (0..10).collect::<Vec<_>>());
    }

    fn a_call_that_has_not_begun_is_not_made_for_a_dead_caller() {
        tpool::set_num_threads(1);
        let gate = Gate::default();
        let made = Arc::new(AtomicUsize::new(0));
        let first = { let gate = gate.clone(); spawn(move || tpool::execute(move || gate.pass())) };
        let second = { let made = made.clone(); spawn(move || {
            tpool::execute(move || made.fetch_add(1, Ordering::SeqCst))
        }) };
        sleep(Duration::ZERO);
        second.kill();
        gate.open();
        first.wait();
        tpool::execute(|| ());
        assert_eq!(made.load(Ordering::SeqCst), 0);
    }

    fn no_more_os_threads_than_allowed_are_at_work() {
        tpool::set_num_threads(3);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let callers: Vec<_> = (0..12)
            .map(|_| {
                let (running, most) = (running.clone(), most.clone());
                spawn(move || {
                    tpool::execute(move || {
                        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        std::thread::sleep(ms(2));
                        running.fetch_sub(1, Ordering::SeqCst);
                    })
                })
            })
            .collect();
        for caller in callers {
            caller.wait();
        }
        assert_eq!(most.load(Ordering::SeqCst), 3);
    }

    fn a_pool_maps_over_calls_on_os_threads() {
        let here = std::thread::current().id();
        let pool = GreenPool::new(2);
        let results = pool.map(move |number| tpool::execute(move || {
            assert_ne!(std::thread::current().id(), here);
            number * number
        }), 1..=5);
        assert_eq!(results, [1, 4, 9, 16, 25]);
        pool.spawn_n(|| tpool::execute(|| std::thread::sleep(ms(1))));
        pool.waitall();
        assert_eq!(pool.running(), 0);
    }

    fn without_os_threads_the_call_is_made_in_place() {
        tpool::set_num_threads(0);
        let here = std::thread::current().id();
        assert_eq!(tpool::execute(|| std::thread::current().id()), here);
    }

    fn calls_are_made_though_the_limit_becomes_zero() {
        tpool::set_num_threads(1);
        let gate = Gate::default();
        let first = { let gate = gate.clone(); spawn(move || tpool::execute(move || gate.pass())) };
        let second = spawn(|| tpool::execute(|| 2));
        sleep(Duration::ZERO);
        tpool::set_num_threads(0);
        gate.open();
        first.wait();
        assert_eq!(second.wait(), 2);
    }
}

#[test]
fn a_timeout_lets_go_while_the_call_goes_on() {
    let gate = Gate::default();
    let there = gate.clone();
    let result = run_clean(move || with_timeout(ms(5), move || tpool::execute(move || there.pass())));
    assert!(result.is_err());
    gate.open();
}

#[test]
fn a_call_under_way_is_no_deadlock() {
    run_clean(|| tpool::execute(|| std::thread::sleep(ms(5))));
    run_virtual(|| tpool::execute(|| std::thread::sleep(ms(5))));
}

#[test]
fn the_os_threads_end_with_their_hub() {
    let (say, hear) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        eventlet::run(move || {
            tpool::execute(move || {
                // Kept for as long as the OS thread lives.
                thread_local!(static HELD: std::cell::OnceCell<mpsc::Sender<()>> = const { std::cell::OnceCell::new() });
                HELD.with(|held| held.set(say)).unwrap();
            })
        });
    })
    .join()
    .unwrap();
    assert_eq!(hear.recv_timeout(Duration::from_secs(60)), Err(mpsc::RecvTimeoutError::Disconnected));
}

#[test]
fn the_environment_says_how_many_os_threads_there_are() {
    const TEST: &str = "the_environment_says_how_many_os_threads_there_are";
    if let Ok(most) = std::env::var("EVENTLET_TEST_CHILD") {
        run_clean(|| most_at_work(most.parse().unwrap()));
        return;
    }
    let in_a_process = |size: &str, most: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([TEST, "--exact", "--nocapture"]).env("EVENTLET_THREADPOOL_SIZE", size);
        command.env("EVENTLET_TEST_CHILD", most).output().unwrap()
    };
    assert!(in_a_process("2", "2").status.success());
    let output = in_a_process("many", "2");
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("EVENTLET_THREADPOOL_SIZE is `many`\nhelp: it takes the number of OS threads"),
        "{text}"
    );
}

/// Makes more calls than there are OS threads, and counts how many of them are at work together.
#[green]
fn most_at_work(expected: usize) {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let pool = GreenPool::new(100);
    let count = most.clone();
    pool.map(
        move |_| {
            let (running, most) = (running.clone(), count.clone());
            tpool::execute(move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(ms(2));
                running.fetch_sub(1, Ordering::SeqCst);
            })
        },
        0..12,
    );
    assert_eq!(most.load(Ordering::SeqCst), expected);
}

#[test]
fn names_are_looked_up_while_all_jobs_are_at_work() {
    #[green]
    fn look_up_beside_a_long_job() {
        tpool::set_num_threads(1);
        let gate = Gate::default();
        let there = gate.clone();
        let job = spawn(move || tpool::execute(move || there.pass()));
        eventlet_tests::give_way();
        let found = with_timeout(Duration::from_secs(60), || {
            eventlet::green::net::ToSocketAddrs::to_socket_addrs(&("localhost", 80))
        });
        gate.open();
        job.wait();
        assert!(found.unwrap().unwrap().count() > 0);
    }
    run_clean(look_up_beside_a_long_job);
}

/// No memory for another stack: the operating system starts no OS thread until this is dropped.
#[cfg(target_os = "linux")]
struct NoMoreThreads(rustix::process::Rlimit);

#[cfg(target_os = "linux")]
impl NoMoreThreads {
    fn new() -> Self {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let before = getrlimit(Resource::As);
        let sizes = std::fs::read_to_string("/proc/self/statm").unwrap();
        let pages: u64 = sizes.split(' ').next().unwrap().parse().unwrap();
        let room = pages * rustix::param::page_size() as u64 + (1 << 20);
        setrlimit(Resource::As, Rlimit { current: Some(room), maximum: before.maximum }).unwrap();
        NoMoreThreads(before)
    }
}

#[cfg(target_os = "linux")]
impl Drop for NoMoreThreads {
    fn drop(&mut self) {
        rustix::process::setrlimit(rustix::process::Resource::As, self.0).unwrap();
    }
}

#[cfg(target_os = "linux")]
#[green]
fn call_without_os_threads() {
    use std::io::ErrorKind;

    use eventlet::green::net::ToSocketAddrs;
    use eventlet::tpool::ThreadPool;

    let scarce = NoMoreThreads::new();
    let error = eventlet::green::fs::read("/dev/null").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
    assert!(error.to_string().starts_with("cannot start an OS thread for a blocking call: "), "{error}");
    let code = std::error::Error::source(error.get_ref().unwrap()).unwrap();
    let code = code.downcast_ref::<std::io::Error>().unwrap().raw_os_error();
    assert_eq!(code, Some(rustix::io::Errno::AGAIN.raw_os_error()));
    assert!(("localhost", 80).to_socket_addrs().is_err());

    let pool = ThreadPool::new(2);
    let captured = Arc::new(());
    let there = captured.clone();
    assert!(pool.try_apply(move || drop(there)).is_err());
    assert_eq!((Arc::strong_count(&captured), pool.running(), pool.threads()), (1, 0, 0));
    let there = captured.clone();
    let thread = pool.spawn(move || drop(there));
    let told = thread.join().unwrap_err().to_string();
    assert!(told.contains("cannot start an OS thread for a blocking call"), "{told}");
    assert_eq!((Arc::strong_count(&captured), pool.running()), (1, 0));
    pool.join();
    pool.killall();

    // Calls in line while there may be no OS thread, and none can be started when there may.
    let closed = ThreadPool::new(0);
    let there = captured.clone();
    let thread = closed.spawn(move || drop(there));
    closed.resize(1);
    assert!(thread.join().unwrap_err().is_panicked());
    assert_eq!((Arc::strong_count(&captured), closed.running()), (1, 0));

    drop(scarce);
    assert_eq!(pool.apply(|| 7), 7);
    assert_eq!(closed.apply(|| 8), 8);
    assert!(eventlet::green::fs::read("/dev/null").is_ok());
    assert!(("localhost", 80).to_socket_addrs().is_ok());
}

#[cfg(target_os = "linux")]
#[test]
fn a_call_for_which_no_os_thread_can_be_started_is_an_error_and_nothing_stays() {
    const TEST: &str = "a_call_for_which_no_os_thread_can_be_started_is_an_error_and_nothing_stays";
    if std::env::var_os("EVENTLET_TEST_CHILD").is_some() {
        run_clean(call_without_os_threads);
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([TEST, "--exact", "--nocapture", "--test-threads=1"]).env("EVENTLET_TEST_CHILD", "1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
