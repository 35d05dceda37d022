//! Several Socket.IO servers that are one by way of Redis.

use std::fmt;
use std::future::Future;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use eventlet::branch::{Race2, race};
use eventlet::socketio::{Adapter, Link};
use eventlet::{green, sleep};
use redis::Cmd;

use crate::client::Client;
use crate::connection::Connection;
use crate::error::Error;
use crate::pubsub::PubSub;

/// The channel that servers talk on, if nothing else is said: Python's.
const CHANNEL: &str = "socketio";

/// The longest pause before another attempt to reach the server.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Makes Socket.IO servers in several processes one: what one of them sends to a room goes to the
/// clients of all whose adapters are on the same channel of the same Redis (feature `socketio`).
///
/// The messages are those of Python's `RedisManager` (of `python-socketio` since 5.14): a Python
/// process can emit to the clients of these servers, and theirs to its own. What is emitted there
/// with a callback is not answered.
///
/// ```no_run
/// use std::io;
/// use eventlet::socketio::{Event, Server, Socket};
/// use eventlet::{green, wsgi};
/// use eventlet_redis::{Client, RedisAdapter};
///
/// #[green]
/// fn said(socket: Socket, event: Event) {
///     socket.namespace().emit("said", event.data().clone());
/// }
///
/// #[green]
/// fn main() -> io::Result<()> {
///     let io = Server::new();
///     io.adapter(RedisAdapter::new(Client::open("redis://127.0.0.1/")?));
///     io.on("say", said);
///     wsgi::server(eventlet::listen("127.0.0.1:8090")?, io)
/// }
/// ```
///
/// When Redis cannot be reached the server goes on for its own clients, and another attempt is made
/// after a second, after two, and so on up to a minute. What is sent meanwhile waits, up to
/// [`MAX_NOTICES`](eventlet::socketio::MAX_NOTICES); what the others send is missed, and so is what
/// was on its way when a connection broke.
pub struct RedisAdapter {
    client: Client,
    channel: String,
    on_error: Rc<dyn Fn(&Error)>,
}

impl RedisAdapter {
    /// By way of this Redis. Does not suspend: it is connected to when a server begins with it.
    pub fn new(client: Client) -> RedisAdapter {
        let on_error =
            |error: &Error| eprintln!("eventlet-redis: Socket.IO's other servers are out of reach: {error}");
        RedisAdapter { client, channel: CHANNEL.to_owned(), on_error: Rc::new(on_error) }
    }

    /// On this channel, and not on `socketio`.
    #[must_use]
    pub fn channel(mut self, channel: impl Into<String>) -> RedisAdapter {
        self.channel = channel.into();
        self
    }

    /// Calls `f` when Redis cannot be reached or is lost, in place of writing to standard error.
    #[must_use]
    pub fn on_error(mut self, f: impl Fn(&Error) + 'static) -> RedisAdapter {
        self.on_error = Rc::new(f);
        self
    }
}

impl Adapter for RedisAdapter {
    fn run(self, link: Link) -> impl Future<Output = io::Result<()>> + 'static {
        carry(self, link)
    }
}

/// Carries messages, over one connection after another.
#[green]
fn carry(adapter: RedisAdapter, link: Link) -> io::Result<()> {
    let mut pause = Duration::from_secs(1);
    loop {
        let mut has_connected = false;
        match connected(&adapter, &link, &mut has_connected) {
            Ok(()) => return Ok(()),
            Err(error) => (adapter.on_error)(&error),
        }
        if has_connected {
            pause = Duration::from_secs(1);
        }
        sleep(pause);
        pause = LONGEST_PAUSE.min(2 * pause);
    }
}

/// Carries messages until there are none any more, or a connection breaks.
#[green]
fn connected(adapter: &RedisAdapter, link: &Link, has_connected: &mut bool) -> Result<(), Error> {
    let news = adapter.client.pubsub()?;
    news.subscribe(adapter.channel.as_str())?;
    let redis = adapter.client.connect()?;
    *has_connected = true;
    match race(|| tell(redis, link, &adapter.channel), || hear(news, link)) {
        Race2::First(result) | Race2::Second(result) => result,
    }
}

#[green]
fn tell(mut redis: Connection, link: &Link, channel: &str) -> Result<(), Error> {
    while let Some(message) = link.next() {
        redis.query::<u64>(&Cmd::publish(channel, message))?;
    }
    Ok(())
}

#[green]
fn hear(news: PubSub, link: &Link) -> Result<(), Error> {
    loop {
        let message = news.next()?;
        link.deliver(message.get_payload_bytes());
    }
}

impl fmt::Debug for RedisAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisAdapter")
            .field("client", &self.client)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}
