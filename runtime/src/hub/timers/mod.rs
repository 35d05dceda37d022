//! The timers of a hub: a hierarchical wheel.
//!
//! Setting, cancelling and firing cost the same however many are pending. Time is cut into ticks of
//! 2^20 ns (about a millisecond). Level 0 has a slot for each of the next 64 ticks, level 1 a slot
//! for each of the next 64 × 64, and so on; eight levels reach further than 64 bits of nanoseconds
//! do. A slot is a list of numbers in a row (see `slot.rs`), and a timer knows its place in it: no
//! timer is touched when another one comes or goes, which matters when there are more of them than
//! a processor's cache holds.
//!
//! Only the timers of the current tick are kept sorted, by deadline: the first of them is the next
//! to fire, and firing is exact to the nanosecond although slots are not. One that is set among
//! them finds its place by halving, and moves up to half of them aside. On a real clock they are no
//! more than can be set in a millisecond. Equal deadlines stay in the order in which they were set,
//! because every step (insertion, cascade, sort) keeps it.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use super::table::{Entry, KEPT, Table};
use super::task::Waiter;
use slot::Slot;

mod slot;

const TICK_BITS: u32 = 20;
const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
const LEVELS: usize = 8;
/// The slot of the timers that never fire: their deadline is beyond what a clock can say.
const NEVER: usize = SLOTS * LEVELS;
/// The slot of the timers that were set since the hub last looked outside, and whose time begins
/// then.
const FRESH: usize = NEVER + 1;
/// In place of a slot: the timer is due in the current tick.
const CURRENT: u32 = FRESH as u32 + 1;
/// In place of a slot: there is no timer here.
const FREE: u32 = CURRENT + 1;
/// The deadline of those that never fire.
const NO_TIME: u64 = u64::MAX;
/// How many timers of one slot are looked at to find the earliest, before its beginning has to do.
const SCAN: usize = 64;
/// So many timers …
const CROWD: usize = 4;
/// … within so many nanoseconds are woken together, the first of them later by that.
const MOMENT: u64 = 50_000;

/// All timers of a hub.
pub(crate) struct Timers {
    nodes: Table<Node>,
    /// How many will fire.
    pending: usize,
    /// How many never will.
    idle: usize,
    /// The tick up to which everything has fired.
    tick: u64,
    /// All levels one after the other, `NEVER` and `FRESH`. Nothing is allocated before the first
    /// timer is set.
    slots: Vec<Slot>,
    /// Which slots of a level may have timers. A set bit may be stale, a clear one never is.
    occupied: [u64; LEVELS],
    /// What is due in the current tick, sorted: deadlines and timers. A timer that was cancelled
    /// keeps its place here, without a task, until it comes to either end, or there are more of its
    /// kind than of the others.
    current: VecDeque<(u64, u32)>,
    /// How many places in `current` are those of cancelled timers.
    cancelled: usize,
    /// Kept between ticks for its memory.
    sorted: Vec<(u64, u32)>,
}

/// A timer, owned by the wait that set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimerKey(u32);

#[derive(Default)]
struct Node {
    /// In the slot of the fresh ones, how long it is from the next look on.
    deadline: u64,
    /// `None` for a timer that has fired or was cancelled, and for a free node.
    task: Option<Waiter>,
    /// Where it is in its slot.
    place: u32,
    slot: u32,
}

impl Entry for Node {
    #[inline]
    fn is_free(&self) -> bool {
        self.slot == FREE
    }

    #[inline]
    fn next_free(&self) -> u32 {
        self.place
    }

    #[inline]
    fn set_next_free(&mut self, next: u32) {
        self.place = next;
        self.slot = FREE;
    }
}

impl Timers {
    pub(crate) fn new() -> Self {
        Timers {
            nodes: Table::default(),
            pending: 0,
            idle: 0,
            tick: 0,
            slots: Vec::new(),
            occupied: [0; LEVELS],
            current: VecDeque::new(),
            cancelled: 0,
            sorted: Vec::new(),
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

    /// Another clock, which may say less than the last one: an empty wheel turns back for it. One
    /// that is not empty goes on in order, but sorts what is behind it by hand.
    pub(crate) fn restart(&mut self) {
        if self.pending == 0 {
            self.tick = 0;
        }
    }

    /// Sets a timer that wakes `task` at `deadline`.
    pub(crate) fn set(&mut self, deadline: Duration, task: Waiter) -> TimerKey {
        self.set_at(nanoseconds(deadline), task)
    }

    /// The same, in nanoseconds.
    pub(crate) fn set_at(&mut self, deadline: u64, task: Waiter) -> TimerKey {
        let index = self.take_node();
        let node = &mut self.nodes[index];
        node.deadline = deadline;
        node.task = Some(task);
        *self.count(deadline) += 1;
        self.place(index, deadline);
        TimerKey(index)
    }

    /// A timer that has fired.
    pub(crate) fn set_fired(&mut self) -> TimerKey {
        let index = self.take_node();
        self.nodes[index].slot = CURRENT;
        TimerKey(index)
    }

    /// Sets a timer that wakes `task` so many nanoseconds after the next [`settle`](Self::settle).
    ///
    /// For those that are mostly cancelled and need not be exact: what is set here needs no clock
    /// of its own, and no place in the wheel if it is cancelled before.
    pub(crate) fn set_later(&mut self, nanoseconds: u64, task: Waiter) -> TimerKey {
        let index = self.take_node();
        let node = &mut self.nodes[index];
        node.deadline = nanoseconds.min(NO_TIME - 1);
        node.task = Some(task);
        self.pending += 1;
        self.put_into(FRESH, index);
        TimerKey(index)
    }

    /// Is there anything to settle?
    pub(crate) fn has_fresh(&self) -> bool {
        self.slots.get(FRESH).is_some_and(|fresh| fresh.len() > 0)
    }

    /// It is `now`: the time of those that were [set for later](Self::set_later) begins. Comes
    /// before [`next_deadline`](Self::next_deadline) and [`fire`](Self::fire), which do not see
    /// them.
    pub(crate) fn settle(&mut self, now: Duration) {
        let now = nanoseconds(now);
        let fresh = mem::take(&mut self.slots[FRESH]);
        for index in fresh.iter() {
            let node = &mut self.nodes[index];
            node.deadline = node.deadline.saturating_add(now);
            let deadline = node.deadline;
            if deadline == NO_TIME {
                self.pending -= 1;
                self.idle += 1;
            }
            self.place(index, deadline);
        }
        self.slots[FRESH].reuse(fresh);
    }

    #[inline]
    fn take_node(&mut self) -> u32 {
        self.nodes.take().unwrap_or_else(|| self.add_node())
    }

    #[inline(never)]
    fn add_node(&mut self) -> u32 {
        if self.slots.is_empty() {
            self.slots.resize_with(FRESH + 1, Slot::default);
        }
        self.nodes.take_more()
    }

    /// May there be memory to [give back](Self::shrink)?
    #[inline]
    pub(crate) fn is_roomy(&self) -> bool {
        self.nodes.is_roomy()
    }

    /// Where there were many timers and most have gone, so does their memory, and that of the rows
    /// in which they stood.
    #[cold]
    pub(crate) fn shrink(&mut self) {
        if self.nodes.shorten(drop) {
            self.slots.iter_mut().for_each(Slot::shrink);
            self.current.shrink_to(KEPT);
        }
    }

    /// Will one fire for anything that is no green thread?
    pub(crate) fn has_stand_in(&self) -> bool {
        let is_one = |node: &Node| node.task.as_ref().is_some_and(Waiter::is_stand_in);
        self.nodes.iter().any(|node| node.deadline != NO_TIME && is_one(node))
    }

    /// Has it fired?
    pub(crate) fn has_fired(&self, key: TimerKey) -> bool {
        self.nodes[key.0].task.is_none()
    }

    /// Whoever owns the timer is now polled by `task`. The task that is left over comes back, to be
    /// dropped when nothing is borrowed.
    pub(crate) fn renew(&mut self, key: TimerKey, task: Waiter) -> Waiter {
        match &mut self.nodes[key.0].task {
            Some(owner) => mem::replace(owner, task),
            None => task,
        }
    }

    /// Gives the timer back, fired or not. Nothing of it stays; its task comes back, to be dropped
    /// when nothing is borrowed.
    pub(crate) fn cancel(&mut self, key: TimerKey) -> Option<Waiter> {
        let index = key.0;
        let node = &mut self.nodes[index];
        let task = node.task.take();
        let Node { deadline, place, slot, .. } = *node;
        if task.is_none() {
            self.nodes.give_back(index);
            return None;
        }
        *self.count(deadline) -= 1;
        if slot == CURRENT {
            self.cancelled += 1;
            self.forget_cancelled();
        } else {
            self.leave_slot(slot as usize, place);
            self.nodes.give_back(index);
        }
        task
    }

    fn leave_slot(&mut self, slot: usize, place: u32) {
        let left = &mut self.slots[slot];
        left.remove(place);
        if left.is_sparse() {
            self.close_up(slot);
        }
    }

    #[cold]
    fn close_up(&mut self, slot: usize) {
        self.slots[slot].close_up(|index, place| self.nodes[index].place = place);
    }

    /// Frees what was cancelled at either end of the current tick's timers; what is between them
    /// waits for its turn, but there are never more of them than of the others, but for a few.
    #[inline(never)]
    fn forget_cancelled(&mut self) {
        while let Some(&(_, index)) = self.current.back()
            && self.nodes[index].task.is_none()
        {
            self.current.pop_back();
            self.forget_one(index);
        }
        while let Some(&(_, index)) = self.current.front()
            && self.nodes[index].task.is_none()
        {
            self.current.pop_front();
            self.forget_one(index);
        }
        if self.cancelled > slot::FEW as usize && self.cancelled > self.current.len() / 2 {
            self.close_up_current();
        }
    }

    fn forget_one(&mut self, index: u32) {
        self.cancelled -= 1;
        self.nodes.give_back(index);
    }

    /// Half of the timers were cancelled since this was done last, so each of them pays for one
    /// step or two.
    #[cold]
    fn close_up_current(&mut self) {
        let nodes = &mut self.nodes;
        self.current.retain(|&(_, index)| {
            let is_set = nodes[index].task.is_some();
            if !is_set {
                nodes.give_back(index);
            }
            is_set
        });
        self.cancelled = 0;
    }

    /// When to wake up for timers: at [`next_deadline`](Self::next_deadline), or a little later
    /// where so many are due within a moment that a wake for each of them would cost more than all
    /// the rest of them does.
    pub(crate) fn next_wake(&self) -> Option<Duration> {
        let next = self.next_deadline()?;
        let in_a_moment = nanoseconds(next).saturating_add(MOMENT);
        let crowd = self.current.get(CROWD - 1).filter(|&&(deadline, _)| deadline <= in_a_moment);
        Some(crowd.map_or(next, |_| Duration::from_nanos(in_a_moment)))
    }

    /// When to look again: not later than the earliest deadline, and that very deadline where it is
    /// cheap to know. `None` if nothing will ever fire.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        if self.pending == 0 {
            return None;
        }
        if let Some(&(deadline, _)) = self.current.front() {
            return Some(Duration::from_nanos(deadline));
        }
        let (level, slot, tick) = self.next_slot()?;
        let list = &self.slots[level * SLOTS + slot];
        let deadlines = list.iter().map(|index| self.nodes[index].deadline);
        let earliest = if list.len() > SCAN { None } else { deadlines.min() };
        Some(Duration::from_nanos(earliest.unwrap_or(tick << TICK_BITS)))
    }

    /// Fires what is due at `now`, earliest first: the tasks to wake are appended to `due`.
    pub(crate) fn fire(&mut self, now: Duration, due: &mut Vec<Waiter>) {
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
                    self.occupied[level] &= !(1 << slot);
                    self.tick = tick;
                    self.open_slot(level, slot, now, due);
                }
                _ => {
                    self.tick = target;
                    return;
                }
            }
        }
    }

    fn fire_current(&mut self, now: u64, due: &mut Vec<Waiter>) {
        while let Some(&(deadline, index)) = self.current.front()
            && deadline <= now
        {
            self.current.pop_front();
            self.fire_one(index, due);
            if self.cancelled > 0 {
                self.forget_cancelled();
            }
        }
    }

    fn fire_one(&mut self, index: u32, due: &mut Vec<Waiter>) {
        self.pending -= 1;
        due.extend(self.nodes[index].task.take());
    }

    /// The next slot after the current tick that has timers: level, slot, and the tick at which it
    /// begins.
    fn next_slot(&self) -> Option<(usize, usize, u64)> {
        for level in 0..LEVELS {
            let shift = SLOT_BITS * level as u32;
            let current = (self.tick >> shift) as usize % SLOTS;
            // What is at or before the current slot of a level has been opened.
            let mut ahead = self.occupied[level] & (u64::MAX << current) & !(1 << current);
            while ahead != 0 {
                let slot = ahead.trailing_zeros() as usize;
                if self.slots[level * SLOTS + slot].len() > 0 {
                    let above = self.tick >> shift >> SLOT_BITS << SLOT_BITS;
                    return Some((level, slot, (above | slot as u64) << shift));
                }
                ahead &= ahead - 1;
            }
        }
        None
    }

    /// The time of a slot has come: its timers go to the levels below it, or become the current
    /// ones. What is due at `now` already is fired at once.
    fn open_slot(&mut self, level: usize, slot: usize, now: u64, due: &mut Vec<Waiter>) {
        let slot = level * SLOTS + slot;
        let opened = mem::take(&mut self.slots[slot]);
        if level == 0 && self.current.is_empty() {
            self.make_current(&opened, now, due);
        } else {
            for index in opened.iter() {
                self.place(index, self.nodes[index].deadline);
            }
        }
        self.slots[slot].reuse(opened);
    }

    /// All of them belong to the current tick, and nobody else does: sorted once, then taken from
    /// the front.
    fn make_current(&mut self, opened: &Slot, now: u64, due: &mut Vec<Waiter>) {
        self.current.shrink_to(KEPT);
        let mut sorted = mem::take(&mut self.sorted);
        sorted.extend(opened.iter().map(|index| (self.nodes[index].deadline, index)));
        sorted.sort_by_key(|&(deadline, _)| deadline);
        for (deadline, index) in sorted.drain(..) {
            if deadline <= now {
                self.fire_one(index, due);
            } else {
                self.nodes[index].slot = CURRENT;
                self.current.push_back((deadline, index));
            }
        }
        if sorted.capacity() <= KEPT {
            self.sorted = sorted;
        }
    }

    /// Puts a timer that is nowhere to where it belongs.
    fn place(&mut self, index: u32, deadline: u64) {
        let tick = deadline >> TICK_BITS;
        let slot = if deadline == NO_TIME {
            NEVER
        } else if tick <= self.tick {
            return self.place_in_current(index, deadline);
        } else {
            let level = ((tick ^ self.tick).ilog2() / SLOT_BITS) as usize;
            let slot = (tick >> (SLOT_BITS * level as u32)) as usize % SLOTS;
            self.occupied[level] |= 1 << slot;
            level * SLOTS + slot
        };
        self.put_into(slot, index);
    }

    fn put_into(&mut self, slot: usize, index: u32) {
        let node = &mut self.nodes[index];
        node.slot = slot as u32;
        node.place = self.slots[slot].push(index);
    }

    /// What is set later is mostly due later.
    #[inline(never)]
    fn place_in_current(&mut self, index: u32, deadline: u64) {
        self.nodes[index].slot = CURRENT;
        if self.current.back().is_none_or(|&(last, _)| last <= deadline) {
            self.current.push_back((deadline, index));
        } else {
            let at = self.current.partition_point(|&(other, _)| other <= deadline);
            self.current.insert(at, (deadline, index));
        }
    }
}

/// Five hundred years fit.
pub(super) fn nanoseconds(time: Duration) -> u64 {
    let seconds = time.as_secs().checked_mul(1_000_000_000);
    seconds.and_then(|seconds| seconds.checked_add(time.subsec_nanos().into())).unwrap_or(NO_TIME)
}

#[cfg(test)]
mod tests;
