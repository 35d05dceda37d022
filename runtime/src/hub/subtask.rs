//! The queue of the subtasks that are ready: what a task has that drives several calls at once,
//! each of which is woken by itself.
//!
//! ```text
//!   something wakes a subtask ──▶ it joins its queue ──▶ the task that drives them is woken
//! ```

use std::ops::ControlFlow;
use std::rc::Rc;
use std::task::Waker;

use super::Hub;
use super::current;
use super::task::{ReadyQueue, Subtask, Waiter};
use super::waiter_cell::WaiterCell;

/// How many subtasks may run while their thread has its turn.
const SUBTASKS_PER_TURN: usize = 64;

/// The subtasks that were woken, first come first served, and who drives them.
#[derive(Default)]
pub(crate) struct SubtaskQueue {
    ready: ReadyQueue<Subtask>,
    driver: WaiterCell,
}

impl SubtaskQueue {
    pub(crate) fn new() -> Rc<Self> {
        Rc::default()
    }

    /// Wakes the task that drives the subtasks.
    pub(crate) fn wake_driver(&self) {
        self.driver.wake_by_ref();
    }

    /// A subtask that was not in the queue joins it.
    pub(super) fn push(&self, subtask: Subtask) {
        self.ready.push(subtask);
        self.wake_driver();
    }

    /// Lets `resume` go through the subtasks that are in the queue now, in order, until it breaks
    /// off.
    ///
    /// They are a bounded number, and those that are woken meanwhile wait for the driver's next
    /// turn, so that other threads have theirs in between. A subtask may have ended since it was
    /// woken.
    pub(crate) fn turn<R>(
        &self,
        waker: &Waker,
        mut resume: impl FnMut(&Rc<Hub>, &Subtask) -> ControlFlow<R>,
    ) -> Option<R> {
        let hub = current::with(Rc::clone);
        self.set_driver(waker, &hub);
        // One that is to hear of a kill does so now, wherever it stands in the queue.
        let most = if hub.delivers_kill() { usize::MAX } else { SUBTASKS_PER_TURN };
        for _ in 0..self.ready.count_up_to(most) {
            let Some(subtask) = self.ready.pop() else { break };
            subtask.leave_queue();
            if let ControlFlow::Break(result) = resume(&hub, &subtask) {
                return Some(result);
            }
        }
        if !self.ready.is_empty() {
            self.wake_driver();
        }
        None
    }

    fn set_driver(&self, waker: &Waker, hub: &Hub) {
        self.driver.register(Waiter::of_waker(waker, &hub.remote));
    }

    /// Is a subtask in the queue?
    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Takes those out of the queue that are there, for whoever drives them without a turn.
    pub(super) fn take_ready(&self) {
        while let Some(subtask) = self.ready.pop() {
            subtask.leave_queue();
        }
    }

    /// Forgets who is in the queue, and who drives them.
    pub(crate) fn clear(&self) {
        self.ready.clear();
        self.driver.clear();
    }
}
