//! An answer, whose body is still to be read.

use std::fmt;
use std::io;
use std::time::Duration;

use ::http::header::CONTENT_LENGTH;
use ::http::response::Parts;
use ::http::{HeaderMap, StatusCode, Version};
use bytes::Bytes;

use super::decode::decoded;
use super::error::{Error, Phase, Result, What};
use super::exchange::Arriving;
use crate::green;
use crate::green::io::{Read, Write};
use crate::http::{Body, IntoResponse};
use crate::iter::GreenIterator;
use crate::timeout::with_timeout;

/// The answer to a request: its head, and a body that is read once, in the way that suits.
///
/// * As a whole: [`bytes`](Self::bytes), [`text`](Self::text), `json` (feature `json`); these have
///   the [limit](super::ClientBuilder::max_body) of the client.
/// * Piece by piece: as a green reader ([`green::io::Read`](crate::green::io::Read)), by
///   [`lines`](Self::lines), into a writer ([`copy_to`](Self::copy_to)), or as a [`Body`].
///
/// The connection serves other requests when the body has been read to its end. One that is dropped
/// before is closed.
///
/// A handler of [`wsgi`](crate::wsgi) may return it: status, headers of content, and the body,
/// which is sent on as it comes.
pub struct Response {
    head: Parts,
    body: Body,
    what: What,
    most: u64,
    history: Vec<Redirect>,
    elapsed: Duration,
}

/// An answer that sent its request elsewhere: [`Response::history`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redirect {
    /// Its status.
    pub status: StatusCode,
    /// Where it came from, without a password.
    pub url: String,
}

/// How far a body has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// So many bytes have been written to where they go.
    pub done: u64,
    /// How many there will be, if the server has said so.
    pub total: Option<u64>,
}

impl Response {
    pub(super) fn new(
        response: ::http::Response<Arriving>,
        what: What,
        most: u64,
        elapsed: Duration,
    ) -> Response {
        let (mut head, body) = response.into_parts();
        let body = decoded(&mut head.headers, body, most, &what);
        Response { head, body, what, most, history: Vec::new(), elapsed }
    }

    pub(super) fn keep_history(&mut self, history: Vec<Redirect>) {
        self.history = history;
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The version of HTTP that the server speaks.
    pub fn version(&self) -> Version {
        self.head.version
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// A header as text; `None` if there is none, or it is no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// Where it came from, after redirects, without a password.
    pub fn url(&self) -> &str {
        &self.what.url
    }

    /// The answers that have led here, the first one first; at most as many as there may be
    /// redirects. requests' `history`.
    pub fn history(&self) -> &[Redirect] {
        &self.history
    }

    /// How long it took until the head of this answer was there: with the connection, and without
    /// redirects and attempts before it. requests' `elapsed`.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How many bytes the body has, if the server has said so.
    pub fn content_length(&self) -> Option<u64> {
        self.body.len()
    }

    /// The answer, or the error that its status is: 400 and above. Does not suspend.
    ///
    /// # Errors
    ///
    /// Of phase [`Status`](Phase::Status), with the [status](Error::status).
    pub fn error_for_status(self) -> Result<Response> {
        let status = self.head.status;
        if status.is_client_error() || status.is_server_error() {
            return Err(self.what.status_error(status));
        }
        Ok(self)
    }

    /// All of the body. Suspends until it has been read.
    ///
    /// # Errors
    ///
    /// Those of the connection; `FileTooLarge` beyond the client's limit.
    ///
    /// # Cancel safety
    ///
    /// What has come is lost with the call.
    #[green(crate = crate)]
    pub fn bytes(self) -> Result<Bytes> {
        let Response { body, what, .. } = self;
        body.bytes().map_err(|error| Error::of_body(&what, error))
    }

    /// How the server says that its text is encoded: `charset` in `Content-Type`. requests'
    /// `encoding`.
    pub fn charset(&self) -> Option<&str> {
        self.header("content-type").and_then(charset)
    }

    /// All of the body as text, which is UTF-8 unless the server says `iso-8859-1` or, with the
    /// feature `charset`, another encoding of the web. Suspends until it has been read.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes); `InvalidData` if it is no such text.
    ///
    /// # Cancel safety
    ///
    /// What has come is lost with the call.
    #[green(crate = crate)]
    pub fn text(self) -> Result<String> {
        let charset = self.charset().map(str::to_owned);
        let what = self.what.clone();
        let bytes = self.bytes()?;
        match decoded_text(bytes, charset.as_deref()) {
            Ok(text) => Ok(text),
            Err(error) => Err(invalid(&what, error)),
        }
    }

    /// As [`text`](Self::text), with � in the place of what is no such text: what requests' `text`
    /// does. Suspends until it has been read.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes).
    ///
    /// # Cancel safety
    ///
    /// What has come is lost with the call.
    #[green(crate = crate)]
    pub fn text_lossy(self) -> Result<String> {
        let charset = self.charset().map(str::to_owned);
        let bytes = self.bytes()?;
        match decoded_text(bytes, charset.as_deref()) {
            Ok(text) => Ok(text),
            Err(error) => Ok(error.lossy),
        }
    }

    /// All of the body, as a value of JSON (feature `json`). Suspends until it has been read.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes); `InvalidData` if it is not such a value, with the reason.
    ///
    /// # Cancel safety
    ///
    /// What has come is lost with the call.
    #[cfg(feature = "json")]
    #[green(crate = crate)]
    pub fn json<T: serde::de::DeserializeOwned>(self) -> Result<T> {
        let what = self.what.clone();
        let bytes = self.bytes()?;
        serde_json::from_slice(&bytes).map_err(|error| invalid(&what, error))
    }

    /// The next piece of the body, as it came; `None` at the end. Suspends until it is there.
    ///
    /// # Errors
    ///
    /// Those of the connection.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: what has come is there for the next call.
    #[green(crate = crate)]
    pub fn piece(&mut self) -> Result<Option<Bytes>> {
        let piece = self.body.piece();
        piece.map_err(|error| Error::of_body(&self.what, error))
    }

    /// Writes the body to `writer` as it comes, and says after each piece how far that is. Gives
    /// how many bytes it had. Suspends until the end.
    ///
    /// ```
    /// use std::io;
    /// use eventlet::http::{self, Request};
    /// use eventlet::{green, spawn, wsgi};
    ///
    /// #[green]
    /// fn file(_request: Request) -> Vec<u8> {
    ///     vec![7; 100_000]
    /// }
    ///
    /// #[green]
    /// fn main() -> io::Result<()> {
    ///     let listener = eventlet::listen("127.0.0.1:0")?;
    ///     let url = format!("http://{}/file", listener.local_addr()?);
    ///     let server = spawn(move || wsgi::Server::new().serve(listener, file));
    ///
    ///     let mut target = Vec::new(); // or a `green::fs::File`
    ///     let mut shown = 0;
    ///     http::get(url)?.copy_to(&mut target, |progress| {
    ///         shown = progress.done * 100 / progress.total.unwrap_or(progress.done);
    ///     })?;
    ///     assert_eq!((target.len(), shown), (100_000, 100));
    ///     server.kill();
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the connection, and of `writer`.
    ///
    /// # Cancel safety
    ///
    /// What was written is not undone; the rest is lost.
    #[green(crate = crate)]
    pub fn copy_to<W, F>(mut self, writer: &mut W, mut on_progress: F) -> io::Result<u64>
    where
        W: Write,
        F: FnMut(Progress),
    {
        let total = self.content_length();
        let mut done = 0;
        while let Some(piece) = self.piece()? {
            writer.write_all(&piece)?;
            done += piece.len() as u64;
            on_progress(Progress { done, total });
        }
        writer.flush()?;
        Ok(done)
    }

    /// The lines of the body as they come, without their ends. A line has no more bytes than the
    /// client's [limit](super::ClientBuilder::max_body).
    pub fn lines(self) -> Lines {
        Lines { response: self, rest: Bytes::new(), line: Vec::new() }
    }

    /// The body. Its errors are those of this answer, as `io::Error`s.
    pub fn into_body(self) -> Body {
        self.body
    }

    /// The trailers, once the body has been read to its end.
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.body.trailers()
    }

    /// Reads what is left, if that is little, so that the connection can be used again.
    pub(super) async fn leave(mut self) {
        const LITTLE: usize = 16 * 1024;
        let rest = async || {
            let mut left = LITTLE;
            while let Ok(Some(piece)) = self.piece().await {
                let Some(less) = left.checked_sub(piece.len()) else { return };
                left = less;
            }
        };
        // What does not come at once may be as far as another server.
        let _ = with_timeout(Duration::from_secs(1), rest).await;
    }
}

fn invalid(what: &What, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    what.error(Phase::ReceiveBody, io::Error::new(io::ErrorKind::InvalidData, error))
}

/// The `charset` of a type of content.
fn charset(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(value.trim().trim_matches('"')).filter(|value| !value.is_empty())
}

/// Bytes that are no text.
#[derive(Debug)]
struct NoText {
    reason: String,
    lossy: String,
}

impl fmt::Display for NoText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for NoText {}

/// These bytes as text.
fn decoded_text(bytes: Bytes, charset: Option<&str>) -> std::result::Result<String, NoText> {
    let is = |name: &&str| charset.is_some_and(|charset| charset.eq_ignore_ascii_case(name));
    if ["iso-8859-1", "latin1"].iter().any(is) {
        // Its characters are the first of Unicode's.
        return Ok(bytes.iter().copied().map(char::from).collect());
    }
    #[cfg(feature = "charset")]
    if let Some(encoding) = charset.and_then(|charset| encoding_rs::Encoding::for_label(charset.as_bytes()))
        && encoding != encoding_rs::UTF_8
    {
        let (text, encoding, has_errors) = encoding.decode(&bytes);
        if !has_errors {
            return Ok(text.into_owned());
        }
        let reason = format!("it is not all {}", encoding.name());
        return Err(NoText { reason, lossy: text.into_owned() });
    }
    String::from_utf8(bytes.into()).map_err(|error| NoText {
        reason: error.to_string(),
        lossy: String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

impl Read for Response {
    #[green(crate = crate)]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.body.read(buf)
    }
}

impl IntoResponse for Response {
    /// Status, headers and body, without the headers that are about the connection to the other
    /// server.
    fn into_response(self) -> crate::http::Response {
        let Response { head, body, .. } = self;
        let mut response = crate::http::Response::new(body);
        *response.status_mut() = head.status;
        let named = head.headers.get_all(::http::header::CONNECTION);
        let named: Vec<String> = named
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|name| name.trim().to_ascii_lowercase())
            .collect();
        *response.headers_mut() = head.headers;
        let of_one_connection = [
            "connection",
            "keep-alive",
            "proxy-authenticate",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ];
        for name in named.iter().map(String::as_str).chain(of_one_connection) {
            response.headers_mut().remove(name);
        }
        if response.body().len().is_some() {
            response.headers_mut().remove(CONTENT_LENGTH);
        }
        response
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("url", &self.what.url)
            .field("status", &self.head.status)
            .field("headers", &self.head.headers)
            .finish_non_exhaustive()
    }
}

/// The lines of a body: [`Response::lines`].
#[derive(Debug)]
#[must_use = "lines are read when they are asked for"]
pub struct Lines {
    response: Response,
    /// What has come and was not looked at.
    rest: Bytes,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
}

impl Lines {
    /// A line of so many bytes is too much.
    fn check(&self, length: usize) -> Result<()> {
        if length as u64 <= self.response.most {
            return Ok(());
        }
        let message = format!("a line has more than {} bytes", self.response.most);
        Err(self
            .response
            .what
            .error(Phase::ReceiveBody, io::Error::new(io::ErrorKind::FileTooLarge, message)))
    }

    /// What has come of a line, as text.
    fn take(&mut self) -> Result<String> {
        let mut line = std::mem::take(&mut self.line);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        String::from_utf8(line).map_err(|error| invalid(&self.response.what, error))
    }
}

impl GreenIterator for Lines {
    type Item = Result<String>;

    /// A kill or timeout loses nothing.
    #[green(crate = crate)]
    fn next(&mut self) -> Option<Result<String>> {
        loop {
            let end = self.rest.iter().position(|byte| *byte == b'\n');
            let piece = self.rest.split_to(end.unwrap_or(self.rest.len()));
            if let Err(error) = self.check(self.line.len() + piece.len()) {
                return Some(Err(error));
            }
            self.line.extend_from_slice(&piece);
            if end.is_some() {
                let _ = self.rest.split_to(1);
                return Some(self.take());
            }
            match self.response.piece() {
                Ok(Some(piece)) => self.rest = piece,
                Ok(None) if self.line.is_empty() => return None,
                Ok(None) => return Some(self.take()),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
