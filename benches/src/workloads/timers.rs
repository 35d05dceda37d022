//! Timers that fire, that are cancelled one by one, and that are dropped all at once.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use eventlet::{green, sleep, spawn, with_timeout};
use eventlet_bench_measure::{Delays, Measured, Stopwatch};

const HOUR: Duration = Duration::from_secs(3600);

#[green]
fn sleeper(microseconds: u64) {
    sleep(Duration::from_micros(microseconds));
}

#[green]
pub(crate) fn random_sleeps(n: u64) -> Measured {
    let watch = Stopwatch::start();
    let threads: Vec<_> =
        Delays::default().take(n as usize).map(|delay| spawn(move || sleeper(delay))).collect();
    for thread in threads {
        thread.wait();
    }
    watch.stop(n)
}

#[green]
pub(crate) fn cancelled(n: u64) -> Measured {
    let watch = Stopwatch::start();
    for _ in 0..n {
        with_timeout(HOUR, || sleep(Duration::ZERO)).expect("an hour has not passed");
    }
    watch.stop(n)
}

#[green]
pub(crate) fn bulk(n: u64) -> Measured {
    let watch = Stopwatch::start();
    let mut sleeps = Vec::with_capacity(n as usize);
    for i in 0..n {
        let mut call = Box::pin(hour_and(i));
        arm(call.as_mut()).await;
        sleeps.push(call);
    }
    drop(sleeps);
    watch.stop(n)
}

/// A sleep that has not begun.
fn hour_and(microseconds: u64) -> impl Future<Output = ()> {
    sleep(HOUR + Duration::from_micros(microseconds))
}

/// Arms a timer by driving a sleep up to its first suspension.
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
