//! Server-sent events: a response that goes on telling.

use std::cell::Cell;
use std::fmt::{self, Write as _};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use ::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use ::http::{HeaderName, HeaderValue};

use super::{Body, Out, Response};
use crate::branch::{Race2, race};
use crate::call::GreenCall;
use crate::green;
use crate::greenthread::sleep;

/// For how long nothing may be sent before a comment is: 15 seconds.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Events that a green call sends while the client listens: `text/event-stream`, which browsers
/// read with `EventSource`.
///
/// The call is made in a green thread of its own, as that of [`Body::stream`]: it waits for a
/// client that is slow, and is killed when the client has gone. When nothing was sent for 15
/// seconds a comment is, which clients pass over: so that nobody in between takes the connection
/// for dead, and a client that has gone is noticed. A client that comes back says where it was in
/// the request's header `Last-Event-ID`.
///
/// ```
/// use std::io;
/// use eventlet::green;
/// use eventlet::http::{self, EventStream, Response, ServerEvent};
///
/// #[green]
/// fn count(events: EventStream) -> io::Result<()> {
///     for n in 1..3 {
///         events.send(ServerEvent::new(format!("number {n}")).id(n.to_string()))?;
///     }
///     events.send("the end")
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let response: Response = http::events(count);
///     assert_eq!(response.headers()["content-type"], "text/event-stream");
///     let text = response.into_body().text()?;
///     assert_eq!(text, "id: 1\ndata: number 1\n\nid: 2\ndata: number 2\n\ndata: the end\n\n");
///     Ok(())
/// }
/// ```
pub fn events<F, G>(produce: F) -> Response
where
    F: FnOnce(EventStream) -> G + 'static,
    G: GreenCall<Value = io::Result<()>> + 'static,
{
    let body = Body::stream(move |out: Out| {
        let events = EventStream { out, sent: Rc::default() };
        let beside = events.clone();
        // Both are in one green thread, and so take turns at the body.
        let telling = || async move { produce(events).await };
        let both = move || async move {
            match race(telling, || beside.keep_alive()).await {
                Race2::First(result) | Race2::Second(result) => result,
            }
        };
        both()
    });
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // nginx would keep events back until it has enough of them.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// Where [events](events()) are sent to. Clones send to the same client.
#[derive(Clone)]
pub struct EventStream {
    out: Out,
    /// How many were.
    sent: Rc<Cell<u64>>,
}

impl EventStream {
    /// Sends an event; a text is one that has data alone. Suspends until the one before has been
    /// taken, so that a slow client slows the sender.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` if the client has gone, `InvalidInput` for an [id](ServerEvent::id) or a
    /// [name](ServerEvent::name) of several lines.
    ///
    /// # Cancel safety
    ///
    /// A call that was ended has not sent its event.
    #[green(crate = crate)]
    pub fn send(&self, event: impl Into<ServerEvent>) -> io::Result<()> {
        let text = event.into().text()?;
        self.out.write(text)?;
        self.sent.set(self.sent.get() + 1);
        Ok(())
    }

    #[green(crate = crate)]
    fn keep_alive(&self) -> io::Result<()> {
        loop {
            let before = self.sent.get();
            sleep(KEEP_ALIVE);
            if self.sent.get() == before {
                self.out.write(":\n\n")?;
            }
        }
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("sent", &self.sent.get()).finish_non_exhaustive()
    }
}

/// An event for [`events`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerEvent {
    data: String,
    name: Option<String>,
    id: Option<String>,
    retry: Option<Duration>,
}

impl ServerEvent {
    /// An event with this text, of as many lines as it likes.
    pub fn new(data: impl Into<String>) -> ServerEvent {
        ServerEvent { data: data.into(), ..ServerEvent::default() }
    }

    /// The kind of event that a page listens for: `message` if nothing is said. One line.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> ServerEvent {
        self.name = Some(name.into());
        self
    }

    /// What a client that comes back says it has heard last. One line.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> ServerEvent {
        self.id = Some(id.into());
        self
    }

    /// How long a client that has lost its connection waits before it comes back; whole
    /// milliseconds.
    #[must_use]
    pub fn retry(mut self, pause: Duration) -> ServerEvent {
        self.retry = Some(pause);
        self
    }

    fn text(&self) -> io::Result<String> {
        let mut text = String::with_capacity(self.data.len() + 16);
        for (field, value) in [("event", &self.name), ("id", &self.id)] {
            let Some(value) = value else { continue };
            // A line's end in it would begin a field of the sender's choice.
            if value.contains(['\r', '\n', '\0']) {
                let message = format!("the {field} of an event has one line");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            writeln!(text, "{field}: {value}").expect("a string takes what is written");
        }
        if let Some(retry) = self.retry {
            writeln!(text, "retry: {}", retry.as_millis()).expect("a string takes what is written");
        }
        // Each of the three is the end of a line to whoever reads.
        let data = self.data.replace("\r\n", "\n").replace('\r', "\n");
        for line in data.split('\n') {
            writeln!(text, "data: {line}").expect("a string takes what is written");
        }
        text.push('\n');
        Ok(text)
    }
}

impl From<&str> for ServerEvent {
    fn from(data: &str) -> ServerEvent {
        ServerEvent::new(data)
    }
}

impl From<String> for ServerEvent {
    fn from(data: String) -> ServerEvent {
        ServerEvent::new(data)
    }
}
