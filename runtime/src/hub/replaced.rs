//! Putting something in a cell's place for a while.

use std::cell::Cell;

/// Another value in a cell, until this is dropped: then the one before is there again, panic or
/// not.
pub(crate) struct Replaced<'a, T: Copy> {
    cell: &'a Cell<T>,
    before: T,
}

impl<'a, T: Copy> Replaced<'a, T> {
    #[inline]
    pub(crate) fn new(cell: &'a Cell<T>, value: T) -> Self {
        Replaced { cell, before: cell.replace(value) }
    }
}

impl<T: Copy> Drop for Replaced<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.cell.set(self.before);
    }
}
