//! The turn: who runs next, and when the hub looks outside.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

use super::Hub;
use super::observe::backtrace::name_of;
use super::pulse::Phase;
use super::remote::{Mail, Remote};
use super::replaced::Replaced;
use super::table::KEPT;
use super::task::{JoinHandle, TaskRef, Waiter};
use crate::hub::exit::Exit;

/// The hub looks outside after this many resumptions at the latest …
const RESUMPTIONS: u32 = 1024;
/// … or after this much time, or one resumption that takes longer.
const TIME: Duration = Duration::from_millis(2);
/// Asking for the time costs more than a resumption. So it is asked after the first one of a turn,
/// then after two more, four more, up to this many, and as often as at the beginning again whenever
/// …
const LONGEST_STRETCH: u32 = 64;
/// … what lay between two askings took this long.
const SLOW: Duration = Duration::from_micros(100);

/// So many calls that came by mail may stand on each other's stack, when they wait in place.
const DEEPEST_MAIL: u32 = 64;

/// Why [`Hub::run_until`] came back.
pub(crate) enum RunEnd {
    /// The task that it ran for is done.
    Done,
    /// Somebody stopped the hub.
    Stopped,
    /// The process was forked: the hub is the parent's.
    Forked,
    /// Nothing can ever wake anything; the report says who waits for what.
    Deadlock(String),
}

impl Hub {
    /// Runs the call of `closure` as a green thread until it has its result. It may borrow from the
    /// caller's frame.
    #[expect(unsafe_code, reason = "the main thread borrows from its caller")]
    pub(crate) fn run_scoped<F, G, T>(self: &Rc<Self>, closure: F) -> Result<Result<T, Exit>, RunEnd>
    where
        F: FnOnce() -> G,
        G: Future<Output = T>,
    {
        let id = self.scheduler.tasks.borrow_mut().next_id();
        // SAFETY: `Guard` sees to it that the task is done, and its result taken, before this
        // function is left, however it is left; what `closure` borrows outlives this call.
        let (task, outcome) = unsafe { TaskRef::allocate_scoped(&self.remote, id, closure) };
        let main = Guard { hub: self, task, outcome };
        main.task.set_main();
        self.scheduler.tasks.borrow_mut().insert(main.task.clone());
        self.schedule(&main.task);
        match self.run_until(Some(&main.task)) {
            RunEnd::Done => Ok(main.outcome.take().expect("nobody else has the right to the result")),
            ended => Err(ended),
        }
    }

    /// Takes turns until `main` is done (`None`: until the hub is stopped).
    pub(crate) fn run_until(self: &Rc<Self>, main: Option<&TaskRef>) -> RunEnd {
        let is_done = || main.is_some_and(TaskRef::is_done);
        // It may have been stopped before it ran.
        self.collect_mail();
        loop {
            self.scheduler.pauses.set(false);
            self.pulse.turns.add(1);
            if self.scheduler.stopped.take() {
                return RunEnd::Stopped;
            }
            // What lies outside may have ended it: a waker of somebody else's can do anything.
            if !is_done() && !self.is_forked() {
                self.resume_ready();
            }
            if is_done() {
                // A stop that was asked for meanwhile was meant for this run.
                self.scheduler.stopped.set(false);
                return RunEnd::Done;
            }
            if self.is_forked() {
                return RunEnd::Forked;
            }
            if !self.look_outside(main.is_some()) {
                return RunEnd::Deadlock(self.report_deadlock());
            }
        }
    }

    /// Resumes what is ready, first come first served, for a bounded number of resumptions and a
    /// bounded time.
    fn resume_ready(self: &Rc<Self>) {
        let mut watch = TurnWatch::begin(self.scheduler.is_slow.get().then(|| self.now()));
        let mut stretch = 1;
        let mut left = RESUMPTIONS;
        while left > 0 {
            for _ in 0..stretch {
                let Some(task) = self.scheduler.ready.pop() else { return };
                self.resume(&task);
                if self.scheduler.pauses.get() {
                    return;
                }
            }
            left = left.saturating_sub(stretch);
            // One that was alone and is done needs no clock.
            if self.scheduler.ready.is_empty() {
                return;
            }
            match watch.ask(self.now()) {
                Pace::Over => return self.scheduler.is_slow.set(true),
                Pace::Slow => stretch = 1,
                Pace::Quick => stretch = (2 * stretch).min(LONGEST_STRETCH),
            }
        }
        self.scheduler.is_slow.set(false);
    }

    /// Mail, then I/O, then timers: a timeout never beats data that had already arrived. Sleeps if
    /// nothing is ready.
    ///
    /// `false` says that there was nothing to wait for, and never will be.
    fn look_outside(self: &Rc<Self>, must_progress: bool) -> bool {
        self.pulse.running.set(0);
        self.collect_mail();
        self.settle_timers();
        let is_idle = self.scheduler.ready.is_empty()
            && self.scheduler.idlers.borrow().is_empty()
            && !self.scheduler.stopped.get();
        if is_idle && must_progress && self.is_deadlocked() {
            return false;
        }
        self.wait_for_io(is_idle);
        self.collect_mail();
        self.fire_timers();
        self.notify_idler();
        true
    }

    /// What lies outside, for a call that is waited for in place: nobody is resumed, and whoever is
    /// ready counts for nothing.
    ///
    /// `false` says that nothing will ever wake it.
    pub(super) fn look_outside_for(self: &Rc<Self>, is_woken: impl Fn() -> bool) -> bool {
        self.collect_mail();
        self.open_mail();
        self.settle_timers();
        if !is_woken() && self.is_deadlocked_in_place() {
            return false;
        }
        self.wait_for_io_unless(&is_woken);
        self.collect_mail();
        self.fire_timers();
        true
    }

    /// Nothing is ready: one of those who wait for that goes on.
    fn notify_idler(&self) {
        if self.scheduler.ready.is_empty() {
            let idler = self.scheduler.idlers.borrow_mut().notify_first();
            idler.into_iter().for_each(|idler| self.wake(idler));
        }
    }

    #[inline]
    fn collect_mail(self: &Rc<Self>) {
        if self.remote.has_mail() {
            self.collect_what_came();
        }
    }

    #[cold]
    fn collect_what_came(self: &Rc<Self>) {
        let collected = self.remote.collect();
        self.pulse.mail.add(collected.len() as u64);
        self.scheduler.mail.borrow_mut().extend(collected);
        self.open_mail();
    }

    /// What comes with a call may wait in place, and then opens what lies behind that: maybe it
    /// waits for just this. From some depth on it leaves the calls to those further up the stack.
    fn open_mail(self: &Rc<Self>) {
        let depth = self.scheduler.mail_depth.get();
        let _restored = Replaced::new(&self.scheduler.mail_depth, depth + 1);
        while let Some(mail) = self.next_mail(depth < DEEPEST_MAIL) {
            match mail {
                Mail::Wake(waker) => waker.wake(),
                Mail::Call(call) => call(),
                Mail::Stop => self.stop(),
            }
        }
    }

    fn next_mail(&self, may_call: bool) -> Option<Mail> {
        let mut mail = self.scheduler.mail.borrow_mut();
        let next = if may_call {
            mail.pop_front()
        } else {
            let place = mail.iter().position(|mail| !matches!(mail, Mail::Call(_)));
            place.and_then(|place| mail.remove(place))
        };
        if mail.is_empty() && mail.capacity() > KEPT {
            *mail = VecDeque::new();
        }
        next
    }

    fn wait_for_io(&self, is_idle: bool) {
        self.wait_for_events(is_idle, || self.scheduler.ready.is_empty());
    }

    /// The same where only one thing is waited for.
    fn wait_for_io_unless(&self, is_woken: impl Fn() -> bool) {
        self.wait_for_events(!is_woken(), || !is_woken());
    }

    #[inline(always)]
    fn wait_for_events(&self, is_idle: bool, is_still_idle: impl Fn() -> bool) {
        let deadline = if is_idle { self.time.timers.borrow().next_deadline() } else { None };
        if !is_idle {
            return self.poll_io(Some(Duration::ZERO));
        }
        self.give_back_room();
        if let Some(deadline) = deadline {
            let left = deadline.saturating_sub(self.now());
            if left.is_zero() {
                self.poll_io(Some(Duration::ZERO));
            } else if self.can_skip_time() {
                self.poll_io(Some(Duration::ZERO));
                if is_still_idle() && !self.remote.has_mail() {
                    self.advance_clock(deadline);
                }
            } else {
                let wake = self.time.timers.borrow().next_wake().unwrap_or(deadline);
                self.sleep(Some(wake.saturating_sub(self.now())));
            }
        } else {
            self.sleep(None);
        }
    }

    /// After a peak, and when there is nothing else to do: the tables become smaller.
    #[inline]
    fn give_back_room(&self) {
        if self.scheduler.tasks.borrow().is_roomy() {
            self.scheduler.tasks.borrow_mut().close_up();
        }
        if self.time.timers.borrow().is_roomy() {
            self.time.timers.borrow_mut().shrink();
        }
        if self.reactor.sources.borrow().is_roomy() {
            self.reactor.sources.borrow_mut().shrink();
        }
    }

    /// May a virtual clock jump? Not while another OS thread is at work for this hub.
    fn can_skip_time(&self) -> bool {
        self.scheduler.jobs.get() == 0 && self.has_virtual_clock()
    }

    fn advance_clock(&self, deadline: Duration) {
        self.time.clock.borrow().advance_to(deadline);
    }

    fn sleep(&self, timeout: Option<Duration>) {
        if self.remote.before_sleep() {
            self.pulse.sleeps.add(1);
            let phase = self.pulse.phase();
            self.pulse.set_phase(Phase::Sleeps);
            self.poll_io(timeout);
            self.pulse.set_phase(phase);
            self.remote.after_sleep();
        }
    }

    /// Asks the poller, and wakes whoever waited for what it found: collected first, woken after.
    fn poll_io(&self, timeout: Option<Duration>) {
        if timeout == Some(Duration::ZERO) && self.reactor.sources.borrow().len() == 0 {
            return;
        }
        let mut events = std::mem::take(&mut *self.reactor.events.borrow_mut());
        let mut woken = std::mem::take(&mut *self.reactor.woken.borrow_mut());
        if let Err(error) = self.reactor.poller.borrow_mut().wait(&mut events, timeout) {
            panic!("the hub cannot wait for the operating system: {error}");
        }
        self.pulse.events.add(events.len() as u64);
        let is_edge = self.reactor.is_edge.get();
        let mut sources = self.reactor.sources.borrow_mut();
        for event in &events {
            sources.deliver(event, is_edge, |waiter| {
                if let Some(waiter) = self.try_wake(waiter) {
                    woken.push(waiter);
                }
            });
        }
        drop(sources);
        woken.drain(..).for_each(|waiter| self.wake(waiter));
        events.clear();
        if events.capacity() > KEPT {
            events.shrink_to(KEPT);
        }
        *self.reactor.events.borrow_mut() = events;
        self.keep_woken(woken);
    }

    /// The time of those timers begins that wait for this look.
    pub(super) fn settle_timers(&self) {
        if self.time.timers.borrow().has_fresh() {
            let now = self.now();
            self.time.timers.borrow_mut().settle(now);
        }
    }

    /// Wakes those whose time has come, at one reading of the clock, the earliest deadline first.
    fn fire_timers(&self) {
        if self.time.timers.borrow().len() == 0 {
            return;
        }
        let mut due = std::mem::take(&mut *self.reactor.woken.borrow_mut());
        let now = self.now();
        self.time.timers.borrow_mut().fire(now, &mut due);
        self.pulse.timers.add(due.len() as u64);
        due.drain(..).for_each(|waiter| self.wake(waiter));
        self.keep_woken(due);
    }

    /// Keeps the list for its memory, unless that is a lot.
    #[inline]
    fn keep_woken(&self, mut woken: Vec<Waiter>) {
        if woken.capacity() > KEPT {
            woken.shrink_to(KEPT);
        }
        *self.reactor.woken.borrow_mut() = woken;
    }

    fn report_deadlock(self: &Rc<Self>) -> String {
        let threads = self.describe_threads();
        format!(
            "deadlock: every green thread waits, and nothing is left that could wake one\n{threads}\
             note: there is no timer, no descriptor, no job on another OS thread and no handle or waker elsewhere"
        )
    }

    /// What only a running hub brings is waited for: that must not be where none runs.
    ///
    /// # Panics
    ///
    /// If `waiter` stands for the waker of another executor and this hub does not run.
    #[inline]
    pub(crate) fn expect_to_run(&self, waiter: &Waiter) {
        if self.scheduler.runs.get().is_none() && waiter.is_stand_in() {
            does_not_run();
        }
    }

    /// Says that `run` is at work until the guard is dropped.
    #[track_caller]
    pub(crate) fn begin_run(self: &Rc<Self>) -> Running {
        let here = Location::caller();
        let outer = self.scheduler.runs.get();
        if outer.is_some() || self.current().is_some() {
            let thread = self.current().map_or_else(|| "a green thread".to_owned(), |task| name_of(&task));
            let since = outer.map(|line| format!(", since {line}")).unwrap_or_default();
            panic!(
                "`run` was called inside a green thread\n\
                 note: {thread} called it, at {here}\n\
                 note: this OS thread's hub runs already{since}\n\
                 help: make the call directly from a `#[green]` function, or `spawn` it"
            );
        }
        self.scheduler.runs.set(Some(here));
        self.pulse.set_phase(Phase::Runs);
        Running(self.clone())
    }

    /// Says that the hub is at work in place, until the guard is dropped.
    pub(super) fn run_in_place(self: &Rc<Self>, caller: &'static Location<'static>) -> Option<Running> {
        let is_first = self.scheduler.runs.get().is_none();
        is_first.then(|| {
            self.scheduler.runs.set(Some(caller));
            self.pulse.set_phase(Phase::Runs);
            Running(self.clone())
        })
    }

    /// Nothing is ready. Is there anything left that could wake a thread?
    fn is_deadlocked(&self) -> bool {
        self.time.timers.borrow().next_deadline().is_none()
            && self.scheduler.jobs.get() == 0
            && !self.reactor.sources.borrow().has_waiter()
            && Remote::is_beyond_reach(&self.remote)
    }

    /// Is there anything left that could wake a call that is waited for in place? What wakes a
    /// green thread lets nobody go on.
    fn is_deadlocked_in_place(&self) -> bool {
        self.scheduler.jobs.get() == 0
            && Remote::is_beyond_reach(&self.remote)
            && !self.time.timers.borrow().has_stand_in()
            && !self.reactor.sources.borrow().has_stand_in()
    }
}

/// How long a turn has taken.
///
/// It goes by the hub's clock: where that stands still, as a virtual one does while anything can
/// run, a turn ends by its count alone, and so in the same place in every run.
struct TurnWatch {
    began: Option<Duration>,
    asked: Option<Duration>,
}

enum Pace {
    Quick,
    Slow,
    /// The turn has had its time.
    Over,
}

impl TurnWatch {
    /// Where resumptions were slow of late, the first of this turn counts as well.
    fn begin(now_if_slow: Option<Duration>) -> Self {
        TurnWatch { began: now_if_slow, asked: now_if_slow }
    }

    #[inline(never)]
    fn ask(&mut self, now: Duration) -> Pace {
        let began = *self.began.get_or_insert(now);
        let asked = self.asked.replace(now).unwrap_or(now);
        if now.saturating_sub(began) >= TIME {
            Pace::Over
        } else if now.saturating_sub(asked) >= SLOW {
            Pace::Slow
        } else {
            Pace::Quick
        }
    }
}

#[cold]
fn does_not_run() -> ! {
    panic!(
        "a green call waits for its hub, and that does not run\n\
         note: another executor drives the call, outside `run`; nothing would ever resume it\n\
         help: enter green code with `eventlet::run`"
    )
}

/// Ends the task of [`Hub::run_scoped`] with its caller's frame.
struct Guard<'a, T> {
    hub: &'a Rc<Hub>,
    task: TaskRef,
    outcome: JoinHandle<T>,
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.hub.kill_now(&self.task);
        drop(self.outcome.take());
    }
}

/// `run` is at work.
pub(crate) struct Running(Rc<Hub>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.scheduler.runs.set(None);
        self.0.pulse.running.set(0);
        self.0.pulse.set_phase(Phase::Outside);
    }
}
