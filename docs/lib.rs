//! The book: each chapter is a page of this folder, and each piece of code in it is a test.
#![doc = include_str!("README.md")]

/// The first hour.
#[doc = include_str!("first-steps.md")]
pub mod first_steps {}

/// For people who know eventlet or gevent.
#[doc = include_str!("coming-from-python.md")]
pub mod coming_from_python {}

/// A program of gevent's, and what it becomes.
#[doc = include_str!("porting.md")]
pub mod porting {}

/// Handing calls on.
#[doc = include_str!("closures.md")]
pub mod closures {}

/// What stands where Python raises.
#[doc = include_str!("exceptions.md")]
pub mod exceptions {}

/// Ending a server without losing a request.
#[doc = include_str!("shutdown.md")]
pub mod shutdown {}

/// What a program does, while it does it.
#[doc = include_str!("inside.md")]
pub mod inside {}

/// Clients and servers that encrypt.
#[doc = include_str!("tls.md")]
pub mod tls {}

/// Messages in both directions.
#[doc = include_str!("websocket.md")]
pub mod websocket {}

/// Events in both directions, with rooms.
#[doc = include_str!("socketio.md")]
pub mod socketio {}

/// Who looks host names up.
#[doc = include_str!("names.md")]
pub mod names {}

/// Asking servers of the web.
#[doc = include_str!("http-client.md")]
pub mod http_client {}

/// Redis, PostgreSQL, and drivers of other kinds.
#[doc = include_str!("databases.md")]
pub mod databases {}

/// A web service, from fifteen lines on.
#[doc = include_str!("service.md")]
pub mod service {}

/// Green code and everybody else's.
#[doc = include_str!("other-crates.md")]
pub mod other_crates {}

/// All of std, and the twin of each item that may block.
#[doc = include_str!("std.md")]
pub mod std_in_green {}

/// Crates that block, on green threads.
#[doc = include_str!("patching.md")]
pub mod patching {}

/// What suspends, what blocks, what it costs.
#[doc = include_str!("performance.md")]
pub mod performance {}

/// From `#[green]` to the poller and back.
#[doc = include_str!("how-it-works.md")]
pub mod how_it_works {}
