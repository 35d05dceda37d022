//! A connection, for one green thread at a time.

use std::fmt;
use std::str;
use std::sync::Arc;
use std::time::Duration;

use eventlet::{green, with_timeout};
use redis::{Cmd, ConnectionLike, FromRedisValue, Pipeline, RedisError, RedisResult, Value};

use crate::error::{Cause, Error};
use crate::pubsub::PubSub;
use crate::replies::Replies;
use crate::stream::Stream;

/// A connection to a server, which [`Client::connect`](crate::Client::connect) makes and a
/// [`Pool`](crate::Pool) lends. It is closed when it is dropped.
pub struct Connection {
    stream: Stream,
    replies: Replies,
    server: Arc<str>,
    limit: Option<Duration>,
    /// A call is under way, or one was cut off.
    is_broken: bool,
    /// It watches keys, or is within a transaction.
    is_watching: bool,
    /// It has another database, another user or other settings than it began with.
    is_changed: bool,
}

impl Connection {
    pub(crate) fn new(stream: Stream, max_reply: usize, server: Arc<str>, limit: Option<Duration>) -> Self {
        let replies = Replies::new(max_reply);
        Connection { stream, replies, server, limit, is_broken: false, is_watching: false, is_changed: false }
    }

    /// Sends a command, and gives its reply as a `T`. Suspends until it is there.
    ///
    /// What the server pushes in between (RESP3) is dropped; [`PubSub`] is for messages.
    ///
    /// ```no_run
    /// # use eventlet::green;
    /// # use eventlet_redis::{Cmd, Connection, Error, cmd};
    /// #[green]
    /// fn take_job(redis: &mut Connection) -> Result<Option<(String, String)>, Error> {
    ///     redis.query::<()>(&Cmd::rpush("jobs", "paint the fence"))?;
    ///     redis.query(cmd("BLPOP").arg("jobs").arg(10))
    /// }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here breaks the connection; whether the server has run the command nobody
    /// knows.
    ///
    /// # Errors
    ///
    /// [`Cause::Redis`] if the server refuses the command, or the reply is no `T`: the connection
    /// is as it was. All others break it but [`Cause::Refused`]: that is said of commands that have
    /// no reply of their own, such as `SUBSCRIBE`, before they are sent.
    #[green]
    pub fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, Error> {
        let name = name_of(command);
        if let Some(why) = refusal(command, &name) {
            return Err(Error::new(name, &self.server, Cause::Refused(why)));
        }
        self.note(&name);
        let mut replies = self.exchange(&name, &command.get_packed_command(), 1)?;
        let reply = replies.pop().expect("as many come as are asked for");
        // What is no error of the server's is made of `T`'s own conversion.
        let value = reply.extract_error().and_then(|value| Ok(redis::from_redis_value(value)?));
        value.map_err(|error| Error::new(name, &self.server, error))
    }

    /// Sends the commands of a pipeline in one go, and gives the replies, without those that are
    /// ignored. Suspends until all are there.
    ///
    /// With [`atomic`](Pipeline::atomic) they are a transaction: all or none of them are run, and
    /// none if a key was changed that the connection watches; `T` is an `Option` then. Replies are
    /// kept until the last one is there, each within its [limit](crate::Client::max_reply).
    ///
    /// # Cancel safety
    ///
    /// As [`query`](Self::query).
    ///
    /// # Errors
    ///
    /// As [`query`](Self::query). If the server refuses some of the commands, the error tells
    /// which, and the others have been run.
    #[green]
    pub fn pipeline<T: FromRedisValue>(&mut self, pipeline: &Pipeline) -> Result<T, Error> {
        for command in pipeline.cmd_iter() {
            let name = name_of(command);
            if let Some(why) = refusal(command, &name) {
                return Err(Error::new(name, &self.server, Cause::Refused(why)));
            }
            self.note(&name);
        }
        let is_atomic = pipeline.is_transaction();
        let replies = match pipeline.len() {
            0 => Vec::new(),
            count => {
                // A transaction's are those of `MULTI`, of each command, and of `EXEC`.
                let count = if is_atomic { count + 2 } else { count };
                self.exchange("a pipeline", &pipeline.get_packed_pipeline(), count)?
            }
        };
        if is_atomic {
            self.is_watching = false;
        }
        let value = pipeline.query(&mut Replay { replies });
        value.map_err(|error| Error::new("a pipeline", &self.server, error))
    }

    /// The connection as one for messages, with [`Cause::Broken`] in all calls if it is broken.
    pub fn into_pubsub(self) -> PubSub {
        let Connection { stream, replies, server, limit, is_broken, .. } = self;
        PubSub::new(stream, replies, server, limit, is_broken)
    }

    /// Limits each call from now on; `None` is for ever. In place of
    /// [`Client::timeout`](crate::Client::timeout).
    pub fn set_timeout(&mut self, limit: Option<Duration>) {
        self.limit = limit;
    }

    /// The limit of a call.
    pub fn timeout(&self) -> Option<Duration> {
        self.limit
    }

    /// Was a call cut off here, or has one failed in the middle? Each later one gives
    /// [`Cause::Broken`] then.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Can somebody else go on with it? Does not suspend: it looks at what is known.
    ///
    /// Not if it is broken, if the server has ended it, if it watches keys or is within a
    /// transaction, or if it has been given another database, another user or other settings
    /// (`SELECT`, `AUTH`, `HELLO`, `CLIENT`, …). It is the
    /// [check](eventlet::db_pool::Builder::check) of a [`Pool`](crate::Pool).
    pub fn is_usable(&self) -> bool {
        self.is_settled() && self.stream.is_silent()
    }

    /// The same, but for an end that the server has sent: the operating system is not asked.
    pub(crate) fn is_settled(&self) -> bool {
        !self.is_broken && !self.is_watching && !self.is_changed
    }

    /// The address of the server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Takes note of what a command leaves behind.
    fn note(&mut self, name: &str) {
        match name {
            "WATCH" | "MULTI" => self.is_watching = true,
            "UNWATCH" | "EXEC" | "DISCARD" => self.is_watching = false,
            "SELECT" | "AUTH" | "HELLO" | "CLIENT" | "RESET" | "READONLY" | "ASKING" => {
                self.is_changed = true;
            }
            _ => {}
        }
    }

    /// What the connection has been given so far is what it is to have.
    pub(crate) fn begin(&mut self) {
        self.is_changed = false;
    }

    #[green]
    fn exchange(&mut self, name: &str, packed: &[u8], count: usize) -> Result<Vec<Value>, Error> {
        if self.is_broken {
            return Err(Error::new(name.to_owned(), &self.server, Cause::Broken));
        }
        // Until all of it is over. A call that is dropped leaves it so.
        self.is_broken = true;
        let exchanged = match self.limit {
            Some(limit) => match with_timeout(limit, || self.talk(packed, count)) {
                Ok(exchanged) => exchanged,
                Err(timeout) => Err(Cause::TimedOut(timeout)),
            },
            None => self.talk(packed, count),
        };
        let replies = exchanged.map_err(|cause| Error::new(name.to_owned(), &self.server, cause))?;
        self.is_broken = false;
        Ok(replies)
    }

    #[green]
    fn talk(&mut self, packed: &[u8], count: usize) -> Result<Vec<Value>, Cause> {
        self.stream.write_all(packed)?;
        let mut replies = Vec::new();
        while replies.len() < count {
            let reply = self.replies.next(&self.stream)?;
            // What the server says of its own accord answers nobody.
            if !matches!(reply, Value::Push { .. }) {
                replies.push(reply);
            }
        }
        Ok(replies)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("server", &self.server)
            .field("is_broken", &self.is_broken)
            .finish_non_exhaustive()
    }
}

fn name_of(command: &Cmd) -> String {
    match command.args_iter().next() {
        Some(redis::Arg::Simple(name)) => String::from_utf8_lossy(name).to_uppercase(),
        _ => "an empty command".to_owned(),
    }
}

/// Why a command cannot be sent on a connection on which each has one reply.
fn refusal(command: &Cmd, name: &str) -> Option<&'static str> {
    let second = || match command.args_iter().nth(1) {
        Some(redis::Arg::Simple(word)) => {
            str::from_utf8(word).is_ok_and(|word| word.eq_ignore_ascii_case("REPLY"))
        }
        _ => false,
    };
    match name {
        "an empty command" => Some("there is no command"),
        "SUBSCRIBE" | "PSUBSCRIBE" | "SSUBSCRIBE" | "UNSUBSCRIBE" | "PUNSUBSCRIBE" | "SUNSUBSCRIBE" => {
            Some("messages come to a `PubSub`")
        }
        "MONITOR" | "SYNC" | "PSYNC" => Some("its replies have no end"),
        "QUIT" | "SHUTDOWN" => None,
        "CLIENT" if second() => Some("replies that do not come cannot be waited for"),
        _ => None,
    }
}

/// Replies that are there, for the crate that knows what a pipeline makes of them.
struct Replay {
    replies: Vec<Value>,
}

impl ConnectionLike for Replay {
    fn req_packed_command(&mut self, _packed: &[u8]) -> RedisResult<Value> {
        self.replies
            .pop()
            .ok_or_else(|| RedisError::from(std::io::Error::from(std::io::ErrorKind::UnexpectedEof)))
    }

    /// Leaves the first `offset` out, which say of a transaction's commands that they are queued,
    /// or why one is not.
    fn req_packed_commands(
        &mut self,
        _packed: &[u8],
        offset: usize,
        _count: usize,
    ) -> RedisResult<Vec<Value>> {
        let mut replies = std::mem::take(&mut self.replies);
        let values = replies.split_off(offset.min(replies.len()));
        for value in replies {
            value.extract_error()?;
        }
        Ok(values)
    }

    fn get_db(&self) -> i64 {
        0
    }

    fn check_connection(&mut self) -> bool {
        true
    }

    fn is_open(&self) -> bool {
        true
    }
}
