//! The notes, in PostgreSQL.

use std::time::Duration;

use eventlet::db_pool::{Builder, Connection as Lent};
use eventlet::{green, with_timeout};
use eventlet_postgres::{Client, Connection, Error, Pool, PoolError, Row};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::failure::Failure;

/// What the tables went through, in this order. One that was released is never changed: what is wrong
/// with it another one mends.
const MIGRATIONS: &[&str] = &[
    "CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, author text NOT NULL, text text NOT NULL)",
    "ALTER TABLE notes ADD COLUMN created timestamptz NOT NULL DEFAULT now()",
];

/// What a note is when it is shown.
const COLUMNS: &str =
    r#"id, author, text, to_char(created AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"#;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Note {
    pub(crate) id: i64,
    pub(crate) author: String,
    pub(crate) text: String,
    pub(crate) created: String,
}

/// A note as a client sends it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNote {
    pub(crate) author: String,
    pub(crate) text: String,
}

pub(crate) struct Notes {
    pool: Pool,
    /// For how long a connection is waited for.
    patience: Duration,
}

impl Notes {
    /// Does not connect yet.
    pub(crate) fn open(config: &Config) -> Result<Notes, Error> {
        let client = Client::open(&config.database)?.timeout(Some(config.patience));
        let settings = Builder::new().max_size(config.connections).max_age(Duration::from_secs(600));
        Ok(Notes { pool: client.pool(settings), patience: config.patience })
    }

    /// Brings the tables up to date: all that is missing, or nothing. Of several processes that start
    /// at once one does it, and the others wait.
    #[green]
    pub(crate) fn migrate(&self) -> Result<(), PoolError> {
        let mut connection = self.pool.get()?;
        migrate(&mut connection).map_err(PoolError::Failed)
    }

    #[green]
    pub(crate) fn add(&self, note: &NewNote) -> Result<Note, Failure> {
        let sql = format!("INSERT INTO notes (author, text) VALUES ($1, $2) RETURNING {COLUMNS}");
        let mut connection = self.connection()?;
        let row = connection.query_one(&sql, &[&note.author, &note.text])?;
        Ok(note_of(&row))
    }

    /// Adds all of them, or none.
    #[green]
    pub(crate) fn add_all(&self, new: &[NewNote]) -> Result<Vec<Note>, Failure> {
        let sql = format!("INSERT INTO notes (author, text) VALUES ($1, $2) RETURNING {COLUMNS}");
        let mut connection = self.connection()?;
        let mut transaction = connection.transaction()?;
        let insert = transaction.prepare(&sql)?;
        let mut notes = vec![];
        for note in new {
            let row = transaction.query_one(&insert, &[&note.author, &note.text])?;
            notes.push(note_of(&row));
        }
        transaction.commit()?;
        Ok(notes)
    }

    /// The newest first; with `before`, those that are older than that one.
    #[green]
    pub(crate) fn list(&self, before: Option<i64>, limit: i64) -> Result<Vec<Note>, Failure> {
        let sql = format!("SELECT {COLUMNS} FROM notes WHERE id < $1 ORDER BY id DESC LIMIT $2");
        let mut connection = self.connection()?;
        let rows = connection.query(&sql, &[&before.unwrap_or(i64::MAX), &limit])?;
        Ok(rows.iter().map(note_of).collect())
    }

    #[green]
    pub(crate) fn get(&self, id: i64) -> Result<Option<Note>, Failure> {
        let mut connection = self.connection()?;
        let row = connection.query_opt(&format!("SELECT {COLUMNS} FROM notes WHERE id = $1"), &[&id])?;
        Ok(row.as_ref().map(note_of))
    }

    /// Whether it was there.
    #[green]
    pub(crate) fn remove(&self, id: i64) -> Result<bool, Failure> {
        let mut connection = self.connection()?;
        Ok(connection.execute("DELETE FROM notes WHERE id = $1", &[&id])? == 1)
    }

    /// Does the database answer?
    #[green]
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let mut connection = self.connection()?;
        connection.query_one("SELECT 1", &[])?;
        Ok(())
    }

    #[green]
    fn connection(&self) -> Result<Lent<Connection, Error>, Failure> {
        Ok(with_timeout(self.patience, || self.pool.get())??)
    }
}

#[green]
fn migrate(connection: &mut Connection) -> Result<(), Error> {
    let mut transaction = connection.transaction()?;
    // Until the end of the transaction; the number is this program's own.
    transaction.execute("SELECT pg_advisory_xact_lock(20261129)", &[])?;
    transaction.batch_execute("CREATE TABLE IF NOT EXISTS migrations (version int PRIMARY KEY)")?;
    let row = transaction.query_one("SELECT coalesce(max(version), 0) FROM migrations", &[])?;
    let done: i32 = row.get(0);
    for (version, sql) in (1..).zip(MIGRATIONS) {
        if version > done {
            transaction.batch_execute(sql)?;
            transaction.execute("INSERT INTO migrations (version) VALUES ($1)", &[&version])?;
        }
    }
    transaction.commit()
}

fn note_of(row: &Row) -> Note {
    Note { id: row.get(0), author: row.get(1), text: row.get(2), created: row.get(3) }
}
