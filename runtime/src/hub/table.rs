//! A table whose entries stay where they are, and whose memory goes when many have been given back.
//!
//! Whoever has taken an entry knows it by its number, so that none can move: the table becomes
//! shorter from its end. That is looked at when the hub has nothing better to do, and few entries
//! are taken of many. Where some of the last quarter still are, that quarter is retired: what is
//! given back of it is not taken again, and when nothing of it is taken any more, it goes.
//!
//! ```text
//!                                              retired
//!   [taken][free][free][taken][free][free] … │ [free][taken][free] …
//!            ▲ taken first                     ▲ all of it free: it goes
//! ```
//!
//! Before a quarter goes or is retired, half as many entries as there are were given back, and
//! before it has to be used again, half as many were taken: each of them pays for a few steps. A
//! single entry near the end keeps all that lies below.

use std::ops::{Index, IndexMut};

/// So many entries are no reason to shrink, and room for so many is kept. The same holds for lists
/// that are kept for their memory.
pub(super) const KEPT: usize = 1024;

/// Entries by their numbers.
pub(super) struct Table<T> {
    entries: Vec<T>,
    /// The first free entry that is not retired.
    free: u32,
    taken: u32,
    /// Where the retired part begins: [`NONE`] if there is none.
    retired: u32,
    /// How many entries of that are taken still.
    retired_taken: u32,
}

/// What can lie in a table.
pub(super) trait Entry: Default {
    /// Is it nobody's? Whoever takes an entry begins to use it before this is asked.
    fn is_free(&self) -> bool;
    /// The number that was noted last in this free entry.
    fn next_free(&self) -> u32;
    /// Notes a number in an entry that is free from now on.
    fn set_next_free(&mut self, next: u32);
}

/// The number of no entry.
const NONE: u32 = u32::MAX;

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { entries: Vec::new(), free: NONE, taken: 0, retired: NONE, retired_taken: 0 }
    }
}

impl<T: Entry> Table<T> {
    /// Takes a free entry as it was given back, if one is at hand: else
    /// [`take_more`](Self::take_more).
    #[inline]
    pub(super) fn take(&mut self) -> Option<u32> {
        if self.free == NONE {
            return None;
        }
        let index = self.free;
        self.free = self.entries[index as usize].next_free();
        self.taken += 1;
        Some(index)
    }

    /// Takes a new entry, or one that was to go.
    pub(super) fn take_more(&mut self) -> u32 {
        if self.retired != NONE {
            self.retired = NONE;
            self.retired_taken = 0;
            self.list_free();
            if let Some(index) = self.take() {
                return index;
            }
        }
        let index = u32::try_from(self.entries.len()).ok().filter(|&index| index != NONE);
        let index = index.expect("a table has fewer than 2^32 entries");
        self.entries.push(T::default());
        self.taken += 1;
        index
    }

    /// Gives an entry back, which nobody refers to any more.
    #[inline]
    pub(super) fn give_back(&mut self, index: u32) {
        self.taken -= 1;
        if index >= self.retired {
            return self.give_back_retired(index);
        }
        self.entries[index as usize].set_next_free(self.free);
        self.free = index;
    }

    #[cold]
    fn give_back_retired(&mut self, index: u32) {
        self.entries[index as usize].set_next_free(NONE);
        self.retired_taken -= 1;
    }

    /// Is there anything to [shorten](Self::shorten)?
    #[inline]
    pub(super) fn is_roomy(&self) -> bool {
        let len = self.entries.len();
        len > KEPT && self.taken as usize <= len / 4 && self.retired_taken == 0
    }

    /// Gives the memory of the free entries at the end back, if that is a quarter at least: `gone`
    /// is told of each. If not, the last quarter is retired, and `false` comes back.
    #[cold]
    pub(super) fn shorten(&mut self, gone: impl FnMut(T)) -> bool {
        let most = self.entries.len() / 4 * 3;
        let len = self.entries.iter().rposition(|entry| !entry.is_free()).map_or(0, |last| last + 1);
        let is_shorter = len <= most;
        if is_shorter {
            self.entries.drain(len..).for_each(gone);
            self.entries.shrink_to(KEPT.max(len + len / 3));
            self.retired = NONE;
        } else {
            // All entries have numbers of 32 bits.
            self.retired = most as u32;
            self.retired_taken = self.entries[most..].iter().filter(|entry| !entry.is_free()).count() as u32;
        }
        self.list_free();
        is_shorter
    }

    /// Makes the list of free entries anew, the lowest first, so that the end becomes free sooner.
    fn list_free(&mut self) {
        self.free = NONE;
        let end = self.entries.len().min(self.retired as usize);
        for (index, entry) in
            self.entries[..end].iter_mut().enumerate().rev().filter(|(_, entry)| entry.is_free())
        {
            entry.set_next_free(self.free);
            self.free = index as u32;
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
    /// How many entries there are, free ones as well.
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
        fn is_free(&self) -> bool {
            !self.is_taken
        }

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

    fn give_back(table: &mut Table<Number>, index: u32) {
        assert!(std::mem::take(&mut table[index].is_taken), "{index} was nobody's");
        table.give_back(index);
    }

    /// What a hub does that has nothing else to do.
    fn idle(table: &mut Table<Number>) -> bool {
        table.is_roomy() && table.shorten(drop)
    }

    /// Every free entry that is not retired is in the list, and the counts of the others are right.
    fn check(table: &Table<Number>) {
        let next = |&index: &u32| Some(table[index].next_free()).filter(|&next| next != NONE);
        let mut free: Vec<u32> =
            std::iter::successors((table.free != NONE).then_some(table.free), next).collect();
        free.sort_unstable();
        let end = table.entries.len().min(table.retired as usize);
        let is_free = |index: &u32| !table[*index].is_taken;
        assert_eq!(free, (0..end as u32).filter(is_free).collect::<Vec<_>>());
        let taken = |entries: &[Number]| entries.iter().filter(|entry| entry.is_taken).count();
        assert_eq!(table.taken as usize, taken(&table.entries));
        assert_eq!(table.retired_taken as usize, taken(&table.entries[end..]));
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
        assert!(idle(&mut table));
        check(&table);
        assert!(table.bytes() <= 2 * KEPT * size_of::<Number>(), "{} bytes", table.bytes());
        assert!(few.iter().all(|&index| table[index].is_taken));
        assert_eq!(take(&mut table), 0);
        assert!(!idle(&mut table));
    }

    #[test]
    fn one_near_the_end_keeps_what_lies_below_until_it_is_given_back() {
        let mut table = Table::<Number>::default();
        let taken: Vec<u32> = (0..50_000).map(|_| take(&mut table)).collect();
        taken[..49_999].iter().for_each(|&index| give_back(&mut table, index));
        assert!(table.is_roomy());
        assert!(!table.shorten(drop));
        // It is not looked for again while it stays.
        assert!(!table.is_roomy());
        check(&table);
        give_back(&mut table, 49_999);
        assert!(idle(&mut table));
        check(&table);
        assert!(table.bytes() <= 2 * KEPT * size_of::<Number>(), "{} bytes", table.bytes());
    }

    /// As a thread does that sleeps again and again: it takes what it has just given back.
    #[test]
    fn one_that_comes_and_goes_near_the_end_moves_down() {
        let mut table = Table::<Number>::default();
        let taken: Vec<u32> = (0..50_000).map(|_| take(&mut table)).collect();
        taken.iter().for_each(|&index| give_back(&mut table, index));
        let mut one = take(&mut table);
        assert_eq!(one, 49_999);
        assert!(!idle(&mut table));
        give_back(&mut table, one);
        one = take(&mut table);
        assert_eq!(one, 0);
        assert!(idle(&mut table));
        assert_eq!(table.entries.len(), 1);
        check(&table);
    }

    #[test]
    fn what_is_retired_is_used_again_when_there_is_nothing_else() {
        let mut table = Table::<Number>::default();
        let few: Vec<u32> = (0..2000).map(|_| take(&mut table)).collect();
        few[..1999].iter().for_each(|&index| give_back(&mut table, index));
        assert!(!idle(&mut table));
        (0..1500).for_each(|index| assert_eq!(take(&mut table), index));
        check(&table);
        (1500..1999).for_each(|index| assert_eq!(take(&mut table), index));
        check(&table);
        assert_eq!(take(&mut table), 2000);
        (0..=2000).for_each(|index| give_back(&mut table, index));
        assert!(idle(&mut table));
        check(&table);
    }

    #[test]
    fn a_table_that_is_mostly_taken_or_small_stays_as_it_is() {
        let mut table = Table::<Number>::default();
        (0..4096).for_each(|number| assert_eq!(take(&mut table), number));
        (1025..4096).for_each(|index| give_back(&mut table, index));
        assert!(!table.is_roomy());
        give_back(&mut table, 0);
        assert!(idle(&mut table));
        assert_eq!(table.entries.len(), 1025);
        (1..1025).for_each(|index| give_back(&mut table, index));
        assert!(idle(&mut table));
        (0..1024).for_each(|_| _ = take(&mut table));
        (0..1024).for_each(|index| give_back(&mut table, index));
        assert!(!table.is_roomy());
        check(&table);
    }

    #[test]
    fn whatever_comes_and_goes_each_entry_is_somebodys_or_in_the_list() {
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
                    give_back(&mut table, taken.swap_remove(roll(taken.len())));
                }
                shortened += usize::from(roll(16) == 0 && idle(&mut table));
            }
            check(&table);
            assert!(taken.iter().all(|&index| table[index].is_taken));
        }
        idle(&mut table);
        assert!(shortened >= 3, "{shortened}");
        assert!(table.bytes() <= 2 * KEPT * size_of::<Number>(), "{} bytes", table.bytes());
    }
}
