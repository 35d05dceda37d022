use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use eventlet::branch::{Race2, join_all};
use eventlet::queue::{Fifo, GetError, PutError, ShutDown};
use eventlet::testing::now;
use eventlet::{
    Green, GreenIterator, GreenThread, Timeout, green, race, scope, sleep, spawn, spawn_after, with_timeout,
};

use super::{contract, on_both};
use crate::elsewhere::{meddle, woken_anew};
use crate::support::{Log, Meddler, ms, turn};

contract! {
    /// Items handed from thread to thread, the oldest first.
    trait Queues<T> {
        fn put(self: &Self, item: T) -> Green<impl Future<Output = Result<(), ShutDown<T>>>>;
        fn put_timeout(
            self: &Self,
            item: T,
            limit: Duration
        ) -> Green<impl Future<Output = Result<(), PutError<T>>>>;
        fn try_put(self: &Self, item: T) -> Result<(), PutError<T>>;
        fn get(self: &Self) -> Green<impl Future<Output = Result<T, ShutDown>>>;
        fn get_timeout(self: &Self, limit: Duration) -> Green<impl Future<Output = Result<T, GetError>>>;
        fn try_get(self: &Self) -> Result<T, GetError>;
        fn peek(self: &Self) -> Green<impl Future<Output = Result<T, ShutDown>>>;
        fn peek_timeout(self: &Self, limit: Duration) -> Green<impl Future<Output = Result<T, GetError>>>;
        fn try_peek(self: &Self) -> Result<T, GetError>;
        fn iter(self: &Self) -> impl GreenIterator<Item = T>;
        fn len(self: &Self) -> usize;
        fn is_empty(self: &Self) -> bool;
        fn is_full(self: &Self) -> bool;
        fn capacity(self: &Self) -> Option<usize>;
        fn resize(self: &Self, capacity: Option<usize>);
        fn getting(self: &Self) -> usize;
        fn putting(self: &Self) -> usize;
        fn unfinished(self: &Self) -> usize;
        fn task_done(self: &Self);
        fn join(self: &Self) -> Green<impl Future<Output = ()>>;
        fn join_timeout(self: &Self, limit: Duration) -> Green<impl Future<Output = Result<(), Timeout>>>;
        fn shutdown(self: &Self);
        fn shutdown_now(self: &Self);
        fn is_shut_down(self: &Self) -> bool;
    }
    eventlet::Queue<T> as eventlet::queue::AnyQueue<T, Fifo<T>>, eventlet::sync::Queue<T>
}

/// How a queue is made.
pub(crate) trait MakeQueue<T: Clone + 'static>: Queues<T> + FromIterator<T> {
    fn bounded(capacity: usize) -> Self;
    fn unbounded() -> Self;
}

macro_rules! made_alike {
    ($($queue:ty),*) => {$(
        impl<T: Clone + 'static> MakeQueue<T> for $queue {
            fn bounded(capacity: usize) -> Self {
                <$queue>::bounded(capacity)
            }

            fn unbounded() -> Self {
                <$queue>::unbounded()
            }
        }
    )*};
}

made_alike!(eventlet::Queue<T>, eventlet::sync::Queue<T>);

#[green]
fn get_and_log(name: &'static str, queue: impl Queues<u32>, log: Log) {
    match queue.get() {
        Ok(item) => log.add(format!("{name} {item}")),
        Err(error) => log.add(format!("{name}: {error}")),
    }
}

#[green]
fn put_and_log(item: u32, queue: impl Queues<u32>, log: Log) {
    match queue.put(item) {
        Ok(()) => log.add(format!("put {item}")),
        Err(ShutDown(item)) => log.add(format!("{item} came back")),
    }
}

/// One thread for each name gets, in this order.
#[green]
fn getters<Q: Queues<u32>>(queue: &Q, log: &Log, names: &[&'static str]) -> Vec<GreenThread<()>> {
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

/// One thread for each item puts it, in this order.
#[green]
fn putters<Q: Queues<u32>>(queue: &Q, log: &Log, items: &[u32]) -> Vec<GreenThread<()>> {
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

/// Two getters get into line and are called, for 1 and for what a putter brings, and the second is resumed first. Says
/// what they got, and whether the putter had room at once.
fn second_before_first(queue: &impl Queues<u32>) -> ([Result<u32, ShutDown>; 2], bool) {
    let mut cx = Context::from_waker(Waker::noop());
    let (mut first, mut second, mut put) = (pin!(queue.get()), pin!(queue.get()), pin!(queue.put(2)));
    assert!(first.as_mut().poll(&mut cx).is_pending());
    assert!(second.as_mut().poll(&mut cx).is_pending());
    queue.try_put(1).unwrap();
    let had_room = put.as_mut().poll(&mut cx).is_ready();
    let got = [second.poll(&mut cx), first.poll(&mut cx)].map(|got| match got {
        Poll::Ready(got) => got,
        Poll::Pending => panic!("it was called"),
    });
    assert!(had_room || put.poll(&mut cx) == Poll::Ready(Ok(())));
    (got, had_room)
}

/// Two getters are called, for an item that is in and for one that a putter brings. At the end the putter takes its own
/// back; then the first getter goes, and the item that is in is the second's.
fn second_at_the_end(queue: &impl Queues<u32>) {
    let mut cx = Context::from_waker(Waker::noop());
    let mut first = Box::pin(queue.get());
    let (mut second, mut put) = (pin!(queue.get()), pin!(queue.put(2)));
    assert!(first.as_mut().poll(&mut cx).is_pending());
    assert!(second.as_mut().poll(&mut cx).is_pending());
    queue.try_put(1).unwrap();
    assert!(put.as_mut().poll(&mut cx).is_pending());
    queue.shutdown();
    assert!(second.as_mut().poll(&mut cx).is_pending());
    drop(first);
    assert_eq!(second.poll(&mut cx), Poll::Ready(Ok(1)));
    assert_eq!(put.poll(&mut cx), Poll::Ready(Err(ShutDown(2))));
}

// Order and room.
on_both! {
    Q: MakeQueue<u32> = eventlet::Queue<u32>, eventlet::sync::Queue<u32>;

    fn put_and_get_do_not_switch_when_they_need_not_wait() {
        let (queue, log) = (Q::bounded(2), Log::new());
        let l = log.clone();
        let other = spawn(#[green] move || l.add("other"));
        queue.put(1).unwrap();
        queue.put_timeout(2, ms(1)).unwrap();
        log.add(queue.peek().unwrap());
        log.add(queue.get().unwrap());
        log.add(queue.get_timeout(ms(1)).unwrap());
        log.expect(["1", "1", "2"]);
        other.wait();
        log.expect(["other"]);
    }

    fn getters_are_served_in_the_order_in_which_they_came() {
        let (queue, log) = (Q::unbounded(), Log::new());
        let _threads = getters(&queue, &log, &["a", "b", "c"]);
        assert_eq!(queue.getting(), 3);
        for item in [1, 2, 3] {
            queue.put(item).unwrap();
        }
        assert_eq!((queue.getting(), queue.len()), (3, 3));
        log.add("all put");
        turn();
        log.expect(["all put", "a 1", "b 2", "c 3"]);
        assert_eq!((queue.getting(), queue.len()), (0, 0));
    }

    fn one_item_wakes_exactly_one_getter() {
        let (queue, log) = (Q::unbounded(), Log::new());
        let _threads = getters(&queue, &log, &["a", "b"]);
        queue.put(1).unwrap();
        for _ in 0..5 {
            turn();
        }
        log.expect(["a 1"]);
        assert_eq!(queue.getting(), 1);
        queue.put(2).unwrap();
        turn();
        log.expect(["b 2"]);
    }

    fn blocked_putters_go_in_in_order_even_with_one_getter() {
        let (queue, log) = (Q::bounded(1), Log::new());
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
        let (queue, log) = (Q::bounded(1), Log::new());
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
        let queue = Q::bounded(1);
        queue.put(1).unwrap();
        assert!(queue.is_full());
        assert_eq!(queue.try_put(2), Err(PutError::Full(2)));
        assert_eq!(queue.put_timeout(3, ms(5)), Err(PutError::Full(3)));
        assert_eq!(queue.put_timeout(4, Duration::ZERO), Err(PutError::Full(4)));
        assert_eq!((now(), queue.putting(), queue.len()), (ms(5), 0, 1));
    }

    fn an_empty_queue_says_so_at_once_or_when_the_limit_is_over() {
        let queue = Q::unbounded();
        assert_eq!(queue.try_get(), Err(GetError::Empty));
        assert_eq!(queue.get_timeout(ms(5)), Err(GetError::Empty));
        assert_eq!(queue.get_timeout(Duration::ZERO), Err(GetError::Empty));
        assert_eq!((now(), queue.getting()), (ms(5), 0));
    }

    fn an_item_may_be_taken_at_once_and_the_getter_keeps_its_place() {
        let (queue, log) = (Q::unbounded(), Log::new());
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

    fn an_item_taken_at_once_is_missed_by_the_last_that_was_called() {
        let (queue, log) = (Q::unbounded(), Log::new());
        let threads = getters(&queue, &log, &["a", "b"]);
        queue.put(1).unwrap();
        queue.put(2).unwrap();
        assert_eq!(queue.try_get(), Ok(1));
        turn();
        log.expect(["a 2"]);
        threads[1].kill(); // back in line, and out of it
        assert_eq!((queue.len(), queue.getting()), (0, 0));
    }

    fn a_blocking_get_queues_behind_a_getter_that_was_called() {
        let (queue, log) = (Q::unbounded(), Log::new());
        let _first = getters(&queue, &log, &["first"]);
        queue.put(1).unwrap();
        let q = queue.clone();
        let _putter = spawn_after(ms(1), #[green] move || q.put(2).unwrap());
        assert_eq!(queue.get(), Ok(2));
        log.expect(["first 1"]);

        let _second = getters(&queue, &log, &["first"]);
        queue.put(3).unwrap();
        queue.put(4).unwrap();
        assert_eq!(queue.get(), Ok(4)); // the older one is for who came first
        log.expect(["first 3"]);
    }

    fn the_oldest_item_is_for_the_first_getter_whoever_runs_first() {
        assert_eq!(second_before_first(&Q::unbounded()), ([Ok(2), Ok(1)], true));
        assert_eq!(second_before_first(&Q::bounded(1)), ([Ok(2), Ok(1)], false));
    }

    fn a_getter_that_was_called_for_what_is_gone_does_not_overtake_when_it_is_called_anew() {
        let (queue, log) = (Q::unbounded(), Log::new());
        let _threads = getters(&queue, &log, &["a", "b"]);
        queue.put(1).unwrap();
        let q = queue.clone();
        // Runs between the two: after the first has gone back to its place, and before the second does.
        let _putter = spawn(#[green] move || {
            q.put(3).unwrap();
            q.put(4).unwrap();
        });
        queue.put(2).unwrap();
        assert_eq!((queue.try_get(), queue.try_get()), (Ok(1), Ok(2)));
        turn();
        turn();
        log.expect(["b 4", "a 3"]);
    }

    fn growing_lets_blocked_putters_in() {
        let (queue, log) = (Q::bounded(0), Log::new());
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
        let (queue, log) = (Q::bounded(3), Log::new());
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

    fn growing_from_none_puts_what_a_called_getter_is_to_have_first() {
        let (queue, log) = (Q::bounded(0), Log::new());
        let _getter = getters(&queue, &log, &["a"]);
        let _putters = [1, 2].map(|item| {
            let (queue, log) = (queue.clone(), log.clone());
            spawn(move || put_and_log(item, queue, log))
        });
        let (q, l) = (queue.clone(), log.clone());
        // Runs after the first putter has called the getter, and before that one runs.
        let _resizer = spawn(#[green] move || {
            q.resize(Some(1));
            l.add(format!("{} in, {} waiting", q.len(), q.putting()));
        });
        turn();
        turn();
        log.expect(["1 in, 1 waiting", "a 1", "put 1"]);
        turn();
        log.expect(["put 2"]);
        assert_eq!(queue.get(), Ok(2));
    }

    fn the_destructor_of_a_foreign_waker_may_use_what_it_waited_for() {
        let queue = Q::bounded(1);
        let used = queue.clone();
        meddle(|| queue.get(), move || assert!(used.getting() <= 1));
        let used = queue.clone();
        meddle(|| queue.peek(), move || assert!(used.try_peek().is_err()));
        queue.put(1).unwrap();
        let used = queue.clone();
        meddle(|| queue.put(2), move || assert!(used.putting() <= 1));
        let used = queue.clone();
        meddle(|| queue.join(), move || assert_eq!(used.unfinished(), 1));
        assert_eq!((queue.len(), queue.getting(), queue.putting()), (1, 0, 0));
    }

    fn another_executor_can_wait_and_the_waker_may_change() {
        let queue = Q::bounded(1);
        assert_eq!(woken_anew(|| queue.get(), || queue.try_put(7).unwrap()), Ok(7));
        assert_eq!(woken_anew(|| queue.peek(), || queue.try_put(8).unwrap()), Ok(8));
        assert_eq!(woken_anew(|| queue.put(9), || assert_eq!(queue.try_get(), Ok(8))), Ok(()));
        queue.task_done();
        queue.task_done();
        woken_anew(|| queue.join(), || queue.task_done());
    }

    fn clones_are_one_queue_and_others_are_not() {
        let queue = Q::from_iter([1, 2]);
        assert_eq!(queue, queue.clone());
        assert_ne!(queue, Q::from_iter([1, 2]));
        assert_eq!((queue.len(), queue.capacity(), queue.unfinished()), (2, None, 2));
        assert_eq!(format!("{queue:?}"), "Queue { len: 2, capacity: None, getting: 0, putting: 0, .. }");
    }
}

// Waits that end early.
on_both! {
    Q: MakeQueue<u32> = eventlet::Queue<u32>, eventlet::sync::Queue<u32>;

    fn a_getter_that_timed_out_eats_nothing() {
        let (queue, log) = (Q::unbounded(), Log::new());
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

    fn an_item_for_a_getter_whose_limit_of_zero_is_over_goes_to_the_next() {
        let (queue, log) = (Q::unbounded(), Log::new());
        let (q, l) = (queue.clone(), log.clone());
        let limited = spawn(#[green] move || l.add(format!("{:?}", q.get_timeout(Duration::ZERO))));
        let (q, l) = (queue.clone(), log.clone());
        let _next = spawn(move || get_and_log("next", q, l));
        let q = queue.clone();
        // Calls the first in the round in which its limit is over.
        let _putter = spawn(#[green] move || q.put(1).unwrap());
        limited.wait();
        turn();
        log.expect(["Err(Empty)", "next 1"]);
    }

    fn a_getter_that_is_killed_after_it_was_called_passes_the_call_on() {
        let (queue, log) = (Q::unbounded(), Log::new());
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

    fn a_getter_that_panics_after_it_has_its_item_does_not_stop_the_others() {
        let (queue, log) = (Q::unbounded(), Log::new());
        let q = queue.clone();
        let panics = spawn(#[green] move || {
            let item = q.get().unwrap();
            assert_eq!(item, 0, "on purpose");
        });
        let _other = getters(&queue, &log, &["other"]);
        queue.put(1).unwrap();
        queue.put(2).unwrap();
        turn();
        log.expect(["other 2"]);
        assert!(panics.join().is_err());
    }

    fn a_putter_that_timed_out_leaves_nothing_behind() {
        let channel = Q::bounded(0);
        assert_eq!(channel.put_timeout(1, ms(1)), Err(PutError::Full(1)));
        let q = channel.clone();
        let putter = spawn_after(ms(1), #[green] move || q.put(2).unwrap());
        assert_eq!(channel.get(), Ok(2));
        assert_eq!(channel.try_get(), Err(GetError::Empty));
        putter.wait();
    }

    fn a_put_whose_item_moved_in_before_its_limit_was_over_has_happened() {
        let (queue, log) = (Q::bounded(1), Log::new());
        queue.put(0).unwrap();
        let (q, l) = (queue.clone(), log.clone());
        let putter = spawn(#[green] move || l.add(format!("{:?}", q.put_timeout(1, Duration::ZERO))));
        let q = queue.clone();
        // Makes room in the round in which the limit is over.
        let _getter = spawn(#[green] move || assert_eq!(q.try_get(), Ok(0)));
        putter.wait();
        log.expect(["Ok(())"]);
        assert_eq!((queue.len(), queue.try_get()), (1, Ok(1)));
    }

    fn a_killed_putter_whose_item_moved_in_has_put_it() {
        let (queue, log) = (Q::bounded(1), Log::new());
        queue.put(0).unwrap();
        let threads = putters(&queue, &log, &[1, 2]);
        assert_eq!(queue.try_get(), Ok(0));
        threads[0].kill(); // its item is in
        threads[1].kill(); // its item is not
        assert_eq!((queue.len(), queue.putting()), (1, 0));
        assert_eq!((queue.try_get(), queue.try_get()), (Ok(1), Err(GetError::Empty)));
        log.expect([]);
    }

    fn the_call_that_a_dead_putter_caused_is_taken_back() {
        let (channel, log) = (Q::bounded(0), Log::new());
        let _threads = getters(&channel, &log, &["a", "b"]);
        let (q, l) = (channel.clone(), log.clone());
        let putter = spawn(move || put_and_log(1, q, l));
        let p = putter.thread().clone();
        // Runs after the putter has called the first getter, and before that one runs.
        let _killer = spawn(#[green] move || p.kill());
        turn();
        turn();
        log.expect([]);
        assert_eq!((channel.getting(), channel.putting()), (2, 0));
        channel.put(2).unwrap();
        channel.put(3).unwrap();
        log.expect(["a 2", "b 3"]);
    }

    fn an_outer_timeout_passes_through_a_waiting_get() {
        let queue = Q::unbounded();
        let got = with_timeout(ms(1), || queue.get_timeout(ms(1000)));
        assert_eq!(got.unwrap_err().limit(), ms(1));
        assert_eq!((now(), queue.getting()), (ms(1), 0));
    }

    fn the_loser_of_a_race_takes_nothing() {
        let (left, right) = (Q::unbounded(), Q::unbounded());
        let (l, r) = (left.clone(), right.clone());
        let racer = spawn(#[green] move || match race(|| l.get(), || r.get()) {
            Race2::First(item) => ("left", item),
            Race2::Second(item) => ("right", item),
        });
        turn();
        assert_eq!((left.getting(), right.getting()), (1, 1));
        // Both are called before it runs.
        left.put(1).unwrap();
        right.put(2).unwrap();
        assert_eq!(racer.wait(), ("left", Ok(1)));
        assert_eq!((left.len(), left.getting(), right.len(), right.getting()), (0, 0, 1, 0));
    }

    fn branches_wait_one_by_one() {
        let queue = Q::bounded(0);
        let shared = &queue;
        scope(#[green] |s| {
            for n in 0..10 {
                s.spawn(move || shared.put(n));
            }
            let got = join_all((0..10).map(|_| || shared.get()));
            assert_eq!(got.into_iter().map(Result::unwrap).sum::<u32>(), 45);
        });
    }
}

// A queue without room.
on_both! {
    Q: MakeQueue<u32> = eventlet::Queue<u32>, eventlet::sync::Queue<u32>;

    fn on_a_channel_a_try_put_does_not_overtake_a_putter_in_line() {
        let (channel, log) = (Q::bounded(0), Log::new());
        let _threads = getters(&channel, &log, &["a", "b"]);
        let (q, l) = (channel.clone(), log.clone());
        let _putter = spawn(move || put_and_log(1, q, l));
        let (q, l) = (channel.clone(), log.clone());
        // Runs after the putter has called the first getter, and before that one runs.
        let _other = spawn(#[green] move || {
            l.add(if q.try_put(2) == Err(PutError::Full(2)) { "full" } else { "put 2" });
        });
        turn();
        turn();
        turn();
        log.expect(["full", "a 1", "put 1"]);
        channel.try_put(3).unwrap();
        turn();
        log.expect(["b 3"]);
    }

    fn a_channel_hands_over_in_step_when_the_sender_is_first() {
        let (channel, log) = (Q::bounded(0), Log::new());
        let (c, l) = (channel.clone(), log.clone());
        let receiver = spawn(#[green] move || {
            l.add(c.get().unwrap());
            l.add(c.get().unwrap());
        });
        log.add("sending");
        channel.put(1).unwrap();
        log.add("sent 1");
        channel.put(2).unwrap();
        log.add("sent 2");
        receiver.wait();
        log.expect(["sending", "1", "sent 1", "2", "sent 2"]);
    }

    fn a_channel_hands_over_in_step_when_the_receiver_is_first() {
        let (channel, log) = (Q::bounded(0), Log::new());
        let (c, l) = (channel.clone(), log.clone());
        let sender = spawn(#[green] move || {
            l.add("sending");
            c.put(1).unwrap();
            l.add("sent 1");
            c.put(2).unwrap();
            l.add("sent 2");
        });
        log.add("waiting");
        log.add(channel.get().unwrap());
        log.add(channel.get().unwrap());
        log.expect(["waiting", "sending", "1", "sent 1", "2"]);
        sender.wait();
        log.expect(["sent 2"]);
    }

    fn a_channel_is_both_empty_and_full() {
        let (channel, log) = (Q::bounded(0), Log::new());
        assert!(channel.is_empty() && channel.is_full());
        let _threads = putters(&channel, &log, &[1]);
        assert!(channel.is_empty() && channel.is_full());
        assert_eq!((channel.len(), channel.putting(), channel.capacity()), (0, 1, Some(0)));
        assert_eq!(channel.try_get(), Ok(1));
        turn();
        log.expect(["put 1"]);
    }

    fn try_put_on_a_channel_needs_a_getter_and_a_killed_one_passes_the_item_on() {
        let (channel, log) = (Q::bounded(0), Log::new());
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

    fn what_was_put_for_a_getter_that_is_gone_stays_for_the_next() {
        let (channel, log) = (Q::bounded(0), Log::new());
        let threads = getters(&channel, &log, &["a"]);
        assert_eq!(channel.try_put(1), Ok(()));
        threads[0].kill();
        assert_eq!((channel.len(), channel.getting()), (1, 0));
        assert_eq!(channel.try_put(2), Err(PutError::Full(2)));
        assert_eq!((channel.get(), channel.len()), (Ok(1), 0));
    }

    fn channel_waiters_are_all_served() {
        let (channel, log) = (Q::bounded(0), Log::new());
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
}

// Looking, and knowing when all is done.
on_both! {
    Q: MakeQueue<u32> = eventlet::Queue<u32>, eventlet::sync::Queue<u32>;

    fn peek_waits_and_leaves_the_item_to_the_getter() {
        let (queue, log) = (Q::unbounded(), Log::new());
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
        let (queue, log) = (Q::unbounded(), Log::new());
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

    fn a_peek_sees_what_a_blocked_putter_brings() {
        let (channel, log) = (Q::bounded(0), Log::new());
        let _threads = putters(&channel, &log, &[1]);
        assert_eq!((channel.try_peek(), channel.peek()), (Ok(1), Ok(1)));
        assert_eq!((channel.putting(), channel.get()), (1, Ok(1)));
        turn();
        log.expect(["put 1"]);
    }

    fn peekers_hear_of_the_end() {
        let queue = Q::from_iter([1]);
        let q = queue.clone();
        queue.shutdown();
        assert_eq!((queue.try_peek(), queue.peek(), queue.get()), (Ok(1), Ok(1), Ok(1)));
        assert_eq!((queue.try_peek(), queue.peek()), (Err(GetError::ShutDown), Err(ShutDown(()))));
        assert_eq!(q.peek_timeout(ms(1)), Err(GetError::ShutDown));
        let queue = Q::unbounded();
        let q = queue.clone();
        let peeker = spawn(#[green] move || q.peek());
        turn();
        queue.shutdown();
        assert_eq!(peeker.wait(), Err(ShutDown(())));
    }

    fn join_waits_for_every_item_that_was_put() {
        let (queue, log) = (Q::unbounded(), Log::new());
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
            for item in q.iter() {
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

    fn a_joiner_that_was_woken_has_joined_whatever_is_put_before_it_runs() {
        let (queue, log) = (Q::from_iter([1]), Log::new());
        let (q, l) = (queue.clone(), log.clone());
        let joiner = spawn(#[green] move || {
            q.join();
            l.add(format!("joined, {} unfinished", q.unfinished()));
        });
        turn();
        queue.task_done();
        queue.put(2).unwrap();
        joiner.wait();
        log.expect(["joined, 1 unfinished"]);
    }

    fn a_hand_over_on_a_channel_counts_as_put() {
        let channel = Q::bounded(0);
        let c = channel.clone();
        let putter = spawn(#[green] move || c.put(1).unwrap());
        assert_eq!(channel.get(), Ok(1));
        assert_eq!(channel.unfinished(), 1);
        channel.task_done();
        channel.join();
        putter.wait();
    }

    fn what_a_blocked_putter_takes_back_was_never_put() {
        let (queue, log) = (Q::bounded(1), Log::new());
        queue.put(1).unwrap();
        let threads = putters(&queue, &log, &[2]);
        assert_eq!(queue.unfinished(), 1);
        threads[0].kill();
        queue.task_done();
        assert_eq!(queue.join_timeout(Duration::ZERO), Ok(()));
    }

    #[should_panic = "`task_done` was called more often than items were put"]
    fn one_task_done_too_many_panics() {
        Q::unbounded().task_done();
    }

    #[should_panic = "`task_done` was called more often than items were put"]
    fn items_that_a_shutdown_dropped_are_done_already() {
        let queue = Q::from_iter([1, 2]);
        queue.shutdown_now();
        queue.task_done();
    }
}

// The end.
on_both! {
    Q: MakeQueue<u32> = eventlet::Queue<u32>, eventlet::sync::Queue<u32>;

    fn a_graceful_shutdown_drains() {
        let (queue, log) = (Q::bounded(2), Log::new());
        queue.put(1).unwrap();
        queue.put(2).unwrap();
        let _threads = putters(&queue, &log, &[3]);
        queue.shutdown();
        assert_eq!(queue.put(4), Err(ShutDown(4)));
        assert_eq!(queue.try_put(5), Err(PutError::ShutDown(5)));
        assert_eq!(queue.put_timeout(6, ms(1)), Err(PutError::ShutDown(6)));
        turn();
        log.expect(["3 came back"]);
        assert_eq!((queue.get(), queue.try_get()), (Ok(1), Ok(2)));
        assert_eq!((queue.get(), queue.try_get()), (Err(ShutDown(())), Err(GetError::ShutDown)));
        assert_eq!(queue.get_timeout(ms(1)), Err(GetError::ShutDown));
        assert_eq!((now(), queue.is_shut_down()), (ms(0), true));
    }

    fn a_shutdown_leaves_the_rest_to_putters_that_have_not_heard_of_it_yet() {
        let (queue, log) = (Q::bounded(1), Log::new());
        queue.put(1).unwrap();
        let _threads = putters(&queue, &log, &[2]);
        queue.shutdown();
        assert_eq!((queue.putting(), queue.try_get(), queue.try_get()), (0, Ok(1), Err(GetError::ShutDown)));
        assert_eq!((queue.try_peek(), queue.get()), (Err(GetError::ShutDown), Err(ShutDown(()))));
        turn();
        log.expect(["2 came back"]);
    }

    fn a_put_that_hears_of_the_end_and_of_its_limit_at_once_has_its_item_back() {
        let (queue, log) = (Q::bounded(0), Log::new());
        let q = queue.clone();
        let _ends = spawn(#[green] move || {
            sleep(ms(1));
            q.shutdown();
        });
        let (q, l) = (queue.clone(), log.clone());
        let putter = spawn(#[green] move || {
            l.add(match q.put_timeout(1, ms(1)) {
                Err(PutError::ShutDown(item)) => format!("{item} came back"),
                other => format!("{other:?}"),
            });
        });
        sleep(ms(2));
        putter.wait();
        log.expect(["1 came back"]);
    }

    fn a_shutdown_wakes_blocked_getters_and_putters() {
        let (queue, log) = (Q::unbounded(), Log::new());
        let _getters = getters(&queue, &log, &["a", "b", "c"]);
        queue.put(1).unwrap();
        queue.shutdown();
        turn();
        turn();
        log.expect(["a 1", "b: the queue was shut down", "c: the queue was shut down"]);

        let (channel, log) = (Q::bounded(0), Log::new());
        let _putters = putters(&channel, &log, &[1, 2]);
        channel.shutdown();
        turn();
        log.expect(["1 came back", "2 came back"]);
    }

    fn a_getter_that_comes_while_others_are_told_of_the_end_is_told_too() {
        let queue = Q::unbounded();
        let told = |queue: &Q| {
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

    fn a_getter_that_dies_while_it_is_called_for_the_last_item_leaves_it_to_the_next() {
        let (queue, log) = (Q::unbounded(), Log::new());
        let threads = getters(&queue, &log, &["a", "b", "c"]);
        queue.put(1).unwrap();
        queue.shutdown();
        threads[0].kill();
        turn();
        turn();
        log.expect(["b 1", "c: the queue was shut down"]);
    }

    fn a_getter_called_for_what_a_putter_takes_back_at_the_end_has_what_another_leaves() {
        second_at_the_end(&Q::bounded(1));
    }

    fn an_immediate_shutdown_drops_the_items_and_counts_them_done() {
        let (queue, log) = (Q::unbounded(), Log::new());
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

    fn an_immediate_shutdown_lets_called_getters_and_blocked_putters_go() {
        let (queue, log) = (Q::unbounded(), Log::new());
        let _getters = getters(&queue, &log, &["a", "b"]);
        queue.put(1).unwrap();
        queue.shutdown_now();
        turn();
        log.expect(["a: the queue was shut down", "b: the queue was shut down"]);
        let (queue, log) = (Q::bounded(1), Log::new());
        queue.put(1).unwrap();
        let _putters = putters(&queue, &log, &[2]);
        queue.shutdown_now();
        turn();
        log.expect(["2 came back"]);
        assert_eq!((queue.len(), queue.unfinished()), (0, 0));
    }

    fn a_second_shutdown_changes_nothing() {
        let (queue, log) = (Q::from_iter([1]), Log::new());
        queue.shutdown();
        queue.shutdown();
        assert_eq!(queue.try_get(), Ok(1));
        queue.shutdown_now();
        assert_eq!(queue.try_get(), Err(GetError::ShutDown));
        queue.resize(Some(5));
        let _threads = putters(&queue, &log, &[2]);
        log.expect(["2 came back"]);
    }

    fn the_items_of_a_queue_end_with_its_shutdown() {
        let queue = Q::from_iter(1..=3);
        let q = queue.clone();
        let _ends = spawn_after(ms(5), #[green] move || q.shutdown());
        let mut items = vec![];
        for item in queue.iter() {
            items.push(item);
        }
        assert_eq!((items, now()), (vec![1, 2, 3], ms(5)));
    }
}

// What becomes of items.
on_both! {
    Q: MakeQueue<Rc<()>> = eventlet::Queue<Rc<()>>, eventlet::sync::Queue<Rc<()>>;

    fn an_immediate_shutdown_lets_go_of_what_is_in() {
        let queue = Q::unbounded();
        let item = Rc::new(());
        queue.put(item.clone()).unwrap();
        queue.shutdown_now();
        assert_eq!(Rc::strong_count(&item), 1);
    }

    fn a_killed_putter_takes_its_item_along() {
        let queue = Q::bounded(1);
        let [first, second] = [Rc::new(()), Rc::new(())];
        queue.put(first.clone()).unwrap();
        let (q, item) = (queue.clone(), second.clone());
        let putter = spawn(#[green] move || q.put(item).is_ok());
        turn();
        assert_eq!((Rc::strong_count(&second), queue.putting()), (2, 1));
        putter.kill();
        assert_eq!((Rc::strong_count(&second), queue.putting()), (1, 0));
        assert!(queue.try_get().is_ok_and(|item| Rc::ptr_eq(&item, &first)));
        assert!(queue.try_get().is_err());
    }

    fn a_call_that_never_runs_gives_its_item_up() {
        let queue = Q::unbounded();
        let item = Rc::new(());
        let q = queue.clone();
        let unborn = spawn({ let item = item.clone(); #[green] move || q.put(item).is_ok() });
        unborn.kill();
        assert_eq!((Rc::strong_count(&item), queue.len()), (1, 0));
    }

    fn what_lies_in_a_queue_goes_with_its_last_handle() {
        let item = Rc::new(());
        let queue = Q::from_iter([item.clone(), item.clone()]);
        let other = queue.clone();
        drop(queue);
        assert_eq!((Rc::strong_count(&item), other.len()), (3, 2));
        drop(other);
        assert_eq!(Rc::strong_count(&item), 1);
    }

    fn a_peek_clones_and_takes_nothing() {
        let queue = Q::from_iter([Rc::new(())]);
        let seen = queue.peek().unwrap();
        assert_eq!((Rc::strong_count(&seen), queue.len()), (2, 1));
        assert!(queue.get().is_ok_and(|item| Rc::ptr_eq(&item, &seen)));
    }
}

on_both! {
    Q: MakeQueue<Meddler> = eventlet::Queue<Meddler>, eventlet::sync::Queue<Meddler>;

    fn the_destructor_of_an_item_may_use_its_queue() {
        let (queue, log) = (Q::bounded(1), Log::new());
        let meddler = |what: &'static str| {
            let (queue, log) = (queue.clone(), log.clone());
            Meddler::new(move || {
                log.add(format!("{what}: {} in, {} put, {}", queue.len(), queue.putting(), queue.is_shut_down()));
                let _ = queue.try_get();
            })
        };
        assert!(queue.put(meddler("in")).is_ok());
        let (q, item) = (queue.clone(), meddler("killed"));
        let putter = spawn(#[green] move || q.put(item).is_ok());
        turn();
        putter.kill();
        log.expect(["killed: 1 in, 0 put, false", "in: 0 in, 0 put, false"]);

        assert!(queue.put(meddler("in")).is_ok());
        assert!(queue.put_timeout(meddler("late"), ms(1)).is_err_and(|error| error.is_full()));
        log.expect(["late: 1 in, 0 put, false", "in: 0 in, 0 put, false"]);

        assert!(queue.put(meddler("in")).is_ok());
        queue.shutdown_now();
        log.expect(["in: 0 in, 0 put, true"]);
        assert!(queue.put(meddler("after the end")).is_err());
        log.expect(["after the end: 0 in, 0 put, true"]);
    }
}
