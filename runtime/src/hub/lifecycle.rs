//! The life of a green thread: spawned, resumed, killed, ended.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::thread::panicking;
use std::time::Duration;

use super::current::{FULL_BUDGET, replace_budget};
use super::exit_scope::ExitScope;
use super::flat::Work;
use super::observe::trace::has_subscriber;
use super::payload::drop_payload;
use super::replaced::Replaced;
use super::task::{JoinHandle, Progress, TaskRef};
use super::{Hub, current};
use crate::hub::exit::Panic;

impl Hub {
    /// Makes a green thread that makes and drives the call of `closure`. It is not ready yet:
    /// [`schedule`](Hub::schedule) it.
    #[inline]
    pub(crate) fn create_task<F, G, T>(&self, closure: F) -> JoinHandle<T>
    where
        F: FnOnce() -> G + 'static,
        G: Future<Output = T> + 'static,
        T: 'static,
    {
        let id = self.scheduler.tasks.borrow_mut().next_id();
        let (task, outcome) = TaskRef::allocate(&self.remote, id, closure);
        self.enroll(task);
        outcome
    }

    /// Like [`create_task`](Hub::create_task), for a closure that knows its thread's number.
    #[inline]
    pub(crate) fn create_task_with<F, G, T>(&self, closure: impl FnOnce(u64) -> F) -> JoinHandle<T>
    where
        F: FnOnce() -> G + 'static,
        G: Future<Output = T> + 'static,
        T: 'static,
    {
        let id = self.scheduler.tasks.borrow_mut().next_id();
        let (task, outcome) = TaskRef::allocate(&self.remote, id, closure(id));
        self.enroll(task);
        outcome
    }

    #[inline]
    fn enroll(&self, task: TaskRef) {
        if self.has_contexts.get() {
            self.hand_on_context(&task);
        }
        if self.observe.tracks_spawns.get() {
            self.note_spawner(&task);
        }
        self.scheduler.tasks.borrow_mut().insert(task);
    }

    #[cold]
    fn hand_on_context(&self, spawned: &TaskRef) {
        let spawner = self.current();
        let context = spawner.and_then(|spawner| spawner.if_cold(|cold| cold.context.clone()).flatten());
        if context.is_some() {
            spawned.with_cold(|cold| cold.context = context);
        }
    }

    #[cold]
    fn note_spawner(&self, spawned: &TaskRef) {
        let spawner = self.current().map(|spawner| spawner.id());
        spawned.with_cold(|cold| cold.spawner = spawner);
    }

    /// Makes a green thread that has ended already: it returned, or panicked.
    pub(crate) fn create_ended_task<T: 'static>(self: &Rc<Self>, result: Result<T, Panic>) -> JoinHandle<T> {
        let outcome = self.create_task(move || async move { result.unwrap_or_else(|panic| panic.resume()) });
        self.enter_task(outcome.task(), || self.poll_task(outcome.task()));
        outcome
    }

    /// Lets a task run until it suspends or ends, and delivers a kill that it asked for itself. No
    /// other one is at work.
    #[inline]
    pub(super) fn resume(self: &Rc<Self>, task: &TaskRef) {
        replace_budget(FULL_BUDGET);
        self.pulse.resume(task.id());
        self.scheduler.current.during(task, || self.poll_task(task));
    }

    #[inline]
    pub(super) fn poll_task(self: &Rc<Self>, task: &TaskRef) {
        if self.observe.is_watched.get() {
            self.on_progress(task, self.resume_watched(task));
        } else {
            self.on_progress(task, task.resume());
        }
    }

    /// To suspend is what most resumptions come to.
    #[inline]
    fn on_progress(self: &Rc<Self>, task: &TaskRef, progress: Progress) {
        if progress == Progress::Suspended {
            self.on_suspended(task);
        } else {
            self.on_end(task, progress);
        }
    }

    fn on_end(self: &Rc<Self>, task: &TaskRef, progress: Progress) {
        match progress {
            Progress::Ended => self.retire(task),
            Progress::SuspendedKilled => self.deliver_kill(task),
            Progress::Suspended | Progress::Nothing => {}
        }
    }

    #[inline]
    fn on_suspended(self: &Rc<Self>, task: &TaskRef) {
        if self.observe.is_watched.get() || has_subscriber() {
            self.answer(task);
        }
    }

    /// It was killed while it ran. Its innermost `catch_exit` hears of it now; if there is none, or
    /// it was not reached, the thread ends here. One that kills itself again while it cleans up
    /// hears of that in its next turn, so that a thread which does nothing else lets the others
    /// live.
    #[cold]
    fn deliver_kill(self: &Rc<Self>, task: &TaskRef) {
        match self.deliver_now(task) {
            Progress::Ended => self.retire(task),
            Progress::SuspendedKilled => self.schedule(task),
            Progress::Suspended => self.on_suspended(task),
            Progress::Nothing => {}
        }
    }

    /// Lets those `catch_exit`s hear of a kill that are to, until the thread suspends; ends it if
    /// none does. If it has killed itself again meanwhile, that is the progress.
    fn deliver_now(&self, task: &TaskRef) -> Progress {
        if task.has_scopes() && task.is_started() && !self.scheduler.is_ending.get() {
            task.notify_scopes();
            let outer = self.scheduler.delivers.replace(true);
            let progress = task.resume_out_of_turn();
            self.scheduler.delivers.set(outer);
            if progress == Progress::Ended || task.take_heard() {
                return progress;
            }
        }
        task.end();
        Progress::Ended
    }

    /// Calls `f` with `task` as the current one, and puts back what belongs to the one before
    /// afterwards.
    pub(super) fn enter_task<R>(&self, task: &TaskRef, f: impl FnOnce() -> R) -> R {
        let _apart = self.apart();
        let _panic = Replaced::new(&self.scheduler.within_panic, panicking());
        self.scheduler.current.during(task, f)
    }

    /// Begins something in the middle of a resumption that is none of its business, until the guard
    /// is dropped.
    pub(super) fn apart(&self) -> Apart<'_> {
        Apart {
            hub: self,
            budget: replace_budget(FULL_BUDGET),
            expired: self.time.expired.take(),
            shielded: self.scheduler.shielded.take(),
            exit_scope: self.scheduler.exit_scope.take(),
            delivers: self.scheduler.delivers.take(),
        }
    }

    /// Was the running thread resumed to hear of a kill?
    pub(super) fn delivers_kill(&self) -> bool {
        self.scheduler.delivers.get()
    }

    /// Ends a thread: at once if it is suspended, at its next suspension if it runs. In a
    /// `catch_exit` it is resumed at once with the news, until it suspends or ends. (At once is
    /// before the outermost of the kills that stand on each other returns, if they are many: see
    /// `flat.rs`.)
    pub(crate) fn kill(self: &Rc<Self>, task: &TaskRef) {
        if task.is_done() {
            return;
        }
        task.set_killed();
        if !task.is_running() {
            current::nest(task, |task| self.deliver(task), |task| Work::Kill(task.clone()));
        }
    }

    /// Delivers a kill to a thread that is suspended. It may have been delivered since.
    pub(super) fn deliver(self: &Rc<Self>, task: &TaskRef) {
        if task.is_done() || task.is_running() || !task.is_killed() {
            return;
        }
        self.enter_task(task, || match self.deliver_now(task) {
            Progress::Ended => self.retire(task),
            Progress::SuspendedKilled => self.deliver_kill(task),
            Progress::Suspended => self.on_suspended(task),
            Progress::Nothing => {}
        });
    }

    /// Ends a suspended thread whatever it says.
    pub(crate) fn kill_now(&self, task: &TaskRef) {
        if task.is_done() || task.is_running() {
            return;
        }
        self.enter_task(task, || {
            task.end();
            self.retire(task);
        });
    }

    /// A task is done: nobody finds it any more, its own values are dropped, whoever waits for it
    /// is woken, its links run.
    #[inline]
    fn retire(&self, task: &TaskRef) {
        let registered = self.scheduler.tasks.borrow_mut().remove(task);
        if self.observe.is_watched.get() {
            self.tell_ended(task);
        }
        if task.has_cold() {
            self.finish_cold(task);
        }
        if task.is_main() {
            self.scheduler.pauses.set(true);
        }
        drop(registered);
    }

    #[inline(never)]
    fn finish_cold(&self, task: &TaskRef) {
        drop_own(task);
        while let Some(joiner) = task.if_cold(|cold| cold.joiners.notify_first()).flatten() {
            self.wake(joiner);
        }
        // One by one, because a link may undo a later one.
        while let Some((_, link)) = task.if_cold(|cold| cold.links.pop_front()).flatten() {
            // A link that panics has been reported by the panic hook, and does not stop the next
            // one.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(link)) {
                drop_payload(payload);
            }
            // What it has made goes with it.
            drop_own(task);
        }
    }

    /// Looks where a suspended task stands. `false` if it is not suspended.
    pub(super) fn trace(self: &Rc<Self>, task: &TaskRef) -> bool {
        if self.scheduler.is_ending.get() {
            return false;
        }
        self.enter_task(task, || {
            let progress = task.trace();
            match progress {
                Progress::Nothing | Progress::Suspended => {}
                Progress::SuspendedKilled => self.deliver_kill(task),
                // It waited for something of another executor, which was there.
                Progress::Ended => self.retire(task),
            }
            progress != Progress::Nothing
        })
    }
}

/// Does the running thread panic? One that is killed in the middle of another one's panic does not.
pub(crate) fn is_panicking() -> bool {
    panicking() && !current::find().is_some_and(|hub| hub.scheduler.within_panic.get())
}

/// What belongs to a resumption, while something else goes on.
pub(super) struct Apart<'a> {
    hub: &'a Hub,
    budget: i32,
    expired: Option<Duration>,
    shielded: bool,
    exit_scope: Option<Rc<ExitScope>>,
    delivers: bool,
}

impl Drop for Apart<'_> {
    fn drop(&mut self) {
        replace_budget(self.budget);
        self.hub.time.expired.set(self.expired);
        self.hub.scheduler.shielded.set(self.shielded);
        self.hub.scheduler.exit_scope.set(self.exit_scope.take());
        self.hub.scheduler.delivers.set(self.delivers);
    }
}

/// Values whose destructors make new ones are dropped so many times over; then they stay until the
/// last handle goes.
const GENERATIONS: usize = 100;

/// Mostly there is nothing.
#[inline]
fn drop_own(task: &TaskRef) {
    if task.if_cold(|cold| cold.has_own()) == Some(true) {
        drop_own_values(task);
    }
}

/// Drops what belongs to a thread that has ended. A destructor may make a value of its thread anew,
/// which goes as well.
#[cold]
fn drop_own_values(task: &TaskRef) {
    for _ in 0..GENERATIONS {
        let values = task.if_cold(|cold| {
            let is_more = cold.has_own();
            is_more.then(|| (std::mem::take(&mut cold.locals), cold.context.take(), cold.exits.take()))
        });
        let Some(values) = values.flatten() else { return };
        // A destructor that panics has been reported by the panic hook.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(values))) {
            drop_payload(payload);
        }
    }
}
