//! The body of a message, in either direction.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::http::HeaderMap;
use bytes::{Buf, Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;

use super::Unread;
use super::producer::{Out, Producer};
use crate::call::GreenCall;
use crate::green;
use crate::green::io::Read;
use crate::hubs::Alarm;
use crate::iter::GreenIterator;

/// The body of a request or a response.
///
/// It is read once, in the way that suits:
///
/// * as a green reader ([`green::io::Read`](crate::green::io::Read)),
/// * piece by piece, as a [`GreenIterator`] of `io::Result<Bytes>`,
/// * as a whole: [`bytes`](Self::bytes), [`text`](Self::text), `json` (feature `json`),
/// * by a library, as an `http_body::Body`.
///
/// One that came over the network has limits: on its bytes, and on the wait for each piece. The
/// server sets them ([`wsgi::Server::max_body`](crate::wsgi::Server::max_body)).
///
/// ```
/// use std::io;
/// use eventlet::green;
/// use eventlet::http::Body;
///
/// #[green]
/// fn main() -> io::Result<()> {
///     assert_eq!(Body::from("text").text()?, "text");
///     Ok(())
/// }
/// ```
pub struct Body {
    kind: Kind,
    /// What was taken from the network and not yet read.
    rest: Bytes,
    /// In a box, since a map is large and few bodies have one.
    trailers: Option<Box<HeaderMap>>,
    /// Where it is noted that this has nothing to send yet.
    waits: Option<Waits>,
    /// How many bytes it may have when it is read as a whole.
    most: u64,
}

/// Counts the bodies that have nothing to send yet. Their peers wait because of us.
struct Waits {
    count: Rc<Cell<u32>>,
    is_waiting: bool,
}

impl Waits {
    fn note(&mut self, is_waiting: bool) {
        if std::mem::replace(&mut self.is_waiting, is_waiting) != is_waiting {
            let count = self.count.get();
            self.count.set(if is_waiting { count + 1 } else { count - 1 });
        }
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.note(false);
    }
}

/// The data of a body's frames.
pub type Data = Bytes;

enum Kind {
    Empty,
    Full(Bytes),
    Incoming(Box<Received>),
    Producer(Producer),
    Foreign(Pin<Box<dyn HttpBody<Data = Bytes, Error = io::Error>>>),
}

/// A body that comes over the network.
struct Received {
    /// Until this is dropped.
    body: Option<Incoming>,
    /// Who takes over what is not read, where it does not go with the connection.
    unread: Option<Rc<Unread>>,
    /// How many bytes it may still have.
    left: u64,
    limit: u64,
    /// For how long a piece may be waited for.
    timeout: Option<Duration>,
    alarm: Option<Alarm>,
}

impl Body {
    /// No body.
    pub const fn empty() -> Body {
        Body { kind: Kind::Empty, rest: Bytes::new(), trailers: None, waits: None, most: u64::MAX }
    }

    /// A body that a green call writes, piece by piece, while it is sent.
    ///
    /// The call is made in a green thread of its own when the first piece is asked for.
    /// [`Out::write`] waits until the last piece has been taken, so nothing piles up. If the body
    /// is dropped, because the peer has gone, the thread is killed. If it panics or returns an
    /// `Err`, the message ends in the middle, and the peer can tell.
    ///
    /// ```
    /// use std::io;
    /// use eventlet::green;
    /// use eventlet::http::{Body, Out};
    ///
    /// #[green]
    /// fn count(out: Out) -> io::Result<()> {
    ///     for n in 1..4 {
    ///         out.write(format!("{n} "))?;
    ///     }
    ///     Ok(())
    /// }
    ///
    /// #[green]
    /// fn main() -> io::Result<()> {
    ///     assert_eq!(Body::stream(count).text()?, "1 2 3 ");
    ///     Ok(())
    /// }
    /// ```
    pub fn stream<F, G>(produce: F) -> Body
    where
        F: FnOnce(Out) -> G + 'static,
        G: GreenCall<Value = io::Result<()>> + 'static,
    {
        Body { kind: Kind::Producer(Producer::new(produce)), ..Body::empty() }
    }

    /// A body of a library's.
    pub fn wrap<B, E>(body: B) -> Body
    where
        B: HttpBody<Data = Bytes, Error = E> + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Body { kind: Kind::Foreign(Box::pin(Mapped { body })), ..Body::empty() }
    }

    /// A body whose errors say all there is to say. At most `most` bytes of it are read as a whole.
    #[cfg(feature = "http-client")]
    pub(crate) fn arriving(
        body: impl HttpBody<Data = Bytes, Error = io::Error> + 'static,
        most: u64,
    ) -> Body {
        Body { kind: Kind::Foreign(Box::pin(body)), most, ..Body::empty() }
    }

    /// Another body like this one, if this can be had twice.
    #[cfg(feature = "http-client")]
    pub(crate) fn again(&self) -> Option<Body> {
        self.whole().map(Body::from)
    }

    /// All of it, if it is at hand.
    #[cfg(feature = "http-client")]
    pub(crate) fn whole(&self) -> Option<Bytes> {
        match &self.kind {
            Kind::Empty if self.rest.is_empty() => Some(Bytes::new()),
            Kind::Full(bytes) if self.rest.is_empty() => Some(bytes.clone()),
            _ => None,
        }
    }

    pub(crate) fn received(
        body: Incoming,
        limit: u64,
        timeout: Option<Duration>,
        unread: Option<Rc<Unread>>,
    ) -> Body {
        if http_body::Body::is_end_stream(&body) {
            return Body::empty();
        }
        let received = Received { body: Some(body), unread, left: limit, limit, timeout, alarm: None };
        Body { kind: Kind::Incoming(Box::new(received)), ..Body::empty() }
    }

    /// Notes in `count` while this, which is being sent, has nothing to send yet.
    pub(crate) fn count_waits(&mut self, count: &Rc<Cell<u32>>) {
        if !matches!(self.kind, Kind::Empty | Kind::Full(_)) {
            self.waits = Some(Waits { count: count.clone(), is_waiting: false });
        }
    }

    /// All of it. Suspends until the end.
    ///
    /// # Errors
    ///
    /// Those of the connection; `FileTooLarge` beyond the body's limit; `TimedOut` if the peer
    /// makes it wait for too long; `UnexpectedEof` if it leaves in the middle.
    ///
    /// # Cancel safety
    ///
    /// What has come is lost with the call.
    #[green(crate = crate)]
    pub fn bytes(mut self) -> io::Result<Bytes> {
        let most = self.most;
        let within = |length: usize| if length as u64 > most { Err(too_much(most)) } else { Ok(()) };
        let Some(first) = self.piece()? else { return Ok(Bytes::new()) };
        within(first.len())?;
        let Some(second) = self.piece()? else { return Ok(first) };
        within(first.len() + second.len())?;
        let mut all = BytesMut::from(first);
        all.extend_from_slice(&second);
        while let Some(piece) = self.piece()? {
            within(all.len() + piece.len())?;
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    /// All of it, as text. Suspends until the end.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes); `InvalidData` if it is not UTF-8.
    ///
    /// # Cancel safety
    ///
    /// What has come is lost with the call.
    #[green(crate = crate)]
    pub fn text(self) -> io::Result<String> {
        let invalid = self.invalid();
        let bytes = self.bytes()?;
        String::from_utf8(bytes.into()).map_err(invalid)
    }

    /// All of it, as a value of JSON. Suspends until the end.
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
    pub fn json<T: serde::de::DeserializeOwned>(self) -> io::Result<T> {
        let invalid = self.invalid();
        let bytes = self.bytes()?;
        serde_json::from_slice(&bytes).map_err(invalid)
    }

    /// The next piece; `None` at the end. Suspends until it is there.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: what has come is there for the next call.
    #[green(crate = crate)]
    pub fn piece(&mut self) -> io::Result<Option<Bytes>> {
        if !self.rest.is_empty() {
            return Ok(Some(std::mem::take(&mut self.rest)));
        }
        loop {
            let frame = poll_fn(|cx| self.poll_kind(cx)).await;
            match frame.transpose()?.map(Frame::into_data) {
                None => return Ok(None),
                Some(Ok(data)) if data.is_empty() => {}
                Some(Ok(data)) => return Ok(Some(data)),
                Some(Err(frame)) => self.trailers = frame.into_trailers().ok().map(Box::new),
            }
        }
    }

    /// The trailers, once the body has been read to its end.
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_deref()
    }

    /// How many bytes it has, if that is known before it is read.
    pub fn len(&self) -> Option<u64> {
        HttpBody::size_hint(self).exact()
    }

    /// Is it certain that there is nothing in it?
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Makes the error of a body that is not what it was taken for.
    fn invalid<E: Into<Box<dyn Error + Send + Sync>>>(&self) -> fn(E) -> io::Error {
        match self.kind {
            Kind::Incoming(_) => |error| Faulty::error(io::ErrorKind::InvalidData, error),
            _ => |error| io::Error::new(io::ErrorKind::InvalidData, error),
        }
    }

    fn poll_kind(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let frame = match &mut self.kind {
            Kind::Empty => None,
            Kind::Full(bytes) => Some(Ok(Frame::data(std::mem::take(bytes)))),
            Kind::Incoming(received) => return received.poll(cx),
            Kind::Producer(producer) => return producer.poll(cx).map(|piece| Some(piece?.map(Frame::data))),
            Kind::Foreign(body) => return body.as_mut().poll_frame(cx),
        };
        self.kind = Kind::Empty;
        Poll::Ready(frame)
    }
}

impl Received {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) else { return self.poll_alarm(cx) };
        self.alarm = None;
        Poll::Ready(frame.map(|frame| {
            let frame = frame.map_err(body_error)?;
            let length = frame.data_ref().map_or(0, |data| data.len() as u64);
            match self.left.checked_sub(length) {
                Some(left) => self.left = left,
                None => return Err(too_large(self.limit)),
            }
            Ok(frame)
        }))
    }

    /// Nothing has come. The time for it begins now.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(timeout) = self.timeout else { return Poll::Pending };
        let alarm = self.alarm.get_or_insert_with(|| Alarm::after(timeout));
        ready!(Pin::new(alarm).poll(cx));
        let message = "the rest of the body did not come in time";
        Poll::Ready(Some(Err(Faulty::error(io::ErrorKind::TimedOut, message))))
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        if let (Some(body), Some(unread)) = (self.body.take(), &self.unread) {
            unread.add(body);
        }
    }
}

/// An error that came of the body a peer sent. What else a handler talks to fails as well, in the
/// same words of `io`, and is none of the peer's faults.
#[derive(Debug)]
pub(crate) struct Faulty(Box<dyn Error + Send + Sync>);

impl Faulty {
    pub(crate) fn error(kind: io::ErrorKind, error: impl Into<Box<dyn Error + Send + Sync>>) -> io::Error {
        io::Error::new(kind, Faulty(error.into()))
    }

    /// Did this error come of the body that a peer sent?
    pub(crate) fn is_in(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<Faulty>())
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Faulty {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// hyper's error in the words of `io`.
fn body_error(error: hyper::Error) -> io::Error {
    let kind = match error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
        Some(source) => source.kind(),
        None if error.is_incomplete_message() => io::ErrorKind::UnexpectedEof,
        None if error.is_parse() => io::ErrorKind::InvalidData,
        None => io::ErrorKind::Other,
    };
    Faulty::error(kind, error)
}

fn too_large(limit: u64) -> io::Error {
    Faulty::error(io::ErrorKind::FileTooLarge, format!("the body has more than {limit} bytes"))
}

/// Too much to be read as a whole.
fn too_much(limit: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("the body has more than {limit} bytes"))
}

impl Read for Body {
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

impl GreenIterator for Body {
    type Item = io::Result<Bytes>;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<io::Result<Bytes>> {
        self.piece().transpose()
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if !this.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.rest)))));
        }
        let frame = this.poll_kind(cx);
        if let Some(waits) = &mut this.waits {
            waits.note(frame.is_pending());
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
            && match &self.kind {
                Kind::Empty => true,
                Kind::Full(bytes) => bytes.is_empty(),
                Kind::Incoming(received) => received.body.as_ref().is_none_or(Incoming::is_end_stream),
                Kind::Producer(_) => false,
                Kind::Foreign(body) => body.is_end_stream(),
            }
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let hint = match &self.kind {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Incoming(received) => {
                received.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint)
            }
            Kind::Producer(_) => SizeHint::default(),
            Kind::Foreign(body) => body.size_hint(),
        };
        let mut total = SizeHint::default();
        // The hints of a library's body are whatever it says.
        let lower = hint.lower().saturating_add(rest);
        if let Some(upper) = hint.upper().and_then(|upper| upper.checked_add(rest)) {
            total.set_upper(upper.max(lower));
        }
        total.set_lower(lower);
        total
    }
}

pin_project_lite::pin_project! {
    /// A library's body with its errors in the words of `io`.
    struct Mapped<B> {
        #[pin]
        body: B,
    }
}

impl<B, E> HttpBody for Mapped<B>
where
    B: HttpBody<Data = Bytes, Error = E>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.project().body.poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(io::Error::other)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Default for Body {
    fn default() -> Self {
        Body::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Empty => "empty",
            Kind::Full(_) => "full",
            Kind::Incoming(_) => "incoming",
            Kind::Producer(_) => "stream",
            Kind::Foreign(_) => "foreign",
        };
        f.debug_struct("Body").field("kind", &kind).field("len", &self.len()).finish()
    }
}

macro_rules! full {
    ($($type:ty)*) => {$(
        impl From<$type> for Body {
            fn from(data: $type) -> Body {
                Body { kind: Kind::Full(data.into()), ..Body::empty() }
            }
        }
    )*};
}

full!(Bytes BytesMut Vec<u8> String &'static str &'static [u8] Box<[u8]>);

impl From<()> for Body {
    fn from((): ()) -> Body {
        Body::empty()
    }
}
