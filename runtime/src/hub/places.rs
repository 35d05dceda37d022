//! Which places of a table are free, and what a table keeps of its room after a peak.

/// A table with no more places than this keeps them, and so does a list kept for its memory.
pub(super) const KEPT: usize = 1024;

/// The free places of a table whose rows do not move.
///
/// A table that is [cut](Self::cut) gives the room of its last rows back, where they are free. As long as one lives behind
/// them, which keeps all that lie in front of it, the places far behind are given out to nobody: so the table can be cut when
/// that one has gone.
pub(super) struct FreePlaces {
    /// These are given out, the last one first. Some may be of places that are gone, and are passed over.
    numbers: Vec<u32>,
    /// These are not, unless there is no other.
    far: Vec<u32>,
    /// What becomes free from here on is far; none is while nothing is to be cut.
    far_from: u32,
    /// How many of them all lie behind the end of the table.
    gone: usize,
}

impl Default for FreePlaces {
    fn default() -> Self {
        FreePlaces { numbers: Vec::new(), far: Vec::new(), far_from: u32::MAX, gone: 0 }
    }
}

impl FreePlaces {
    /// How many places of the table are free.
    pub(super) fn len(&self) -> usize {
        self.numbers.len() + self.far.len() - self.gone
    }

    /// A free place of a table that is so long.
    #[inline]
    pub(super) fn take(&mut self, table: usize) -> Option<u32> {
        match self.numbers.pop() {
            Some(number) if (number as usize) < table => Some(number),
            None if self.far.is_empty() => None,
            passed_over => self.take_far(passed_over, table),
        }
    }

    /// There is no place near the beginning, or the last number was that of a place that is gone.
    #[cold]
    fn take_far(&mut self, passed_over: Option<u32>, table: usize) -> Option<u32> {
        self.gone -= usize::from(passed_over.is_some());
        loop {
            if self.numbers.is_empty() {
                self.numbers = std::mem::take(&mut self.far);
                self.far_from = u32::MAX;
            }
            let number = self.numbers.pop()?;
            if (number as usize) < table {
                return Some(number);
            }
            self.gone -= 1;
        }
    }

    /// Frees a place.
    #[inline]
    pub(super) fn give(&mut self, number: u32) {
        if number < self.far_from {
            self.numbers.push(number);
        } else {
            self.give_far(number);
        }
    }

    #[cold]
    fn give_far(&mut self, number: u32) {
        self.far.push(number);
    }

    /// Takes the free places at the end of a long table away, if most are free, and the room that they leave.
    ///
    /// Each row that goes pays for its own going, and for that of the room and of its number.
    #[inline]
    pub(super) fn cut<T>(&mut self, table: &mut Vec<T>, is_free: impl Fn(&T) -> bool, cut: impl FnMut(T)) {
        if table.len() > KEPT && self.len() > table.len() / 4 * 3 {
            self.cut_long(table, is_free, cut);
        }
    }

    #[cold]
    fn cut_long<T>(&mut self, table: &mut Vec<T>, is_free: impl Fn(&T) -> bool, mut cut: impl FnMut(T)) {
        while table.len() > KEPT
            && let Some(last) = table.pop_if(|last| is_free(last))
        {
            cut(last);
            self.gone += 1;
        }
        let room = table.len().max(KEPT);
        if table.capacity() / 4 >= room {
            table.shrink_to(room);
        }
        let numbers = self.numbers.len() + self.far.len();
        if self.far_from == u32::MAX || numbers / 4 >= room {
            self.sort_out(table.len());
        }
    }

    /// Forgets the places that are gone, and puts those aside that are far behind. If there are no others, it is no use.
    fn sort_out(&mut self, end: usize) {
        self.numbers.append(&mut self.far);
        self.numbers.retain(|&number| (number as usize) < end);
        self.gone = 0;
        self.far = self.numbers.extract_if(.., |number| *number as usize >= KEPT).collect();
        self.far_from = if self.far.is_empty() { u32::MAX } else { KEPT as u32 };
        self.numbers.shrink_to(KEPT);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::{FreePlaces, KEPT};

    /// A table of numbers, none of which is zero.
    #[derive(Default)]
    struct Table {
        rows: Vec<u32>,
        free: FreePlaces,
    }

    impl Table {
        fn put(&mut self, value: u32) -> u32 {
            let place = self.free.take(self.rows.len()).unwrap_or_else(|| {
                self.rows.push(0);
                u32::try_from(self.rows.len() - 1).unwrap()
            });
            assert_eq!(self.rows[place as usize], 0, "nobody is there");
            self.rows[place as usize] = value;
            place
        }

        fn take(&mut self, place: u32) {
            self.rows[place as usize] = 0;
            self.free.give(place);
            self.free.cut(&mut self.rows, |&row| row == 0, drop);
        }

        fn live(&self) -> usize {
            self.rows.len() - self.free.len()
        }
    }

    #[test]
    fn a_table_gives_its_room_back_behind_the_last_row_that_lives() {
        const MANY: u32 = 100_000;
        let mut table = Table::default();
        let places: Vec<u32> = (1..=MANY).map(|value| table.put(value)).collect();
        let stays = places[30_000];
        places.iter().filter(|&&place| place != stays).for_each(|&place| table.take(place));
        assert_eq!((table.rows.len(), table.live()), (stays as usize + 1, 1));
        assert!(table.rows.capacity() < 4 * table.rows.len());
        table.take(stays);
        assert_eq!((table.rows.len(), table.live()), (KEPT, 0));
        assert!(table.rows.capacity() < 4 * KEPT && table.free.numbers.capacity() < 8 * KEPT);
    }

    #[test]
    fn one_who_comes_and_goes_does_not_keep_a_table_long() {
        let mut table = Table::default();
        let places: Vec<u32> = (1..=10_000).map(|value| table.put(value)).collect();
        let last = *places.last().unwrap();
        places.iter().filter(|&&place| place != last).for_each(|&place| table.take(place));
        // The last one stays for a while, and then there is always one.
        assert_eq!(table.rows.len(), 10_000);
        let mut one = table.put(1);
        table.take(last);
        for _ in 0..10 {
            table.take(one);
            one = table.put(1);
        }
        assert_eq!((table.rows.len(), table.live()), (KEPT, 1));
    }

    #[test]
    fn no_place_is_given_out_twice_when_a_table_grows_again() {
        let mut table = Table::default();
        for most in [5000, 1500, 4000, 2000, 6000] {
            let places: Vec<u32> = (1..=most).map(|value| table.put(value)).collect();
            let mut once = places.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!((once.len(), table.live()), (places.len(), places.len()));
            // From the end, from the beginning, and the rest.
            places.iter().rev().take(1000).for_each(|&place| table.take(place));
            places.iter().take(places.len() - 1000).for_each(|&place| table.take(place));
            assert_eq!(table.live(), 0);
        }
    }
}
