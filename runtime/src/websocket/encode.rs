//! From messages to bytes.

use std::borrow::Cow;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::decode::Role;
use super::deflate::Deflater;
use super::mask::{Keys, mask};
use super::message::{CloseFrame, Message};

/// The sending half of the protocol.
pub(super) struct Encoder {
    /// A client's.
    keys: Option<Keys>,
    deflater: Option<Deflater>,
}

/// What is left to be sent of a message.
pub(super) struct Outgoing<'a> {
    opcode: OpCode,
    is_deflated: bool,
    payload: Cow<'a, [u8]>,
    at: usize,
    /// An empty message has a frame, too.
    is_begun: bool,
}

impl Outgoing<'_> {
    /// Was its last frame made?
    pub(super) fn is_over(&self) -> bool {
        self.is_begun && self.at == self.payload.len()
    }
}

impl Encoder {
    pub(super) fn new(role: Role, deflater: Option<Deflater>) -> Encoder {
        Encoder { keys: (role == Role::Client).then(Keys::default), deflater }
    }

    /// Begins a message. From then on it must be sent: the peer's inflater goes on from it.
    pub(super) fn begin<'a>(&mut self, message: &'a Message) -> Outgoing<'a> {
        let opcode = OpCode::Data(if message.is_text() { Data::Text } else { Data::Binary });
        let bytes = message.as_bytes();
        let deflated = self.deflater.as_mut().and_then(|deflater| deflater.deflate(bytes));
        let is_deflated = deflated.is_some();
        let payload = deflated.map_or(Cow::Borrowed(bytes), Cow::Owned);
        Outgoing { opcode, is_deflated, payload, at: 0, is_begun: false }
    }

    /// The next frame of a message, of so many bytes at most.
    pub(super) fn next(&mut self, message: &mut Outgoing<'_>, most: usize, out: &mut Vec<u8>) {
        let end = message.at.saturating_add(most).min(message.payload.len());
        let is_final = end == message.payload.len();
        let is_first = !std::mem::replace(&mut message.is_begun, true);
        let opcode = if is_first { message.opcode } else { OpCode::Data(Data::Continue) };
        let piece = &message.payload[message.at..end];
        self.frame(opcode, is_final, is_first && message.is_deflated, piece, out);
        message.at = end;
    }

    pub(super) fn ping(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.frame(OpCode::Control(Control::Ping), true, false, payload, out);
    }

    pub(super) fn pong(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.frame(OpCode::Control(Control::Pong), true, false, payload, out);
    }

    pub(super) fn close(&mut self, close: Option<&CloseFrame>, out: &mut Vec<u8>) {
        let mut payload = vec![];
        if let Some(close) = close {
            payload.extend_from_slice(&close.code.get().to_be_bytes());
            payload.extend_from_slice(close.reason.as_bytes());
        }
        self.frame(OpCode::Control(Control::Close), true, false, &payload, out);
    }

    fn frame(&mut self, opcode: OpCode, is_final: bool, rsv1: bool, payload: &[u8], out: &mut Vec<u8>) {
        let key = self.keys.as_mut().map(Keys::next);
        let head = FrameHeader { is_final, rsv1, opcode, mask: key, ..FrameHeader::default() };
        let length = payload.len() as u64;
        out.reserve(head.len(length) + payload.len());
        head.format(length, out).expect("a vector takes what is written");
        let begin = out.len();
        out.extend_from_slice(payload);
        if let Some(key) = key {
            mask(&mut out[begin..], key, 0);
        }
    }
}
