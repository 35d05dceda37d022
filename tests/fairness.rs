//! Nobody holds the hub: what may be done before others have their turn, and when a limit of no time is over.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use eventlet::event::Flag;
use eventlet::green::io::{Read, Write};
use eventlet::green::os::unix::net::UnixStream;
use eventlet::lock::{Mutex, RwLock};
use eventlet::queue::GetError;
use eventlet::testing::{run_clean, run_virtual};
use eventlet::{
    Event, GreenPool, Queue, Semaphore, green, hubs, join, sleep, spawn, spawn_after, sync, with_timeout,
};
use eventlet_tests::{assert_events, give_way, ms, note};

/// Computes for so long. Time is asked, and steps are counted, so that a loaded machine changes nothing.
fn compute(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Calls `step` without end, and says how often another thread let it do so before a timer that was due had fired.
#[green]
fn steps_before_a_timer<G: Future<Output = ()> + 'static>(step: impl Fn() -> G + 'static) -> u32 {
    let steps = Rc::new(Cell::new(0));
    let counts = steps.clone();
    let worker = spawn(move || async move {
        loop {
            step().await;
            counts.set(counts.get() + 1);
        }
    });
    give_way();
    let before = steps.get();
    sleep(Duration::from_nanos(1));
    let after = steps.get() - before;
    worker.kill();
    after
}

#[test]
fn a_loop_over_what_is_always_there_lets_a_timer_fire() {
    #[green]
    fn scenario() {
        let queue = Queue::unbounded();
        let step = {
            let queue = queue.clone();
            move || {
                let queue = queue.clone();
                async move {
                    queue.put(1).await.unwrap();
                    queue.get().await.unwrap();
                }
            }
        };
        assert!(steps_before_a_timer(step) < 100_000, "a queue");

        let event = Event::new();
        event.send(());
        let step = move || {
            let event = event.clone();
            async move { event.wait().await }
        };
        assert!(steps_before_a_timer(step) < 100_000, "an event");

        let flag = Flag::new();
        flag.set();
        let step = move || {
            let flag = flag.clone();
            async move { flag.wait().await }
        };
        assert!(steps_before_a_timer(step) < 100_000, "a flag");

        let semaphore = Semaphore::new(1);
        let step = move || {
            let semaphore = semaphore.clone();
            async move { drop(semaphore.acquire().await) }
        };
        assert!(steps_before_a_timer(step) < 100_000, "a semaphore");

        let mutex = Rc::new(Mutex::new(0));
        let step = move || {
            let mutex = mutex.clone();
            async move { *mutex.lock().await += 1 }
        };
        assert!(steps_before_a_timer(step) < 100_000, "a mutex");

        let lock = Rc::new(RwLock::new(0));
        let step = move || {
            let lock = lock.clone();
            async move {
                let _ = *lock.read().await;
            }
        };
        assert!(steps_before_a_timer(step) < 100_000, "a read lock");

        let queue = sync::Queue::unbounded();
        let step = move || {
            let queue = queue.clone();
            async move {
                queue.put(1).await.unwrap();
                queue.get().await.unwrap();
            }
        };
        assert!(steps_before_a_timer(step) < 100_000, "a queue between OS threads");

        let pool = GreenPool::new(1);
        let step = move || {
            let pool = pool.clone();
            async move { pool.wait_available().await }
        };
        assert!(steps_before_a_timer(step) < 100_000, "a pool with room");
    }
    run_clean(scenario);
}

#[test]
fn the_budget_is_shared_and_counted_in_steps() {
    #[green]
    fn scenario() -> (u32, u32) {
        let queue = Queue::unbounded();
        let puts = Rc::new(Cell::new(0));
        let (mine, counts) = (queue.clone(), puts.clone());
        let worker = spawn(
            #[green]
            move || loop {
                mine.put(()).unwrap();
                counts.set(counts.get() + 1);
            },
        );
        give_way();
        let first = puts.get();
        give_way();
        let second = puts.get() - first;
        worker.kill();
        (first, second)
    }
    assert_eq!(run_virtual(scenario), (1024, 1024));
}

#[test]
fn a_loop_that_another_executor_drives_gives_way_and_has_a_new_budget() {
    struct Count(AtomicU32);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let wakes = Arc::new(Count(AtomicU32::new(0)));
    let waker = Waker::from(wakes.clone());
    let mut cx = Context::from_waker(&waker);
    let queue = Queue::unbounded();
    let mut puts = pin!(async {
        for _ in 0..3000 {
            queue.put(()).await.unwrap();
        }
    });
    let lengths = std::iter::from_fn(|| puts.as_mut().poll(&mut cx).is_pending().then(|| queue.len()));
    assert_eq!(lengths.take(9).collect::<Vec<_>>(), [1024, 2048]);
    assert_eq!(wakes.0.load(Ordering::SeqCst), 2);
    assert_eq!(queue.len(), 3000);
}

#[test]
fn what_a_killed_thread_does_in_its_clean_up_is_not_taken_from_the_killer() {
    #[green]
    fn scenario() {
        let queue = Queue::unbounded();
        let cleaning = queue.clone();
        let victim = spawn(
            #[green]
            move || {
                let _ = eventlet::greenthread::catch_exit(|| sleep(Duration::MAX));
                for _ in 0..1000 {
                    cleaning.put(()).unwrap();
                }
            },
        );
        give_way();
        spawn(|| say("another"));
        for _ in 0..500 {
            queue.put(()).unwrap();
        }
        victim.kill();
        for _ in 0..500 {
            queue.put(()).unwrap();
        }
        note("not interrupted");
        victim.wait();
        give_way();
        assert_events(["not interrupted", "another"]);
    }
    run_virtual(scenario);
}

#[green]
fn say(event: &'static str) {
    note(event);
}

#[test]
fn a_thread_that_computes_between_yields_leaves_room_for_timers_and_sockets() {
    #[green]
    fn scenario() {
        let steps = Rc::new(Cell::new(0_u32));
        let counts = steps.clone();
        let worker = spawn(
            #[green]
            move || loop {
                compute(ms(2));
                counts.set(counts.get() + 1);
                give_way();
            },
        );
        give_way();
        for _ in 0..3 {
            let before = steps.get();
            sleep(ms(1));
            assert!(
                steps.get() - before <= 8,
                "{} steps of 2 ms during a sleep of 1 ms",
                steps.get() - before
            );
        }
        let (mut one, mut other) = UnixStream::pair().unwrap();
        let echo = spawn(
            #[green]
            move || {
                let mut byte = [0];
                other.read_exact(&mut byte).unwrap();
                other.write_all(&byte).unwrap();
            },
        );
        give_way();
        let before = steps.get();
        one.write_all(b"x").unwrap();
        one.read_exact(&mut [0]).unwrap();
        assert!(steps.get() - before <= 8, "{} steps of 2 ms during an echo", steps.get() - before);
        worker.kill();
        echo.wait();
    }
    run_clean(scenario);
}

#[test]
fn one_flooding_client_does_not_delay_another_connection() {
    #[green]
    fn drain(mut socket: UnixStream, reads: Rc<Cell<u32>>) {
        let mut buf = [0; 64];
        while socket.read(&mut buf).is_ok_and(|count| count > 0) {
            compute(Duration::from_micros(20));
            reads.set(reads.get() + 1);
        }
    }
    #[green]
    fn scenario() {
        let (flood, flooded) = std::os::unix::net::UnixStream::pair().unwrap();
        let writer = std::thread::spawn(move || {
            let data = [1; 65536];
            while std::io::Write::write_all(&mut &flood, &data).is_ok() {}
        });
        let reads = Rc::new(Cell::new(0));
        let counts = reads.clone();
        let flooded = UnixStream::from_std(flooded).unwrap();
        let reader = spawn(move || drain(flooded, counts));
        let (mut one, mut other) = UnixStream::pair().unwrap();
        let echo = spawn(
            #[green]
            move || {
                let mut byte = [0];
                while other.read_exact(&mut byte).is_ok() {
                    other.write_all(&byte).unwrap();
                }
            },
        );
        sleep(ms(5));
        for _ in 0..5 {
            let before = reads.get();
            one.write_all(b"x").unwrap();
            one.read_exact(&mut [0]).unwrap();
            // Two looks outside, each after 2 ms or one resumption's 128 reads.
            assert!(reads.get() - before <= 1500, "{} reads during an echo", reads.get() - before);
        }
        reader.kill();
        drop(one);
        echo.wait();
        eventlet::tpool::execute(move || writer.join().unwrap());
        eventlet::tpool::killall();
    }
    run_clean(scenario);
}

#[test]
fn no_delay_at_all_begins_in_the_next_round() {
    #[green]
    fn scenario() {
        let child = spawn_after(Duration::ZERO, || say("begun"));
        give_way();
        child.cancel();
        assert!(child.join().is_ok());
        assert_events(["begun"]);

        hubs::schedule_call_global(Duration::ZERO, || note("called"));
        spawn(|| say("spawned after"));
        give_way();
        assert_events(["called", "spawned after"]);
    }
    run_virtual(scenario);
}

#[test]
fn a_limit_of_no_time_is_over_in_the_next_round_for_every_wait() {
    #[green]
    fn rounds<G: Future<Output = bool>>(call: impl FnOnce() -> G) -> u32 {
        let rounds = Rc::new(Cell::new(0));
        let counts = rounds.clone();
        let counter = spawn(
            #[green]
            move || loop {
                give_way();
                counts.set(counts.get() + 1);
            },
        );
        give_way();
        let before = rounds.get();
        assert!(call().await, "it is over");
        let passed = rounds.get() - before;
        counter.kill();
        passed
    }
    #[green]
    fn scenario() {
        let no_time = Duration::ZERO;
        let queue = Queue::<u32>::unbounded();
        assert!(rounds(|| async { queue.get_timeout(no_time).await == Err(GetError::Empty) }) <= 1);
        let event = Event::<u32>::new();
        assert!(rounds(|| async { event.wait_timeout(no_time).await.is_err() }) <= 1);
        let flag = Flag::new();
        assert!(rounds(|| async { flag.wait_timeout(no_time).await.is_err() }) <= 1);
        let semaphore = Semaphore::new(0);
        assert!(rounds(|| async { semaphore.acquire_timeout(no_time).await.is_err() }) <= 1);
        assert!(rounds(|| async { with_timeout(no_time, || sleep(ms(1))).await.is_err() }) <= 1);
        let elsewhere = sync::Queue::<u32>::unbounded();
        assert!(rounds(|| async { elsewhere.get_timeout(no_time).await.is_err() }) <= 1);
    }
    run_virtual(scenario);
}

#[test]
fn what_comes_in_the_round_of_a_limit_of_no_time_goes_to_the_next_in_line() {
    #[green]
    fn scenario() {
        let queue = Queue::unbounded();
        let (for_a, for_b) = (queue.clone(), queue.clone());
        let a = spawn(
            #[green]
            move || for_a.get_timeout(Duration::ZERO),
        );
        let b = spawn(
            #[green]
            move || for_b.get(),
        );
        give_way();
        queue.put("hi").unwrap();
        assert_eq!(join(|| a.wait(), || b.wait()), (Err(GetError::Empty), Ok("hi")));
    }
    run_virtual(scenario);
}

#[test]
fn a_short_sleep_is_not_rounded_up_to_a_millisecond() {
    // Of many, one is on time even on a loaded machine; with whole milliseconds none is.
    #[green]
    fn shortest() -> Duration {
        let mut shortest = Duration::MAX;
        for _ in 0..200 {
            let began = Instant::now();
            sleep(Duration::from_micros(100));
            let took = began.elapsed();
            assert!(took >= Duration::from_micros(100), "{took:?}");
            shortest = shortest.min(took);
        }
        shortest
    }
    let shortest = run_clean(shortest);
    assert!(shortest < Duration::from_micros(900), "{shortest:?}");
}

/// Six steps of 3 ms beside a thread that waits for a descriptor which is ready all along: who comes when.
#[green]
fn slow_steps_beside_a_descriptor() -> String {
    let events = Rc::new(Cell::new(String::new()));
    let say = |events: &Rc<Cell<String>>, word: &str| {
        let before = events.take();
        events.set(before + word);
    };
    let (mut one, mut other) = UnixStream::pair().unwrap();
    let heard = events.clone();
    let reader = spawn(
        #[green]
        move || {
            one.read(&mut [0]).unwrap();
            say(&heard, "read ");
        },
    );
    give_way();
    other.write_all(b"x").unwrap();
    for _ in 0..6 {
        compute(ms(3));
        say(&events, "step ");
        give_way();
    }
    reader.wait();
    events.take()
}

#[test]
fn a_turn_is_cut_by_the_time_of_the_hubs_clock_which_stands_still_in_virtual_time() {
    let in_real_time = eventlet::run(slow_steps_beside_a_descriptor);
    assert!(in_real_time.contains("read step"), "{in_real_time}");
    assert_eq!(run_virtual(slow_steps_beside_a_descriptor), "step step step step step step read ");
}
