//! All green threads of a hub, so that they can be counted, listed and ended.

use std::ptr;

use super::TaskRef;
use crate::hub::table::KEPT;

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
    /// Never has room for more than three quarters of the slots, or for [`KEPT`]: that it is full says that few threads
    /// are left of many, and so that costs no question of its own.
    free: Vec<u32>,
    made: u64,
}

/// The slot of a task that is not registered.
pub(super) const NOWHERE: u32 = u32::MAX;

/// The first room for free slots.
const FEW: usize = 64;

impl Registry {
    /// The id of the next thread: never used before on this hub.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    pub(crate) fn insert(&mut self, task: TaskRef) {
        debug_assert!(!task.is_foreign(), "a stand-in is no green thread");
        let slot = self.free.pop().unwrap_or_else(|| self.add_slot());
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
        if self.free.len() == self.free.capacity() {
            self.free_one_more(slot);
        } else {
            self.free.push(slot);
        }
        Some(TaskRef(task.0))
    }

    /// There is no room for one more free slot: either it is made, or they are so many that all of them go.
    #[cold]
    #[inline(never)]
    fn free_one_more(&mut self, slot: u32) {
        let room = self.free.capacity();
        let most = KEPT.max(self.slots.len() / 4 * 3);
        if room < most {
            let more = (2 * room).clamp(FEW, most);
            self.free.reserve_exact(more - self.free.len());
            self.free.push(slot);
        } else {
            self.close_up();
        }
    }

    /// Moves the threads that are left together, and gives the memory of the others back. They are a quarter at most, so
    /// each of those that have ended since this was done last pays for two steps at most.
    fn close_up(&mut self) {
        self.free = Vec::new();
        self.slots.retain(Option::is_some);
        self.slots.shrink_to(KEPT.max(2 * self.slots.len()));
        for (slot, task) in (0..).zip(self.slots.iter().flatten()) {
            task.header().slot.set(slot);
        }
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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::hub::remote::Remote;
    use crate::loom::Arc;

    /// What holds at any time.
    fn check(registry: &Registry) {
        for (slot, task) in registry.slots.iter().enumerate() {
            assert!(task.as_ref().is_none_or(|task| task.header().slot.get() as usize == slot));
        }
        let mut free = registry.free.clone();
        free.sort_unstable();
        let is_free = |slot: &u32| registry.slots[*slot as usize].is_none();
        assert_eq!(free, (0..registry.slots.len() as u32).filter(is_free).collect::<Vec<_>>());
    }

    fn ids(tasks: &[TaskRef]) -> Vec<u64> {
        tasks.iter().map(TaskRef::id).collect()
    }

    fn bytes(registry: &Registry) -> usize {
        size_of::<Option<TaskRef>>() * registry.slots.capacity() + size_of::<u32>() * registry.free.capacity()
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
        assert_eq!(registry.slots.len(), KEPT);
    }
}
