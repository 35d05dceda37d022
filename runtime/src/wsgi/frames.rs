//! Frames of HTTP/2, as far as the watch over a connection must know them.

/// What a client begins with, before its first frame.
const PREFACE: usize = 24;

/// How long a frame's head is.
const HEAD: usize = 9;

/// Follows the frames in one direction, and tells those that carry messages from those that keep
/// the connection going: pings, settings and windows are no sign that anybody asks or reads
/// anything.
#[derive(Default)]
pub(super) struct Frames {
    head: [u8; HEAD],
    /// So much of the head is known.
    known: usize,
    /// So much of what stands behind it is still to come.
    left: usize,
    is_message: bool,
}

impl Frames {
    /// What a client sends.
    pub(super) fn of_client() -> Frames {
        Frames { left: PREFACE, ..Frames::default() }
    }

    /// Is something of a message in these bytes?
    pub(super) fn follow(&mut self, mut bytes: &[u8]) -> bool {
        let mut has_message = false;
        while !bytes.is_empty() {
            let wanted = if self.left > 0 { self.left } else { HEAD - self.known };
            let (now, later) = bytes.split_at(wanted.min(bytes.len()));
            bytes = later;
            if self.left > 0 {
                self.left -= now.len();
                has_message |= self.is_message;
                continue;
            }
            self.head[self.known..][..now.len()].copy_from_slice(now);
            self.known += now.len();
            if self.known == HEAD {
                let [a, b, c, kind, ..] = self.head;
                self.left = u32::from_be_bytes([0, a, b, c]) as usize;
                // DATA, HEADERS and CONTINUATION.
                self.is_message = matches!(kind, 0 | 1 | 9);
                self.known = 0;
            }
        }
        has_message
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn frame(kind: u8, content: &[u8]) -> Vec<u8> {
        [&[0, 0, content.len() as u8, kind, 0, 0, 0, 0, 1], content].concat()
    }

    #[test]
    fn messages_are_told_from_the_rest_wherever_they_are_cut() {
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        for (kind, content, has_message) in [
            (0, &b"data"[..], true),
            (1, b"\x82", true),
            (9, b"\x82", true),
            // Nothing of a body.
            (0, b"", false),
            (3, b"\0\0\0\0", false),
            (4, b"", false),
            (6, b"\0\x01\0\0\0\0\0\0", false),
            (8, b"\0\0\0\x01", false),
        ] {
            let bytes = [preface.clone(), frame(4, b""), frame(kind, content), frame(6, &[0; 8])].concat();
            for size in 1..=bytes.len() {
                let mut frames = Frames::of_client();
                // All of them are followed, whatever the first one has.
                let found = bytes.chunks(size).filter(|piece| frames.follow(piece)).count();
                assert_eq!(found > 0, has_message, "kind {kind} in pieces of {size}");
                assert_eq!((frames.known, frames.left), (0, 0));
            }
            assert_eq!(Frames::default().follow(&bytes[24..]), has_message);
        }
    }
}
