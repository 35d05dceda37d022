//! `multipart/form-data` without a connection: bytes in, wherever they are cut, and what they are.

use std::io;

use ::http::header::CONTENT_DISPOSITION;
use ::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem::Finder;

/// What RFC 2046 allows.
const LONGEST_BOUNDARY: usize = 70;

/// What the parts of a form may come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) parts: usize,
    pub(super) headers: usize,
    pub(super) head: usize,
    pub(super) field: u64,
    pub(super) file: u64,
}

/// What a form turns out to be, piece by piece.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A part begins.
    Part(Head),
    /// Some of its content, never empty.
    Data(Bytes),
    /// It is whole.
    PartEnd,
    /// The form is whole. What follows has no meaning.
    End,
}

/// What is said of a part before its content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) headers: HeaderMap,
}

/// What is wrong with a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: io::ErrorKind,
    pub(super) message: String,
}

impl Fault {
    fn new(kind: io::ErrorKind, message: impl Into<String>) -> Fault {
        Fault { kind, message: message.into() }
    }
}

fn invalid(message: &str) -> Fault {
    Fault::new(io::ErrorKind::InvalidData, message)
}

fn too_large(message: String) -> Fault {
    Fault::new(io::ErrorKind::FileTooLarge, message)
}

/// ```text
/// Preamble ─delimiter─> Line ─line's end─> Head ─empty line─> Content ─delimiter─> Line …
///                        └─"--"─> Over
/// ```
#[derive(Debug)]
enum State {
    /// Before the first delimiter.
    Preamble,
    /// Behind a delimiter, to the end of its line.
    Line {
        is_padded: bool,
    },
    /// In the headers of a part. So many bytes have been looked through.
    Head {
        seen: usize,
    },
    /// In the content of one, which may have so many more bytes.
    Content {
        left: u64,
        limit: u64,
    },
    Over,
    Failed(Fault),
}

/// Tells the parts of a form from each other.
#[derive(Debug)]
pub(super) struct Parser {
    /// A delimiter with the line's end before it.
    delimiter: Finder<'static>,
    state: State,
    limits: Limits,
    parts: usize,
}

impl Parser {
    /// The parser of a form of this `Content-Type`, and what its input begins with: the line's end
    /// that the first delimiter may lack.
    pub(super) fn new(content_type: &[u8], limits: Limits) -> Result<(Parser, BytesMut), Fault> {
        let (kind, parameters) = parameters(content_type).ok_or_else(|| invalid("the body is no form"))?;
        if !kind.eq_ignore_ascii_case(b"multipart/form-data") {
            return Err(invalid("the body is no form with parts"));
        }
        let boundary = only(&parameters, "boundary")?.ok_or_else(|| invalid("the form names no boundary"))?;
        let is_boundary = !boundary.is_empty()
            && boundary.len() <= LONGEST_BOUNDARY
            && !boundary.ends_with(b" ")
            && boundary.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte));
        if !is_boundary {
            return Err(invalid("the form's boundary is none"));
        }
        let delimiter = Finder::new(&[b"\r\n--", boundary].concat()).into_owned();
        Ok((Parser { delimiter, state: State::Preamble, limits, parts: 0 }, BytesMut::from("\r\n")))
    }

    pub(super) fn set_limits(&mut self, change: impl FnOnce(&mut Limits)) {
        change(&mut self.limits);
    }

    /// The next that the input holds, which is taken from it; `None` if more must come.
    pub(super) fn parse(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Fault> {
        let event = self.step(input);
        if let Err(fault) = &event {
            self.state = State::Failed(fault.clone());
        }
        event
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self) -> Fault {
        if let State::Failed(fault) = &self.state {
            return fault.clone();
        }
        let fault = Fault::new(io::ErrorKind::UnexpectedEof, "the form ends before its last boundary");
        self.state = State::Failed(fault.clone());
        fault
    }

    fn step(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Fault> {
        loop {
            match &mut self.state {
                State::Preamble => match self.delimiter.find(input) {
                    Some(at) => {
                        input.advance(at + self.delimiter.needle().len());
                        self.state = State::Line { is_padded: false };
                    }
                    None => {
                        input.advance(self.certain(input));
                        return Ok(None);
                    }
                },
                State::Line { is_padded } => match **input {
                    [b' ' | b'\t', ..] => {
                        *is_padded = true;
                        input.advance(1);
                    }
                    [b'-', b'-', ..] if !*is_padded => {
                        input.clear();
                        self.state = State::Over;
                    }
                    [b'\r', b'\n', ..] => {
                        input.advance(2);
                        self.begin_part()?;
                    }
                    [] | [b'\r'] => return Ok(None),
                    [b'-'] if !*is_padded => return Ok(None),
                    _ => return Err(invalid("something follows a boundary")),
                },
                State::Head { seen } => {
                    let from = seen.saturating_sub(3);
                    // The first line may be the empty one.
                    let is_empty = input.starts_with(b"\r\n");
                    let end = if is_empty { Some(2) } else { head_end(input, from) };
                    *seen = input.len();
                    let most = self.limits.head;
                    if end.unwrap_or(input.len()) > most {
                        return Err(too_large(format!("a part's headers have more than {most} bytes")));
                    }
                    let Some(end) = end else { return Ok(None) };
                    let head = head(&input.split_to(end), self.limits.headers)?;
                    let limit = if head.file_name.is_some() { self.limits.file } else { self.limits.field };
                    self.state = State::Content { left: limit, limit };
                    return Ok(Some(Event::Part(head)));
                }
                State::Content { left, limit } => {
                    let at = self.delimiter.find(input);
                    let (room, limit) = (*left, *limit);
                    let count = at.unwrap_or_else(|| self.certain(input));
                    if count == 0 {
                        if at.is_none() {
                            return Ok(None);
                        }
                        input.advance(self.delimiter.needle().len());
                        self.state = State::Line { is_padded: false };
                        return Ok(Some(Event::PartEnd));
                    }
                    if room == 0 {
                        return Err(too_large(format!("a part has more than {limit} bytes")));
                    }
                    let count = usize::try_from(room).map_or(count, |room| count.min(room));
                    self.state = State::Content { left: room - count as u64, limit };
                    return Ok(Some(Event::Data(input.split_to(count).freeze())));
                }
                State::Over => {
                    input.clear();
                    return Ok(Some(Event::End));
                }
                State::Failed(fault) => return Err(fault.clone()),
            }
        }
    }

    fn begin_part(&mut self) -> Result<(), Fault> {
        if self.parts == self.limits.parts {
            return Err(too_large(format!("the form has more than {} parts", self.parts)));
        }
        self.parts += 1;
        self.state = State::Head { seen: 0 };
        Ok(())
    }

    /// How many bytes of an input without a delimiter are none of one that is cut off at its end. A
    /// delimiter has one carriage return, its first byte.
    fn certain(&self, input: &[u8]) -> usize {
        let delimiter = self.delimiter.needle();
        let tail = input.len().saturating_sub(delimiter.len() - 1);
        match memchr::memrchr(b'\r', &input[tail..]) {
            Some(at) if delimiter.starts_with(&input[tail + at..]) => tail + at,
            _ => input.len(),
        }
    }
}

/// Where the headers end, with the empty line behind them.
fn head_end(input: &[u8], from: usize) -> Option<usize> {
    memchr::memmem::find(&input[from..], b"\r\n\r\n").map(|at| from + at + 4)
}

/// The headers of a part, and what its disposition says.
fn head(bytes: &[u8], most: usize) -> Result<Head, Fault> {
    // The parser would take a line feed alone for the end of a line.
    let is_bare = memchr::memchr_iter(b'\n', bytes).any(|at| at == 0 || bytes[at - 1] != b'\r');
    if is_bare {
        return Err(invalid("a line of a part's headers ends in a bare line feed"));
    }
    let mut found = vec![httparse::EMPTY_HEADER; most];
    let parsed = match httparse::parse_headers(bytes, &mut found) {
        Ok(httparse::Status::Complete((length, parsed))) if length == bytes.len() => parsed,
        Err(httparse::Error::TooManyHeaders) => {
            return Err(too_large(format!("a part has more than {most} headers")));
        }
        _ => return Err(invalid("a part's headers are none")),
    };
    let mut headers = HeaderMap::with_capacity(parsed.len());
    for header in parsed {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let value = HeaderValue::from_bytes(header.value);
        let (Ok(name), Ok(value)) = (name, value) else { return Err(invalid("a part's headers are none")) };
        headers.append(name, value);
    }
    let mut dispositions = headers.get_all(CONTENT_DISPOSITION).iter();
    let (Some(disposition), None) = (dispositions.next(), dispositions.next()) else {
        return Err(invalid("a part has not one `Content-Disposition`"));
    };
    let Some((kind, parameters)) = parameters(disposition.as_bytes()) else {
        return Err(invalid("a part's `Content-Disposition` is none"));
    };
    if !kind.eq_ignore_ascii_case(b"form-data") {
        return Err(invalid("a part is no field of a form"));
    }
    let text = |name: &str| -> Result<Option<String>, Fault> {
        let text = only(&parameters, name)?.map(|value| String::from_utf8(value.to_vec()));
        text.transpose().map_err(|_| invalid("the name of a part is not UTF-8"))
    };
    let name = text("name")?.ok_or_else(|| invalid("a part has no name"))?;
    Ok(Head { name, file_name: text("filename")?, headers })
}

/// Names, in lower case, and their values.
type Parameters = Vec<(String, Vec<u8>)>;

/// The value of a parameter that must not be there twice: two readers could take either.
fn only<'a>(parameters: &'a [(String, Vec<u8>)], name: &str) -> Result<Option<&'a [u8]>, Fault> {
    let mut values = parameters.iter().filter(|(known, _)| known == name).map(|(_, value)| &**value);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(invalid("a parameter of a form is there twice")),
    }
}

/// A header's value, and its parameters: `form-data; name="a"; filename="b"`.
fn parameters(value: &[u8]) -> Option<(&[u8], Parameters)> {
    let end = memchr::memchr(b';', value).unwrap_or(value.len());
    let (first, mut rest) = value.split_at(end);
    let mut found = Parameters::new();
    loop {
        rest = rest.trim_ascii_start();
        let Some(after) = rest.strip_prefix(b";") else {
            return rest.is_empty().then_some((first.trim_ascii(), found));
        };
        rest = after.trim_ascii_start();
        if rest.is_empty() {
            continue;
        }
        let equals = memchr::memchr(b'=', rest)?;
        let name = std::str::from_utf8(rest[..equals].trim_ascii()).ok()?.to_ascii_lowercase();
        rest = rest[equals + 1..].trim_ascii_start();
        let value = if let Some(quoted) = rest.strip_prefix(b"\"") {
            let (value, after) = unquoted(quoted)?;
            rest = after;
            value
        } else {
            let end = memchr::memchr(b';', rest).unwrap_or(rest.len());
            let (value, after) = rest.split_at(end);
            rest = after;
            value.trim_ascii().to_vec()
        };
        found.push((name, value));
    }
}

/// A text up to its quotation mark, and what is behind that. A backslash stands for itself but
/// before a quotation mark or another one: browsers write none for the others.
fn unquoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut rest = text;
    loop {
        match rest {
            [b'"', after @ ..] => return Some((value, after)),
            [b'\\', byte @ (b'"' | b'\\'), after @ ..] | [byte, after @ ..] => {
                value.push(*byte);
                rest = after;
            }
            [] => return None,
        }
    }
}
