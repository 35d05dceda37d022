//! A trunk: what a task drives when it drives several calls at once, each of which is woken by itself.
//!
//! ```text
//!   something wakes a branch ──▶ the branch joins the trunk's line ──▶ the trunk's task is scheduled
//! ```

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::task::Waker;

use super::Hub;
use super::current;
use super::task::{ReadyQueue, TaskRef};

/// How many branches may run while their thread has its turn.
const BRANCHES_PER_TURN: usize = 64;

/// The line of branches that were woken, first come first served, and the task that drives them.
#[derive(Default)]
pub(crate) struct Trunk {
    ready: ReadyQueue,
    driver: RefCell<Option<TaskRef>>,
}

impl Trunk {
    pub(crate) fn new() -> Rc<Self> {
        Rc::default()
    }

    /// Wakes the task that drives the branches.
    pub(crate) fn wake_driver(&self) {
        let driver = self.driver.borrow().clone();
        if let Some(driver) = driver {
            current::try_with(|hub| hub.schedule(&driver));
        }
    }

    /// A branch that was not in the line joins it.
    pub(super) fn call(&self, branch: TaskRef) {
        self.ready.push(branch);
        self.wake_driver();
    }

    /// Lets `resume` go through the branches that are in the line now, in order, until it breaks off.
    ///
    /// They are a bounded number, and those that are woken meanwhile wait for the driver's next turn, so that other
    /// threads have theirs in between. A branch may have ended since it was woken.
    pub(crate) fn turn<R>(
        &self,
        waker: &Waker,
        mut resume: impl FnMut(&Rc<Hub>, &TaskRef) -> ControlFlow<R>,
    ) -> Option<R> {
        let hub = current::with(Rc::clone);
        self.set_driver(waker, &hub);
        // A branch that is to hear of a kill does so now, wherever it stands in the line.
        let most = if hub.delivers_kill() { usize::MAX } else { BRANCHES_PER_TURN };
        for _ in 0..self.ready.count_up_to(most) {
            let Some(branch) = self.ready.pop() else { break };
            branch.leave_line();
            if let ControlFlow::Break(result) = resume(&hub, &branch) {
                return Some(result);
            }
        }
        if !self.ready.is_empty() {
            self.wake_driver();
        }
        None
    }

    fn set_driver(&self, waker: &Waker, hub: &Hub) {
        let previous = self.driver.replace(Some(TaskRef::of_waker(waker, &hub.remote)));
        // A foreign waker may go with it, which is somebody else's code.
        drop(previous);
    }

    /// Forgets who is in the line, and who drives it.
    pub(crate) fn clear(&self) {
        self.ready.clear();
        let driver = self.driver.take();
        drop(driver);
    }
}
