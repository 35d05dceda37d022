//! std's `sync::mpsc`: channels whose waits suspend.
//!
//! Both ends are for any OS thread, as in std: whoever sends and whoever receives may be green
//! threads of two hubs. The errors are std's own. `for` goes over a [`Receiver`], a reference to
//! one, and [`Receiver::iter`], which are green iterators.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

use crate::green;
use crate::iter::{GreenIterator, IntoGreenIterator};
use crate::sync::{GetError, PutError, Queue};

/// A channel without a limit: a send never waits. std's `channel`.
///
/// What is sent and not received yet is kept, however much that is: where the sender may be faster
/// than the receiver, [`sync_channel`] has a limit.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::std::sync::mpsc::{Sender, channel};
/// use eventlet::green::std::thread;
///
/// #[green]
/// fn count(to: Sender<u32>) {
///     for n in 1..=3 {
///         to.send(n).unwrap();
///         thread::yield_now();
///     }
/// }
///
/// #[green]
/// fn main() {
///     let (to, from) = channel();
///     thread::spawn(move || count(to));
///     let mut sum = 0;
///     for n in from {
///         sum += n; // suspends for each until it is there
///     }
///     assert_eq!(sum, 6);
/// }
/// ```
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (alive, receiver) = ends(usize::MAX);
    (Sender { alive }, receiver)
}

/// A channel in which at most `bound` values lie, while sends of more suspend. std's
/// `sync_channel`.
///
/// With a bound of zero each value goes from hand to hand: a send suspends until it is received.
///
/// # Examples
///
/// ```
/// use eventlet::green::std::sync::mpsc::{TrySendError, sync_channel};
///
/// let (to, from) = sync_channel(1);
/// to.try_send(1).unwrap();
/// assert_eq!(to.try_send(2), Err(TrySendError::Full(2)));
/// assert_eq!(from.try_recv(), Ok(1));
/// ```
pub fn sync_channel<T>(bound: usize) -> (SyncSender<T>, Receiver<T>) {
    let (alive, receiver) = ends(bound);
    (SyncSender { alive }, receiver)
}

fn ends<T>(capacity: usize) -> (Arc<Alive<T>>, Receiver<T>) {
    // What is sent may borrow.
    let queue = Queue::borrowing(capacity);
    (Arc::new(Alive { queue: queue.clone() }), Receiver { queue, _of_one: PhantomData })
}

/// What all senders of a channel share: with the last of them the channel ends.
struct Alive<T> {
    queue: Queue<T>,
}

impl<T> Drop for Alive<T> {
    fn drop(&mut self) {
        self.queue.shutdown();
    }
}

/// The end of a [`channel`] into which values go. Its clones do the same; when the last is dropped,
/// the channel ends after what lies in it.
pub struct Sender<T> {
    alive: Arc<Alive<T>>,
}

/// The end of a [`sync_channel`] into which values go. Its clones do the same; when the last is
/// dropped, the channel ends after what lies in it.
pub struct SyncSender<T> {
    alive: Arc<Alive<T>>,
}

/// The end of a channel out of which values come. When it is dropped, what lies in the channel is,
/// too, and sends fail.
pub struct Receiver<T> {
    queue: Queue<T>,
    /// It may be sent to another OS thread, and not used by two: std's is so.
    _of_one: PhantomData<Cell<()>>,
}

impl<T> Sender<T> {
    /// Sends a value. Does not suspend.
    ///
    /// # Errors
    ///
    /// The value, if the receiver is gone.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.alive.queue.try_put(value).map_err(|error| SendError(refused(error)))
    }
}

impl<T> SyncSender<T> {
    /// Sends a value. Suspends while there is no room for it; in a channel without any, until it is
    /// received.
    ///
    /// # Errors
    ///
    /// The value, if the receiver is gone, or goes before it has room.
    ///
    /// # Cancel safety
    ///
    /// A send that is killed or timed out while it waits has sent nothing, unless its value had
    /// moved in already; a value that was not sent goes with it.
    #[green(crate = crate)]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.alive.queue.put(value).map_err(|refused| SendError(refused.0))
    }

    /// Sends a value if there is room; in a channel without any, if somebody waits for it. Does not
    /// suspend.
    ///
    /// # Errors
    ///
    /// The value: `Full` if there is no room, `Disconnected` if the receiver is gone.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        self.alive.queue.try_put(value).map_err(|error| match error {
            PutError::Full(value) => TrySendError::Full(value),
            PutError::ShutDown(value) => TrySendError::Disconnected(value),
        })
    }
}

fn refused<T>(error: PutError<T>) -> T {
    match error {
        PutError::Full(value) | PutError::ShutDown(value) => value,
    }
}

impl<T> Receiver<T> {
    /// Receives the oldest value. Suspends until there is one; not at all if there is.
    ///
    /// # Errors
    ///
    /// [`RecvError`] when the last sender is gone and nothing lies in the channel.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here has received nothing.
    #[green(crate = crate)]
    pub fn recv(&self) -> Result<T, RecvError> {
        self.queue.get().map_err(|_| RecvError)
    }

    /// Receives the oldest value within `timeout`. Suspends until there is one; not at all if there
    /// is.
    ///
    /// # Errors
    ///
    /// `Timeout` when that is over first, `Disconnected` as [`recv`](Self::recv).
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here has received nothing.
    #[green(crate = crate)]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        self.queue.get_timeout(timeout).map_err(|error| match error {
            GetError::Empty => RecvTimeoutError::Timeout,
            GetError::ShutDown => RecvTimeoutError::Disconnected,
        })
    }

    /// Receives the oldest value if there is one. Does not suspend.
    ///
    /// # Errors
    ///
    /// `Empty` if there is none, `Disconnected` as [`recv`](Self::recv).
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.queue.try_get().map_err(|error| match error {
            GetError::Empty => TryRecvError::Empty,
            GetError::ShutDown => TryRecvError::Disconnected,
        })
    }

    /// The values as they come, until the last sender is gone: a green iterator.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { receiver: self }
    }

    /// The values that are there: an ordinary iterator, which never suspends.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter { receiver: self }
    }

    /// The values as they come, until the last sender is gone: a green iterator, which has the
    /// receiver.
    #[expect(clippy::should_implement_trait, reason = "std's trait cannot suspend")]
    pub fn into_iter(self) -> IntoIter<T> {
        IntoIter { receiver: self }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.queue.shutdown_now();
    }
}

/// What [`Receiver::iter`] gives.
#[derive(Debug)]
pub struct Iter<'a, T: 'a> {
    receiver: &'a Receiver<T>,
}

/// What [`Receiver::try_iter`] gives.
#[derive(Debug)]
pub struct TryIter<'a, T: 'a> {
    receiver: &'a Receiver<T>,
}

/// What [`Receiver::into_iter`] gives.
#[derive(Debug)]
pub struct IntoIter<T> {
    receiver: Receiver<T>,
}

own_next! { for [T] Iter<'_, T>, for [T] IntoIter<T> }

impl<T> GreenIterator for Iter<'_, T> {
    type Item = T;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

impl<T> GreenIterator for IntoIter<T> {
    type Item = T;

    #[green(crate = crate)]
    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.try_recv().ok()
    }
}

impl<'a, T> IntoGreenIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_green_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoGreenIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_green_iter(self) -> IntoIter<T> {
        self.into_iter()
    }
}

macro_rules! end_of_a_channel {
    ($($End:ident),*) => {$(
        impl<T> fmt::Debug for $End<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($End)).finish_non_exhaustive()
            }
        }
    )*};
}

end_of_a_channel!(Sender, SyncSender, Receiver);

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender { alive: self.alive.clone() }
    }
}

impl<T> Clone for SyncSender<T> {
    fn clone(&self) -> Self {
        SyncSender { alive: self.alive.clone() }
    }
}
