//! Limits and habits of a server.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

/// How long after a sign of life a client is asked for another one, if nothing else is said: 25
/// seconds.
pub const PING_INTERVAL: Duration = Duration::from_secs(25);

/// How long a client may take for that sign, if nothing else is said: 20 seconds.
pub const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a client may take to move from polling to a WebSocket, if nothing else is said: 10
/// seconds.
pub const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may take to join a namespace, if nothing else is said: 45 seconds.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(45);

/// What a client may send in one request or one message, if nothing else is said: 1,000,000 bytes.
pub const MAX_PAYLOAD: usize = 1_000_000;

/// How many clients there may be at once, if nothing else is said: 100,000.
pub const MAX_CLIENTS: usize = 100_000;

/// How many messages may wait for a client, if nothing else is said: 10,000.
pub const MAX_QUEUE: usize = 10_000;

/// How many bytes may wait for a client, if nothing else is said: 16 MiB.
pub const MAX_QUEUED_BYTES: usize = 16 << 20;

/// How many attachments an event of a client may have, if nothing else is said: 10.
pub const MAX_ATTACHMENTS: usize = 10;

/// How many namespaces a client may be in, if nothing else is said: 16.
pub const MAX_NAMESPACES: usize = 16;

/// How many of a client's events are handled at once, if nothing else is said: 100.
pub const MAX_HANDLERS: usize = 100;

/// Which pages' scripts may connect.
#[derive(Clone)]
pub(super) enum Origins {
    Same,
    Any,
    Checked(Rc<dyn Fn(&str) -> bool>),
}

/// How a client is talked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Requests that are answered when there is something to say.
    Polling,
    /// A WebSocket.
    WebSocket,
}

impl Transport {
    /// The name that the protocol has for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Transport::Polling => "polling",
            Transport::WebSocket => "websocket",
        }
    }
}

/// Limits and habits of a [`Server`](super::Server), under the names of the reference where it has
/// them.
///
/// | what | default | beyond it |
/// |---|---|---|
/// | silence, before a client is asked for a sign of life ([`ping_interval`](Self::ping_interval)) | [25 s](PING_INTERVAL) | a ping |
/// | silence after that ([`ping_timeout`](Self::ping_timeout)) | [20 s](PING_TIMEOUT) | gone: `ping timeout` |
/// | moving to a WebSocket ([`upgrade_timeout`](Self::upgrade_timeout)) | [10 s](UPGRADE_TIMEOUT) | the WebSocket is closed, polling goes on |
/// | joining a first namespace ([`connect_timeout`](Self::connect_timeout)) | [45 s](CONNECT_TIMEOUT) | gone: `forced server close` |
/// | one request or message of a client ([`max_payload`](Self::max_payload)) | [1,000,000 bytes](MAX_PAYLOAD) | 413; a WebSocket is closed with 1009 |
/// | clients ([`max_clients`](Self::max_clients)) | [100,000](MAX_CLIENTS) | 503 |
/// | what waits for a client that is slow ([`max_queue`](Self::max_queue), [`max_queued_bytes`](Self::max_queued_bytes)) | [10,000 messages](MAX_QUEUE), [16 MiB](MAX_QUEUED_BYTES) | gone: `transport error` |
/// | attachments of one event ([`max_attachments`](Self::max_attachments)) | [10](MAX_ATTACHMENTS) | gone: `parse error` |
/// | namespaces of one client ([`max_namespaces`](Self::max_namespaces)) | [16](MAX_NAMESPACES) | the client is told so |
/// | events of one client that are handled at once ([`max_handlers`](Self::max_handlers)) | [100](MAX_HANDLERS) | its next ones wait |
///
/// What may come from which page, see [`origin_checker`](Self::origin_checker).
#[derive(Clone)]
pub struct Options {
    pub(super) ping_interval: Duration,
    pub(super) ping_timeout: Duration,
    pub(super) upgrade_timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) max_payload: usize,
    pub(super) max_clients: usize,
    pub(super) max_queue: usize,
    pub(super) max_queued_bytes: usize,
    pub(super) max_attachments: usize,
    pub(super) max_namespaces: usize,
    pub(super) max_handlers: usize,
    pub(super) transports: Vec<Transport>,
    pub(super) origins: Origins,
}

impl Default for Options {
    fn default() -> Options {
        Options::new()
    }
}

impl Options {
    /// The defaults that the table lists, both transports, and scripts of the server's own pages.
    pub fn new() -> Options {
        Options {
            ping_interval: PING_INTERVAL,
            ping_timeout: PING_TIMEOUT,
            upgrade_timeout: UPGRADE_TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            max_payload: MAX_PAYLOAD,
            max_clients: MAX_CLIENTS,
            max_queue: MAX_QUEUE,
            max_queued_bytes: MAX_QUEUED_BYTES,
            max_attachments: MAX_ATTACHMENTS,
            max_namespaces: MAX_NAMESPACES,
            max_handlers: MAX_HANDLERS,
            transports: vec![Transport::Polling, Transport::WebSocket],
            origins: Origins::Same,
        }
    }

    /// How long after a sign of life a client is asked for another one; it is told to the client,
    /// which counts along.
    #[must_use]
    pub fn ping_interval(mut self, interval: Duration) -> Options {
        self.ping_interval = interval;
        self
    }

    /// How long a client may take for a sign of life that it was asked for; it is told to the
    /// client.
    #[must_use]
    pub fn ping_timeout(mut self, limit: Duration) -> Options {
        self.ping_timeout = limit;
        self
    }

    /// How long a client may take to move from polling to a WebSocket.
    #[must_use]
    pub fn upgrade_timeout(mut self, limit: Duration) -> Options {
        self.upgrade_timeout = limit;
        self
    }

    /// How long a client may be in no namespace before it is in the first.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Options {
        self.connect_timeout = limit;
        self
    }

    /// How many bytes a client may send in one request or message: the reference's
    /// `maxHttpBufferSize`. It is told to the client.
    #[must_use]
    pub fn max_payload(mut self, bytes: usize) -> Options {
        self.max_payload = bytes;
        self
    }

    /// How many clients there may be at once.
    #[must_use]
    pub fn max_clients(mut self, clients: usize) -> Options {
        self.max_clients = clients;
        self
    }

    /// How many messages may wait for a client that takes none.
    #[must_use]
    pub fn max_queue(mut self, messages: usize) -> Options {
        self.max_queue = messages;
        self
    }

    /// How many bytes may wait for a client that takes none.
    #[must_use]
    pub fn max_queued_bytes(mut self, bytes: usize) -> Options {
        self.max_queued_bytes = bytes;
        self
    }

    /// How many attachments an event of a client may have, each of which has
    /// [`max_payload`](Self::max_payload) at most.
    #[must_use]
    pub fn max_attachments(mut self, attachments: usize) -> Options {
        self.max_attachments = attachments;
        self
    }

    /// How many namespaces a client may be in at once.
    #[must_use]
    pub fn max_namespaces(mut self, namespaces: usize) -> Options {
        self.max_namespaces = namespaces;
        self
    }

    /// How many of a client's events are handled at once, each in a green thread of its own. What
    /// comes beyond that is not read before one has ended. With one they are handled one after the
    /// other; a handler that waits for an [acknowledgement](super::Socket::call) waits in vain
    /// then.
    #[must_use]
    pub fn max_handlers(mut self, handlers: usize) -> Options {
        self.max_handlers = handlers.max(1);
        self
    }

    /// How clients may be talked with: in both ways if nothing is said. Polling needs all requests
    /// of one client to come to one server, so that several [workers](crate::wsgi::workers) at one
    /// address can do with WebSockets alone.
    #[must_use]
    pub fn transports(mut self, transports: impl IntoIterator<Item = Transport>) -> Options {
        self.transports = transports.into_iter().collect();
        self
    }

    /// Lets scripts of any page connect: the reference's `cors: { origin: "*" }`. What polls from
    /// another page has no cookies then, but a WebSocket has: what a cookie allows must be asked
    /// for in another way.
    #[must_use]
    pub fn any_origin(mut self) -> Options {
        self.origins = Origins::Any;
        self
    }

    /// Asks `allows` about the origin of a page whose script connects, such as
    /// `https://example.com`; what is refused gets 403. Clients that are no browsers name none, and
    /// are not asked about. Pages of the same host and port may connect if nothing is said.
    /// Python's `cors_allowed_origins`. Polls from pages that are allowed have their cookies.
    #[must_use]
    pub fn origin_checker(mut self, allows: impl Fn(&str) -> bool + 'static) -> Options {
        self.origins = Origins::Checked(Rc::new(allows));
        self
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("ping_interval", &self.ping_interval)
            .field("ping_timeout", &self.ping_timeout)
            .field("max_payload", &self.max_payload)
            .field("transports", &self.transports)
            .finish_non_exhaustive()
    }
}
