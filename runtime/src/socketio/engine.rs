//! The packets of Engine.IO (version 4), as they travel.

use std::rc::Rc;

use bytes::Bytes;

use crate::websocket::Message;

/// What stands between the packets of one payload.
const SEPARATOR: char = '\x1e';

/// A message that is to be sent, ready but for its transport: text with the packet's type before
/// it, or bytes, which are always a message's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Text(Rc<str>),
    Binary(Bytes),
}

impl Frame {
    pub(super) fn text(text: impl Into<Rc<str>>) -> Frame {
        Frame::Text(text.into())
    }

    /// How many bytes it keeps.
    pub(super) fn len(&self) -> usize {
        match self {
            Frame::Text(text) => text.len(),
            Frame::Binary(bytes) => bytes.len(),
        }
    }

    /// Adds it to a payload of long polling.
    fn join(&self, payload: &mut String) {
        if !payload.is_empty() {
            payload.push(SEPARATOR);
        }
        match self {
            Frame::Text(text) => payload.push_str(text),
            Frame::Binary(bytes) => {
                payload.push('b');
                write_base64(bytes, payload);
            }
        }
    }
}

impl From<Frame> for Message {
    fn from(frame: Frame) -> Message {
        match frame {
            Frame::Text(text) => Message::Text(text.to_string()),
            Frame::Binary(bytes) => Message::Binary(bytes),
        }
    }
}

/// Frames as one payload of long polling.
pub(super) fn payload(frames: &[Frame]) -> String {
    let mut payload = String::new();
    frames.iter().for_each(|frame| frame.join(&mut payload));
    payload
}

/// What comes from a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    Close,
    Ping(&'a str),
    Pong,
    Message(&'a str),
    Binary(Bytes),
    Upgrade,
    Noop,
}

impl<'a> Packet<'a> {
    /// A packet that came as text. `None`: there is no such.
    pub(super) fn of_text(text: &'a str) -> Option<Packet<'a>> {
        let mut letters = text.chars();
        let kind = letters.next()?;
        let rest = letters.as_str();
        Some(match kind {
            '1' => Packet::Close,
            '2' => Packet::Ping(rest),
            '3' => Packet::Pong,
            '4' => Packet::Message(rest),
            '5' => Packet::Upgrade,
            '6' => Packet::Noop,
            _ => return None,
        })
    }

    /// The packets of a payload of long polling. `None`: one of them is none.
    pub(super) fn of_payload(payload: &'a str) -> Option<Vec<Packet<'a>>> {
        let packet = |text: &'a str| match text.strip_prefix('b') {
            Some(digits) => Some(Packet::Binary(read_base64(digits)?.into())),
            None => Packet::of_text(text),
        };
        payload.split(SEPARATOR).map(packet).collect()
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn write_base64(bytes: &[u8], text: &mut String) {
    text.reserve(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| three.get(at).copied().map_or(0, u32::from);
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= three.len() { char::from(digit) } else { '=' });
        }
    }
}

/// Bytes of base64, padded or not. `None`: it is none.
pub(super) fn read_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    if text.len() - digits.len() > 2 || digits.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for four in digits.chunks(4) {
        let mut bits = 0;
        for digit in four {
            bits = bits << 6 | value(*digit)?;
        }
        bits <<= 6 * (4 - four.len());
        let [_, three @ ..] = bits.to_be_bytes();
        bytes.extend_from_slice(&three[..four.len() - 1]);
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u32> {
    Some(u32::from(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_base64_come_back() {
        for length in 0..100u8 {
            let bytes: Vec<u8> = (0..length).map(|n| n.wrapping_mul(37)).collect();
            let mut text = String::new();
            write_base64(&bytes, &mut text);
            assert_eq!(text.len() % 4, 0);
            assert_eq!(read_base64(&text).unwrap(), bytes);
            assert_eq!(read_base64(text.trim_end_matches('=')).unwrap(), bytes);
        }
        let mut text = String::new();
        write_base64(b"any carnal pleas", &mut text);
        assert_eq!(text, "YW55IGNhcm5hbCBwbGVhcw==");
        for bad in ["A", "AAAAA", "A===", "AA-A", "AA=A", "ÄAAA"] {
            assert_eq!(read_base64(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_payload_is_its_packets() {
        let frames =
            [Frame::text("4hello"), Frame::text("2"), Frame::Binary(Bytes::from_static(&[1, 2, 3, 4]))];
        assert_eq!(payload(&frames), "4hello\x1e2\x1ebAQIDBA==");
        let packets = Packet::of_payload("4hello\x1e3\x1ebAQIDBA==\x1e1").unwrap();
        let bytes = Bytes::from_static(&[1, 2, 3, 4]);
        assert_eq!(packets, [Packet::Message("hello"), Packet::Pong, Packet::Binary(bytes), Packet::Close]);
        for bad in ["", "abc", "4a\x1e", "\x1e4a", "0", "7", "b!"] {
            assert_eq!(Packet::of_payload(bad), None, "{bad:?}");
        }
    }
}
