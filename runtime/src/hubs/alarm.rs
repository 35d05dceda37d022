//! A timer in the shape of a poll.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::hub::current;
use crate::hub::remote::{Mail, Remote};
use crate::hub::suspend::Timer;
use crate::hub::task::{Waiter, is_trace_poll};
use crate::hub::timers::TimerKey;
use crate::loom::Arc;

/// A timer that is no green call: for libraries that are given a timer and may never look at it.
///
/// * It begins when it is made, and sets a timer of the hub only when it is polled.
/// * It may be dropped unused, [reset](Self::reset) at any time, and polled again when it is over.
/// * As a type it is `Send`, `Sync` and `Unpin`. It belongs to the hub that made it: polling it on
///   another OS thread panics, dropping it there cancels its timer through the inbox of its hub.
///
/// In green code [`sleep`](crate::sleep) is the plain way.
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, hubs::Alarm, testing};
///
/// #[green]
/// fn two_hours() -> Duration {
///     let mut alarm = Alarm::after(Duration::from_secs(3600));
///     (&mut alarm).await;
///     alarm.reset(Duration::from_secs(3600));
///     alarm.await;
///     testing::now()
/// }
///
/// assert_eq!(testing::run_virtual(two_hours), Duration::from_secs(7200));
/// ```
pub struct Alarm {
    /// On the hub's clock.
    deadline: Duration,
    home: Arc<Remote>,
    timer: Option<TimerKey>,
}

impl Alarm {
    /// Rings when `duration` has passed from now on; more than the clock reaches is never. Does not
    /// suspend.
    ///
    /// # Panics
    ///
    /// If this OS thread is ending and its hub has ended before it.
    pub fn after(duration: Duration) -> Alarm {
        current::with(|hub| Alarm {
            deadline: hub.deadline_in(duration),
            home: hub.remote.clone(),
            timer: None,
        })
    }

    /// Rings at this instant. Under a virtual clock, after as much of its time as is left until
    /// then in real time.
    ///
    /// # Panics
    ///
    /// As [`after`](Self::after).
    pub fn at(instant: Instant) -> Alarm {
        Alarm::after(instant.saturating_duration_since(Instant::now()))
    }

    /// Rings when `duration` has passed from now on, whether it has rung before or not.
    ///
    /// Whoever waits for it must poll it again to be woken at the new time.
    ///
    /// # Panics
    ///
    /// On another OS thread than the one that made it.
    #[track_caller]
    pub fn reset(&mut self, duration: Duration) {
        self.expect_home();
        self.cancel();
        self.deadline = current::with(|hub| hub.deadline_in(duration));
    }

    /// Is its time over?
    ///
    /// # Panics
    ///
    /// On another OS thread than the one that made it.
    #[track_caller]
    pub fn is_over(&self) -> bool {
        self.expect_home();
        current::with(|hub| hub.now() >= self.deadline)
    }

    fn is_home(&self) -> bool {
        current::try_with(|hub| std::ptr::eq(&*hub.remote, &*self.home)).unwrap_or(false)
    }

    #[track_caller]
    fn expect_home(&self) {
        if !self.is_home() {
            panic!(
                "an alarm was used on another OS thread than its own\n\
                 note: its timer is kept by the hub that made it\n\
                 help: make the alarm where it is waited for"
            );
        }
    }

    fn cancel(&mut self) {
        let Some(key) = self.timer.take() else { return };
        if self.is_home() {
            drop(Timer::of_key(key));
        } else {
            // With the hub gone its timers are gone as well.
            self.home.post(Mail::Call(Box::new(move || drop(Timer::of_key(key)))));
        }
    }
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.expect_home();
        current::with(|hub| {
            if is_trace_poll(cx) {
                hub.note_wait(format_args!("for a time to pass"), self.timer.is_some());
                return Poll::Pending;
            }
            let task = Waiter::of_waker(cx.waker(), &hub.remote);
            let timer = match self.timer.take() {
                Some(key) => {
                    let timer = Timer::of_key(key);
                    if timer.has_fired(hub) {
                        return Poll::Ready(());
                    }
                    timer.renew(hub, task);
                    timer
                }
                None if hub.now() >= self.deadline => return Poll::Ready(()),
                None => Timer::set(hub, self.deadline, task),
            };
            self.timer = Some(timer.into_key());
            Poll::Pending
        })
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}
