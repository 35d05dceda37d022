//! The only place in which a green thread suspends.
//!
//! Everything that waits is a [`Wait`]: it is asked whether what it waits for is there, and if not,
//! it has registered a waiter with whoever will bring it. [`until`] turns one into a call to drive.
//! Dropping a wait takes the registration back: woken, timed out and killed threads leave alike.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::task::{Waiter, is_trace_poll};
use super::timers::TimerKey;
use super::{Hub, current};

/// Something to wait for.
pub(crate) trait Wait {
    /// What is there when the wait is over.
    type Output;

    /// The public function whose call is this wait and nothing besides, if there is one: what a
    /// report calls it.
    const NAME: Option<&'static str> = None;

    /// Does it take from the running thread's budget when it is over? Not where it always suspends.
    const IS_COUNTED: bool = true;

    /// Gives the output if it is there and nobody needs to be asked: no hub is looked up for it.
    #[inline(always)]
    fn attempt_alone(&mut self) -> Option<Self::Output> {
        None
    }

    /// Gives the output if it is there. If not, has seen to it that [`Waiting::task`] will be
    /// woken; may be asked again at any time, woken or not, and by another task than before.
    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<Self::Output>;

    /// Is it registered with whoever will wake it?
    fn is_settled(&self) -> bool;

    /// Ends the sentence "this thread waits …".
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// Who waits.
pub(crate) struct Waiting<'a> {
    pub(crate) hub: &'a Rc<Hub>,
    waker: &'a Waker,
}

impl<'a> Waiting<'a> {
    /// For waits that are polled by hand.
    pub(crate) fn new(hub: &'a Rc<Hub>, waker: &'a Waker) -> Self {
        Waiting { hub, waker }
    }

    /// Whom to wake.
    pub(crate) fn waiter(&self) -> Waiter {
        Waiter::of_waker(self.waker, &self.hub.remote)
    }

    /// The number of the green thread, zero for a foreign waker.
    pub(crate) fn id(&self) -> u64 {
        Waiter::borrow_from(self.waker, &self.hub.remote).map_or(0, |waiter| waiter.id())
    }

    /// What wakes it from another OS thread.
    pub(crate) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// The same, for whoever decides whether to keep it.
    pub(crate) fn borrow_waker(&self) -> &Waker {
        self.waker
    }

    /// The running thread has spent its budget: others go first, and then it has a new one.
    #[cold]
    pub(crate) fn give_way(&self) {
        // A resumption brings one, too; but another executor may drive the call, which resumes
        // nothing here.
        current::replace_budget(current::FULL_BUDGET);
        self.schedule();
    }

    /// Makes the running thread ready again at once: it gives way to those that are ready now.
    #[inline]
    pub(crate) fn schedule(&self) {
        match Waiter::borrow_from(self.waker, &self.hub.remote) {
            Some(waiter) => self.hub.wake_by_ref(&waiter),
            None => self.hub.wake(self.waiter()),
        }
    }
}

/// Suspends the running thread until what `wait` waits for is there.
pub(crate) fn until<W: Wait>(wait: W) -> Until<W> {
    Until { wait, _stays: PhantomData }
}

/// The call that [`until`] makes.
#[must_use]
pub(crate) struct Until<W> {
    wait: W,
    /// What it has left with the hub of this OS thread is taken back from the same hub.
    _stays: PhantomData<*const ()>,
}

// Nothing in it is ever pinned: `wait` is used through `&mut` only.
impl<W> Unpin for Until<W> {}

impl<W: Wait> Future for Until<W> {
    type Output = W::Output;

    /// What most waits come to lies in line, and no more than that: it stands in every green
    /// function that waits.
    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<W::Output> {
        let wait = &mut self.wait;
        if is_trace_poll(cx) {
            note_wait(wait);
            return Poll::Pending;
        }
        if W::IS_COUNTED && current::is_spent() {
            return give_way(cx);
        }
        match wait.attempt_alone() {
            Some(output) => {
                count::<W>();
                Poll::Ready(output)
            }
            None => attempt(wait, cx),
        }
    }
}

/// Others go first. The wait has not been asked; it is when the thread has its turn again.
#[cold]
fn give_way<T>(cx: &mut Context<'_>) -> Poll<T> {
    current::with(|hub| Waiting { hub, waker: cx.waker() }.give_way());
    Poll::Pending
}

/// Out of line, so that a function which mostly need not wait is small.
#[inline(never)]
fn attempt<W: Wait>(wait: &mut W, cx: &mut Context<'_>) -> Poll<W::Output> {
    current::with_running(|hub| match wait.attempt(&Waiting { hub, waker: cx.waker() }) {
        Some(output) => {
            count::<W>();
            Poll::Ready(output)
        }
        None => Poll::Pending,
    })
}

/// A wait is over. One that came to nothing costs nothing: several may begin in one resumption,
/// those of branches.
#[inline(always)]
fn count<W: Wait>() {
    if W::IS_COUNTED {
        current::spend(1);
    }
}

/// Tells whoever looks what this waits for.
#[cold]
pub(crate) fn note_wait<W: Wait>(wait: &W) {
    current::with(|hub| {
        if let Some(name) = W::NAME {
            hub.name_call(std::any::type_name::<Until<W>>(), name);
        }
        hub.note_wait(format_args!("{}", Description(wait)), wait.is_settled());
    });
}

/// A wait as text.
struct Description<'a, W>(&'a W);

impl<W: Wait> fmt::Display for Description<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f)
    }
}

/// A timer that is cancelled when it is dropped.
pub(crate) struct Timer(TimerKey, PhantomData<*const ()>);

impl Timer {
    /// # Panics
    ///
    /// If another executor drives the call and the hub does not run.
    pub(crate) fn set(hub: &Hub, deadline: Duration, task: Waiter) -> Timer {
        hub.expect_to_run(&task);
        Timer(hub.time.timers.borrow_mut().set(deadline, task), PhantomData)
    }

    /// For this long from now on. No time at all is over at the next round of the ready threads.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set).
    pub(crate) fn lasting(hub: &Hub, duration: Duration, task: Waiter) -> Timer {
        if !duration.is_zero() {
            return Timer::set_at(hub, hub.wake_in(saturating_nanoseconds(duration)), task);
        }
        Timer::at_once(hub, task)
    }

    /// [`set`](Self::set), by the nanoseconds of the deadline.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set).
    fn set_at(hub: &Hub, deadline: u64, task: Waiter) -> Timer {
        hub.expect_to_run(&task);
        Timer(hub.time.timers.borrow_mut().set_at(deadline, task), PhantomData)
    }

    /// One that has fired, and whose task is ready.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set).
    #[cold]
    pub(crate) fn at_once(hub: &Hub, task: Waiter) -> Timer {
        hub.expect_to_run(&task);
        let timer = Timer(hub.time.timers.borrow_mut().set_fired(), PhantomData);
        hub.wake(task);
        timer
    }

    /// For so many nanoseconds, but from the hub's next look outside on, which is cheaper where it
    /// is set anew all the time and mostly cancelled. A virtual clock stands still until then:
    /// there it is exact.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set).
    pub(crate) fn roughly(hub: &Hub, nanoseconds: u64, task: Waiter) -> Timer {
        if hub.has_virtual_clock() {
            return Timer::set(hub, hub.deadline_in(Duration::from_nanos(nanoseconds)), task);
        }
        hub.expect_to_run(&task);
        Timer(hub.time.timers.borrow_mut().set_later(nanoseconds, task), PhantomData)
    }

    pub(crate) fn has_fired(&self, hub: &Hub) -> bool {
        hub.time.timers.borrow().has_fired(self.0)
    }

    pub(crate) fn renew(&self, hub: &Hub, task: Waiter) {
        let left_over = hub.time.timers.borrow_mut().renew(self.0, task);
        drop(left_over);
    }
}

impl Timer {
    /// For whoever keeps a timer in a value that may be anywhere; [`of_key`](Self::of_key) makes it
    /// a timer again.
    pub(crate) fn into_key(self) -> TimerKey {
        ManuallyDrop::new(self).0
    }

    /// The timer of a key that [`into_key`](Self::into_key) gave, on the same hub, once.
    pub(crate) fn of_key(key: TimerKey) -> Timer {
        Timer(key, PhantomData)
    }
}

impl Timer {
    /// What dropping it does, where the hub is at hand.
    #[inline]
    pub(crate) fn cancel(self, hub: &Hub) {
        let timer = ManuallyDrop::new(self);
        let task = hub.time.timers.borrow_mut().cancel(timer.0);
        // It may be the last that is known of a foreign waker, whose destructor is anybody's code.
        drop(task);
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // With the hub gone its timers are gone as well.
        let task = current::try_with(|hub| hub.time.timers.borrow_mut().cancel(self.0));
        drop(task);
    }
}

/// Waits for a point in time, or for one turn, in which every thread that is ready now runs first.
pub(crate) struct Sleep {
    /// Nanoseconds: how long from the first attempt on.
    time: u64,
    state: SleepState,
}

enum SleepState {
    /// For so long; zero is one turn.
    For,
    Set(Timer),
    GaveWay,
}

impl Sleep {
    /// For this long from the first attempt on. Zero is one turn; more nanoseconds than 64 bits
    /// hold is never.
    #[inline]
    pub(crate) fn lasting(duration: Duration) -> Self {
        Sleep { time: saturating_nanoseconds(duration), state: SleepState::For }
    }

    /// Until this timer fires.
    pub(crate) fn until(timer: Timer) -> Self {
        Sleep { time: 0, state: SleepState::Set(timer) }
    }

    /// Kept out of the way of those that only give way.
    #[inline(never)]
    fn set(&mut self, waiting: &Waiting<'_>) {
        let hub = waiting.hub;
        let deadline = match &self.state {
            SleepState::For => hub.wake_in(self.time),
            SleepState::Set(timer) => return timer.renew(hub, waiting.waiter()),
            SleepState::GaveWay => return,
        };
        self.state = SleepState::Set(Timer::set_at(hub, deadline, waiting.waiter()));
    }
}

impl Wait for Sleep {
    type Output = ();

    const NAME: Option<&'static str> = Some("eventlet::greenthread::sleep");

    /// A sleep suspends.
    const IS_COUNTED: bool = false;

    #[inline]
    fn attempt_alone(&mut self) -> Option<()> {
        matches!(self.state, SleepState::GaveWay).then_some(())
    }

    #[inline]
    fn attempt(&mut self, waiting: &Waiting<'_>) -> Option<()> {
        match &self.state {
            SleepState::GaveWay => return Some(()),
            SleepState::For if self.time == 0 => {
                self.state = SleepState::GaveWay;
                waiting.schedule();
            }
            SleepState::Set(timer) if timer.has_fired(waiting.hub) => return Some(()),
            _ => self.set(waiting),
        }
        None
    }

    fn is_settled(&self) -> bool {
        matches!(self.state, SleepState::Set(_) | SleepState::GaveWay)
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state {
            SleepState::For if self.time == 0 => f.write_str("for its next turn"),
            SleepState::GaveWay => f.write_str("for its next turn"),
            _ => f.write_str("for a time to pass"),
        }
    }
}

#[inline]
fn saturating_nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
