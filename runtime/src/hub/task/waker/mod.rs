//! What is behind a task's waker, and behind the wakers of others.

use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use super::super::current;
use super::super::remote::{Mail, Remote};
use super::cell::Header;
use super::waiter::{Borrowed, Waiter};
use super::{DONE, RUNNING, STAND_IN, SUBTASK, TaskRef};
use crate::loom::Arc;

#[cfg(all(test, loom))]
mod model;

/// Is this poll one that only looks?
#[inline(always)]
pub(crate) fn is_trace_poll(cx: &Context<'_>) -> bool {
    std::ptr::eq(cx.waker().vtable(), &TRACE)
}

impl Waiter {
    /// Who is behind a waker, not counted, while that waker is borrowed; `None` if it is not one of
    /// `home`'s.
    #[inline]
    pub(crate) fn borrow_from<'a>(waker: &'a Waker, home: &Arc<Remote>) -> Option<Borrowed<'a>> {
        let header = header_of(waker)?;
        // SAFETY: our vtables go with a pointer to a header, which lives while the waker is
        // borrowed.
        let remote = unsafe { header.as_ref() }.remote;
        if remote != Arc::as_ptr(home) {
            return None;
        }
        // SAFETY: as above. The count is read on the home OS thread: `home` is that of the present
        // one.
        let refs = unsafe { header.as_ref() }.refs.get();
        // A cloned waker may outlive all local references. Such a task has been cleared and must
        // not come back.
        (refs > 0).then(|| Borrowed::new(TaskRef(header)))
    }
}

impl TaskRef {
    #[cold]
    pub(super) fn foreign(waker: &Waker, home: &Arc<Remote>) -> TaskRef {
        Self::stand_in(home, 0, ForeignBody(waker.clone()), STAND_IN)
    }
}

/// The body of a stand-in for a foreign waker. It is never polled.
struct ForeignBody(Waker);

impl Future for ForeignBody {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        // Reached through `TaskRef::wake_stand_in` only, which no waiter but a stand-in comes to:
        // being "polled" is being woken.
        self.0.wake_by_ref();
        Poll::Ready(())
    }
}

impl TaskRef {
    /// Wakes what stands behind a stand-in: a branch, or a foreign waker, which calls code of
    /// another executor.
    pub(crate) fn wake_stand_in(&self) {
        debug_assert!(self.is_stand_in(), "a green thread is resumed by its hub");
        if self.has(SUBTASK) {
            return self.wake_subtask();
        }
        if self.has(DONE | RUNNING) {
            return;
        }
        self.set(RUNNING);
        let mut cx = Context::from_waker(Waker::noop());
        // SAFETY: a stand-in's cell was made with this vtable, and has its call until it is `DONE`;
        // `RUNNING` keeps every other access away.
        let polled = unsafe { (self.header().vtable.poll)(self.0, &mut cx) };
        self.become_done(polled);
    }
}

/// The waker of a task that is being resumed, and of every clone.
pub(super) static RESUME: RawWakerVTable =
    RawWakerVTable::new(waker_clone, waker_wake, waker_wake_by_ref, waker_drop);
/// The waker of a task in a trace poll. Its clones are ordinary ones.
pub(super) static TRACE: RawWakerVTable =
    RawWakerVTable::new(waker_clone, waker_wake, waker_wake_by_ref, waker_drop);

/// The header behind one of our wakers. Whoever only looks has turned back before this is asked.
#[inline]
fn header_of(waker: &Waker) -> Option<NonNull<Header>> {
    let is_ours = std::ptr::eq(waker.vtable(), &RESUME);
    if is_ours { NonNull::new(waker.data().cast::<Header>().cast_mut()) } else { None }
}

/// # Safety
///
/// `data` points to the header of a live task: one that is being polled, or one that a counted
/// waker refers to.
unsafe fn waker_clone(data: *const ()) -> RawWaker {
    // SAFETY: `data` points to the header of a live task, which is only ever shared.
    let header = unsafe { &*data.cast::<Header>() };
    header.remote_refs.add();
    // SAFETY: `remote` came from `Arc::as_ptr` and its hub lives: the task is being polled by it,
    // or a counted waker holds one of the counts. This waker holds one too, until `waker_drop`.
    unsafe { Arc::increment_strong_count(header.remote) };
    RawWaker::new(data, &RESUME)
}

/// # Safety
///
/// As [`waker_clone`]; `data` was counted by it.
unsafe fn waker_wake(data: *const ()) {
    // SAFETY: `data` points to the header of a live task: this waker is counted until the next
    // line.
    unsafe { waker_wake_by_ref(data) };
    // SAFETY: `waker_clone` counted `data`, and waking by value is its last use.
    unsafe { waker_drop(data) };
}

/// # Safety
///
/// As [`waker_clone`].
unsafe fn waker_wake_by_ref(data: *const ()) {
    // SAFETY: `data` points to the header of a live task, which is only ever shared.
    let header = unsafe { &*data.cast::<Header>() };
    let remote = header.remote;
    let woken_at_home = current::try_with(|hub| {
        if !std::ptr::eq(Arc::as_ptr(&hub.remote), remote) {
            return false;
        }
        // `mailed` goes first: what is woken from elsewhere after this must come again. The
        // exchange also takes over what an OS thread wrote that found the flag set and left without
        // posting.
        header.mailed.swap(false, Ordering::Acquire);
        if header.refs.get() > 0
            && let Some(header) = NonNull::new(data.cast::<Header>().cast_mut())
        {
            let waiter = ManuallyDrop::new(Waiter::from(TaskRef(header)));
            hub.wake_by_ref(&waiter);
        }
        true
    });
    if woken_at_home != Some(true) && !header.mailed.swap(true, Ordering::Release) {
        // SAFETY: `data` points to the header of a live task, which is `waker_clone`'s precondition
        // as well.
        let raw = unsafe { waker_clone(data) };
        // SAFETY: `waker_clone` counted it.
        let waker = unsafe { Waker::from_raw(raw) };
        // SAFETY: whoever wakes holds a count of `remote` meanwhile: that of its own waker, or the
        // hub's that polls.
        unsafe { &*remote }.post(Mail::Wake(waker));
    }
}

/// # Safety
///
/// `data` was counted by [`waker_clone`] and is not used again.
unsafe fn waker_drop(data: *const ()) {
    let header = NonNull::new(data.cast::<Header>().cast_mut()).expect("a waker's data is never null");
    // SAFETY: the count that is given up below keeps the header alive until then.
    let (remote, refs, free) = unsafe {
        let header = header.as_ref();
        (header.remote, &header.remote_refs, header.vtable.free)
    };
    if refs.remove() {
        // SAFETY: it was the last reference of all; the local ones cleared the cell before they
        // gave up their share.
        unsafe { free(header) };
    }
    // SAFETY: `waker_clone` took this count.
    unsafe { Arc::decrement_strong_count(remote) };
}
