//! Forms with files, as they come.

mod parser;
#[cfg(all(test, not(loom)))]
mod tests;

use std::fmt;
use std::io;

use ::http::HeaderMap;
use ::http::header::CONTENT_TYPE;
use bytes::{Buf, Bytes, BytesMut};

use self::parser::{Event, Fault, Head, Limits, Parser};
use crate::green;
use crate::green::io::Read;
use crate::http::{Body, Faulty, Request};
use crate::iter::GreenIterator;

/// A form that was sent as `multipart/form-data`, which is how browsers send files: its parts, one
/// after the other, as they come over the network. Nothing but the piece that was read last is in
/// memory.
///
/// ```
/// use std::io;
/// use eventlet::green;
/// use eventlet::http::Request;
/// use eventlet::wsgi::Multipart;
///
/// #[green]
/// fn upload(request: Request) -> io::Result<String> {
///     let mut form = Multipart::new(request)?;
///     let mut answer = String::new();
///     while let Some(mut part) = form.next_part()? {
///         let name = part.name().to_owned();
///         if part.file_name().is_some() {
///             let mut length = 0;
///             while let Some(piece) = part.piece()? {     // or `io::copy` into a file
///                 length += piece.len();
///             }
///             answer += &format!("{name}: a file of {length} bytes\n");
///         } else {
///             answer += &format!("{name}: {}\n", part.text()?);
///         }
///     }
///     Ok(answer)
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let body = "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA cat\r\n\
///                 --x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"cat.png\"\r\n\r\n\
///                 12345\r\n--x--\r\n";
///     let request = Request::post("/").header("Content-Type", "multipart/form-data; boundary=x");
///     assert_eq!(upload(request.body(body.into()).unwrap())?, "title: A cat\nphoto: a file of 5 bytes\n");
///     Ok(())
/// }
/// ```
///
/// # Limits
///
/// Each is a method, and beyond each is `FileTooLarge`, which is a 413 if the handler hands it on.
///
/// | what | default |
/// |---|---|
/// | parts of the form ([`max_parts`](Self::max_parts)) | 1000 |
/// | headers of a part ([`max_head`](Self::max_head)) | 8 KiB, and 32 of them |
/// | a field: a part without a file's name ([`max_field`](Self::max_field)) | 1 MiB |
/// | a file ([`max_file`](Self::max_file)) | 16 MiB |
/// | the whole form ([`max_form`](Self::max_form)) | what the server [allows a body](super::Server::max_body) |
///
/// # What is refused
///
/// With `InvalidData`, a 400: what is no such form, or has a boundary that is none (RFC 2046); a
/// part without a `Content-Disposition: form-data` or without a name (RFC 7578), or with two of
/// them, or with a name that is not UTF-8; lines of headers that end in a bare line feed; anything
/// but blanks behind a boundary. A form that ends before its last boundary is `UnexpectedEof`. What
/// stands before the first boundary and behind the last one is passed over.
#[must_use]
pub struct Multipart {
    body: Body,
    parser: Parser,
    /// What has come and is not told yet.
    input: BytesMut,
    /// How many bytes the form may still have.
    left: u64,
    limit: u64,
}

impl Multipart {
    /// The form in a request's body. Does not suspend: nothing of it is read yet.
    ///
    /// # Errors
    ///
    /// `InvalidData` if the request says that it is something else.
    pub fn new(request: Request) -> io::Result<Multipart> {
        let limits = Limits { parts: 1000, headers: 32, head: 8 * 1024, field: 1 << 20, file: 16 << 20 };
        let content_type = request.headers().get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
        let (parser, input) = Parser::new(content_type, limits).map_err(error)?;
        Ok(Multipart { body: request.into_body(), parser, input, left: u64::MAX, limit: u64::MAX })
    }

    /// How many parts the form may have: 1000 if nothing is said.
    pub fn max_parts(mut self, parts: usize) -> Multipart {
        self.parser.set_limits(|limits| limits.parts = parts);
        self
    }

    /// How many bytes the headers of a part may have: 8 KiB if nothing is said.
    pub fn max_head(mut self, bytes: usize) -> Multipart {
        self.parser.set_limits(|limits| limits.head = bytes);
        self
    }

    /// How many bytes a part may have that is no file: 1 MiB if nothing is said.
    pub fn max_field(mut self, bytes: u64) -> Multipart {
        self.parser.set_limits(|limits| limits.field = bytes);
        self
    }

    /// How many bytes a file may have: 16 MiB if nothing is said. A server whose
    /// [`max_body`](super::Server::max_body) is smaller refuses it before.
    pub fn max_file(mut self, bytes: u64) -> Multipart {
        self.parser.set_limits(|limits| limits.file = bytes);
        self
    }

    /// How many bytes the whole form may have. If nothing is said, what the server
    /// [allows](super::Server::max_body); it never allows more.
    pub fn max_form(mut self, bytes: u64) -> Multipart {
        (self.left, self.limit) = (bytes, bytes);
        self
    }

    /// The next part; `None` when the form is whole and its body is at its end. What was not read
    /// of the part before is passed over. Suspends until the part's headers are there.
    ///
    /// # Errors
    ///
    /// `InvalidData`, `UnexpectedEof` and `FileTooLarge` as [above](Self#limits), and those of the
    /// body ([`Body::bytes`]). After one of them every later call has one.
    ///
    /// # Cancel safety
    ///
    /// A call that was ended can be made again: it goes on where that one stood.
    #[green(crate = crate)]
    pub fn next_part(&mut self) -> io::Result<Option<Part<'_>>> {
        loop {
            match self.event()? {
                Event::Part(head) => {
                    return Ok(Some(Part { form: self, head, rest: Bytes::new(), is_whole: false }));
                }
                Event::Data(_) | Event::PartEnd => {}
                Event::End => return self.skip_rest().map(|()| None),
            }
        }
    }

    #[green(crate = crate)]
    fn event(&mut self) -> io::Result<Event> {
        loop {
            if let Some(event) = self.parser.parse(&mut self.input).map_err(error)? {
                return Ok(event);
            }
            match self.body.piece()? {
                Some(piece) => self.take(piece)?,
                None => return Err(error(self.parser.end())),
            }
        }
    }

    /// So that the connection can carry another request.
    #[green(crate = crate)]
    fn skip_rest(&mut self) -> io::Result<()> {
        while let Some(piece) = self.body.piece()? {
            self.count(&piece)?;
        }
        Ok(())
    }

    fn take(&mut self, piece: Bytes) -> io::Result<()> {
        self.count(&piece)?;
        if self.input.is_empty() {
            self.input = BytesMut::from(piece);
        } else {
            self.input.extend_from_slice(&piece);
        }
        Ok(())
    }

    fn count(&mut self, piece: &Bytes) -> io::Result<()> {
        let left = self.left.checked_sub(piece.len() as u64);
        // Nothing is left from now on.
        self.left = left.unwrap_or(0);
        match left {
            Some(_) => Ok(()),
            None => {
                let message = format!("the form has more than {} bytes", self.limit);
                Err(Faulty::error(io::ErrorKind::FileTooLarge, message))
            }
        }
    }
}

impl fmt::Debug for Multipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart").finish_non_exhaustive()
    }
}

/// The client's fault, so that a handler can hand it on.
fn error(fault: Fault) -> io::Error {
    Faulty::error(fault.kind, fault.message)
}

/// One part of a [`Multipart`]: a field, or a file.
///
/// Its content is read once, in the way that suits: as a green reader
/// ([`green::io::Read`](crate::green::io::Read)), piece by piece ([`piece`](Self::piece), or as a
/// [`GreenIterator`]), or as a whole ([`bytes`](Self::bytes), [`text`](Self::text)).
pub struct Part<'a> {
    form: &'a mut Multipart,
    head: Head,
    /// What was taken from the form and not yet read.
    rest: Bytes,
    is_whole: bool,
}

impl Part<'_> {
    /// The name of the field. Several parts may have the same one. Browsers write `%22` for a
    /// quotation mark and `%0D%0A` for a line's end, and that is how they are given here.
    pub fn name(&self) -> &str {
        &self.head.name
    }

    /// The name that the file has at the client; `None` if this is no file. A browser's field for a
    /// file in which none was chosen has an empty one.
    ///
    /// It is whatever the client says, and may be `../../etc/passwd`: do not make a path of it.
    pub fn file_name(&self) -> Option<&str> {
        self.head.file_name.as_deref()
    }

    /// The type of the content, if it was said and is text.
    pub fn content_type(&self) -> Option<&str> {
        self.head.headers.get(CONTENT_TYPE)?.to_str().ok()
    }

    /// The part's headers. A `Content-Transfer-Encoding`, which no browser sends, is not undone.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The next piece of the content; `None` at its end. Suspends until it is there.
    ///
    /// # Errors
    ///
    /// As [`Multipart::next_part`].
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: what has come is there for the next call.
    #[green(crate = crate)]
    pub fn piece(&mut self) -> io::Result<Option<Bytes>> {
        if !self.rest.is_empty() {
            return Ok(Some(std::mem::take(&mut self.rest)));
        }
        if self.is_whole {
            return Ok(None);
        }
        match self.form.event()? {
            Event::Data(data) => Ok(Some(data)),
            Event::PartEnd | Event::Part(_) | Event::End => {
                self.is_whole = true;
                Ok(None)
            }
        }
    }

    /// All of the content, within the [limit](Multipart#limits) of a part. Suspends until the end.
    ///
    /// # Errors
    ///
    /// As [`Multipart::next_part`].
    ///
    /// # Cancel safety
    ///
    /// What has come is lost with the call.
    #[green(crate = crate)]
    pub fn bytes(mut self) -> io::Result<Bytes> {
        let Some(first) = self.piece()? else { return Ok(Bytes::new()) };
        let Some(second) = self.piece()? else { return Ok(first) };
        let mut all = BytesMut::from(first);
        all.extend_from_slice(&second);
        while let Some(piece) = self.piece()? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    /// All of the content, as text. Suspends until the end.
    ///
    /// # Errors
    ///
    /// As [`Multipart::next_part`]; `InvalidData` if it is not UTF-8.
    ///
    /// # Cancel safety
    ///
    /// What has come is lost with the call.
    #[green(crate = crate)]
    pub fn text(self) -> io::Result<String> {
        let bytes = self.bytes()?;
        String::from_utf8(bytes.into()).map_err(|error| Faulty::error(io::ErrorKind::InvalidData, error))
    }
}

impl Read for Part<'_> {
    #[green(crate = crate)]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let Some(mut piece) = self.piece()? else { return Ok(0) };
        let count = piece.len().min(buf.len());
        piece.copy_to_slice(&mut buf[..count]);
        self.rest = piece;
        Ok(count)
    }
}

impl GreenIterator for Part<'_> {
    type Item = io::Result<Bytes>;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<io::Result<Bytes>> {
        self.piece().transpose()
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("name", &self.head.name)
            .field("file_name", &self.head.file_name)
            .finish_non_exhaustive()
    }
}
