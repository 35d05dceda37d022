//! Bytes of the server's, and the replies in them.

use std::io;

use eventlet::green;
use redis::{Parser, Value};

use crate::error::Cause;
use crate::stream::Stream;

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// What has come and was not taken.
///
/// There is one parser for a connection: it reads ahead, and keeps what it has of the next reply.
pub(crate) struct Replies {
    parser: Parser,
    input: Input,
    /// How many bytes have come since the last reply was whole.
    received: usize,
    max_reply: usize,
}

#[derive(Default)]
struct Input {
    buffer: Vec<u8>,
    /// What of the buffer the parser has not seen.
    unread: std::ops::Range<usize>,
    /// The parser has asked for more than there is.
    is_dry: bool,
}

impl io::Read for Input {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let there = &self.buffer[self.unread.clone()];
        self.is_dry = there.is_empty();
        if self.is_dry {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = there.len().min(buf.len());
        buf[..count].copy_from_slice(&there[..count]);
        self.unread.start += count;
        Ok(count)
    }
}

impl Replies {
    pub(crate) fn new(max_reply: usize) -> Self {
        Replies { parser: Parser::new(), input: Input::default(), received: 0, max_reply }
    }

    /// The next reply. Suspends until it is whole. A kill or timeout here loses nothing.
    #[green]
    pub(crate) fn next(&mut self, stream: &Stream) -> Result<Value, Cause> {
        loop {
            if let Some(value) = self.parse()? {
                return Ok(value);
            }
            // It goes with this call if that is ended; nothing is in it then.
            let mut buffer = std::mem::take(&mut self.input.buffer);
            self.input.unread = 0..0;
            buffer.resize(CHUNK, 0);
            let count = stream.read(&mut buffer)?;
            self.input.buffer = buffer;
            self.input.unread = 0..count;
            self.received += count;
        }
    }

    /// A reply that is whole, if there is one.
    fn parse(&mut self) -> Result<Option<Value>, Cause> {
        match self.parser.parse_value(&mut self.input) {
            Ok(value) => {
                self.received = self.input.unread.len();
                Ok(Some(value))
            }
            Err(_) if self.input.is_dry && self.received > self.max_reply => {
                Err(Cause::TooLarge(self.max_reply))
            }
            Err(_) if self.input.is_dry => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
