//! Waiting for a green thread's end.

use std::fmt;

use crate::hub::Hub;
use crate::hub::suspend::{Wait, Waiting};
use crate::hub::task::{TaskRef, Waiter};
use crate::hub::wait_queue::{Line, Queued, WaitList};

/// Waits for a thread's end.
pub(crate) struct Join(Queued<Joiners>);

/// Those who wait for the end of this thread.
struct Joiners(TaskRef);

impl Line for Joiners {
    type Brought = ();

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut WaitList) -> R) -> Option<R> {
        Some(self.0.with_cold(|cold| f(&mut cold.joiners)))
    }
}

impl Join {
    pub(crate) fn new(task: &TaskRef) -> Self {
        Join(Queued::new(Joiners(task.clone())))
    }
}

impl Wait for Join {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        let Joiners(task) = self.0.line();
        if task.is_done() {
            // The waiter learns how it ended, so that no error of it is lost.
            task.answer_for();
            return Some(());
        }
        if waiting.id() == task.id() {
            return wait_for_oneself(waiting.hub, &waiting.waiter());
        }
        self.0.wait(waiting);
        None
    }

    fn is_settled(&self) -> bool {
        self.0.is_in_line()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for green thread {} to end", self.0.line().0.id())
    }
}

/// Suspends once, so that a trace poll finds the line of the wait, then panics.
#[cold]
fn wait_for_oneself(hub: &Hub, waiter: &Waiter) -> Option<()> {
    let Some(place) = hub.take_own_place() else {
        hub.ask_own_place(waiter);
        return None;
    };
    panic!(
        "green thread {} waits for its own end, which would never come\n\
         note: it waits {place}\n\
         help: let another green thread wait for it",
        waiter.id()
    );
}
