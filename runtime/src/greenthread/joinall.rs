//! Several threads at once: waiting for all, ending all.

use std::future::Future;
use std::time::Duration;

use crate::call::Green;
use crate::green;
use crate::greenthread::iwait::iwait;
use crate::greenthread::{GreenThread, Thread};
use crate::hub::exit::Exit;
use crate::iter::GreenIterator;
use crate::timeout::{Timeout, with_timeout};

/// What [`joinall`] can wait for: a [`GreenThread`], which gives its value, or a handle on one,
/// which does not.
pub trait Joinable: AsRef<Thread> {
    /// What a thread that returned gives.
    type Value;

    /// Waits for the thread's end. Suspends until then.
    #[green(by_hand = "it hands another call on")]
    fn join_one(self) -> Green<impl Future<Output = Result<Self::Value, Exit>>>;
}

impl<T> Joinable for GreenThread<T> {
    type Value = T;

    #[green(by_hand = "it hands another call on")]
    fn join_one(self) -> Green<impl Future<Output = Result<T, Exit>>> {
        self.join()
    }
}

impl<T> Joinable for &GreenThread<T> {
    type Value = ();

    #[green(by_hand = "it hands another call on")]
    fn join_one(self) -> Green<impl Future<Output = Result<(), Exit>>> {
        self.thread().join()
    }
}

impl Joinable for Thread {
    type Value = ();

    #[green(by_hand = "it hands another call on")]
    fn join_one(self) -> Green<impl Future<Output = Result<(), Exit>>> {
        self.join()
    }
}

impl Joinable for &Thread {
    type Value = ();

    #[green(by_hand = "it hands another call on")]
    fn join_one(self) -> Green<impl Future<Output = Result<(), Exit>>> {
        self.join()
    }
}

/// Waits until all of the threads have ended, and says how, in the order given. Suspends until
/// then.
///
/// With a limit: `with_timeout(limit, || joinall(threads))`.
///
/// ```
/// use eventlet::{green, spawn};
/// use eventlet::greenthread::joinall;
///
/// #[green]
/// fn double(n: u32) -> u32 {
///     2 * n
/// }
///
/// #[green]
/// fn main() {
///     let threads: Vec<_> = (1..=3).map(|n| spawn(move || double(n))).collect();
///     let values: Vec<u32> = joinall(threads).into_iter().map(Result::unwrap).collect();
///     assert_eq!(values, [2, 4, 6]);
/// }
/// ```
///
/// gevent's `joinall`.
///
/// # Cancel safety
///
/// A kill or timeout here leaves the threads running.
#[green(by_hand = "it drives what it is given")]
pub fn joinall<J: Joinable>(
    threads: impl IntoIterator<Item = J>,
) -> Green<impl Future<Output = Vec<Result<J::Value, Exit>>>> {
    Green::new(async move {
        let mut results = Vec::new();
        for thread in threads {
            results.push(thread.join_one().await);
        }
        results
    })
}

/// Waits until all of the threads have returned, and gives their values in the order given; or
/// until one has failed, which comes out at once. Suspends until then.
///
/// The failure is the first in time, whatever the order given; the other threads go on.
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, sleep, spawn};
/// use eventlet::greenthread::try_joinall;
///
/// #[green]
/// fn after(ms: u64) -> u64 {
///     sleep(Duration::from_millis(ms));
///     ms
/// }
///
/// #[green]
/// fn main() {
///     let threads = [3, 1].map(|ms| spawn(move || after(ms)));
///     assert_eq!(try_joinall(threads).unwrap(), [3, 1]);
///
///     let threads = [spawn(|| after(3_600_000)), spawn(|| after(3_600_000))];
///     threads[1].kill();
///     assert!(try_joinall(threads).is_err());
/// }
/// ```
///
/// gevent's `joinall(…, raise_error=True)`.
///
/// # Cancel safety
///
/// A kill or timeout here leaves the threads running.
///
/// # Errors
///
/// How the first thread that did not return ended.
#[green(by_hand = "it drives what it is given")]
pub fn try_joinall<J: Joinable>(
    threads: impl IntoIterator<Item = J>,
) -> Green<impl Future<Output = Result<Vec<J::Value>, Exit>>> {
    Green::new(async move {
        let threads: Vec<J> = threads.into_iter().collect();
        let mut ended = iwait(threads.iter().map(|thread| thread.as_ref().clone()));
        while let Some(thread) = ended.next().await {
            if thread.join().await.is_err() {
                // The one with the right to the value has the panic itself, the others its text.
                let failed = threads.into_iter().find(|other| *other.as_ref() == thread);
                let failed = failed.expect("it is one of these").join_one().await;
                return failed.map(|_| Vec::new());
            }
        }
        let mut values = Vec::with_capacity(threads.len());
        for thread in threads {
            values.push(thread.join_one().await?);
        }
        Ok(values)
    })
}

/// Waits until `count` of the threads have ended, or all if they are fewer, and gives those, the
/// first to end first. Suspends until then.
///
/// Those that have ended already count.
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, sleep, spawn};
/// use eventlet::greenthread::wait;
///
/// #[green]
/// fn after(ms: u64) -> u64 {
///     sleep(Duration::from_millis(ms));
///     ms
/// }
///
/// #[green]
/// fn main() {
///     let threads = [3_600_000, 20, 1].map(|ms| spawn(move || after(ms)));
///     let mut values = vec![];
///     for thread in wait(threads, 2) {
///         values.push(thread.wait());
///     }
///     assert_eq!(values, [1, 20]);
/// }
/// ```
///
/// gevent's `wait(…, count)`.
///
/// # Cancel safety
///
/// A kill or timeout here leaves the threads running; what has ended is lost with an owning handle
/// that was given, and [`wait_timeout`] gives it instead.
#[green(by_hand = "a wait, and little else")]
pub fn wait<J: AsRef<Thread>>(
    threads: impl IntoIterator<Item = J>,
    count: usize,
) -> Green<impl Future<Output = Vec<J>>> {
    Green::new(async move {
        let mut ended = Vec::new();
        collect_ended(threads, count, &mut ended).await;
        ended
    })
}

/// Like [`wait`], for at most `limit`: gives those that have ended by then. Suspends until `count`
/// have ended or the limit is over.
///
/// gevent's `wait(…, timeout, count)`.
///
/// # Cancel safety
///
/// A kill or timeout here leaves the threads running; what has ended is lost with an owning handle
/// that was given.
#[green(by_hand = "a wait, and little else")]
pub fn wait_timeout<J: AsRef<Thread>>(
    threads: impl IntoIterator<Item = J>,
    count: usize,
    limit: Duration,
) -> Green<impl Future<Output = Vec<J>>> {
    Green::new(async move {
        let mut ended = Vec::new();
        // Over or not, what has ended by then is the answer.
        let _ = with_timeout(limit, || collect_ended(threads, count, &mut ended)).await;
        ended
    })
}

async fn collect_ended<J: AsRef<Thread>>(
    threads: impl IntoIterator<Item = J>,
    count: usize,
    ended: &mut Vec<J>,
) {
    let mut ending = iwait(threads);
    while ended.len() < count
        && let Some(thread) = ending.next().await
    {
        ended.push(thread);
    }
}

/// [Kills](Thread::kill) each of the threads, in the order given, and waits until all have ended,
/// for at most `limit`. Suspends until then; not at all if none catches its exit.
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, sleep, spawn};
/// use eventlet::greenthread::killall_timeout;
///
/// #[green]
/// fn main() {
///     let threads = [(); 3].map(|()| spawn(|| sleep(Duration::MAX)));
///     assert!(killall_timeout(&threads, Duration::from_secs(1)).is_ok());
///     assert!(threads.iter().all(|thread| thread.is_finished()));
/// }
/// ```
///
/// gevent's `killall(…, timeout=…)`.
///
/// # Cancel safety
///
/// A kill or timeout here leaves the threads to end by themselves: each has been killed.
///
/// # Errors
///
/// [`Timeout`] if some are still there when the limit is over; they go on.
#[green(crate = crate)]
pub fn killall_timeout<J: AsRef<Thread>>(
    threads: impl IntoIterator<Item = J>,
    limit: Duration,
) -> Result<(), Timeout> {
    let threads: Vec<Thread> = threads.into_iter().map(|thread| thread.as_ref().clone()).collect();
    killall(&threads);
    with_timeout(limit, || joinall(threads)).map(drop)
}

/// [Kills](Thread::kill) each of the threads, in the order given. Does not suspend.
///
/// A thread that catches its exit may still be at work when this returns; [`killall_timeout`] and
/// [`joinall`] wait for it. gevent's `killall(…, block=False)`.
pub fn killall<J: AsRef<Thread>>(threads: impl IntoIterator<Item = J>) {
    for thread in threads {
        thread.as_ref().kill();
    }
}
