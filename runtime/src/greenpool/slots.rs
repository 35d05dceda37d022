//! Who has a slot of a pool, and who waits for one.
//!
//! A slot that becomes free while somebody waits is promised to the first in line at once, so
//! nobody can overtake. A spawner that leaves with an unused promise passes it on.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::members::Members;
use crate::greenthread::{GreenThread, Thread};
use crate::hub::suspend::{Wait, Waiting};
use crate::hub::task::{Place, TaskRef};
use crate::hub::wait_queue::{Queued, WaitList};
use crate::hub::{current, wake, wake_all};

/// The slots of one pool.
pub(crate) struct Slots {
    size: Cell<usize>,
    members: RefCell<Members>,
    /// Slots that are promised to threads which were notified and have not come yet.
    promised: Cell<usize>,
    spawners: RefCell<WaitList>,
    /// Threads that wait until the pool is empty.
    joiners: RefCell<WaitList>,
}

impl Slots {
    pub(super) fn new(size: usize) -> Self {
        Slots {
            size: Cell::new(size),
            members: RefCell::default(),
            promised: Cell::new(0),
            spawners: RefCell::default(),
            joiners: RefCell::default(),
        }
    }

    pub(super) fn running(&self) -> usize {
        self.members.borrow().len()
    }

    pub(super) fn waiting(&self) -> usize {
        self.spawners.borrow().len()
    }

    pub(super) fn size(&self) -> usize {
        self.size.get()
    }

    pub(super) fn free(&self) -> isize {
        let [size, taken] =
            [self.size(), self.taken()].map(|count| isize::try_from(count).unwrap_or(isize::MAX));
        size - taken
    }

    pub(crate) fn is_full(&self) -> bool {
        self.taken() >= self.size()
    }

    fn taken(&self) -> usize {
        self.running() + self.promised.get()
    }

    pub(super) fn has_member(&self, id: u64) -> bool {
        self.members.borrow().contains(id)
    }

    /// The member that was spawned next after the thread with this number.
    pub(super) fn member_after(&self, id: u64) -> Option<TaskRef> {
        self.members.borrow().after(id)
    }

    /// Is the pool to kill this member? (See there.)
    pub(super) fn may_kill(&self, member: &TaskRef) -> bool {
        self.members.borrow_mut().may_kill(member)
    }

    pub(super) fn resize(&self, size: usize) {
        self.size.set(size);
        self.settle();
    }

    /// Makes a member, whether or not there is room.
    #[track_caller]
    pub(crate) fn start<F, G>(self: &Rc<Self>, f: F) -> GreenThread<G::Output>
    where
        F: FnOnce() -> G + 'static,
        G: Future + 'static,
        G::Output: 'static,
    {
        let place = Place::here();
        // Not inside a closure, of which there would be two copies: the thread's body is large.
        let hub = current::get();
        let outcome = hub.create_task_with(|id| {
            let slot = Slot { id, slots: self.clone() };
            move || Member { job: f(), _slot: slot }
        });
        outcome.task().spawned_at(place);
        self.members.borrow_mut().add(outcome.task().clone());
        hub.schedule(outcome.task());
        GreenThread::new(outcome)
    }

    /// Makes a member of a thread that runs already, whether or not there is room.
    pub(super) fn adopt(self: &Rc<Self>, thread: &Thread) {
        let id = thread.id();
        if thread.is_finished() || self.has_member(id) {
            return;
        }
        self.members.borrow_mut().add_any(thread.0.clone());
        let slots = Rc::downgrade(self);
        thread.link(move |_| {
            if let Some(slots) = slots.upgrade() {
                slots.release(id);
            }
        });
    }

    /// Gives a member's slot back; `false` if it is none.
    pub(super) fn release(&self, id: u64) -> bool {
        let member = self.members.borrow_mut().remove(id);
        self.settle();
        member.is_some()
    }

    /// Promises free slots to waiting spawners; notifies who waits for the pool to be empty if it
    /// is.
    pub(super) fn settle(&self) {
        while !self.is_full() {
            let Some(spawner) = self.spawners.borrow_mut().notify_first() else { break };
            self.promised.set(self.promised.get() + 1);
            wake(spawner);
        }
        if self.taken() == 0 {
            let joiners = self.joiners.borrow_mut().notify_all();
            wake_all(joiners);
        }
    }

    fn redeem_promise(&self) {
        self.promised.set(self.promised.get() - 1);
    }
}

pin_project_lite::pin_project! {
    /// The body of a member: a job that holds a slot. The job is dropped before the slot is given
    /// back.
    struct Member<G> {
        #[pin]
        job: G,
        _slot: Slot,
    }
}

impl<G: Future> Future for Member<G> {
    type Output = G::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<G::Output> {
        self.project().job.poll(cx)
    }
}

/// A slot that is taken, by the thread with this number.
struct Slot {
    id: u64,
    slots: Rc<Slots>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.release(self.id);
    }
}

/// Waits for a slot. It must be [taken](Slots::start) before anything else happens.
pub(crate) struct FreeSlot<'a> {
    slots: &'a Slots,
    place: Queued<&'a RefCell<WaitList>>,
}

impl<'a> FreeSlot<'a> {
    pub(crate) fn new(slots: &'a Slots) -> Self {
        FreeSlot { slots, place: Queued::new(&slots.spawners) }
    }
}

impl Wait for FreeSlot<'_> {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        if !self.place.is_in_line() && !self.slots.is_full() {
            return Some(());
        }
        let is_promised = self.place.wait(waiting);
        is_promised.then(|| self.slots.redeem_promise())
    }

    fn is_settled(&self) -> bool {
        self.place.is_in_line()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for a free slot of a pool of {}", self.slots.size())
    }
}

impl Drop for FreeSlot<'_> {
    fn drop(&mut self) {
        if !self.place.is_in_line() {
            return;
        }
        if self.place.leave() {
            self.slots.redeem_promise();
        }
        self.slots.settle();
    }
}

/// Waits until a pool is empty.
pub(super) struct Emptied<'a> {
    slots: &'a Slots,
    place: Queued<&'a RefCell<WaitList>>,
}

impl<'a> Emptied<'a> {
    pub(super) fn new(slots: &'a Slots) -> Self {
        Emptied { slots, place: Queued::new(&slots.joiners) }
    }
}

impl Wait for Emptied<'_> {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        let is_empty = !self.place.is_in_line() && self.slots.taken() == 0;
        (is_empty || self.place.wait(waiting)).then_some(())
    }

    fn is_settled(&self) -> bool {
        self.place.is_in_line()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for the {} threads of a pool to end", self.slots.running())
    }
}
