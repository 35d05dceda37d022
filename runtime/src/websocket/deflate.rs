//! permessage-deflate: RFC 7692.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::error::Fault;

/// How messages are compressed, if the peer agrees: `permessage-deflate`, RFC 7692.
///
/// Each direction has a *window*, of as many bytes as two to the power of 8 to 15, in which what
/// was said before is found again. With *context takeover* it goes on from one message to the next,
/// and stays in memory between them.
///
/// A connection that has sent something compressed holds up to 300 KiB for it, and one that has
/// received something up to 45 KiB, for as long as it lives. Smaller windows and no takeover make
/// it less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deflate {
    server: Direction,
    client: Direction,
    level: u32,
    threshold: usize,
}

/// What is asked of one direction, or agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Direction {
    bits: u8,
    takeover: bool,
}

const FULL: Direction = Direction { bits: 15, takeover: true };

impl Default for Deflate {
    fn default() -> Deflate {
        Deflate::new()
    }
}

impl Deflate {
    /// Both windows of 32 KiB, with context takeover; messages from 32 bytes on; level 6.
    pub fn new() -> Deflate {
        Deflate { server: FULL, client: FULL, level: 6, threshold: 32 }
    }

    /// The server forgets its window after each message.
    #[must_use]
    pub fn server_no_context_takeover(mut self, no: bool) -> Deflate {
        self.server.takeover = !no;
        self
    }

    /// The client forgets its window after each message.
    #[must_use]
    pub fn client_no_context_takeover(mut self, no: bool) -> Deflate {
        self.client.takeover = !no;
        self
    }

    /// The window of what the server sends has two to the power of this many bytes at most. What is
    /// beyond 8 to 15 counts as these.
    #[must_use]
    pub fn server_max_window_bits(mut self, bits: u8) -> Deflate {
        self.server.bits = bits.clamp(8, 15);
        self
    }

    /// The window of what the client sends has two to the power of this many bytes at most. What is
    /// beyond 8 to 15 counts as these. A server can ask it only of a client that offers it, as all
    /// known ones do.
    #[must_use]
    pub fn client_max_window_bits(mut self, bits: u8) -> Deflate {
        self.client.bits = bits.clamp(8, 15);
        self
    }

    /// How hard to try: 0 (not at all) to 9, 6 if nothing is said.
    #[must_use]
    pub fn level(mut self, level: u32) -> Deflate {
        self.level = level.min(9);
        self
    }

    /// Messages of fewer bytes are sent as they are: 32 if nothing is said.
    #[must_use]
    pub fn threshold(mut self, bytes: usize) -> Deflate {
        self.threshold = bytes;
        self
    }

    /// A server's answer to a client's offers: the first one that it can take.
    pub(super) fn answer(&self, offers: &str) -> Option<Agreed> {
        offers_of(offers).find_map(|offer| self.answer_one(&offer?))
    }

    fn answer_one(&self, offer: &Parameters) -> Option<Agreed> {
        let client_bits = match offer.client_bits {
            // A window that was not offered to be smaller cannot be asked to be.
            None => 15,
            Some(bits) => bits.unwrap_or(15).min(self.client.bits),
        };
        let server_bits = offer.server_bits.unwrap_or(15).min(self.server.bits);
        Some(Agreed {
            server: Direction {
                bits: server_bits,
                takeover: self.server.takeover && !offer.server_no_takeover,
            },
            client: Direction {
                bits: client_bits,
                takeover: self.client.takeover && !offer.client_no_takeover,
            },
            says_server_bits: offer.server_bits.is_some() || server_bits < 15,
            says_client_bits: client_bits < 15,
            level: self.level,
            threshold: self.threshold,
        })
    }

    /// What a client offers.
    pub(super) fn offer(&self) -> String {
        let mut offer = "permessage-deflate; client_max_window_bits".to_owned();
        if self.client.bits < 15 {
            offer += &format!("={}", self.client.bits);
        }
        if self.server.bits < 15 {
            offer += &format!("; server_max_window_bits={}", self.server.bits);
        }
        if !self.client.takeover {
            offer += "; client_no_context_takeover";
        }
        if !self.server.takeover {
            offer += "; server_no_context_takeover";
        }
        offer
    }

    /// What a server has answered to a client's offer; `Err` if it is no answer to that.
    pub(super) fn accept(&self, answer: &str) -> Result<Agreed, &'static str> {
        let mut answers = offers_of(answer);
        let (Some(Some(one)), None) = (answers.next(), answers.next()) else {
            return Err("the server wants extensions that were not offered");
        };
        let server_bits = one.server_bits.unwrap_or(15);
        if server_bits > self.server.bits {
            return Err("the server's window is larger than was asked");
        }
        if !self.server.takeover && !one.server_no_takeover {
            return Err("the server keeps its window, which it was asked not to");
        }
        let client_bits = match one.client_bits {
            None => 15,
            Some(Some(bits)) => bits,
            Some(None) => return Err("the server names a window and not its size"),
        };
        Ok(Agreed {
            server: Direction { bits: server_bits, takeover: !one.server_no_takeover },
            client: Direction {
                bits: client_bits.min(self.client.bits),
                takeover: self.client.takeover && !one.client_no_takeover,
            },
            says_server_bits: false,
            says_client_bits: false,
            level: self.level,
            threshold: self.threshold,
        })
    }
}

/// What both ends have agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Agreed {
    server: Direction,
    client: Direction,
    says_server_bits: bool,
    says_client_bits: bool,
    level: u32,
    threshold: usize,
}

impl Agreed {
    /// As a server says it.
    pub(super) fn header(&self) -> String {
        let mut header = "permessage-deflate".to_owned();
        if !self.server.takeover {
            header += "; server_no_context_takeover";
        }
        if !self.client.takeover {
            header += "; client_no_context_takeover";
        }
        if self.says_server_bits {
            header += &format!("; server_max_window_bits={}", self.server.bits);
        }
        if self.says_client_bits {
            header += &format!("; client_max_window_bits={}", self.client.bits);
        }
        header
    }

    pub(super) fn of_server(&self) -> (Option<Inflater>, Option<Deflater>) {
        (Some(Inflater::new(self.client)), self.deflater(self.server))
    }

    pub(super) fn of_client(&self) -> (Option<Inflater>, Option<Deflater>) {
        (Some(Inflater::new(self.server)), self.deflater(self.client))
    }

    fn deflater(&self, direction: Direction) -> Option<Deflater> {
        // zlib has no window of 256 bytes. Whoever may compress need not.
        let is_possible = direction.bits > 8 && self.level > 0;
        is_possible.then(|| Deflater {
            direction,
            level: self.level,
            threshold: self.threshold,
            stream: None,
        })
    }
}

/// What an offer, or an answer, says.
#[derive(Clone, Copy, Default)]
struct Parameters {
    server_no_takeover: bool,
    client_no_takeover: bool,
    server_bits: Option<u8>,
    /// May be named without a value.
    client_bits: Option<Option<u8>>,
}

/// The extensions in a header: `None` for what is another one, or makes no sense.
fn offers_of(header: &str) -> impl Iterator<Item = Option<Parameters>> {
    header.split(',').map(str::trim).filter(|offer| !offer.is_empty()).map(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case("permessage-deflate") {
            return None;
        }
        let mut parameters = Parameters::default();
        parts.try_for_each(|part| parameters.take(part))?;
        Some(parameters)
    })
}

impl Parameters {
    /// Takes one in. Each may stand once.
    fn take(&mut self, part: &str) -> Option<()> {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim_end(), Some(unquoted(value.trim_start())?)),
            None => (part, None),
        };
        let is_new = match (name.to_ascii_lowercase().as_str(), value) {
            ("server_no_context_takeover", None) => !std::mem::replace(&mut self.server_no_takeover, true),
            ("client_no_context_takeover", None) => !std::mem::replace(&mut self.client_no_takeover, true),
            ("server_max_window_bits", Some(bits)) => self.server_bits.replace(bits_of(bits)?).is_none(),
            ("client_max_window_bits", None) => self.client_bits.replace(None).is_none(),
            ("client_max_window_bits", Some(bits)) => {
                self.client_bits.replace(Some(bits_of(bits)?)).is_none()
            }
            _ => false,
        };
        is_new.then_some(())
    }
}

fn unquoted(value: &str) -> Option<&str> {
    match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"'),
        None => Some(value),
    }
}

/// 8 to 15, without zeros in front.
fn bits_of(value: &str) -> Option<u8> {
    match value {
        "8" => Some(8),
        "9" => Some(9),
        _ if value.len() == 2 && value.starts_with('1') => value.parse().ok().filter(|bits| *bits <= 15),
        _ => None,
    }
}

/// What each message ends with, and what is left out.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// The end that sends.
pub(super) struct Deflater {
    direction: Direction,
    level: u32,
    threshold: usize,
    /// Made when it is needed: it is large.
    stream: Option<Compress>,
}

impl Deflater {
    /// A message's bytes, compressed; `None` if it goes as it is.
    pub(super) fn deflate(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        if bytes.len() < self.threshold.max(1) {
            return None;
        }
        let (level, bits) = (Compression::new(self.level), self.direction.bits);
        let stream = self.stream.get_or_insert_with(|| Compress::new_with_window_bits(level, false, bits));
        let mut out = Vec::with_capacity(bytes.len() / 2 + 64);
        let begin = stream.total_in();
        loop {
            let taken = usize::try_from(stream.total_in() - begin).expect("no more than there is");
            stream
                .compress_vec(&bytes[taken..], &mut out, FlushCompress::Sync)
                .expect("a stream that is not at its end takes bytes");
            let is_taken = stream.total_in() - begin == bytes.len() as u64;
            // Room that is left says that nothing is kept back.
            if is_taken && out.len() < out.capacity() {
                break;
            }
            out.reserve(out.capacity().max(64));
        }
        debug_assert!(out.ends_with(&TAIL), "a flush ends so");
        out.truncate(out.len() - TAIL.len());
        if !self.direction.takeover {
            stream.reset();
        }
        Some(out)
    }
}

/// The end that receives.
pub(super) struct Inflater {
    direction: Direction,
    /// Made when it is needed.
    stream: Option<Decompress>,
}

impl Inflater {
    fn new(direction: Direction) -> Inflater {
        Inflater { direction, stream: None }
    }

    /// Inflates what has come of a message, and gives it to `sink` piece by piece, which ends it
    /// with a fault when it has enough.
    pub(super) fn push(
        &mut self,
        mut input: &[u8],
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        // A window of 256 bytes is one of 512 to whoever reads.
        let bits = self.direction.bits.max(9);
        let stream = self.stream.get_or_insert_with(|| Decompress::new_with_window_bits(false, bits));
        let mut space = [0; 8192];
        while !input.is_empty() {
            let (taken, made) = (stream.total_in(), stream.total_out());
            let status = stream.decompress(input, &mut space, FlushDecompress::None);
            let taken = usize::try_from(stream.total_in() - taken).expect("no more than there is");
            let made = usize::try_from(stream.total_out() - made).expect("no more than there is room");
            input = &input[taken..];
            // What came out before something went wrong is looked at first, as it would be if it
            // had come alone.
            sink(&space[..made])?;
            match status.map_err(|_| Fault::invalid("data that cannot be inflated"))? {
                // RFC 7692, 7.2.3.4: the message goes on behind a last block. Whoever has ended its
                // stream begins another.
                Status::StreamEnd => stream.reset(false),
                _ if taken == 0 && made == 0 => {
                    return Err(Fault::invalid("data that cannot be inflated"));
                }
                // What it has taken may have more to give than there was room for.
                _ if input.is_empty() && made == space.len() => Self::drain(stream, &mut space, sink)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn drain(
        stream: &mut Decompress,
        space: &mut [u8],
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        loop {
            let made = stream.total_out();
            // No input and no output is an error in zlib's eyes, and here an end.
            let status = stream.decompress(&[], space, FlushDecompress::None);
            let made = usize::try_from(stream.total_out() - made).expect("no more than there is room");
            sink(&space[..made])?;
            if matches!(status, Ok(Status::StreamEnd)) {
                stream.reset(false);
            }
            if made < space.len() {
                return Ok(());
            }
        }
    }

    /// The message is whole.
    pub(super) fn end(&mut self, sink: &mut dyn FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        self.push(&TAIL, sink)?;
        if !self.direction.takeover
            && let Some(stream) = &mut self.stream
        {
            stream.reset(false);
        }
        Ok(())
    }
}
