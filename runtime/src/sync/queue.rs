//! Items handed from OS thread to OS thread.

use std::cell::Cell;
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
use crate::hub::flat::drop_flat;
use crate::hub::same::same_object;
use crate::iter::{GreenIterator, IntoGreenIterator};
use crate::loom::{Mutex, MutexGuard};
use crate::queue::room_kept;
use crate::timeout::{Timeout, with_timeout};

/// A queue of any number of producers and consumers: green threads of any hub, and OS threads.
/// Clones are handles on one queue, for any OS thread.
///
/// `unbounded()` never makes a putter wait, `bounded(n)` does when `n` items lie in it, and
/// `bounded(0)` has no room: each item goes from hand to hand. Getters are served in the order in
/// which they came, and so are putters; what a blocked putter brings moves in as soon as there is
/// room. The oldest item is for the getter that came first, whichever OS thread is faster; only
/// [`try_get`](Self::try_get), which cannot wait, takes it before those in line, and then they keep
/// their places.
///
/// The `Send` counterpart of [`Queue`](crate::Queue), with the same meanings: its
/// [module](crate::queue) has the rules. [`peek`](Self::peek) clones the item while the queue is
/// locked: that clone must not use the queue.
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

/// At all times as many getters are notified as there are items for them, or all; and putters wait
/// only while there is no room.
struct State<T> {
    items: VecDeque<T>,
    /// What becomes of the items that lie there at the end.
    drop_items: fn(VecDeque<T>),
    /// `usize::MAX`: no limit.
    capacity: usize,
    getters: Line,
    peekers: Line,
    joiners: Line,
    /// Items that were put and not yet reported done.
    unfinished: usize,
    /// What waiting putters bring, the first to come first.
    offers: BTreeMap<u64, Offer<T>>,
    offers_made: u64,
    is_shut_down: bool,
}

struct Offer<T> {
    item: T,
    waker: Waker,
}

impl<T> Drop for State<T> {
    fn drop(&mut self) {
        (self.drop_items)(std::mem::take(&mut self.items));
    }
}

impl<T: 'static> Queue<T> {
    /// A queue without a limit: no put ever waits.
    pub fn unbounded() -> Self {
        Self::bounded(usize::MAX)
    }

    /// A queue with room for so many items. With room for none it is a channel: see the
    /// [module](crate::queue#capacity).
    ///
    /// Items that borrow want [`borrowing`](Self::borrowing).
    pub fn bounded(capacity: usize) -> Self {
        Self::new(capacity, drop_flat)
    }
}

impl<T> Queue<T> {
    /// A queue with room for so many items, which may borrow; `usize::MAX` is no limit.
    ///
    /// It differs from [`bounded`](Self::bounded) in one thing: where its items hold queues of
    /// their own, in which there are queues again, and so on, these are dropped one inside the
    /// other, as fields are. What borrows cannot be put off until the one before is gone.
    ///
    /// ```
    /// use eventlet::sync::Queue;
    ///
    /// let text = String::from("so many words");
    /// let words = Queue::borrowing(usize::MAX);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| text.split(' ').for_each(|word| words.try_put(word).unwrap()));
    /// });
    /// assert_eq!(words.try_get(), Ok("so"));
    /// ```
    pub fn borrowing(capacity: usize) -> Self {
        Self::new(capacity, drop)
    }

    fn new(capacity: usize, drop_items: fn(VecDeque<T>)) -> Self {
        let state = State {
            drop_items,
            items: VecDeque::new(),
            capacity,
            getters: Line::default(),
            peekers: Line::default(),
            joiners: Line::default(),
            unfinished: 0,
            offers: BTreeMap::new(),
            offers_made: 0,
            is_shut_down: false,
        };
        Queue { shared: Arc::new(Mutex::new(state)) }
    }

    /// Puts an item into the queue. Suspends while there is no room; with `bounded(0)`, until the
    /// item was taken.
    ///
    /// # Cancel safety
    ///
    /// A put that is killed or timed out while it waits has put nothing, unless its item had moved
    /// in already; an item that was not put goes with it.
    ///
    /// # Errors
    ///
    /// [`ShutDown`] with the item, if the queue was shut down before the item was in.
    #[green(by_hand = "a wait, and little else")]
    pub fn put(&self, item: T) -> Green<impl Future<Output = Result<(), ShutDown<T>>>> {
        let item = Cell::new(Some(item));
        Green::new(async move {
            let put = suspend(Put::new(self, &item)).await;
            put.map_err(|_| ShutDown(returned(&item)))
        })
    }

    /// Puts an item into the queue within `limit`. Suspends while there is no room; with
    /// `bounded(0)`, until the item was taken.
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
    #[green(by_hand = "a wait, and little else")]
    pub fn put_timeout(
        &self,
        item: T,
        limit: Duration,
    ) -> Green<impl Future<Output = Result<(), PutError<T>>>> {
        let item = Cell::new(Some(item));
        Green::new(async move {
            let put = with_timeout(limit, || suspend(Put::new(self, &item))).await;
            outcome(put, &item)
        })
    }

    /// Puts an item into the queue on an OS thread that runs no green threads, which blocks while
    /// [`put`](Self::put) would suspend.
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
        let item = Cell::new(Some(item));
        block(Put::new(self, &item)).map_err(|_| ShutDown(returned(&item)))
    }

    /// Like [`put_blocking`](Self::put_blocking), for at most `limit`.
    ///
    /// # Errors
    ///
    /// As [`put_timeout`](Self::put_timeout).
    ///
    /// # Panics
    ///
    /// As there.
    #[track_caller]
    pub fn put_timeout_blocking(&self, item: T, limit: Duration) -> Result<(), PutError<T>> {
        let item = Cell::new(Some(item));
        let put = block_for(Put::new(self, &item), limit);
        outcome(put, &item)
    }

    /// Puts an item into the queue if there is room. Does not wait. With `bounded(0)` there is room
    /// for one item for each getter in line, while no putter waits.
    ///
    /// # Errors
    ///
    /// [`PutError`] with the item.
    pub fn try_put(&self, item: T) -> Result<(), PutError<T>> {
        let mut state = self.state();
        if state.is_shut_down {
            return Err(PutError::ShutDown(item));
        }
        if !state.has_room() && !state.has_taker() {
            return Err(PutError::Full(item));
        }
        state.insert(item);
        self.wake(state);
        Ok(())
    }

    /// Takes the oldest item. Suspends until there is one for this thread; not at all if there is.
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
        Green::new(async move { suspend(Get { queue: self, ticket: None }).await })
    }

    /// Takes the oldest item within `limit`. Suspends until there is one for this thread; not at
    /// all if there is.
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
        Green::new(async move { flatten(with_timeout(limit, || self.get()).await) })
    }

    /// Takes the oldest item on an OS thread that runs no green threads, which blocks while
    /// [`get`](Self::get) would suspend.
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
        flatten(block_for(Get { queue: self, ticket: None }, limit))
    }

    /// Takes the oldest item if there is one, even if others wait for it. Does not wait.
    ///
    /// With `bounded(0)` it takes what the first putter in line brings.
    ///
    /// # Errors
    ///
    /// [`GetError`].
    pub fn try_get(&self) -> Result<T, GetError> {
        let mut state = self.state();
        let nothing = state.nothing();
        state.give_back_room();
        self.take(state, 0).ok_or(nothing)
    }

    /// A clone of the oldest item, which stays. Suspends until there is one; not at all if there
    /// is.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// [`ShutDown`], as [`get`](Self::get).
    #[green(by_hand = "a wait, and little else")]
    pub fn peek(&self) -> Green<impl Future<Output = Result<T, ShutDown>>>
    where
        T: Clone,
    {
        Green::new(async move { suspend(Peek { queue: self, ticket: None }).await })
    }

    /// Like [`peek`](Self::peek), for at most `limit`.
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
        Green::new(async move { flatten(with_timeout(limit, || self.peek()).await) })
    }

    /// A clone of the oldest item, which stays, on an OS thread that runs no green threads, which
    /// blocks until there is one.
    ///
    /// # Errors
    ///
    /// As [`peek`](Self::peek).
    ///
    /// # Panics
    ///
    /// In a green thread, which would stop all others.
    #[track_caller]
    pub fn peek_blocking(&self) -> Result<T, ShutDown>
    where
        T: Clone,
    {
        block(Peek { queue: self, ticket: None })
    }

    /// Like [`peek_blocking`](Self::peek_blocking), for at most `limit`.
    ///
    /// # Errors
    ///
    /// As [`get_timeout`](Self::get_timeout).
    ///
    /// # Panics
    ///
    /// As there.
    #[track_caller]
    pub fn peek_timeout_blocking(&self, limit: Duration) -> Result<T, GetError>
    where
        T: Clone,
    {
        flatten(block_for(Peek { queue: self, ticket: None }, limit))
    }

    /// A clone of the oldest item if there is one; the item stays. Does not wait.
    ///
    /// # Errors
    ///
    /// As [`try_get`](Self::try_get).
    pub fn try_peek(&self) -> Result<T, GetError>
    where
        T: Clone,
    {
        let state = self.state();
        state.first().cloned().ok_or(state.nothing())
    }

    /// Gives each item as it comes, until the queue is shut down and drained. Each step suspends
    /// like [`get`](Self::get).
    ///
    /// `for item in &queue { … }` is the same.
    pub fn iter(&self) -> Iter<T> {
        Iter { queue: self.clone() }
    }

    /// How many items lie in the queue. What blocked putters bring is not counted.
    #[doc(alias = "qsize")]
    pub fn len(&self) -> usize {
        self.state().items.len()
    }

    /// Lies no item in it? A channel is empty even while putters wait.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Would a put wait? A channel is always full.
    pub fn is_full(&self) -> bool {
        !self.state().has_room()
    }

    /// How many items it has room for; `None` without a limit.
    #[doc(alias = "maxsize")]
    pub fn capacity(&self) -> Option<usize> {
        let capacity = self.state().capacity;
        (capacity != usize::MAX).then_some(capacity)
    }

    /// Changes the capacity; `None` takes the limit away. Does not wait.
    ///
    /// What blocked putters bring moves in if there is room now. Nothing is dropped if there is
    /// less room than items.
    pub fn resize(&self, capacity: Option<usize>) {
        let mut state = self.state();
        state.capacity = capacity.unwrap_or(usize::MAX);
        let mut putters = vec![];
        while state.has_room()
            && let Some(putter) = state.admit()
        {
            putters.push(putter);
        }
        self.wake_with(state, putters);
    }

    /// How many wait to get, on all OS threads, those included that were notified and have not run
    /// yet.
    pub fn getting(&self) -> usize {
        let state = self.state();
        state.getters.len() + state.getters.notified()
    }

    /// How many wait to put an item that is not in yet, on all OS threads.
    pub fn putting(&self) -> usize {
        self.state().offered()
    }

    /// How many items were put and not yet reported by [`task_done`](Self::task_done).
    pub fn unfinished(&self) -> usize {
        self.state().unfinished
    }

    /// Says that an item that was put has been dealt with. Does not wait.
    ///
    /// # Panics
    ///
    /// If that was said of all items that were put.
    #[track_caller]
    pub fn task_done(&self) {
        let mut state = self.state();
        let left = state.unfinished.checked_sub(1);
        state.unfinished = left.unwrap_or(0);
        self.wake(state);
        assert!(left.is_some(), "`task_done` was called more often than items were put");
    }

    /// Waits until [`task_done`](Self::task_done) was called for every item that was put. Suspends
    /// until then; not at all if there is none to wait for.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(by_hand = "a wait, and little else")]
    pub fn join(&self) -> Green<impl Future<Output = ()>> {
        Green::new(async move { suspend(Joined { queue: self, ticket: None }).await })
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
        Green::new(async move { with_timeout(limit, || self.join()).await })
    }

    /// Waits as [`join`](Self::join) on an OS thread that runs no green threads, which blocks.
    ///
    /// # Panics
    ///
    /// In a green thread, which would stop all others.
    #[track_caller]
    pub fn join_blocking(&self) {
        block(Joined { queue: self, ticket: None });
    }

    /// Like [`join_blocking`](Self::join_blocking), for at most `limit`.
    ///
    /// # Errors
    ///
    /// [`Timeout`] when the limit is over first.
    ///
    /// # Panics
    ///
    /// As there.
    #[track_caller]
    pub fn join_timeout_blocking(&self, limit: Duration) -> Result<(), Timeout> {
        block_for(Joined { queue: self, ticket: None }, limit)
    }

    /// Ends the queue gracefully. Does not wait.
    ///
    /// Blocked putters get their items back as an error, and so does every put from now on. What
    /// lies in the queue still comes out; after that every get, and every getter in line, gets
    /// [`ShutDown`]. Once more changes nothing.
    pub fn shutdown(&self) {
        self.shut_down(self.state());
    }

    /// Ends the queue at once: as [`shutdown`](Self::shutdown), and what lies in it is dropped.
    /// Does not wait.
    ///
    /// The dropped items count as done: [`task_done`](Self::task_done) must not be called for them.
    pub fn shutdown_now(&self) {
        let mut state = self.state();
        let discarded = std::mem::take(&mut state.items);
        state.unfinished = state.unfinished.saturating_sub(discarded.len());
        self.shut_down(state);
        drop(discarded);
    }

    /// Was it shut down?
    pub fn is_shut_down(&self) -> bool {
        self.state().is_shut_down
    }

    fn shut_down(&self, mut state: MutexGuard<'_, State<T>>) {
        state.is_shut_down = true;
        // The offers stay: each putter takes its own back.
        let used = |offer: &mut Offer<T>| std::mem::replace(&mut offer.waker, Waker::noop().clone());
        let putters = state.offers.values_mut().map(used).collect();
        self.wake_with(state, putters);
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that panics while it holds this lock has changed anything.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notifies those for whom there is something, and revokes what is there no more.
    fn wake(&self, state: MutexGuard<'_, State<T>>) {
        self.wake_with(state, vec![]);
    }

    /// The same, after these have been notified.
    fn wake_with(&self, mut state: MutexGuard<'_, State<T>>, mut notified: Vec<Waker>) {
        let supply = if state.is_over() { usize::MAX } else { state.supply() };
        if supply > 0 || state.is_shut_down {
            notified.extend(state.peekers.notify_for(usize::MAX));
        }
        if state.unfinished == 0 {
            notified.extend(state.joiners.notify_for(usize::MAX));
        }
        state.getters.revoke_beyond(supply);
        notified.extend(state.getters.notify_for(supply));
        drop(state);
        wake_all(notified);
    }

    /// Takes the item that comes after those of so many others, who were notified for them; what
    /// putters bring moves in.
    fn take(&self, mut state: MutexGuard<'_, State<T>>, others: usize) -> Option<T> {
        let (item, putters) = state.take(others);
        // The last item of a queue that was shut down is a reason to notify everybody.
        self.wake_with(state, putters);
        item
    }
}

fn flatten<T>(got: Result<Result<T, ShutDown>, Timeout>) -> Result<T, GetError> {
    got.map_err(|_| GetError::Empty)?.map_err(GetError::from)
}

/// What has become of a put within a limit.
fn outcome<T>(put: Result<Result<(), ShutDown>, Timeout>, item: &Cell<Option<T>>) -> Result<(), PutError<T>> {
    match put {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(PutError::ShutDown(returned(item))),
        // If it had moved in by then, the put has happened.
        Err(_) => item.take().map_or(Ok(()), |item| Err(PutError::Full(item))),
    }
}

fn returned<T>(item: &Cell<Option<T>>) -> T {
    item.take().expect("a wait that put nothing gives its item back")
}

impl<T> State<T> {
    fn has_room(&self) -> bool {
        self.items.len() < self.capacity
    }

    /// On a channel: does somebody wait for just this item?
    fn has_taker(&self) -> bool {
        self.capacity == 0 && self.offers.is_empty() && self.getters.len() > 0
    }

    fn insert(&mut self, item: T) {
        self.items.push_back(item);
        self.unfinished += 1;
    }

    /// How many items waiting putters bring. Once the queue is shut down they take them back.
    fn offered(&self) -> usize {
        if self.is_shut_down { 0 } else { self.offers.len() }
    }

    /// How many items getters can take now, one after the other.
    fn supply(&self) -> usize {
        self.items.len() + self.offered()
    }

    fn is_over(&self) -> bool {
        self.is_shut_down && self.items.is_empty()
    }

    /// Why there is no item, if there is none.
    fn nothing(&self) -> GetError {
        if self.is_shut_down { GetError::ShutDown } else { GetError::Empty }
    }

    /// The oldest item, where it lies.
    fn first(&self) -> Option<&T> {
        let offered = || self.offers.values().next().filter(|_| !self.is_shut_down);
        self.items.front().or_else(|| offered().map(|offer| &offer.item))
    }

    /// Takes the item that comes after so many, and says which putters' items moved in for it.
    fn take(&mut self, others: usize) -> (Option<T>, Vec<Waker>) {
        let mut putters = vec![];
        while self.items.len() <= others
            && let Some(putter) = self.admit()
        {
            putters.push(putter);
        }
        let item = self.items.remove(others);
        if self.has_room() {
            putters.extend(self.admit());
        }
        (item, putters)
    }

    /// Asked when somebody finds no item: after a peak the memory goes, half of it each time.
    fn give_back_room(&mut self) {
        if self.items.is_empty()
            && let Some(kept) = room_kept(self.items.capacity())
        {
            self.items.shrink_to(kept);
        }
    }

    /// Moves in what the first putter brings, if there is one.
    fn admit(&mut self) -> Option<Waker> {
        let (_, Offer { item, waker }) = if self.is_shut_down { None } else { self.offers.pop_first() }?;
        self.insert(item);
        Some(waker)
    }
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Queue { shared: self.shared.clone() }
    }
}

same_object!(impl[T] Queue<T>, |queue| &*queue.shared);

/// Without a limit.
impl<T: 'static> Default for Queue<T> {
    fn default() -> Self {
        Self::unbounded()
    }
}

/// A queue without a limit in which these items lie.
impl<T: 'static> FromIterator<T> for Queue<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let queue = Self::unbounded();
        for item in items {
            // There is room, and nobody else to shut it down.
            let _ = queue.try_put(item);
        }
        queue
    }
}

impl<T> IntoGreenIterator for &Queue<T> {
    type Item = T;
    type IntoIter = Iter<T>;

    fn into_green_iter(self) -> Iter<T> {
        self.iter()
    }
}

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
    /// The item is in here before the first attempt, and after a wait that came to nothing.
    item: &'a Cell<Option<T>>,
    offer: Option<u64>,
}

impl<'a, T> Put<'a, T> {
    fn new(queue: &'a Queue<T>, item: &'a Cell<Option<T>>) -> Self {
        Put { queue, item, offer: None }
    }

    fn begin(&mut self, waker: Waker) -> Option<Result<(), ShutDown>> {
        let mut state = self.queue.state();
        if state.is_shut_down {
            return Some(Err(ShutDown(())));
        }
        let item = self.item.take().expect("a put begins with its item");
        let has_room = state.has_room();
        if has_room {
            state.insert(item);
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
    type Output = Result<(), ShutDown>;

    fn attempt(&mut self, waker: &Waker) -> Option<Self::Output> {
        let waker = waker.clone();
        let Some(number) = self.offer else { return self.begin(waker) };
        let mut state = self.queue.state();
        let is_shut_down = state.is_shut_down;
        match state.offers.get_mut(&number) {
            // An offer that is gone was accepted.
            None => Some(Ok(())),
            // It is taken back when this is dropped.
            Some(_) if is_shut_down => Some(Err(ShutDown(()))),
            Some(offer) => {
                let unused = std::mem::replace(&mut offer.waker, waker);
                drop(state);
                drop(unused);
                None
            }
        }
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
        let Some(number) = self.offer else { return };
        let mut state = self.queue.state();
        let Some(Offer { item, waker }) = state.offers.remove(&number) else { return };
        // The getter that was notified of it waits on.
        self.queue.wake(state);
        drop(waker);
        self.item.set(Some(item));
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
        // Each gets the item that is as far back as its own place, on whatever OS thread it runs
        // first.
        let (unused, others) = match self.ticket {
            // Those in line go first, notified or not, so that the oldest item is for whoever came
            // first.
            None if state.getters.notified() == 0 && (state.supply() > 0 || state.is_over()) => (None, 0),
            None => {
                state.give_back_room();
                self.ticket = Some(state.getters.enqueue(waker));
                // There may be an item for this one as well, or the end.
                self.queue.wake(state);
                return None;
            }
            Some(ticket) if state.getters.is_notified(ticket) => {
                self.ticket = None;
                let others = state.getters.rank(ticket);
                (state.getters.dequeue(ticket), others)
            }
            Some(ticket) => {
                let unused = state.getters.renew(ticket, waker);
                drop(state);
                drop(unused);
                return None;
            }
        };
        // There is an item for everybody who was notified, unless the queue is over.
        let item = self.queue.take(state, others);
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
            let unused = state.getters.dequeue(ticket);
            // If it had been notified, the next one is.
            self.queue.wake(state);
            drop(unused);
        }
    }
}

/// Waits until there is an item to look at.
struct Peek<'a, T> {
    queue: &'a Queue<T>,
    ticket: Option<Ticket>,
}

impl<T: Clone> Attempt for Peek<'_, T> {
    type Output = Result<T, ShutDown>;

    fn attempt(&mut self, waker: &Waker) -> Option<Self::Output> {
        let waker = waker.clone();
        let mut state = self.queue.state();
        if let Some(item) = state.first() {
            let item = item.clone();
            drop(state);
            return Some(Ok(item));
        }
        if state.is_shut_down {
            drop(state);
            return Some(Err(ShutDown(())));
        }
        // Notified of an item that is gone by now, it goes back in line.
        let notified = self.ticket.take_if(|ticket| state.peekers.is_notified(*ticket));
        let left = notified.and_then(|ticket| state.peekers.dequeue(ticket));
        let unused = state.peekers.wait(&mut self.ticket, waker);
        drop(state);
        drop((left, unused));
        None
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for an item of a queue that any OS thread may fill, to look at it")
    }
}

impl<T> Drop for Peek<'_, T> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let unused = self.queue.state().peekers.dequeue(ticket);
            drop(unused);
        }
    }
}

/// Waits until everything that was put is done.
struct Joined<'a, T> {
    queue: &'a Queue<T>,
    ticket: Option<Ticket>,
}

impl<T> Attempt for Joined<'_, T> {
    type Output = ();

    fn attempt(&mut self, waker: &Waker) -> Option<()> {
        let waker = waker.clone();
        let mut state = self.queue.state();
        let is_done = match self.ticket {
            None => state.unfinished == 0,
            Some(ticket) => state.joiners.is_notified(ticket),
        };
        if is_done {
            drop(state);
            return Some(());
        }
        let unused = state.joiners.wait(&mut self.ticket, waker);
        drop(state);
        drop(unused);
        None
    }

    fn is_settled(&self) -> bool {
        self.ticket.is_some()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for the items of a queue to be done, on whatever OS threads")
    }
}

impl<T> Drop for Joined<'_, T> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let unused = self.queue.state().joiners.dequeue(ticket);
            drop(unused);
        }
    }
}
