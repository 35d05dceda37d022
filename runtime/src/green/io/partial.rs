//! Buffers that stay in order when the call that fills them is ended early.

use crate::green;

use super::{BufRead, Error, ErrorKind, Read, Result};

/// A vector that is being read into: what has not been filled is cut off again, however the reading
/// ends.
pub(super) struct Tail<'a> {
    buffer: &'a mut Vec<u8>,
    filled: usize,
}

impl<'a> Tail<'a> {
    pub(super) fn new(buffer: &'a mut Vec<u8>) -> Self {
        let filled = buffer.len();
        Tail { buffer, filled }
    }

    /// Reads once, into at least `least` and at most all the room that the vector has.
    #[green(crate = crate)]
    pub(super) fn read_once<R: Read + ?Sized>(&mut self, reader: &mut R, least: usize) -> Result<usize> {
        if self.buffer.len() - self.filled < least {
            self.buffer.reserve(least);
            let room = self.buffer.capacity();
            self.buffer.resize(room, 0);
        }
        let count = reader.read(&mut self.buffer[self.filled..])?;
        self.filled += count;
        Ok(count)
    }
}

impl Drop for Tail<'_> {
    fn drop(&mut self) {
        self.buffer.truncate(self.filled);
    }
}

/// A string whose bytes are being read: it stays text, however the reading ends.
///
/// An early end leaves the characters that are complete. Bytes that are no text are taken back by
/// [`finish`](Self::finish) as a whole, as in std.
pub(super) struct Text<'a> {
    string: &'a mut String,
    bytes: Vec<u8>,
    before: usize,
}

impl<'a> Text<'a> {
    pub(super) fn new(string: &'a mut String) -> Self {
        let bytes = std::mem::take(string).into_bytes();
        Text { string, before: bytes.len(), bytes }
    }

    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Puts the string back.
    ///
    /// # Errors
    ///
    /// `InvalidData` if what was read is not UTF-8, and then none of it stays; else the error of
    /// the reading.
    pub(super) fn finish(mut self, read: Result<usize>) -> Result<usize> {
        if std::str::from_utf8(self.new_bytes()).is_err() {
            let before = self.before;
            self.bytes.truncate(before);
            read?;
            return Err(not_text());
        }
        read
    }

    fn new_bytes(&self) -> &[u8] {
        &self.bytes[self.before..]
    }
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        *self.string = String::from_utf8(bytes).unwrap_or_else(|error| {
            let valid = error.utf8_error().valid_up_to();
            let mut bytes = error.into_bytes();
            bytes.truncate(valid);
            String::from_utf8(bytes).expect("the part before the first mistake is valid")
        });
    }
}

pub(super) fn not_text() -> Error {
    Error::new(ErrorKind::InvalidData, "stream did not contain valid UTF-8")
}

/// A part that is being read from a reader with a buffer: if it does not come to its end, the
/// reader gets back what there is of it, and nobody has lost anything.
pub(super) struct Begun<'a, R: BufRead + ?Sized> {
    pub(super) reader: &'a mut R,
    pub(super) buf: &'a mut Vec<u8>,
    before: usize,
    is_finished: bool,
}

impl<'a, R: BufRead + ?Sized> Begun<'a, R> {
    pub(super) fn new(reader: &'a mut R, buf: &'a mut Vec<u8>) -> Self {
        Begun { reader, before: buf.len(), buf, is_finished: false }
    }

    /// Leaves the part where it is, and says how long it is.
    pub(super) fn finish(mut self) -> usize {
        self.is_finished = true;
        self.buf.len() - self.before
    }
}

impl<R: BufRead + ?Sized> Drop for Begun<'_, R> {
    fn drop(&mut self) {
        let part = &self.buf[self.before..];
        if !self.is_finished && !part.is_empty() && self.reader.put_back(part) {
            self.buf.truncate(self.before);
        }
    }
}

/// Is this only a call that a signal interrupted?
pub(super) fn is_interruption<T>(result: &Result<T>) -> bool {
    matches!(result, Err(error) if error.kind() == ErrorKind::Interrupted)
}
