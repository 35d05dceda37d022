//! What the hub knows of one descriptor, in half a cache line: with thousands of them each is
//! fetched from memory for each of its events.

use super::Direction;
use crate::hub::poller::{Interest, RawSource};
use crate::hub::table::Entry;
use crate::hub::task::Waiter;

// Aligned, because half of them would otherwise be in two cache lines each.
#[repr(align(32))]
pub(super) struct Slot {
    waiters: [Option<Waiter>; 2],
    /// Counts the waits of each direction, so that each wait knows whether the waiter is its own.
    waits: [u32; 2],
    /// In a free slot, the next free one.
    raw: RawSource,
    /// Flags, and above them the generation.
    word: u32,
}

/// A system call may find something to do: this for reading, the next for writing.
const READY: u32 = 1;
/// The peer is gone, which every later call will find out at once: this for reading, the next for
/// writing.
const HUNG_UP: u32 = 1 << 2;
/// Nobody may wait any more.
const CLOSED: u32 = 1 << 4;
/// Something out of the ordinary came, and so a read may end in the middle of what is there: TCP's
/// urgent mark. For good, since the mark may still be ahead. This for reading; the next is never
/// set.
const PRIORITY: u32 = 1 << 5;
/// Nobody has the slot.
const FREE: u32 = 1 << 7;
const FLAG_BITS: u32 = 8;

/// How it was found out that there is nothing to do any more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Drained {
    /// A read or write did less than it was asked to.
    Short,
    /// A call would have blocked.
    Failed,
}

/// What came of registering a waiter.
pub(super) enum Parked {
    /// The waiter of this count is the wait's own.
    Waits(u32),
    /// Somebody else waits there already.
    Taken(Waiter),
    Closed,
}

impl Default for Slot {
    fn default() -> Self {
        Slot { waiters: [None, None], waits: [0, 0], raw: 0, word: FREE }
    }
}

impl Entry for Slot {
    #[inline]
    fn is_free(&self) -> bool {
        self.word & FREE != 0
    }

    #[inline]
    fn next_free(&self) -> u32 {
        // It was one before.
        self.raw as u32
    }

    #[inline]
    fn set_next_free(&mut self, next: u32) {
        self.raw = next as RawSource;
    }
}

impl Slot {
    /// For a free slot that may be new: nothing of an earlier generation is taken for its own.
    pub(super) fn skip_to(&mut self, generation: u32) {
        self.word = self.generation().max(generation) << FLAG_BITS | FREE;
    }

    /// Takes the slot for a descriptor, of which nothing can be read, or the event is under way.
    /// Its generation comes back.
    pub(super) fn begin(&mut self, raw: RawSource, is_writable: bool) -> u32 {
        self.raw = raw;
        self.word &= !FREE;
        if is_writable {
            self.word |= READY << Direction::Write as u32;
        }
        self.generation()
    }

    /// Frees the slot. Whatever still comes for it is of an older generation. Who was forgotten
    /// there comes back, to be dropped when nothing is borrowed: it may be somebody else's waker.
    #[must_use]
    pub(super) fn end(&mut self) -> [Option<Waiter>; 2] {
        self.word = self.generation().wrapping_add(1) << FLAG_BITS | FREE;
        std::mem::take(&mut self.waiters)
    }

    #[inline]
    pub(super) fn generation(&self) -> u32 {
        self.word >> FLAG_BITS
    }

    pub(super) fn is_of(&self, raw: RawSource) -> bool {
        self.raw == raw && self.word & FREE == 0
    }

    /// May an operation in this direction find something to do?
    #[inline]
    pub(super) fn is_ready(&self, direction: Direction) -> bool {
        self.word & (READY << direction as u32 | CLOSED) == READY << direction as u32
    }

    /// There is something to do: whoever waits for it is taken out.
    #[inline]
    pub(super) fn become_ready(&mut self, direction: Direction, is_hung_up: bool) -> Option<Waiter> {
        let hung_up = if is_hung_up { HUNG_UP } else { 0 };
        self.word |= (READY | hung_up) << direction as u32;
        self.waiters[direction as usize].take()
    }

    /// Something out of the ordinary has come.
    pub(super) fn see_priority(&mut self) {
        self.word |= PRIORITY;
    }

    /// There is nothing to do any more. After a short count, what has been hung up still has an
    /// end, or an error, that no later event announces; and where a mark stands among the bytes,
    /// more may lie behind it.
    #[inline]
    pub(super) fn become_drained(&mut self, direction: Direction, drained: Drained) {
        if drained == Drained::Failed || self.word & (HUNG_UP | PRIORITY) << direction as u32 == 0 {
            self.word &= !(READY << direction as u32);
        }
    }

    /// `task` waits from now on, and what waited in its place comes back there. `own` is the count
    /// of the wait, if it has waited before.
    #[inline]
    pub(super) fn park(
        &mut self,
        direction: Direction,
        own: Option<u32>,
        task: &mut Option<Waiter>,
    ) -> Parked {
        if self.word & CLOSED != 0 {
            return Parked::Closed;
        }
        let (waiter, waits) = (&mut self.waiters[direction as usize], &mut self.waits[direction as usize]);
        match waiter {
            Some(other) if own != Some(*waits) => return Parked::Taken(other.clone()),
            Some(_) => {}
            None => *waits = waits.wrapping_add(1),
        }
        std::mem::swap(waiter, task);
        Parked::Waits(*waits)
    }

    /// The wait of this count waits no more. Its task comes back, if nobody has woken it.
    #[inline]
    pub(super) fn leave(&mut self, direction: Direction, wait: u32) -> Option<Waiter> {
        if self.waits[direction as usize] == wait { self.waiters[direction as usize].take() } else { None }
    }

    /// Who waits in this direction, if it is the wait of this count.
    pub(super) fn waiter(&self, direction: Direction, wait: u32) -> Option<Waiter> {
        let waiter = self.waiters[direction as usize].as_ref();
        waiter.filter(|_| self.waits[direction as usize] == wait).cloned()
    }

    /// Nobody may wait any more; whoever does is taken out.
    pub(super) fn close(&mut self) -> [Option<Waiter>; 2] {
        self.word |= CLOSED;
        std::mem::take(&mut self.waiters)
    }

    pub(super) fn has_waiter(&self) -> bool {
        self.waiters.iter().any(Option::is_some)
    }

    pub(super) fn has_stand_in(&self) -> bool {
        self.waiters.iter().flatten().any(Waiter::is_stand_in)
    }

    /// What a poller without edges has to be asked for.
    pub(super) fn interest(&self) -> Interest {
        Interest { readable: self.waiters[0].is_some(), writable: self.waiters[1].is_some() }
    }
}
