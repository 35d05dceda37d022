//! What a wait leaves with whoever will bring what it waits for.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::task::Waker;

use super::super::remote::Remote;
use super::TaskRef;
use crate::loom::Arc;

/// Anything that can be woken: a green thread, a branch of one, or what has the waker of another
/// executor.
///
/// It is one pointer: a branch and a foreign waker are in cells like a thread's, as stand-ins, so
/// that no place in a line, in the timers or at a descriptor is larger for them. But they are no
/// threads, and so this is no [`TaskRef`]: every thread is a waiter, and of a waiter only its
/// waking is known.
#[derive(Clone)]
pub(crate) struct Waiter(TaskRef);

impl From<TaskRef> for Waiter {
    #[inline]
    fn from(thread: TaskRef) -> Self {
        Waiter(thread)
    }
}

impl Waiter {
    /// Whoever polls with `waker`: the thread or branch itself when it is one of `home`'s, else a
    /// stand-in that holds the foreign waker.
    pub(crate) fn of_waker(waker: &Waker, home: &Arc<Remote>) -> Waiter {
        match Self::borrow_from(waker, home) {
            Some(waiter) => Waiter::clone(&waiter),
            None => Waiter(TaskRef::foreign(waker, home)),
        }
    }

    /// The number of the thread, or of that which the branch is part of; zero for a foreign waker.
    pub(crate) fn id(&self) -> u64 {
        self.0.id()
    }

    /// Does it stand for a branch, or a waker of another executor?
    pub(crate) fn is_stand_in(&self) -> bool {
        self.0.is_stand_in()
    }

    pub(crate) fn is(&self, thread: &TaskRef) -> bool {
        self.0.is(thread)
    }

    pub(crate) fn is_same(&self, other: &Waiter) -> bool {
        self.0.is(&other.0)
    }

    /// Takes note of the waking. A thread that has to be put into the ready queue comes back; the
    /// others are seen to, which may call code of another executor.
    #[inline]
    pub(in crate::hub) fn wake(self) -> Option<TaskRef> {
        self.try_wake().map_err(|waiter| waiter.wake_stand_in()).ok()
    }

    /// The same, for one that stays.
    #[inline]
    pub(in crate::hub) fn wake_by_ref(&self) -> Option<TaskRef> {
        if self.0.mark_queued() {
            return Some(self.0.clone());
        }
        self.wake_stand_in();
        None
    }

    /// Takes note of the waking if nobody's code has to be called for it: else, or if there is
    /// nothing to do, it comes back.
    #[inline]
    pub(in crate::hub) fn try_wake(self) -> Result<TaskRef, Waiter> {
        if self.0.mark_queued() { Ok(self.0) } else { Err(self) }
    }

    /// Wakes what stands behind it, if it is not a thread: that one is queued already, or done.
    #[inline(never)]
    fn wake_stand_in(&self) {
        if self.is_stand_in() {
            self.0.wake_stand_in();
        }
    }

    /// For reports, which find nothing behind a stand-in.
    pub(in crate::hub) fn as_task(&self) -> &TaskRef {
        &self.0
    }
}

/// A waiter that is not counted, because a borrowed waker of it is at hand.
pub(crate) struct Borrowed<'a> {
    waiter: ManuallyDrop<Waiter>,
    _waker: PhantomData<&'a Waker>,
}

impl Borrowed<'_> {
    /// Of a reference that was not counted, as long as it is borrowed.
    pub(super) fn new(uncounted: TaskRef) -> Self {
        Borrowed { waiter: ManuallyDrop::new(Waiter(uncounted)), _waker: PhantomData }
    }
}

impl std::ops::Deref for Borrowed<'_> {
    type Target = Waiter;

    fn deref(&self) -> &Waiter {
        &self.waiter
    }
}
