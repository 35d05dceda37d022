//! Who wants to know of every switch: `EVENTLET_TRACE=1`, a `tracing` subscriber, a test, or
//! whoever looks for a thread that keeps the hub too long.
//!
//! While nobody does, a suspension pays for one branch. The place is found by a trace poll (see
//! `backtrace.rs`), after the thread has suspended.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::backtrace::Backtrace;
use crate::hub::Hub;
use crate::hub::observe::stderr::say;
use crate::hub::task::{Progress, TaskRef};

/// What is done with a switch.
pub(in crate::hub) struct Watch {
    /// `EVENTLET_TRACE=1`: every switch is a line on stderr.
    prints: bool,
    /// Whoever keeps the hub for longer is reported.
    limit: Cell<Option<Duration>>,
    /// A test collects the places.
    points: RefCell<Option<Vec<Suspended>>>,
    /// Threads that will be resumed only because they were looked at: their next suspension is no
    /// news.
    traced: RefCell<Vec<u64>>,
    /// Threads that have ended while one was looked at, which is told first.
    ended: RefCell<Option<Vec<String>>>,
    is_on: Cell<bool>,
}

/// A place at which a thread has suspended.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Suspended {
    /// The green function.
    pub(crate) function: String,
    /// The line in it. An `.await` of something outside eventlet has none.
    pub(crate) line: Option<&'static Location<'static>>,
    /// What it waited for.
    pub(crate) wait: String,
}

impl Watch {
    pub(in crate::hub) fn from_environment() -> Self {
        let prints =
            std::env::var_os("EVENTLET_TRACE").is_some_and(|value| !value.is_empty() && value != "0");
        Watch {
            prints,
            limit: Cell::new(None),
            points: RefCell::default(),
            traced: RefCell::default(),
            ended: RefCell::default(),
            is_on: Cell::new(prints),
        }
    }

    pub(in crate::hub) fn is_on(&self) -> bool {
        self.is_on.get() || self.limit.get().is_some() || has_subscriber()
    }

    /// Is this the suspension that follows on a trace poll?
    fn is_old_news(&self, id: u64) -> bool {
        let mut traced = self.traced.borrow_mut();
        let index = traced.iter().position(|traced| *traced == id);
        index.map(|index| traced.swap_remove(index)).is_some()
    }
}

impl Hub {
    /// A thread has suspended, and somebody wants to know where.
    #[cold]
    pub(in crate::hub) fn tell_suspended(self: &Rc<Self>, task: &TaskRef) {
        if self.observe.watch.is_old_news(task.id()) {
            return;
        }
        let outer = self.observe.watch.ended.replace(Some(Vec::new()));
        let place = self.backtrace_of(task);
        let ended = self.observe.watch.ended.replace(outer).unwrap_or_default();
        let Some(place) = place else { return };
        if !place.is_settled() && !task.is_done() {
            self.observe.watch.traced.borrow_mut().push(task.id());
        }
        let suspended = Suspended::new(&place);
        if self.observe.watch.prints {
            say!("eventlet: {} {suspended}", super::backtrace::name_of(task));
        }
        ended.iter().for_each(|name| say!("eventlet: {name} ends"));
        emit(task, &suspended);
        if let Some(points) = &mut *self.observe.watch.points.borrow_mut() {
            points.push(suspended);
        }
    }

    /// A call is waited for in place, and somebody wants to know where.
    #[cold]
    pub(in crate::hub) fn tell_in_place(&self, place: &Backtrace) {
        if self.observe.watch.prints {
            let suspended = Suspended::new(place).to_string();
            let stays = suspended.strip_prefix("suspends").unwrap_or(&suspended);
            say!("eventlet: {} stays in place{stays}", self.name_of_current());
        }
    }

    /// The running thread, for messages.
    pub(in crate::hub) fn name_of_current(&self) -> String {
        self.current()
            .map_or_else(|| "code in no green thread".to_owned(), |task| super::backtrace::name_of(&task))
    }

    /// A thread has ended, and somebody wants to know.
    #[cold]
    pub(in crate::hub) fn tell_ended(&self, task: &TaskRef) {
        if !self.observe.watch.prints {
            return;
        }
        let name = super::backtrace::name_of(task);
        match &mut *self.observe.watch.ended.borrow_mut() {
            Some(ended) => ended.push(name),
            None => say!("eventlet: {name} ends"),
        }
    }

    /// From now on whoever keeps the hub for longer than `limit` is reported.
    pub(crate) fn detect_blocking(&self, limit: Option<Duration>) {
        self.observe.watch.limit.set(limit);
        self.update_watched();
    }

    /// Resumes a task while somebody watches.
    #[cold]
    pub(in crate::hub) fn resume_watched(self: &Rc<Self>, task: &TaskRef) -> Progress {
        let Some(limit) = self.observe.watch.limit.get() else { return task.resume() };
        let from = self.line_of(task);
        let began = Instant::now();
        let progress = task.resume();
        let taken = began.elapsed();
        if taken > limit && progress != Progress::Nothing {
            let to = self.line_of(task);
            report_blocking(&super::backtrace::name_of(task), taken, from, to, task.is_done());
        }
        progress
    }

    /// Where a suspended task stands in the user's code.
    fn line_of(self: &Rc<Self>, task: &TaskRef) -> Option<&'static Location<'static>> {
        self.backtrace_of(task).and_then(|place| place.users_line())
    }

    /// From now on every suspension is kept, until [`take_points`](Self::take_points).
    pub(crate) fn keep_points(&self) {
        *self.observe.watch.points.borrow_mut() = Some(Vec::new());
        self.observe.watch.is_on.set(true);
        self.update_watched();
    }

    /// What was kept, in the order in which it happened.
    pub(crate) fn take_points(&self) -> Vec<Suspended> {
        let points = self.observe.watch.points.take().unwrap_or_default();
        self.observe.watch.is_on.set(self.observe.watch.prints);
        self.update_watched();
        points
    }
}

fn report_blocking(
    name: &str,
    taken: Duration,
    from: Option<&'static Location<'static>>,
    to: Option<&'static Location<'static>>,
    is_done: bool,
) {
    let from = from.map_or("it began then".to_owned(), |line| format!("it went on at {line}"));
    let to = match to {
        _ if is_done => "it ended then".to_owned(),
        Some(line) => format!("it suspended at {line}"),
        None => "it suspended outside eventlet".to_owned(),
    };
    say!(
        "eventlet: {name} kept the hub for {taken:.3?}\n\
         note: {from}\n\
         note: {to}\n\
         help: give what computes or blocks to `eventlet::tpool::execute`, \
         or let others run with `sleep(Duration::ZERO)`"
    );
}

impl Suspended {
    fn new(place: &Backtrace) -> Self {
        let (function, line) = place.users_place();
        Suspended { function, line, wait: place.wait().to_owned() }
    }
}

impl fmt::Display for Suspended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("suspends")?;
        if !self.function.is_empty() {
            write!(f, " in {}", self.function)?;
        }
        if let Some(line) = self.line {
            write!(f, " at {line}")?;
        }
        write!(f, ", and waits {}", self.wait)
    }
}

/// Would anybody receive an event?
#[cfg(feature = "tracing")]
#[inline]
pub(in crate::hub) fn has_subscriber() -> bool {
    tracing::enabled!(target: "eventlet", tracing::Level::TRACE)
}

#[cfg(not(feature = "tracing"))]
#[inline(always)]
pub(in crate::hub) fn has_subscriber() -> bool {
    false
}

#[cfg(feature = "tracing")]
fn emit(task: &TaskRef, suspended: &Suspended) {
    let (file, line) = suspended.line.map_or(("", 0), |line| (line.file(), line.line()));
    tracing::trace!(
        target: "eventlet",
        thread = task.id(),
        function = suspended.function,
        file,
        line,
        wait = suspended.wait,
        "a green thread suspends"
    );
}

#[cfg(not(feature = "tracing"))]
fn emit(_task: &TaskRef, _suspended: &Suspended) {}
