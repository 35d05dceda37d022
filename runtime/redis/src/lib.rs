//! Redis for green threads.
//!
//! The crate [`redis`] knows the protocol: it packs commands and parses replies. What carries them
//! here is a green stream, so that a command suspends the green thread that asks, and blocks
//! nobody. No reactor comes along, and no `async` runtime.
//!
//! ```no_run
//! use eventlet::green;
//! use eventlet_redis::{Client, Cmd, Error, pipe};
//!
//! #[green]
//! fn main() -> Result<(), Error> {
//!     let client = Client::open("redis://127.0.0.1/?protocol=resp3")?;
//!     let mut redis = client.connect()?;
//!     redis.query::<()>(&Cmd::set("greeting", "hello"))?;
//!     let greeting: String = redis.query(&Cmd::get("greeting"))?;
//!     assert_eq!(greeting, "hello");
//!     // Several commands in one go, and here in one transaction.
//!     let (first, second): (u32, u32) =
//!         redis.pipeline(pipe().atomic().incr("visits", 1).incr("visits", 10))?;
//!     assert_eq!(second, first + 10);
//!     Ok(())
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
//! use eventlet_redis::{Client, Cmd, Error, Pool, PoolError};
//!
//! #[green]
//! fn count(pool: Pool, name: String) -> Result<u64, PoolError> {
//!     let mut redis = pool.get()?;
//!     Ok(redis.query(&Cmd::incr(name, 1)).map_err(PoolError::Failed)?)
//! }
//!
//! #[green]
//! fn main() -> Result<(), Error> {
//!     let pool = Client::open("redis://127.0.0.1/")?.pool(Builder::new().max_size(20));
//!     let counts = GreenPool::new(1000);
//!     for n in 0..1000 {
//!         let pool = pool.clone();
//!         counts.spawn(move || count(pool, format!("page:{n}")));
//!     }
//!     counts.waitall();
//!     Ok(())
//! }
//! ```
//!
//! # What a kill or a timeout does to a connection
//!
//! A reply belongs to the command that is at the front. So a query that is cut off, by a kill, by
//! `with_timeout` around it or by its own [limit](Client::timeout), leaves a connection on which
//! the next reply would be somebody else's. It is **broken** from then on: every later call gives
//! [`Cause::Broken`], and a pool closes it instead of lending it again. Whether the server has run
//! the command nobody knows. Waiting for messages ([`PubSub::next`]) is the exception: it loses
//! nothing.
//!
//! # Limits
//!
//! | what | default | beyond it |
//! |---|---|---|
//! | connecting and greeting ([`connect_timeout`](Client::connect_timeout)) | 5 s | [`Cause::TimedOut`] |
//! | one call ([`timeout`](Client::timeout)) | none: some commands wait | [`Cause::TimedOut`], broken |
//! | one reply ([`max_reply`](Client::max_reply)) | 64 MiB | [`Cause::TooLarge`], broken |
//! | messages that came while nobody asked for one | 4096 | [`Cause::TooManyMessages`], broken |
//!
//! # Features
//!
//! `socketio` has an adapter for Socket.IO servers. `tls` is `rediss://`, with [`eventlet::tls`]. Everything that the commands of [`Cmd`] and
//! [`Pipeline`] do not have is said with [`cmd`]: `cmd("OBJECT").arg("ENCODING").arg("key")`.

mod client;
mod connection;
mod error;
mod pubsub;
mod replies;
#[cfg(feature = "socketio")]
mod socketio;
mod stream;

pub use client::{Client, Pool, PoolError};
pub use connection::Connection;
pub use error::{Cause, Error};
pub use pubsub::{Messages, PubSub};
#[doc(no_inline)]
pub use redis;
#[doc(no_inline)]
pub use redis::{Cmd, FromRedisValue, Msg, Pipeline, RedisError, ToRedisArgs, Value, cmd, pipe};
#[cfg(feature = "socketio")]
pub use socketio::RedisAdapter;

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
