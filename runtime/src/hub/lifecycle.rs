//! The life of a green thread: spawned, resumed, killed, ended.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::Hub;
use super::current::{FULL_BUDGET, replace_budget};
use super::observe::trace::has_subscriber;
use super::task::{Outcome, Progress, TaskRef, drop_payload};
use crate::hub::exit::Panic;

impl Hub {
    /// Makes a green thread that makes and drives the call of `closure`. It is not ready yet:
    /// [`schedule`](Hub::schedule) it.
    #[inline]
    pub(crate) fn adopt<F, G, T>(&self, closure: F) -> Outcome<T>
    where
        F: FnOnce() -> G + 'static,
        G: Future<Output = T> + 'static,
        T: 'static,
    {
        self.adopt_with(|_| closure)
    }

    /// Like [`adopt`](Hub::adopt), for a closure that knows its thread's number.
    #[inline]
    pub(crate) fn adopt_with<F, G, T>(&self, closure: impl FnOnce(u64) -> F) -> Outcome<T>
    where
        F: FnOnce() -> G + 'static,
        G: Future<Output = T> + 'static,
        T: 'static,
    {
        let id = self.tasks.borrow_mut().next_id();
        let (task, outcome) = TaskRef::allocate(&self.remote, id, closure(id));
        if self.has_contexts.get() {
            self.hand_on_context(&task);
        }
        if self.tracks_spawns.get() {
            self.note_spawner(&task);
        }
        self.tasks.borrow_mut().insert(task);
        outcome
    }

    #[cold]
    fn hand_on_context(&self, spawned: &TaskRef) {
        let spawner = self.current();
        let context = spawner.and_then(|spawner| spawner.if_extra(|extra| extra.context.clone()).flatten());
        if context.is_some() {
            spawned.with_extra(|extra| extra.context = context);
        }
    }

    #[cold]
    fn note_spawner(&self, spawned: &TaskRef) {
        let spawner = self.current().map(|spawner| spawner.id());
        spawned.with_extra(|extra| extra.spawner = spawner);
    }

    /// Makes a green thread that has ended already: it returned, or panicked.
    pub(crate) fn adopt_ended<T: 'static>(self: &Rc<Self>, result: Result<T, Panic>) -> Outcome<T> {
        let outcome = self.adopt(move || async move { result.unwrap_or_else(|panic| panic.resume()) });
        self.inside(outcome.task(), || self.step(outcome.task()));
        outcome
    }

    /// Lets a task run until it suspends or ends, and delivers a kill that it asked for itself. No other one is at
    /// work.
    #[inline]
    pub(super) fn resume(self: &Rc<Self>, task: &TaskRef) {
        replace_budget(FULL_BUDGET);
        self.current.during(task, || self.step(task));
    }

    #[inline]
    fn step(self: &Rc<Self>, task: &TaskRef) {
        if self.is_watched.get() {
            self.act_on(task, self.resume_watched(task));
        } else {
            self.act_on(task, task.resume());
        }
    }

    /// To suspend is what most resumptions come to.
    #[inline]
    fn act_on(self: &Rc<Self>, task: &TaskRef, progress: Progress) {
        if progress == Progress::Suspended {
            self.has_suspended(task);
        } else {
            self.act_on_end(task, progress);
        }
    }

    fn act_on_end(self: &Rc<Self>, task: &TaskRef, progress: Progress) {
        match progress {
            Progress::Ended => self.finish(task),
            Progress::SuspendedKilled => self.deliver_kill(task),
            Progress::Suspended | Progress::Nothing => {}
        }
    }

    #[inline]
    fn has_suspended(self: &Rc<Self>, task: &TaskRef) {
        if self.is_watched.get() || has_subscriber() {
            self.answer(task);
        }
    }

    /// It was killed while it ran. Its innermost `catch_exit` hears of it now; if there is none, or it was not
    /// reached, the thread ends here. One that kills itself again while it cleans up hears of that in its next turn,
    /// so that a thread which does nothing else lets the others live.
    #[cold]
    fn deliver_kill(self: &Rc<Self>, task: &TaskRef) {
        task.take_heard();
        let progress = if task.scopes() > 0 { task.resume_out_of_turn() } else { Progress::SuspendedKilled };
        match progress {
            Progress::Ended => self.finish(task),
            Progress::SuspendedKilled if task.take_heard() => self.schedule(task),
            Progress::SuspendedKilled => {
                task.end();
                self.finish(task);
            }
            Progress::Suspended => self.has_suspended(task),
            Progress::Nothing => {}
        }
    }

    /// Calls `f` with `task` as the current one, and puts back what belongs to the one before afterwards.
    fn inside<R>(&self, task: &TaskRef, f: impl FnOnce() -> R) -> R {
        let budget = replace_budget(FULL_BUDGET);
        let expired = self.expired.take();
        let in_branch = self.in_branch.take();
        let result = self.current.during(task, f);
        replace_budget(budget);
        self.expired.set(expired);
        self.in_branch.set(in_branch);
        result
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
            self.inside(task, || self.act_on(task, task.resume_out_of_turn()));
        } else {
            self.kill_now(task);
        }
    }

    /// Ends a suspended thread whatever it says.
    pub(crate) fn kill_now(&self, task: &TaskRef) {
        if task.is_done() || task.is_running() {
            return;
        }
        self.inside(task, || {
            task.end();
            self.finish(task);
        });
    }

    /// A task is done: nobody finds it any more, its own values are dropped, whoever waits for it is woken, its links
    /// run.
    #[inline]
    fn finish(&self, task: &TaskRef) {
        let registered = self.tasks.borrow_mut().remove(task);
        if self.is_watched.get() {
            self.tell_ended(task);
        }
        if task.has_extra() {
            self.finish_extra(task);
        }
        if task.is_main() {
            self.pauses.set(true);
        }
        drop(registered);
    }

    #[inline(never)]
    fn finish_extra(&self, task: &TaskRef) {
        let locals = task.if_extra(|extra| (std::mem::take(&mut extra.locals), extra.context.take()));
        // A destructor that panics has been reported by the panic hook.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(locals))) {
            drop_payload(payload);
        }
        while let Some(joiner) = task.if_extra(|extra| extra.joiners.call_first()).flatten() {
            self.wake(joiner);
        }
        // One by one, because a link may undo a later one.
        while let Some((_, link)) = task.if_extra(|extra| extra.links.pop_front()).flatten() {
            // A link that panics has been reported by the panic hook, and does not stop the next one.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(link)) {
                drop_payload(payload);
            }
        }
    }

    /// Looks where a suspended task stands. `false` if it is not suspended.
    pub(super) fn poll_to_look(self: &Rc<Self>, task: &TaskRef) -> bool {
        self.inside(task, || {
            let progress = task.look();
            match progress {
                Progress::Nothing | Progress::Suspended => {}
                Progress::SuspendedKilled => self.deliver_kill(task),
                // It waited for something of another executor, which was there.
                Progress::Ended => self.finish(task),
            }
            progress != Progress::Nothing
        })
    }
}
