//! What a client's frames are masked with.

/// Masks, or unmasks, what stands `at` so many bytes from a payload's beginning.
pub(super) fn mask(bytes: &mut [u8], key: [u8; 4], at: usize) {
    let turned = [key[at % 4], key[(at + 1) % 4], key[(at + 2) % 4], key[(at + 3) % 4]];
    let twice = u64::from_ne_bytes([
        turned[0], turned[1], turned[2], turned[3], turned[0], turned[1], turned[2], turned[3],
    ]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ twice).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(turned.iter().cycle()) {
        *byte ^= key;
    }
}

/// Keys that nobody can foresee: what a client sends must not be its program's to choose, byte for
/// byte, since something in between may take it for HTTP.
#[derive(Default)]
pub(super) struct Keys {
    ready: Vec<[u8; 4]>,
}

impl Keys {
    pub(super) fn next(&mut self) -> [u8; 4] {
        if let Some(key) = self.ready.pop() {
            return key;
        }
        // Many at a time: the operating system is asked for each.
        let mut random = [0; 256];
        getrandom::fill(&mut random).expect("the operating system has random numbers");
        self.ready.extend(random.as_chunks::<4>().0);
        self.ready.pop().expect("there are 64 of them")
    }
}
