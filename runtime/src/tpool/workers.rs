//! OS threads that take calls from one queue.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, PoisonError};
use std::task::Waker;

use crate::loom::{Condvar, Mutex, MutexGuard, thread};

/// A call to make, or to give up.
pub(super) type Call = Box<dyn FnOnce(Turn) + Send>;

/// What has become of a call in line.
pub(super) enum Turn {
    /// It is to be made, here and now.
    Come,
    /// No OS thread is there to make it, and none can be started.
    Never(io::Error),
}

/// The queue, and the OS threads that serve it.
pub(super) struct Workers {
    state: Mutex<State>,
    /// There is a call, or a reason to end.
    news: Condvar,
}

/// The workers end with their last handle on this side: that of a pool, or of a call that somebody
/// waits for.
pub(super) struct Owned(Arc<Workers>);

impl Owned {
    pub(super) fn new(limit: usize) -> Rc<Self> {
        Rc::new(Owned(Workers::new(limit)))
    }

    pub(super) fn get(&self) -> &Arc<Workers> {
        &self.0
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.close();
    }
}

struct State {
    calls: VecDeque<Call>,
    limit: usize,
    threads: usize,
    idle: usize,
    /// How many of the OS threads are to end when there are no calls.
    retiring: usize,
    is_closed: bool,
    /// Who waits for an end, of calls or of threads.
    waiting: BTreeMap<Place, Waker>,
    places_made: u64,
}

/// The place of somebody who waits for an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u64);

/// What somebody waits for the end of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Calls,
    Threads,
}

impl State {
    fn unfinished(&self) -> usize {
        self.calls.len() + self.threads - self.idle
    }

    fn has_ended(&self, what: What) -> bool {
        self.unfinished() == 0 && (what == What::Calls || self.retiring == 0)
    }
}

impl Workers {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        let state = State {
            calls: VecDeque::new(),
            limit,
            threads: 0,
            idle: 0,
            retiring: 0,
            is_closed: false,
            waiting: BTreeMap::new(),
            places_made: 0,
        };
        Arc::new(Workers { state: Mutex::new(state), news: Condvar::new() })
    }

    /// How many OS threads there may be.
    pub(super) fn limit(&self) -> usize {
        self.state().limit
    }

    /// How many OS threads there are.
    pub(super) fn threads(&self) -> usize {
        self.state().threads
    }

    /// How many calls are in line or at work.
    pub(super) fn unfinished(&self) -> usize {
        self.state().unfinished()
    }

    /// Sets how many OS threads there may be. Those that are too many end when they are idle.
    pub(super) fn set_limit(self: &Arc<Self>, limit: usize) {
        self.state().limit = limit;
        self.news.notify_all();
        self.start_what_is_needed();
    }

    /// Puts a call at the end of the queue. If no OS thread is there to make it, and none can be
    /// started, it gets that error before this returns.
    pub(super) fn submit(self: &Arc<Self>, call: Call) {
        self.state().calls.push_back(call);
        self.news.notify_one();
        self.start_what_is_needed();
    }

    fn start_what_is_needed(self: &Arc<Self>) {
        loop {
            match self.start_one_if_needed() {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return self.give_up(&error),
            }
        }
    }

    /// No OS thread can be started. If there are others, they make the calls; if there is none,
    /// nobody ever would.
    fn give_up(&self, error: &io::Error) {
        let mut state = self.state();
        let calls = if state.threads == 0 { std::mem::take(&mut state.calls) } else { VecDeque::new() };
        drop(state);
        for call in calls {
            // A destructor of what the call has captured may panic, and the next one is to get the
            // error as well.
            let _ = catch_unwind(AssertUnwindSafe(|| call(Turn::Never(no_thread(error)))));
        }
        self.tell();
    }

    /// Lets the OS threads end; calls that have not begun are dropped.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        let calls = std::mem::take(&mut state.calls);
        drop(state);
        drop(calls);
        self.news.notify_all();
    }

    /// Lets the OS threads that there are end when there are no calls; others are started for later
    /// ones.
    pub(super) fn retire(&self) {
        let mut state = self.state();
        state.retiring = state.threads;
        drop(state);
        self.news.notify_all();
    }

    /// Has it ended? If not, the waker will be called when it may have; whoever has a place
    /// [leaves](Self::leave) it.
    pub(super) fn have_ended(&self, what: What, place: &mut Option<Place>, waker: Waker) -> bool {
        let mut state = self.state();
        if state.has_ended(what) {
            return true;
        }
        let place = *place.get_or_insert_with(|| {
            state.places_made += 1;
            Place(state.places_made)
        });
        let before = state.waiting.insert(place, waker);
        drop(state);
        drop(before);
        false
    }

    /// Whoever has this place waits no more.
    pub(super) fn leave(&self, place: Place) {
        let waker = self.state().waiting.remove(&place);
        drop(waker);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those who wait for an end, if there is one.
    fn tell(&self) {
        let mut state = self.state();
        let waiting =
            if state.unfinished() == 0 { std::mem::take(&mut state.waiting) } else { BTreeMap::new() };
        drop(state);
        waiting.into_values().for_each(Waker::wake);
    }

    /// Says whether one was started.
    fn start_one_if_needed(self: &Arc<Self>) -> io::Result<bool> {
        let mut state = self.state();
        if state.calls.len() <= state.idle || state.threads >= state.limit {
            return Ok(false);
        }
        state.threads += 1;
        // Counted as idle until it takes a call, so that nobody starts another one for the same
        // call.
        state.idle += 1;
        drop(state);
        let workers = self.clone();
        let started = thread::Builder::new().name("eventlet-tpool".to_owned()).spawn(move || workers.serve());
        if let Err(error) = started {
            let mut state = self.state();
            state.threads -= 1;
            state.idle -= 1;
            return Err(error);
        }
        Ok(true)
    }

    /// What each OS thread does.
    fn serve(&self) {
        while let Some(call) = self.next_call() {
            // A call keeps its own panic; this is for the destructor of what nobody waited for.
            let _ = catch_unwind(AssertUnwindSafe(|| call(Turn::Come)));
            self.state().idle += 1;
            self.tell();
        }
        self.tell();
    }

    fn next_call(&self) -> Option<Call> {
        let mut state = self.state();
        loop {
            // One always stays while there are calls, so that none is left behind when the limit
            // becomes zero.
            let is_extra = state.threads > state.limit.max(1);
            if !state.is_closed
                && !is_extra
                && let Some(call) = state.calls.pop_front()
            {
                state.idle -= 1;
                return Some(call);
            }
            if state.is_closed || state.threads > state.limit || state.retiring > 0 {
                state.retiring = state.retiring.saturating_sub(1);
                state.threads -= 1;
                state.idle -= 1;
                return None;
            }
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The same error, for one call of several, with what could not be done.
fn no_thread(error: &io::Error) -> io::Error {
    let cause = error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
    io::Error::new(error.kind(), NoThread(cause))
}

/// Why a call is not made.
#[derive(Debug)]
struct NoThread(io::Error);

impl fmt::Display for NoThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot start an OS thread for a blocking call: {}", self.0)
    }
}

impl Error for NoThread {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
