//! What is known of a task, bit by bit, in its header.
//!
//! # Who sets what, and what stands beside what
//!
//! | bit | set by | taken back by | beside it there is |
//! |---|---|---|---|
//! | `SCHEDULED` | [`mark_queued`](TaskRef::mark_queued), with the push into the ready queue; `wake_subtask`, with that into a subtask queue | `resume`, after the pop; `leave_queue` | anything: a task may run, or end, while it has a place in the queue, and keeps the place |
//! | `RUNNING` | `resume_without`, `trace`, `end`, `wake_stand_in`: whoever is about to reach into the stage | `poll` after a suspension, `become_done` | not `DONE`; what it keeps out is a second look into the stage |
//! | `DONE` | `become_done`; `last_local_ref_is_gone` and `abandon`, for a task that never ended | nobody | not `RUNNING`, `KILLED`, `CLOSURE` or `CALL`, but for a task that is being freed or was abandoned |
//! | `STARTED` | the first `resume` unless `DELAYED`; [`begin`](TaskRef::begin) | nobody | not `DELAYED` |
//! | `DELAYED` | [`delay`](TaskRef::delay), before anybody else knows the task | [`begin`](TaskRef::begin) | not `STARTED` |
//! | `KILLED` | [`set_killed`](TaskRef::set_killed) | [`take_kill`](TaskRef::take_kill), `become_done` | not `DONE`; with `RUNNING` it is to be delivered at the suspension, without it lies in the line of `flat.rs` |
//! | `KILL_OBSERVED` | [`hear_kill`](TaskRef::hear_kill) | [`take_kill`](TaskRef::take_kill), [`take_heard`](TaskRef::take_heard) | `SCOPED`, until the scope is left |
//! | `SCOPED` | `Hub::enter_scope` | `ExitScope::leave` of the last one | not `STAND_IN` |
//! | `WAS_KILLED` | `keep_exit`, on the way to `DONE` | nobody | without it a task that is `DONE` returned, or its `Cold::exit` says how it ended |
//! | `DETACHED` | the drop of its `JoinHandle` before the end; `stand_in` | nobody | with `DONE` it has no `RESULT` |
//! | `STAND_IN` | `stand_in`, when it is made | nobody | `DETACHED`; never `STARTED`, `DELAYED`, `KILLED`, `SCOPED` or `MAIN`; `SCHEDULED` only if it is a `SUBTASK` |
//! | `SUBTASK` | `TaskRef::branch`, when it is made | nobody | `STAND_IN` |
//! | `MAIN` | `run_scoped`, when it is made | nobody | not `STAND_IN`, not `DELAYED` |
//! | `CLOSURE` | `allocate`, when it is made | the first poll; `clear_caught` | neither `CALL` nor `RESULT` |
//! | `CALL` | the first poll; `stand_in` | `clear_caught` | neither `CLOSURE` nor `RESULT` |
//! | `RESULT` | `finish` in `cell.rs` | `take`; `clear_caught` | neither `CLOSURE` nor `CALL`; `DONE`, or `RUNNING` just before it |
//!
//! # From a kill to the end
//!
//! ```text
//!                 it runs                                 it suspends
//!            ┌───────────────▶ KILLED, RUNNING ────────────────────────────┐
//!            │                      │ it returns: its value counts         ▼
//!   kill ────┤                      ▼                  1              KILLED
//!            │                    DONE                                     │
//!            │ it is suspended                                             │
//!            └─────────────────────────────────────────────────────────────┤
//!                                                                          │ deliver
//!                  it has no scope, or has not begun                       │
//!            ┌─────────────────────────────────────────────────────────────┤
//!            │                                                             │ it is SCOPED and STARTED
//!            ▼                                                           2 ▼
//!     end: DONE, WAS_KILLED ◀──────────────────── no scope was driven ── RUNNING, the innermost scopes are called
//!            ▲                         4                                   │ one was driven
//!            │                                                           3 ▼
//!            └──── the next kill                                         KILL_OBSERVED: the code after `catch_exit` runs
//!                        ▲                                                 │
//!                        └──── it suspends, or refuses ────────────────────┤
//!                                                                          ▼
//!                                                                        DONE: it returned
//! ```
//!
//! 1. [`set_killed`](TaskRef::set_killed); a kill of a kill changes nothing until it is delivered
//! 2. `notify_scopes` takes `KILLED` back, so that from now on it stands for another kill
//! 3. [`hear_kill`](TaskRef::hear_kill), once for each scope that was called; a thread that kills
//!    itself in there is `KILLED` again, and hears of that in its next turn
//! 4. [`TaskRef::end`] drops the body and stores the exit

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
/// Not a green thread: a waiter in a cell like a task's, which stands in for a foreign waker.
pub(super) const STAND_IN: u16 = 1 << 6;
/// It ended by a kill.
pub(super) const WAS_KILLED: u16 = 1 << 7;
/// A `catch_exit` of it has heard of a kill.
pub(super) const KILL_OBSERVED: u16 = 1 << 8;
/// Nobody has the right to its result any more.
pub(super) const DETACHED: u16 = 1 << 9;
/// Not a green thread either: a branch of a task, which is driven by it. `STAND_IN` is set as well.
pub(super) const SUBTASK: u16 = 1 << 10;
/// `run` waits for it, and returns when it is done.
pub(super) const MAIN: u16 = 1 << 11;
/// A closure lies behind the header, which makes the body …
pub(super) const CLOSURE: u16 = 1 << 12;
/// … or the body …
pub(super) const CALL: u16 = 1 << 13;
/// … or the result. Nothing does while one is being replaced by the next, when it is `RUNNING`, and
/// when the result was taken or all was dropped, when it is `DONE`. So whatever is neither has a
/// body.
pub(super) const RESULT: u16 = 1 << 14;
/// Its body stands in a `catch_exit`.
pub(super) const SCOPED: u16 = 1 << 15;

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

    /// Has it begun, and not ended, and does not run just now?
    pub(crate) fn is_suspended(&self) -> bool {
        self.is_started() && !self.has(RUNNING | DONE)
    }

    /// Has somebody a waker of it: another OS thread, or what waits in it for another executor?
    pub(crate) fn has_cloned_wakers(&self) -> bool {
        self.header().remote_refs.has_wakers()
    }

    pub(crate) fn is_scheduled(&self) -> bool {
        self.has(SCHEDULED)
    }

    /// Does it stand for a waker of another executor?
    pub(crate) fn is_stand_in(&self) -> bool {
        self.has(STAND_IN)
    }

    /// Is it the one that `run` waits for?
    #[inline]
    pub(in crate::hub) fn is_main(&self) -> bool {
        self.has(MAIN)
    }

    pub(in crate::hub) fn set_main(&self) {
        self.set(MAIN);
    }

    /// From now on an error that nobody asks for is not reported.
    pub(crate) fn answer_for(&self) {
        self.header().answered_for.set(true);
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.has(KILLED)
    }

    pub(crate) fn set_killed(&self) {
        self.set(KILLED);
    }

    /// The kill is delivered. From now on it counts who hears of it.
    pub(in crate::hub) fn take_kill(&self) {
        self.unset(KILLED | KILL_OBSERVED);
    }

    /// A `catch_exit` hears of the kill.
    pub(in crate::hub) fn hear_kill(&self) {
        self.set(KILL_OBSERVED);
    }

    /// Has a kill been heard since this was last asked?
    pub(in crate::hub) fn take_heard(&self) -> bool {
        let heard = self.has(KILL_OBSERVED);
        self.unset(KILL_OBSERVED);
        heard
    }

    /// Says that the body begins only when [`begin`](Self::begin) is called, however often it is
    /// resumed before.
    pub(crate) fn delay(&self) {
        self.set(DELAYED);
    }

    pub(crate) fn begin(&self) {
        self.unset(DELAYED);
        self.set(STARTED);
    }

    /// Marks the task as queued. `false` if there is nothing to queue: it is done, or queued
    /// already, or a stand-in.
    #[inline]
    pub(crate) fn mark_queued(&self) -> bool {
        let state = self.header().state.get();
        let is_free = state & (SCHEDULED | DONE | STAND_IN) == 0;
        if is_free {
            self.header().state.set(state | SCHEDULED);
        }
        is_free
    }

    /// Does the body stand in a `catch_exit`?
    pub(in crate::hub) fn has_scopes(&self) -> bool {
        self.has(SCOPED)
    }

    pub(in crate::hub) fn set_scoped(&self, is_scoped: bool) {
        if is_scoped {
            self.set(SCOPED);
        } else {
            self.unset(SCOPED);
        }
    }
}
