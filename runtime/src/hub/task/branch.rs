//! Branches: what one task drives beside something else, each with a waker of its own.
//!
//! A branch looks like a task to whatever waits and wakes, so waiting in one costs no more than waiting in a task. But
//! the hub never resumes it: waking it puts it into its [`Trunk`]'s line, and wakes the task that drives the trunk.

use std::future::{Future, Pending, pending};
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::super::remote::Remote;
use super::super::trunk::Trunk;
use super::cell::TaskCell;
use super::waker::RESUME;
use super::{BRANCH, DONE, FOREIGN, RUNNING, SCHEDULED, TaskRef};
use crate::loom::Arc;

/// What stands in a branch's cell. It is never polled.
struct BranchBody {
    trunk: Rc<Trunk>,
    never: Pending<()>,
}

impl Future for BranchBody {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.get_mut().never).poll(cx)
    }
}

impl TaskRef {
    /// Makes a branch of `trunk`, which sees to it that the branch is [ended](Self::end). `id` is the number of the green
    /// thread that it is part of.
    pub(crate) fn branch(home: &Arc<Remote>, id: u64, trunk: &Rc<Trunk>) -> TaskRef {
        let body = BranchBody { trunk: trunk.clone(), never: pending() };
        Self::stand_in(home, id, body, FOREIGN | BRANCH)
    }

    /// Where a branch is among those of its task; its thread's place in the registry is no concern of it.
    pub(crate) fn place(&self) -> u32 {
        self.header().slot.get()
    }

    pub(crate) fn set_place(&self, place: u32) {
        assert!(self.has(BRANCH), "a green thread's place is the registry's to give");
        self.header().slot.set(place);
    }

    /// Puts a branch that was woken into its trunk's line, unless it is there, or ends, or has ended.
    pub(super) fn wake_branch(&self) {
        if self.has(SCHEDULED | RUNNING | DONE) {
            return;
        }
        self.set(SCHEDULED);
        let cell = self.0.cast::<TaskCell<fn() -> BranchBody, BranchBody, ()>>();
        // SAFETY: `BRANCH` is set by `branch` alone, on a cell of just this type, and `self` keeps the cell alive.
        let stage = unsafe { cell.as_ref() }.stage.get();
        // SAFETY: it is written only while the branch ends, when it is `RUNNING`, and when its last reference goes, when it
        // is `DONE`. Nothing of it happens while this reference is in use: cloning an `Rc` runs nothing else.
        let stage = unsafe { &*stage };
        // SAFETY: a branch has its call from the beginning until it ends, and it is not `DONE`.
        let body = unsafe { stage.as_call() };
        let trunk = body.trunk.clone();
        trunk.call(self.clone());
    }

    /// Are both the same task?
    pub(crate) fn is(&self, other: &TaskRef) -> bool {
        self.0 == other.0
    }

    /// Says that a branch was taken out of its trunk's line.
    pub(crate) fn leave_line(&self) {
        self.unset(SCHEDULED);
    }

    /// Calls `f` with a context whose waker wakes this branch.
    pub(crate) fn with_context<R>(&self, f: impl FnOnce(&mut Context<'_>) -> R) -> R {
        // SAFETY: the vtable keeps the contract of `RawWaker` for a header pointer. This waker was not counted and is
        // never dropped; `self` keeps the header alive.
        let waker = ManuallyDrop::new(unsafe { Waker::new(self.0.as_ptr().cast_const().cast(), &RESUME) });
        f(&mut Context::from_waker(&waker))
    }
}
