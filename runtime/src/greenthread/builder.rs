//! Green threads with a name, and green threads that are started later.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::call::{GreenCall, MakesGreenCall};
use crate::greenthread::{GreenThread, Thread, current, sleep};
use crate::hub::current::with;
use crate::hub::suspend::{Sleep, Timer, until};
use crate::hub::task::Place;

/// How a green thread is to be spawned.
///
/// ```
/// use std::time::Duration;
/// use eventlet::green;
/// use eventlet::greenthread::{Builder, current};
///
/// #[green]
/// fn who() -> String {
///     current().name().unwrap().to_string()
/// }
///
/// #[green]
/// fn main() {
///     let thread = Builder::new().name("steve").delay(Duration::from_millis(1)).spawn(who);
///     assert_eq!(thread.wait(), "steve");
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    name: Option<String>,
    delay: Duration,
}

impl Builder {
    /// A thread without a name, which begins when the running one next suspends.
    pub fn new() -> Self {
        Self::default()
    }

    /// [Names](Thread::set_name) the thread.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Lets the thread begin after `delay`.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Starts the thread, as [`spawn`](crate::spawn). Does not suspend.
    #[track_caller]
    pub fn spawn<F, G>(self, f: F) -> GreenThread<G::Value>
    where
        F: MakesGreenCall<G> + 'static,
        G: GreenCall + 'static,
        G::Value: 'static,
    {
        self.create(f).start()
    }

    /// Makes the thread without starting it. Does not suspend.
    ///
    /// It can be linked to, waited for, named, added to a pool and killed by then.
    ///
    /// gevent's `Greenlet(…)`.
    #[track_caller]
    pub fn create<F, G>(self, f: F) -> Unstarted<G::Value>
    where
        F: MakesGreenCall<G> + 'static,
        G: GreenCall + 'static,
        G::Value: 'static,
    {
        let unstarted = Unstarted::new(None, self.delay, f);
        if let Some(name) = &self.name {
            unstarted.set_name(name);
        }
        unstarted
    }
}

/// A green thread that was not started yet: what [`Builder::create`] makes. Dropping it kills the
/// thread.
///
/// ```
/// use eventlet::green;
/// use eventlet::greenthread::Builder;
///
/// #[green]
/// fn answer() -> u32 {
///     42
/// }
///
/// #[green]
/// fn main() {
///     let unstarted = Builder::new().create(answer);
///     assert!(!unstarted.is_started());
///     assert_eq!(unstarted.start().wait(), 42);
/// }
/// ```
#[must_use = "dropping it kills the thread before it begins"]
pub struct Unstarted<T> {
    /// `None` only after it was started.
    thread: Option<GreenThread<T>>,
    alarm: Rc<Cell<Option<Timer>>>,
    delay: Duration,
}

impl<T> Unstarted<T> {
    /// `owner`: whose end prevents the beginning, if anybody's does.
    #[track_caller]
    pub(super) fn new<F, G>(owner: Option<Option<Thread>>, delay: Duration, f: F) -> Self
    where
        F: MakesGreenCall<G> + 'static,
        G: GreenCall<Value = T> + 'static,
        T: 'static,
    {
        let alarm: Rc<Cell<Option<Timer>>> = Rc::default();
        let timer = alarm.clone();
        let place = Place::here();
        let thread = with(|hub| {
            let outcome = hub.create_task(move || async move {
                if let Some(timer) = timer.take() {
                    until(Sleep::until(timer)).await;
                }
                let thread = current();
                if owner.is_some_and(|owner| owner.is_none_or(|owner| owner.is_finished())) {
                    thread.kill();
                    // The kill is delivered at this suspension.
                    sleep(Duration::ZERO).await;
                }
                thread.0.begin();
                f().await
            });
            outcome.task().spawned_at(place);
            outcome.task().delay();
            GreenThread::new(outcome)
        });
        Unstarted { thread: Some(thread), alarm, delay }
    }

    /// Starts the thread: it begins when the running one next suspends, or after the builder's
    /// delay. Does not suspend.
    ///
    /// One that was killed stays dead. gevent's `start`.
    pub fn start(self) -> GreenThread<T> {
        let delay = self.delay;
        self.start_later(delay)
    }

    /// Starts the thread after `delay`. Does not suspend. gevent's `start_later`.
    pub fn start_later(mut self, delay: Duration) -> GreenThread<T> {
        let thread = self.thread.take().expect("it is started once, which consumes this");
        let task = &thread.thread().0;
        with(|hub| {
            if delay.is_zero() || task.is_done() {
                hub.schedule(task);
            } else {
                // Set now and not in the thread's first turn, so that equal deadlines keep the
                // order of the calls.
                self.alarm.set(Some(Timer::lasting(hub, delay, task.clone().into())));
            }
        });
        thread
    }
}

impl<T> std::ops::Deref for Unstarted<T> {
    type Target = Thread;

    fn deref(&self) -> &Thread {
        self.thread.as_ref().expect("it is started once, which consumes this").thread()
    }
}

impl<T> AsRef<Thread> for Unstarted<T> {
    fn as_ref(&self) -> &Thread {
        self
    }
}

impl<T> Drop for Unstarted<T> {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take()
            && crate::hub::current::try_with(|_| ()).is_some()
        {
            thread.kill();
        }
    }
}

impl<T> fmt::Debug for Unstarted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unstarted").field(&**self).finish()
    }
}
