//! What a connection, its transactions and its driver have in common.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use eventlet::event::Flag;
use eventlet::green::net::TcpStream;
#[cfg(unix)]
use eventlet::green::os::unix::net::UnixStream;
use eventlet::{green, with_timeout};
#[cfg(unix)]
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{RecvFlags, recv},
};
use tokio_postgres::{Notification, Statement, ToStatement};

use crate::client::{Address, OnNotice};
use crate::error::{Cause, Error};
#[cfg(feature = "tls")]
use crate::tls::Tls;

/// What a query can be: its text, or a [`Statement`] that was prepared.
///
/// It is sealed: a connection must know what may change it for whoever comes next.
pub trait Sql: ToStatement + private::Sealed {
    #[doc(hidden)]
    fn text(&self) -> Option<&str>;
}

mod private {
    pub trait Sealed {}
    impl Sealed for str {}
    impl Sealed for String {}
    impl Sealed for tokio_postgres::Statement {}
}

impl Sql for str {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl Sql for String {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

/// Its text was looked at when it was prepared.
impl Sql for Statement {
    fn text(&self) -> Option<&str> {
        None
    }
}

#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    pub(crate) fn another(&self) -> io::Result<Stream> {
        match self {
            Stream::Tcp(stream) => stream.try_clone().map(Stream::Tcp),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.try_clone().map(Stream::Unix),
        }
    }

    /// Does the server say, or has it said, that this is the end, without the driver having heard
    /// of it yet? What else waits to be read may be the answer to a rollback, or to the end of a
    /// statement, which nobody waits for.
    #[cfg(unix)]
    fn is_at_its_end(&self, is_encrypted: bool) -> bool {
        /// The message with which a server takes leave.
        const ERROR: u8 = b'E';
        let mut first = [0];
        let peeked = match self {
            Stream::Tcp(stream) => recv(stream, &mut first, RecvFlags::PEEK),
            Stream::Unix(stream) => recv(stream, &mut first, RecvFlags::PEEK),
        };
        match peeked {
            Ok((0, _)) => true,
            // What it says cannot be told; whether the end comes behind it can.
            Ok(_) if is_encrypted => self.is_hung_up(),
            Ok(_) => first == [ERROR],
            Err(error) => error != Errno::WOULDBLOCK,
        }
    }

    /// Has the peer ended its direction, whatever is still to be read of it?
    #[cfg(unix)]
    fn is_hung_up(&self) -> bool {
        // Others tell of it once both directions have ended.
        #[cfg(target_os = "linux")]
        let ends = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
        #[cfg(not(target_os = "linux"))]
        let ends = PollFlags::HUP | PollFlags::ERR;
        let mut asked = match self {
            Stream::Tcp(stream) => [PollFd::new(stream, ends)],
            Stream::Unix(stream) => [PollFd::new(stream, ends)],
        };
        let at_once = Timespec::default();
        poll(&mut asked, Some(&at_once)).is_ok_and(|_| asked[0].revents().intersects(ends))
    }

    /// The driver is asked alone.
    #[cfg(not(unix))]
    fn is_at_its_end(&self, _is_encrypted: bool) -> bool {
        false
    }
}

/// What is known of a session.
pub(crate) struct Session {
    pub(crate) server: Arc<str>,
    pub(crate) address: Address,
    /// Another handle on the stream that the driver has.
    stream: Stream,
    /// How what goes to this server is encrypted, if it is.
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Tls>,
    is_encrypted: Cell<bool>,
    limit: Cell<Option<Duration>>,
    /// A call is under way, or one was cut off.
    is_busy: Cell<bool>,
    /// The next one would find settings, locks or a transaction of somebody else's.
    is_changed: Cell<bool>,
    pub(crate) on_notice: RefCell<Option<OnNotice>>,
    notifications: RefCell<VecDeque<Notification>>,
    /// Raised when a notification has come, or the end.
    news: Flag,
    /// Why the driver has ended, until somebody is told.
    end: RefCell<Option<Cause>>,
    has_ended: Cell<bool>,
    /// It has ended of itself, and the notifications have not said so.
    has_failed: Cell<bool>,
}

/// How many notifications are kept for whoever asks next.
pub(crate) const KEPT: usize = 4096;

impl Session {
    pub(crate) fn new(server: Arc<str>, address: Address, stream: Stream, limit: Option<Duration>) -> Self {
        Session {
            server,
            address,
            stream,
            #[cfg(feature = "tls")]
            tls: None,
            is_encrypted: Cell::new(false),
            limit: Cell::new(limit),
            is_busy: Cell::new(false),
            is_changed: Cell::new(false),
            on_notice: RefCell::default(),
            notifications: RefCell::default(),
            news: Flag::new(),
            end: RefCell::default(),
            has_ended: Cell::new(false),
            has_failed: Cell::new(false),
        }
    }

    pub(crate) fn limit(&self) -> Option<Duration> {
        self.limit.get()
    }

    pub(crate) fn set_limit(&self, limit: Option<Duration>) {
        self.limit.set(limit);
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.is_busy.get()
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.is_encrypted.get()
    }

    #[cfg(feature = "tls")]
    pub(crate) fn has_encrypted(&self) {
        self.is_encrypted.set(true);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.get()
    }

    /// Is it as it was, as far as is known?
    pub(crate) fn is_settled(&self) -> bool {
        !self.is_busy.get() && !self.is_changed.get() && !self.has_ended.get()
    }

    /// Has the server ended it, whether or not the driver has heard of that? Asks the operating
    /// system.
    pub(crate) fn is_at_its_end(&self) -> bool {
        self.stream.is_at_its_end(self.is_encrypted.get())
    }

    pub(crate) fn error(&self, call: &'static str, cause: impl Into<Cause>) -> Error {
        Error::new(call, &self.server, cause)
    }

    /// Waits for a request of the driver's, within the limit. One that is dropped leaves the
    /// session busy.
    #[green]
    pub(crate) fn during<F, T>(&self, call: &'static str, request: F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
    {
        if self.is_busy.get() {
            return Err(self.error(call, Cause::Broken));
        }
        self.is_busy.set(true);
        let answer = match self.limit.get() {
            Some(limit) => match with_timeout(limit, || request) {
                Ok(answer) => answer,
                Err(timeout) => return Err(self.error(call, timeout)),
            },
            None => request.await,
        };
        self.is_busy.set(false);
        answer.map_err(|error| {
            // The driver knows better why a connection has ended.
            let cause = if error.is_closed() { self.end.take() } else { None };
            self.error(call, cause.unwrap_or_else(|| error.into()))
        })
    }

    /// Takes note of what a statement leaves behind.
    pub(crate) fn note(&self, sql: &(impl Sql + ?Sized)) {
        if sql.text().is_some_and(changes_the_session) {
            self.is_changed.set(true);
        }
    }

    pub(crate) fn keep(&self, notification: Notification) -> Result<(), Cause> {
        let mut kept = self.notifications.borrow_mut();
        if kept.len() == KEPT {
            return Err(Cause::TooManyNotifications(KEPT));
        }
        kept.push_back(notification);
        drop(kept);
        self.news.set();
        Ok(())
    }

    pub(crate) fn end(&self, cause: Option<Cause>) {
        self.has_failed.set(cause.is_some());
        *self.end.borrow_mut() = cause;
        self.has_ended.set(true);
        self.news.set();
    }

    /// The next notification; `None` at an end that was wished for.
    #[green]
    pub(crate) fn notification(&self) -> Option<Result<Notification, Error>> {
        loop {
            let kept = self.notifications.borrow_mut().pop_front();
            if let Some(notification) = kept {
                return Some(Ok(notification));
            }
            if self.has_ended.get() {
                return self.has_failed.replace(false).then(|| {
                    // A query may have been told why.
                    let ended =
                        || io::Error::new(io::ErrorKind::NotConnected, "the connection has ended").into();
                    Err(self.error("a notification", self.end.take().unwrap_or_else(ended)))
                });
            }
            self.news.clear();
            self.news.wait();
        }
    }
}

/// May a statement leave something in the session? Whatever does not begin as one of these may, and
/// whatever makes something that is temporary.
fn changes_the_session(text: &str) -> bool {
    let is_harmless = |statement: &str| {
        let words = statement.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let words: Vec<_> = words.filter(|word| !word.is_empty()).map(str::to_ascii_uppercase).collect();
        let makes_temporary = words.iter().any(|word| word == "PG_TEMP")
            || words.windows(2).any(|pair| {
                // A column may have such a name, but does not come behind these.
                let is_made = ["CREATE", "REPLACE", "LOCAL", "GLOBAL", "INTO"].contains(&&*pair[0]);
                is_made && ["TEMP", "TEMPORARY"].contains(&&*pair[1])
            });
        match words.first() {
            None => statement.trim().is_empty(),
            Some(first) => HARMLESS.contains(&&**first) && !makes_temporary,
        }
    };
    !text.split(';').all(is_harmless)
}

const HARMLESS: [&str; 24] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
    "WITH",
    "VALUES",
    "TABLE",
    "EXPLAIN",
    "COPY",
    "CREATE",
    "DROP",
    "ALTER",
    "TRUNCATE",
    "GRANT",
    "REVOKE",
    "COMMENT",
    "ANALYZE",
    "VACUUM",
    "REINDEX",
    "REFRESH",
    "NOTIFY",
    "SHOW",
    "CHECKPOINT",
];

#[cfg(test)]
mod tests {
    use super::changes_the_session;

    #[test]
    fn what_may_leave_something_in_a_session_is_told_from_what_does_not() {
        for text in [
            "SELECT 1",
            "  insert into a values (1)",
            "(select 1) union (select 2)",
            "create table a (n int); drop table a;",
            "select temp, local from weather",
            "",
        ] {
            assert!(!changes_the_session(text), "{text}");
        }
        for text in [
            "BEGIN",
            "set search_path to a",
            "select 1; begin",
            "LISTEN news",
            "create temp table a (n int)",
            "select 1 as n into temporary a",
            "select 1 as n into local temp a",
            "with b as (select 1 as n) select n into temp a from b",
            "create or replace temp view a as select 1",
            "create table pg_temp.a (n int)",
            "-- a comment\nselect 1",
            "do $$ begin null; end $$",
        ] {
            assert!(changes_the_session(text), "{text}");
        }
    }
}
