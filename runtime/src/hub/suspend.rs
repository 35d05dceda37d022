//! The only place in which a green thread suspends.
//!
//! Everything that waits is a [`Wait`]: it is asked whether what it waits for is there, and if not, it has left word
//! with whoever will bring it. [`until`] turns one into a call to drive. Dropping a wait takes its word back: woken,
//! timed out and killed threads leave alike.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::task::{TaskRef, is_look};
use super::timers::TimerKey;
use super::{Hub, current};

/// Something to wait for.
pub(crate) trait Wait {
    /// What is there when the wait is over.
    type Output;

    /// Gives the output if it is there. If not, has seen to it that [`Waiting::task`] will be woken; may be asked
    /// again at any time, woken or not, and by another task than before.
    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<Self::Output>;

    /// Ends the sentence "this thread waits …".
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// Who waits.
pub(crate) struct Waiting<'a> {
    pub(crate) hub: &'a Rc<Hub>,
    waker: &'a Waker,
}

impl Waiting<'_> {
    /// The task to wake.
    pub(crate) fn task(&self) -> TaskRef {
        TaskRef::of_waker(self.waker, &self.hub.remote)
    }

    /// Makes the running thread ready again at once: it gives way to those that are ready now.
    #[inline]
    pub(crate) fn schedule(&self) {
        match TaskRef::borrow_from(self.waker, &self.hub.remote) {
            Some(task) => self.hub.schedule(&task),
            None => self.hub.schedule(&self.task()),
        }
    }
}

/// Suspends the running thread until what `wait` waits for is there.
pub(crate) fn until<W: Wait>(wait: W) -> Until<W> {
    Until { wait, asked: false, _stays: PhantomData }
}

/// The call that [`until`] makes.
#[must_use]
pub(crate) struct Until<W> {
    wait: W,
    asked: bool,
    /// It belongs to the hub of the OS thread on which it was first asked, and may not leave that.
    _stays: PhantomData<*const ()>,
}

// Nothing in it is ever pinned: `wait` is used through `&mut` only.
impl<W> Unpin for Until<W> {}

impl<W: Wait> Future for Until<W> {
    type Output = W::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<W::Output> {
        let this = &mut *self;
        if is_look(cx) {
            current::with(|hub| hub.note_wait(format_args!("{}", Description(&this.wait)), this.asked));
            return Poll::Pending;
        }
        this.asked = true;
        current::with(|hub| match this.wait.attempt(&Waiting { hub, waker: cx.waker() }) {
            Some(output) => Poll::Ready(output),
            None => Poll::Pending,
        })
    }
}

/// A wait as text.
struct Description<'a, W>(&'a W);

impl<W: Wait> fmt::Display for Description<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f)
    }
}

/// A timer that is cancelled when it is dropped.
pub(crate) struct Timer {
    key: TimerKey,
    /// The key means nothing to the hub of another OS thread.
    _stays: PhantomData<*const ()>,
}

impl Timer {
    /// # Panics
    ///
    /// If another executor drives the call and the hub does not run.
    pub(crate) fn set(hub: &Hub, deadline: Duration, task: TaskRef) -> Timer {
        hub.expect_to_run(&task);
        let key = hub.timers.borrow_mut().set(deadline, task);
        Timer { key, _stays: PhantomData }
    }

    pub(crate) fn has_fired(&self, hub: &Hub) -> bool {
        hub.timers.borrow().has_fired(self.key)
    }

    pub(crate) fn renew(&self, hub: &Hub, task: TaskRef) {
        let left_over = hub.timers.borrow_mut().renew(self.key, task);
        drop(left_over);
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // With the hub gone its timers are gone as well.
        let task = current::try_with(|hub| hub.timers.borrow_mut().cancel(self.key));
        // It may be the last that is known of a foreign waker, whose destructor is anybody's code.
        drop(task);
    }
}

/// Waits for one turn: every thread that is ready now runs first.
pub(crate) struct Yield {
    pub(crate) given_way: bool,
}

impl Wait for Yield {
    type Output = ();

    #[inline]
    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        if self.given_way {
            return Some(());
        }
        self.given_way = true;
        waiting.schedule();
        None
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for its next turn")
    }
}

/// Waits for a point in time.
pub(crate) enum Sleep {
    /// For this long from the first attempt on.
    For(Duration),
    /// Until this timer fires.
    Set(Timer),
}

impl Wait for Sleep {
    type Output = ();

    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        let hub = waiting.hub;
        let deadline = match self {
            Sleep::For(duration) => hub.deadline_in(*duration),
            Sleep::Set(timer) => {
                if timer.has_fired(hub) {
                    return Some(());
                }
                timer.renew(hub, waiting.task());
                return None;
            }
        };
        *self = Sleep::Set(Timer::set(hub, deadline, waiting.task()));
        None
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for a time to pass")
    }
}
