//! Forms with files: `multipart/form-data`.

use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::http::Body;

/// A form that may have files in it:
/// [`RequestBuilder::multipart`](super::RequestBuilder::multipart).
///
/// ```
/// use std::io;
/// use eventlet::http::{Client, Request};
/// use eventlet::http::client::Form;
/// use eventlet::{green, spawn, wsgi};
///
/// #[green]
/// fn count(request: Request) -> io::Result<String> {
///     let text = request.into_body().text()?;
///     Ok(format!("{} parts", text.matches("content-disposition: form-data").count()))
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let listener = eventlet::listen("127.0.0.1:0")?;
///     let url = format!("http://{}/", listener.local_addr()?);
///     let server = spawn(move || wsgi::Server::new().serve(listener, count));
///
///     let form = Form::new().text("name", "anna").file("photo", "anna.png", "image/png", vec![1, 2, 3]);
///     assert_eq!(Client::new().post(url).multipart(form).send()?.text()?, "2 parts");
///     server.kill();
///     Ok(())
/// }
/// ```
#[derive(Default)]
#[must_use]
pub struct Form {
    parts: Vec<(String, Body)>,
}

impl Form {
    /// A form with nothing in it.
    pub fn new() -> Form {
        Form::default()
    }

    /// Adds a field.
    pub fn text(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Form {
        let head = format!("content-disposition: form-data; name=\"{}\"\r\n\r\n", escaped(name.as_ref()));
        self.parts.push((head, Body::from(value.into())));
        self
    }

    /// Adds a file: its field, its name, the type of its content, and the content, which may be
    /// [streamed](Body::stream). A line break in the type is left out.
    pub fn file(
        mut self,
        name: impl AsRef<str>,
        file_name: impl AsRef<str>,
        content_type: impl AsRef<str>,
        content: impl Into<Body>,
    ) -> Form {
        let (name, file_name) = (escaped(name.as_ref()), escaped(file_name.as_ref()));
        let content_type: String = content_type.as_ref().chars().filter(|c| !c.is_control()).collect();
        let head = format!(
            "content-disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\ncontent-type: {content_type}\r\n\r\n"
        );
        self.parts.push((head, content.into()));
        self
    }

    /// Its type, and its body. That is all in memory if the parts are, and can be sent again then.
    pub(super) fn into_body(self) -> (String, Body) {
        let boundary = boundary();
        let mut pieces = VecDeque::new();
        for (head, body) in self.parts {
            pieces.push_back(Piece::Text(format!("--{boundary}\r\n{head}").into()));
            pieces.push_back(match body.whole() {
                Some(bytes) => Piece::Text(bytes),
                None => Piece::Stream(body),
            });
            pieces.push_back(Piece::Text(Bytes::from_static(b"\r\n")));
        }
        pieces.push_back(Piece::Text(format!("--{boundary}--\r\n").into()));
        let content_type = format!("multipart/form-data; boundary={boundary}");
        let mut whole = BytesMut::new();
        for piece in &pieces {
            match piece {
                Piece::Text(bytes) => whole.extend_from_slice(bytes),
                Piece::Stream(_) => return (content_type, Body::arriving(Pieces(pieces), u64::MAX)),
            }
        }
        (content_type, Body::from(whole))
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form").field("parts", &self.parts.len()).finish()
    }
}

/// A name as browsers write it.
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// What no part has in it: nobody can know it before.
fn boundary() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("eventlet-{:016x}{:016x}", random(), random())
}

enum Piece {
    Text(Bytes),
    Stream(Body),
}

/// One after the other.
struct Pieces(VecDeque<Piece>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            let frame = match self.0.front_mut() {
                None => return Poll::Ready(None),
                Some(Piece::Text(bytes)) => {
                    let frame = Frame::data(std::mem::take(bytes));
                    self.0.pop_front();
                    return Poll::Ready(Some(Ok(frame)));
                }
                Some(Piece::Stream(body)) => ready!(Pin::new(body).poll_frame(cx)),
            };
            match frame {
                // What it has behind its end has no place here.
                Some(Ok(frame)) if !frame.is_data() => {}
                Some(frame) => return Poll::Ready(Some(frame)),
                None => drop(self.0.pop_front()),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let lengths = self.0.iter().map(|piece| match piece {
            Piece::Text(bytes) => Some(bytes.len() as u64),
            Piece::Stream(body) => body.len(),
        });
        let total = lengths.sum::<Option<u64>>();
        total.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
