//! Waits that something else than their own green thread drives: several in one thread, or another executor.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use eventlet::event::Flag;
use eventlet::lock::{Barrier, Mutex, RwLock};
use eventlet::{Event, GreenPool, Queue, Semaphore, hubs, spawn};

use crate::support::{Log, ms, scenarios, turn};

/// Drives both calls in one green thread until one is over, and drops the other.
async fn first_of<A: Future, B: Future>(a: A, b: B) -> (Option<A::Output>, Option<B::Output>) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    std::future::poll_fn(|cx| match (a.as_mut().poll(cx), b.as_mut().poll(cx)) {
        (Poll::Ready(a), Poll::Ready(b)) => Poll::Ready((Some(a), Some(b))),
        (Poll::Ready(a), Poll::Pending) => Poll::Ready((Some(a), None)),
        (Poll::Pending, Poll::Ready(b)) => Poll::Ready((None, Some(b))),
        (Poll::Pending, Poll::Pending) => Poll::Pending,
    })
    .await
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wakes {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn drive<F: Future>(call: Pin<&mut F>, wakes: &Arc<Wakes>) -> Poll<F::Output> {
    call.poll(&mut Context::from_waker(&Waker::from(wakes.clone())))
}

/// Waits with one waker and then with another, until `end` wakes that one alone.
pub(crate) fn woken_anew<F: Future>(call: impl FnOnce() -> F, end: impl FnOnce()) -> F::Output {
    let (old, new) = (Arc::<Wakes>::default(), Arc::<Wakes>::default());
    let mut call = pin!(call());
    assert!(drive(call.as_mut(), &old).is_pending());
    assert!(drive(call.as_mut(), &new).is_pending());
    end();
    assert_eq!((old.count(), new.count()), (0, 1));
    match drive(call.as_mut(), &new) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it was woken for nothing"),
    }
}

thread_local! {
    /// What a [`Busybody`] does when it is dropped.
    static ON_DROP: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
}

/// A waker whose destructor runs code of its own: the last handle on a task of another executor does that.
struct Busybody;

impl Wake for Busybody {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Busybody {
    fn drop(&mut self) {
        let on_drop = ON_DROP.with_borrow(Clone::clone);
        if let Some(on_drop) = on_drop {
            on_drop();
        }
    }
}

/// Polls the call twice and drops it, with wakers whose destructors call `on_drop`.
pub(crate) fn meddle<F: Future>(call: impl FnOnce() -> F, on_drop: impl Fn() + 'static) {
    let count = Rc::new(Cell::new(0));
    let counted = count.clone();
    ON_DROP.set(Some(Rc::new(move || {
        on_drop();
        // Not reached if that panics, which nobody hears of.
        counted.set(counted.get() + 1);
    })));
    {
        let mut call = pin!(call());
        for _ in 0..2 {
            let waker = Waker::from(Arc::new(Busybody));
            assert!(call.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
    }
    ON_DROP.set(None);
    assert_eq!(count.get(), 2, "two wakers are dropped, in peace");
}

scenarios! {
    fn the_destructor_of_a_foreign_waker_may_use_what_it_waited_for() {
        let flag = Flag::new();
        let used = flag.clone();
        meddle(|| flag.wait(), move || assert!(used.waiting() <= 1));

        let barrier = Rc::new(Barrier::new(2));
        let used = barrier.clone();
        meddle(|| barrier.wait(), move || assert!(used.waiting() <= 1));

        let lock = Rc::new(RwLock::new(()));
        let used = lock.clone();
        let held = lock.write();
        meddle(|| lock.read(), move || assert!(used.try_read().is_none()));
        drop(held);

        let pool = GreenPool::new(0);
        let used = pool.clone();
        meddle(|| pool.spawn(|| std::future::ready(())), move || assert!(used.waiting() <= 1));
    }

    fn the_call_that_is_not_over_takes_nothing() {
        let (left, right) = (Queue::unbounded(), Queue::unbounded());
        let (l, r) = (left.clone(), right.clone());
        let chooser = spawn(move || async move { first_of(l.get(), r.get()).await });
        turn();
        assert_eq!((left.getting(), right.getting()), (1, 1));
        right.put("right").unwrap();
        assert_eq!(chooser.wait(), (None, Some(Ok("right"))));
        assert_eq!((left.getting(), right.getting()), (0, 0));
        left.put("left").unwrap();
        assert_eq!(left.get(), Ok("left"));
    }

    fn two_calls_of_one_thread_in_one_line_are_two_places() {
        let (queue, log) = (Queue::unbounded(), Log::new());
        let (q, l) = (queue.clone(), log.clone());
        let chooser = spawn(move || async move {
            let got = first_of(q.get(), q.get()).await;
            l.add(format!("{got:?}"));
        });
        turn();
        assert_eq!(queue.getting(), 2);
        queue.put(1).unwrap();
        chooser.wait();
        log.expect(["(Some(Ok(1)), None)"]);
        assert_eq!(queue.getting(), 0);
    }
}

#[test]
fn every_primitive_wakes_another_executor() {
    let wakes = Arc::<Wakes>::default();
    let (event, semaphore, channel) = (Event::new(), Semaphore::new(0), Queue::bounded(0));
    let (mutex, lock) = (Mutex::new(1), RwLock::new(2));
    let (locked, written) = (mutex.try_lock(), lock.try_write());
    let mut wait = pin!(event.wait());
    let mut acquire = pin!(semaphore.acquire());
    let mut put = pin!(channel.put("item"));
    let mut mine = pin!(mutex.lock());
    let mut read = pin!(lock.read());
    assert!(drive(wait.as_mut(), &wakes).is_pending());
    assert!(drive(acquire.as_mut(), &wakes).is_pending());
    assert!(drive(put.as_mut(), &wakes).is_pending());
    assert!(drive(mine.as_mut(), &wakes).is_pending());
    assert!(drive(read.as_mut(), &wakes).is_pending());
    event.send(3);
    semaphore.release();
    assert_eq!(channel.try_get(), Ok("item"));
    drop((locked, written));
    assert_eq!(wakes.count(), 5);
    assert_eq!(drive(wait, &wakes), Poll::Ready(3));
    assert!(drive(acquire, &wakes).is_ready());
    assert_eq!(drive(put, &wakes), Poll::Ready(Ok(())));
    assert!(drive(mine, &wakes).is_ready());
    assert!(drive(read, &wakes).is_ready());
}

scenarios! {
    fn a_report_says_what_each_thread_waits_for() {
        let (queue, full) = (Queue::<u32>::unbounded(), Queue::bounded(1));
        full.put(1).unwrap();
        let (q, f) = (queue.clone(), full.clone());
        let threads = [
            spawn(move || async move { q.get().await.is_ok() }),
            spawn(move || async move { f.put(2).await.is_ok() }),
            spawn(|| async { Semaphore::new(0).acquire_timeout(ms(9)).await.is_ok() }),
            spawn(|| async { Event::<()>::new().wait_timeout(ms(9)).await.is_ok() }),
        ];
        turn();
        let report = hubs::get_hub().describe_threads();
        for wait in [
            "waits for an item of a queue (1 waiting)",
            "waits for room in a queue of 1 items (1 waiting)",
            "waits for a permit of a semaphore (1 waiting)",
            "waits for an event to be sent (1 waiting)",
        ] {
            assert!(report.contains(wait), "{wait} is not in\n{report}");
        }
        // Looking has changed nothing.
        assert_eq!((queue.getting(), full.putting()), (1, 1));
        for thread in threads {
            thread.kill();
        }
        assert_eq!((queue.getting(), full.putting()), (0, 0));
    }
}

#[test]
fn a_call_is_not_much_larger_than_what_it_carries() {
    let queue = Queue::bounded(1);
    let semaphore = Semaphore::new(1);
    let sizes = [
        size_of_val(&queue.put([0_u8; 64])),
        size_of_val(&queue.get()),
        size_of_val(&semaphore.acquire()),
        size_of_val(&Event::<u32>::new().wait()),
    ];
    assert!(sizes[0] <= 64 + 64 && sizes[1..].iter().all(|size| *size <= 96), "{sizes:?}");
}
