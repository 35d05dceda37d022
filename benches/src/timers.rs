//! Timers that fire, that are cancelled one by one, and that are dropped all at once.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use eventlet::{green, sleep, spawn, with_timeout};

use crate::measure::{Measured, Stopwatch};

#[green]
fn sleeper(microseconds: u64) {
    sleep(Duration::from_micros(microseconds));
}

#[green]
pub(crate) fn random_sleeps(n: u64) -> Measured {
    let mut x: u64 = 0x9E37_79B9_7F4A_7C15;
    let watch = Stopwatch::start();
    let threads: Vec<_> = (0..n)
        .map(|_| {
            x ^= x >> 12;
            x ^= x << 25;
            x ^= x >> 27;
            let microseconds = x.wrapping_mul(0x2545_F491_4F6C_DD1D) % 1_000_000;
            spawn(move || sleeper(microseconds))
        })
        .collect();
    for thread in threads {
        thread.wait();
    }
    watch.stop(n)
}

#[green]
pub(crate) fn cancelled(n: u64) -> Measured {
    let watch = Stopwatch::start();
    for _ in 0..n {
        with_timeout(Duration::from_secs(3600), || sleep(Duration::ZERO)).expect("an hour has not passed");
    }
    watch.stop(n)
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

#[green]
pub(crate) fn bulk(n: u64) -> Measured {
    let mut sleeps: Vec<_> =
        (0..n).map(|i| Box::pin(sleep(Duration::from_micros(3_600_000_000 + i)))).collect();
    let watch = Stopwatch::start();
    for sleep in &mut sleeps {
        arm(sleep.as_mut()).await;
    }
    drop(sleeps);
    watch.stop(n)
}
