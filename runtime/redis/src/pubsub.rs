//! Messages, and what they are subscribed to.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use eventlet::event::Flag;
use eventlet::{GreenIterator, Semaphore, green, with_timeout};
use redis::{Cmd, Msg, PushKind, ToRedisArgs, Value, cmd};

use crate::error::{Cause, Error};
use crate::replies::Replies;
use crate::stream::Stream;

/// How many messages are kept for whoever asks next.
const KEPT: usize = 4096;

/// A connection on which messages come: what [`Client::pubsub`](crate::Client::pubsub) makes.
///
/// Clones are handles on one connection: one green thread waits for messages while another
/// subscribes to more, and several may wait, each message coming to one of them.
///
/// ```no_run
/// use eventlet::{green, spawn};
/// use eventlet_redis::{Client, Error};
///
/// #[green]
/// fn main() -> Result<(), Error> {
///     let news = Client::open("redis://127.0.0.1/")?.pubsub()?;
///     news.subscribe("weather")?;
///     let more = news.clone();
///     spawn(#[green] move || more.psubscribe("sport.*"));   // while this one waits below
///     for message in news.messages() {
///         let message = message?;
///         println!("{}: {}", message.get_channel_name(), message.get_payload::<String>().unwrap());
///     }
///     Ok(())
/// }
/// ```
///
/// It does not connect anew by itself: what was missed meanwhile could not be had back. An end is
/// an error, after which a program asks the client for another one.
#[derive(Clone)]
pub struct PubSub {
    shared: Rc<Shared>,
}

struct Shared {
    stream: Stream,
    server: Arc<str>,
    limit: Option<Duration>,
    /// Not there while somebody reads.
    replies: RefCell<Option<Replies>>,
    /// The right to write.
    writing: Semaphore,
    messages: RefCell<VecDeque<Msg>>,
    /// What was sent and is not confirmed, the oldest first.
    pending: RefCell<VecDeque<Pending>>,
    /// Whoever waits for what somebody else reads. A new one for each round.
    progress: RefCell<Rc<Flag>>,
    is_broken: Cell<bool>,
    is_closed: Cell<bool>,
}

struct Pending {
    /// How many confirmations are to come.
    left: usize,
    outcome: Outcome,
}

/// What became of a command, once that is known.
type Outcome = Rc<RefCell<Option<Result<(), Cause>>>>;

/// Messages as they come: what [`PubSub::messages`] makes.
#[derive(Debug)]
pub struct Messages {
    pubsub: PubSub,
    is_over: bool,
}

impl PubSub {
    pub(crate) fn new(
        stream: Stream,
        replies: Replies,
        server: Arc<str>,
        limit: Option<Duration>,
        is_broken: bool,
    ) -> Self {
        let shared = Shared {
            stream,
            server,
            limit,
            replies: RefCell::new(Some(replies)),
            writing: Semaphore::new(1),
            messages: RefCell::default(),
            pending: RefCell::default(),
            progress: RefCell::default(),
            is_broken: Cell::new(is_broken),
            is_closed: Cell::new(false),
        };
        PubSub { shared: Rc::new(shared) }
    }

    /// Subscribes to channels: one, or several (`&["a", "b"]`). Suspends until the server has
    /// confirmed it, so that what is published afterwards comes.
    ///
    /// Messages that come before the confirmation are kept for [`next`](Self::next).
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout while the command is being sent breaks the connection; afterwards it is
    /// subscribed to all the same.
    ///
    /// # Errors
    ///
    /// [`Cause::Redis`] if the server refuses it; [`Cause::Refused`] if there is no channel in it.
    /// All others break the connection; [`Client::timeout`](crate::Client::timeout) is the limit.
    #[green]
    pub fn subscribe(&self, channels: impl ToRedisArgs) -> Result<(), Error> {
        self.shared.command("SUBSCRIBE", channels)
    }

    /// Subscribes to all channels whose names match patterns (`"sport.*"`). Suspends as
    /// [`subscribe`](Self::subscribe) does, whose errors it has.
    #[green]
    pub fn psubscribe(&self, patterns: impl ToRedisArgs) -> Result<(), Error> {
        self.shared.command("PSUBSCRIBE", patterns)
    }

    /// Ends subscriptions of [`subscribe`](Self::subscribe), which has the errors. Suspends until
    /// the server has confirmed it; no message of these channels comes afterwards but those that
    /// are kept.
    #[green]
    pub fn unsubscribe(&self, channels: impl ToRedisArgs) -> Result<(), Error> {
        self.shared.command("UNSUBSCRIBE", channels)
    }

    /// Ends subscriptions of [`psubscribe`](Self::psubscribe), as
    /// [`unsubscribe`](Self::unsubscribe) does.
    #[green]
    pub fn punsubscribe(&self, patterns: impl ToRedisArgs) -> Result<(), Error> {
        self.shared.command("PUNSUBSCRIBE", patterns)
    }

    /// The next message. Suspends until there is one, without a limit; `with_timeout` sets one.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// [`Cause::Io`] if the connection ends, and [`Cause::Broken`] from then on.
    #[green]
    pub fn next(&self) -> Result<Msg, Error> {
        loop {
            if let Some(message) = self.shared.take_message() {
                return Ok(message);
            }
            self.shared.step().map_err(|cause| Error::new("a message", &self.shared.server, cause))?;
        }
    }

    /// The messages as they come, for a `for` loop. It ends after an error, and when the connection
    /// is [closed](Self::close).
    pub fn messages(&self) -> Messages {
        Messages { pubsub: self.clone(), is_over: false }
    }

    /// Closes the connection for all handles. Does not suspend. Whoever waits is woken with an
    /// error; [`messages`](Self::messages) ends.
    pub fn close(&self) {
        self.shared.is_closed.set(true);
        self.shared.break_off();
    }

    /// Has the connection ended?
    pub fn is_broken(&self) -> bool {
        self.shared.is_broken.get()
    }
}

impl Shared {
    fn take_message(&self) -> Option<Msg> {
        self.messages.borrow_mut().pop_front()
    }

    fn break_off(&self) {
        self.is_broken.set(true);
        self.stream.close();
        self.wake_all();
    }

    fn wake_all(&self) {
        let flag = self.progress.take();
        flag.set();
    }

    #[green]
    fn command(&self, name: &'static str, channels: impl ToRedisArgs) -> Result<(), Error> {
        let mut command = cmd(name);
        command.arg(channels);
        let count = command.args_iter().len() - 1;
        let done = match count {
            0 => Err(Cause::Refused("there is no channel in it")),
            _ => self.within_limit(command, count),
        };
        done.map_err(|cause| Error::new(name, &self.server, cause))
    }

    #[green]
    fn within_limit(&self, command: Cmd, count: usize) -> Result<(), Cause> {
        let Some(limit) = self.limit else { return self.send_and_wait(command, count) };
        match with_timeout(limit, || self.send_and_wait(command, count)) {
            Ok(done) => done,
            Err(timeout) => {
                self.break_off();
                Err(timeout.into())
            }
        }
    }

    #[green]
    fn send_and_wait(&self, command: Cmd, count: usize) -> Result<(), Cause> {
        let outcome = self.send(command, count)?;
        loop {
            if let Some(outcome) = outcome.take() {
                return outcome;
            }
            self.step()?;
        }
    }

    #[green]
    fn send(&self, command: Cmd, count: usize) -> Result<Outcome, Cause> {
        let _permit = self.writing.acquire();
        if self.is_broken.get() {
            return Err(Cause::Broken);
        }
        let outcome = Outcome::default();
        self.pending.borrow_mut().push_back(Pending { left: count, outcome: outcome.clone() });
        let sending = Sending { shared: self, is_whole: Cell::new(false) };
        self.stream.write_all(&command.get_packed_command())?;
        sending.is_whole.set(true);
        Ok(outcome)
    }

    /// Reads one thing and files it, or waits until somebody else has.
    #[green]
    fn step(&self) -> Result<(), Cause> {
        if self.is_broken.get() {
            return Err(Cause::Broken);
        }
        let mine = self.replies.borrow_mut().take();
        let Some(replies) = mine else {
            let flag = self.progress.borrow().clone();
            flag.wait();
            return Ok(());
        };
        let mut reading = Reading { shared: self, replies: Some(replies) };
        let replies = reading.replies.as_mut().expect("they are taken back when it is dropped");
        let filed = match replies.next(&self.stream) {
            Ok(value) => self.file(value),
            Err(cause) => Err(cause),
        };
        if filed.is_err() {
            self.break_off();
        }
        filed
    }

    fn file(&self, value: Value) -> Result<(), Cause> {
        match value {
            Value::ServerError(error) => {
                // It answers what was sent first, and all of that.
                if let Some(pending) = self.pending.borrow_mut().pop_front() {
                    *pending.outcome.borrow_mut() = Some(Err(redis::RedisError::from(error).into()));
                }
            }
            value if is_confirmation(&value) => {
                let mut pending = self.pending.borrow_mut();
                if let Some(first) = pending.front_mut() {
                    first.left -= 1;
                    if first.left == 0 {
                        *first.outcome.borrow_mut() = Some(Ok(()));
                        pending.pop_front();
                    }
                }
            }
            value => {
                if let Some(message) = Msg::from_owned_value(value) {
                    let mut messages = self.messages.borrow_mut();
                    if messages.len() == KEPT {
                        return Err(Cause::TooManyMessages(KEPT));
                    }
                    messages.push_back(message);
                }
            }
        }
        Ok(())
    }
}

/// A command on its way. Half of one is never followed by anything.
struct Sending<'a> {
    shared: &'a Shared,
    is_whole: Cell<bool>,
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        if !self.is_whole.get() {
            self.shared.break_off();
        }
    }
}

/// Whoever reads. The others look again when it has stopped, for one of them is to go on.
struct Reading<'a> {
    shared: &'a Shared,
    replies: Option<Replies>,
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        *self.shared.replies.borrow_mut() = self.replies.take();
        self.shared.wake_all();
    }
}

fn is_confirmation(value: &Value) -> bool {
    match value {
        Value::Push { kind, .. } => matches!(
            kind,
            PushKind::Subscribe | PushKind::PSubscribe | PushKind::Unsubscribe | PushKind::PUnsubscribe
        ),
        Value::Array(parts) => matches!(
            parts.first(),
            Some(Value::BulkString(kind)) if kind.ends_with(b"subscribe")
        ),
        _ => false,
    }
}

impl GreenIterator for Messages {
    type Item = Result<Msg, Error>;

    #[green]
    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let message = self.pubsub.next();
        self.is_over = message.is_err();
        if self.is_over && self.pubsub.shared.is_closed.get() {
            return None;
        }
        Some(message)
    }
}

impl fmt::Debug for PubSub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PubSub")
            .field("server", &self.shared.server)
            .field("kept", &self.shared.messages.borrow().len())
            .field("is_broken", &self.shared.is_broken.get())
            .finish_non_exhaustive()
    }
}
