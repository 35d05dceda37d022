//! A job that is run by the thread that wanted to spawn it.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::greenthread::GreenThread;
use crate::hub::current;
use crate::hub::exit::Panic;

/// A job on the heap, its type hidden: so it may contain a spawn of its own kind (a crawler's visit
/// spawns visits), and takes no room in the state of a spawn that waits.
pub(super) type Job<T> = Pin<Box<dyn Future<Output = T>>>;

/// Runs a job in the running thread, and gives the handle of a thread that ended as the job did.
pub(super) async fn run<T: 'static>(job: Job<T>) -> GreenThread<T> {
    let mut job = Some(job);
    let result = poll_fn(|cx| poll_caught(&mut job, cx)).await;
    GreenThread::new(current::with(|hub| hub.create_ended_task(result.map_err(Panic::new))))
}

/// A job's value, or what it panicked with; a destructor of the job that panics counts.
fn poll_caught<T>(job: &mut Option<Job<T>>, cx: &mut Context<'_>) -> Poll<Result<T, Box<dyn Any + Send>>> {
    let Some(body) = job else { unreachable!("a job that has ended is not driven again") };
    let progress = catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(cx)));
    let result = match progress {
        Ok(Poll::Pending) => return Poll::Pending,
        Ok(Poll::Ready(value)) => Ok(value),
        Err(payload) => Err(payload),
    };
    let body = job.take();
    match catch_unwind(AssertUnwindSafe(|| drop(body))) {
        Ok(()) => Poll::Ready(result),
        Err(payload) => Poll::Ready(Err(payload)),
    }
}
