//! A thread that begins in the middle of another one's resumption.

use std::rc::Rc;

use super::Hub;
use super::current::{FULL_BUDGET, is_spent, replace_budget, spend};
use super::task::TaskRef;

/// What it costs to begin in the middle of a resumption, which so has room for sixteen such threads
/// that do not wait for anything.
const COST: i32 = FULL_BUDGET / 16;

/// What became of a thread that was to begin at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// It has begun, and has suspended or ended.
    AtOnce,
    /// It begins after those that are ready.
    InItsTurn,
    /// It has begun, and this is a process that was forked in it: the hub is the parent's, and
    /// nobody goes on here after it.
    InFork,
}

impl Hub {
    /// Lets a new thread begin in the middle of the running one's resumption, until it suspends or
    /// ends: whoever waits for it need not suspend if it does not.
    ///
    /// Nobody is kept waiting for longer by that than by a thread that reads and writes without a
    /// wait: to begin has its price of what the running one may still spend, and what the new one
    /// spends is taken from that, too. When all is spent, a thread begins in its turn, like any
    /// other; so does one that is watched, since whoever watches resumptions looks at each by
    /// itself.
    pub(crate) fn begin(self: &Rc<Self>, task: &TaskRef) -> Begun {
        if is_spent() || self.observe.is_watched.get() {
            self.schedule(task);
            return Begun::InItsTurn;
        }
        spend(COST);
        let running = self.pulse.running.get();
        self.pulse.resume(task.id());
        let budget = replace_budget(FULL_BUDGET);
        let left = self.enter_task(task, || {
            replace_budget(budget);
            self.poll_task(task);
            replace_budget(FULL_BUDGET)
        });
        replace_budget(left);
        self.pulse.running.set(running);
        if self.is_forked() { Begun::InFork } else { Begun::AtOnce }
    }
}
