//! One hub per OS thread: it owns the green threads, and lets them take turns.
//!
//! ```text
//!  turn.rs        run_until: resume what is ready, then look outside: mail, I/O, timers
//!  lifecycle.rs   spawn, resume, kill, end              exit.rs      how a thread ended other than by returning
//!  task/          green threads in memory
//!  suspend.rs     the only place that waits             wait_queue/  first come, first served
//!  sources/       who waits for which descriptor        poller/      what asks the operating system
//!  timers/        who waits for which time              clock.rs     what time it is
//!  remote/        what other OS threads may touch       current.rs   the one thread-local
//!  observe/       where every suspended thread stands, and who wants to know of every switch
//!  pulse.rs       what other OS threads may read of a hub while it works
//!  extensions.rs  what libraries keep with a hub        subtask.rs   several calls that one thread drives
//!  flat.rs        kills that kill, in constant stack    exit_scope.rs  who hears of a kill
//!  branch.rs      what belongs to a branch alone        table.rs     entries by their numbers, and their memory after a peak
//!  waiter_cell.rs room for one who waits                replaced.rs  what is put back afterwards
//!  payload.rs     what a panic brings                   failed.rs    errors that name the operation
//!  in_place.rs    calls that are waited for where nobody can suspend
//!  begin.rs       a thread that begins in the middle of another's resumption
//!  same.rs        handles on one object, which say so
//! ```
//!
//! [`Hub`] has what these need in four parts: the [`Scheduler`], the [`Reactor`], the [`Time`], and
//! those that [`Observe`].
//!
//! | word | |
//! |---|---|
//! | task | a green thread in memory, in one allocation ([`task`]) |
//! | branch, subtask | one of several calls that one green thread drives, and what wakes it; the subtasks of a thread have a queue ([`subtask`]) |
//! | waiter | anything to wake: a thread, a subtask, or a foreign waker, which is that of another executor ([`task::Waiter`]) |
//! | registry | the green threads of a hub that have not ended, by number |
//! | turn | resuming ready tasks, then one look outside: mail, descriptors, timers ([`turn`]) |
//! | look outside | what tokio calls its park: the poller is asked, and sleeps if nothing is ready |
//! | ready queue | the scheduler's run queue, linked through the tasks |
//! | to schedule | to append a thread to the ready queue |
//! | to wake | to let a waiter go on: a thread is scheduled, a subtask queued, a foreign waker called, which is anybody's code |
//! | wait | a suspended call's place, with what gives it up ([`suspend::Wait`]) |
//! | wait list, ticket | a first come, first served wait queue, and a place in it; a wait has its place as a [`wait_queue::Queued`] |
//! | to notify | to tell a waiter that what it waits for may be there; it may still find that it is not |
//! | source, slot | a descriptor that the hub knows, and what it knows of it |
//! | generation | tells an event that is under way for a descriptor that has gone from one for the next in its slot |
//! | mail | what other OS threads have sent ([`remote`]) |
//! | to be killed, to hear of it | a task is marked at once; it hears when it is resumed, and ends there unless a `catch_exit` asks why |
//! | cold part | what few tasks have: links, joiners, names, contexts; allocated when the first of them is set |
//!
//! Nothing in here knows of sockets, pools or queues. What is built on a hub uses
//! [`suspend::until`], a [`wait_queue::Queued`] or a [`waiter_cell::WaiterCell`], a
//! [`sources::Source`], [`wake`], and the functions of [`Hub`].

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

#[cfg(feature = "http")]
pub(crate) mod begin;
pub(crate) mod branch;
pub(crate) mod clock;
pub(crate) mod current;
pub(crate) mod exit_scope;
pub(crate) mod exit;
pub(crate) mod failed;
mod in_place;
mod extensions;
pub(crate) mod lifecycle;
pub(crate) mod observe;
pub(crate) mod flat;
pub(crate) mod payload;
pub(crate) mod poller;
pub(crate) mod pulse;
pub(crate) mod remote;
pub(crate) mod same;
pub(crate) mod replaced;
pub(crate) mod sources;
pub(crate) mod suspend;
mod table;
pub(crate) mod subtask;
#[expect(unsafe_code, reason = "the memory of a task, its waker, and the queue of tasks")]
pub(crate) mod task;
pub(crate) mod timers;
pub(crate) mod turn;
pub(crate) mod wait_queue;
pub(crate) mod waiter_cell;

use clock::HubClock;
use exit_scope::ExitScope;
use extensions::Extensions;
use observe::backtrace::Collector;
use observe::trace::Watch;
use poller::fork;
use poller::none::{AFTER_THE_END, NoPoller};
use poller::{Poller, Readiness};
use pulse::{Phase, Pulse};
use remote::{Mail, Remote};
use sources::Sources;
use task::{CurrentTask, ReadyQueue, Registry, TaskRef, Tellers, Waiter};
use timers::Timers;
use wait_queue::WaitList;

use crate::greenthread::lost::HooksOwn;
use crate::loom::Arc;

/// The hub of one OS thread.
pub(crate) struct Hub {
    pub(crate) remote: Arc<Remote>,
    pub(crate) pulse: std::sync::Arc<Pulse>,
    pub(crate) scheduler: Scheduler,
    pub(crate) reactor: Reactor,
    pub(crate) time: Time,
    pub(crate) observe: Observe,
    /// Some task has, or had, a context to hand on.
    pub(crate) has_contexts: Cell<bool>,
    /// Some task has, or had, a value of its own.
    pub(crate) has_locals: Cell<bool>,
    pub(crate) extensions: Extensions,
    /// How errors that nobody asks for are shown, and to whom.
    pub(crate) tellers: Tellers,
    pub(crate) error_hook: HooksOwn,
    /// It is the copy of a parent's hub, in a process that was forked.
    is_forked: Cell<bool>,
}

/// Who there is, who is ready, who runs, and when to stop.
#[derive(Default)]
pub(crate) struct Scheduler {
    ready: ReadyQueue,
    tasks: RefCell<Registry>,
    current: CurrentTask,
    /// Threads that wait until nothing else is ready.
    pub(crate) idlers: RefCell<WaitList>,
    /// Jobs on other OS threads that will send mail.
    pub(crate) jobs: Cell<usize>,
    /// What has come and was not opened yet.
    mail: RefCell<VecDeque<Mail>>,
    /// How many are opening mail, further up the call stack.
    mail_depth: Cell<u32>,
    /// The innermost `catch_exit` whose call is being driven.
    exit_scope: Cell<Option<Rc<ExitScope>>>,
    /// The running thread was resumed to hear of a kill.
    delivers: Cell<bool>,
    /// The running thread was entered in the middle of a panic, which is another one's.
    within_panic: Cell<bool>,
    /// The running thread drives one of several branches just now, and a `catch_exit` stands around
    /// them all.
    shielded: Cell<bool>,
    /// The last turn found that resumptions take long: the next one looks at the clock from its
    /// beginning.
    is_slow: Cell<bool>,
    /// Where `run` was called, if it is at work further up the call stack.
    runs: Cell<Option<&'static Location<'static>>>,
    /// A call is waited for in place: nobody is resumed before it is over.
    is_in_place: Cell<bool>,
    stopped: Cell<bool>,
    /// Nobody is resumed before `run_until` has looked whether it is to return.
    pauses: Cell<bool>,
    /// Its OS thread is ending: nobody is resumed any more.
    is_ending: Cell<bool>,
}

/// The poller, and who waits for which descriptor.
pub(crate) struct Reactor {
    pub(crate) sources: RefCell<Sources>,
    pub(crate) poller: RefCell<Box<dyn Poller>>,
    pub(crate) is_edge: Cell<bool>,
    /// A short read or write means that there is nothing more to read or no more room.
    pub(crate) trusts_short_counts: Cell<bool>,
    /// Kept between turns for their memory.
    events: RefCell<Vec<Readiness>>,
    woken: RefCell<Vec<Waiter>>,
}

/// The clock, and what waits for a time.
pub(crate) struct Time {
    pub(crate) timers: RefCell<Timers>,
    clock: RefCell<HubClock>,
    /// The deadline of the innermost enclosing timeout that is over, while its call is asked a last
    /// time.
    pub(crate) expired: Cell<Option<Duration>>,
}

/// What sees what threads do.
pub(crate) struct Observe {
    collector: RefCell<Collector>,
    watch: Watch,
    /// Somebody wants to know where threads suspend: a thread itself, or what `watch` stands for.
    is_watched: Cell<bool>,
    /// Threads remember who spawned them.
    pub(crate) tracks_spawns: Cell<bool>,
}

/// The next time from `deadline` on that is a multiple of the largest power of two within a 256th
/// of the time until then, and of 2^20 at most; all in nanoseconds.
fn round(deadline: u64, time: u64) -> u64 {
    const MOST_BITS: u32 = 20;
    let Some(bits) = (time >> 8).checked_ilog2() else { return deadline };
    let rest = (1 << bits.min(MOST_BITS)) - 1;
    deadline.checked_add(rest).map_or(deadline, |time| time & !rest)
}

/// Wakes whoever waits; with the hub gone there is nobody. Nothing may be borrowed that code of
/// another executor could want.
// Out of line, once for all who wake: it stands in every get and put.
#[inline(never)]
pub(crate) fn wake(waiter: Waiter) {
    current::try_with(|hub| hub.wake(waiter));
}

/// Wakes all of them, in order.
pub(crate) fn wake_all(waiters: Vec<Waiter>) {
    current::try_with(|hub| waiters.into_iter().for_each(|waiter| hub.wake(waiter)));
}

impl Hub {
    /// # Panics
    ///
    /// If the operating system has no poller to give, or `EVENTLET_HUB` names one that does not
    /// exist.
    pub(crate) fn new() -> Rc<Hub> {
        fork::listen();
        let name = std::env::var("EVENTLET_HUB").unwrap_or_else(|_| "default".to_owned());
        let poller = poller::by_name(&name).unwrap_or_else(|| {
            panic!("EVENTLET_HUB names no hub: `{name}`\nnote: the hubs here are {}", poller::NAMES)
        });
        let poller = poller.unwrap_or_else(|error| panic!("the hub `{name}` cannot be made: {error}"));
        Hub::with_poller(poller, Pulse::of_this_thread())
    }

    /// A hub that only takes what it is given, and does nothing with it: for whoever asks for one
    /// when an OS thread's own has ended.
    pub(crate) fn after_the_end() -> Rc<Hub> {
        let hub = Hub::with_poller(Box::new(NoPoller::<AFTER_THE_END>), Pulse::unlisted());
        hub.remote.close();
        hub
    }

    fn with_poller(poller: Box<dyn Poller>, pulse: std::sync::Arc<Pulse>) -> Rc<Hub> {
        let watch = Watch::from_environment();
        let hub = Hub {
            remote: Arc::new(Remote::new()),
            pulse,
            scheduler: Scheduler::default(),
            reactor: Reactor {
                sources: RefCell::default(),
                poller: RefCell::new(poller),
                is_edge: Cell::new(true),
                trusts_short_counts: Cell::new(false),
                events: RefCell::default(),
                woken: RefCell::default(),
            },
            time: Time {
                timers: RefCell::new(Timers::new()),
                clock: RefCell::new(HubClock::real()),
                expired: Cell::new(None),
            },
            observe: Observe {
                collector: RefCell::default(),
                is_watched: Cell::new(watch.is_on()),
                watch,
                tracks_spawns: Cell::new(false),
            },
            has_contexts: Cell::new(false),
            has_locals: Cell::new(false),
            extensions: Extensions::default(),
            tellers: Tellers::default(),
            error_hook: HooksOwn::default(),
            is_forked: Cell::new(false),
        };
        hub.note_poller();
        #[cfg(not(loom))]
        crate::greenthread::lost::name_threads_in_panics();
        Rc::new(hub)
    }

    /// Puts another poller in the place of the present one.
    ///
    /// # Errors
    ///
    /// `ResourceBusy` if descriptors are registered with the present one.
    pub(crate) fn set_poller(&self, poller: Box<dyn Poller>) -> io::Result<()> {
        let registered = self.reactor.sources.borrow().len();
        if registered > 0 {
            let message =
                format!("{registered} descriptors are registered with the present hub; choose the hub first");
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, message));
        }
        let outgoing = self.reactor.poller.replace(poller);
        self.note_poller();
        drop(outgoing);
        Ok(())
    }

    /// Ends the poller. From here on a source may find no hub to tell that its descriptor is about
    /// to be closed, and whoever still has a handle on the hub may let it run: so nothing may watch
    /// any more.
    fn retire_poller(&self) {
        let outgoing = self.reactor.poller.replace(Box::new(poller::retired::Retired));
        drop(outgoing);
    }

    fn note_poller(&self) {
        let poller = self.reactor.poller.borrow();
        self.reactor.is_edge.set(poller.is_edge_triggered());
        self.reactor.trusts_short_counts.set(poller.is_edge_triggered() && poller.reports_hang_up());
        self.remote.set_notify(poller.notifier());
    }

    /// Puts another clock in the place of the present one, which comes back.
    pub(crate) fn replace_clock(&self, clock: HubClock) -> HubClock {
        self.settle_timers();
        self.time.timers.borrow_mut().restart();
        self.time.clock.replace(clock)
    }

    /// What the hub's clock says.
    pub(crate) fn now(&self) -> Duration {
        self.time.clock.borrow().now()
    }

    pub(crate) fn has_virtual_clock(&self) -> bool {
        self.time.clock.borrow().is_virtual()
    }

    /// The time of the hub's clock that is `duration` from now. Further than the clock reaches is
    /// never.
    pub(crate) fn deadline_in(&self, duration: Duration) -> Duration {
        self.now().saturating_add(duration)
    }

    /// A good time to be woken after `duration`: then, or later by less than a 256th of it and
    /// about a millisecond at most.
    ///
    /// Those that are due within such a moment are woken together. Sleeps are mostly long, and
    /// where they are many, to come back from the poller for each of them alone would cost more
    /// than all the rest of them does. A clock that is a test's own is taken at its word.
    ///
    /// In nanoseconds, as the timers have it.
    pub(crate) fn wake_in(&self, nanoseconds: u64) -> u64 {
        let clock = self.time.clock.borrow();
        let deadline = timers::nanoseconds(clock.now()).saturating_add(nanoseconds);
        if clock.is_real() { round(deadline, nanoseconds) } else { deadline }
    }

    /// Appends a green thread to the ready queue, unless it is there. Runs nothing.
    #[inline]
    pub(crate) fn schedule(&self, thread: &TaskRef) {
        if thread.mark_queued() {
            self.scheduler.ready.push(thread.clone());
        }
    }

    /// Wakes whoever waits: a thread is [scheduled](Self::schedule), a branch joins its thread's
    /// queue of subtasks, a foreign waker is called, which may be anybody's code.
    #[inline]
    pub(crate) fn wake(&self, waiter: Waiter) {
        if let Some(thread) = waiter.wake() {
            self.scheduler.ready.push(thread);
        }
    }

    /// The same for one that stays.
    #[inline]
    pub(crate) fn wake_by_ref(&self, waiter: &Waiter) {
        if let Some(thread) = waiter.wake_by_ref() {
            self.scheduler.ready.push(thread);
        }
    }

    /// Wakes a thread; any other waiter comes back, to be woken when nothing is borrowed.
    #[inline]
    fn try_wake(&self, waiter: Waiter) -> Option<Waiter> {
        match waiter.try_wake() {
            Ok(thread) => {
                self.scheduler.ready.push(thread);
                None
            }
            Err(waiter) => Some(waiter),
        }
    }

    /// The task that is being resumed, if one is.
    pub(crate) fn current(&self) -> Option<TaskRef> {
        self.scheduler.current.get()
    }

    pub(crate) fn stop(&self) {
        self.scheduler.stopped.set(true);
        self.scheduler.pauses.set(true);
    }

    pub(crate) fn thread_count(&self) -> usize {
        self.scheduler.tasks.borrow().len()
    }

    /// How many green threads it has made.
    pub(crate) fn spawned(&self) -> u64 {
        self.scheduler.tasks.borrow().made()
    }

    /// All that have not ended, in the order in which they were spawned.
    pub(crate) fn all_tasks(&self) -> Vec<TaskRef> {
        self.scheduler.tasks.borrow().all()
    }

    pub(crate) fn ready_count(&self) -> usize {
        self.scheduler.ready.count_up_to(usize::MAX)
    }

    /// Ends every green thread; for when the OS thread ends.
    pub(crate) fn shut_down(&self) {
        if self.is_forked() {
            return self.give_up();
        }
        self.remote.close();
        self.retire_poller();
        // A destructor may spawn more: those go the same way, a bounded number of times.
        for _ in 0..100 {
            let tasks = self.scheduler.tasks.borrow().all();
            if tasks.is_empty() {
                break;
            }
            tasks.iter().for_each(|task| self.kill_now(task));
        }
        self.scheduler.ready.clear();
        self.extensions.clear();
    }

    /// Shuts it down with its OS thread.
    pub(crate) fn end(&self) {
        self.scheduler.is_ending.set(true);
        self.pulse.set_phase(Phase::Ended);
        self.shut_down();
        self.give_up();
    }

    /// For when this is the last that is heard of the hub: green threads that multiplied faster
    /// than they were ended are forgotten with all that they hold. To drop it would make still more
    /// of them, without an end.
    fn give_up(&self) {
        let left = self.scheduler.tasks.borrow_mut().take_all();
        left.into_iter().for_each(TaskRef::abandon);
        self.scheduler.ready.clear();
    }

    /// The process was forked, and this is the child: what is shared with the parent is left alone
    /// from now on, and nobody is resumed. Asks for no memory and takes no lock.
    #[cfg(unix)]
    pub(crate) fn disown(&self) {
        self.is_forked.set(true);
        self.scheduler.pauses.set(true);
        if let Ok(mut poller) = self.reactor.poller.try_borrow_mut() {
            let refuses = Box::new(NoPoller::<{ poller::none::AFTER_A_FORK }>);
            // Not even dropped: that would take descriptors out of it.
            std::mem::forget(std::mem::replace(&mut *poller, refuses));
        }
    }

    pub(crate) fn is_forked(&self) -> bool {
        self.is_forked.get()
    }
}
