//! All green threads of a hub, so that they can be counted, listed and ended.

use std::{mem, ptr};

use super::TaskRef;
use crate::hub::places::FreePlaces;

/// The threads that have not ended.
///
/// # Invariant
///
/// A task's header says in which of `slots` a counted reference to it lies, or [`NOWHERE`]; but not a branch's, which
/// is never in here. A hub has one registry, and a task never leaves its OS thread, which has one hub at a time: before
/// there can be another one, each task was taken out of here, ended or [abandoned](TaskRef::abandon). So there is no other
/// registry that a slot could mean.
#[derive(Default)]
pub(crate) struct Registry {
    slots: Vec<Option<TaskRef>>,
    free: FreePlaces,
    made: u64,
}

/// The slot of a task that is not registered.
pub(super) const NOWHERE: u32 = u32::MAX;

impl Registry {
    /// The id of the next thread: never used before on this hub.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    pub(crate) fn insert(&mut self, task: TaskRef) {
        debug_assert!(!task.is_foreign(), "a stand-in is no green thread");
        let slot = self.free.take(self.slots.len()).unwrap_or_else(|| self.add_slot());
        task.header().slot.set(slot);
        self.slots[slot as usize] = Some(task);
    }

    #[inline]
    fn add_slot(&mut self) -> u32 {
        let slot = u32::try_from(self.slots.len()).ok().filter(|&slot| slot != NOWHERE);
        let slot = slot.expect("fewer than 2^32 green threads live");
        self.slots.push(None);
        slot
    }

    /// Forgets a thread; the reference comes back, to be dropped when nothing is borrowed.
    pub(crate) fn remove(&mut self, task: &TaskRef) -> Option<TaskRef> {
        if task.is_foreign() {
            return None;
        }
        let slot = task.header().slot.replace(NOWHERE);
        let place = self.slots.get_mut(slot as usize)?;
        // SAFETY: by the invariant the place holds a counted reference to this task, which is given out below instead of
        // being dropped here. It is not read: with many threads it would have to be fetched from far away.
        unsafe { ptr::write(place, None) };
        if self.free.give(slot, self.slots.len()) {
            self.cut();
        }
        Some(TaskRef(task.0))
    }

    #[cold]
    #[inline(never)]
    fn cut(&mut self) {
        // What is free is empty: nothing is dropped here.
        self.free.cut(&mut self.slots, Option::is_none, mem::forget);
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Takes them out, all of them.
    pub(crate) fn take_all(&mut self) -> Vec<TaskRef> {
        let tasks: Vec<TaskRef> = self.slots.drain(..).flatten().collect();
        tasks.iter().for_each(|task| task.header().slot.set(NOWHERE));
        self.free.clear();
        tasks
    }

    /// All of them, in the order in which they were spawned.
    pub(crate) fn all(&self) -> Vec<TaskRef> {
        let mut tasks: Vec<TaskRef> = self.slots.iter().flatten().cloned().collect();
        tasks.sort_by_key(TaskRef::id);
        tasks
    }
}
