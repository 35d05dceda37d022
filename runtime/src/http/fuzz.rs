//! What the drivers of the fuzz targets share: how long they go on, pseudo-random numbers, and
//! what is done to good bytes.

use std::time::{Duration, Instant};

/// How often something is done: as long as `EVENTLET_FUZZ_SECONDS` says, without it `most` times.
pub(crate) fn rounds(most: u32) -> impl Iterator<Item = u32> {
    let seconds = std::env::var("EVENTLET_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    (1..).take_while(move |&round| end.map_or(round <= most, |end| Instant::now() < end))
}

/// Pseudo-random numbers, the same each time.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Random {
        Random(0x9e37_79b9_7f4a_7c15)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    /// Changes some of these bytes, or none. What it puts among them is one of `letters`, if there
    /// are any.
    pub(crate) fn mutate(&mut self, bytes: &mut Vec<u8>, letters: &[u8]) {
        for _ in 0..self.below(5) {
            if bytes.is_empty() {
                bytes.push(0);
            }
            let at = self.below(bytes.len());
            let letter = match letters.len() {
                0 => self.below(256) as u8,
                count => letters[self.below(count)],
            };
            match self.below(5) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = letter,
                2 => drop(bytes.drain(at..(at + self.below(8)).min(bytes.len()))),
                3 => bytes.truncate(at),
                _ => bytes.insert(at, letter),
            }
        }
    }
}
