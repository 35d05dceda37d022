//! The workloads of `benches/README.md` for runtimes whose tasks are futures, each in the words that all of them know:
//! what a runtime calls its own stands behind [`Peer`].

pub mod local;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use eventlet_bench_measure::{Answer, Delays, Measured, Stopwatch, resident, sum_below};

const HOUR: Duration = Duration::from_secs(3600);
const PRODUCERS: u64 = 1000;
const POOL: usize = 1000;

/// A runtime: its own spawn, yield, sleep and timeout, and the channels and semaphore that its users take.
pub trait Peer: 'static {
    type Join<T: 'static>: Future<Output = T>;
    type Permit: 'static;

    fn spawn<T: 'static>(task: impl Future<Output = T> + 'static) -> Self::Join<T>;
    fn spawn_detached(task: impl Future<Output = ()> + 'static);
    fn yield_now() -> impl Future<Output = ()>;
    fn sleep(duration: Duration) -> impl Future<Output = ()>;
    /// `false` if the time was over first.
    fn timeout(limit: Duration, task: impl Future<Output = ()>) -> impl Future<Output = bool>;
    fn unbounded() -> (impl Sender, impl Receiver);
    fn bounded(room: usize) -> (impl Sender, impl Receiver);
    fn semaphore(permits: usize) -> impl Semaphore<Permit = Self::Permit>;
}

pub trait Sender: Clone + 'static {
    fn send(&self, item: u64) -> impl Future<Output = ()>;
}

pub trait Receiver: 'static {
    fn receive(&mut self) -> impl Future<Output = u64>;
}

pub trait Semaphore {
    type Permit;
    fn acquire(&self) -> impl Future<Output = Self::Permit>;
}

/// Runs the workload of this name.
pub async fn run<P: Peer>(workload: &str, n: u64) -> Answer {
    match workload {
        "spawn_join" => spawn_join::<P>(n).await.into(),
        "yield2" => yields::<P>(2, n).await.into(),
        "yield1000" => yields::<P>(1000, n).await.into(),
        "yieldcheck" => yieldcheck::<P>(n).await.into(),
        "memory" => memory::<P>(n).await.into(),
        "pool" => pool::<P>(n).await.into(),
        "timers" => random_sleeps::<P>(n).await.into(),
        "timers_cancel" => cancelled::<P>(n).await.into(),
        "timers_bulk" => bulk::<P>(n).await.into(),
        "chan_unbounded" => ping_pong::<P>(n, P::unbounded(), P::unbounded()).await.into(),
        "chan_bounded1" => ping_pong::<P>(n, P::bounded(1), P::bounded(1)).await.into(),
        "fanin_unbounded" => fan_in::<P>(n, P::unbounded()).await.into(),
        "fanin_bounded" => fan_in::<P>(n, P::bounded(100)).await.into(),
        _ => Answer::Unsupported,
    }
}

async fn spawn_join<P: Peer>(n: u64) -> Measured {
    let watch = Stopwatch::start();
    let tasks: Vec<_> = (0..n).map(|i| P::spawn(async move { i })).collect();
    let mut sum = 0;
    for task in tasks {
        sum += task.await;
    }
    let measured = watch.stop(n);
    assert_eq!(sum, sum_below(n));
    measured
}

async fn yields<P: Peer>(tasks: u64, n: u64) -> Measured {
    let watch = Stopwatch::start();
    let yielder = || async move {
        for _ in 0..n {
            P::yield_now().await;
        }
    };
    let spawned: Vec<_> = (0..tasks).map(|_| P::spawn(yielder())).collect();
    for task in spawned {
        task.await;
    }
    watch.stop(n * tasks)
}

async fn yieldcheck<P: Peer>(n: u64) -> Measured {
    let (last, alternations) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let watch = Stopwatch::start();
    let tasks = [1, 2].map(|me| {
        let (last, alternations) = (last.clone(), alternations.clone());
        P::spawn(async move {
            for _ in 0..n {
                if last.replace(me) != me {
                    alternations.set(alternations.get() + 1);
                }
                P::yield_now().await;
            }
        })
    });
    for task in tasks {
        task.await;
    }
    watch.stop(alternations.get())
}

async fn memory<P: Peer>(n: u64) -> Measured {
    P::yield_now().await;
    let before = resident();
    let started = Rc::new(Cell::new(0));
    let watch = Stopwatch::start();
    for _ in 0..n {
        let started = started.clone();
        P::spawn_detached(async move {
            started.set(started.get() + 1);
            drop(started);
            P::sleep(HOUR).await;
        });
    }
    while started.get() < n {
        // Not a yield: monoio's comes back before others have run.
        P::sleep(Duration::from_millis(1)).await;
    }
    let mut measured = watch.stop(n);
    measured.bytes_per_task = Some(resident().saturating_sub(before) as f64 / n as f64);
    measured
}

async fn pool<P: Peer>(n: u64) -> Measured {
    let done = Rc::new(RefCell::new(0));
    let watch = Stopwatch::start();
    let slots = P::semaphore(POOL);
    for _ in 0..n {
        let permit = slots.acquire().await;
        let done = done.clone();
        P::spawn_detached(async move {
            P::yield_now().await;
            *done.borrow_mut() += 1;
            drop(permit);
        });
    }
    for _ in 0..POOL {
        // All permits together: the last job has ended.
        std::mem::forget(slots.acquire().await);
    }
    let measured = watch.stop(n);
    assert_eq!(*done.borrow(), n);
    measured
}

async fn random_sleeps<P: Peer>(n: u64) -> Measured {
    let watch = Stopwatch::start();
    let sleep = |delay| async move { P::sleep(Duration::from_micros(delay)).await };
    let tasks: Vec<_> = Delays::default().take(n as usize).map(|delay| P::spawn(sleep(delay))).collect();
    for task in tasks {
        task.await;
    }
    watch.stop(n)
}

async fn cancelled<P: Peer>(n: u64) -> Measured {
    let watch = Stopwatch::start();
    for _ in 0..n {
        assert!(P::timeout(HOUR, P::yield_now()).await, "an hour has not passed");
    }
    watch.stop(n)
}

async fn bulk<P: Peer>(n: u64) -> Measured {
    let watch = Stopwatch::start();
    let mut sleeps = Vec::with_capacity(n as usize);
    for i in 0..n {
        let mut sleep = Box::pin(P::sleep(HOUR + Duration::from_micros(i)));
        arm(sleep.as_mut()).await;
        sleeps.push(sleep);
    }
    drop(sleeps);
    watch.stop(n)
}

/// Drives a sleep up to its first suspension.
async fn arm(sleep: Pin<&mut impl Future<Output = ()>>) {
    let mut sleep = Some(sleep);
    std::future::poll_fn(move |cx: &mut Context<'_>| {
        if let Some(sleep) = sleep.take() {
            assert!(sleep.poll(cx).is_pending(), "an hour has not passed");
        }
        Poll::Ready(())
    })
    .await;
}

async fn ping_pong<P: Peer>(
    n: u64,
    (there, mut gone): (impl Sender, impl Receiver),
    (back, mut returned): (impl Sender, impl Receiver),
) -> Measured {
    let watch = Stopwatch::start();
    let other = P::spawn(async move {
        for _ in 0..n {
            let item = gone.receive().await;
            back.send(item).await;
        }
    });
    let mut sum = 0;
    for i in 0..n {
        there.send(i).await;
        sum += returned.receive().await;
    }
    other.await;
    let measured = watch.stop(n);
    assert_eq!(sum, sum_below(n));
    measured
}

async fn fan_in<P: Peer>(n: u64, (sender, mut receiver): (impl Sender, impl Receiver)) -> Measured {
    let each = n / PRODUCERS;
    let watch = Stopwatch::start();
    for producer in 0..PRODUCERS {
        let sender = sender.clone();
        P::spawn_detached(async move {
            for i in 0..each {
                sender.send(producer * each + i).await;
            }
        });
    }
    let mut sum = 0;
    for _ in 0..PRODUCERS * each {
        sum += receiver.receive().await;
    }
    let measured = watch.stop(PRODUCERS * each);
    assert_eq!(sum, sum_below(PRODUCERS * each));
    measured
}

/// Gives way once: for runtimes that have no such function of their own.
pub async fn give_way() {
    let mut gave_way = false;
    std::future::poll_fn(move |cx| {
        if std::mem::replace(&mut gave_way, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
