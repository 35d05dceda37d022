//! A limit on how many green threads run at once. eventlet's `greenpool`, with what gevent's `pool`
//! adds.
//!
//! ```text
//!  mod.rs       GreenPool: spawn, wait, end            slots.rs     who has a slot, who waits for one
//!  members.rs   the threads of a pool                  inline.rs    a job that its spawner runs itself
//!  map.rs       a job for each input                   imap.rs      its results, one after another
//!  pile.rs      GreenPile: results as spawned          results.rs   threads that are read in order
//!  group.rs     members from elsewhere, failures       error.rs     a pool that has no room
//! ```

use std::fmt;
use std::future::Future;
use std::rc::Rc;

use crate::call::Green;
use crate::call::lazy::Start;
use crate::call::{GreenCall, MakesGreenCall};
use crate::green;
use crate::greenthread::GreenThread;
use crate::hub::current;
use crate::hub::same::same_object;
use crate::hub::suspend::until;
use crate::hub::task::Place;

mod error;
mod group;
mod imap;
mod inline;
mod map;
mod members;
mod pile;
mod results;
mod slots;

pub use error::PoolFull;
pub use imap::Imap;
pub use pile::GreenPile;

use slots::{Emptied, FreeSlot, Slots};

/// A bounded number of green threads: whoever spawns into a full pool waits for one to end.
///
/// Clones are handles on one pool. Dropping the last handle leaves its threads running. The threads
/// of a pool are its *members*; each takes a *slot* when `spawn` returns and gives it back when it
/// has ended, however it ends: by returning, by a panic, by a kill, before it began or after.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventlet::{GreenPool, green, sleep};
///
/// #[green]
/// fn double(n: u64) -> u64 {
///     sleep(Duration::from_millis(1));
///     2 * n
/// }
///
/// #[green]
/// fn main() {
///     let pool = GreenPool::new(2);
///     let threads: Vec<_> = [pool.spawn(|| double(1)), pool.spawn(|| double(2))].into();
///     assert_eq!(pool.free(), 0);
///     let third = pool.spawn(|| double(3)); // waits for one of the two
///     assert_eq!(third.wait(), 6);
///     pool.waitall();
///     assert!(threads.iter().all(|thread| thread.is_finished()));
/// }
/// ```
///
/// eventlet's `GreenPool`, gevent's `Pool`.
#[doc(alias = "Group")]
#[derive(Clone)]
pub struct GreenPool {
    pub(crate) slots: Rc<Slots>,
}

/// How many slots a pool has when nothing is said.
const DEFAULT_SIZE: usize = 1000;

impl GreenPool {
    /// A pool in which at most `size` threads run at once. With a size of zero a spawn waits until
    /// it is [resized](Self::resize).
    pub fn new(size: usize) -> Self {
        GreenPool { slots: Rc::new(Slots::new(size)) }
    }

    /// Starts a green thread in the pool. Suspends while the pool is full, and only then; whoever
    /// waits longest is served first.
    ///
    /// A member that spawns into its own full pool does not wait, since it might wait for itself:
    /// the job runs in place, in the member, which goes on when the job has ended. The handle that
    /// it gets is that of a thread that has ended. A panic of such a job is kept in the handle, as
    /// any thread's is (eventlet raises it here).
    ///
    /// eventlet's and gevent's `Pool.spawn`.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here drops the job without starting it; no slot is lost. A job that runs
    /// in place is dropped where it stands.
    #[green(by_hand = "it begins before it is driven")]
    pub fn spawn<F, G, T>(&self, f: F) -> Green<impl Future<Output = GreenThread<T>>>
    where
        F: MakesGreenCall<G> + 'static, // arguments go into a closure: `move || work(1, 2)`
        G: GreenCall<Value = T> + 'static,
        G::Value: 'static,
    {
        let place = Place::here();
        Green::new(async move {
            if self.slots.is_full() && self.is_member() {
                return inline::run(Box::pin(Start::new(f))).await.spawned_at(place);
            }
            until(FreeSlot::new(&self.slots)).await;
            self.slots.start(f).spawned_at(place)
        })
    }

    /// Starts a green thread in the pool, without a handle. Suspends as [`spawn`](Self::spawn)
    /// does.
    ///
    /// A panic of the job is printed when it happens, an `Err` that it ends with is
    /// [reported](crate::greenthread::set_error_hook), and neither stops anything else. eventlet's
    /// `spawn_n`.
    ///
    /// # Cancel safety
    ///
    /// As in [`spawn`](Self::spawn).
    ///
    /// # Panics
    ///
    /// As [`spawn`](Self::spawn).
    #[green(by_hand = "it begins before it is driven")]
    pub fn spawn_n<F, G>(&self, f: F) -> Green<impl Future<Output = ()>>
    where
        F: MakesGreenCall<G> + 'static, // arguments go into a closure: `move || work(1, 2)`
        G: GreenCall + 'static,
        G::Value: 'static,
    {
        let place = Place::here();
        Green::new(async move { drop(self.spawn(f).await.spawned_at(place)) })
    }

    /// Starts a green thread in the pool if it has a free slot now. Does not suspend.
    ///
    /// # Errors
    ///
    /// [`PoolFull`], which gives the job back. gevent's `spawn(…, blocking=False)`.
    ///
    /// # Panics
    ///
    /// As [`spawn`](Self::spawn).
    #[track_caller]
    pub fn try_spawn<F, G>(&self, f: F) -> Result<GreenThread<G::Value>, PoolFull<F>>
    where
        F: MakesGreenCall<G> + 'static, // arguments go into a closure: `move || work(1, 2)`
        G: GreenCall + 'static,
        G::Value: 'static,
    {
        if self.slots.is_full() {
            return Err(PoolFull::new(f));
        }
        Ok(self.slots.start(f))
    }

    /// Waits until there is a free slot, and does not take it. Suspends until then; not at all if
    /// there is one.
    ///
    /// Those who wait in [`spawn`](Self::spawn) come first. A slot is free when this returns; after
    /// a suspension somebody else may have it.
    ///
    /// gevent's `Pool.wait_available`.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    #[green(by_hand = "a wait, and little else")]
    pub fn wait_available(&self) -> Green<impl Future<Output = ()>> {
        Green::new(async move {
            loop {
                until(FreeSlot::new(&self.slots)).await;
                // It is not taken here, so it goes to whoever comes next in the line.
                self.slots.settle();
                if !self.slots.is_full() {
                    return;
                }
            }
        })
    }

    /// Waits until no thread of the pool is left. Suspends until then; not at all if there is none.
    ///
    /// It is enough that the pool was empty once: a thread that is spawned between that moment and
    /// the next turn of the waiting one is not waited for. Threads that wait in
    /// [`spawn`](Self::spawn) are, since a slot that becomes free is theirs.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Panics
    ///
    /// If a member of the pool calls it: it would wait for its own end.
    ///
    /// eventlet's `waitall`, gevent's `Pool.join`.
    #[green(by_hand = "a wait, and little else")]
    pub fn waitall(&self) -> Green<impl Future<Output = ()>> {
        Green::new(async move {
            if self.is_member() {
                panic!(
                    "`waitall` was called by a member of the pool\n\
                     note: it would wait for its own end, which would never come\n\
                     help: call it from the thread that spawned the members"
                );
            }
            until(Emptied::new(&self.slots)).await;
        })
    }

    /// How many members the pool has, those that have not begun yet included.
    pub fn running(&self) -> usize {
        self.slots.running()
    }

    /// How many more threads can be spawned without waiting. Negative after a
    /// [`resize`](Self::resize) to less than are running.
    ///
    /// A slot that is promised to a thread which waits in [`spawn`](Self::spawn), and which has not
    /// had its turn since, counts as taken.
    pub fn free(&self) -> isize {
        self.slots.free()
    }

    /// How many threads wait in [`spawn`](Self::spawn) for a slot.
    pub fn waiting(&self) -> usize {
        self.slots.waiting()
    }

    /// How many threads may run at once.
    pub fn size(&self) -> usize {
        self.slots.size()
    }

    /// Changes how many threads may run at once. Does not suspend.
    ///
    /// Growing wakes as many of those that wait in [`spawn`](Self::spawn) as there is room for
    /// (eventlet leaves them waiting for the next end). Shrinking ends nobody: [`free`](Self::free)
    /// is negative until enough have ended.
    ///
    /// eventlet's `resize`.
    pub fn resize(&self, size: usize) {
        self.slots.resize(size);
    }

    /// Kills every member, in the order in which they were spawned. Does not suspend.
    ///
    /// Each is killed once, as by [`Thread::kill`](crate::Thread::kill), and so are those that are
    /// added by what runs meanwhile (destructors, [`catch_exit`](crate::greenthread::catch_exit)
    /// scopes). A second call does not end the clean-ups that the first has begun: a member that
    /// has caught one kill is killed again only in a `catch_exit` that it has entered since. The
    /// running thread is spared if it is a member itself: it can end by returning. A member that
    /// catches its exit may still be there afterwards; [`waitall`](Self::waitall) waits for it.
    /// Threads that wait in [`spawn`](Self::spawn) are no members, and get the slots that become
    /// free.
    ///
    /// gevent's `Pool.kill`.
    pub fn killall(&self) {
        let hub = current::with(|hub| hub.clone());
        let myself = hub.current().map(|task| task.id());
        let mut last = 0;
        while let Some(member) = self.slots.member_after(last) {
            last = member.id();
            if Some(last) != myself && self.slots.may_kill(&member) {
                hub.kill(&member);
            }
        }
    }

    /// Is the running thread a member?
    pub(crate) fn is_member(&self) -> bool {
        current::with(|hub| hub.current()).is_some_and(|task| self.slots.has_member(task.id()))
    }
}

/// A pool with that number of slots.
impl From<usize> for GreenPool {
    fn from(size: usize) -> Self {
        GreenPool::new(size)
    }
}

/// A pool of 1000 slots.
impl Default for GreenPool {
    fn default() -> Self {
        GreenPool::new(DEFAULT_SIZE)
    }
}

same_object!(impl[] GreenPool, |pool| &*pool.slots);

impl fmt::Debug for GreenPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GreenPool")
            .field("size", &self.size())
            .field("running", &self.running())
            .field("waiting", &self.waiting())
            .finish()
    }
}
