//! A table whose entries stay where they are, and whose memory goes when many have been given back.
//!
//! Whoever has taken an entry knows it by its number, so that none can move: the table becomes shorter from its end. For
//! that to come about its upper part has a list of free entries of its own, from which is taken only while there is none
//! below, and a count of those that are taken:
//!
//! ```text
//!                                       upper
//!   [taken][free][taken][taken][free] … [free][taken][free] …
//!     ▲ taken first                       ▲ taken then        all free: the upper part goes
//! ```
//!
//! The upper part begins at three quarters of the entries that there were when the table grew last, or at one half of those
//! that were left when it became shorter. Between two changes of its memory lie as many takings or givings back as
//! a quarter of what is moved then, so each pays for a few steps. A single entry near the end keeps all that lies below.

use std::ops::{Index, IndexMut};

/// So many entries are no reason to shrink, and room for so many is kept. The same holds for lists that are kept for their
/// memory.
pub(super) const KEPT: usize = 1024;

/// Entries by their numbers.
pub(super) struct Table<T> {
    entries: Vec<T>,
    /// The first free entry below `upper`.
    free: u32,
    /// Where the upper part begins: [`NONE`] while the table is small.
    upper: u32,
    /// The first free entry of the upper part.
    upper_free: u32,
    /// How many entries of the upper part are taken.
    upper_taken: u32,
}

/// What can lie in a table.
pub(super) trait Entry: Default {
    /// The number that was noted last in this free entry.
    fn next_free(&self) -> u32;
    /// Notes a number in a free entry.
    fn set_next_free(&mut self, next: u32);
}

/// The number of no entry.
const NONE: u32 = u32::MAX;

/// What came of giving an entry back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Same,
    /// The table has become shorter: that happens once after many were taken.
    Less,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { entries: Vec::new(), free: NONE, upper: NONE, upper_free: NONE, upper_taken: 0 }
    }
}

impl<T: Entry> Table<T> {
    /// Takes a free entry as it was given back, if there is one in the lower part: else [`take_more`](Self::take_more).
    #[inline]
    pub(super) fn take(&mut self) -> Option<u32> {
        if self.free == NONE {
            return None;
        }
        let index = self.free;
        self.free = self.entries[index as usize].next_free();
        Some(index)
    }

    /// Takes an entry of the upper part, or a new one.
    #[inline(never)]
    pub(super) fn take_more(&mut self) -> u32 {
        if self.upper_free == NONE {
            return self.add();
        }
        let index = self.upper_free;
        self.upper_free = self.entries[index as usize].next_free();
        self.upper_taken += 1;
        index
    }

    /// All entries are taken.
    fn add(&mut self) -> u32 {
        let index = u32::try_from(self.entries.len()).ok().filter(|&index| index != NONE);
        let index = index.expect("a table has fewer than 2^32 entries");
        if self.entries.len() == self.entries.capacity() && index as usize >= KEPT {
            self.upper = index / 4 * 3;
            self.upper_taken = index - self.upper;
        }
        self.entries.push(T::default());
        if index >= self.upper {
            self.upper_taken += 1;
        }
        index
    }

    /// Gives an entry back, which nobody refers to any more. `gone` is told of each that goes for good.
    #[inline]
    pub(super) fn give_back(&mut self, index: u32, gone: impl FnMut(T)) -> Room {
        if index >= self.upper {
            return self.give_back_upper(index, gone);
        }
        self.entries[index as usize].set_next_free(self.free);
        self.free = index;
        Room::Same
    }

    #[inline(never)]
    fn give_back_upper(&mut self, index: u32, gone: impl FnMut(T)) -> Room {
        self.entries[index as usize].set_next_free(self.upper_free);
        self.upper_free = index;
        self.upper_taken -= 1;
        if self.upper_taken > 0 {
            return Room::Same;
        }
        self.shorten(gone);
        Room::Less
    }

    /// Cuts the upper part off for as long as it is free.
    #[cold]
    fn shorten(&mut self, mut gone: impl FnMut(T)) {
        while self.upper != NONE && self.upper_taken == 0 {
            self.entries.drain(self.upper as usize..).for_each(&mut gone);
            self.divide();
        }
        let len = self.entries.len();
        self.entries.shrink_to(KEPT.max(len + len / 3));
    }

    /// The upper part has gone: what is left has an upper part as well, unless it is small.
    fn divide(&mut self) {
        self.upper_free = NONE;
        self.upper_taken = 0;
        if self.entries.len() < KEPT {
            self.upper = NONE;
            return;
        }
        let len = self.upper;
        self.upper = len / 2;
        self.upper_taken = len - self.upper;
        let mut next = std::mem::replace(&mut self.free, NONE);
        while next != NONE {
            let index = next;
            let entry = &mut self.entries[index as usize];
            next = entry.next_free();
            if index < self.upper {
                entry.set_next_free(self.free);
                self.free = index;
            } else {
                entry.set_next_free(self.upper_free);
                self.upper_free = index;
                self.upper_taken -= 1;
            }
        }
    }
}

impl<T> Table<T> {
    /// All entries, free ones as well.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter()
    }

    /// All entries, free ones as well.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut()
    }

    /// The entry of a number that may be anything.
    #[inline]
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.entries.get_mut(index)
    }
}

#[cfg(test)]
impl<T> Table<T> {
    /// All entries, free ones as well.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<T>()
    }
}

impl<T> Index<u32> for Table<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: u32) -> &T {
        &self.entries[index as usize]
    }
}

impl<T> IndexMut<u32> for Table<T> {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut T {
        &mut self.entries[index as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Free, and the next free one; or taken.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct Number {
        next: u32,
        is_taken: bool,
    }

    impl Entry for Number {
        fn next_free(&self) -> u32 {
            assert!(!self.is_taken, "what is in a list is free");
            self.next
        }

        fn set_next_free(&mut self, next: u32) {
            self.next = next;
        }
    }

    fn take(table: &mut Table<Number>) -> u32 {
        let index = table.take().unwrap_or_else(|| table.take_more());
        let entry = &mut table[index];
        assert!(!std::mem::replace(&mut entry.is_taken, true), "{index} is somebody's");
        index
    }

    fn give_back(table: &mut Table<Number>, index: u32) -> Room {
        assert!(std::mem::take(&mut table[index].is_taken), "{index} was nobody's");
        table.give_back(index, drop)
    }

    /// Every free entry is in the list of its part, and the count of the upper one is right.
    fn check(table: &Table<Number>) {
        let list = |first: u32| {
            std::iter::successors((first != NONE).then_some(first), |&index| {
                let next = table[index].next_free();
                (next != NONE).then_some(next)
            })
        };
        let (mut lower, mut upper): (Vec<u32>, Vec<u32>) =
            (list(table.free).collect(), list(table.upper_free).collect());
        assert!(lower.iter().all(|&index| index < table.upper));
        assert!(upper.iter().all(|&index| index >= table.upper));
        let taken = table.entries.iter().skip(table.upper as usize).filter(|entry| entry.is_taken).count();
        assert_eq!(table.upper_taken as usize, taken);
        lower.append(&mut upper);
        lower.sort_unstable();
        let is_free = |index: &u32| !table[*index].is_taken;
        assert_eq!(lower, (0..table.entries.len() as u32).filter(is_free).collect::<Vec<_>>());
    }

    #[test]
    fn the_memory_goes_with_the_many_and_the_few_stay_where_they_are() {
        let mut table = Table::<Number>::default();
        let taken: Vec<u32> = (0..50_000).map(|_| take(&mut table)).collect();
        assert!(table.bytes() >= 400_000);
        let few = [3, 77, 500, 900];
        for index in taken.into_iter().filter(|index| !few.contains(index)) {
            give_back(&mut table, index);
        }
        check(&table);
        assert!(table.bytes() <= 2 * KEPT * size_of::<Number>(), "{} bytes", table.bytes());
        assert!(few.iter().all(|&index| table[index].is_taken));
    }

    #[test]
    fn one_near_the_end_keeps_what_lies_below_until_it_is_given_back() {
        let mut table = Table::<Number>::default();
        let taken: Vec<u32> = (0..50_000).map(|_| take(&mut table)).collect();
        for &index in &taken[..49_999] {
            assert!(give_back(&mut table, index) == Room::Same);
        }
        check(&table);
        // Meanwhile the lower ones are used, whatever was free first.
        for _ in 0..1000 {
            assert!(take(&mut table) < table.upper);
        }
        assert!(give_back(&mut table, 49_999) == Room::Less);
        check(&table);
    }

    #[test]
    fn one_that_comes_and_goes_at_the_limit_moves_nothing() {
        let mut table = Table::<Number>::default();
        (0..4096).for_each(|number| assert_eq!(take(&mut table), number));
        for _ in 0..100 {
            let index = take(&mut table);
            let room = table.bytes();
            assert!(give_back(&mut table, index) == Room::Same);
            assert_eq!(table.bytes(), room);
        }
        check(&table);
    }

    #[test]
    fn whatever_comes_and_goes_each_entry_is_somebodys_or_in_a_list() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut roll = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        let (mut table, mut taken, mut shortened) = (Table::<Number>::default(), Vec::new(), 0);
        for target in [5000, 100, 9000, 2000, 2500, 0, 1500, 1, 20_000, 30, 0] {
            while taken.len() != target {
                if taken.len() < target && roll(4) > 0 {
                    taken.push(take(&mut table));
                } else if !taken.is_empty() {
                    let index = taken.swap_remove(roll(taken.len()));
                    shortened += usize::from(give_back(&mut table, index) == Room::Less);
                }
            }
            check(&table);
            assert!(taken.iter().all(|&index| table[index].is_taken));
        }
        assert!(shortened >= 4, "{shortened}");
        assert!(table.bytes() <= 2 * KEPT * size_of::<Number>(), "{} bytes", table.bytes());
    }
}
