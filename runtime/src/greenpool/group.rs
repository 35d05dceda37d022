//! What gevent's groups add to a pool: members that were spawned elsewhere, and a wait that tells
//! of failures.

use std::future::Future;

use super::GreenPool;
use super::slots::FreeSlot;
use crate::call::Green;
use crate::call::{GreenCall, MakesGreenCall};
use crate::green;
use crate::greenthread::Thread;
use crate::hub::exit::Exit;
use crate::hub::suspend::until;

impl GreenPool {
    /// A pool without a limit: a group of threads to wait for, to kill and to count. gevent's
    /// `Group`.
    ///
    /// ```
    /// use eventlet::{GreenPool, green, spawn};
    ///
    /// #[green]
    /// fn talk(message: &'static str) {
    ///     println!("{message}");
    /// }
    ///
    /// #[green]
    /// fn main() {
    ///     let group = GreenPool::unlimited();
    ///     group.add(&spawn(|| talk("bar")));
    ///     group.spawn_n(|| talk("foo"));
    ///     assert_eq!(group.running(), 2);
    ///     group.waitall();
    /// }
    /// ```
    pub fn unlimited() -> Self {
        GreenPool::new(usize::MAX)
    }

    /// Makes a member of a thread that was spawned elsewhere, until it ends or is
    /// [discarded](Self::discard). Suspends while the pool is full, and only then.
    ///
    /// A thread that has ended or is a member already takes no slot.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing: the thread is no member. gevent's `add`.
    #[green(by_hand = "a wait, and little else")]
    pub fn add(&self, thread: &impl AsRef<Thread>) -> Green<impl Future<Output = ()>> {
        Green::new(async move {
            let thread = thread.as_ref();
            if thread.is_finished() || self.contains(thread) {
                return;
            }
            until(FreeSlot::new(&self.slots)).await;
            self.slots.adopt(thread);
            // It may have ended meanwhile, and then the slot goes to the next in line.
            self.slots.settle();
        })
    }

    /// Makes a member of a thread if the pool has a free slot now; `false` if it has none. Does not
    /// suspend.
    ///
    /// gevent's `add(…, blocking=False)`.
    pub fn try_add(&self, thread: &impl AsRef<Thread>) -> bool {
        let thread = thread.as_ref();
        let is_tracked = thread.is_finished() || self.contains(thread);
        if !is_tracked && self.slots.is_full() {
            return false;
        }
        self.slots.adopt(thread);
        true
    }

    /// Lets a member go, whose slot is free at once; `false` if it is none. The thread goes on.
    /// Does not suspend.
    ///
    /// gevent's `discard`.
    pub fn discard(&self, thread: &impl AsRef<Thread>) -> bool {
        self.slots.release(thread.as_ref().id())
    }

    /// Is this thread a member?
    pub fn contains(&self, thread: &impl AsRef<Thread>) -> bool {
        self.slots.has_member(thread.as_ref().id())
    }

    /// The members, in the order in which they were spawned. gevent's iteration over a group.
    pub fn members(&self) -> Vec<Thread> {
        let mut members = Vec::new();
        let mut last = 0;
        while let Some(member) = self.slots.member_after(last) {
            last = member.id();
            members.push(Thread(member));
        }
        members
    }

    /// Spawns a job and waits for its value. Suspends until then.
    ///
    /// A member of a full pool runs the job itself, as [`spawn`](Self::spawn) says.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here leaves a job that has its own thread running, detached. gevent's
    /// `apply`.
    ///
    /// # Panics
    ///
    /// Raises the panic of the job.
    #[green(by_hand = "it drives what it is given")]
    pub fn apply<F, G, T>(&self, f: F) -> Green<impl Future<Output = T>>
    where
        F: MakesGreenCall<G> + 'static,
        G: GreenCall<Value = T> + 'static,
        G::Value: 'static,
    {
        Green::new(async move { self.spawn(f).await.wait().await })
    }

    /// Waits until no thread of the pool is left, and says whether one of those that are members
    /// now has failed. Suspends as [`waitall`](Self::waitall).
    ///
    /// gevent's `join(raise_error=True)`.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// How the first of them, in the order in which they were spawned, ended that did not return.
    /// Members that have ended before this is called are not remembered.
    ///
    /// # Panics
    ///
    /// As [`waitall`](Self::waitall).
    #[green(by_hand = "a wait, and little else")]
    pub fn try_waitall(&self) -> Green<impl Future<Output = Result<(), Exit>>> {
        Green::new(async move {
            let members = self.members();
            self.waitall().await;
            let failed = members.into_iter().find_map(|member| member.0.exit());
            failed.map_or(Ok(()), Err)
        })
    }
}
