//! A thread that begins in the middle of another one's resumption.

use std::rc::Rc;

use super::Hub;
use super::current::{FULL_BUDGET, is_spent, replace_budget};
use super::task::TaskRef;

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
    /// Nobody is kept waiting for longer by that: it spends of what the running one may still
    /// spend, and one begins so in a resumption. The next begins in its turn, like any other; so
    /// does one that is watched, since whoever watches resumptions looks at each by itself.
    pub(crate) fn begin(self: &Rc<Self>, task: &TaskRef) -> Begun {
        let began = &self.scheduler.began;
        if began.get() == self.pulse.resumptions.get() || is_spent() || self.observe.is_watched.get() {
            self.schedule(task);
            return Begun::InItsTurn;
        }
        let running = self.pulse.running.get();
        self.pulse.resume(task.id());
        began.set(self.pulse.resumptions.get());
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
