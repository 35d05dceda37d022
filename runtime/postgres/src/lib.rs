//! PostgreSQL for green threads.
//!
//! The crate [`tokio_postgres`] speaks the protocol. What carries it here is a green stream, driven
//! by a green thread of its own, so that a query suspends the green thread that asks, and blocks
//! nobody. Of tokio only traits and buffers come along.
//!
//! ```no_run
//! use eventlet::green;
//! use eventlet_postgres::{Client, Error};
//!
//! #[green]
//! fn main() -> Result<(), Error> {
//!     let client = Client::open("host=127.0.0.1 user=anna password=secret dbname=shop")?;
//!     let mut shop = client.connect()?;
//!     for row in shop.query("SELECT name, price FROM fruit WHERE price < $1", &[&10_i32])? {
//!         println!("{}: {}", row.get::<_, &str>("name"), row.get::<_, i32>("price"));
//!     }
//!     let mut order = shop.transaction()?;
//!     order.execute("UPDATE fruit SET stock = stock - 1 WHERE name = $1", &[&"apple"])?;
//!     order.execute("INSERT INTO orders (name) VALUES ($1)", &[&"apple"])?;
//!     order.commit() // and if it is not reached, both are rolled back
//! }
//! ```
//!
//! # A pool
//!
//! A connection is for one green thread at a time. [`Client::pool`] lends them, with the rules of
//! [`eventlet::db_pool`]:
//!
//! ```no_run
//! use eventlet::db_pool::Builder;
//! use eventlet::{GreenPool, green};
//! use eventlet_postgres::{Client, Error, Pool, PoolError};
//!
//! #[green]
//! fn sell(pool: Pool, name: String) -> Result<u64, PoolError> {
//!     let mut shop = pool.get()?;
//!     let sold = shop.execute("UPDATE fruit SET stock = stock - 1 WHERE name = $1", &[&name]);
//!     sold.map_err(PoolError::Failed)
//! }
//!
//! #[green]
//! fn main() -> Result<(), Error> {
//!     let client = Client::open("host=127.0.0.1 user=anna dbname=shop")?;
//!     let pool = client.pool(Builder::new().max_size(20));
//!     let sellers = GreenPool::new(1000);
//!     for n in 0..1000 {
//!         let pool = pool.clone();
//!         sellers.spawn(move || sell(pool, format!("fruit {n}")));
//!     }
//!     sellers.waitall();
//!     Ok(())
//! }
//! ```
//!
//! # What a kill or a timeout does to a query
//!
//! A query that is cut off, by a kill, by `with_timeout` around it or by its own
//! [limit](Client::timeout), goes on at the server, and the next one would wait for it. So its
//! connection is **broken** from then on: every later call gives [`Cause::Broken`], and a pool
//! closes it instead of lending it again. When it is dropped the server is asked to cancel the
//! query (in a green thread that takes five seconds at most), so that its locks go. Whether it was
//! done by then nobody knows. A transaction that is dropped between two queries is rolled back, and
//! its connection is good.
//!
//! # Limits
//!
//! | what | default | beyond it |
//! |---|---|---|
//! | connecting ([`connect_timeout`](Client::connect_timeout), or `connect_timeout` in the string) | 5 s | [`Cause::TimedOut`] |
//! | one call ([`timeout`](Client::timeout)) | none | [`Cause::TimedOut`], broken |
//! | notifications that nobody asks for | 4096 | the connection ends |
//! | saying farewell, cancelling | 5 s | given up |
//!
//! The rows of a query are in memory all at once; `LIMIT` and cursors are for more.
//!
//! # TLS
//!
//! With the feature `tls`, over TCP, as `sslmode` in the connection string says:
//!
//! | `sslmode` | |
//! |---|---|
//! | `disable` | never |
//! | `prefer`, and if nothing is said | if `Client::tls` has said whom to trust, and the server speaks it |
//! | `require` | always; whom the system trusts is trusted if nobody has said anything else |
//!
//! What is encrypted is also checked: the server must show a certificate for the name of the host,
//! from somebody who is trusted. So `require` is what `verify-full` is to other clients. A password
//! (SCRAM) is bound to the connection where the server offers that, so that it is of no use to
//! somebody in between; `channel_binding=require` insists on it. Queries are cancelled over TLS as
//! well.
//!
//! Without the feature `require` is an error, and nothing is encrypted.

mod client;
mod connection;
mod error;
mod listen;
mod session;
#[cfg(feature = "tls")]
mod tls;
mod transaction;

pub use client::{Client, Pool, PoolError};
pub use connection::Connection;
pub use error::{Cause, Error};
pub use listen::Notifications;
pub use session::Sql;
#[doc(no_inline)]
pub use tokio_postgres;
#[doc(no_inline)]
pub use tokio_postgres::{Config, Notification, Row, SimpleQueryMessage, Statement, types};
pub use transaction::Transaction;

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
