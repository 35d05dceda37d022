//! Several threads at once: waiting for all, ending all.

use std::future::Future;

use crate::call::Green;
use crate::exit::Exit;
use crate::greenthread::{GreenThread, Thread};

/// What [`joinall`] can wait for: a [`GreenThread`], which gives its value, or a handle on one, which does not.
pub trait Joinable: AsRef<Thread> {
    /// What a thread that returned gives.
    type Value;

    /// Waits for the thread's end. Suspends until then.
    fn join_one(self) -> Green<impl Future<Output = Result<Self::Value, Exit>>>;
}

impl<T> Joinable for GreenThread<T> {
    type Value = T;

    fn join_one(self) -> Green<impl Future<Output = Result<T, Exit>>> {
        self.join()
    }
}

impl<T> Joinable for &GreenThread<T> {
    type Value = ();

    fn join_one(self) -> Green<impl Future<Output = Result<(), Exit>>> {
        self.thread().join()
    }
}

impl Joinable for Thread {
    type Value = ();

    fn join_one(self) -> Green<impl Future<Output = Result<(), Exit>>> {
        self.join()
    }
}

impl Joinable for &Thread {
    type Value = ();

    fn join_one(self) -> Green<impl Future<Output = Result<(), Exit>>> {
        self.join()
    }
}

/// Waits until all of the threads have ended, and says how, in the order given. Suspends until then.
///
/// A kill or timeout here leaves the threads running. With a limit: `with_timeout(limit, || joinall(threads))`.
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
#[cfg_attr(debug_assertions, track_caller)]
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

/// [Kills](Thread::kill) each of the threads, in the order given. Does not suspend.
///
/// A thread that catches its exit may still be at work when this returns; [`joinall`] waits for it. gevent's `killall`.
pub fn killall<J: AsRef<Thread>>(threads: impl IntoIterator<Item = J>) {
    for thread in threads {
        thread.as_ref().kill();
    }
}
