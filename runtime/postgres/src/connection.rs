//! A connection, for one green thread at a time.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use eventlet::green::polled::{PollRead, PollWrite, Polled};
use eventlet::{GreenThread, green, spawn, spawn_n, with_timeout};
use futures_util::{SinkExt, StreamExt};
use tokio_postgres::tls::TlsStream;
use tokio_postgres::types::ToSql;
use tokio_postgres::{
    AsyncMessage, CancelToken, Config, CopyInSink, NoTls, Row, SimpleQueryMessage, Statement,
};

use crate::error::{Cause, Error};
use crate::listen::Notifications;
use crate::session::{Session, Sql, Stream};
use crate::transaction::Transaction;

/// How long saying farewell and cancelling may take.
const FAREWELL: Duration = Duration::from_secs(5);

/// A connection to a server, which [`Client::connect`](crate::Client::connect) makes and a
/// [`Pool`](crate::Pool) lends.
///
/// Dropping it closes it, without a wait: a green thread says farewell, or has a query that was cut
/// off cancelled.
pub struct Connection {
    /// `None` once it is being closed.
    client: Option<tokio_postgres::Client>,
    driver: Option<GreenThread<()>>,
    session: Rc<Session>,
}

const OPEN: &str = "it is there until the connection is dropped";

/// What is handed on with a query: `&[&name, &7_i32]`.
pub(crate) type Parameters<'a> = [&'a (dyn ToSql + Sync)];

impl Connection {
    #[green]
    pub(crate) fn establish(
        config: &Config,
        stream: Stream,
        session: Rc<Session>,
    ) -> Result<Connection, Error> {
        let known = session.clone();
        let connected = match stream {
            #[cfg(feature = "tls")]
            Stream::Tcp(stream) if let Some(tls) = session.tls.clone() => {
                let connected = config.connect_raw(Polled::new(stream), tls.of(&session)).await;
                connected.map(|(client, driver)| (client, spawn(move || drive(driver, known))))
            }
            Stream::Tcp(stream) => {
                let connected = config.connect_raw(Polled::new(stream), NoTls).await;
                connected.map(|(client, driver)| (client, spawn(move || drive(driver, known))))
            }
            #[cfg(unix)]
            Stream::Unix(stream) => {
                let connected = config.connect_raw(Polled::new(stream), NoTls).await;
                connected.map(|(client, driver)| (client, spawn(move || drive(driver, known))))
            }
        };
        let (client, driver) = connected.map_err(|error| session.error("connect", error))?;
        Ok(Connection { client: Some(client), driver: Some(driver), session })
    }

    fn client(&self) -> &tokio_postgres::Client {
        self.client.as_ref().expect(OPEN)
    }

    /// The rows of a query, whose text is prepared for this one time. Suspends until all of them
    /// are there.
    ///
    /// ```no_run
    /// # use eventlet::green;
    /// # use eventlet_postgres::{Connection, Error};
    /// #[green]
    /// fn cheap(shop: &mut Connection, limit: i32) -> Result<Vec<String>, Error> {
    ///     let rows = shop.query("SELECT name FROM fruit WHERE price < $1", &[&limit])?;
    ///     Ok(rows.iter().map(|row| row.get("name")).collect())
    /// }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here breaks the connection; the query is cancelled when the connection is
    /// dropped.
    ///
    /// # Errors
    ///
    /// [`Cause::Postgres`]: what the server says ([`Error::as_db_error`]), parameters of other types, or that the
    /// connection has ended. [`Cause::TimedOut`] and [`Cause::Broken`].
    ///
    /// # Panics
    ///
    /// If there are more or fewer parameters than the query has.
    #[green]
    pub fn query<S: Sql + ?Sized>(
        &mut self,
        sql: &S,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<Row>, Error> {
        self.session.note(sql);
        self.session.during("query", self.client().query(sql, parameters))
    }

    /// The one row of a query; another number of rows is an error. In all else as
    /// [`query`](Self::query).
    #[green]
    pub fn query_one<S: Sql + ?Sized>(&mut self, sql: &S, parameters: &Parameters<'_>) -> Result<Row, Error> {
        self.session.note(sql);
        self.session.during("query_one", self.client().query_one(sql, parameters))
    }

    /// The one row of a query, or none; more are an error. In all else as [`query`](Self::query).
    #[green]
    pub fn query_opt<S: Sql + ?Sized>(
        &mut self,
        sql: &S,
        parameters: &Parameters<'_>,
    ) -> Result<Option<Row>, Error> {
        self.session.note(sql);
        self.session.during("query_opt", self.client().query_opt(sql, parameters))
    }

    /// Runs a statement, and gives how many rows it has changed. In all else as
    /// [`query`](Self::query).
    #[green]
    pub fn execute<S: Sql + ?Sized>(&mut self, sql: &S, parameters: &Parameters<'_>) -> Result<u64, Error> {
        self.session.note(sql);
        self.session.during("execute", self.client().execute(sql, parameters))
    }

    /// Prepares a statement, which the calls of this connection take in place of the text. Suspends
    /// until the server has understood it.
    ///
    /// # Cancel safety
    ///
    /// As [`query`](Self::query), with its errors.
    #[green]
    pub fn prepare(&mut self, sql: &str) -> Result<Statement, Error> {
        self.session.note(sql);
        self.session.during("prepare", self.client().prepare(sql))
    }

    /// Runs statements with `;` between them, without parameters. Suspends until all are done.
    ///
    /// A connection that was given other than harmless ones (`SET`, `BEGIN`, a comment) is not lent
    /// again by a pool.
    ///
    /// # Cancel safety
    ///
    /// As [`query`](Self::query), with its errors.
    #[green]
    pub fn batch_execute(&mut self, sql: &str) -> Result<(), Error> {
        self.session.note(sql);
        self.session.during("batch_execute", self.client().batch_execute(sql))
    }

    /// As [`batch_execute`](Self::batch_execute), with what the statements give, as text.
    #[green]
    pub fn simple_query(&mut self, sql: &str) -> Result<Vec<SimpleQueryMessage>, Error> {
        self.session.note(sql);
        self.session.during("simple_query", self.client().simple_query(sql))
    }

    /// Begins a transaction, which is rolled back unless it is [committed](Transaction::commit).
    /// Suspends until it has begun.
    ///
    /// # Cancel safety
    ///
    /// As [`query`](Self::query), with its errors.
    #[green]
    pub fn transaction(&mut self) -> Result<Transaction<'_>, Error> {
        let client = self.client.as_mut().expect(OPEN);
        let begun = self.session.during("transaction", client.transaction())?;
        Ok(Transaction::new(begun, &self.session))
    }

    /// Sends data to a `COPY … FROM STDIN`, and gives how many rows that were. Suspends while the
    /// server has no room, and until it is done.
    ///
    /// ```no_run
    /// # use eventlet::green;
    /// # use eventlet_postgres::{Connection, Error};
    /// #[green]
    /// fn fill(shop: &mut Connection) -> Result<u64, Error> {
    ///     shop.copy_in("COPY fruit (name) FROM STDIN", (0..1000).map(|n| format!("fruit {n}\n")))
    /// }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// As [`query`](Self::query), with its errors. Nothing is copied then.
    #[green]
    pub fn copy_in<I>(&mut self, sql: &str, data: I) -> Result<u64, Error>
    where
        I: IntoIterator<Item: Into<Bytes>>,
    {
        let client = self.client();
        let copying = async move {
            let mut sink = pin!(client.copy_in(sql).await?);
            for piece in data {
                let sink: std::pin::Pin<&mut CopyInSink<Bytes>> = sink.as_mut();
                { sink }.feed(piece.into()).await?;
            }
            sink.finish().await
        };
        self.session.during("copy_in", copying)
    }

    /// Hands what a `COPY … TO STDOUT` gives to `f`, piece by piece. Suspends until that is all.
    ///
    /// # Cancel safety
    ///
    /// As [`query`](Self::query), with its errors.
    #[green]
    pub fn copy_out(&mut self, sql: &str, mut f: impl FnMut(Bytes)) -> Result<(), Error> {
        let client = self.client();
        let copying = async move {
            let mut pieces = pin!(client.copy_out(sql).await?);
            while let Some(piece) = pieces.next().await {
                f(piece?);
            }
            Ok(())
        };
        self.session.during("copy_out", copying)
    }

    /// Listens on a channel, by its name as it is. Suspends until the server has confirmed it: what
    /// is notified afterwards comes to [`notifications`](Self::notifications).
    ///
    /// # Cancel safety
    ///
    /// As [`query`](Self::query), with its errors.
    #[green]
    pub fn listen(&mut self, channel: &str) -> Result<(), Error> {
        self.batch_execute(&format!("LISTEN {}", quoted(channel)))
    }

    /// Listens on a channel no more. As [`listen`](Self::listen).
    #[green]
    pub fn unlisten(&mut self, channel: &str) -> Result<(), Error> {
        self.batch_execute(&format!("UNLISTEN {}", quoted(channel)))
    }

    /// Notifies whoever listens on a channel. As [`listen`](Self::listen).
    #[green]
    pub fn notify(&mut self, channel: &str, payload: &str) -> Result<(), Error> {
        self.execute("SELECT pg_notify($1, $2)", &[&channel, &payload])?;
        Ok(())
    }

    /// The notifications of this connection as they come, for a `for` loop, in this green thread or
    /// in another one that goes on while this one queries.
    pub fn notifications(&self) -> Notifications {
        Notifications::new(self.session.clone())
    }

    /// Asks the server to cancel whatever this connection does now. Suspends until it was asked.
    ///
    /// # Errors
    ///
    /// Those of connecting once more.
    #[green]
    pub fn cancel(&self) -> Result<(), Error> {
        let (token, session) = (self.client().cancel_token(), self.session.clone());
        cancel(token, session)
    }

    /// Limits each call from now on; `None` is for ever. In place of
    /// [`Client::timeout`](crate::Client::timeout).
    pub fn set_timeout(&mut self, limit: Option<Duration>) {
        self.session.set_limit(limit);
    }

    /// The limit of a call.
    pub fn timeout(&self) -> Option<Duration> {
        self.session.limit()
    }

    /// Was a call cut off here? Each later one gives [`Cause::Broken`] then.
    pub fn is_broken(&self) -> bool {
        self.session.is_busy()
    }

    /// Can somebody else go on with it? Does not suspend: it looks at what is known.
    ///
    /// Not if it is broken or has ended, or after a statement that may leave something in the
    /// session: `SET`, `BEGIN`, `LISTEN`, `LOCK`, a temporary table, and whatever does not begin as
    /// a harmless one does. What a function does that is called in a query (`set_config`,
    /// `pg_advisory_lock`) it does not see. It is the [check](eventlet::db_pool::Builder::check) of
    /// a [`Pool`](crate::Pool).
    pub fn is_usable(&self) -> bool {
        self.is_settled() && !self.session.is_at_its_end()
    }

    /// The same, but for an end that nobody has heard of yet: the operating system is not asked.
    pub(crate) fn is_settled(&self) -> bool {
        self.session.is_settled() && !self.client().is_closed()
    }

    /// Is what is said here encrypted? See [TLS](crate#tls).
    pub fn is_encrypted(&self) -> bool {
        self.session.is_encrypted()
    }

    /// The address of the server.
    pub fn server(&self) -> &str {
        &self.session.server
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let (Some(client), Some(driver)) = (self.client.take(), self.driver.take()) else { return };
        if self.session.has_ended() {
            return;
        }
        if self.session.is_busy() {
            // The server goes on with the query, and would until its end.
            let (token, session) = (client.cancel_token(), self.session.clone());
            driver.kill();
            spawn_n(move || give_up(token, session));
        } else {
            drop(client);
            spawn_n(move || say_farewell(driver));
        }
    }
}

#[green]
fn give_up(token: CancelToken, session: Rc<Session>) {
    // Whoever heard of an error could do nothing about it.
    let _ = cancel(token, session);
}

/// Lets the driver take leave of the server.
#[green]
fn say_farewell(driver: GreenThread<()>) {
    let thread = driver.thread().clone();
    if with_timeout(FAREWELL, || driver.wait()).is_err() {
        thread.kill();
    }
}

#[green]
fn cancel(token: CancelToken, session: Rc<Session>) -> Result<(), Error> {
    let asked = with_timeout(
        FAREWELL,
        #[green]
        || -> Result<(), Cause> {
            match session.address.connect()? {
                #[cfg(feature = "tls")]
                Stream::Tcp(stream) if let Some(tls) = session.tls.clone() => {
                    token.cancel_query_raw(Polled::new(stream), tls.of(&session)).await?;
                }
                Stream::Tcp(stream) => token.cancel_query_raw(Polled::new(stream), NoTls).await?,
                #[cfg(unix)]
                Stream::Unix(stream) => token.cancel_query_raw(Polled::new(stream), NoTls).await?,
            }
            Ok(())
        },
    );
    asked.unwrap_or_else(|timeout| Err(timeout.into())).map_err(|cause| session.error("cancel", cause))
}

/// Carries what is said in both directions, until the connection ends.
#[green]
fn drive<S, T>(mut driver: tokio_postgres::Connection<Polled<S>, T>, session: Rc<Session>)
where
    S: PollRead + PollWrite + Unpin + 'static,
    T: TlsStream + Unpin + 'static,
{
    let cause = loop {
        match poll_fn(|cx| driver.poll_message(cx)).await {
            Some(Ok(AsyncMessage::Notice(notice))) => {
                let told = session.on_notice.borrow().clone();
                if let Some(told) = told {
                    told(&notice);
                }
            }
            Some(Ok(AsyncMessage::Notification(notification))) => {
                if let Err(cause) = session.keep(notification) {
                    break Some(cause);
                }
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => break Some(error.into()),
            None => break None,
        }
    };
    // Before whoever waits for an answer hears that there will be none.
    session.end(cause);
    drop(driver);
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("server", &self.session.server)
            .field("is_broken", &self.is_broken())
            .finish_non_exhaustive()
    }
}
