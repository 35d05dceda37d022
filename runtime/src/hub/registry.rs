//! All green threads of a hub, so that they can be counted, listed and ended.

use super::task::TaskRef;

/// The threads that have not ended.
#[derive(Default)]
pub(crate) struct Registry {
    slots: Vec<Option<TaskRef>>,
    free: Vec<u32>,
    made: u64,
}

impl Registry {
    /// The id of the next thread: never used before on this hub.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    pub(crate) fn insert(&mut self, task: TaskRef) {
        match self.free.pop() {
            Some(slot) => {
                task.set_slot(slot);
                self.slots[slot as usize] = Some(task);
            }
            None => {
                task.set_slot(u32::try_from(self.slots.len()).expect("fewer than 2^32 green threads"));
                self.slots.push(Some(task));
            }
        }
    }

    /// Forgets a thread; the reference comes back, to be dropped when nothing is borrowed.
    pub(crate) fn remove(&mut self, task: &TaskRef) -> Option<TaskRef> {
        let slot = task.slot();
        let removed = self.slots.get_mut(slot as usize)?.take();
        if removed.is_some() {
            self.free.push(slot);
        }
        removed
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// All of them, in the order in which they were spawned.
    pub(crate) fn all(&self) -> Vec<TaskRef> {
        let mut tasks: Vec<TaskRef> = self.slots.iter().flatten().cloned().collect();
        tasks.sort_by_key(TaskRef::id);
        tasks
    }
}
