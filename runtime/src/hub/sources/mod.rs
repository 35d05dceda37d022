//! Who waits for which descriptor, and what is known about each.
//!
//! A [`Source`] is a descriptor that the hub knows. It is registered when an operation on it first finds nothing to
//! do, once, for both directions, edge-triggered where the poller can. From then on the hub remembers what each
//! direction is ready for, and a system call that would find nothing is not made.
//!
//! A slot's key holds a generation, so that an event for a descriptor that has gone is dropped and never reaches the
//! next one in its slot.
//!
//! `source.rs` is one descriptor, `io_wait.rs` an operation that waits for it.

use super::poller::{Event, RawSource};
use super::task::TaskRef;

mod io_wait;
mod source;

pub(crate) use io_wait::Patience;
pub(crate) use source::{Done, Source};

/// All sources of a hub.
#[derive(Default)]
pub(crate) struct Sources {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

struct Slot {
    generation: u32,
    raw: RawSource,
    in_use: bool,
    closed: bool,
    /// How many sources share it: those that wait for one lent descriptor.
    users: u32,
    sides: [Side; 2],
}

#[derive(Default)]
struct Side {
    /// A system call may find something to do.
    ready: bool,
    /// The peer is gone: every later call will find that out at once.
    hung_up: bool,
    waiter: Option<TaskRef>,
    /// Counts the waits of this side, so that each knows whether the waiter is its own.
    waits: u32,
}

/// Which half of a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read = 0,
    Write = 1,
}

/// Slot and generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SourceKey(usize);

const INDEX_BITS: u32 = if usize::BITS == 64 { 32 } else { 20 };

impl SourceKey {
    fn new(index: u32, generation: u32) -> Self {
        SourceKey(index as usize | (generation as usize) << INDEX_BITS)
    }

    fn index(self) -> usize {
        self.0 & ((1 << INDEX_BITS) - 1)
    }

    fn generation(self) -> usize {
        self.0 >> INDEX_BITS
    }

    pub(crate) fn token(self) -> usize {
        self.0
    }
}

impl Sources {
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Does any task wait for a descriptor? Asked before every sleep without a deadline, so it stops at the first.
    pub(crate) fn has_waiter(&self) -> bool {
        self.slots.iter().flat_map(|slot| &slot.sides).any(|side| side.waiter.is_some())
    }

    fn insert(&mut self, raw: RawSource) -> SourceKey {
        let sides = [Side::default(), Side { ready: true, ..Side::default() }];
        match self.free.pop() {
            Some(index) => {
                let slot = &mut self.slots[index as usize];
                // The highest generation and slot together would be the token that `polling` keeps for itself.
                let generation = slot.generation.wrapping_add(1) & (u32::MAX >> 1);
                *slot = Slot { generation, raw, in_use: true, closed: false, users: 1, sides };
                SourceKey::new(index, generation)
            }
            None => {
                let index = u32::try_from(self.slots.len()).expect("fewer than 2^32 descriptors");
                self.slots.push(Slot { generation: 0, raw, in_use: true, closed: false, users: 1, sides });
                SourceKey::new(index, 0)
            }
        }
    }

    /// One source fewer uses this slot. `true` says that it was the last, and the slot is free.
    fn release(&mut self, key: SourceKey) -> bool {
        let Some(slot) = self.slot(key) else { return false };
        slot.users -= 1;
        let is_last = slot.users == 0;
        if is_last {
            slot.in_use = false;
            slot.sides = Default::default();
            self.free.push(key.index() as u32);
        }
        is_last
    }

    /// One source more uses the slot of this descriptor, if it has one. Looks at all of them.
    fn share(&mut self, raw: RawSource) -> Option<SourceKey> {
        let index = self.slots.iter().position(|slot| slot.in_use && slot.raw == raw)?;
        let slot = &mut self.slots[index];
        slot.users += 1;
        Some(SourceKey::new(index as u32, slot.generation))
    }

    fn slot(&mut self, key: SourceKey) -> Option<&mut Slot> {
        let mask = usize::MAX >> INDEX_BITS;
        let slot = self.slots.get_mut(key.index())?;
        (slot.in_use && slot.generation as usize & mask == key.generation()).then_some(slot)
    }

    /// Takes note of an event; whoever waited for it is appended to `woken`.
    pub(crate) fn deliver(&mut self, event: &Event, is_edge: bool, woken: &mut Vec<TaskRef>) {
        // A stale event is dropped here.
        let Some(slot) = self.slot(SourceKey(event.token)) else { return };
        for (side, is_ready) in slot.sides.iter_mut().zip([event.readable, event.writable]) {
            if is_ready || !is_edge {
                // Without edges an event disarms both directions: the other side looks for itself and arms again.
                side.ready = true;
                side.hung_up |= event.hung_up && is_ready;
                woken.extend(side.waiter.take());
            }
        }
    }

    /// Marks every source on this descriptor as closed; whoever waited is appended to `woken`.
    pub(crate) fn close_raw(&mut self, raw: RawSource, woken: &mut Vec<TaskRef>) -> bool {
        let mut found = false;
        for slot in self.slots.iter_mut().filter(|slot| slot.in_use && slot.raw == raw) {
            found = true;
            slot.closed = true;
            for side in &mut slot.sides {
                woken.extend(side.waiter.take());
            }
        }
        found
    }
}
