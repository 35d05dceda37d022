//! All green threads of a hub, so that they can be counted, listed and ended.

use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};

use super::{Header, TaskRef};
use crate::hub::table::KEPT;

/// The threads that have not ended.
///
/// # Invariant
///
/// A task's header says in which of `slots` a counted reference to it lies, or [`NOWHERE`]; but not
/// a branch's, which is never in here. A hub has one registry, and a task never leaves its OS
/// thread, which has one hub at a time: before there can be another one, each task was taken out of
/// here, ended or [abandoned](TaskRef::abandon). So there is no other registry that a slot could
/// mean.
pub(crate) struct Registry {
    slots: Vec<Slot>,
    /// The first free slot, or [`NOWHERE`].
    free: u32,
    taken: u32,
    made: u64,
}

/// The slot of a task that is not registered.
pub(super) const NOWHERE: u32 = u32::MAX;

/// A counted reference to a task; or, with the lowest bit set, the number of the next free slot.
#[derive(Clone, Copy)]
struct Slot(*mut Header);

const FREE: usize = 1;
// A header's address leaves the bit alone.
const _: () = assert!(align_of::<Header>() > FREE);

impl Slot {
    #[inline]
    fn of(task: TaskRef) -> Self {
        Slot(ManuallyDrop::new(task).0.as_ptr())
    }

    #[inline]
    fn free(next: u32) -> Self {
        // One more, so that no slot is zero: there is room for a bit less than 32 on some machines.
        Slot(ptr::without_provenance_mut((next.wrapping_add(1) as usize) << 1 | FREE))
    }

    #[inline]
    fn next_free(self) -> u32 {
        ((self.0.addr() >> 1) as u32).wrapping_sub(1)
    }

    /// The reference that lies here, which is not given out with it.
    fn task(self) -> Option<ManuallyDrop<TaskRef>> {
        let task = NonNull::new(self.0).filter(|task| task.addr().get() & FREE == 0)?;
        Some(ManuallyDrop::new(TaskRef(task)))
    }
}

impl Default for Registry {
    fn default() -> Self {
        Registry { slots: Vec::new(), free: NOWHERE, taken: 0, made: 0 }
    }
}

impl Registry {
    /// The id of the next thread: never used before on this hub.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// How many were made.
    pub(crate) fn made(&self) -> u64 {
        self.made
    }

    pub(crate) fn insert(&mut self, task: TaskRef) {
        debug_assert!(!task.is_stand_in(), "a stand-in is no green thread");
        let slot = if self.free == NOWHERE { self.add_slot() } else { self.free };
        let place = &mut self.slots[slot as usize];
        self.free = place.next_free();
        self.taken += 1;
        task.header().slot.set(slot);
        *place = Slot::of(task);
    }

    #[inline]
    fn add_slot(&mut self) -> u32 {
        let slot = u32::try_from(self.slots.len()).ok().filter(|&slot| slot != NOWHERE);
        let slot = slot.expect("fewer than 2^32 green threads live");
        self.slots.push(Slot::free(NOWHERE));
        slot
    }

    /// Forgets a thread; the reference comes back, to be dropped when nothing is borrowed.
    pub(crate) fn remove(&mut self, task: &TaskRef) -> Option<TaskRef> {
        if task.is_stand_in() {
            return None;
        }
        let slot = task.header().slot.replace(NOWHERE);
        // By the invariant a counted reference to this task lies there, which is given out below.
        // It is not read: with many threads it would have to be fetched from far away.
        *self.slots.get_mut(slot as usize)? = Slot::free(self.free);
        self.free = slot;
        self.taken -= 1;
        Some(TaskRef(task.0))
    }

    /// Are few threads left of so many that their places are worth giving back?
    #[inline]
    pub(crate) fn is_roomy(&self) -> bool {
        self.slots.len() > KEPT && self.taken as usize <= self.slots.len() / 4
    }

    /// Moves the threads that are left together, and gives the memory of the others back. Where it
    /// [is worth it](Self::is_roomy), each of those that have ended since this was done last pays
    /// for two steps at most.
    #[cold]
    pub(crate) fn close_up(&mut self) {
        self.slots.retain(|slot| slot.task().is_some());
        self.slots.shrink_to(KEPT.max(2 * self.slots.len()));
        self.free = NOWHERE;
        for (slot, task) in (0..).zip(self.slots.iter().filter_map(|slot| slot.task())) {
            task.header().slot.set(slot);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.taken as usize
    }

    /// Takes them out, all of them.
    pub(crate) fn take_all(&mut self) -> Vec<TaskRef> {
        self.free = NOWHERE;
        self.taken = 0;
        let slots = std::mem::take(&mut self.slots);
        let tasks: Vec<TaskRef> =
            slots.into_iter().filter_map(Slot::task).map(ManuallyDrop::into_inner).collect();
        tasks.iter().for_each(|task| task.header().slot.set(NOWHERE));
        tasks
    }

    /// All of them, in the order in which they were spawned.
    pub(crate) fn all(&self) -> Vec<TaskRef> {
        let tasks = self.slots.iter().filter_map(|slot| slot.task());
        let mut tasks: Vec<TaskRef> = tasks.map(|task| TaskRef::clone(&task)).collect();
        tasks.sort_by_key(TaskRef::id);
        tasks
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.take_all());
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::hub::remote::Remote;
    use crate::loom::Arc;

    /// What holds at any time.
    fn check(registry: &Registry) {
        for (slot, task) in registry.slots.iter().enumerate() {
            assert!(task.task().is_none_or(|task| task.header().slot.get() as usize == slot));
        }
        let is_slot = |&slot: &u32| slot != NOWHERE;
        let next = |&slot: &u32| Some(registry.slots[slot as usize].next_free()).filter(is_slot);
        let mut free: Vec<u32> = std::iter::successors(Some(registry.free).filter(is_slot), next).collect();
        free.sort_unstable();
        let is_free = |slot: &u32| registry.slots[*slot as usize].task().is_none();
        assert_eq!(free, (0..registry.slots.len() as u32).filter(is_free).collect::<Vec<_>>());
        assert_eq!(registry.len(), registry.slots.len() - free.len());
    }

    fn ids(tasks: &[TaskRef]) -> Vec<u64> {
        tasks.iter().map(TaskRef::id).collect()
    }

    fn bytes(registry: &Registry) -> usize {
        size_of::<Slot>() * registry.slots.capacity()
    }

    fn spawn(registry: &mut Registry, remote: &Arc<Remote>) -> TaskRef {
        let task = TaskRef::allocate(remote, registry.next_id(), || async {}).0;
        registry.insert(task.clone());
        task
    }

    #[test]
    fn after_many_threads_the_table_is_as_small_as_the_few_that_are_left_wherever_they_were() {
        let remote = Arc::new(Remote::new());
        let mut registry = Registry::default();
        let tasks: Vec<TaskRef> = (0..50_000).map(|_| spawn(&mut registry, &remote)).collect();
        assert!(bytes(&registry) >= 400_000);
        let (left, gone): (Vec<TaskRef>, Vec<TaskRef>) =
            tasks.into_iter().partition(|task| task.id() % 5000 == 0);
        for task in &gone {
            assert_eq!(registry.remove(task).map(|task| task.id()), Some(task.id()));
        }
        check(&registry);
        assert!(registry.is_roomy());
        registry.close_up();
        check(&registry);
        assert!(!registry.is_roomy());
        assert!(bytes(&registry) <= 20_000, "{} bytes for ten threads", bytes(&registry));
        assert_eq!(ids(&registry.all()), ids(&left));
        // Those that were moved are found, and the others are not found again.
        assert!(gone.iter().all(|task| registry.remove(task).is_none()));
        assert!(registry.remove(&left[3]).is_some());
        let new = spawn(&mut registry, &remote);
        check(&registry);
        assert!(registry.remove(&new).is_some());
        assert!(registry.remove(&left[9]).is_some());
        check(&registry);
        assert_eq!(registry.len(), 8);
    }

    #[test]
    fn a_table_that_grows_and_shrinks_holds_what_was_put_in() {
        let remote = Arc::new(Remote::new());
        let mut registry = Registry::default();
        let mut live = Vec::new();
        for (many, few) in [(3000, 1030), (1500, 1024), (6000, 10), (2500, 1), (9000, 2200), (9000, 0)] {
            while live.len() < many {
                live.push(spawn(&mut registry, &remote));
            }
            // Once from either end.
            live.reverse();
            for task in live.drain(few..) {
                assert_eq!(registry.remove(&task).map(|task| task.id()), Some(task.id()));
            }
            check(&registry);
            if registry.is_roomy() {
                registry.close_up();
                check(&registry);
            }
            let mut expected = ids(&live);
            expected.sort_unstable();
            assert_eq!(ids(&registry.all()), expected);
        }
        assert!(bytes(&registry) <= 20_000, "{} bytes for nothing", bytes(&registry));
    }

    #[test]
    fn few_threads_are_never_moved() {
        let remote = Arc::new(Remote::new());
        let mut registry = Registry::default();
        let tasks: Vec<TaskRef> = (0..KEPT).map(|_| spawn(&mut registry, &remote)).collect();
        tasks[..KEPT - 1].iter().for_each(|task| assert!(registry.remove(task).is_some()));
        assert_eq!(tasks[KEPT - 1].header().slot.get() as usize, KEPT - 1);
        assert!(registry.remove(&tasks[KEPT - 1]).is_some());
        check(&registry);
        assert!(!registry.is_roomy());
    }
}
