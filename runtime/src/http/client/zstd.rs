//! Answers that are compressed as zstd: frames are cut out of what comes, and decoded block by
//! block.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The largest window of HTTP's zstd, which is what a decoder has to remember: 8 MiB.
const WINDOW: u64 = 8 << 20;

/// The most that a block may have, packed or not.
const MOST_OF_BLOCK: usize = 128 * 1024;

/// So much is given at a time, at most.
const PIECE: usize = 64 * 1024;

const MAGIC: u32 = 0xfd2f_b528;
/// The last digit of a frame that is to be passed over is anything.
const MAGIC_OF_SKIPPED: u32 = 0x184d_2a50;

pub(super) struct Zstd {
    decoder: FrameDecoder,
    place: Place,
    /// The beginning of a header or block whose end has not come.
    held: Vec<u8>,
    /// Was there a frame?
    has_begun: bool,
}

/// What comes next.
#[derive(Clone, Copy)]
enum Place {
    /// A frame, or the end.
    Frame,
    /// What is left of a frame that is passed over.
    Skipped(usize),
    Block {
        has_checksum: bool,
    },
    /// Nothing: what is decoded is given.
    Rest,
}

impl Default for Zstd {
    fn default() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        Zstd { decoder, place: Place::Frame, held: vec![], has_begun: false }
    }
}

impl Zstd {
    /// Takes some of `input`, and gives what comes of it; nothing if it needs more.
    pub(super) fn decode(&mut self, input: &mut Bytes) -> io::Result<Vec<u8>> {
        loop {
            let ready = self.decoder.can_collect();
            if ready > 0 {
                let mut output = vec![0; ready.min(PIECE)];
                let count = self.decoder.read(&mut output)?;
                output.truncate(count);
                return Ok(output);
            }
            let has_moved = match self.place {
                Place::Frame => self.frame(input)?,
                Place::Skipped(left) => {
                    let count = left.min(input.len());
                    input.advance(count);
                    self.place = if left == count { Place::Frame } else { Place::Skipped(left - count) };
                    left == count
                }
                Place::Block { has_checksum } => self.block(input, has_checksum)?,
                Place::Rest => {
                    let told = self.decoder.get_checksum_from_data();
                    if told.is_some() && told != self.decoder.get_calculated_checksum() {
                        return Err(malformed("its checksum is another"));
                    }
                    self.place = Place::Frame;
                    true
                }
            };
            if !has_moved {
                return Ok(vec![]);
            }
        }
    }

    /// Everything has come. Gives what is left, and an error if there should be more.
    pub(super) fn finish(&mut self) -> io::Result<Vec<u8>> {
        let output = self.decode(&mut Bytes::new())?;
        let is_over = matches!(self.place, Place::Frame) && self.held.is_empty() && self.has_begun;
        if output.is_empty() && !is_over {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "its end is missing"));
        }
        Ok(output)
    }

    /// Holds so many bytes, if they are there.
    fn hold(&mut self, count: usize, input: &mut Bytes) -> bool {
        let missing = count.saturating_sub(self.held.len()).min(input.len());
        self.held.extend_from_slice(&input.split_to(missing));
        self.held.len() >= count
    }

    /// Begins a frame, if its head is there.
    fn frame(&mut self, input: &mut Bytes) -> io::Result<bool> {
        if !self.hold(4, input) {
            return Ok(false);
        }
        let magic = number(&self.held[..4]);
        if magic & !0xf == MAGIC_OF_SKIPPED {
            if !self.hold(8, input) {
                return Ok(false);
            }
            self.place = Place::Skipped(number(&self.held[4..]) as usize);
            self.held.clear();
            self.has_begun = true;
            return Ok(true);
        }
        if magic != MAGIC {
            let has_begun = self.has_begun;
            return Err(malformed(if has_begun { "there is more behind its end" } else { "it is no zstd" }));
        }
        if !self.hold(5, input) {
            return Ok(false);
        }
        let descriptor = self.held[4];
        let is_single = descriptor & 0x20 != 0;
        let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let size = match descriptor >> 6 {
            0 => usize::from(is_single),
            log => 1 << log,
        };
        if !self.hold(5 + usize::from(!is_single) + dictionary + size, input) {
            return Ok(false);
        }
        self.decoder.reset(&self.held[..]).map_err(malformed)?;
        self.held.clear();
        self.has_begun = true;
        self.place = Place::Block { has_checksum: descriptor & 4 != 0 };
        Ok(true)
    }

    /// Decodes a block, if it is there.
    fn block(&mut self, input: &mut Bytes, has_checksum: bool) -> io::Result<bool> {
        if !self.hold(3, input) {
            return Ok(false);
        }
        let head = u32::from_le_bytes([self.held[0], self.held[1], self.held[2], 0]);
        let (is_last, kind, size) = (head & 1 == 1, head >> 1 & 3, (head >> 3) as usize);
        if size > MOST_OF_BLOCK {
            return Err(malformed("a block is too large"));
        }
        // One of one byte's repetition has that byte.
        let packed = if kind == 1 { 1 } else { size };
        if !self.hold(3 + packed + if is_last && has_checksum { 4 } else { 0 }, input) {
            return Ok(false);
        }
        let decoded = self.decoder.decode_blocks(&self.held[..], BlockDecodingStrategy::UptoBlocks(1));
        self.held.clear();
        if decoded.map_err(malformed)? {
            self.place = Place::Rest;
        }
        Ok(true)
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn malformed(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
