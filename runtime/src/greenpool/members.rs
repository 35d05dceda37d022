//! The threads of a pool, in the order in which they were spawned.
//!
//! Threads are numbered in that order, so that a line sorted by number needs no index beside it:
//! joining costs nothing, leaving and asking a search by halves. A member that leaves from the
//! middle leaves a gap; when the gaps outnumber the members the line closes up.

use std::collections::{BTreeMap, VecDeque};

use crate::hub::task::TaskRef;

#[derive(Default)]
pub(super) struct Members {
    line: VecDeque<MemberSlot>,
    gaps: usize,
    /// How many `catch_exit`s each of those had entered that the pool has killed. Not in the line:
    /// two words are written where they are to lie, three are put together elsewhere first, and
    /// the processor waits for them when they are copied.
    killed: BTreeMap<u64, u64>,
}

struct MemberSlot {
    id: u64,
    /// `None` is a gap.
    task: Option<TaskRef>,
}

/// A line this short is not worth closing up.
const SHORT: usize = 32;
/// For how many members room is kept.
const ROOM_KEPT: usize = 1024;

impl Members {
    pub(super) fn len(&self) -> usize {
        self.line.len() - self.gaps
    }

    /// Adds a thread that is younger than every member.
    pub(super) fn add(&mut self, task: TaskRef) {
        self.line.push_back(MemberSlot { id: task.id(), task: Some(task) });
    }

    /// Adds a thread of any age that is no member.
    pub(super) fn add_any(&mut self, task: TaskRef) {
        let id = task.id();
        let place = MemberSlot { id, task: Some(task) };
        match self.find(id) {
            // It was a member before, and left a gap.
            Ok(index) => {
                self.line[index] = place;
                self.gaps -= 1;
            }
            Err(index) => self.line.insert(index, place),
        }
    }

    pub(super) fn contains(&self, id: u64) -> bool {
        self.find(id).is_ok_and(|index| self.line[index].task.is_some())
    }

    /// The oldest member that is younger than the thread with this number.
    pub(super) fn after(&self, id: u64) -> Option<TaskRef> {
        let next = self.line.partition_point(|place| place.id <= id);
        self.line.range(next..).find_map(|place| place.task.clone())
    }

    /// Is the pool to kill this member? If it has before, the member may be cleaning up, which a
    /// kill would end; but not where it has come to stand in a `catch_exit` anew, and hears.
    pub(super) fn may_kill(&mut self, task: &TaskRef) -> bool {
        if !self.contains(task.id()) {
            return false;
        }
        let entered = task.scopes_made();
        let before = self.killed.insert(task.id(), entered);
        before.is_none_or(|before| task.has_scope_after(before))
    }

    /// Takes a member out. The caller drops it, when nothing is borrowed.
    pub(super) fn remove(&mut self, id: u64) -> Option<TaskRef> {
        if !self.killed.is_empty() {
            self.killed.remove(&id);
        }
        // Mostly the oldest ends first, and leaves no gap.
        if self.gaps == 0
            && self.line.front().is_some_and(|oldest| oldest.id == id)
            && let Some(place) = self.line.pop_front()
        {
            self.trim_room();
            return place.task;
        }
        let index = self.find(id).ok()?;
        let task = self.line[index].task.take()?;
        self.gaps += 1;
        self.trim();
        Some(task)
    }

    fn find(&self, id: u64) -> Result<usize, usize> {
        // With no other spawns in between, the numbers in the line have no holes.
        let likely = id.wrapping_sub(self.line.front().map_or(0, |first| first.id)) as usize;
        if self.line.get(likely).is_some_and(|place| place.id == id) {
            return Ok(likely);
        }
        self.line.binary_search_by_key(&id, |place| place.id)
    }

    fn trim(&mut self) {
        while self.line.front().is_some_and(|place| place.task.is_none()) {
            self.line.pop_front();
            self.gaps -= 1;
        }
        if self.line.len() > SHORT && self.gaps > self.len() {
            self.line.retain(|place| place.task.is_some());
            self.gaps = 0;
        }
        self.trim_room();
    }

    #[inline]
    fn trim_room(&mut self) {
        // After a peak: each of those that have left since the room was cut last pays for a step of
        // it.
        if self.line.capacity() > ROOM_KEPT && self.line.len() < self.line.capacity() / 4 {
            self.line.shrink_to(ROOM_KEPT.max(2 * self.line.len()));
        }
    }
}
