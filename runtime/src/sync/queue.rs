//! Items handed from OS thread to OS thread.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::task::Waker;
use std::time::Duration;

use super::line::{Line, Ticket};
use super::wait::{Attempt, block, block_for, suspend, wake_all};
use super::{GetError, PutError, ShutDown};
use crate::call::Green;
use crate::green;
use crate::iter::GreenIterator;
use crate::loom::{Mutex, MutexGuard};
use crate::same::same_object;
use crate::timeout::with_timeout;

/// A queue of any number of producers and consumers: green threads of any hub, and OS threads. Clones are handles on
/// one queue, for any OS thread.
///
/// `unbounded()` never makes a putter wait, `bounded(n)` does when `n` items lie in it, and `bounded(0)` has no room:
/// each item goes from hand to hand. Getters are served in the order in which they came, and so are putters; what a
/// blocked putter brings moves in as soon as there is room. The oldest item is for the getter that came first, whichever
/// OS thread is faster.
///
/// The `Send` counterpart of [`Queue`](crate::Queue), with the same meanings, but for one: an item that a waiting getter
/// was called for is that getter's, and [`try_get`](Self::try_get) does not take it away.
///
/// # Examples
///
/// ```
/// use eventlet::{green, sync::Queue};
///
/// #[green]
/// fn main() {
///     let (jobs, results) = (Queue::<u32>::bounded(4), Queue::unbounded());
///     let worker = std::thread::spawn({
///         let (jobs, results) = (jobs.clone(), results.clone());
///         move || {
///             while let Ok(n) = jobs.get_blocking() {
///                 results.put_blocking(n * n).unwrap();
///             }
///             results.shutdown();
///         }
///     });
///     for n in 1..=3 {
///         jobs.put(n).unwrap(); // suspends this green thread while there is no room
///     }
///     jobs.shutdown();
///     let mut squares = vec![];
///     for square in results.iter() {
///         squares.push(square);
///     }
///     assert_eq!(squares, [1, 4, 9]);
///     worker.join().unwrap();
/// }
/// ```
pub struct Queue<T> {
    shared: Arc<Mutex<State<T>>>,
}

/// At all times as many getters are called as there are items for them, or all; and putters wait only while there is
/// no room.
struct State<T> {
    items: VecDeque<T>,
    /// `usize::MAX`: no limit.
    limit: usize,
    getters: Line,
    /// What waiting putters bring, the first to come first.
    offers: BTreeMap<u64, Offer<T>>,
    offers_made: u64,
    is_shut_down: bool,
}

struct Offer<T> {
    item: T,
    waker: Waker,
}

impl<T> Queue<T> {
    /// A queue without a limit but memory.
    pub fn unbounded() -> Self {
        Self::bounded(usize::MAX)
    }

    /// A queue with room for so many items.
    pub fn bounded(limit: usize) -> Self {
        let state = State {
            items: VecDeque::new(),
            limit,
            getters: Line::default(),
            offers: BTreeMap::new(),
            offers_made: 0,
            is_shut_down: false,
        };
        Queue { shared: Arc::new(Mutex::new(state)) }
    }

    /// Puts an item into the queue. Suspends while there is no room; with `bounded(0)`, until the item was taken.
    ///
    /// A put that is killed or timed out while it waits has put nothing, unless its item had moved in already; an item
    /// that was not put goes with it.
    ///
    /// # Errors
    ///
    /// [`ShutDown`] with the item, if the queue was shut down before the item was in.
    pub fn put(&self, item: T) -> Green<impl Future<Output = Result<(), ShutDown<T>>>> {
        Green::new(async move { suspend(Put::new(self, item)).await })
    }

    /// Puts an item into the queue on an OS thread that runs no green threads, which blocks while [`put`](Self::put)
    /// would suspend.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// In a green thread, which would stop all others.
    #[track_caller]
    pub fn put_blocking(&self, item: T) -> Result<(), ShutDown<T>> {
        block(Put::new(self, item))
    }

    /// Puts an item into the queue if there is room. Does not wait. With `bounded(0)` there is room for one item for
    /// each getter in line that nothing is there for.
    ///
    /// # Errors
    ///
    /// [`PutError`] with the item.
    pub fn try_put(&self, item: T) -> Result<(), PutError<T>> {
        let mut state = self.state();
        if state.is_shut_down {
            return Err(PutError::ShutDown(item));
        }
        if !state.has_room() && (state.limit > 0 || state.getters.len() == 0) {
            return Err(PutError::Full(item));
        }
        state.items.push_back(item);
        self.wake(state);
        Ok(())
    }

    /// Takes the oldest item. Suspends until there is one for this thread; not at all if there is.
    ///
    /// A get that is killed or timed out takes nothing.
    ///
    /// # Errors
    ///
    /// [`ShutDown`], once the queue was shut down and nothing is left in it.
    pub fn get(&self) -> Green<impl Future<Output = Result<T, ShutDown>>> {
        Green::new(async move { suspend(Get { queue: self, ticket: None }).await })
    }

    /// Takes the oldest item within `limit`. Suspends until there is one for this thread; not at all if there is.
    ///
    /// # Errors
    ///
    /// [`GetError::Empty`] when the limit is over first, [`GetError::ShutDown`] as [`get`](Self::get).
    pub fn get_timeout(&self, limit: Duration) -> Green<impl Future<Output = Result<T, GetError>>> {
        Green::new(async move {
            let got = with_timeout(limit, || self.get()).await;
            got.map_err(|_| GetError::Empty)?.map_err(GetError::from)
        })
    }

    /// Takes the oldest item on an OS thread that runs no green threads, which blocks while [`get`](Self::get) would
    /// suspend.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// In a green thread, which would stop all others.
    #[track_caller]
    pub fn get_blocking(&self) -> Result<T, ShutDown> {
        block(Get { queue: self, ticket: None })
    }

    /// Like [`get_blocking`](Self::get_blocking), for at most `limit`.
    ///
    /// # Errors
    ///
    /// As [`get_timeout`](Self::get_timeout).
    ///
    /// # Panics
    ///
    /// As there.
    #[track_caller]
    pub fn get_timeout_blocking(&self, limit: Duration) -> Result<T, GetError> {
        let got = block_for(Get { queue: self, ticket: None }, limit);
        got.ok_or(GetError::Empty)?.map_err(GetError::from)
    }

    /// Takes the oldest item if there is one that no waiting getter was called for. Does not wait.
    ///
    /// # Errors
    ///
    /// [`GetError`].
    pub fn try_get(&self) -> Result<T, GetError> {
        let state = self.state();
        let nothing = if state.is_over() { GetError::ShutDown } else { GetError::Empty };
        let reserved = state.getters.notified();
        self.take(state, reserved).ok_or(nothing)
    }

    /// Gives each item as it comes, until the queue is shut down and drained. Each step suspends like
    /// [`get`](Self::get).
    pub fn iter(&self) -> Iter<T> {
        Iter { queue: self.clone() }
    }

    /// How many items lie in the queue. What blocked putters bring is not counted.
    #[doc(alias = "qsize")]
    pub fn len(&self) -> usize {
        self.state().items.len()
    }

    /// Lies no item in it?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Would a put wait?
    pub fn is_full(&self) -> bool {
        !self.state().has_room()
    }

    /// How many items it has room for; `None` without a limit.
    #[doc(alias = "maxsize")]
    pub fn capacity(&self) -> Option<usize> {
        let limit = self.state().limit;
        (limit != usize::MAX).then_some(limit)
    }

    /// How many wait to get, on all OS threads, those included that were called and have not run yet.
    pub fn getting(&self) -> usize {
        let state = self.state();
        state.getters.len() + state.getters.notified()
    }

    /// How many wait to put, on all OS threads.
    pub fn putting(&self) -> usize {
        self.state().offers.len()
    }

    /// Ends the queue gracefully. Does not wait.
    ///
    /// Blocked putters get their items back as an error, and so does every put from now on. What lies in the queue
    /// still comes out; after that every get, and every getter in line, gets [`ShutDown`]. Once more changes nothing.
    pub fn shutdown(&self) {
        self.shut_down(self.state());
    }

    /// Ends the queue at once: as [`shutdown`](Self::shutdown), and what lies in it is dropped. Does not wait.
    pub fn shutdown_now(&self) {
        let mut state = self.state();
        let dropped = std::mem::take(&mut state.items);
        self.shut_down(state);
        drop(dropped);
    }

    /// Was it shut down?
    pub fn is_shut_down(&self) -> bool {
        self.state().is_shut_down
    }

    fn shut_down(&self, mut state: MutexGuard<'_, State<T>>) {
        state.is_shut_down = true;
        // The offers stay: each putter takes its own back.
        let used = |offer: &mut Offer<T>| std::mem::replace(&mut offer.waker, Waker::noop().clone());
        let putters: Vec<Waker> = state.offers.values_mut().map(used).collect();
        self.wake(state);
        wake_all(putters);
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing panics while it holds this lock.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls those for whom there is something, or takes back calls for what is there no more.
    fn wake(&self, mut state: MutexGuard<'_, State<T>>) {
        let supply = if state.is_over() { usize::MAX } else { state.supply() };
        state.getters.recall_beyond(supply);
        let called = state.getters.call_for(supply);
        drop(state);
        wake_all(called);
    }

    /// Takes the item that comes after so many, which others were called for; what the first putter brings moves in.
    fn take(&self, mut state: MutexGuard<'_, State<T>>, reserved: usize) -> Option<T> {
        let (item, putter) = state.take(reserved);
        // The last item of a queue that was shut down is a reason to call everybody.
        self.wake(state);
        if let Some(putter) = putter {
            putter.wake();
        }
        item
    }
}

impl<T> State<T> {
    fn has_room(&self) -> bool {
        self.items.len() < self.limit
    }

    /// How many items getters can take now, one after the other.
    fn supply(&self) -> usize {
        let offered = if self.is_shut_down { 0 } else { self.offers.len() };
        self.items.len() + offered
    }

    fn is_over(&self) -> bool {
        self.is_shut_down && self.items.is_empty()
    }

    fn take(&mut self, index: usize) -> (Option<T>, Option<Waker>) {
        let Some(item) = self.items.remove(index) else { return self.take_offer(index - self.items.len()) };
        if self.is_shut_down || !self.has_room() {
            return (Some(item), None);
        }
        let (offered, putter) = self.take_offer(0);
        self.items.extend(offered);
        (Some(item), putter)
    }

    fn take_offer(&mut self, index: usize) -> (Option<T>, Option<Waker>) {
        let number = self.offers.keys().nth(index).copied().filter(|_| !self.is_shut_down);
        match number.and_then(|number| self.offers.remove(&number)) {
            Some(offer) => (Some(offer.item), Some(offer.waker)),
            None => (None, None),
        }
    }
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Queue { shared: self.shared.clone() }
    }
}

same_object!(impl[T] Queue<T>, |queue| &*queue.shared);

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("getting", &self.getting())
            .field("putting", &self.putting())
            .finish_non_exhaustive()
    }
}

/// The items of a [`Queue`] as they come: what [`Queue::iter`] gives.
pub struct Iter<T> {
    queue: Queue<T>,
}

impl<T> GreenIterator for Iter<T> {
    type Item = T;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<T> {
        self.queue.get().ok()
    }
}

impl<T> fmt::Debug for Iter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("queue", &self.queue).finish()
    }
}

/// Waits until an item is in.
struct Put<'a, T> {
    queue: &'a Queue<T>,
    /// `None` once it is in, or offered.
    item: Option<T>,
    offer: Option<u64>,
}

impl<'a, T> Put<'a, T> {
    fn new(queue: &'a Queue<T>, item: T) -> Self {
        Put { queue, item: Some(item), offer: None }
    }

    fn begin(&mut self, waker: Waker) -> Option<Result<(), ShutDown<T>>> {
        let item = self.item.take().expect("a put begins with its item");
        let mut state = self.queue.state();
        if state.is_shut_down {
            return Some(Err(ShutDown(item)));
        }
        let has_room = state.has_room();
        if has_room {
            state.items.push_back(item);
        } else {
            state.offers_made += 1;
            let number = state.offers_made;
            state.offers.insert(number, Offer { item, waker });
            self.offer = Some(number);
        }
        self.queue.wake(state);
        has_room.then_some(Ok(()))
    }
}

impl<T> Attempt for Put<'_, T> {
    type Output = Result<(), ShutDown<T>>;

    fn attempt(&mut self, waker: &Waker) -> Option<Self::Output> {
        let waker = waker.clone();
        let Some(number) = self.offer else { return self.begin(waker) };
        let mut state = self.queue.state();
        let is_shut_down = state.is_shut_down;
        match state.offers.get_mut(&number) {
            Some(offer) if !is_shut_down => {
                let unused = std::mem::replace(&mut offer.waker, waker);
                drop(state);
                drop(unused);
                return None;
            }
            _ => {}
        }
        self.offer = None;
        let refused = state.offers.remove(&number);
        drop(state);
        // An offer that is gone was accepted.
        Some(refused.map_or(Ok(()), |offer| Err(ShutDown(offer.item))))
    }

    fn is_settled(&self) -> bool {
        self.offer.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for room in a queue that any OS thread may empty")
    }
}

impl<T> Drop for Put<'_, T> {
    fn drop(&mut self) {
        if let Some(number) = self.offer {
            let mut state = self.queue.state();
            let taken_back = state.offers.remove(&number);
            self.queue.wake(state);
            drop(taken_back);
        }
    }
}

/// Waits for an item.
struct Get<'a, T> {
    queue: &'a Queue<T>,
    ticket: Option<Ticket>,
}

impl<T> Attempt for Get<'_, T> {
    type Output = Result<T, ShutDown>;

    fn attempt(&mut self, waker: &Waker) -> Option<Self::Output> {
        let waker = waker.clone();
        let mut state = self.queue.state();
        // Each gets the item that is as far back as its own place, on whatever OS thread it runs first.
        let (unused, reserved) = match self.ticket {
            // Whoever waits has been called for all that is there, so what is left is for anybody.
            None if state.supply() > state.getters.notified() || state.is_over() => {
                (None, state.getters.notified())
            }
            None => {
                self.ticket = Some(state.getters.join(waker));
                return None;
            }
            Some(ticket) if state.getters.is_notified(ticket) => {
                self.ticket = None;
                let reserved = state.getters.rank(ticket);
                (state.getters.leave(ticket), reserved)
            }
            Some(ticket) => {
                let unused = state.getters.renew(ticket, waker);
                drop(state);
                drop(unused);
                return None;
            }
        };
        // There is an item for everybody who was called, unless the queue is over.
        let item = self.queue.take(state, reserved);
        drop(unused);
        Some(item.ok_or(ShutDown(())))
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for an item of a queue that any OS thread may fill")
    }
}

impl<T> Drop for Get<'_, T> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let mut state = self.queue.state();
            let unused = state.getters.leave(ticket);
            // If it had been called, the next one is.
            self.queue.wake(state);
            drop(unused);
        }
    }
}
