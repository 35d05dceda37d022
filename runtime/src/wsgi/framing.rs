//! Follows the bytes of a connection beside the parser, and says which request must not be
//! believed.
//!
//! hyper's parser takes a bare line feed for the end of a line, and drops `Content-Length` where
//! there is a `Transfer-Encoding`: by the time a request is handed over, neither can be seen. Both
//! are how one reader is made to see another request than the next. So the heads are looked at as
//! they come; bodies are passed over by their own framing. What this does not understand is
//! refused, too: it never lets pass what it is not sure of.

/// How far a connection's bytes have been followed.
#[derive(Debug)]
pub(super) struct Framing {
    state: State,
    /// Heads that have come to their end.
    heads: u64,
    /// The first head that must not be believed, and why. None that comes after it is.
    bad: Option<(u64, Bad)>,
    /// How many bytes a head may have.
    limit: usize,
}

/// Why a head must not be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    Ambiguous,
    TooLarge,
}

#[derive(Debug)]
enum State {
    /// In a head: the line so far, as much of it as matters.
    Head(Head),
    /// In a body, with its bytes that are still to come.
    Body(u64),
    /// In a line that says how long the next chunk is.
    ChunkSize { size: u64, digits: u8, in_extension: bool, after_cr: bool },
    /// In a chunk, with the line break after it.
    Chunk(u64),
    /// In the lines after the last chunk.
    Trailer { is_empty: bool, after_cr: bool },
    /// Nothing more is understood.
    Lost,
}

#[derive(Debug, Default)]
struct Head {
    /// The beginning of the line.
    line: Vec<u8>,
    after_cr: bool,
    /// Something has come that is no empty line before the request.
    has_begun: bool,
    size: usize,
    length: Option<u64>,
    has_coding: bool,
    is_bad: bool,
}

/// As much of a line as is kept: the longer name, its colon, and a number.
const KEPT: usize = 64;

impl Framing {
    /// For heads of at most that many bytes.
    pub(super) fn new(limit: usize) -> Framing {
        Framing { state: State::Head(Head::default()), heads: 0, bad: None, limit }
    }

    /// How many heads have come to their end, and can be believed.
    pub(super) fn heads(&self) -> u64 {
        self.heads
    }

    /// Is this the end of one request, before the first byte of the next?
    pub(super) fn is_between(&self) -> bool {
        matches!(&self.state, State::Head(head) if head.size == 0)
    }

    /// Is this in the middle of a body, or before its first byte?
    pub(super) fn is_in_body(&self) -> bool {
        !matches!(self.state, State::Head(_) | State::Lost)
    }

    /// Why this request, counted from 0, must be refused, if it must. Asked when its head has been
    /// read.
    pub(super) fn bad(&self, request: u64) -> Option<Bad> {
        self.bad.filter(|(first, _)| *first <= request).map(|(_, why)| why)
    }

    /// These bytes have come.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match &mut self.state {
                State::Head(_) => self.head(bytes),
                State::Body(left) => {
                    let count = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= count as u64;
                    if *left == 0 {
                        self.state = State::Head(Head::default());
                    }
                    &bytes[count..]
                }
                State::ChunkSize { .. } => self.chunk_size(bytes),
                State::Chunk(left) => {
                    let count = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= count as u64;
                    if *left == 0 {
                        self.state = State::chunk_size();
                    }
                    &bytes[count..]
                }
                State::Trailer { .. } => self.trailer(bytes),
                State::Lost => return,
            };
        }
    }

    /// Nothing of this connection is to be believed from this request on.
    fn lose(&mut self, why: Bad) {
        self.bad.get_or_insert((self.heads, why));
        self.state = State::Lost;
    }

    fn head<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let State::Head(head) = &mut self.state else { return bytes };
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            head.keep(bytes);
            head.size += bytes.len();
            return &[];
        };
        head.size += end + 1;
        let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
        let ends_in_cr = line.last().map_or(head.after_cr, |last| *last == b'\r');
        head.is_bad |= !ends_in_cr;
        // A whole line that lies in one piece is looked at where it lies.
        let is_empty = if head.line.is_empty() {
            let text = line.strip_suffix(b"\r").unwrap_or(line);
            head.look_at(text);
            text.is_empty()
        } else {
            head.keep(line);
            let kept = std::mem::take(&mut head.line);
            let text = kept.strip_suffix(b"\r").unwrap_or(&kept);
            head.look_at(text);
            text.is_empty()
        };
        head.after_cr = false;
        if !is_empty {
            head.has_begun = true;
        } else if head.has_begun {
            self.end_head();
        }
        rest
    }

    fn end_head(&mut self) {
        let State::Head(head) = &self.state else { return };
        let is_bad = head.is_bad || (head.has_coding && head.length.is_some());
        let next = if head.has_coding {
            State::chunk_size()
        } else {
            match head.length.unwrap_or(0) {
                0 => State::Head(Head::default()),
                length => State::Body(length),
            }
        };
        if is_bad {
            return self.lose(Bad::Ambiguous);
        }
        if head.size > self.limit {
            return self.lose(Bad::TooLarge);
        }
        self.heads += 1;
        self.state = next;
    }

    fn chunk_size<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let State::ChunkSize { size, digits, in_extension, after_cr } = &mut self.state else { return bytes };
        for (at, &byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' if *after_cr && *digits > 0 => {
                    self.state = match *size {
                        0 => State::Trailer { is_empty: true, after_cr: false },
                        // With the line break after its data.
                        size => State::Chunk(size.saturating_add(2)),
                    };
                    return &bytes[at + 1..];
                }
                b'\n' => break,
                b'\r' => *after_cr = true,
                _ if *after_cr => break,
                _ if *in_extension => {}
                b';' | b' ' | b'\t' => *in_extension = true,
                _ => {
                    let Some(digit) = char::from(byte).to_digit(16) else { break };
                    *digits += 1;
                    if *digits > 16 {
                        break;
                    }
                    *size = *size << 4 | u64::from(digit);
                }
            }
            if at + 1 == bytes.len() {
                return &[];
            }
        }
        self.lose(Bad::Ambiguous);
        &[]
    }

    fn trailer<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let State::Trailer { is_empty, after_cr } = &mut self.state else { return bytes };
        for (at, &byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' if !*after_cr => {
                    self.lose(Bad::Ambiguous);
                    return &[];
                }
                b'\n' if *is_empty => {
                    self.state = State::Head(Head::default());
                    return &bytes[at + 1..];
                }
                b'\n' => (*is_empty, *after_cr) = (true, false),
                b'\r' => *after_cr = true,
                _ => (*is_empty, *after_cr) = (false, false),
            }
        }
        &[]
    }
}

impl State {
    fn chunk_size() -> State {
        State::ChunkSize { size: 0, digits: 0, in_extension: false, after_cr: false }
    }
}

impl Head {
    /// A piece of a line without its end.
    fn keep(&mut self, piece: &[u8]) {
        let room = KEPT.saturating_sub(self.line.len());
        self.line.extend_from_slice(&piece[..piece.len().min(room)]);
        if let Some(last) = piece.last() {
            self.after_cr = *last == b'\r';
        }
    }

    /// A line, or its beginning.
    fn look_at(&mut self, line: &[u8]) {
        match line.first() {
            Some(b'c' | b'C') => {
                let Some(value) = value_of(line, b"content-length:") else { return };
                let digits = value.trim_ascii();
                let length = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
                // A number that is none, and two that differ, are the parser's to refuse.
                self.is_bad |= length.is_none() || self.length.is_some_and(|known| Some(known) != length);
                self.length = length.or(Some(0));
            }
            Some(b't' | b'T') => self.has_coding |= value_of(line, b"transfer-encoding:").is_some(),
            _ => {}
        }
    }
}

fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, value) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(value)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// How many heads there are, and which is bad, however the bytes are cut.
    fn followed(bytes: &[u8]) -> (u64, Option<u64>) {
        let whole = followed_in(bytes, bytes.len().max(1));
        for size in [1, 2, 3, 5, 16] {
            assert_eq!(
                followed_in(bytes, size),
                whole,
                "pieces of {size} of {:?}",
                String::from_utf8_lossy(bytes)
            );
        }
        whole
    }

    fn followed_in(bytes: &[u8], size: usize) -> (u64, Option<u64>) {
        let mut framing = Framing::new(1000);
        bytes.chunks(size).for_each(|piece| framing.follow(piece));
        (framing.heads, framing.bad.map(|(head, _)| head))
    }

    #[test]
    fn heads_are_counted_past_their_bodies() {
        assert_eq!(followed(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), (1, None));
        assert_eq!(followed(b"\r\n\r\nGET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"), (2, None));
        let body = b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n\n\n\n\nGET / HTTP/1.1\r\n\r\n";
        assert_eq!(followed(body), (2, None));
        let chunks = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n\
            3;a=b\r\n\n\n\n\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\nGET / HTTP/1.1\r\n\r\n";
        assert_eq!(followed(chunks), (2, None));
    }

    #[test]
    fn a_bare_line_feed_is_bad_where_lines_are() {
        assert_eq!(followed(b"GET / HTTP/1.1\nHost: x\r\n\r\n"), (0, Some(0)));
        assert_eq!(followed(b"GET / HTTP/1.1\r\nHost: x\n\r\n"), (0, Some(0)));
        assert_eq!(followed(b"GET / HTTP/1.1\r\nHost: x\r\n\n"), (0, Some(0)));
        let second = b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\nHost: x\r\n\r\n";
        assert_eq!(followed(second), (1, Some(1)));
        let chunks = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n";
        assert_eq!(followed(chunks), (1, Some(1)));
    }

    #[test]
    fn a_length_beside_a_coding_is_bad_in_either_order() {
        let one = b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
        let other = b"POST / HTTP/1.1\r\nTRANSFER-ENCODING: chunked\r\ncontent-length:3\r\n\r\n";
        assert_eq!(followed(one), (0, Some(0)));
        assert_eq!(followed(other), (0, Some(0)));
    }

    #[test]
    fn lengths_that_are_none_or_differ_are_bad() {
        for length in ["", "x", "-1", "1, 1", "99999999999999999999999", "1\r\nContent-Length: 2"] {
            let request = format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
            assert_eq!(followed(request.as_bytes()).1, Some(0), "{length:?}");
        }
    }

    #[test]
    fn a_head_beyond_the_limit_is_too_large() {
        let mut framing = Framing::new(40);
        framing.follow(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: example.org:1234\r\n\r\n");
        assert_eq!((framing.bad(0), framing.bad(1)), (None, Some(Bad::TooLarge)));
    }

    #[test]
    fn a_head_may_be_as_large_as_the_limit_however_it_is_cut() {
        let request = b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
        for size in [1, 7, request.len()] {
            for (limit, expected) in [(request.len(), None), (request.len() - 1, Some(Bad::TooLarge))] {
                let mut framing = Framing::new(limit);
                request.chunks(size).for_each(|piece| framing.follow(piece));
                assert_eq!(framing.bad(0), expected, "pieces of {size}, limit {limit}");
            }
        }
    }

    #[test]
    fn the_size_of_a_chunk_has_no_more_digits_than_a_number_that_is_counted() {
        let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        let chunk = |size| format!("{head}{size}\r\nx\r\n0\r\n\r\n");
        assert_eq!(followed(chunk("0000000000000001").as_bytes()), (1, None));
        // One digit more, and it would count as 1, or as what is left of it.
        assert_eq!(followed(chunk("00000000000000001").as_bytes()), (1, Some(1)));
        assert_eq!(followed(chunk("10000000000000001").as_bytes()), (1, Some(1)));
    }

    #[test]
    fn no_bytes_at_all_bring_it_out_of_step_with_how_they_are_cut() {
        let mut seed = 1_u64;
        let alphabet = b"\r\n: 0aAcC;tTGET /HTTP1.";
        for _ in 0..2000 {
            let bytes: Vec<u8> = (0..60)
                .map(|_| {
                    seed ^= seed << 13;
                    seed ^= seed >> 7;
                    seed ^= seed << 17;
                    alphabet[(seed % alphabet.len() as u64) as usize]
                })
                .collect();
            followed(&bytes);
        }
    }
}
