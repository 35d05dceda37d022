//! Green threads: spawning them, waiting for them, ending them.
//!
//! What eventlet has in `eventlet.greenthread` and gevent in `gevent.Greenlet`. The most used names stand at the
//! crate's root as well.

pub(crate) mod builder;
mod catch_exit;
mod idle;
pub(crate) mod iwait;
pub(crate) mod join;
mod joinall;
pub(crate) mod spawn;
mod spawn_tree;

use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use crate::call::Green;
use crate::greenthread::join::Ended;
use crate::hub::current;
use crate::hub::exit::Exit;
use crate::hub::suspend::{Sleep, until};
use crate::hub::task::Outcome;

pub use crate::hub::task::Thread;
pub use builder::{Builder, Unstarted};
pub use catch_exit::{GreenletExit, catch_exit};
pub use idle::idle;
pub use iwait::{Iwait, iwait};
pub use joinall::{Joinable, joinall, killall, killall_timeout, try_joinall, wait, wait_timeout};
pub use spawn::{spawn, spawn_after, spawn_after_local, spawn_n};
pub use spawn_tree::{spawn_tree, track_spawns};

/// Suspends the running green thread for at least `duration`; others run meanwhile.
///
/// Zero gives way once: every thread that is ready now runs before this returns, so threads that do nothing but
/// `sleep(Duration::ZERO)` take turns in order. It costs no system call and starves neither I/O nor timers.
/// A `duration` longer than the clock reaches (`Duration::MAX`) never ends, and does not count as something that
/// could wake a thread when the hub looks for a deadlock. It never returns early.
///
/// A kill or a timeout loses nothing here.
///
/// ```
/// use std::time::Duration;
///
/// #[eventlet::green]
/// fn main() {
///     eventlet::sleep(Duration::from_millis(1));
/// }
/// ```
///
/// eventlet's and gevent's `sleep`, in seconds there.
#[inline]
#[cfg_attr(debug_assertions, track_caller)]
pub fn sleep(duration: Duration) -> Green<impl Future<Output = ()>> {
    Green::new(until(Sleep::lasting(duration)))
}

/// The green thread that runs.
///
/// # Panics
///
/// Outside a green thread; [`try_current`] has that as a value. eventlet's and gevent's `getcurrent`.
#[track_caller]
pub fn current() -> Thread {
    try_current().expect("no green thread runs here")
}

/// The green thread that runs, if one does.
pub fn try_current() -> Option<Thread> {
    current::try_with(|hub| hub.current()).flatten().map(Thread)
}

/// The right to wait for a green thread's value: what [`spawn`] gives.
///
/// It is also a [`Thread`], the handle without that right, which is cheap to clone and has any number of waiters.
/// Dropping a `GreenThread` detaches its thread.
pub struct GreenThread<T> {
    outcome: Outcome<T>,
}

impl<T> GreenThread<T> {
    pub(crate) fn new(outcome: Outcome<T>) -> Self {
        GreenThread { outcome }
    }

    /// Waits for the thread's value. Suspends until the thread has ended; not at all if it has.
    ///
    /// A kill or timeout here leaves the thread running, detached.
    ///
    /// # Panics
    ///
    /// Raises the thread's own panic, without printing it again; panics if the thread was killed, and if it is the
    /// running one. [`join`](Self::join) has these as values.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn wait(self) -> Green<impl Future<Output = T> + use<T>> {
        Green::new(async move {
            match self.join().await {
                Ok(value) => value,
                Err(exit) => exit.raise(),
            }
        })
    }

    /// Waits for the thread's end, however it ends. Suspends until then; not at all if it has ended.
    ///
    /// A kill or timeout here leaves the thread running, detached.
    ///
    /// # Errors
    ///
    /// The [`Exit`] of a thread that was killed or panicked.
    ///
    /// # Panics
    ///
    /// If it is the running thread: that would never end.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn join(self) -> Green<impl Future<Output = Result<T, Exit>> + use<T>> {
        Green::new(async move {
            let task = self.outcome.task();
            if !task.is_done() {
                until(Ended::new(task)).await;
            }
            self.outcome.take().expect("the result is taken here alone, and `self` is consumed")
        })
    }

    /// How the thread ended, if it has.
    pub(crate) fn into_result(self) -> Option<Result<T, Exit>> {
        self.outcome.take()
    }

    /// The handle without the right to the value.
    pub fn thread(&self) -> &Thread {
        self.outcome.thread()
    }
}

impl<T> std::ops::Deref for GreenThread<T> {
    type Target = Thread;

    fn deref(&self) -> &Thread {
        self.outcome.thread()
    }
}

impl<T> AsRef<Thread> for GreenThread<T> {
    fn as_ref(&self) -> &Thread {
        self.outcome.thread()
    }
}

impl<T> fmt::Debug for GreenThread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_thread("GreenThread", self, f)
    }
}

impl Thread {
    /// A number that no other thread of this hub has or had; the first is 1.
    pub fn id(&self) -> u64 {
        self.0.id()
    }

    /// The name given by [`set_name`](Self::set_name).
    pub fn name(&self) -> Option<Rc<str>> {
        self.0.if_extra(|extra| extra.name.clone()).flatten()
    }

    /// Names the thread, for messages.
    pub fn set_name(&self, name: &str) {
        self.0.with_extra(|extra| extra.name = Some(name.into()));
    }

    /// Has it returned, panicked, or been killed?
    pub fn is_finished(&self) -> bool {
        self.0.is_done()
    }

    /// Has its body begun? (It may have ended since.)
    pub fn is_started(&self) -> bool {
        self.0.is_started()
    }

    /// Ends the thread from outside. Does not suspend.
    ///
    /// * Not started yet: its body never runs.
    /// * Suspended: its innermost [`catch_exit`] is resumed at once with `Err(GreenletExit)`, up to its next
    ///   suspension, and may clean up or even refuse. With no such scope its state is dropped there and then;
    ///   the destructors have run when this returns.
    /// * Running (a thread that kills itself): as above at its next suspension.
    /// * Ended: nothing happens.
    ///
    /// Whoever waits for it is woken, its links run. [`join`](GreenThread::join) gives [`Exit::Killed`].
    ///
    /// eventlet's and gevent's `kill`. No exception can be thrown in its place: a thread that wants to be told more
    /// takes it from a queue.
    pub fn kill(&self) {
        current::with(|hub| hub.clone()).kill(&self.0);
    }

    /// Kills the thread if its body has not begun; does nothing otherwise. eventlet's `cancel`.
    pub fn cancel(&self) {
        if !self.is_started() {
            self.kill();
        }
    }

    /// Waits for the thread's end, without its value. Any number of threads may. Suspends until then; not at all if it
    /// has ended.
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// [`Exit::Killed`], or [`Exit::Panicked`] with the panic's text.
    ///
    /// # Panics
    ///
    /// If it is the running thread: that would never end.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn join(&self) -> Green<impl Future<Output = Result<(), Exit>> + use<>> {
        let task = self.0.clone();
        Green::new(async move {
            until(Ended::new(&task)).await;
            task.exit().map_or(Ok(()), Err)
        })
    }

    /// Calls `f` with this thread when it ends, however it ends. If it has ended, now.
    ///
    /// Links run in the order in which they were made, inside the ending thread, after its body was dropped. They are
    /// ordinary code and cannot suspend, but may spawn, and may undo a later one. One that panics does not stop the
    /// next (in eventlet it does). Threads that wait for this one have been woken by then, and go on in their turn.
    ///
    /// eventlet's `link`, gevent's `rawlink`.
    pub fn link(&self, f: impl FnOnce(&Thread) + 'static) -> Link {
        if self.is_finished() {
            f(self);
            return Link(0);
        }
        let thread = self.clone();
        self.0.with_extra(|extra| {
            extra.links_made += 1;
            extra.links.push_back((extra.links_made, Box::new(move || f(&thread))));
            Link(extra.links_made)
        })
    }

    /// Calls `f` when this thread has returned; not if it panics or is killed. In all else as [`link`](Self::link).
    ///
    /// gevent's `link_value`.
    pub fn link_value(&self, f: impl FnOnce(&Thread) + 'static) -> Link {
        self.link(move |thread| {
            if thread.0.exit().is_none() {
                f(thread);
            }
        })
    }

    /// Calls `f` when this thread has panicked or was killed, with how; not if it returns. In all else as
    /// [`link`](Self::link).
    ///
    /// gevent's `link_exception`.
    #[doc(alias = "link_exception")]
    pub fn link_error(&self, f: impl FnOnce(&Thread, Exit) + 'static) -> Link {
        self.link(move |thread| {
            if let Some(exit) = thread.0.exit() {
                f(thread, exit);
            }
        })
    }

    /// The number of the thread that spawned this one, if there was one and [`track_spawns`] was on at that time.
    ///
    /// gevent's `spawning_greenlet`.
    pub fn spawner(&self) -> Option<u64> {
        self.0.if_extra(|extra| extra.spawner).flatten()
    }

    /// Undoes a [`link`](Self::link); `false` if it was undone before or has run.
    pub fn unlink(&self, link: Link) -> bool {
        let unlinked = self.0.if_extra(|extra| {
            let index = extra.links.iter().position(|(id, _)| *id == link.0)?;
            extra.links.remove(index)
        });
        // What the closure holds is dropped here, when nothing is borrowed.
        unlinked.flatten().is_some()
    }
}

/// Which link of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link(u64);

impl AsRef<Thread> for Thread {
    fn as_ref(&self) -> &Thread {
        self
    }
}

impl PartialEq for Thread {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

impl Eq for Thread {}

impl std::hash::Hash for Thread {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_thread("Thread", self, f)
    }
}

fn fmt_thread(what: &str, thread: &Thread, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = f.debug_struct(what);
    text.field("id", &thread.id());
    if let Some(name) = thread.name() {
        text.field("name", &name);
    }
    text.field("finished", &thread.is_finished()).finish()
}
