//! Queues: items handed from thread to thread. eventlet's and gevent's `queue`.
//!
//! | type | the next item is |
//! |---|---|
//! | [`Queue`] | the oldest |
//! | [`LifoQueue`] | the newest |
//! | [`PriorityQueue`] | the lowest; of equal ones the oldest |
//!
//! Everything else they have in common: it stands at [`AnyQueue`], which each of them dereferences
//! to.
//!
//! # Capacity
//!
//! `unbounded()` never makes a putter wait. `bounded(n)` does when `n` items lie in it.
//! `bounded(0)` is a **channel**, which has no room at all: each item goes from hand to hand, and a
//! put waits until its item was taken. (So it is in eventlet. In Python's own `queue` zero means
//! unlimited.) A channel is always both empty and full.
//!
//! # Order
//!
//! Getters are served in the order in which they came, and so are putters. Neither suspends when it
//! need not wait. A getter that finds others in line queues behind them, even if an item lies there
//! that the first of them has not fetched yet; only [`try_get`](AnyQueue::try_get), which cannot
//! wait, takes it before them, and then they keep their places. What a blocked putter brings moves
//! in as soon as there is room, before the putter runs.
//!
//! A thread that always finds an item, or always finds room, gives way all the same, after about a
//! thousand calls: a budget for all that it need not wait for sees to that. (In eventlet nobody
//! else runs until it waits for something.)
//!
//! # Kills and timeouts
//!
//! A getter that is killed or timed out while it waits takes no item, even if it had been notified
//! for one: the next getter is notified. A putter that is killed or timed out while it waits has
//! put nothing, unless its item had moved in already; then the put has happened.
//!
//! # End
//!
//! [`shutdown`](AnyQueue::shutdown) ends a queue: nothing goes in any more, what lies in it comes
//! out, and after that every get says [`ShutDown`], so that a loop over the queue ends.
//!
//! What lies in a queue when its last handle goes is dropped then, item by item. Queues that lie in
//! a queue, and so on for many thousands, take no more of the native stack than a few do, unless
//! they were made with [`borrowing`](Queue::borrowing).

mod error;
mod iter;
mod kinds;
pub(crate) mod state;
mod storage;
pub(crate) mod waits;

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use crate::call::Green;
use crate::green;
use crate::hub::same::same_object;
use crate::hub::suspend::until;
use crate::timeout::{Timeout, with_timeout};
use state::Shared;
use waits::{Get, Joined, Peek, Put};

pub use error::{GetError, PutError, ShutDown};
pub use iter::Iter;
pub use kinds::{LifoQueue, PriorityQueue, Queue};
pub use storage::{Fifo, Heap, Stack, Storage};
pub(crate) use storage::{Units, room_kept};

/// What all queues can do. Clones are handles on one queue.
///
/// A [`PriorityQueue`] compares its items, and [`peek`](Self::peek) clones them; neither may use
/// the queue from in there (it would panic). A comparison that panics can leave the items in
/// another order, lose the one that was being taken, and leave those waiting for whom an item or
/// room was there: the thread whose put waited for it, and a getter until the next put.
pub struct AnyQueue<T, S> {
    shared: Rc<Shared<T, S>>,
}

impl<T, S: Storage<T>> AnyQueue<T, S> {
    fn new(items: S, limit: usize, drop_items: fn(&mut S)) -> Self {
        AnyQueue { shared: Rc::new(Shared::new(items, limit, drop_items)) }
    }

    /// Puts an item into the queue. Suspends while there is no room; on a channel, until the item
    /// was taken.
    ///
    /// # Cancel safety
    ///
    /// A put that is killed or timed out while it waits has put nothing, unless its item had moved
    /// in already.
    ///
    /// # Errors
    ///
    /// [`ShutDown`] with the item, if the queue was shut down before the item was in.
    #[green(by_hand = "it begins before it is driven")]
    pub fn put(&self, item: T) -> Green<impl Future<Output = Result<(), ShutDown<T>>>> {
        // Made out here, so that the call has one copy of the item in it and not two.
        let item = Cell::new(Some(item));
        Green::new(async move {
            if self.shared.put_at_once(&item) {
                return Ok(());
            }
            let put = until(Put::new(&self.shared, &item)).await;
            put.map_err(|_| ShutDown(returned(&item)))
        })
    }

    /// Puts an item into the queue within `limit`. Suspends while there is no room; on a channel,
    /// until the item was taken.
    ///
    /// # Cancel safety
    ///
    /// A put that is killed or timed out while it waits has put nothing, unless its item had moved
    /// in already; an item that was not put goes with it, but where it is this limit that is over:
    /// then it comes back.
    ///
    /// # Errors
    ///
    /// [`PutError`] with the item: `Full` when the limit is over first, `ShutDown` if the queue was
    /// shut down.
    #[green(by_hand = "it begins before it is driven")]
    pub fn put_timeout(
        &self,
        item: T,
        limit: Duration,
    ) -> Green<impl Future<Output = Result<(), PutError<T>>>> {
        let item = Cell::new(Some(item));
        Green::new(async move {
            match with_timeout(limit, || until(Put::new(&self.shared, &item))).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(PutError::ShutDown(returned(&item))),
                // If it had moved in by then, the put has happened.
                Err(_) => item.take().map_or(Ok(()), |item| Err(PutError::Full(item))),
            }
        })
    }

    /// Puts an item into the queue if there is room. Does not suspend. On a channel there is room
    /// for one item for each getter in line, while no putter waits.
    ///
    /// (If such a getter is killed before it runs, the item goes to the next; if there is none, it
    /// stays for one.)
    ///
    /// # Errors
    ///
    /// [`PutError`] with the item.
    pub fn try_put(&self, item: T) -> Result<(), PutError<T>> {
        self.shared.try_put(item)
    }

    /// Takes the next item. Suspends until there is one for this thread; not at all if there is.
    ///
    /// # Cancel safety
    ///
    /// A get that is killed or timed out takes nothing.
    ///
    /// # Errors
    ///
    /// [`ShutDown`], once the queue was shut down and nothing is left in it.
    #[green(by_hand = "a wait, and little else")]
    pub fn get(&self) -> Green<impl Future<Output = Result<T, ShutDown>>> {
        Green::new(async move {
            if let Some(item) = self.shared.get_at_once() {
                return Ok(item);
            }
            until(Get::new(&self.shared)).await
        })
    }

    /// Takes the next item within `limit`. Suspends until there is one for this thread; not at all
    /// if there is.
    ///
    /// # Cancel safety
    ///
    /// A get that is killed or timed out takes nothing.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`] when the limit is over first, [`GetError::ShutDown`] as
    /// [`get`](Self::get).
    #[green(by_hand = "a wait, and little else")]
    pub fn get_timeout(&self, limit: Duration) -> Green<impl Future<Output = Result<T, GetError>>> {
        Green::new(async move { flatten(with_timeout(limit, || until(Get::new(&self.shared))).await) })
    }

    /// Takes the next item if there is one, even if others wait for it. Does not suspend.
    ///
    /// On a channel it takes what the first putter in line brings.
    ///
    /// # Errors
    ///
    /// [`GetError`].
    pub fn try_get(&self) -> Result<T, GetError> {
        self.shared.try_get()
    }

    /// A clone of the next item, which stays. Suspends until there is one; not at all if there is.
    ///
    /// Threads that peek are woken before those that get. gevent's `peek`.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    #[green(by_hand = "a wait, and little else")]
    pub fn peek(&self) -> Green<impl Future<Output = Result<T, ShutDown>>>
    where
        T: Clone,
    {
        Green::new(async move { until(Peek::new(&self.shared)).await })
    }

    /// A clone of the next item within `limit`; the item stays. Suspends until there is one; not at
    /// all if there is.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// As [`get_timeout`](Self::get_timeout).
    #[green(by_hand = "a wait, and little else")]
    pub fn peek_timeout(&self, limit: Duration) -> Green<impl Future<Output = Result<T, GetError>>>
    where
        T: Clone,
    {
        Green::new(async move { flatten(with_timeout(limit, || until(Peek::new(&self.shared))).await) })
    }

    /// A clone of the next item if there is one; the item stays. Does not suspend.
    ///
    /// # Errors
    ///
    /// As [`try_get`](Self::try_get).
    pub fn try_peek(&self) -> Result<T, GetError>
    where
        T: Clone,
    {
        let state = self.shared.state.borrow();
        let nothing = if state.is_shut_down { GetError::ShutDown } else { GetError::Empty };
        state.first().cloned().ok_or(nothing)
    }

    /// Gives each item as it comes, until the queue is shut down and drained. Each step suspends
    /// like [`get`](Self::get).
    ///
    /// `for item in &queue { … }` is the same.
    pub fn iter(&self) -> Iter<T, S> {
        Iter::new(self.clone())
    }

    /// How many items lie in the queue. What blocked putters bring is not counted.
    #[doc(alias = "qsize")]
    pub fn len(&self) -> usize {
        self.shared.state.borrow().items.size()
    }

    /// Lies no item in it? A channel is empty even while putters wait.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Would a put wait? A channel is always full.
    pub fn is_full(&self) -> bool {
        !self.shared.state.borrow().has_room()
    }

    /// How many items it has room for; `None` without a limit.
    #[doc(alias = "maxsize")]
    pub fn capacity(&self) -> Option<usize> {
        let limit = self.shared.state.borrow().limit;
        (limit != usize::MAX).then_some(limit)
    }

    /// Changes the capacity; `None` takes the limit away. Does not suspend.
    ///
    /// What blocked putters bring moves in if there is room now. Nothing is dropped if there is
    /// less room than items.
    pub fn resize(&self, capacity: Option<usize>) {
        self.shared.resize(capacity.unwrap_or(usize::MAX));
    }

    /// How many threads wait in [`get`](Self::get), those included that were notified and have not
    /// run yet.
    pub fn getting(&self) -> usize {
        let state = self.shared.state.borrow();
        state.getters.len() + state.getters.notified()
    }

    /// How many threads wait in [`put`](Self::put) with an item that is not in yet.
    pub fn putting(&self) -> usize {
        self.shared.state.borrow().putters.len()
    }

    /// How many items were put and not yet reported by [`task_done`](Self::task_done).
    pub fn unfinished(&self) -> usize {
        self.shared.state.borrow().unfinished
    }

    /// Says that an item that was put has been dealt with. Does not suspend.
    ///
    /// # Panics
    ///
    /// If that was said of all items that were put.
    #[track_caller]
    pub fn task_done(&self) {
        assert!(self.shared.task_done(), "`task_done` was called more often than items were put");
    }

    /// Waits until [`task_done`](Self::task_done) was called for every item that was put. Suspends
    /// until then; not at all if there is none to wait for.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(by_hand = "a wait, and little else")]
    pub fn join(&self) -> Green<impl Future<Output = ()>> {
        Green::new(async move { until(Joined::new(&self.shared)).await })
    }

    /// Like [`join`](Self::join), for at most `limit`.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    #[green(by_hand = "a wait, and little else")]
    pub fn join_timeout(&self, limit: Duration) -> Green<impl Future<Output = Result<(), Timeout>>> {
        Green::new(async move { with_timeout(limit, || until(Joined::new(&self.shared))).await })
    }

    /// Ends the queue gracefully. Does not suspend.
    ///
    /// Blocked putters get their items back as an error, and so does every put from now on. What
    /// lies in the queue still comes out; after that every get, and every getter in line, gets
    /// [`ShutDown`]. Once more changes nothing.
    ///
    /// gevent's and Python's `shutdown`.
    pub fn shutdown(&self) {
        self.shared.shut_down(false);
    }

    /// Ends the queue at once: as [`shutdown`](Self::shutdown), and what lies in it is dropped.
    /// Does not suspend.
    ///
    /// The dropped items count as done: [`task_done`](Self::task_done) must not be called for them.
    /// gevent's and Python's `shutdown(immediate=True)`.
    pub fn shutdown_now(&self) {
        self.shared.shut_down(true);
    }

    /// Was it shut down?
    pub fn is_shut_down(&self) -> bool {
        self.shared.state.borrow().is_shut_down
    }
}

fn flatten<T>(got: Result<Result<T, ShutDown>, Timeout>) -> Result<T, GetError> {
    got.map_err(|_| GetError::Empty)?.map_err(GetError::from)
}

fn returned<T>(item: &Cell<Option<T>>) -> T {
    item.take().expect("a wait that put nothing gives its item back")
}

impl<T, S> Clone for AnyQueue<T, S> {
    fn clone(&self) -> Self {
        AnyQueue { shared: self.shared.clone() }
    }
}

same_object!(impl[T, S] AnyQueue<T, S>, |queue| &*queue.shared);

impl<T, S: Storage<T>> fmt::Debug for AnyQueue<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("getting", &self.getting())
            .field("putting", &self.putting())
            .finish_non_exhaustive()
    }
}
