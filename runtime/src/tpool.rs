//! Blocking calls on other OS threads, while the green threads go on: eventlet's `tpool`.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread;

use crate::green;
use crate::hub::suspend::{Wait, Waiting, until};
use crate::hub::{Hub, current};

mod workers;

use workers::{Call, Workers};

/// How many OS threads a hub may have for this, if nobody says.
const DEFAULT_SIZE: usize = 20;
/// Says otherwise.
const SIZE_VARIABLE: &str = "EVENTLET_THREADPOOL_SIZE";

/// Calls `f` on another OS thread, and gives what it gives. Suspends until then, always; other green threads go on.
///
/// The OS threads are the hub's own, up to 20 or what `EVENTLET_THREADPOOL_SIZE` or [`set_num_threads`] says; they are
/// started when they are needed. With all of them at work `f` waits its turn, first come first served; that queue has
/// no limit.
///
/// A kill or timeout lets go at once. An `f` that has not begun is not called; one that has goes on to its end, and
/// what it gives is dropped over there.
///
/// # Panics
///
/// Raises the panic of `f`, which was printed when it happened; panics if the operating system can start no thread at
/// all.
///
/// # Examples
///
/// ```
/// use eventlet::{green, tpool};
///
/// #[green]
/// fn main() {
///     let here = std::thread::current().id();
///     let there = tpool::execute(|| std::thread::current().id());
///     assert_ne!(here, there);
/// }
/// ```
#[green(crate = crate)]
pub fn execute<F, T>(f: F) -> T
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let hub = current::with(Rc::clone);
    let workers = workers(&hub);
    if workers.limit() == 0 {
        return f();
    }
    until(Job::new(hub, workers, f)).await.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Sets how many OS threads this hub may have for [`execute`]; zero makes `execute` call `f` where it stands, blocking.
///
/// More are started when they are needed; too many end when they next have nothing to do. eventlet's
/// `set_num_threads`.
pub fn set_num_threads(count: usize) {
    current::with(workers).set_limit(count);
}

/// What a hub keeps for this: made on first use, ended with the hub.
struct Pool(Arc<Workers>);

impl Default for Pool {
    fn default() -> Self {
        Pool(Workers::new(size_from_environment()))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn workers(hub: &Rc<Hub>) -> Arc<Workers> {
    hub.extensions.get::<Pool>().0.clone()
}

/// # Panics
///
/// If the variable is set to something that is no number.
fn size_from_environment() -> usize {
    match std::env::var(SIZE_VARIABLE) {
        Ok(text) => text.trim().parse().unwrap_or_else(|_| {
            panic!("{SIZE_VARIABLE} is `{text}`\nhelp: it takes the number of OS threads, or 0 for none")
        }),
        Err(_) => DEFAULT_SIZE,
    }
}

/// A call that another OS thread makes, seen from the green thread that waits for it.
///
/// While it is under way and waited for it counts among the hub's jobs, so that virtual time stands still and nobody
/// calls it a deadlock.
struct Job<T> {
    hub: Rc<Hub>,
    workers: Arc<Workers>,
    /// Until it is submitted, at the first attempt: so even the shortest call suspends, and what happens first does not
    /// depend on a race.
    call: Option<Call>,
    progress: Arc<Mutex<Progress<T>>>,
}

enum Progress<T> {
    /// Not over yet. Somebody waits, once there is a waker.
    Pending(Option<Waker>),
    Over(thread::Result<T>),
    /// Nobody wants to know any more.
    Abandoned,
}

impl<T: Send + 'static> Job<T> {
    fn new(hub: Rc<Hub>, workers: Arc<Workers>, f: impl FnOnce() -> T + Send + 'static) -> Self {
        let progress = Arc::new(Mutex::new(Progress::Pending(None)));
        let there = progress.clone();
        let call: Call = Box::new(move || {
            if !matches!(*lock(&there), Progress::Abandoned) {
                finish(&there, catch_unwind(AssertUnwindSafe(f)));
            }
        });
        Job { hub, workers, call: Some(call), progress }
    }
}

/// On the other OS thread: leaves the result and wakes whoever waits for it.
fn finish<T>(progress: &Mutex<Progress<T>>, result: thread::Result<T>) {
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
    type Output = thread::Result<T>;

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<thread::Result<T>> {
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
        if let Some(call) = self.call.take() {
            self.hub.jobs.set(self.hub.jobs.get() + 1);
            self.workers.submit(call);
        }
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
        if self.call.is_none() {
            self.hub.jobs.set(self.hub.jobs.get() - 1);
        }
        let abandoned = std::mem::replace(&mut *lock(&self.progress), Progress::Abandoned);
        drop(abandoned);
    }
}
