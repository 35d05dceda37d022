//! A call that another OS thread makes, seen from the green thread that waits for it.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::{Arc, PoisonError};
use std::task::Waker;

use super::workers::{Call, Owned, Place, Turn, What, Workers};
use crate::call::Green;
use crate::green;
use crate::hub::Hub;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::loom::{Mutex, MutexGuard};

/// While there is one the hub counts a job, so that virtual time stands still and nobody calls it a
/// deadlock.
struct Counted(Rc<Hub>);

impl Counted {
    fn new(hub: Rc<Hub>) -> Self {
        hub.scheduler.jobs.set(hub.scheduler.jobs.get() + 1);
        Counted(hub)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.scheduler.jobs.set(self.0.scheduler.jobs.get() - 1);
    }
}

/// A call on another OS thread. Dropping it lets go of the call.
pub(super) struct Job<T> {
    hub: Rc<Hub>,
    /// Not closed while somebody waits for a call.
    workers: Rc<Owned>,
    /// Until it is submitted.
    call: Option<Call>,
    progress: Arc<Mutex<Progress<T>>>,
    counted: Option<Counted>,
}

/// What has become of a call.
type Outcome<T> = Result<T, Failure>;

/// Why a call has no value.
pub(super) enum Failure {
    Panicked(Box<dyn Any + Send>),
    NotMade(io::Error),
}

impl Failure {
    /// Goes on panicking, or says in a panic why the call was not made.
    fn raise(self) -> ! {
        match self {
            Failure::Panicked(payload) => resume_unwind(payload),
            Failure::NotMade(error) => panic!("{error}"),
        }
    }
}

enum Progress<T> {
    /// Not over yet. Somebody waits, once there is a waker.
    Pending(Option<Waker>),
    Over(Outcome<T>),
    /// Nobody wants to know any more.
    Abandoned,
}

impl<T: Send + 'static> Job<T> {
    /// A call that is submitted when it is first waited for: so even the shortest one suspends, and
    /// what happens first does not depend on a race.
    pub(super) fn new(hub: Rc<Hub>, workers: &Rc<Owned>, f: impl FnOnce() -> T + Send + 'static) -> Self {
        let progress = Arc::new(Mutex::new(Progress::Pending(None)));
        let there = progress.clone();
        let call: Call = Box::new(move |turn| match turn {
            _ if matches!(*lock(&there), Progress::Abandoned) => {}
            Turn::Come => finish(&there, catch_unwind(AssertUnwindSafe(f)).map_err(Failure::Panicked)),
            Turn::Never(error) => {
                // What it has captured is gone by the time that its caller goes on.
                drop(f);
                finish(&there, Err(Failure::NotMade(error)));
            }
        });
        Job { hub, workers: workers.clone(), call: Some(call), progress, counted: None }
    }

    /// Waits for the value; raises the call's panic.
    #[green(by_hand = "a wait, and little else")]
    pub(super) fn value(self) -> Green<impl Future<Output = T>> {
        Green::new(async move { until(self).await.unwrap_or_else(|failure| failure.raise()) })
    }

    /// Waits for the value, or why there is none; raises the call's panic.
    #[green(by_hand = "a wait, and little else")]
    pub(super) fn value_or_error(self) -> Green<impl Future<Output = io::Result<T>>> {
        Green::new(async move {
            match until(self).await {
                Ok(value) => Ok(value),
                Err(Failure::NotMade(error)) => Err(error),
                Err(panicked) => panicked.raise(),
            }
        })
    }
}

impl<T> Job<T> {
    /// Puts the call in line, if it is not.
    pub(super) fn submit(&mut self) {
        if let Some(call) = self.call.take() {
            self.counted = Some(Counted::new(self.hub.clone()));
            self.workers.get().submit(call);
        }
    }
}

/// On the other OS thread: leaves the result and wakes whoever waits for it.
fn finish<T>(progress: &Mutex<Progress<T>>, result: Outcome<T>) {
    let mut guard = lock(progress);
    let Progress::Pending(waker) = &mut *guard else {
        drop(guard);
        // The result goes only now, since its destructor is somebody else's code.
        return drop(result);
    };
    let waker = waker.take();
    *guard = Progress::Over(result);
    drop(guard);
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn lock<T>(progress: &Mutex<Progress<T>>) -> MutexGuard<'_, Progress<T>> {
    // Nothing panics while it holds this lock.
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Wait for Job<T> {
    type Output = Outcome<T>;

    /// Its job must be under way before others run.
    const IS_COUNTED: bool = false;

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<Outcome<T>> {
        let waker = waiting.waker();
        let mut progress = lock(&self.progress);
        match std::mem::replace(&mut *progress, Progress::Abandoned) {
            Progress::Over(result) => return Some(result),
            previous => {
                *progress = Progress::Pending(Some(waker));
                drop(progress);
                // A waker of before is dropped when nothing is locked.
                drop(previous);
            }
        }
        self.submit();
        None
    }

    fn is_settled(&self) -> bool {
        matches!(*lock(&self.progress), Progress::Pending(Some(_)))
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for a call on another OS thread")
    }
}

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        let abandoned = std::mem::replace(&mut *lock(&self.progress), Progress::Abandoned);
        drop(abandoned);
    }
}

/// Waits until the calls of some workers are over, or the workers have ended too.
pub(super) struct PoolEnd {
    workers: Arc<Workers>,
    what: What,
    place: Option<Place>,
    _counted: Counted,
}

impl PoolEnd {
    pub(super) fn of_calls(hub: Rc<Hub>, workers: &Arc<Workers>) -> Self {
        Self::new(hub, workers, What::Calls)
    }

    pub(super) fn of_threads(hub: Rc<Hub>, workers: &Arc<Workers>) -> Self {
        workers.retire();
        Self::new(hub, workers, What::Threads)
    }

    fn new(hub: Rc<Hub>, workers: &Arc<Workers>, what: What) -> Self {
        PoolEnd { workers: workers.clone(), what, place: None, _counted: Counted::new(hub) }
    }
}

impl Wait for PoolEnd {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        self.workers.have_ended(self.what, &mut self.place, waiting.waker()).then_some(())
    }

    fn is_settled(&self) -> bool {
        self.place.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for the calls on other OS threads to end")
    }
}

impl Drop for PoolEnd {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.workers.leave(place);
        }
    }
}
