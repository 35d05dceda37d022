use std::time::Duration;

use eventlet::event::Flag;
use eventlet::lock::{Mutex, RwLock};
use eventlet::queue::{GetError, LifoQueue, PriorityQueue, PutError, ShutDown};
use eventlet::testing::now;
use eventlet::{
    CappedSemaphore, Event, GreenThread, Queue, Semaphore, green, sleep, spawn, spawn_after, with_timeout,
};

use crate::support::{Log, ms, scenarios, turn};

#[green]
fn get_and_log(name: &'static str, queue: Queue<u32>, log: Log) {
    match queue.get() {
        Ok(item) => log.add(format!("{name} {item}")),
        Err(error) => log.add(format!("{name}: {error}")),
    }
}

#[green]
fn put_and_log(item: u32, queue: Queue<u32>, log: Log) {
    match queue.put(item) {
        Ok(()) => log.add(format!("put {item}")),
        Err(ShutDown(item)) => log.add(format!("{item} came back")),
    }
}

#[green]
fn getters(queue: &Queue<u32>, log: &Log, names: &[&'static str]) -> Vec<GreenThread<()>> {
    let threads = names
        .iter()
        .map(|&name| {
            let (queue, log) = (queue.clone(), log.clone());
            spawn(move || get_and_log(name, queue, log))
        })
        .collect();
    turn();
    threads
}

#[green]
fn putters(queue: &Queue<u32>, log: &Log, items: &[u32]) -> Vec<GreenThread<()>> {
    let threads = items
        .iter()
        .map(|&item| {
            let (queue, log) = (queue.clone(), log.clone());
            spawn(move || put_and_log(item, queue, log))
        })
        .collect();
    turn();
    threads
}

scenarios! {
    fn put_and_get_do_not_switch_when_they_need_not_wait() {
        let (queue, log) = (Queue::bounded(2), Log::new());
        let l = log.clone();
        let other = spawn(#[green] move || l.add("other"));
        queue.put(1).unwrap();
        queue.put(2).unwrap();
        log.add(queue.get().unwrap());
        log.add(queue.get_timeout(ms(1)).unwrap());
        log.expect(["1", "2"]);
        other.wait();
        log.expect(["other"]);
    }

    fn getters_are_served_in_the_order_in_which_they_came() {
        let (queue, log) = (Queue::unbounded(), Log::new());
        let _threads = getters(&queue, &log, &["a", "b", "c"]);
        assert_eq!(queue.getting(), 3);
        for item in [1, 2, 3] {
            queue.put(item).unwrap();
        }
        log.add("all put");
        turn();
        log.expect(["all put", "a 1", "b 2", "c 3"]);
        assert_eq!(queue.getting(), 0);
    }

    fn blocked_putters_go_in_in_order_even_with_one_getter() {
        let (queue, log) = (Queue::bounded(1), Log::new());
        queue.put(0).unwrap();
        let _threads = putters(&queue, &log, &[1, 2, 3]);
        assert_eq!((queue.putting(), queue.len()), (3, 1));
        for expected in 0..4 {
            assert_eq!(queue.get(), Ok(expected));
        }
        turn();
        log.expect(["put 1", "put 2", "put 3"]);
    }

    fn a_get_makes_room_that_the_first_putter_has_at_once() {
        let (queue, log) = (Queue::bounded(1), Log::new());
        queue.put(0).unwrap();
        let _threads = putters(&queue, &log, &[1]);
        assert_eq!(queue.get(), Ok(0));
        assert_eq!((queue.len(), queue.putting()), (1, 0));
        assert_eq!(queue.try_put(9), Err(PutError::Full(9)));
        log.expect([]);
        turn();
        log.expect(["put 1"]);
    }

    fn a_full_queue_says_so_at_once_or_when_the_limit_is_over() {
        let queue = Queue::bounded(1);
        queue.put("in").unwrap();
        assert!(queue.is_full());
        assert_eq!(queue.try_put("at once"), Err(PutError::Full("at once")));
        assert_eq!(queue.put_timeout("in time", ms(5)), Err(PutError::Full("in time")));
        assert_eq!((now(), queue.putting(), queue.len()), (ms(5), 0, 1));
    }

    fn an_empty_queue_says_so_at_once_or_when_the_limit_is_over() {
        let queue = Queue::<u32>::unbounded();
        assert_eq!(queue.try_get(), Err(GetError::Empty));
        assert_eq!(queue.get_timeout(ms(5)), Err(GetError::Empty));
        assert_eq!(queue.get_timeout(Duration::ZERO), Err(GetError::Empty));
        assert_eq!((now(), queue.getting()), (ms(5), 0));
    }

    fn a_getter_that_timed_out_eats_nothing() {
        let (queue, log) = (Queue::unbounded(), Log::new());
        let _limited = [1, 2].map(|n| {
            let (queue, log) = (queue.clone(), log.clone());
            spawn(#[green] move || {
                log.add(match queue.get_timeout(ms(n)) {
                    Ok(item) => format!("got {item}"),
                    Err(error) => error.to_string(),
                });
            })
        });
        let _threads = getters(&queue, &log, &["patient"]);
        sleep(ms(2));
        log.expect(["the queue is empty", "the queue is empty"]);
        queue.put(1).unwrap();
        queue.put(2).unwrap();
        turn();
        log.expect(["patient 1"]);
        assert_eq!(queue.get(), Ok(2));
    }

    fn a_getter_that_is_killed_after_it_was_called_passes_the_call_on() {
        let (queue, log) = (Queue::unbounded(), Log::new());
        let threads = getters(&queue, &log, &["a", "b", "c"]);
        queue.put(1).unwrap();
        threads[0].kill();
        threads[1].kill();
        turn();
        log.expect(["c 1"]);
        let threads = getters(&queue, &log, &["d"]);
        queue.put(2).unwrap();
        threads[0].kill();
        turn();
        log.expect([]);
        assert_eq!(queue.try_get(), Ok(2));
    }

    fn an_item_may_be_taken_at_once_and_the_getter_keeps_its_place() {
        let (queue, log) = (Queue::unbounded(), Log::new());
        let _threads = getters(&queue, &log, &["a", "b"]);
        queue.put(1).unwrap();
        queue.put(2).unwrap();
        assert_eq!(queue.try_get(), Ok(1));
        assert_eq!(queue.try_get(), Ok(2));
        turn();
        log.expect([]);
        assert_eq!(queue.getting(), 2);
        queue.put(3).unwrap();
        queue.put(4).unwrap();
        turn();
        log.expect(["a 3", "b 4"]);
    }

    fn a_blocking_get_queues_behind_a_getter_that_was_called() {
        let (queue, log) = (Queue::unbounded(), Log::new());
        let _threads = getters(&queue, &log, &["first"]);
        queue.put(1).unwrap();
        let q = queue.clone();
        spawn_after(ms(1), #[green] move || q.put(2).unwrap());
        assert_eq!(queue.get(), Ok(2));
        log.expect(["first 1"]);

        let _threads = getters(&queue, &log, &["first"]);
        queue.put(3).unwrap();
        queue.put(4).unwrap();
        assert_eq!(queue.get(), Ok(4)); // the older one is for who came first
        log.expect(["first 3"]);
    }

    fn a_putter_that_timed_out_leaves_nothing_behind() {
        let channel = Queue::bounded(0);
        assert_eq!(channel.put_timeout(1, ms(1)), Err(PutError::Full(1)));
        let q = channel.clone();
        let putter = spawn_after(ms(1), #[green] move || q.put(2).unwrap());
        assert_eq!(channel.get(), Ok(2));
        assert_eq!(channel.try_get(), Err(GetError::Empty));
        putter.wait();
    }

    fn the_call_that_a_dead_putter_caused_is_taken_back() {
        let (channel, log) = (Queue::bounded(0), Log::new());
        let _threads = getters(&channel, &log, &["a", "b"]);
        let (q, l) = (channel.clone(), log.clone());
        let putter = spawn(move || put_and_log(1, q, l));
        let p = putter.thread().clone();
        // Runs after the putter has called the first getter, and before that one runs.
        spawn(#[green] move || p.kill());
        turn();
        turn();
        log.expect([]);
        assert_eq!((channel.getting(), channel.putting()), (2, 0));
        channel.put(2).unwrap();
        channel.put(3).unwrap();
        log.expect(["a 2", "b 3"]);
    }

    fn on_a_channel_a_try_put_does_not_overtake_a_putter_in_line() {
        let (channel, log) = (Queue::bounded(0), Log::new());
        let _threads = getters(&channel, &log, &["a", "b"]);
        let (q, l) = (channel.clone(), log.clone());
        let _putter = spawn(move || put_and_log(1, q, l));
        let (q, l) = (channel.clone(), log.clone());
        // Runs after the putter has called the first getter, and before that one runs.
        spawn(#[green] move || l.add(if q.try_put(2) == Err(PutError::Full(2)) { "full" } else { "put 2" }));
        turn();
        turn();
        turn();
        log.expect(["full", "a 1", "put 1"]);
        channel.try_put(3).unwrap();
        turn();
        log.expect(["b 3"]);
    }

    fn a_channel_hands_over_in_step_when_the_sender_is_first() {
        let (channel, log) = (Queue::bounded(0), Log::new());
        let (c, l) = (channel.clone(), log.clone());
        let receiver = spawn(#[green] move || {
            l.add(c.get().unwrap());
            l.add(c.get().unwrap());
        });
        log.add("sending");
        channel.put("hello").unwrap();
        log.add("sent hello");
        channel.put("world").unwrap();
        log.add("sent world");
        receiver.wait();
        log.expect(["sending", "hello", "sent hello", "world", "sent world"]);
    }

    fn a_channel_hands_over_in_step_when_the_receiver_is_first() {
        let (channel, log) = (Queue::bounded(0), Log::new());
        let (c, l) = (channel.clone(), log.clone());
        let sender = spawn(#[green] move || {
            l.add("sending");
            c.put("hello").unwrap();
            l.add("sent hello");
            c.put("world").unwrap();
            l.add("sent world");
        });
        log.add("waiting");
        log.add(channel.get().unwrap());
        log.add(channel.get().unwrap());
        log.expect(["waiting", "sending", "hello", "sent hello", "world"]);
        sender.wait();
        log.expect(["sent world"]);
    }

    fn a_channel_is_both_empty_and_full() {
        let (channel, log) = (Queue::bounded(0), Log::new());
        assert!(channel.is_empty() && channel.is_full());
        let _threads = putters(&channel, &log, &[1]);
        assert!(channel.is_empty() && channel.is_full());
        assert_eq!((channel.len(), channel.putting(), channel.capacity()), (0, 1, Some(0)));
        assert_eq!(channel.try_get(), Ok(1));
        turn();
        log.expect(["put 1"]);
    }

    fn try_put_on_a_channel_needs_a_getter_and_a_killed_one_passes_the_item_on() {
        let (channel, log) = (Queue::bounded(0), Log::new());
        assert_eq!(channel.try_put(1), Err(PutError::Full(1)));
        let threads = getters(&channel, &log, &["a", "b"]);
        threads[0].kill();
        assert_eq!(channel.try_put(2), Ok(()));
        assert_eq!(channel.try_put(3), Err(PutError::Full(3)));
        turn();
        log.expect(["b 2"]);
        let threads = getters(&channel, &log, &["c", "d"]);
        assert_eq!(channel.try_put(4), Ok(()));
        threads[0].kill();
        turn();
        log.expect(["d 4"]);
    }

    fn channel_waiters_are_all_served() {
        let (channel, log) = (Queue::bounded(0), Log::new());
        let getting = getters(&channel, &log, &["a", "b", "c"]);
        assert_eq!((channel.getting(), channel.putting()), (3, 0));
        let putting = putters(&channel, &log, &[1, 2, 3]);
        turn();
        assert_eq!((channel.getting(), channel.putting()), (0, 0));
        for thread in getting.into_iter().chain(putting) {
            thread.wait();
        }
        log.expect(["a 1", "b 2", "c 3", "put 1", "put 2", "put 3"]);
    }

    fn growing_lets_blocked_putters_in() {
        let (queue, log) = (Queue::bounded(0), Log::new());
        let _threads = putters(&queue, &log, &[1, 2, 3, 4]);
        queue.resize(Some(2));
        assert_eq!((queue.len(), queue.putting()), (2, 2));
        turn();
        log.expect(["put 1", "put 2"]);
        queue.resize(None);
        assert_eq!((queue.len(), queue.capacity(), queue.is_full()), (4, None, false));
        turn();
        log.expect(["put 3", "put 4"]);
    }

    fn shrinking_keeps_the_items_and_makes_putters_wait() {
        let (queue, log) = (Queue::bounded(3), Log::new());
        for item in [1, 2, 3] {
            queue.put(item).unwrap();
        }
        queue.resize(Some(1));
        let _threads = putters(&queue, &log, &[4]);
        assert_eq!((queue.get(), queue.get()), (Ok(1), Ok(2)));
        turn();
        log.expect([]);
        assert_eq!((queue.get(), queue.get()), (Ok(3), Ok(4)));
        turn();
        log.expect(["put 4"]);
    }

    fn a_lifo_queue_gives_the_newest_and_a_priority_queue_the_lowest() {
        let stack: LifoQueue<_> = [1, 2, 3].into_iter().collect();
        assert_eq!((stack.peek(), stack.get(), stack.get()), (Ok(3), Ok(3), Ok(2)));
        let heap: PriorityQueue<_> = [3, 1, 2].into_iter().collect();
        assert_eq!((heap.peek(), heap.get(), heap.get(), heap.get()), (Ok(1), Ok(1), Ok(2), Ok(3)));
    }

    fn equal_priorities_come_out_in_the_order_in_which_they_went_in() {
        #[derive(Debug)]
        struct Job(u32, u32);
        impl PartialEq for Job {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }
        impl Eq for Job {}
        impl PartialOrd for Job {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for Job {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.0.cmp(&other.0)
            }
        }
        let queue: PriorityQueue<Job> = (0..100).map(|n| Job(n % 3, n)).collect();
        let mut order = vec![];
        while let Ok(Job(priority, n)) = queue.try_get() {
            order.push((priority, n));
        }
        assert!(order.is_sorted(), "{order:?}");
    }

    fn peek_waits_and_leaves_the_item_to_the_getter() {
        let (queue, log) = (Queue::unbounded(), Log::new());
        let (q, l) = (queue.clone(), log.clone());
        let peeker = spawn(#[green] move || l.add(format!("saw {}", q.peek().unwrap())));
        let _threads = getters(&queue, &log, &["getter"]);
        assert_eq!(queue.try_peek(), Err(GetError::Empty));
        queue.put(1).unwrap();
        peeker.wait();
        turn();
        log.expect(["saw 1", "getter 1"]);
        assert_eq!(queue.peek_timeout(ms(1)), Err(GetError::Empty));
    }

    fn a_peeker_that_finds_nothing_after_all_waits_on() {
        let (queue, log) = (Queue::unbounded(), Log::new());
        let (q, l) = (queue.clone(), log.clone());
        let peeker = spawn(#[green] move || l.add(format!("saw {}", q.peek().unwrap())));
        turn();
        queue.put(1).unwrap();
        assert_eq!(queue.try_get(), Ok(1));
        turn();
        log.expect([]);
        queue.put(2).unwrap();
        peeker.wait();
        log.expect(["saw 2"]);
    }

    fn join_waits_for_every_item_that_was_put() {
        let (queue, log) = (Queue::unbounded(), Log::new());
        queue.join(); // nothing was ever put
        for item in 0..3 {
            queue.put(item).unwrap();
        }
        let (q, l) = (queue.clone(), log.clone());
        let joiner = spawn(#[green] move || {
            q.join();
            l.add("joined");
        });
        let (q, l) = (queue.clone(), log.clone());
        let worker = spawn(#[green] move || {
            for item in &q {
                sleep(ms(1));
                l.add(item);
                q.task_done();
            }
        });
        assert!(queue.join_timeout(ms(2)).is_err());
        joiner.wait();
        log.expect(["0", "1", "2", "joined"]);
        queue.put(3).unwrap(); // arms it again
        assert_eq!(queue.unfinished(), 1);
        queue.join();
        log.expect(["3"]);
        queue.shutdown();
        worker.wait();
    }

    fn a_hand_over_on_a_channel_counts_as_put() {
        let channel = Queue::bounded(0);
        let c = channel.clone();
        let putter = spawn(#[green] move || c.put(1).unwrap());
        assert_eq!(channel.get(), Ok(1));
        assert_eq!(channel.unfinished(), 1);
        channel.task_done();
        channel.join();
        putter.wait();
    }

    fn all_kinds_count_tasks() {
        let (lifo, heap) = (LifoQueue::unbounded(), PriorityQueue::unbounded());
        lifo.put(1).unwrap();
        heap.put(1).unwrap();
        assert_eq!((lifo.unfinished(), heap.unfinished()), (1, 1));
        lifo.task_done();
        heap.task_done();
        lifo.join();
        heap.join();
    }

    fn a_graceful_shutdown_drains() {
        let (queue, log) = (Queue::bounded(2), Log::new());
        queue.put(1).unwrap();
        queue.put(2).unwrap();
        let _threads = putters(&queue, &log, &[3]);
        queue.shutdown();
        assert_eq!(queue.put(4), Err(ShutDown(4)));
        assert_eq!(queue.try_put(5), Err(PutError::ShutDown(5)));
        turn();
        log.expect(["3 came back"]);
        assert_eq!((queue.get(), queue.try_get()), (Ok(1), Ok(2)));
        assert_eq!((queue.get(), queue.try_get()), (Err(ShutDown(())), Err(GetError::ShutDown)));
        assert_eq!(queue.get_timeout(ms(1)), Err(GetError::ShutDown));
        assert_eq!(now(), ms(0));
    }

    fn a_shutdown_wakes_blocked_getters_and_putters() {
        let (queue, log) = (Queue::unbounded(), Log::new());
        let _threads = getters(&queue, &log, &["a", "b", "c"]);
        queue.put(1).unwrap();
        queue.shutdown();
        turn();
        turn();
        log.expect(["a 1", "b: the queue was shut down", "c: the queue was shut down"]);

        let (channel, log) = (Queue::bounded(0), Log::new());
        let _threads = putters(&channel, &log, &[1, 2]);
        channel.shutdown();
        turn();
        log.expect(["1 came back", "2 came back"]);
    }

    fn a_getter_that_comes_while_others_are_told_of_the_end_is_told_too() {
        let queue = Queue::<u32>::unbounded();
        let told = |queue: &Queue<u32>| {
            let queue = queue.clone();
            spawn(#[green] move || queue.get())
        };
        let waits = told(&queue);
        turn();
        let comes = told(&queue);
        // The first was told and has not run yet when the second comes.
        queue.shutdown();
        let late = told(&queue);
        for getter in [comes, late, waits] {
            assert_eq!(getter.wait(), Err(ShutDown(())));
        }
        assert_eq!(queue.getting(), 0);
    }

    fn an_immediate_shutdown_drops_the_items_and_counts_them_done() {
        let (queue, log) = (Queue::unbounded(), Log::new());
        for item in [1, 2, 3] {
            queue.put(item).unwrap();
        }
        assert_eq!(queue.get(), Ok(1));
        let (q, l) = (queue.clone(), log.clone());
        let joiner = spawn(#[green] move || {
            q.join();
            l.add("joined");
        });
        turn();
        queue.shutdown_now();
        assert_eq!(queue.get(), Err(ShutDown(())));
        turn();
        log.expect([]); // the first item is still in somebody's hands
        queue.task_done();
        joiner.wait();
        log.expect(["joined"]);
    }

    fn the_items_of_a_queue_end_with_its_shutdown() {
        let queue: Queue<u32> = (1..=3).collect();
        let q = queue.clone();
        spawn_after(ms(5), #[green] move || q.shutdown());
        let mut items = vec![];
        for item in &queue {
            items.push(item);
        }
        assert_eq!((items, now()), (vec![1, 2, 3], ms(5)));
    }

    fn an_outer_limit_passes_through_every_primitive() {
        let (queue, full) = (Queue::<u32>::unbounded(), Queue::bounded(1));
        full.put(1).unwrap();
        let (semaphore, capped) = (Semaphore::new(0), CappedSemaphore::new(1, 1));
        let (event, flag) = (Event::<u32>::new(), Flag::new());
        let (mutex, lock) = (Mutex::new(1), RwLock::new(2));
        let (locked, written) = (mutex.lock(), lock.write());
        let (inner, outer) = (ms(1000), ms(1));
        assert!(with_timeout(outer, || queue.get_timeout(inner)).is_err());
        assert!(with_timeout(outer, || queue.peek_timeout(inner)).is_err());
        assert!(with_timeout(outer, || full.put_timeout(2, inner)).is_err());
        assert!(with_timeout(outer, || full.join_timeout(inner)).is_err());
        assert!(with_timeout(outer, || semaphore.acquire_timeout(inner)).is_err());
        assert!(with_timeout(outer, || capped.release_timeout(inner)).is_err());
        assert!(with_timeout(outer, || event.wait_timeout(inner)).is_err());
        assert!(with_timeout(outer, || flag.wait_timeout(inner)).is_err());
        assert!(with_timeout(outer, || mutex.lock_timeout(inner)).is_err());
        assert!(with_timeout(outer, || lock.read_timeout(inner)).is_err());
        assert!(with_timeout(outer, || lock.write_timeout(inner)).is_err());
        drop((locked, written));
        assert_eq!((now(), queue.getting(), full.putting(), semaphore.waiting()), (ms(11), 0, 0, 0));
    }

    fn an_outer_timeout_passes_through_a_waiting_get() {
        let queue = Queue::<u32>::unbounded();
        let got = with_timeout(ms(1), || queue.get_timeout(ms(1000)));
        assert_eq!(got.unwrap_err().limit(), ms(1));
        assert_eq!((now(), queue.getting()), (ms(1), 0));
    }

    fn the_tutorials_bounded_queue() {
        let (tasks, log) = (Queue::bounded(3), Log::new());
        let (t, l) = (tasks.clone(), log.clone());
        let boss = spawn(#[green] move || {
            for n in 1..10 {
                l.add(format!("A{n}"));
                t.put(n).unwrap();
            }
            l.add("all");
        });
        let workers = ["s", "j", "b"].map(|name| {
            let (t, l) = (tasks.clone(), log.clone());
            spawn(#[green] move || {
                while let Ok(n) = t.get_timeout(ms(1000)) {
                    l.add(format!("{name}{n}"));
                    sleep(Duration::ZERO);
                }
                l.add("Quitting time!");
            })
        });
        boss.wait();
        for worker in workers {
            worker.wait();
        }
        log.expect([
            "A1", "A2", "A3", "A4", "s1", "j2", "b3", "A5", "A6", "A7", "s4", "j5", "b6", "A8", "A9", "all", "s7",
            "j8", "b9", "Quitting time!", "Quitting time!", "Quitting time!",
        ]);
        assert_eq!(now(), ms(1000));
    }

    fn the_tutorials_workers_share_the_tasks_in_turn() {
        let (tasks, log) = ((1..=6).collect::<Queue<u32>>(), Log::new());
        let workers = ["steve", "john", "nancy"].map(|name| {
            let (tasks, log) = (tasks.clone(), log.clone());
            spawn(#[green] move || {
                while !tasks.is_empty() {
                    log.add(format!("Worker {name} got task {}", tasks.get().unwrap()));
                    sleep(Duration::ZERO);
                }
            })
        });
        for worker in workers {
            worker.wait();
        }
        log.expect([
            "Worker steve got task 1",
            "Worker john got task 2",
            "Worker nancy got task 3",
            "Worker steve got task 4",
            "Worker john got task 5",
            "Worker nancy got task 6",
        ]);
    }
}

#[test]
fn try_forms_work_outside_a_green_thread() {
    let queue = Queue::bounded(1);
    assert_eq!(queue.try_put(1), Ok(()));
    assert_eq!(queue.try_put(2), Err(PutError::Full(2)));
    assert_eq!(queue.try_get(), Ok(1));
}

#[test]
#[should_panic = "`task_done` was called more often than items were put"]
fn one_task_done_too_many_panics() {
    Queue::<u32>::unbounded().task_done();
}

#[test]
fn a_deadlock_says_that_an_item_is_waited_for() {
    let text = std::panic::catch_unwind(|| {
        eventlet::run(|| {
            let queue = Queue::<u32>::unbounded();
            async move { queue.get().await }
        })
    })
    .unwrap_err();
    let text = text.downcast::<String>().unwrap();
    assert!(text.contains("waits for an item of a queue"), "{text}");
}

#[test]
#[should_panic = "`task_done` was called more often than items were put"]
fn items_that_a_shutdown_dropped_are_done_already() {
    let queue: Queue<_> = [1, 2].into_iter().collect();
    queue.shutdown_now();
    queue.task_done();
}
