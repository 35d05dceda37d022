//! Which places of a table are free, and what a table keeps of its room after a peak.

/// A table with no more places than this keeps them, and so does a list kept for its memory.
pub(super) const KEPT: usize = 1024;

/// The free places of a table whose rows do not move.
///
/// A table that has lost its last rows gives their room back; the numbers of places that are gone are left in here, and
/// are passed over when their turn comes. A row that lives on keeps all that lies in front of it.
#[derive(Default)]
pub(super) struct FreePlaces {
    numbers: Vec<u32>,
    /// How many of them lie behind the end of the table.
    gone: usize,
}

impl FreePlaces {
    /// How many places of the table are free.
    pub(super) fn len(&self) -> usize {
        self.numbers.len() - self.gone
    }

    /// A free place of a table that is so long.
    #[inline]
    pub(super) fn take(&mut self, table: usize) -> Option<u32> {
        let number = self.numbers.pop()?;
        if (number as usize) < table { Some(number) } else { self.pass_over(table) }
    }

    /// The last number was that of a place that is gone.
    #[cold]
    fn pass_over(&mut self, table: usize) -> Option<u32> {
        self.gone -= 1;
        while let Some(number) = self.numbers.pop() {
            if (number as usize) < table {
                return Some(number);
            }
            self.gone -= 1;
        }
        None
    }

    /// Frees a place. `true` says that it is the last one of a long table, which may be [cut](Self::cut) then.
    #[inline]
    pub(super) fn give(&mut self, number: u32, table: usize) -> bool {
        self.numbers.push(number);
        number as usize >= KEPT && number as usize + 1 == table
    }

    /// Takes the free places at the end of a table away, and most of the room that they leave. Each row that goes pays for
    /// its own going, and for that of the room.
    pub(super) fn cut<T>(
        &mut self,
        table: &mut Vec<T>,
        is_free: impl Fn(&T) -> bool,
        mut cut: impl FnMut(T),
    ) {
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
        if self.numbers.len() / 4 >= room {
            let end = table.len();
            self.numbers.retain(|&number| (number as usize) < end);
            self.numbers.shrink_to(room);
            self.gone = 0;
        }
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
            if self.free.give(place, self.rows.len()) {
                self.free.cut(&mut self.rows, |&row| row == 0, drop);
            }
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
