//! Who waits for which descriptor, and what is known about each.
//!
//! A [`Source`] is a descriptor that the hub knows. It is registered when an operation on it first
//! finds nothing to do, once, for both directions, edge-triggered where the poller can. From then
//! on the hub remembers what each direction is ready for, and a system call that would find nothing
//! is not made.
//!
//! An event's token holds a generation, so that one for a descriptor that has gone is dropped and
//! never reaches the next one in its slot. A source needs none: the slot is its own until it lets
//! go of it.
//!
//! `slot.rs` is what is known of one descriptor, `source.rs` the descriptor itself, `lent.rs` one
//! that is somebody else's, `taken.rs` what was told not to block, `operation.rs` an operation that
//! waits for it, `limit.rs` how long.
//!
//! A poller watches only what is open. A [`Source`] owns its descriptor and has the poller forget
//! it before it is closed; of a lent one the table owns a duplicate, so that a wait that is
//! forgotten leaks one descriptor and nothing worse. Whatever duplicates live, a registration goes
//! with the handle that made it.

use super::poller::{RawSource, Readiness};
use super::table::Table;
use super::task::Waiter;
use slot::Slot;

mod operation;
#[cfg(unix)]
mod lent;
mod limit;
mod slot;
mod source;
#[cfg(unix)]
pub(crate) mod taken;

pub(crate) use operation::{Accepts, Connects, Done, Kept, Peeks, Reads, Receives, Sends, Way, Writes};
pub(crate) use source::Source;

/// All sources of a hub.
#[derive(Default)]
pub(crate) struct Sources {
    slots: Table<Slot>,
    /// How many slots are not free.
    registered: usize,
    /// A slot that is added has this generation. No slot that has gone had a later one, and so no
    /// event that is under way for it is taken for one of the new slot.
    latest: u32,
    /// What is watched for those who wait for a descriptor of somebody else's.
    #[cfg(unix)]
    lent: lent::LentTable,
}

/// Which half of a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read = 0,
    Write = 1,
}

/// Slot and generation, as an event's token.
#[derive(Clone, Copy)]
struct Key {
    index: u32,
    generation: u32,
}

const INDEX_BITS: u32 = if usize::BITS == 64 { 32 } else { 20 };

impl Key {
    fn token(self) -> usize {
        self.index as usize | (self.generation as usize) << INDEX_BITS
    }

    /// What is left of a generation in a token.
    fn generation_in(token: usize) -> usize {
        token >> INDEX_BITS
    }

    fn index_in(token: usize) -> usize {
        token & ((1 << INDEX_BITS) - 1)
    }
}

impl Sources {
    pub(crate) fn len(&self) -> usize {
        self.registered
    }

    /// Does any task wait for a descriptor? Asked before every sleep without a deadline, so it
    /// stops at the first.
    pub(crate) fn has_waiter(&self) -> bool {
        self.slots.iter().any(Slot::has_waiter)
    }

    /// Does anything wait for a descriptor that is no green thread?
    pub(crate) fn has_stand_in(&self) -> bool {
        self.slots.iter().any(Slot::has_stand_in)
    }

    /// Takes a slot for a descriptor that was not known.
    fn insert(&mut self, raw: RawSource, is_writable: bool) -> Key {
        let index = self.slots.take().unwrap_or_else(|| self.add_slot());
        self.registered += 1;
        let generation = self.slots[index].begin(raw, is_writable);
        Key { index, generation }
    }

    /// It may be in the place of one that has gone.
    fn add_slot(&mut self) -> u32 {
        let index = self.slots.take_more();
        self.slots[index].skip_to(self.latest);
        index
    }

    /// Frees a slot. Who was forgotten there comes back, to be dropped when nothing is borrowed.
    #[must_use]
    fn release(&mut self, index: u32) -> [Option<Waiter>; 2] {
        let waiters = self.slots[index].end();
        self.registered -= 1;
        self.slots.give_back(index);
        waiters
    }

    /// May there be memory to [give back](Self::shrink)?
    #[inline]
    pub(crate) fn is_roomy(&self) -> bool {
        self.slots.is_roomy()
    }

    /// Where many descriptors were known and most have gone, so does the memory of what was known
    /// of them.
    #[cold]
    pub(crate) fn shrink(&mut self) {
        let latest = &mut self.latest;
        self.slots.shorten(|slot| *latest = slot.generation().max(*latest));
    }

    /// A slot that a source has and did not release.
    #[inline]
    fn slot(&mut self, index: u32) -> &mut Slot {
        &mut self.slots[index]
    }

    /// Takes note of an event; whoever waited for it is handed to `wake`, which calls nobody's
    /// code.
    #[inline]
    pub(crate) fn deliver(&mut self, event: &Readiness, is_edge: bool, mut wake: impl FnMut(Waiter)) {
        let Some(slot) = self.slots.get_mut(Key::index_in(event.token)) else { return };
        // A stale event is dropped here.
        if slot.generation() as usize & (usize::MAX >> INDEX_BITS) != Key::generation_in(event.token) {
            return;
        }
        if event.priority {
            slot.see_priority();
        }
        for (direction, is_ready) in [(Direction::Read, event.readable), (Direction::Write, event.writable)] {
            if is_ready || !is_edge {
                // Without edges an event disarms both directions: the other side looks for itself
                // and arms again.
                if let Some(waiter) = slot.become_ready(direction, event.hung_up && is_ready) {
                    wake(waiter);
                }
            }
        }
    }

    /// Marks every source on this descriptor as closed; whoever waited is appended to `woken`.
    pub(crate) fn close_raw(&mut self, raw: RawSource, woken: &mut Vec<Waiter>) -> bool {
        let mut found = false;
        for slot in self.slots.iter_mut().filter(|slot| slot.is_of(raw)) {
            found = true;
            woken.extend(slot.close().into_iter().flatten());
        }
        found
    }
}

#[cfg(test)]
mod tests;
