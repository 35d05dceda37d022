//! A slot of the wheel: timers in the order in which they came, in a row.
//!
//! One that leaves from the middle leaves a hole. When there are more holes than timers the row is
//! closed up, so a timer pays for one step of that at most, and holes never take more room than
//! timers do.

use crate::hub::table::KEPT;

/// Fewer holes than this are not worth a closing up.
pub(super) const FEW: u32 = 32;
const HOLE: u32 = u32::MAX;

/// Timers by their numbers.
#[derive(Default)]
pub(super) struct Slot {
    row: Vec<u32>,
    holes: u32,
}

impl Slot {
    pub(super) fn len(&self) -> usize {
        self.row.len() - self.holes as usize
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.row.capacity() * size_of::<u32>()
    }

    /// In the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.row.iter().copied().filter(|&timer| timer != HOLE)
    }

    /// Adds a timer, and gives its place.
    #[inline]
    pub(super) fn push(&mut self, timer: u32) -> u32 {
        self.row.push(timer);
        // There are no more timers than a `u32` counts, and no more holes than timers but for a
        // few.
        u32::try_from(self.row.len() - 1).expect("a slot has fewer than 2^32 places")
    }

    /// Takes the timer at this place out.
    #[inline]
    pub(super) fn remove(&mut self, place: u32) {
        self.row[place as usize] = HOLE;
        self.holes += 1;
        while self.row.last() == Some(&HOLE) {
            self.row.pop();
            self.holes -= 1;
        }
    }

    /// Is it time to close it up?
    #[inline]
    pub(super) fn is_sparse(&self) -> bool {
        self.holes > FEW && self.holes as usize > self.len()
    }

    /// Closes the holes: `moved` is told of every timer's new place.
    pub(super) fn close_up(&mut self, mut moved: impl FnMut(u32, u32)) {
        self.row.retain(|&timer| timer != HOLE);
        self.holes = 0;
        for (place, &timer) in (0..).zip(&self.row) {
            moved(timer, place);
        }
        self.row.shrink_to(KEPT);
    }

    /// Gives the memory of timers back that have gone.
    pub(super) fn shrink(&mut self) {
        self.row.shrink_to(KEPT);
    }

    /// Keeps the memory of a slot whose timers have gone, unless that is a lot.
    pub(super) fn reuse(&mut self, mut opened: Slot) {
        if self.row.capacity() == 0 && opened.row.capacity() <= KEPT {
            opened.row.clear();
            opened.holes = 0;
            *self = opened;
        }
    }
}
