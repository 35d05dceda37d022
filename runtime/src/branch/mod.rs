//! Several calls at once in one green thread: [`join`], [`try_join`] and [`race`] for two of them,
//! [`join3`] and its kind for three to seven, [`join_all`], [`try_join_all`] and [`race_all`] for
//! any number of calls of one kind.
//!
//! The calls are **branches** of the running thread: it drives them in place, beside each other, so
//! they may borrow from its locals, and none outlives the call that drives them. No green thread is
//! spawned: [`current`](crate::greenthread::current) is the same thread in all of them, and a kill
//! of it ends them all, in the order in which they were written. [`scope`](crate::scope()) is for
//! branches that are made one by one.
//!
//! # Waiting for several things
//!
//! What other languages have a `select` for is a [`race`] and a `match`. There is no macro for it,
//! because nothing is left for one to do: the arms of a `match` are ordinary green code.
//!
//! ```
//! use std::time::Duration;
//! use eventlet::branch::Race2;
//! use eventlet::{Queue, green, race, sleep};
//!
//! #[green]
//! fn main() {
//!     let queue = Queue::unbounded();
//!     queue.put("a letter").unwrap();
//!     match race(|| queue.get(), || sleep(Duration::from_secs(1))) {
//!         Race2::First(letter) => assert_eq!(letter, Ok("a letter")),
//!         Race2::Second(()) => panic!("no letter within a second"),
//!     }
//! }
//! ```
//!
//! # What a branch that is dropped can lose
//!
//! Whatever it owns, and what its innermost call says under "a kill or timeout here": a lost race
//! is the same. For the waits of this crate that is nothing:
//!
//! | wait | what becomes of it when the branch is dropped |
//! |---|---|
//! | `Queue::get`, `peek` | no item is taken; if it had been notified for one, the next in line is |
//! | `Queue::put` | nothing is put, unless the item had moved in already; an item that was not put goes with the branch |
//! | `Event::wait`, `Flag::wait`, `GreenThread::join` by a [`Thread`](crate::Thread) | the value stays for the others |
//! | `Semaphore::acquire`, locks | nothing is taken; if it had been notified, the next in line is |
//! | `accept`, `connect`, `recv_from` | the connection or datagram stays with the operating system (a `connect` is given up) |
//! | `read`, `write` | no byte is lost: an operation is done as a whole, or not at all |
//! | `read_exact`, `read_line`, `write_all` and their like | consist of several reads or writes: those that were done are done |
//! | `Child::wait`, `Child::communicate` | nothing: the child can be waited for again, and has what was read |
//! | `sleep` | nothing |
//! | the [`sync`](crate::sync) counterparts | as the above |
//!
//! A branch of several steps that is dropped between two of them has taken the first step:
//! `race(|| get_two(&queue), …)`, where `get_two` gets twice, may lose the first item. Let a branch
//! that may lose do one thing.
//!
//! # Order
//!
//! The calls are asked in the order in which they were written, in the first turn and in every one
//! that follows. So of several that are ready at the same time the first written wins a [`race`],
//! every time; none of the others has taken anything. This is a rule to rely on, not fairness: a
//! first call that is always ready starves the rest of a race in a loop. Write first what must not
//! be starved, such as a request to stop.

pub(crate) mod branches;

mod all;
mod call;
mod join;
mod race;

pub use all::{join_all, race_all, try_join_all};
pub use join::{join, join3, join4, join5, join6, join7};
pub use join::{try_join, try_join3, try_join4, try_join5, try_join6, try_join7};
pub use race::{Race2, Race3, Race4, Race5, Race6, Race7};
pub use race::{race, race3, race4, race5, race6, race7};
