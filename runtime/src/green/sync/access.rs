//! Who may use what a lock guards: many that look, or one that changes it, from every OS thread.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::PoisonError;
use std::task::Waker;

use crate::loom::{Mutex, MutexGuard, const_unless_modelled};
use crate::sync::wait::{Attempt, suspend, wake_all};

/// What somebody wants to do with the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
}

/// A line of those who want in, first come, first served. Whoever is let in is in from that moment
/// on, on whatever OS thread it runs: nobody comes between.
pub(super) struct Access {
    state: Mutex<State>,
}

struct State {
    readers: usize,
    is_writing: bool,
    /// In the order in which they came.
    waiting: BTreeMap<u64, (Kind, Waker)>,
    /// Those who were let in and have not run since.
    let_in: BTreeSet<u64>,
    made: u64,
}

impl Access {
    const_unless_modelled! {
        /// Nobody is in, and nobody waits.
        pub(super) const fn new() -> Self {
            Access {
                state: Mutex::new(State {
                    readers: 0,
                    is_writing: false,
                    waiting: BTreeMap::new(),
                    let_in: BTreeSet::new(),
                    made: 0,
                }),
            }
        }
    }

    /// Waits to be let in. Suspends until it is this one's turn; not at all if nobody is in whom it
    /// would disturb, and nobody waits.
    pub(super) async fn enter(&self, kind: Kind) -> Held<'_> {
        suspend(Enter { access: self, kind, place: None }).await;
        Held { access: self, kind }
    }

    /// Lets in whoever asks if it disturbs nobody who is in, even if others wait.
    pub(super) fn try_enter(&self, kind: Kind) -> Option<Held<'_>> {
        let is_in = self.state().take(kind);
        is_in.then(|| Held { access: self, kind })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn leave(&self, kind: Kind) {
        let mut state = self.state();
        match kind {
            Kind::Read => state.readers -= 1,
            Kind::Write => state.is_writing = false,
        }
        self.let_in(state);
    }

    /// Lets in whoever can go in from the head of the line.
    fn let_in(&self, mut state: MutexGuard<'_, State>) {
        let mut woken = vec![];
        while let Some(waiting) = state.waiting.first_entry() {
            let (number, kind) = (*waiting.key(), waiting.get().0);
            if !state.take(kind) {
                break;
            }
            state.let_in.insert(number);
            woken.extend(state.waiting.remove(&number).map(|(_, waker)| waker));
        }
        drop(state);
        wake_all(woken);
    }
}

impl State {
    fn take(&mut self, kind: Kind) -> bool {
        let is_free = !self.is_writing && (kind == Kind::Read || self.readers == 0);
        match kind {
            Kind::Read if is_free => self.readers += 1,
            Kind::Write if is_free => self.is_writing = true,
            _ => {}
        }
        is_free
    }
}

/// A right to be in, given up when dropped.
pub(super) struct Held<'a> {
    access: &'a Access,
    kind: Kind,
}

impl Held<'_> {
    /// One that changes the value becomes one that looks, and nobody has changed it between.
    pub(super) fn downgrade(&mut self) {
        debug_assert_eq!(self.kind, Kind::Write);
        self.kind = Kind::Read;
        let mut state = self.access.state();
        state.is_writing = false;
        state.readers += 1;
        self.access.let_in(state);
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.access.leave(self.kind);
    }
}

struct Enter<'a> {
    access: &'a Access,
    kind: Kind,
    place: Option<u64>,
}

impl Attempt for Enter<'_> {
    type Output = ();

    fn attempt(&mut self, waker: &Waker) -> Option<()> {
        let waker = waker.clone();
        let mut state = self.access.state();
        let unused = match self.place {
            None if state.waiting.is_empty() && state.take(self.kind) => return Some(()),
            None => {
                state.made += 1;
                self.place = Some(state.made);
                let number = state.made;
                state.waiting.insert(number, (self.kind, waker))
            }
            Some(number) if state.let_in.remove(&number) => {
                self.place = None;
                return Some(());
            }
            Some(number) => state.waiting.insert(number, (self.kind, waker)),
        };
        drop(state);
        drop(unused);
        None
    }

    fn is_settled(&self) -> bool {
        self.place.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.kind == Kind::Read { "read" } else { "write" };
        write!(f, "to {verb} behind a lock of all OS threads")
    }
}

impl Drop for Enter<'_> {
    fn drop(&mut self) {
        let Some(number) = self.place else { return };
        let mut state = self.access.state();
        if state.let_in.remove(&number) {
            drop(state);
            return self.access.leave(self.kind);
        }
        let unused = state.waiting.remove(&number);
        // It may have held up those behind it.
        self.access.let_in(state);
        drop(unused);
    }
}
