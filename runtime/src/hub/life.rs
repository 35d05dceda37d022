//! The life of a green thread: spawned, resumed, killed, ended.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::task::{Outcome, Progress, TaskRef, drop_payload};
use super::{BUDGET, Hub};

impl Hub {
    /// Makes a green thread. It is not ready yet: [`schedule`](Hub::schedule) it.
    pub(crate) fn adopt<B, T>(&self, body: B) -> Outcome<T>
    where
        B: Future<Output = T> + 'static,
        T: 'static,
    {
        let id = self.tasks.borrow_mut().next_id();
        let (task, outcome) = TaskRef::allocate(&self.remote, id, body);
        self.tasks.borrow_mut().insert(task);
        outcome
    }

    /// Lets a task run until it suspends or ends, and delivers a kill that it asked for itself.
    #[inline]
    pub(crate) fn resume(self: &Rc<Self>, task: TaskRef) {
        let outer = self.enter(&task);
        match task.resume() {
            Progress::Suspended => {
                if self.is_asked.get() {
                    self.answer(&task);
                }
            }
            Progress::Ended => self.finish(&task),
            Progress::SuspendedKilled => self.deliver_kill(&task),
            Progress::Nothing => {}
        }
        self.leave(outer);
    }

    /// It was killed while it ran. Its innermost `catch_exit` hears of it now; if there is none, or it was not
    /// reached, the thread ends here. One that kills itself again while it cleans up hears of that in its next turn,
    /// so that a thread which does nothing else lets the others live.
    #[cold]
    fn deliver_kill(self: &Rc<Self>, task: &TaskRef) {
        task.take_heard();
        let progress = if task.scopes() > 0 { task.resume() } else { Progress::SuspendedKilled };
        match progress {
            Progress::Ended => self.finish(task),
            Progress::SuspendedKilled if task.take_heard() => self.schedule(task),
            Progress::SuspendedKilled => {
                task.end();
                self.finish(task);
            }
            Progress::Suspended if self.is_asked.get() => self.answer(task),
            Progress::Suspended | Progress::Nothing => {}
        }
    }

    #[inline]
    fn enter(&self, task: &TaskRef) -> Outer {
        Outer {
            current: self.current.replace(Some(task.clone())),
            budget: self.budget.replace(BUDGET),
            expired: self.expired.take(),
        }
    }

    #[inline]
    fn leave(&self, outer: Outer) {
        self.budget.set(outer.budget);
        self.expired.set(outer.expired);
        drop(self.current.replace(outer.current));
    }

    /// Ends a thread: at once if it is suspended, at its next suspension if it runs. In a `catch_exit` it is resumed
    /// at once with the news, until it suspends or ends.
    pub(crate) fn kill(self: &Rc<Self>, task: &TaskRef) {
        if task.is_done() {
            return;
        }
        task.set_killed();
        if task.is_running() {
            return;
        }
        if task.scopes() > 0 && task.is_started() {
            self.resume(task.clone());
        } else {
            self.kill_now(task);
        }
    }

    /// Ends a suspended thread whatever it says.
    pub(crate) fn kill_now(&self, task: &TaskRef) {
        if task.is_done() || task.is_running() {
            return;
        }
        let outer = self.enter(task);
        task.end();
        self.finish(task);
        self.leave(outer);
    }

    /// A task is done: nobody finds it any more, whoever waits for it is woken, its links run.
    fn finish(&self, task: &TaskRef) {
        let registered = self.tasks.borrow_mut().remove(task);
        let joiners = task.if_extra(|extra| extra.joiners.call_all()).unwrap_or_default();
        joiners.iter().for_each(|joiner| self.schedule(joiner));
        // One by one, because a link may undo a later one.
        while let Some((_, link)) = task.if_extra(|extra| extra.links.pop_front()).flatten() {
            // A link that panics has been reported by the panic hook, and does not stop the next one.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(link)) {
                drop_payload(payload);
            }
        }
        drop(registered);
    }

    /// Looks where a suspended task stands. `false` if it is not suspended.
    pub(super) fn poll_to_look(self: &Rc<Self>, task: &TaskRef) -> bool {
        let outer = self.enter(task);
        let progress = task.look();
        match progress {
            Progress::Nothing | Progress::Suspended => {}
            Progress::SuspendedKilled => self.deliver_kill(task),
            // It waited for something of another executor, which was there.
            Progress::Ended => self.finish(task),
        }
        self.leave(outer);
        progress != Progress::Nothing
    }
}

/// What a nested resumption puts aside.
struct Outer {
    current: Option<TaskRef>,
    budget: u32,
    expired: Option<std::time::Duration>,
}
