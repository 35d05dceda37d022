//! Subtasks: what one task drives beside something else, each with a waker of its own.
//!
//! A subtask is a waiter like a thread, so waiting in one costs no more than waiting in a thread.
//! But the hub never resumes it: waking it puts it into its [`SubtaskQueue`], and wakes the task
//! that drives that.

use std::future::{Future, Pending, pending};
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, RawWakerVTable, Waker};

use super::super::remote::Remote;
use super::super::subtask::SubtaskQueue;
use super::cell::TaskCell;
use super::ready::Queueable;
use super::waker::{RESUME, TRACE};
use super::{DONE, RUNNING, SCHEDULED, STAND_IN, SUBTASK, TaskRef};
use crate::loom::Arc;

/// What stands in a subtask's cell. It is never polled.
struct SubtaskBody {
    queue: Rc<SubtaskQueue>,
    never: Pending<()>,
}

impl Future for SubtaskBody {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.get_mut().never).poll(cx)
    }
}

/// A reference to a subtask: a stand-in whose cell says `SUBTASK`.
#[derive(Clone)]
pub(crate) struct Subtask(pub(super) TaskRef);

impl Subtask {
    /// Makes one for `queue`; whoever makes it sees to it that it is [ended](Self::end). `id` is
    /// the number of the green thread that it is part of.
    pub(crate) fn new(home: &Arc<Remote>, id: u64, queue: &Rc<SubtaskQueue>) -> Subtask {
        let body = SubtaskBody { queue: queue.clone(), never: pending() };
        Subtask(TaskRef::stand_in(home, id, body, STAND_IN | SUBTASK))
    }

    /// Where it is among those of its task; its thread's place in the registry is no concern of it.
    pub(crate) fn place(&self) -> u32 {
        self.0.header().slot.get()
    }

    pub(crate) fn set_place(&self, place: u32) {
        self.0.header().slot.set(place);
    }

    pub(crate) fn is_done(&self) -> bool {
        self.0.is_done()
    }

    pub(crate) fn as_task(&self) -> &TaskRef {
        &self.0
    }

    pub(crate) fn is(&self, other: &Subtask) -> bool {
        self.0.is(&other.0)
    }

    /// Lets it run at its thread's next turn.
    pub(crate) fn wake(&self) {
        self.0.wake_subtask();
    }

    /// No waker of it does anything any more.
    pub(crate) fn end(&self) {
        self.0.end();
    }

    /// Says that it was taken out of its queue.
    pub(crate) fn leave_queue(&self) {
        self.0.unset(SCHEDULED);
    }

    /// Calls `f` with a context whose waker wakes this subtask.
    pub(crate) fn with_context<R>(&self, f: impl FnOnce(&mut Context<'_>) -> R) -> R {
        self.0.with_context(f)
    }

    /// The same for a trace poll, whose waker says that it only looks.
    pub(in crate::hub) fn with_trace<R>(&self, f: impl FnOnce(&mut Context<'_>) -> R) -> R {
        self.0.with_waker(&TRACE, f)
    }
}

impl Queueable for Subtask {
    fn into_task(self) -> TaskRef {
        self.0
    }

    fn from_task(task: TaskRef) -> Self {
        Subtask(task)
    }
}

impl TaskRef {
    /// Calls `f` with a context whose waker wakes this task.
    pub(super) fn with_context<R>(&self, f: impl FnOnce(&mut Context<'_>) -> R) -> R {
        self.with_waker(&RESUME, f)
    }

    #[inline]
    fn with_waker<R>(&self, vtable: &'static RawWakerVTable, f: impl FnOnce(&mut Context<'_>) -> R) -> R {
        // SAFETY: both vtables keep the contract of `RawWaker` for a header pointer. This waker was
        // not counted and is never dropped; `self` keeps the header alive.
        let waker = ManuallyDrop::new(unsafe { Waker::new(self.0.as_ptr().cast_const().cast(), vtable) });
        f(&mut Context::from_waker(&waker))
    }

    /// Puts a subtask that was woken into its queue, unless it is there, or ends, or has ended.
    pub(super) fn wake_subtask(&self) {
        if self.has(SCHEDULED | RUNNING | DONE) {
            return;
        }
        self.set(SCHEDULED);
        let cell = self.0.cast::<TaskCell<fn() -> SubtaskBody, SubtaskBody, ()>>();
        // SAFETY: `SUBTASK` is set by `Subtask::new` alone, on a cell of just this type, and `self`
        // keeps the cell alive.
        let stage = unsafe { cell.as_ref() }.stage.get();
        // SAFETY: it is written only while the subtask ends, when it is `RUNNING`, and when its
        // last reference goes, when it is `DONE`. Nothing of it happens while this reference is in
        // use: cloning an `Rc` runs nothing else.
        let stage = unsafe { &*stage };
        // SAFETY: a subtask has its call from the beginning until it ends, and it is not `DONE`.
        let body = unsafe { stage.as_call() };
        let queue = body.queue.clone();
        queue.push(Subtask(self.clone()));
    }

    /// Are both the same task?
    pub(crate) fn is(&self, other: &TaskRef) -> bool {
        self.0 == other.0
    }
}
