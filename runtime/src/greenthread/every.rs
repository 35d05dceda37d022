//! Work that is done again and again.

use std::time::Duration;

use crate::call::GreenFnMut;
use crate::greenthread::lost::report_own;
use crate::greenthread::{GreenThread, sleep, spawn};
use crate::hub::current;

/// What is done when a run takes longer than its period, so that the next one is late.
///
/// tokio's `MissedTickBehavior`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overrun {
    /// The runs that were missed are left out: the next one is at the next multiple of the period.
    #[default]
    Skip,
    /// The runs that were missed are made up for, one right after the other, until it is on time
    /// again.
    Burst,
    /// The next run is one period after the end of the late one, and all others are counted from
    /// there.
    Delay,
}

impl Overrun {
    /// When the run after that of `planned` is due, if that has ended `now`.
    fn next(self, planned: Duration, now: Duration, period: Duration) -> Duration {
        let next = planned.saturating_add(period);
        if now <= next {
            return next;
        }
        match self {
            Overrun::Burst => next,
            Overrun::Delay => now.saturating_add(period),
            Overrun::Skip => {
                let since = (now - planned).as_nanos() % period.as_nanos();
                // Less than a period, which is a `Duration`: so neither half is cut off.
                let nanos = 1_000_000_000;
                let since = Duration::new((since / nanos) as u64, (since % nanos) as u32);
                if since.is_zero() { now } else { now.saturating_add(period - since) }
            }
        }
    }
}

/// Starts a green thread that makes and drives the call of `f` again and again, one `period` after
/// the other, the first time after one period. Does not suspend.
///
/// The runs are counted from the call of this, so that they do not drift. They never overlap: one
/// that takes longer than the period has those left out that it missed ([`every_with`] has other
/// ways). The thread ends when it is [killed](crate::Thread::kill), and by a panic of `f`. An `Err`
/// that a run ends with is [reported](crate::greenthread::set_error_hook), and the next run comes
/// all the same.
///
/// # Panics
///
/// If `period` is zero: it would never be over. If the OS thread is ending and its hub has ended
/// before it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::{Queue, green, greenthread, sleep};
///
/// #[green]
/// fn main() {
///     let beats = Queue::unbounded();
///     let (to, mut count) = (beats.clone(), 0);
///     let heart = greenthread::every(
///         Duration::from_millis(1),
///         #[green]
///         async move || {
///             count += 1;
///             to.put(count).unwrap();
///         },
///     );
///     for n in 1..=3 {
///         assert_eq!(beats.get(), Ok(n));
///     }
///     heart.kill();
/// }
/// ```
#[track_caller]
pub fn every<F, T>(period: Duration, f: F) -> GreenThread<()>
where
    F: GreenFnMut<T> + 'static,
    T: 'static,
{
    every_with(period, Overrun::default(), f)
}

/// Like [`every`], with a choice of what is done when a run takes longer than the period.
///
/// # Panics
///
/// As [`every`].
#[track_caller]
pub fn every_with<F, T>(period: Duration, overrun: Overrun, f: F) -> GreenThread<()>
where
    F: GreenFnMut<T> + 'static,
    T: 'static,
{
    assert!(!period.is_zero(), "a period of zero would never be over");
    let first = current::with(|hub| hub.deadline_in(period));
    spawn(move || run(period, overrun, first, f))
}

async fn run<F, T>(period: Duration, overrun: Overrun, first: Duration, mut f: F)
where
    F: GreenFnMut<T>,
    T: 'static,
{
    let mut planned = first;
    loop {
        sleep(planned.saturating_sub(current::with(|hub| hub.now()))).await;
        report_own(&f().await);
        planned = overrun.next(planned, current::with(|hub| hub.now()), period);
    }
}
