//! Calls that are waited for in place: their caller cannot suspend, and so nobody else is resumed
//! meanwhile.
//!
//! Such a call is a subtask that stands alone. What it waits for wakes the subtask, and until that
//! has happened the hub looks outside, again and again. Whoever else is woken by that runs when the
//! caller is done.

use std::any::type_name;
use std::future::Future;
use std::panic::Location;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use super::Hub;
use super::current::{FULL_BUDGET, replace_budget};
use super::observe::backtrace::{Backtrace, note_call};
use super::subtask::SubtaskQueue;
use super::task::Subtask;

/// A subtask that nobody but the caller drives.
struct Alone {
    queue: Rc<SubtaskQueue>,
    subtask: Subtask,
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.subtask.end();
        self.queue.clear();
    }
}

/// Says while it lives that a call is waited for in place.
struct InPlace<'a> {
    hub: &'a Hub,
    was: bool,
}

impl Drop for InPlace<'_> {
    fn drop(&mut self) {
        self.hub.scheduler.is_in_place.set(self.was);
    }
}

impl Hub {
    /// Is a call waited for in place, so that no other thread is resumed before it is over?
    pub(crate) fn is_in_place(&self) -> bool {
        self.scheduler.is_in_place.get()
    }

    /// Is somebody at work who could not be resumed if a call suspended? If not, a call can just be
    /// run.
    pub(crate) fn is_at_work(&self) -> bool {
        self.scheduler.runs.get().is_some() || self.current().is_some()
    }

    /// Drives a call to its end without leaving its caller.
    ///
    /// # Panics
    ///
    /// If nothing is left that could wake it: with a report, like any deadlock.
    pub(crate) fn wait_in_place<F: Future>(
        self: &Rc<Self>,
        call: F,
        caller: &'static Location<'static>,
    ) -> F::Output {
        let _apart = self.apart();
        let _runs = self.run_in_place(caller);
        let _in_place = InPlace { hub: self, was: self.scheduler.is_in_place.replace(true) };
        let queue = SubtaskQueue::new();
        let id = self.current().map_or(0, |task| task.id());
        let alone = Alone { subtask: Subtask::new(&self.remote, id, &queue), queue };
        let mut call = pin!(call);
        let mut is_told = false;
        loop {
            replace_budget(FULL_BUDGET);
            if let Poll::Ready(value) = alone.subtask.with_context(|cx| call.as_mut().poll(cx)) {
                return value;
            }
            let is_woken = || alone.queue.has_ready();
            let mut is_stuck = false;
            while !is_woken() && !is_stuck {
                is_stuck = !self.look_outside_for(is_woken);
            }
            if is_stuck || (self.observe.is_watched.get() && !is_told) {
                is_told = true;
                let mut early = Poll::Pending;
                let place = self.find(|| {
                    note_call(type_name::<F>(), caller);
                    early = alone.subtask.with_trace(|cx| call.as_mut().poll(cx));
                });
                // It waited for something of another executor, which was there.
                if let Poll::Ready(value) = early {
                    return value;
                }
                if is_stuck && !is_woken() {
                    panic!("{}", self.report_stuck(&place));
                }
                self.tell_in_place(&place);
            }
            alone.queue.take_ready();
        }
    }

    fn report_stuck(self: &Rc<Self>, place: &Backtrace) -> String {
        let here = place.describe(&self.name_of_current());
        let threads = self.describe_threads();
        format!(
            "deadlock: a call is waited for in place, and nothing is left that could wake it\n{here}{threads}\
             note: the other green threads are not resumed meanwhile, ready or not\n\
             help: make the function that waits `#[green]`, or let nobody else hold what it waits for"
        )
    }
}
