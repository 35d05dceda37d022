//! Queues, events and semaphores between OS threads. What they do within one hub is in `tests/primitives/twins`. Nothing
//! here depends on how long anything takes.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use eventlet::branch::join_all;
use eventlet::sync::{Event, GetError, PutError, Queue, Semaphore, ShutDown};
use eventlet::{green, sleep, spawn, testing};
use eventlet_tests::ms;

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

#[test]
fn an_os_thread_wakes_a_green_thread_and_others_run_meanwhile() {
    let (requests, replies, others_ran) = (Queue::<u32>::unbounded(), Queue::unbounded(), Event::new());
    let server = thread::spawn({
        let (requests, replies, others_ran) = (requests.clone(), replies.clone(), others_ran.clone());
        move || {
            while let Ok(n) = requests.get_blocking() {
                others_ran.wait_blocking();
                replies.put_blocking(n + 1).unwrap();
            }
        }
    });
    testing::run_clean(|| async {
        let spinner = spawn(move || async move {
            loop {
                others_ran.set(());
                sleep(Duration::ZERO).await;
            }
        });
        for n in 0..200 {
            requests.put(n).await.unwrap();
            assert_eq!(replies.get().await, Ok(n + 1));
        }
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

/// Which items went in and came out.
#[derive(Default)]
struct Books {
    put: Mutex<Vec<usize>>,
    got: Mutex<Vec<usize>>,
    /// Whoever put them was killed meanwhile, or did not live to say that they are in.
    doubtful: Mutex<Vec<usize>>,
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn new(seed: usize) -> Self {
        Random((seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }

    fn limit(&mut self) -> Duration {
        Duration::from_micros(self.below(3) * 20)
    }
}

/// What an OS thread does that blocks.
fn block_at_random(queue: &Queue<usize>, books: &Books, items: Range<usize>) {
    let mut random = Random::new(items.start);
    for item in items {
        let put = match random.below(3) {
            0 => queue.try_put(item),
            _ => queue.put_timeout_blocking(item, random.limit()),
        };
        match put {
            Ok(()) => books.put.lock().unwrap().push(item),
            Err(error) => assert_eq!(error.into_item(), item, "another's item came back"),
        }
        let got = match random.below(4) {
            0 => queue.try_get(),
            1 => queue.peek_timeout_blocking(random.limit()).and(Err(GetError::Empty)),
            _ => queue.get_timeout_blocking(random.limit()),
        };
        books.got.lock().unwrap().extend(got.ok());
        if random.below(20) == 0 {
            queue.resize([None, Some(0), Some(1), Some(3)][random.below(4) as usize]);
        }
    }
}

/// What a hub does: its threads are killed at any point.
#[green]
fn suspend_at_random(queue: Queue<usize>, books: Arc<Books>, items: Range<usize>) {
    let mut random = Random::new(items.start);
    let mut threads = vec![];
    for item in items {
        let (queue, books, limit) = (queue.clone(), books.clone(), random.limit());
        let thread = match random.below(6) {
            0 | 1 => spawn(move || put_and_record(queue, books, item)),
            2 => spawn(move || get_and_record(queue, books, None)),
            3 => spawn(move || get_and_record(queue, books, Some(limit))),
            4 => {
                books.got.lock().unwrap().extend(queue.try_get().ok());
                continue;
            }
            _ => {
                sleep(limit);
                continue;
            }
        };
        threads.push(thread);
        if random.below(2) == 0 {
            threads.swap_remove(random.below(threads.len() as u64) as usize).kill();
        }
    }
    for thread in threads {
        thread.kill();
    }
}

#[green]
fn put_and_record(queue: Queue<usize>, books: Arc<Books>, item: usize) {
    books.doubtful.lock().unwrap().push(item);
    if queue.put(item).is_ok() {
        books.put.lock().unwrap().push(item);
    }
}

#[green]
fn get_and_record(queue: Queue<usize>, books: Arc<Books>, limit: Option<Duration>) {
    let got = match limit {
        Some(limit) => queue.get_timeout(limit).ok(),
        None => queue.get().ok(),
    };
    books.got.lock().unwrap().extend(got);
}

#[test]
fn whatever_os_threads_and_hubs_do_no_item_is_lost_or_comes_out_twice() {
    const EACH: usize = 400;
    for seed in 0..10 {
        let queue = Queue::bounded(seed % 3);
        let books = Arc::<Books>::default();
        let threads: Vec<_> = (0..4)
            .map(|n| {
                let (queue, books) = (queue.clone(), books.clone());
                let begin = (4 * seed + n) * EACH;
                let items = begin..begin + EACH;
                thread::spawn(move || match n % 2 {
                    0 => block_at_random(&queue, &books, items),
                    _ => testing::run_clean(|| suspend_at_random(queue, books, items)),
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((queue.getting(), queue.putting()), (0, 0), "seed {seed}");
        let mut got = books.got.lock().unwrap().clone();
        got.extend(std::iter::from_fn(|| queue.try_get().ok()));
        got.sort_unstable();
        assert!(got.windows(2).all(|pair| pair[0] != pair[1]), "seed {seed}: an item came out twice");
        let (put, doubtful) = (books.put.lock().unwrap(), books.doubtful.lock().unwrap());
        assert!(put.iter().all(|item| got.binary_search(item).is_ok()), "seed {seed}: an item is lost");
        let is_known = |item| put.contains(item) || doubtful.contains(item);
        assert!(got.iter().all(is_known), "seed {seed}: an item came out that was not put");
        assert_eq!(queue.unfinished(), got.len(), "seed {seed}");
    }
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
    let (queue, event, semaphore) = (Queue::<u32>::bounded(1), Event::<u32>::new(), Semaphore::new(0));
    assert_eq!(queue.get_timeout_blocking(ms(1)), Err(GetError::Empty));
    assert_eq!(queue.peek_timeout_blocking(ms(1)), Err(GetError::Empty));
    assert_eq!(event.wait_timeout_blocking(ms(1)).unwrap_err().limit(), ms(1));
    assert_eq!(semaphore.acquire_timeout_blocking(ms(1)).unwrap_err().limit(), ms(1));
    assert_eq!((queue.getting(), event.waiting(), semaphore.waiting()), (0, 0, 0));
    queue.try_put(1).unwrap();
    assert_eq!(queue.put_timeout_blocking(2, ms(1)), Err(PutError::Full(2)));
    assert_eq!(queue.join_timeout_blocking(ms(1)).unwrap_err().limit(), ms(1));
    assert_eq!((queue.len(), queue.putting()), (1, 0));
    assert_eq!(queue.peek_timeout_blocking(Duration::ZERO), Ok(1));
    assert_eq!(queue.get_timeout_blocking(Duration::MAX), Ok(1));
    queue.task_done();
    assert_eq!(queue.join_timeout_blocking(Duration::ZERO), Ok(()));
    queue.shutdown();
    assert_eq!(queue.put_timeout_blocking(3, Duration::MAX), Err(PutError::ShutDown(3)));
    assert_eq!(queue.peek_timeout_blocking(Duration::MAX), Err(GetError::ShutDown));
}

#[test]
fn an_os_thread_can_do_whatever_a_green_thread_can() {
    let (queue, seen, semaphore) = (Queue::bounded(1), Event::new(), Semaphore::new(0));
    let blocks = thread::spawn({
        let (queue, seen, semaphore) = (queue.clone(), seen.clone(), semaphore.clone());
        move || {
            seen.send(queue.peek_blocking());
            assert_eq!(semaphore.wait_blocking(), 1);
            queue.put_timeout_blocking(2, Duration::MAX).unwrap();
            queue.join_blocking();
            assert_eq!(queue.peek_blocking(), Err(ShutDown(())));
        }
    });
    eventlet::run(|| async {
        queue.put(1).await.unwrap();
        assert_eq!(seen.wait().await, Ok(1));
        semaphore.release();
        assert_eq!((queue.get().await, queue.get().await), (Ok(1), Ok(2)));
        // Not before: in between nothing would be unfinished.
        queue.task_done();
        queue.task_done();
        queue.join().await;
        queue.shutdown();
    });
    blocks.join().unwrap();
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn an_event_that_is_set_anew_again_and_again_is_never_without_a_value() {
    let event = Event::new();
    event.send(0);
    let looks = thread::spawn({
        let event = event.clone();
        move || {
            let mut last = 0;
            while last < 10_000 {
                let value = event.poll().expect("it was sent once, and never reset");
                assert!(value >= last, "{value} came after {last}");
                last = value;
            }
        }
    });
    (1..=10_000).for_each(|value| event.set(value));
    looks.join().unwrap();
}

#[test]
fn permits_taken_at_once_and_in_line_are_never_more_than_there_are() {
    const PERMITS: usize = 2;
    let semaphore = Semaphore::new(PERMITS);
    let inside = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let (semaphore, inside) = (semaphore.clone(), inside.clone());
            thread::spawn(move || {
                for round in 0..300 {
                    let permit = match (n + round) % 3 {
                        0 => semaphore.try_acquire(),
                        1 => semaphore.acquire_timeout_blocking(Duration::from_micros(20)).ok(),
                        _ => Some(semaphore.acquire_blocking()),
                    };
                    let Some(permit) = permit else { continue };
                    assert!(inside.fetch_add(1, Ordering::SeqCst) < PERMITS);
                    thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(permit);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!((semaphore.available(), semaphore.waiting()), (PERMITS, 0));
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
