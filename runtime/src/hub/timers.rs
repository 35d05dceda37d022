//! The timers of a hub: a hierarchical wheel in one vector.
//!
//! Setting, cancelling and firing cost the same however many are pending. Time is cut into ticks of 2^20 ns (about
//! a millisecond). Level 0 has a slot for each of the next 64 ticks, level 1 a slot for each of the next 64 × 64, and
//! so on; eight levels reach further than 64 bits of nanoseconds do. A slot is a circular list whose head is one of
//! the first nodes of the vector, so leaving a list needs to know nothing but one's neighbours.
//!
//! Only the slot of the current tick is kept sorted, by deadline: its first timer is the next to fire, and firing is
//! exact to the nanosecond although slots are not. Equal deadlines stay in the order in which they were set, because
//! every step (insertion, cascade, sort) keeps it.

use std::mem;
use std::time::Duration;

use super::task::TaskRef;

const TICK_BITS: u32 = 20;
const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
const LEVELS: usize = 8;
const HEADS: usize = SLOTS * LEVELS;
/// The list of the timers of the current tick, sorted.
const CURRENT: u32 = HEADS as u32;
/// The list of the timers that never fire: their deadline is beyond what a clock can say.
const NEVER: u32 = CURRENT + 1;
/// The list of the timers that were set since the hub last looked outside, and whose time begins then.
const FRESH: u32 = NEVER + 1;
const FIRST_FREE: usize = HEADS + 3;
/// The deadline of those.
const NO_TIME: u64 = u64::MAX;
const NONE: u32 = u32::MAX;
/// How many timers of one slot are looked at to find the earliest, before its beginning has to do.
const SCAN: usize = 64;
/// A list that is longer is not kept for its memory.
const KEPT: usize = 4096;

/// All timers of a hub.
pub(crate) struct Timers {
    nodes: Vec<Node>,
    free: u32,
    /// How many will fire.
    pending: usize,
    /// How many never will.
    idle: usize,
    /// The tick up to which everything has fired.
    tick: u64,
    /// Which slots of a level may have timers. A set bit may be stale, a clear one never is.
    occupied: [u64; LEVELS],
    /// Kept between cascades for their memory.
    scratch: Vec<u32>,
    scratch_back: Vec<u32>,
}

/// A timer, owned by the wait that set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimerKey(u32);

struct Node {
    /// In the fresh list, how long it is from the next look on.
    deadline: u64,
    before: u32,
    after: u32,
    /// `None` for a list's head, for a timer that has fired, and for a free node.
    task: Option<TaskRef>,
}

impl Timers {
    pub(crate) fn new() -> Self {
        Timers {
            nodes: Vec::new(),
            free: NONE,
            pending: 0,
            idle: 0,
            tick: 0,
            occupied: [0; LEVELS],
            scratch: Vec::new(),
            scratch_back: Vec::new(),
        }
    }

    /// How many are set and have not fired.
    pub(crate) fn len(&self) -> usize {
        self.pending + self.idle
    }

    /// The count that a timer of this deadline belongs to.
    fn count(&mut self, deadline: u64) -> &mut usize {
        if deadline == NO_TIME { &mut self.idle } else { &mut self.pending }
    }

    /// Another clock, which may say less than the last one: an empty wheel turns back for it. One that is not empty
    /// goes on in order, but sorts what is behind it by hand.
    pub(crate) fn restart(&mut self) {
        if self.pending == 0 {
            self.tick = 0;
        }
    }

    /// Sets a timer that wakes `task` at `deadline`.
    pub(crate) fn set(&mut self, deadline: Duration, task: TaskRef) -> TimerKey {
        let deadline = nanoseconds(deadline);
        let index = self.node(deadline, task);
        *self.count(deadline) += 1;
        self.place(index);
        TimerKey(index)
    }

    /// Sets a timer that wakes `task` so many nanoseconds after the next [`settle`](Self::settle).
    ///
    /// For those that are mostly cancelled and need not be exact: what is set here needs no clock of its own, and no
    /// place in the wheel if it is cancelled before.
    pub(crate) fn set_later(&mut self, nanoseconds: u64, task: TaskRef) -> TimerKey {
        let index = self.node(nanoseconds.min(NO_TIME - 1), task);
        self.pending += 1;
        self.link_before(FRESH, index);
        TimerKey(index)
    }

    /// Is there anything to settle?
    pub(crate) fn has_fresh(&self) -> bool {
        self.nodes.get(FRESH as usize).is_some_and(|head| head.after != FRESH)
    }

    /// It is `now`: the time of those that were [set for later](Self::set_later) begins. Comes before
    /// [`next_deadline`](Self::next_deadline) and [`fire`](Self::fire), which do not see them.
    pub(crate) fn settle(&mut self, now: Duration) {
        let now = nanoseconds(now);
        let mut index = mem::replace(&mut self.nodes[FRESH as usize].after, FRESH);
        self.nodes[FRESH as usize].before = FRESH;
        while index != FRESH {
            let node = &mut self.nodes[index as usize];
            let next = node.after;
            node.deadline = node.deadline.saturating_add(now);
            if node.deadline == NO_TIME {
                self.pending -= 1;
                self.idle += 1;
            }
            self.place(index);
            index = next;
        }
    }

    /// A node that is in no list yet.
    fn node(&mut self, deadline: u64, task: TaskRef) -> u32 {
        if self.nodes.is_empty() {
            self.nodes.extend((0..FIRST_FREE as u32).map(|head| Node {
                deadline: 0,
                before: head,
                after: head,
                task: None,
            }));
        }
        let node = Node { deadline, before: NONE, after: NONE, task: Some(task) };
        if self.free == NONE {
            self.nodes.push(node);
            u32::try_from(self.nodes.len() - 1).expect("fewer than 2^32 timers are pending")
        } else {
            let index = self.free;
            self.free = self.nodes[index as usize].after;
            self.nodes[index as usize] = node;
            index
        }
    }

    /// Has it fired?
    pub(crate) fn has_fired(&self, key: TimerKey) -> bool {
        self.nodes[key.0 as usize].task.is_none()
    }

    /// Whoever owns the timer is now polled by `task`. The task that is left over comes back, to be dropped when
    /// nothing is borrowed.
    pub(crate) fn renew(&mut self, key: TimerKey, task: TaskRef) -> TaskRef {
        match &mut self.nodes[key.0 as usize].task {
            Some(owner) => mem::replace(owner, task),
            None => task,
        }
    }

    /// Gives the timer back, fired or not. Nothing of it stays; its task comes back, to be dropped when nothing is
    /// borrowed.
    pub(crate) fn cancel(&mut self, key: TimerKey) -> Option<TaskRef> {
        let index = key.0;
        let task = self.nodes[index as usize].task.take();
        if task.is_some() {
            self.unlink(index);
            *self.count(self.nodes[index as usize].deadline) -= 1;
        }
        self.nodes[index as usize].after = self.free;
        self.free = index;
        task
    }

    /// When to look again: not later than the earliest deadline, and that very deadline where it is cheap to know.
    /// `None` if nothing will ever fire.
    pub(crate) fn next_deadline(&mut self) -> Option<Duration> {
        if self.pending == 0 {
            return None;
        }
        let first = self.nodes[CURRENT as usize].after;
        if first != CURRENT {
            return Some(Duration::from_nanos(self.nodes[first as usize].deadline));
        }
        let (level, slot, tick) = self.next_slot()?;
        let head = (level * SLOTS + slot) as u32;
        let mut earliest = u64::MAX;
        let mut index = self.nodes[head as usize].after;
        for _ in 0..SCAN {
            if index == head {
                return Some(Duration::from_nanos(earliest));
            }
            earliest = earliest.min(self.nodes[index as usize].deadline);
            index = self.nodes[index as usize].after;
        }
        Some(Duration::from_nanos(tick << TICK_BITS))
    }

    /// Fires what is due at `now`, earliest first: the tasks to wake are appended to `due`.
    pub(crate) fn fire(&mut self, now: Duration, due: &mut Vec<TaskRef>) {
        if self.pending == 0 {
            // An empty wheel may turn to any tick at once.
            self.tick = self.tick.max(nanoseconds(now) >> TICK_BITS);
            return;
        }
        let now = nanoseconds(now);
        let target = now >> TICK_BITS;
        loop {
            self.fire_current(now, due);
            if self.tick >= target {
                return;
            }
            match self.next_slot() {
                Some((level, slot, tick)) if tick <= target => {
                    self.tick = tick;
                    self.cascade(level, slot, now, due);
                }
                _ => {
                    self.tick = target;
                    return;
                }
            }
        }
    }

    fn fire_current(&mut self, now: u64, due: &mut Vec<TaskRef>) {
        loop {
            let first = self.nodes[CURRENT as usize].after;
            if first == CURRENT || self.nodes[first as usize].deadline > now {
                return;
            }
            self.unlink(first);
            self.pending -= 1;
            due.extend(self.nodes[first as usize].task.take());
        }
    }

    /// The next slot after the current tick that has timers: level, slot, and the tick at which it begins.
    fn next_slot(&mut self) -> Option<(usize, usize, u64)> {
        for level in 0..LEVELS {
            let shift = SLOT_BITS * level as u32;
            let current = (self.tick >> shift) as usize % SLOTS;
            // What is at or before the current slot of a level has been cascaded.
            let mut ahead = self.occupied[level] & (u64::MAX << current) & !(1 << current);
            while ahead != 0 {
                let slot = ahead.trailing_zeros() as usize;
                let head = level * SLOTS + slot;
                if self.nodes[head].after != head as u32 {
                    let above = self.tick >> shift >> SLOT_BITS << SLOT_BITS;
                    return Some((level, slot, (above | slot as u64) << shift));
                }
                self.occupied[level] &= !(1 << slot);
                ahead &= ahead - 1;
            }
        }
        None
    }

    /// Distributes a slot whose time has come over the levels below it. What is due at `now` already is fired at once.
    fn cascade(&mut self, level: usize, slot: usize, now: u64, due: &mut Vec<TaskRef>) {
        self.occupied[level] &= !(1 << slot);
        let mut timers = std::mem::take(&mut self.scratch);
        self.empty_list((level * SLOTS + slot) as u32, &mut timers);
        if level == 0 {
            // All of them belong to the current tick: sorted once, then taken from the front.
            timers.sort_by_key(|&index| self.nodes[index as usize].deadline);
        }
        // Nobody else is due before them: what was due in the tick before has fired.
        let is_first = level == 0 && self.nodes[CURRENT as usize].after == CURRENT;
        for &index in &timers {
            if is_first && self.nodes[index as usize].deadline <= now {
                self.pending -= 1;
                due.extend(self.nodes[index as usize].task.take());
            } else {
                self.place(index);
            }
        }
        keep_if_small(timers, &mut self.scratch);
    }

    /// Takes all timers out of a list, in order.
    ///
    /// It is walked from both ends at once: each node is somewhere else in memory, and so two are fetched in the time
    /// of one.
    fn empty_list(&mut self, head: u32, timers: &mut Vec<u32>) {
        let Node { after: mut front, before: mut back, .. } = self.nodes[head as usize];
        self.nodes[head as usize].after = head;
        self.nodes[head as usize].before = head;
        if front == head {
            return;
        }
        let mut from_back = std::mem::take(&mut self.scratch_back);
        while front != back {
            let (first, last) = (&self.nodes[front as usize], &self.nodes[back as usize]);
            timers.push(front);
            from_back.push(back);
            if first.after == back {
                front = head;
                break;
            }
            (front, back) = (first.after, last.before);
        }
        if front != head {
            timers.push(front);
        }
        timers.extend(from_back.iter().rev());
        keep_if_small(from_back, &mut self.scratch_back);
    }

    /// Puts a timer that is in no list into the one where it belongs.
    fn place(&mut self, index: u32) {
        let deadline = self.nodes[index as usize].deadline;
        if deadline == NO_TIME {
            self.link_before(NEVER, index);
            return;
        }
        let tick = deadline >> TICK_BITS;
        if tick <= self.tick {
            self.place_in_current(index, deadline);
            return;
        }
        let level = ((tick ^ self.tick).ilog2() / SLOT_BITS) as usize;
        let slot = (tick >> (SLOT_BITS * level as u32)) as usize % SLOTS;
        self.occupied[level] |= 1 << slot;
        self.link_before((level * SLOTS + slot) as u32, index);
    }

    /// Sorted from the back: what is set later is mostly due later.
    fn place_in_current(&mut self, index: u32, deadline: u64) {
        let mut after = CURRENT;
        loop {
            let before = self.nodes[after as usize].before;
            if before == CURRENT || self.nodes[before as usize].deadline <= deadline {
                break;
            }
            after = before;
        }
        self.link_before(after, index);
    }

    fn link_before(&mut self, after: u32, index: u32) {
        let before = self.nodes[after as usize].before;
        self.nodes[index as usize].before = before;
        self.nodes[index as usize].after = after;
        self.nodes[before as usize].after = index;
        self.nodes[after as usize].before = index;
    }

    fn unlink(&mut self, index: u32) {
        let Node { before, after, .. } = self.nodes[index as usize];
        self.nodes[before as usize].after = after;
        self.nodes[after as usize].before = before;
    }
}

/// Keeps the memory of a list for the next one, unless that is a lot.
fn keep_if_small(mut list: Vec<u32>, kept: &mut Vec<u32>) {
    if list.capacity() <= KEPT {
        list.clear();
        *kept = list;
    }
}

/// Five hundred years fit.
fn nanoseconds(time: Duration) -> u64 {
    let seconds = time.as_secs().checked_mul(1_000_000_000);
    seconds.and_then(|seconds| seconds.checked_add(time.subsec_nanos().into())).unwrap_or(NO_TIME)
}

#[cfg(test)]
mod tests;
