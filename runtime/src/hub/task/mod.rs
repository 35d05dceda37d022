//! The task cell: a green thread's header, its state machine, and its result, in one allocation.
//!
//! This folder and nothing else knows how that memory is laid out; all that is unsafe about green
//! threads is here:
//!
//! ```text
//!  cell.rs     the memory                       state.rs        what is known of a task, bit by bit
//!  waker/      what is behind a waker           remote_refs/    who keeps the memory
//!  ready.rs    those that are ready             current.rs      the one that is being resumed
//!  registry.rs all of them                      join_handle.rs  the right to a result
//!  subtask.rs  what a task drives beside something else   waiter.rs   anything to wake
//!  lost.rs     values that are errors               origin.rs       where it comes from
//!  cold.rs     what few tasks have
//! ```
//!
//! ```text
//!   ┌ TaskCell ────────────────────────────────────────────────┐
//!   │ Header: vtable, remote, next, cold, id, state, mailed,  │
//!   │         refs, remote_refs, slot                          │
//!   │ Stage:  closure ─▶ call ─▶ result ─▶ nothing             │
//!   └──────────────────────────────────────────────────────────┘
//!
//!               1            2              4
//!   (new) ────▶ Scheduled ⇄ Running ─────▶ Done
//!                  ▲  3 │                    ▲
//!                  └────┘ Suspended ─────────┘ 5
//! ```
//!
//! 1. [`TaskRef::allocate`], then `Hub::schedule`
//! 2. `Hub::resume` takes it from the ready queue and calls [`TaskRef::resume`]
//! 3. the body is pending: suspended until `Hub::schedule` is called for it again
//! 4. the body returned or panicked: [`TaskRef::resume`] stored the result
//! 5. killed: [`TaskRef::end`] dropped the body and stored [`Exit::Killed`], or
//!    [`Exit::KilledWith`] a reason
//!
//! # Who counts
//!
//! `refs` counts the references of the home OS thread (queue, registry, handles, whatever waits)
//! and is an ordinary cell. `remote_refs` counts cloned [`Waker`]s, which may live anywhere, and
//! all of `refs` together as one. So a switch costs no atomic operation, and the memory is freed by
//! whoever lets go last. Everything that belongs to the home thread (body, result, cold) is dropped
//! when `refs` ends, on that thread.

use std::cell::UnsafeCell;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::task::{Context, RawWakerVTable, Waker};

use super::remote::Remote;
use super::task::cold::Cold;
use crate::hub::exit::Exit;
use crate::loom::Arc;

mod cell;
pub(crate) mod cold;
mod current;
mod lost;
mod origin;
mod join_handle;
mod ready;
mod registry;
mod remote_refs;
mod state;
mod subtask;
mod waiter;
mod waker;

#[cfg(all(test, not(loom)))]
mod tests;

use cell::{Header, Operations, Polled, Stage, TaskCell, VTable};
use state::*;
use waker::{RESUME, TRACE};

pub(crate) use current::CurrentTask;
pub(crate) use join_handle::JoinHandle;
pub use join_handle::Thread;
pub(crate) use lost::Tellers;
#[allow(unreachable_pub)] // An expansion names types that are bound by them.
pub use lost::{Tells, Told};
pub(crate) use origin::{Origin, Place};
pub(crate) use ready::ReadyQueue;
pub(crate) use registry::Registry;
pub(crate) use subtask::Subtask;
pub(crate) use waiter::Waiter;
pub(crate) use waker::is_trace_poll;

/// A reference to a task, counted without atomic operations; stays on the hub's own OS thread.
pub(crate) struct TaskRef(NonNull<Header>);

impl TaskRef {
    /// Makes a task that makes and drives the call of `closure`, and the right to its result.
    #[inline]
    pub(crate) fn allocate<F, G, T>(remote: &Arc<Remote>, id: u64, closure: F) -> (TaskRef, JoinHandle<T>)
    where
        F: FnOnce() -> G + 'static,
        G: Future<Output = T> + 'static,
        T: 'static,
    {
        let stage = Stage::<F, G, T>::closure(closure);
        let task = Self::make(&Operations::<F, G, T>::REPORTING, remote, id, stage, CLOSURE);
        // SAFETY: the cell was made for this result just now, and nobody else has the right to it.
        let outcome = unsafe { JoinHandle::of(&task) };
        (task, outcome)
    }

    /// Like [`allocate`](Self::allocate), for a closure that borrows from the caller's frame.
    ///
    /// # Safety
    ///
    /// Before anything that `F`, `G` or `T` borrow ends, the task must be done (it returned, or was
    /// [ended](Self::end)) and its result taken or cleared.
    #[inline]
    pub(crate) unsafe fn allocate_scoped<F, G, T>(
        remote: &Arc<Remote>,
        id: u64,
        closure: F,
    ) -> (TaskRef, JoinHandle<T>)
    where
        F: FnOnce() -> G,
        G: Future<Output = T>,
    {
        let stage = Stage::<F, G, T>::closure(closure);
        let task = Self::make(&Operations::<F, G, T>::VTABLE, remote, id, stage, CLOSURE);
        // SAFETY: the cell was made for this result just now, and nobody else has the right to it.
        let outcome = unsafe { JoinHandle::of(&task) };
        (task, outcome)
    }

    /// Makes what looks like a task and is none: `call` stands in its cell from the beginning, and
    /// its result is nobody's.
    fn stand_in<G: Future<Output = ()> + 'static>(
        remote: &Arc<Remote>,
        id: u64,
        call: G,
        flags: u16,
    ) -> TaskRef {
        let stage = Stage::<fn() -> G, G, ()>::call(call);
        let vtable = &Operations::<fn() -> G, G, ()>::VTABLE;
        Self::make(vtable, remote, id, stage, CALL | DETACHED | flags)
    }

    /// `vtable` is one of those for just these types, and `state` says what `stage` is.
    #[inline]
    fn make<F, G, T>(
        vtable: &'static VTable,
        remote: &Arc<Remote>,
        id: u64,
        stage: Stage<F, G, T>,
        state: u16,
    ) -> TaskRef {
        let header = Header::new(vtable, Arc::as_ptr(remote), id, state);
        let cell = Box::new(TaskCell { header, stage: UnsafeCell::new(stage) });
        TaskRef(NonNull::from(Box::leak(cell)).cast())
    }

    /// One more reference to a task.
    ///
    /// # Safety
    ///
    /// `header` is that of a task to which there is a counted reference, on this OS thread, its
    /// home.
    #[inline]
    unsafe fn count(header: NonNull<Header>) -> TaskRef {
        // SAFETY: the caller says that it is counted, so the header lives.
        let refs = &unsafe { header.as_ref() }.refs;
        refs.set(refs.get().checked_add(1).expect("too many references to one green thread"));
        TaskRef(header)
    }

    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: a `TaskRef` counts, so the header lives.
        unsafe { self.0.as_ref() }
    }

    pub(crate) fn id(&self) -> u64 {
        self.header().id
    }

    /// Is there a rarely used part?
    #[inline]
    pub(crate) fn has_cold(&self) -> bool {
        let cold = self.header().cold.take();
        let has_cold = cold.is_some();
        self.header().cold.set(cold);
        has_cold
    }

    /// Reads or changes the rarely used part: name, links, joiners. Nothing may be called back from
    /// in there.
    pub(crate) fn with_cold<R>(&self, f: impl FnOnce(&mut Cold) -> R) -> R {
        let mut cold = self.header().cold.take().unwrap_or_default();
        let result = f(&mut cold);
        self.header().cold.set(Some(cold));
        result
    }

    /// Like [`with_cold`](Self::with_cold), for those that only ask: `None` if there is no such
    /// part.
    pub(crate) fn if_cold<R>(&self, f: impl FnOnce(&mut Cold) -> R) -> Option<R> {
        let mut cold = self.header().cold.take()?;
        let result = f(&mut cold);
        self.header().cold.set(Some(cold));
        Some(result)
    }

    /// Resumes the body of a task that was taken from the ready queue, until it suspends or ends. A
    /// panic in it is caught and becomes its result.
    ///
    /// What the ready queue holds may have ended meanwhile, or be at work further up the call
    /// stack: then nothing happens.
    #[inline]
    pub(crate) fn resume(&self) -> Progress {
        self.resume_without(SCHEDULED)
    }

    /// Like [`resume`](Self::resume), for a task that was not taken from the ready queue. If it has
    /// a place there, it keeps that, and the flag that says so.
    pub(super) fn resume_out_of_turn(&self) -> Progress {
        self.resume_without(0)
    }

    #[inline]
    fn resume_without(&self, scheduled: u16) -> Progress {
        // One reading and one writing of the state before the body, and one of each after it: this
        // is the path of every switch, and a processor waits for a value that it has just written.
        let state = self.header().state.get();
        let started = match state & (RUNNING | DONE | STAND_IN | STARTED) {
            STARTED => 0,
            0 if state & DELAYED == 0 => STARTED,
            0 => 0,
            _ => {
                self.unset(scheduled);
                return Progress::Nothing;
            }
        };
        self.header().state.set((state & !scheduled) | RUNNING | started);
        self.poll(&RESUME)
    }

    /// Polls the body to see where it stands: every green call notes its place, every wait stays as
    /// it is.
    ///
    /// A future of another executor cannot tell this from being resumed; hence the progress.
    pub(crate) fn trace(&self) -> Progress {
        let state = self.header().state.get();
        if state & (RUNNING | DONE | STAND_IN) != 0 || state & STARTED == 0 {
            return Progress::Nothing;
        }
        self.set(RUNNING);
        self.poll(&TRACE)
    }

    /// `RUNNING` is set by the caller, who has seen that it was not.
    #[inline]
    fn poll(&self, vtable: &'static RawWakerVTable) -> Progress {
        // SAFETY: both vtables keep the contract of `RawWaker` for a header pointer: `clone`
        // counts, the others use what was counted. This waker was not counted and is never dropped;
        // `self` keeps the header alive.
        let waker = ManuallyDrop::new(unsafe { Waker::new(self.0.as_ptr().cast_const().cast(), vtable) });
        let mut cx = Context::from_waker(&waker);
        // SAFETY: the vtable is the one that the cell was made with, and `RUNNING`, which was not
        // set before, keeps every other access to the stage away. `DONE` was not set either: there
        // is a closure or a call.
        let progress = unsafe { (self.header().vtable.poll)(self.0, &mut cx) };
        if progress != Polled::Pending {
            self.become_done(progress);
            return Progress::Ended;
        }
        let state = self.header().state.get() & !RUNNING;
        self.header().state.set(state);
        if state & KILLED == 0 { Progress::Suspended } else { Progress::SuspendedKilled }
    }

    /// Drops the body, destructors included, and stores how it ended. Only for a task that is not
    /// running.
    pub(crate) fn end(&self) {
        assert!(!self.has(RUNNING | DONE), "a task was ended that cannot be");
        self.set(RUNNING);
        // SAFETY: the vtable is the cell's own; `RUNNING` keeps every other access to the stage
        // away.
        let polled = unsafe { (self.header().vtable.end)(self.0) };
        self.become_done(polled);
    }

    fn become_done(&self, polled: Polled) {
        if polled == Polled::Failed {
            self.keep_exit();
        }
        if self.has(DETACHED) {
            // Dropped here and not with the last reference, which may go when something is
            // borrowed.
            self.report_lost();
            // SAFETY: the vtable is the cell's own; `RUNNING` keeps every other access to the stage
            // away.
            unsafe { (self.header().vtable.clear)(self.0) };
        }
        let state = &self.header().state;
        state.set((state.get() | DONE) & !(RUNNING | KILLED));
    }

    /// Its value is given up. If that is an error which nobody has heard of, now is the time to say
    /// so.
    fn report_lost(&self) {
        if self.header().answered_for.get() || self.if_cold(|cold| !cold.joiners.is_empty()) == Some(true) {
            return;
        }
        // SAFETY: the vtable is the cell's own, and `self` counts. Who calls this is `become_done`,
        // while `RUNNING` keeps every other access to the stage away, or the one `JoinHandle` of a
        // task that is done, where nothing but an `JoinHandle` touches the stage.
        unsafe { (self.header().vtable.report)(self.0) };
    }

    /// For those who ask how it ended without a right to the result.
    #[cold]
    fn keep_exit(&self) {
        // SAFETY: the vtable is the cell's own; `RUNNING` keeps every other access to the stage
        // away.
        match unsafe { (self.header().vtable.exit)(self.0) } {
            None => {}
            Some(Exit::Killed) => self.set(WAS_KILLED),
            Some(exit) => self.with_cold(|cold| cold.exit = Some(exit)),
        }
    }

    /// Drops the result, if there is one that nobody took.
    pub(in crate::hub) fn drop_result(&self) {
        if self.has(DONE) && self.has(RESULT) {
            // SAFETY: the vtable is the cell's own. It is done, so nothing but this touches the
            // stage: a destructor that comes back finds no `RESULT`.
            unsafe { (self.header().vtable.clear)(self.0) };
        }
    }

    /// Forgets the task, with all that it holds, which is never dropped. It counts as ended.
    pub(in crate::hub) fn abandon(self) {
        self.set(DONE);
        std::mem::forget(self);
    }

    /// How it ended other than by returning, if it did.
    pub(crate) fn exit(&self) -> Option<Exit> {
        if self.has(WAS_KILLED) {
            return Some(Exit::Killed);
        }
        self.if_cold(|cold| cold.exit.as_ref().map(Exit::duplicate)).flatten()
    }
}

/// What came of resuming a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It could not be resumed: it has ended, or it runs.
    Nothing,
    /// It suspended.
    Suspended,
    /// It suspended, and a kill waits to be delivered.
    SuspendedKilled,
    /// It has its result.
    Ended,
}

impl Clone for TaskRef {
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: `self` is such a reference.
        unsafe { Self::count(self.0) }
    }
}

impl Drop for TaskRef {
    #[inline]
    fn drop(&mut self) {
        let refs = &self.header().refs;
        refs.set(refs.get() - 1);
        if refs.get() == 0 {
            self.last_local_ref_is_gone();
        }
    }
}

impl TaskRef {
    #[cold]
    fn last_local_ref_is_gone(&mut self) {
        // Destructors of the body or the result run in here and may make and drop references again;
        // the count is held above zero meanwhile.
        self.header().refs.set(1);
        // It may never have ended: a hub that shuts down gives up some time. It must not be polled
        // without a body when one of them wakes it.
        self.set(DONE);
        drop(self.header().cold.take());
        if self.has(CLOSURE | CALL | RESULT) {
            // SAFETY: the vtable is the cell's own, and no reference but this one can reach the
            // stage.
            unsafe { (self.header().vtable.clear)(self.0) };
        }
        drop(self.header().cold.take());
        if self.header().refs.get() > 1 {
            // A destructor kept a new reference: that one is the last now.
            self.header().refs.set(self.header().refs.get() - 1);
            return;
        }
        // A waker that outlives them sees by this that they are gone: see `borrow_from`.
        self.header().refs.set(0);
        if self.header().remote_refs.remove_local() {
            // SAFETY: nothing refers to the cell any more, and what was in it is dropped.
            unsafe { (self.header().vtable.free)(self.0) };
        }
    }
}
