//! Between OS threads: a queue, an event and a semaphore that green threads of several hubs and
//! ordinary OS threads share.
//!
//! What is in the rest of this crate belongs to one hub and stays on its OS thread, which is why it
//! needs no locks; to take it to another one is a compile error. The types in here are the
//! exceptions, `Send` and `Sync` where what they carry is:
//!
//! | here | its counterpart within a hub |
//! |---|---|
//! | [`Queue`] | [`Queue`](crate::Queue) |
//! | [`Event`] | [`Event`](crate::Event) |
//! | [`Semaphore`] | [`Semaphore`](crate::Semaphore) |
//!
//! (A blocking call on another OS thread is [`tpool::execute`](crate::tpool::execute), and
//! [`hubs::Handle::spawn`](crate::hubs::Handle::spawn) starts a green thread on another hub.)
//!
//! Each wait comes in two forms. The plain one is a green call: it suspends the green thread. The
//! one that ends in `_blocking` blocks the OS thread, and panics in a green thread. Both stand in
//! one line: first come, first served, whoever they are. Nothing spins; a wake-up costs what mail
//! to another hub costs.
//!
//! They keep the contract of their counterparts, method by method. What they have besides is the
//! `_blocking` forms; and a getter of a queue, or whoever waits for a permit, has what came first
//! even if another OS thread is faster than its own.
//!
//! # Kills and timeouts
//!
//! As in a hub: a wait that is dropped has taken nothing. If an item or a permit was meant for it
//! already, the next in line has it.
//!
//! # Waiting for something that never comes
//!
//! A green thread that waits here may be woken from an OS thread of which the hub knows nothing. So
//! no deadlock is reported while one does. A virtual clock does not stand still for it either: if a
//! limit is set around the wait, and nothing else can run, the limit is over at once.
//!
//! # What does not cross
//!
//! A queue of one hub:
//!
//! ```compile_fail,E0277
//! let queue = eventlet::Queue::<u32>::unbounded();
//! std::thread::spawn(move || queue.try_put(1));
//! ```
//!
//! An event:
//!
//! ```compile_fail,E0277
//! let event = eventlet::Event::<u32>::new();
//! std::thread::spawn(move || event.send(1));
//! ```
//!
//! A semaphore:
//!
//! ```compile_fail,E0277
//! let semaphore = eventlet::Semaphore::new(1);
//! std::thread::spawn(move || semaphore.release());
//! ```
//!
//! A green thread:
//!
//! ```compile_fail,E0277
//! let thread = eventlet::spawn(|| eventlet::sleep(std::time::Duration::ZERO));
//! std::thread::spawn(move || thread.kill());
//! ```
//!
//! A socket (its std counterpart may cross, and be wrapped on the other side):
//!
//! ```compile_fail,E0277
//! fn hand_over(socket: eventlet::green::net::UdpSocket) {
//!     std::thread::spawn(move || drop(socket));
//! }
//! ```
//!
//! A green call that has begun, or that holds one of these:
//!
//! ```compile_fail,E0277
//! let call = eventlet::sleep(std::time::Duration::ZERO);
//! std::thread::spawn(move || eventlet::run(|| call));
//! ```

mod event;
pub(crate) mod line;
mod queue;
mod semaphore;
pub(crate) mod wait;

#[cfg(all(test, loom))]
mod model;

pub use event::Event;
pub use queue::{Iter, Queue};
pub use semaphore::{Permit, Semaphore};

pub use crate::queue::{GetError, PutError, ShutDown};
