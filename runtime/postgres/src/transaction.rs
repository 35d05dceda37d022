//! What is done as a whole or not at all.

use std::fmt;

use eventlet::green;
use tokio_postgres::{Row, Statement};

use crate::connection::Parameters;
use crate::error::{Cause, Error};
use crate::session::{Session, Sql};

/// A transaction, or a savepoint in one: what
/// [`Connection::transaction`](crate::Connection::transaction) begins.
///
/// One that is dropped, also by an error's `?`, a panic, a kill or a timeout, is rolled back: the
/// word goes out at once, before anything else that this connection says.
///
/// # Cancel safety
///
/// A kill or timeout in a query breaks the connection, as everywhere; when that ends the server
/// rolls back by itself. One in [`commit`](Self::commit) leaves open whether it was done.
pub struct Transaction<'a> {
    inner: tokio_postgres::Transaction<'a>,
    session: &'a Session,
    /// The server has refused a statement, and with it all the others.
    has_failed: bool,
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(inner: tokio_postgres::Transaction<'a>, session: &'a Session) -> Self {
        Transaction { inner, session, has_failed: false }
    }

    /// Takes note of a refusal.
    fn heed<T>(&mut self, answer: Result<T, Error>) -> Result<T, Error> {
        self.has_failed |= answer.as_ref().is_err_and(|error| error.as_db_error().is_some());
        answer
    }

    /// As [`Connection::query`](crate::Connection::query).
    #[green]
    pub fn query<S: Sql + ?Sized>(
        &mut self,
        sql: &S,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<Row>, Error> {
        self.session.note(sql);
        self.heed(self.session.during("query", self.inner.query(sql, parameters)))
    }

    /// As [`Connection::query_one`](crate::Connection::query_one).
    #[green]
    pub fn query_one<S: Sql + ?Sized>(&mut self, sql: &S, parameters: &Parameters<'_>) -> Result<Row, Error> {
        self.session.note(sql);
        self.heed(self.session.during("query_one", self.inner.query_one(sql, parameters)))
    }

    /// As [`Connection::query_opt`](crate::Connection::query_opt).
    #[green]
    pub fn query_opt<S: Sql + ?Sized>(
        &mut self,
        sql: &S,
        parameters: &Parameters<'_>,
    ) -> Result<Option<Row>, Error> {
        self.session.note(sql);
        self.heed(self.session.during("query_opt", self.inner.query_opt(sql, parameters)))
    }

    /// As [`Connection::execute`](crate::Connection::execute).
    #[green]
    pub fn execute<S: Sql + ?Sized>(&mut self, sql: &S, parameters: &Parameters<'_>) -> Result<u64, Error> {
        self.session.note(sql);
        self.heed(self.session.during("execute", self.inner.execute(sql, parameters)))
    }

    /// As [`Connection::prepare`](crate::Connection::prepare).
    #[green]
    pub fn prepare(&mut self, sql: &str) -> Result<Statement, Error> {
        self.session.note(sql);
        self.heed(self.session.during("prepare", self.inner.prepare(sql)))
    }

    /// As [`Connection::batch_execute`](crate::Connection::batch_execute).
    #[green]
    pub fn batch_execute(&mut self, sql: &str) -> Result<(), Error> {
        self.session.note(sql);
        self.heed(self.session.during("batch_execute", self.inner.batch_execute(sql)))
    }

    /// Begins a transaction in this one: a savepoint. Suspends until it has begun.
    ///
    /// # Errors
    ///
    /// As [`Connection::query`](crate::Connection::query).
    #[green]
    pub fn transaction(&mut self) -> Result<Transaction<'_>, Error> {
        let begun = self.session.during("transaction", self.inner.transaction())?;
        Ok(Transaction::new(begun, self.session))
    }

    /// Keeps what was done. Suspends until the server has.
    ///
    /// # Errors
    ///
    /// As [`Connection::query`](crate::Connection::query). What the server says of it means that
    /// nothing was kept. [`Cause::RolledBack`] if it has refused a statement before, with which
    /// nothing is kept either, and PostgreSQL itself would be silent about it.
    #[green]
    pub fn commit(self) -> Result<(), Error> {
        if self.has_failed {
            self.session.during("commit", self.inner.rollback())?;
            return Err(self.session.error("commit", Cause::RolledBack));
        }
        self.session.during("commit", self.inner.commit())
    }

    /// Undoes what was done, as dropping does, and suspends until the server has.
    ///
    /// # Errors
    ///
    /// As [`Connection::query`](crate::Connection::query).
    #[green]
    pub fn rollback(self) -> Result<(), Error> {
        self.session.during("rollback", self.inner.rollback())
    }
}

impl fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("server", &self.session.server).finish_non_exhaustive()
    }
}
