//! What [`Read::bytes`], [`Read::chain`] and [`Read::take`] make.

use super::partial::is_interruption;
use super::{BufRead, Error, ErrorKind, IoSliceMut, Read, Result, Seek, SeekFrom};
use crate::green;
use crate::iter::GreenIterator;

/// The iterator that [`Read::bytes`] makes.
#[derive(Debug)]
pub struct Bytes<R> {
    reader: R,
}

impl<R> Bytes<R> {
    pub(super) fn new(reader: R) -> Self {
        Bytes { reader }
    }
}

own_next! { for [R: Read] Bytes<R> }

impl<R: Read> GreenIterator for Bytes<R> {
    type Item = Result<u8>;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<Result<u8>> {
        let mut byte = [0];
        loop {
            let result = self.reader.read(&mut byte);
            if is_interruption(&result) {
                continue;
            }
            return match result {
                Ok(0) => None,
                Ok(_) => Some(Ok(byte[0])),
                Err(error) => Some(Err(error)),
            };
        }
    }
}

/// The reader that [`Read::chain`] makes.
#[derive(Debug)]
pub struct Chain<A, B> {
    first: A,
    second: B,
    first_has_ended: bool,
}

impl<A, B> Chain<A, B> {
    pub(super) fn new(first: A, second: B) -> Self {
        Chain { first, second, first_has_ended: false }
    }

    /// Gives both readers back.
    pub fn into_inner(self) -> (A, B) {
        (self.first, self.second)
    }

    /// Both readers.
    pub fn get_ref(&self) -> (&A, &B) {
        (&self.first, &self.second)
    }

    /// Both readers. What is read here is missing in the chain.
    pub fn get_mut(&mut self) -> (&mut A, &mut B) {
        (&mut self.first, &mut self.second)
    }
}

impl<A: Read, B: Read> Read for Chain<A, B> {
    #[green(crate = crate)]
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        if !self.first_has_ended {
            let count = self.first.read(buf)?;
            if count > 0 || buf.is_empty() {
                return Ok(count);
            }
            self.first_has_ended = true;
        }
        self.second.read(buf)
    }

    #[green(crate = crate)]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        if !self.first_has_ended {
            let count = self.first.read_vectored(bufs)?;
            if count > 0 || bufs.iter().all(|buf| buf.is_empty()) {
                return Ok(count);
            }
            self.first_has_ended = true;
        }
        self.second.read_vectored(bufs)
    }
}

impl<A: BufRead, B: BufRead> BufRead for Chain<A, B> {
    #[green(crate = crate)]
    fn fill_buf(&mut self) -> Result<&[u8]> {
        if !self.first_has_ended {
            self.first_has_ended = self.first.fill_buf()?.is_empty();
        }
        if self.first_has_ended { self.second.fill_buf() } else { self.first.fill_buf() }
    }

    fn consume(&mut self, amount: usize) {
        if self.first_has_ended { self.second.consume(amount) } else { self.first.consume(amount) }
    }

    /// To the second reader if the first has ended, even what came from the first.
    fn put_back(&mut self, bytes: &[u8]) -> bool {
        if self.first_has_ended { self.second.put_back(bytes) } else { self.first.put_back(bytes) }
    }
}

/// The reader that [`Read::take`] makes.
#[derive(Debug)]
pub struct Take<R> {
    reader: R,
    /// How long it is as a whole.
    length: u64,
    /// How much is left of it.
    limit: u64,
}

impl<R> Take<R> {
    pub(super) fn new(reader: R, limit: u64) -> Self {
        Take { reader, length: limit, limit }
    }

    /// How many bytes may still be read.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Begins a new limit.
    pub fn set_limit(&mut self, limit: u64) {
        self.length = limit;
        self.limit = limit;
    }

    /// Gives the reader back.
    pub fn into_inner(self) -> R {
        self.reader
    }

    /// The reader.
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// The reader. What is read here does not count.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// Where the caller stands, from the place at which the limit began.
    fn position(&self) -> u64 {
        self.length.saturating_sub(self.limit)
    }

    /// `length`, or the limit if that is less.
    fn within(&self, length: usize) -> usize {
        usize::try_from(self.limit).map_or(length, |limit| limit.min(length))
    }
}

impl<R: Read> Read for Take<R> {
    #[green(crate = crate)]
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        if self.limit == 0 {
            return Ok(0);
        }
        let room = self.within(buf.len());
        let count = self.reader.read(&mut buf[..room])?;
        assert!(count <= room, "a reader gave more bytes than there was room for");
        self.limit -= count as u64;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Take<R> {
    #[green(crate = crate)]
    fn fill_buf(&mut self) -> Result<&[u8]> {
        if self.limit == 0 {
            return Ok(&[]);
        }
        let limit = self.limit;
        let available = self.reader.fill_buf()?;
        let within = usize::try_from(limit).map_or(available.len(), |limit| limit.min(available.len()));
        Ok(&available[..within])
    }

    fn consume(&mut self, amount: usize) {
        let amount = self.within(amount);
        self.limit -= amount as u64;
        self.reader.consume(amount);
    }

    fn put_back(&mut self, bytes: &[u8]) -> bool {
        let is_taken = self.reader.put_back(bytes);
        if is_taken {
            self.limit = self.limit.saturating_add(bytes.len() as u64);
        }
        is_taken
    }
}

/// Moves inside what the limit lets through, whose beginning is 0. A place before it is an error,
/// and so is one behind it, as in std.
impl<R: Seek> Seek for Take<R> {
    #[green(crate = crate)]
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position().checked_add_signed(offset),
        };
        let Some(place) = place.filter(|place| *place <= self.length) else {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "invalid seek to a negative or overflowing position",
            ));
        };
        while place != self.position() {
            // Further than one move of the reader goes, several times.
            let step = i128::from(place) - i128::from(self.position());
            let step = step.clamp((-i64::MAX).into(), i64::MAX.into()) as i64;
            self.reader.seek_relative(step)?;
            self.limit = self.limit.checked_add_signed(-step).unwrap_or(self.length);
        }
        Ok(place)
    }
}
