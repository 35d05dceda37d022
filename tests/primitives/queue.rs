//! Queues of other orders, and queues beside other things.

use std::time::Duration;

use eventlet::event::Flag;
use eventlet::lock::{Mutex, RwLock};
use eventlet::queue::{LifoQueue, PriorityQueue, PutError};
use eventlet::testing::now;
use eventlet::{CappedSemaphore, Event, Queue, Semaphore, sleep, spawn, with_timeout};

use crate::support::{Log, ms, scenarios};

scenarios! {
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
