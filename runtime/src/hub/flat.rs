//! What the end of one thing sets off, in constant native stack.
//!
//! A kill runs destructors and links, which may kill; what a result holds may be the last handle on
//! another result. Each of these would stand on the stack of the one before. So they are counted: a
//! few stand on each other, as ordinary calls do, and what the deepest of those sets off is put
//! into a line and worked off by it, first come first served, before it returns:
//!
//! ```text
//!   kill ─▶ kill ─▶ … ─▶ kill (the 64th)
//!                          │ sets off: ──▶ [ kill ][ result ][ kill ] …
//!                          ◀─────────────────┘ one after another
//! ```
//!
//! Hence nobody sees a difference who does not nest so deep, and whatever the outermost sets off is
//! over when it returns.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::current;
use super::payload::drop_payload;
use super::replaced::Replaced;
use super::task::TaskRef;

/// How many may stand on each other's stack.
const DEEPEST: u32 = 64;

/// The count and the line of one OS thread.
pub(super) struct Flat {
    depth: Cell<u32>,
    later: RefCell<VecDeque<Work>>,
}

/// What is put off until the deepest is done.
pub(crate) enum Work {
    /// End a thread, which has been told.
    Kill(TaskRef),
    /// Drop the result of a thread that has ended.
    Result(TaskRef),
    /// Drop something.
    Value(Box<dyn Any>),
}

impl Flat {
    pub(super) const fn new() -> Self {
        Flat { depth: Cell::new(0), later: RefCell::new(VecDeque::new()) }
    }

    /// Calls `now`, unless that would stand too deep: then what `later` makes is put off. A panic
    /// of `now` goes through.
    pub(super) fn nest<V>(&self, value: V, now: impl FnOnce(V), later: impl FnOnce(V) -> Work) {
        let depth = self.depth.get();
        if depth == DEEPEST {
            let work = later(value);
            self.later.borrow_mut().push_back(work);
            return;
        }
        let _restored = Replaced::new(&self.depth, depth + 1);
        if depth + 1 < DEEPEST {
            return now(value);
        }
        let result = catch_unwind(AssertUnwindSafe(|| now(value)));
        self.work_off();
        if let Err(payload) = result {
            resume_unwind(payload);
        }
    }

    fn work_off(&self) {
        loop {
            let work = self.later.borrow_mut().pop_front();
            let Some(work) = work else { break };
            // The panic of a destructor has been reported by the panic hook.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| work.get_done())) {
                drop_payload(payload);
            }
        }
        // Its memory may have been that of a million.
        let line = self.later.take();
        drop(line);
    }
}

impl Work {
    fn get_done(self) {
        match self {
            Work::Kill(task) => {
                current::find().iter().for_each(|hub| hub.deliver(&task));
            }
            Work::Result(task) => task.drop_result(),
            Work::Value(value) => drop(value),
        }
    }
}

/// Drops a value that may hold another of its kind, which holds another, and so on.
pub(crate) fn drop_flat<T: 'static>(value: T) {
    current::nest(value, drop, |value| Work::Value(Box::new(value)));
}
