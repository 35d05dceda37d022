//! The trait of what has a position.

use super::{Result, SeekFrom};
use crate::green;

/// Something with a position that can be moved, which may suspend: std's `Seek`.
pub trait Seek {
    /// Moves the position, and says where it is, in bytes from the start.
    ///
    /// # Errors
    ///
    /// The type's own; `InvalidInput` for a place before the start.
    #[green(crate = crate)]
    fn seek(&mut self, to: SeekFrom) -> Result<u64>;

    /// Moves back to the start.
    ///
    /// # Errors
    ///
    /// As [`seek`](Self::seek).
    #[green(crate = crate)]
    fn rewind(&mut self) -> Result<()> {
        self.seek(SeekFrom::Start(0))?;
        Ok(())
    }

    /// Where the position is, in bytes from the start.
    ///
    /// # Errors
    ///
    /// As [`seek`](Self::seek).
    #[green(crate = crate)]
    fn stream_position(&mut self) -> Result<u64> {
        self.seek(SeekFrom::Current(0))
    }

    /// Moves by `offset` from where the position is.
    ///
    /// # Errors
    ///
    /// As [`seek`](Self::seek).
    #[green(crate = crate)]
    fn seek_relative(&mut self, offset: i64) -> Result<()> {
        self.seek(SeekFrom::Current(offset))?;
        Ok(())
    }
}

impl<S: Seek + ?Sized> Seek for &mut S {
    #[green(crate = crate)]
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        (**self).seek(to)
    }
}

impl<S: Seek + ?Sized> Seek for Box<S> {
    #[green(crate = crate)]
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        (**self).seek(to)
    }
}
