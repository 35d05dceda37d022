//! What is known of a task, bit by bit, in its header.

use super::TaskRef;

/// It is in the ready queue.
pub(super) const SCHEDULED: u16 = 1;
/// Its body is being polled or dropped further up the call stack.
pub(super) const RUNNING: u16 = 1 << 1;
/// Its result is stored, or nobody is left who could resume it.
pub(super) const DONE: u16 = 1 << 2;
/// Its body has begun.
pub(super) const STARTED: u16 = 1 << 3;
/// A kill waits to be delivered.
pub(super) const KILLED: u16 = 1 << 4;
/// It begins later; being resumed is not yet a beginning.
pub(super) const DELAYED: u16 = 1 << 5;
/// Not a green thread: the waker of some other executor, in a task's clothes.
pub(super) const FOREIGN: u16 = 1 << 6;
/// It ended by a kill.
pub(super) const WAS_KILLED: u16 = 1 << 7;
/// A `catch_exit` of it has heard of a kill.
pub(super) const HEARD: u16 = 1 << 8;
/// Nobody has the right to its result any more.
pub(super) const DETACHED: u16 = 1 << 9;
/// Not a green thread either: a branch of a task, which is driven by it. `FOREIGN` is set as well.
pub(super) const BRANCH: u16 = 1 << 10;
/// `run` waits for it, and returns when it is done.
pub(super) const MAIN: u16 = 1 << 11;
/// A closure lies behind the header, which makes the body …
pub(super) const CLOSURE: u16 = 1 << 12;
/// … or the body …
pub(super) const CALL: u16 = 1 << 13;
/// … or the result. Nothing does while one is being replaced by the next, when it is `RUNNING`, and when the result was
/// taken or all was dropped, when it is `DONE`. So whatever is neither has a body.
pub(super) const RESULT: u16 = 1 << 14;

impl TaskRef {
    #[inline]
    pub(super) fn has(&self, flag: u16) -> bool {
        self.header().state.get() & flag != 0
    }

    #[inline]
    pub(super) fn set(&self, flag: u16) {
        let state = &self.header().state;
        state.set(state.get() | flag);
    }

    #[inline]
    pub(super) fn unset(&self, flag: u16) {
        let state = &self.header().state;
        state.set(state.get() & !flag);
    }

    pub(crate) fn is_done(&self) -> bool {
        self.has(DONE)
    }

    #[inline]
    pub(crate) fn is_running(&self) -> bool {
        self.has(RUNNING)
    }

    pub(crate) fn is_started(&self) -> bool {
        self.has(STARTED)
    }

    pub(crate) fn is_scheduled(&self) -> bool {
        self.has(SCHEDULED)
    }

    /// Does it stand for a waker of another executor?
    pub(crate) fn is_foreign(&self) -> bool {
        self.has(FOREIGN)
    }

    /// Is it the one that `run` waits for?
    #[inline]
    pub(in crate::hub) fn is_main(&self) -> bool {
        self.has(MAIN)
    }

    pub(in crate::hub) fn set_main(&self) {
        self.set(MAIN);
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.has(KILLED)
    }

    pub(crate) fn set_killed(&self) {
        self.set(KILLED);
    }

    /// A `catch_exit` delivers the kill.
    pub(crate) fn hear_kill(&self) {
        self.unset(KILLED);
        self.set(HEARD);
    }

    /// Has a kill been heard since this was last asked?
    pub(in crate::hub) fn take_heard(&self) -> bool {
        let heard = self.has(HEARD);
        self.unset(HEARD);
        heard
    }

    /// Says that the body begins only when [`begin`](Self::begin) is called, however often it is resumed before.
    pub(crate) fn delay(&self) {
        self.set(DELAYED);
    }

    pub(crate) fn begin(&self) {
        self.unset(DELAYED);
        self.set(STARTED);
    }

    /// Marks the task as queued.
    #[inline]
    pub(crate) fn schedule(&self) -> Schedule {
        let state = self.header().state.get();
        if state & (SCHEDULED | DONE | FOREIGN) == 0 {
            self.header().state.set(state | SCHEDULED);
            Schedule::Enqueue
        } else if state & FOREIGN != 0 {
            Schedule::WakeForeign
        } else {
            Schedule::Nothing
        }
    }

    /// Marks the task as queued, if that is all that [`schedule`](Self::schedule) asks for.
    #[inline]
    pub(crate) fn mark_queued(&self) -> bool {
        let state = self.header().state.get();
        let is_free = state & (SCHEDULED | DONE | FOREIGN) == 0;
        if is_free {
            self.header().state.set(state | SCHEDULED);
        }
        is_free
    }

    /// How many `catch_exit` scopes the body stands in.
    pub(crate) fn scopes(&self) -> u8 {
        self.header().scopes.get()
    }

    pub(crate) fn enter_scope(&self) -> u8 {
        let depth = self.scopes().checked_add(1).expect("more than 255 nested catch_exit scopes");
        self.header().scopes.set(depth);
        depth
    }

    pub(crate) fn leave_scope(&self) {
        self.header().scopes.set(self.scopes() - 1);
    }
}

/// What [`TaskRef::schedule`] asks for.
pub(crate) enum Schedule {
    /// Append it to the ready queue.
    Enqueue,
    /// It is queued already, or over.
    Nothing,
    /// It stands for a foreign waker: call that.
    WakeForeign,
}
