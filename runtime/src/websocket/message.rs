//! What is sent and received.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

/// A message: text or bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Message {
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

impl Message {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Message::Text(text) => Some(text),
            Message::Binary(_) => None,
        }
    }

    /// The text, if it is one.
    pub fn into_text(self) -> Option<String> {
        match self {
            Message::Text(text) => Some(text),
            Message::Binary(_) => None,
        }
    }

    /// Its bytes, of whichever kind it is.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
        }
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Has it none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Is it a text?
    pub fn is_text(&self) -> bool {
        matches!(self, Message::Text(_))
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Message::Binary(bytes) => f.debug_tuple("Binary").field(bytes).finish(),
        }
    }
}

macro_rules! messages {
    ($($kind:ident $type:ty),*) => {$(
        impl From<$type> for Message {
            fn from(data: $type) -> Message {
                Message::$kind(data.into())
            }
        }
    )*};
}

messages!(Text & str, Text String, Text Cow<'_, str>, Binary Bytes, Binary Vec<u8>);

impl From<&[u8]> for Message {
    fn from(data: &[u8]) -> Message {
        Message::Binary(Bytes::copy_from_slice(data))
    }
}

impl<const N: usize> From<&[u8; N]> for Message {
    fn from(data: &[u8; N]) -> Message {
        data[..].into()
    }
}

impl From<&Message> for Message {
    fn from(message: &Message) -> Message {
        message.clone()
    }
}

/// Why a connection ends, as a number: RFC 6455, 7.4, and what was registered since.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CloseCode(u16);

impl CloseCode {
    /// Its purpose is fulfilled.
    pub const NORMAL: CloseCode = CloseCode(1000);
    /// The server ends, or the page is left.
    pub const GOING_AWAY: CloseCode = CloseCode(1001);
    /// The protocol was broken.
    pub const PROTOCOL_ERROR: CloseCode = CloseCode(1002);
    /// A kind of data that is not taken.
    pub const UNSUPPORTED: CloseCode = CloseCode(1003);
    /// The peer has given no code. Never sent.
    pub const NO_STATUS: CloseCode = CloseCode(1005);
    /// The connection ended without a word. Never sent.
    pub const ABNORMAL: CloseCode = CloseCode(1006);
    /// A text that is not UTF-8, or data that cannot be inflated.
    pub const INVALID_DATA: CloseCode = CloseCode(1007);
    /// Against the rules of whoever ends it.
    pub const POLICY: CloseCode = CloseCode(1008);
    /// A message that is too large.
    pub const TOO_LARGE: CloseCode = CloseCode(1009);
    /// The client misses an extension.
    pub const MANDATORY_EXTENSION: CloseCode = CloseCode(1010);
    /// What serves has failed.
    pub const INTERNAL_ERROR: CloseCode = CloseCode(1011);
    /// The service starts anew.
    pub const SERVICE_RESTART: CloseCode = CloseCode(1012);
    /// Try again later.
    pub const TRY_AGAIN: CloseCode = CloseCode(1013);

    /// A code that may be sent: 1000 to 1003, 1007 to 1014, and 3000 to 4999, the last thousand of
    /// which are the program's own.
    pub const fn new(code: u16) -> Option<CloseCode> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(CloseCode(code)),
            _ => None,
        }
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> u16 {
        code.0
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a connection has ended: a code, and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    /// The reason as a number.
    pub code: CloseCode,
    /// The reason in words, of 123 bytes at most.
    pub reason: String,
}

impl CloseFrame {
    pub(super) fn new(code: CloseCode, reason: &str) -> CloseFrame {
        // Whole characters, as many as a control frame has room for.
        let mut end = reason.len().min(MAX_REASON);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        CloseFrame { code, reason: reason[..end].to_owned() }
    }
}

impl fmt::Display for CloseFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.reason.is_empty() {
            write!(f, " ({})", self.reason)?;
        }
        Ok(())
    }
}

/// A control frame has 125 bytes, and the code takes two of them.
const MAX_REASON: usize = 123;
