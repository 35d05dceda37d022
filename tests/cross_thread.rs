//! Queues, events and semaphores between OS threads: who is served, in which order, and what a wait that ends early
//! leaves behind. Nothing here depends on how long anything takes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use eventlet::branch::{Race2, join_all};
use eventlet::sync::{Event, GetError, PutError, Queue, Semaphore, ShutDown};
use eventlet::{green, race, scope, sleep, spawn, testing, with_timeout};
use eventlet_tests::{assert_events, give_way, ms, note, virtual_tests};

/// Waits, on an OS thread, until something has become true.
fn until(mut is_true: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_true() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never became true");
        thread::yield_now();
    }
}

#[test]
fn they_go_to_other_os_threads() {
    fn check<T: Send + Sync + 'static>(_value: &T) {}
    check(&Queue::<u32>::unbounded());
    check(&Event::<String>::new());
    check(&Semaphore::new(1));
    let permit = Semaphore::new(1).try_acquire();
    check(&permit);
}

// Within one hub: the same rules as the hub's own.

#[green]
fn get_and_note(queue: Queue<&'static str>, name: &'static str) {
    let item = queue.get().unwrap_or("shut down");
    note(format!("{name} {item}"));
}

#[green]
fn put_and_note(queue: Queue<&'static str>, item: &'static str) {
    match queue.put(item) {
        Ok(()) => note(format!("put {item}")),
        Err(ShutDown(item)) => note(format!("kept {item}")),
    }
}

#[green]
fn acquire_and_note(semaphore: Semaphore, name: &'static str) {
    let _permit = semaphore.acquire();
    note(name);
}

virtual_tests! {
    fn getters_are_served_in_the_order_in_which_they_came() {
        let queue = Queue::unbounded();
        for name in ["a", "b", "c"] {
            let queue = queue.clone();
            drop(spawn(move || get_and_note(queue, name)));
        }
        give_way();
        assert_eq!(queue.getting(), 3);
        for item in ["1", "2", "3", "4"] {
            queue.put(item).unwrap();
        }
        assert_eq!(queue.try_get(), Ok("4"), "the first three are for those who wait");
        give_way();
        assert_events(["a 1", "b 2", "c 3"]);
    }

    fn a_newcomer_does_not_take_what_a_waiting_getter_was_called_for() {
        let queue = Queue::unbounded();
        let waiting = spawn({ let queue = queue.clone(); move || get_and_note(queue, "waiting") });
        give_way();
        queue.put("1").unwrap();
        assert_eq!(queue.try_get(), Err(GetError::Empty));
        waiting.wait();
        assert_events(["waiting 1"]);
    }

    fn a_getter_that_was_called_and_then_killed_passes_its_item_on() {
        let queue = Queue::unbounded();
        let first = spawn({ let queue = queue.clone(); move || get_and_note(queue, "first") });
        let second = spawn({ let queue = queue.clone(); move || get_and_note(queue, "second") });
        give_way();
        queue.put("1").unwrap();
        first.kill();
        assert!(with_timeout(ms(1), || second.join()).is_ok(), "it was not called");
        assert_events(["second 1"]);
        assert_eq!((queue.len(), queue.getting()), (0, 0));
    }

    fn putters_wait_for_room_and_are_served_in_order() {
        let queue = Queue::bounded(1);
        let putters: Vec<_> = ["1", "2", "3"]
            .map(|item| { let queue = queue.clone(); spawn(move || put_and_note(queue, item)) })
            .into();
        give_way();
        assert_events(["put 1"]);
        assert_eq!((queue.len(), queue.putting(), queue.is_full()), (1, 2, true));
        assert_eq!(queue.get(), Ok("1"));
        assert_eq!((queue.len(), queue.putting()), (1, 1));
        give_way();
        assert_events(["put 2"]);
        assert_eq!(queue.get(), Ok("2"));
        assert_eq!(queue.get(), Ok("3"));
        for putter in putters {
            putter.wait();
        }
        assert_events(["put 3"]);
    }

    fn a_putter_that_is_killed_takes_its_item_along() {
        let queue = Queue::bounded(1);
        queue.put("1").unwrap();
        let killed = spawn({ let queue = queue.clone(); move || put_and_note(queue, "2") });
        let next = spawn({ let queue = queue.clone(); move || put_and_note(queue, "3") });
        give_way();
        killed.kill();
        assert_eq!((queue.get(), queue.get()), (Ok("1"), Ok("3")));
        next.wait();
        assert_events(["put 3"]);
    }

    fn without_room_an_item_goes_from_hand_to_hand() {
        let queue = Queue::bounded(0);
        assert_eq!(queue.try_put("0"), Err(PutError::Full("0")));
        let putter = spawn({ let queue = queue.clone(); move || put_and_note(queue, "1") });
        give_way();
        assert_eq!((queue.len(), queue.putting()), (0, 1));
        assert_eq!(queue.get(), Ok("1"));
        putter.wait();
        let getter = spawn({ let queue = queue.clone(); move || get_and_note(queue, "getter") });
        give_way();
        assert_eq!(queue.try_put("2"), Ok(()));
        assert_eq!(queue.try_put("3"), Err(PutError::Full("3")));
        getter.wait();
        assert_events(["put 1", "getter 2"]);
    }

    fn a_getter_called_for_an_offer_that_was_taken_back_waits_on_in_its_place() {
        let queue = Queue::bounded(0);
        let getters: Vec<_> = ["first", "second"]
            .map(|name| { let queue = queue.clone(); spawn(move || get_and_note(queue, name)) })
            .into();
        give_way();
        let putter = spawn({ let queue = queue.clone(); move || put_and_note(queue, "lost") });
        give_way();
        // The first getter is called for the offer and has not run yet.
        putter.kill();
        give_way();
        assert_eq!(queue.getting(), 2);
        queue.put("1").unwrap();
        queue.put("2").unwrap();
        for getter in getters {
            getter.wait();
        }
        assert_events(["first 1", "second 2"]);
    }

    fn a_shutdown_lets_out_what_is_in_and_gives_the_rest_back() {
        let queue = Queue::bounded(1);
        queue.put("1").unwrap();
        let putter = spawn({ let queue = queue.clone(); move || put_and_note(queue, "2") });
        give_way();
        queue.shutdown();
        assert!(with_timeout(ms(1), || putter.join()).is_ok(), "it does not hear");
        assert_eq!(queue.put("3"), Err(ShutDown("3")));
        assert_eq!(queue.try_put("3"), Err(PutError::ShutDown("3")));
        assert_eq!((queue.get(), queue.get()), (Ok("1"), Err(ShutDown(()))));
        assert_eq!(queue.try_get(), Err(GetError::ShutDown));
        assert_events(["kept 2"]);
    }

    fn a_shutdown_leaves_the_rest_to_putters_that_have_not_heard_of_it_yet() {
        let queue = Queue::bounded(1);
        queue.put("1").unwrap();
        let putter = spawn({ let queue = queue.clone(); move || put_and_note(queue, "2") });
        give_way();
        queue.shutdown();
        assert_eq!((queue.try_get(), queue.try_get()), (Ok("1"), Err(GetError::ShutDown)));
        assert_eq!(queue.get(), Err(ShutDown(())));
        assert!(with_timeout(ms(1), || putter.join()).is_ok(), "it does not hear");
        assert_events(["kept 2"]);
    }

    fn a_shutdown_wakes_every_getter() {
        let queue = Queue::unbounded();
        let getters = ["a", "b"].map(|name| { let queue = queue.clone(); spawn(move || get_and_note(queue, name)) });
        give_way();
        queue.shutdown();
        let heard = with_timeout(ms(1), || eventlet::greenthread::joinall(getters));
        assert!(heard.is_ok(), "not everybody was called");
        assert_events(["a shut down", "b shut down"]);
    }

    fn a_shutdown_at_once_drops_what_is_in() {
        let queue = Queue::unbounded();
        let item = std::sync::Arc::new(());
        queue.put(item.clone()).unwrap();
        queue.shutdown_now();
        assert_eq!(Arc::strong_count(&item), 1);
        assert!(queue.get().is_err());
    }

    fn a_limit_on_a_get_takes_nothing() {
        let queue = Queue::unbounded();
        assert_eq!(queue.get_timeout(ms(5)), Err(GetError::Empty));
        queue.put(1).unwrap();
        assert_eq!((queue.get_timeout(ms(5)), queue.getting()), (Ok(1), 0));
    }

    fn a_loser_of_a_race_takes_nothing() {
        let (queue, event) = (Queue::unbounded(), Event::new());
        let racer = spawn({
            let (queue, event) = (queue.clone(), event.clone());
            #[green] move || matches!(race(|| event.wait(), || queue.get()), Race2::First(()))
        });
        give_way();
        queue.put(1).unwrap();
        event.send(());
        assert!(racer.wait());
        assert_eq!(queue.try_get(), Ok(1));
    }

    fn permits_go_to_those_who_wait_in_order_and_to_nobody_before_them() {
        let semaphore = Semaphore::new(1);
        let permit = semaphore.acquire();
        let waiters = ["a", "b"].map(|name| {
            let semaphore = semaphore.clone();
            spawn(move || acquire_and_note(semaphore, name))
        });
        give_way();
        drop(permit);
        assert!(semaphore.try_acquire().is_none());
        assert_eq!((semaphore.available(), semaphore.waiting()), (0, 1));
        for waiter in waiters {
            waiter.wait();
        }
        assert_eq!(semaphore.available(), 1);
        assert_events(["a", "b"]);
    }

    fn a_permit_for_one_that_was_killed_goes_to_the_next() {
        let semaphore = Semaphore::new(0);
        let [first, second] = ["first", "second"].map(|name| {
            let semaphore = semaphore.clone();
            spawn(move || acquire_and_note(semaphore, name))
        });
        give_way();
        semaphore.add_permits(1);
        first.kill();
        assert!(with_timeout(ms(1), || second.join()).is_ok(), "it was not called");
        assert_events(["second"]);
        semaphore.try_acquire().unwrap().forget();
        assert_eq!(semaphore.available(), 0);
        assert!(semaphore.acquire_timeout(ms(1)).is_err());
    }

    fn an_event_gives_each_waiter_what_was_sent_while_it_waited() {
        let event = Event::new();
        let waiter = spawn({ let event = event.clone(); move || async move { event.wait().await } });
        give_way();
        assert!(!event.reset(), "nothing was sent yet");
        event.send(1);
        assert_eq!(event.try_send(2), Err(2));
        assert!(event.reset());
        event.send(3);
        assert_eq!((waiter.wait(), event.wait(), event.poll()), (1, 3, Some(3)));
    }

    fn waits_that_end_early_leave_nothing_behind() {
        let (queue, event, semaphore) = (Queue::<u32>::unbounded(), Event::<u32>::new(), Semaphore::new(0));
        assert!(with_timeout(ms(1), || queue.get()).is_err());
        assert!(event.wait_timeout(ms(1)).is_err());
        assert!(semaphore.acquire_timeout(ms(1)).is_err());
        assert_eq!((queue.getting(), event.waiting(), semaphore.waiting()), (0, 0, 0));
    }

    fn branches_wait_for_them_one_by_one() {
        let queue = Queue::bounded(0);
        scope(#[green] |s| {
            for _ in 0..10 {
                s.spawn(|| queue.put(1));
            }
            let got = join_all((0..10).map(|_| || queue.get()));
            assert_eq!(got.into_iter().map(Result::unwrap).sum::<u32>(), 10);
        });
    }
}

#[test]
fn the_oldest_item_is_for_the_first_getter_whoever_runs_first() {
    use std::task::{Context, Poll, Waker};
    let queue = Queue::unbounded();
    let mut cx = Context::from_waker(Waker::noop());
    let (mut first, mut second) = (Box::pin(queue.get()), Box::pin(queue.get()));
    assert!(first.as_mut().poll(&mut cx).is_pending());
    assert!(second.as_mut().poll(&mut cx).is_pending());
    queue.try_put(1).unwrap();
    queue.try_put(2).unwrap();
    assert_eq!(second.as_mut().poll(&mut cx), Poll::Ready(Ok(2)));
    assert_eq!(first.as_mut().poll(&mut cx), Poll::Ready(Ok(1)));
}

// Across OS threads.

#[test]
fn an_os_thread_wakes_a_green_thread_and_others_run_meanwhile() {
    let (requests, replies) = (Queue::<u32>::unbounded(), Queue::unbounded());
    let server = thread::spawn({
        let (requests, replies) = (requests.clone(), replies.clone());
        move || {
            while let Ok(n) = requests.get_blocking() {
                replies.put_blocking(n + 1).unwrap();
            }
        }
    });
    testing::run_clean(|| async {
        let spun = std::rc::Rc::new(std::cell::Cell::new(0));
        let spinner = spawn({
            let spun = spun.clone();
            move || async move {
                loop {
                    spun.set(spun.get() + 1);
                    sleep(Duration::ZERO).await;
                }
            }
        });
        for n in 0..200 {
            requests.put(n).await.unwrap();
            assert_eq!(replies.get().await, Ok(n + 1));
        }
        assert!(spun.get() > 0);
        spinner.kill();
    });
    requests.shutdown();
    server.join().unwrap();
}

#[test]
fn a_sleeping_hub_is_woken_by_an_event() {
    let (asked, answered) = (Event::new(), Event::new());
    let other = thread::spawn({
        let (asked, answered) = (asked.clone(), answered.clone());
        move || answered.send(format!("{}!", asked.wait_blocking()))
    });
    let answer = eventlet::run(|| async {
        asked.send("hello");
        answered.wait().await
    });
    assert_eq!(answer, "hello!");
    other.join().unwrap();
}

#[test]
fn two_hubs_hand_items_to_each_other() {
    let (ping, pong) = (Queue::bounded(0), Queue::bounded(0));
    let other = thread::spawn({
        let (ping, pong) = (ping.clone(), pong.clone());
        move || {
            testing::run_clean(|| async move {
                while let Ok(n) = ping.get().await {
                    pong.put(n + 1).await.unwrap();
                }
            });
        }
    });
    testing::run_clean(|| async {
        let mut n = 0;
        while n < 500 {
            ping.put(n).await.unwrap();
            n = pong.get().await.unwrap();
        }
        assert_eq!(n, 500);
        ping.shutdown();
    });
    other.join().unwrap();
}

#[test]
fn every_item_of_many_producers_comes_out_once_at_one_of_many_consumers() {
    const EACH: usize = 500;
    for limit in [0, 1, 16, usize::MAX] {
        let queue = Queue::bounded(limit);
        let results = Queue::unbounded();
        let mut consumers = vec![];
        for _ in 0..2 {
            let (from, to) = (queue.clone(), results.clone());
            consumers.push(thread::spawn(move || {
                while let Ok(item) = from.get_blocking() {
                    to.put_blocking(item).unwrap();
                }
            }));
            let (from, to) = (queue.clone(), results.clone());
            consumers.push(thread::spawn(move || {
                eventlet::run(|| async move {
                    let threads: Vec<_> = (0..3)
                        .map(|n| {
                            let (from, to) = (from.clone(), to.clone());
                            spawn(move || consume(from, to, n == 0))
                        })
                        .collect();
                    for thread in threads {
                        thread.wait().await;
                    }
                });
            }));
        }
        let mut producers = vec![];
        for producer in 0..2 {
            let to = queue.clone();
            producers.push(thread::spawn(move || {
                (0..EACH).for_each(|n| to.put_blocking((producer, n)).unwrap());
            }));
            let to = queue.clone();
            producers.push(thread::spawn(move || eventlet::run(|| produce(to, producer + 2))));
        }
        producers.into_iter().for_each(|thread| thread.join().unwrap());
        queue.shutdown();
        consumers.into_iter().for_each(|thread| thread.join().unwrap());
        results.shutdown();
        let mut got: Vec<(usize, usize)> = std::iter::from_fn(|| results.get_blocking().ok()).collect();
        got.sort_unstable();
        let expected: Vec<_> = (0..4).flat_map(|producer| (0..EACH).map(move |n| (producer, n))).collect();
        assert!(got == expected, "with room for {limit} items");
        assert_eq!((queue.getting(), queue.putting()), (0, 0));
    }

    #[green]
    fn produce(to: Queue<(usize, usize)>, producer: usize) {
        for n in 0..EACH {
            to.put((producer, n)).unwrap();
        }
    }

    /// An impatient one gives up its place again and again, called or not.
    #[green]
    fn consume(from: Queue<(usize, usize)>, to: Queue<(usize, usize)>, is_impatient: bool) {
        loop {
            let got = if is_impatient {
                from.get_timeout(Duration::from_micros(20))
            } else {
                from.get().map_err(GetError::from)
            };
            match got {
                Ok(item) => to.put(item).unwrap(),
                Err(GetError::Empty) => {}
                Err(GetError::ShutDown) => return,
            }
        }
    }
}

#[test]
fn kills_at_any_point_lose_no_item() {
    const ITEMS: usize = 2000;
    let queue = Queue::unbounded();
    let producer = thread::spawn({
        let queue = queue.clone();
        move || {
            for n in 0..ITEMS {
                queue.try_put(n).unwrap();
                if n % 64 == 0 {
                    thread::yield_now();
                }
            }
            queue.shutdown();
        }
    });
    let got = testing::run_clean(|| async move {
        let mut got = vec![];
        loop {
            // This one is killed while it waits, sometimes after it was called.
            let victim = spawn({
                let queue = queue.clone();
                move || async move { queue.get().await }
            });
            sleep(Duration::ZERO).await;
            victim.kill();
            if let Ok(item) = victim.join().await {
                match item {
                    Ok(item) => got.push(item),
                    Err(_) => return got,
                }
            }
        }
    });
    producer.join().unwrap();
    assert!(got.into_iter().eq(0..ITEMS));
}

#[test]
fn a_semaphore_bounds_what_all_os_threads_do_together() {
    const PERMITS: usize = 3;
    let semaphore = Semaphore::new(PERMITS);
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let work = {
        let (inside, most) = (inside.clone(), most.clone());
        move |in_there: &dyn Fn()| {
            most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            in_there();
            inside.fetch_sub(1, Ordering::SeqCst);
        }
    };
    let threads: Vec<_> = (0..6)
        .map(|n| {
            let (semaphore, work) = (semaphore.clone(), work.clone());
            thread::spawn(move || {
                for _ in 0..200 {
                    let permit = if n % 2 == 0 {
                        semaphore.acquire_blocking()
                    } else {
                        eventlet::run(|| semaphore.acquire())
                    };
                    work(&thread::yield_now);
                    drop(permit);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!((1..=PERMITS).contains(&most.load(Ordering::SeqCst)));
    assert_eq!((semaphore.available(), semaphore.waiting()), (PERMITS, 0));
}

#[test]
fn an_event_reaches_every_os_thread_and_every_green_thread() {
    let event = Event::new();
    let (ready, threads) = (Arc::new(Barrier::new(5)), 4);
    let waiting: Vec<_> = (0..threads)
        .map(|n| {
            let (event, ready) = (event.clone(), ready.clone());
            thread::spawn(move || {
                ready.wait();
                if n % 2 == 0 {
                    event.wait_blocking()
                } else {
                    let all = || async { join_all((0..10).map(|_| || event.wait())).await };
                    eventlet::run(all).into_iter().sum::<u32>() / 10
                }
            })
        })
        .collect();
    ready.wait();
    event.send(7);
    assert!(waiting.into_iter().all(|thread| thread.join().unwrap() == 7));
    assert_eq!(event.waiting(), 0);
}

#[test]
fn blocking_waits_have_limits_and_take_nothing_when_they_are_over() {
    let (queue, event, semaphore) = (Queue::<u32>::unbounded(), Event::<u32>::new(), Semaphore::new(0));
    assert_eq!(queue.get_timeout_blocking(ms(1)), Err(GetError::Empty));
    assert_eq!(event.wait_timeout_blocking(ms(1)), None);
    assert!(semaphore.acquire_timeout_blocking(ms(1)).is_none());
    assert_eq!((queue.getting(), event.waiting(), semaphore.waiting()), (0, 0, 0));
    queue.try_put(1).unwrap();
    assert_eq!(queue.get_timeout_blocking(Duration::MAX), Ok(1));
}

#[test]
fn a_blocking_wait_in_a_green_thread_panics_with_what_to_do() {
    let queue = Queue::<u32>::unbounded();
    let result = eventlet::try_run(|| async { queue.get_blocking() });
    let Err(eventlet::Exit::Panicked(panic)) = result else { panic!("no panic") };
    assert!(panic.message().is_some_and(|text| text.contains("help: use the form without `_blocking`")));
}

#[test]
fn a_hub_that_has_ended_does_not_keep_what_it_waited_for() {
    let queue = Queue::unbounded();
    let (tell, hear) = mpsc::channel();
    thread::spawn({
        let queue = queue.clone();
        move || {
            // A thread that is left behind, suspended, when its OS thread ends.
            let waiting = queue.clone();
            drop(spawn(move || async move { waiting.get().await }));
            eventlet::run(|| sleep(Duration::ZERO));
            tell.send(queue.getting()).unwrap();
        }
    })
    .join()
    .unwrap();
    assert_eq!(hear.recv(), Ok(1));
    until(|| queue.getting() == 0);
    queue.try_put(1).unwrap();
    assert_eq!(queue.get_blocking(), Ok(1));
}
