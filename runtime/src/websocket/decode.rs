//! From bytes to messages, as they arrive.

use std::io::Cursor;

use bytes::{Buf, Bytes, BytesMut};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::deflate::Inflater;
use super::error::Fault;
use super::mask::mask;
use super::message::{CloseCode, CloseFrame, Message};

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Server,
    Client,
}

/// What has come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    Message(Message),
    Ping(Bytes),
    Pong(Bytes),
    /// The peer's last word.
    Close(Option<CloseFrame>),
}

/// The receiving half of the protocol: bytes go in wherever they are cut, events come out.
///
/// What arrives of a message is unmasked, inflated, counted and (if it is a text) looked at on its
/// arrival, so nothing is kept but what the message will be, and what is wrong is known with the
/// first byte that makes it so.
pub(super) struct Decoder {
    role: Role,
    max_message: usize,
    inflater: Option<Inflater>,
    /// The frame whose payload is coming.
    frame: Option<Frame>,
    /// The message of which frames have come.
    message: Option<Partial>,
    control: Vec<u8>,
    is_closed: bool,
}

struct Frame {
    opcode: OpCode,
    is_final: bool,
    left: u64,
    mask: Option<[u8; 4]>,
    /// How much of the payload has come.
    at: usize,
}

struct Partial {
    content: Content,
    is_deflated: bool,
}

enum Content {
    Text(Text),
    Binary(Vec<u8>),
}

/// A text that arrives in pieces, cut wherever they are.
#[derive(Default)]
struct Text {
    text: String,
    /// The first bytes of a character.
    tail: Vec<u8>,
}

const NOT_UTF8: Fault = Fault::invalid("a text that is not UTF-8");

impl Text {
    fn push(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        while !self.tail.is_empty() {
            let Some((first, rest)) = bytes.split_first() else { return Ok(()) };
            self.tail.push(*first);
            bytes = rest;
            match std::str::from_utf8(&self.tail) {
                Ok(character) => {
                    self.text.push_str(character);
                    self.tail.clear();
                }
                Err(error) if error.error_len().is_some() => return Err(NOT_UTF8),
                Err(_) => {}
            }
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => self.text.push_str(text),
            Err(error) if error.error_len().is_some() => return Err(NOT_UTF8),
            Err(error) => {
                let (whole, tail) = bytes.split_at(error.valid_up_to());
                self.text.push_str(std::str::from_utf8(whole).map_err(|_| NOT_UTF8)?);
                self.tail.extend_from_slice(tail);
            }
        }
        Ok(())
    }

    fn end(self) -> Result<String, Fault> {
        if self.tail.is_empty() { Ok(self.text) } else { Err(NOT_UTF8) }
    }
}

impl Content {
    fn len(&self) -> usize {
        match self {
            Content::Text(text) => text.text.len() + text.tail.len(),
            Content::Binary(bytes) => bytes.len(),
        }
    }

    fn push(&mut self, bytes: &[u8], max: usize) -> Result<(), Fault> {
        if bytes.len() > max - self.len().min(max) {
            return Err(Fault::too_large());
        }
        match self {
            Content::Text(text) => text.push(bytes),
            Content::Binary(all) => {
                all.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    fn end(self) -> Result<Message, Fault> {
        match self {
            Content::Text(text) => Ok(Message::Text(text.end()?)),
            Content::Binary(bytes) => Ok(Message::Binary(bytes.into())),
        }
    }
}

impl Decoder {
    pub(super) fn new(role: Role, max_message: usize, inflater: Option<Inflater>) -> Decoder {
        Decoder { role, max_message, inflater, frame: None, message: None, control: vec![], is_closed: false }
    }

    /// Takes from `input` until something is whole. `None`: all was taken that can be. After a
    /// fault, and after a close, nothing more comes.
    pub(super) fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Fault> {
        loop {
            if self.is_closed {
                // What follows the last word is nobody's.
                input.clear();
                return Ok(None);
            }
            if self.frame.is_none() {
                match self.head(input)? {
                    Some(frame) => self.frame = Some(frame),
                    None => return Ok(None),
                }
            }
            match self.payload(input)? {
                Some(event) => return Ok(Some(event)),
                // Nothing was whole in what has been taken, and there may be more.
                None if self.frame.is_none() => {}
                None => return Ok(None),
            }
        }
    }

    /// A frame's head, once all of it is here.
    fn head(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, Fault> {
        // What is wrong with the first two bytes is known before the others have come.
        if let Some(&[first, second]) = input.get(..2) {
            self.check_start(first, second)?;
        }
        let mut cursor = Cursor::new(&input[..]);
        let parsed =
            FrameHeader::parse(&mut cursor).map_err(|_| Fault::protocol("an unknown kind of frame"))?;
        let Some((head, length)) = parsed else { return Ok(None) };
        let taken = usize::try_from(cursor.position()).expect("a head has 14 bytes at most");
        if length >> 63 != 0 {
            return Err(Fault::protocol("a length with its highest bit set"));
        }
        if head.len(length) != taken {
            return Err(Fault::protocol("a length that takes more bytes than it needs"));
        }
        input.advance(taken);
        self.begin(&head, length)?;
        Ok(Some(Frame { opcode: head.opcode, is_final: head.is_final, left: length, mask: head.mask, at: 0 }))
    }

    fn check_start(&self, first: u8, second: u8) -> Result<(), Fault> {
        let is_control = first & 0x08 != 0;
        let is_first_of_data = matches!(first & 0x0f, 1 | 2);
        if first & 0x30 != 0 || (first & 0x40 != 0 && !(is_first_of_data && self.inflater.is_some())) {
            return Err(Fault::protocol("a reserved bit is set"));
        }
        if !matches!(first & 0x0f, 0..=2 | 8..=10) {
            return Err(Fault::protocol("an unknown kind of frame"));
        }
        if is_control && first & 0x80 == 0 {
            return Err(Fault::protocol("a control frame in pieces"));
        }
        if is_control && second & 0x7f > 125 {
            return Err(Fault::protocol("a control frame of more than 125 bytes"));
        }
        match (self.role, second & 0x80 != 0) {
            (Role::Server, false) => Err(Fault::protocol("a client's frame is not masked")),
            (Role::Client, true) => Err(Fault::protocol("a server's frame is masked")),
            _ => Ok(()),
        }
    }

    /// What a frame begins or goes on with.
    fn begin(&mut self, head: &FrameHeader, length: u64) -> Result<(), Fault> {
        let content = match head.opcode {
            OpCode::Control(_) => return Ok(()),
            OpCode::Data(Data::Continue) => None,
            OpCode::Data(Data::Text) => Some(Content::Text(Text::default())),
            OpCode::Data(_) => Some(Content::Binary(vec![])),
        };
        match (&self.message, content) {
            (None, Some(content)) => self.message = Some(Partial { content, is_deflated: head.rsv1 }),
            (Some(_), None) => {}
            (None, None) => return Err(Fault::protocol("a continuation of nothing")),
            (Some(_), Some(_)) => return Err(Fault::protocol("a message in the middle of another one")),
        }
        // Nothing of it is read that would be too much. What is deflated is counted as it comes
        // out.
        let message = self.message.as_ref().expect("it has begun");
        let room = self.max_message.saturating_sub(message.content.len()) as u64;
        if !message.is_deflated && length > room {
            return Err(Fault::too_large());
        }
        Ok(())
    }

    /// Takes what is here of the frame's payload.
    fn payload(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Fault> {
        let Some(frame) = &mut self.frame else { return Ok(None) };
        let count = usize::try_from(frame.left).unwrap_or(usize::MAX).min(input.len());
        let mut piece = input.split_to(count);
        if let Some(key) = frame.mask {
            mask(&mut piece, key, frame.at);
        }
        frame.left -= count as u64;
        frame.at = frame.at.wrapping_add(count);
        let (opcode, is_whole, is_final) = (frame.opcode, frame.left == 0, frame.is_final);
        if is_whole {
            self.frame = None;
        }
        if let OpCode::Control(control) = opcode {
            self.control.extend_from_slice(&piece);
            return if is_whole { self.control(control).map(Some) } else { Ok(None) };
        }
        let message = self.message.as_mut().expect("a payload belongs to a message that has begun");
        let max = self.max_message;
        let content = &mut message.content;
        match &mut self.inflater {
            Some(inflater) if message.is_deflated => {
                inflater.push(&piece, &mut |bytes| content.push(bytes, max))?;
                if is_whole && is_final {
                    inflater.end(&mut |bytes| content.push(bytes, max))?;
                }
            }
            _ => content.push(&piece, max)?,
        }
        if !(is_whole && is_final) {
            return Ok(None);
        }
        let message = self.message.take().expect("it was there");
        Ok(Some(Event::Message(message.content.end()?)))
    }

    fn control(&mut self, control: Control) -> Result<Event, Fault> {
        let payload = Bytes::from(std::mem::take(&mut self.control));
        match control {
            Control::Ping => Ok(Event::Ping(payload)),
            Control::Pong => Ok(Event::Pong(payload)),
            _ => {
                self.is_closed = true;
                close_of(&payload).map(Event::Close)
            }
        }
    }
}

/// What a closing frame says.
fn close_of(payload: &[u8]) -> Result<Option<CloseFrame>, Fault> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() { Ok(None) } else { Err(Fault::protocol("a close with half a code")) };
    };
    let code = CloseCode::new(u16::from_be_bytes(*code))
        .ok_or(Fault::protocol("a close with a code that is none"))?;
    let reason = std::str::from_utf8(reason).map_err(|_| NOT_UTF8)?;
    Ok(Some(CloseFrame { code, reason: reason.to_owned() }))
}
