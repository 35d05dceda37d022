//! Green threads: spawning them, waiting for them, ending them.
//!
//! What eventlet has in `eventlet.greenthread` and gevent in `gevent.Greenlet`. The most used names
//! stand at the crate's root as well.

#[cfg(feature = "http")]
pub(crate) mod at_once;
pub(crate) mod builder;
mod every;
pub(crate) mod lost;
mod catch_exit;
mod idle;
pub(crate) mod iwait;
pub(crate) mod join;
mod joinall;
mod kill_on_drop;
pub(crate) mod spawn;
mod spawn_tree;

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::call::Green;
use crate::call::lazy::Start;
use crate::call::{GreenCall, MakesGreenCall};
use crate::green;
use crate::greenthread::join::Join;
use crate::hub::current;
use crate::hub::exit::{Exit, Panic, Reason};
use crate::hub::suspend::{Sleep, until};
use crate::hub::task::{JoinHandle, Place};

pub use crate::greenthread::every::{Overrun, every, every_with};
pub use crate::greenthread::lost::{ErrorHook, LostError, set_error_hook, take_error_hook};
pub use crate::hub::task::Thread;
pub use builder::{Builder, Unstarted};
pub use catch_exit::{GreenletExit, catch_exit};
pub use idle::idle;
pub use iwait::{Iwait, iwait};
pub use joinall::{Joinable, joinall, killall, killall_timeout, try_joinall, wait, wait_timeout};
pub use kill_on_drop::KillOnDrop;
pub use spawn::{spawn, spawn_after, spawn_after_local, spawn_n};
pub use spawn_tree::{spawn_tree, track_spawns};

/// Suspends the running green thread for at least `duration`; others run meanwhile.
///
/// Zero yields once: every thread that is ready now runs before this returns, so threads that do
/// nothing but `sleep(Duration::ZERO)` take turns in order. It costs no system call and starves
/// neither I/O nor timers. A `duration` longer than the clock reaches (`Duration::MAX`) never ends,
/// and does not count as something that could wake a thread when the hub looks for a deadlock.
///
/// It never returns early. On a free processor it is late by what the kernel takes (some 60 µs),
/// and by a 256th of the duration and about a millisecond at most, so that those that sleep long
/// are woken together; where four or more are due within 50 µs, they are woken together, too. Under
/// a virtual clock it is exact.
///
/// # Cancel safety
///
/// A kill or a timeout loses nothing here.
///
/// # Examples
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
#[green(by_hand = "a wait, and little else")]
pub fn sleep(duration: Duration) -> Green<impl Future<Output = ()>> {
    Green::new(until(Sleep::lasting(duration)))
}

/// The green thread that runs.
///
/// # Panics
///
/// Outside a green thread; [`try_current`] has that as a value. eventlet's and gevent's
/// `getcurrent`.
#[doc(alias = "getcurrent")]
#[track_caller]
pub fn current() -> Thread {
    try_current().expect("no green thread runs here")
}

/// The green thread that runs, if one does.
pub fn try_current() -> Option<Thread> {
    current::find().and_then(|hub| hub.current()).map(Thread)
}

/// Ends the running green thread, from however deep a call: the code after this is not reached.
/// Suspends, and does not come back.
///
/// It is a [kill](Thread::kill) of oneself, right here. So the destructors of all that the thread
/// has on its way here run, [`join`](GreenThread::join) gives [`Exit::Killed`], and a
/// [`catch_exit`] around this catches it and goes on after its call. A thread that has a value for
/// those who wait returns it instead.
///
/// In a branch of several (of a [`scope`](crate::scope()), a [`join`](crate::join), a
/// [`race`](crate::race)) it ends the whole thread, as a kill from outside does.
///
/// ```
/// use eventlet::{Exit, green, spawn};
/// use eventlet::greenthread::exit;
///
/// #[green]
/// fn check(n: u32) {
///     if n > 2 {
///         exit();
///     }
/// }
///
/// #[green]
/// fn work() -> u32 {
///     for n in 0.. {
///         check(n);
///     }
///     0
/// }
///
/// #[green]
/// fn main() {
///     assert!(matches!(spawn(work).join(), Err(Exit::Killed)));
/// }
/// ```
///
/// Python's `raise GreenletExit`, and eventlet's `greenthread.kill(getcurrent())`.
///
/// # Panics
///
/// Outside a green thread.
///
/// # Cancel safety
///
/// A timeout here drops the call; the kill was delivered before.
#[green(crate = crate)]
pub fn exit() -> ! {
    current().kill();
    std::future::pending().await
}

/// Makes the call that `f` makes, and gives a panic in it as a value. Suspends while the call does.
///
/// The panic hook has printed the panic by then. What the call has left half done stays so, as
/// after [`std::panic::catch_unwind`]; that is for the caller to think of, and no bound asks. A
/// kill and a timeout are no panics and pass through.
///
/// ```
/// use eventlet::green;
/// use eventlet::greenthread::catch_unwind;
///
/// #[green]
/// fn parse(text: &str) -> u32 {
///     text.parse().expect("a number")
/// }
///
/// #[green]
/// fn main() {
///     assert_eq!(catch_unwind(|| parse("7")).unwrap(), 7);
///     let panic = catch_unwind(|| parse("seven")).unwrap_err();
///     assert!(panic.message().unwrap().starts_with("a number"));
/// }
/// ```
///
/// Python's `try: … except Exception:` around a call.
///
/// # Errors
///
/// The panic of `f`, of the call, or of a destructor when the call is over.
///
/// # Cancel safety
///
/// A kill or timeout here drops the call where it stands.
#[green(by_hand = "it drives what it is given")]
pub fn catch_unwind<F, G, T>(f: F) -> Green<impl Future<Output = Result<T, Panic>>>
where
    F: MakesGreenCall<G>,
    G: GreenCall<Value = T>,
    G::Value: Sized,
{
    Green::new(CatchUnwind { call: Some(Start::new(f)) })
}

pin_project_lite::pin_project! {
    struct CatchUnwind<F, G> {
        #[pin]
        call: Option<Start<F, G>>,
    }
}

impl<F: FnOnce() -> G, G: Future> Future for CatchUnwind<F, G> {
    type Output = Result<G::Output, Panic>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut call = self.project().call;
        let driven = panic::catch_unwind(AssertUnwindSafe(|| {
            let call = call.as_mut().as_pin_mut().expect("a call that is over is not driven again");
            call.poll(cx)
        }));
        let result = match driven {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(value)) => Ok(value),
            Err(payload) => Err(payload),
        };
        // What is left of it goes now; of two panics the first counts.
        let dropped = panic::catch_unwind(AssertUnwindSafe(|| call.set(None)));
        let result = result.and_then(|value| dropped.map(|()| value));
        Poll::Ready(result.map_err(Panic::new))
    }
}

/// The right to wait for a green thread's value: what [`spawn`] gives.
///
/// It is also a [`Thread`], the handle without that right, which is cheap to clone and has any
/// number of waiters. Dropping a `GreenThread` lets its thread go on by itself; an `Err` that it
/// ends with, or has ended with, is reported then (see [`set_error_hook`]), unless
/// [`detach`](Self::detach) says that it does not matter.
pub struct GreenThread<T> {
    outcome: JoinHandle<T>,
}

impl<T> GreenThread<T> {
    pub(crate) fn new(outcome: JoinHandle<T>) -> Self {
        GreenThread { outcome }
    }

    /// Waits for the thread's value. Suspends until the thread has ended; not at all if it has.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here leaves the thread running, detached.
    ///
    /// # Panics
    ///
    /// Raises the thread's own panic, without printing it again; panics if the thread was killed,
    /// and if it is the running one. [`join`](Self::join) has these as values.
    #[green(by_hand = "it captures no more than it says")]
    pub fn wait(self) -> Green<impl Future<Output = T> + use<T>> {
        Green::new(async move {
            match self.join().await {
                Ok(value) => value,
                Err(exit) => exit.raise(),
            }
        })
    }

    /// Waits for the thread's end, however it ends. Suspends until then; not at all if it has
    /// ended.
    ///
    /// # Cancel safety
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
    #[green(by_hand = "it captures no more than it says")]
    pub fn join(self) -> Green<impl Future<Output = Result<T, Exit>> + use<T>> {
        Green::new(async move {
            let task = self.outcome.task();
            if !task.is_done() {
                until(Join::new(task)).await;
            }
            self.outcome.take().expect("the result is taken here alone, and `self` is consumed")
        })
    }

    /// The same, for a spawn that goes through others of this crate.
    #[inline(always)]
    pub(crate) fn spawned_at(self, place: Place) -> Self {
        self.outcome.task().spawned_at(place);
        self
    }

    /// How the thread ended, if it has.
    pub(crate) fn into_result(self) -> Option<Result<T, Exit>> {
        self.outcome.take()
    }

    /// Lets the thread go on by itself, and says that its value does not matter, errors included.
    ///
    /// Dropping the handle does the same, but an `Err` that the thread ends with is reported then:
    /// see [`set_error_hook`].
    ///
    /// ```
    /// use eventlet::{green, spawn};
    ///
    /// #[green]
    /// fn say_goodbye() -> Result<(), String> {
    ///     Err("nobody is there".to_owned())
    /// }
    ///
    /// #[green]
    /// fn main() {
    ///     spawn(say_goodbye).detach();
    /// }
    /// ```
    pub fn detach(self) {
        self.outcome.task().answer_for();
    }

    /// Ties the thread's life to a handle: it is killed when that is dropped.
    ///
    /// tokio's `AbortOnDropHandle`.
    #[doc(alias = "abort_on_drop")]
    pub fn kill_on_drop(self) -> KillOnDrop<T> {
        KillOnDrop::new(self)
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

/// Two are equal if they are on one thread. Of that there is just one `GreenThread`, and any number
/// of [`Thread`]s.
impl<T> PartialEq for GreenThread<T> {
    fn eq(&self, other: &Self) -> bool {
        self.thread() == other.thread()
    }
}

impl<T> Eq for GreenThread<T> {}

impl<T> PartialEq<Thread> for GreenThread<T> {
    fn eq(&self, other: &Thread) -> bool {
        self.thread() == other
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
        self.0.if_cold(|cold| cold.name.clone()).flatten()
    }

    /// Names the thread, for messages.
    pub fn set_name(&self, name: &str) {
        self.0.with_cold(|cold| cold.name = Some(name.into()));
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
    /// * Suspended: its innermost [`catch_exit`] is resumed at once with `Err(GreenletExit)`, up to
    ///   its next suspension, and may clean up or even refuse. With no such scope its state is
    ///   dropped there and then; the destructors have run when this returns.
    /// * Running (a thread that kills itself): as above at its next suspension.
    /// * Ended: nothing happens.
    ///
    /// Whoever waits for it is woken, its links run. [`join`](GreenThread::join) gives
    /// [`Exit::Killed`].
    ///
    /// Destructors and links may kill in their turn. Up to 64 such kills stand on each other as
    /// calls do; what the deepest of them sets off is put into a line, and worked off in order
    /// before that one returns. So a chain of kills may be of any length, and all of it is over
    /// when the outermost kill returns.
    ///
    /// Where the OS thread is ending and its hub has ended before it, nothing is left to kill, and
    /// nothing happens.
    ///
    /// eventlet's and gevent's `kill`; [`kill_with`](Self::kill_with) says why.
    pub fn kill(&self) {
        // One that has not ended has a hub.
        if let Some(hub) = current::find() {
            hub.kill(&self.0);
        }
    }

    /// [Kills](Self::kill) the thread and says why. Does not suspend.
    ///
    /// The reason is an error, or text. The [`catch_exit`] that catches the kill has it
    /// ([`GreenletExit::reason`]), and if the thread ends by the kill, so has whoever asks for its
    /// end ([`Exit::KilledWith`]). Of several kills before the first is caught the first reason
    /// counts.
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventlet::{green, sleep, spawn};
    ///
    /// #[green]
    /// fn main() {
    ///     let thread = spawn(|| sleep(Duration::MAX));
    ///     sleep(Duration::ZERO);
    ///     thread.kill_with("the client has gone");
    ///     let exit = thread.join().unwrap_err();
    ///     assert!(exit.is_killed());
    ///     assert_eq!(exit.reason().unwrap().to_string(), "the client has gone");
    /// }
    /// ```
    ///
    /// eventlet's `kill(g, exception)`, whose exception is raised in the thread.
    pub fn kill_with(&self, reason: impl Into<Box<dyn Error + Send + Sync>>) {
        if !self.is_finished() {
            let reason = Reason::new(reason);
            self.0.with_cold(|cold| {
                cold.exits().reason.get_or_insert(reason);
            });
            self.kill();
        }
    }

    /// Kills the thread if its body has not begun; does nothing otherwise. eventlet's `cancel`.
    pub fn cancel(&self) {
        if !self.is_started() {
            self.kill();
        }
    }

    /// Waits for the thread's end, without its value. Any number of threads may. Suspends until
    /// then; not at all if it has ended.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// [`Exit::Killed`] or [`Exit::KilledWith`], or [`Exit::Panicked`] with the panic's text.
    ///
    /// # Panics
    ///
    /// If it is the running thread: that would never end.
    #[green(by_hand = "it captures no more than it says")]
    pub fn join(&self) -> Green<impl Future<Output = Result<(), Exit>> + use<>> {
        let task = self.0.clone();
        Green::new(async move {
            until(Join::new(&task)).await;
            task.exit().map_or(Ok(()), Err)
        })
    }

    /// Calls `f` with this thread when it ends, however it ends. If it has ended, now.
    ///
    /// Links run in the order in which they were made, inside the ending thread, after its body was
    /// dropped. They are ordinary code and cannot suspend, but may spawn, and may undo a later one.
    /// One that panics does not stop the next (in eventlet it does). Threads that wait for this one
    /// have been woken by then, and go on in their turn.
    ///
    /// eventlet's `link`, gevent's `rawlink`.
    pub fn link(&self, f: impl FnOnce(&Thread) + 'static) -> Link {
        if self.is_finished() {
            f(self);
            return Link(0);
        }
        let thread = self.clone();
        self.0.with_cold(|cold| {
            cold.links_made += 1;
            cold.links.push_back((cold.links_made, Box::new(move || f(&thread))));
            Link(cold.links_made)
        })
    }

    /// Calls `f` when this thread has returned; not if it panics or is killed. In all else as
    /// [`link`](Self::link).
    ///
    /// gevent's `link_value`.
    pub fn link_value(&self, f: impl FnOnce(&Thread) + 'static) -> Link {
        self.link(move |thread| {
            if thread.0.exit().is_none() {
                f(thread);
            }
        })
    }

    /// Calls `f` when this thread has panicked or was killed, with how; not if it returns. In all
    /// else as [`link`](Self::link).
    ///
    /// Whoever links for errors looks after the thread: an `Err` that it returns is not reported as
    /// lost either.
    ///
    /// gevent's `link_exception`.
    #[doc(alias = "link_exception")]
    pub fn link_error(&self, f: impl FnOnce(&Thread, Exit) + 'static) -> Link {
        self.0.answer_for();
        self.link(move |thread| {
            if let Some(exit) = thread.0.exit() {
                f(thread, exit);
            }
        })
    }

    /// Are both handles on one thread? That is what `==` asks of them, too. Does not suspend.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        self.0.is(&other.0)
    }

    /// The number of the thread that spawned this one, if there was one and [`track_spawns`] was on
    /// at that time.
    ///
    /// gevent's `spawning_greenlet`.
    pub fn spawner(&self) -> Option<u64> {
        self.0.if_cold(|cold| cold.spawner).flatten()
    }

    /// Undoes a [`link`](Self::link); `false` if it was undone before or has run.
    pub fn unlink(&self, link: Link) -> bool {
        let unlinked = self.0.if_cold(|cold| {
            let index = cold.links.iter().position(|(id, _)| *id == link.0)?;
            cold.links.remove(index)
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

/// Two handles are equal if they are on one thread.
impl PartialEq for Thread {
    fn eq(&self, other: &Self) -> bool {
        self.ptr_eq(other)
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
