//! The task cell: a green thread's header, its state machine, and its result, in one allocation.
//!
//! This file and no other knows how that memory is laid out; all that is unsafe about green threads is here.
//!
//! ```text
//!   ┌ TaskCell ────────────────────────────────────────────────┐
//!   │ Header: vtable, remote, extra, id, state, scopes, mailed, │
//!   │         refs, remote_refs, slot                           │
//!   │ Stage:  Running(body) ─▶ Finished(result) ─▶ Consumed     │
//!   └───────────────────────────────────────────────────────────┘
//!
//!               1            2              4
//!   (new) ────▶ Scheduled ⇄ Running ─────▶ Done
//!                  ▲  3 │                    ▲
//!                  └────┘ Suspended ─────────┘ 5
//! ```
//!
//! 1. [`TaskRef::allocate`], then `Hub::schedule`
//! 2. `Hub::resume` takes it from the ready queue and calls [`TaskRef::resume`]
//! 3. the body is pending: suspended until `Hub::schedule` is called for it again
//! 4. the body returned or panicked: [`TaskRef::resume`] stored the result
//! 5. killed: [`TaskRef::end`] dropped the body and stored [`Exit::Killed`]
//!
//! # Who counts
//!
//! `refs` counts the references of the home OS thread (queue, registry, handles, whatever waits) and is an
//! ordinary cell. `remote_refs` counts cloned [`Waker`]s, which may live anywhere, and all of `refs` together
//! as one. So a switch costs no atomic operation, and the memory is freed by whoever lets go last. Everything
//! that belongs to the home thread (body, result, extra) is dropped when `refs` ends, on that thread.

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::future::Future;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use super::current;
use super::extra::Extra;
use super::remote::{Mail, Remote};
use crate::exit::{Exit, Panic};

/// A reference to a task, counted without atomic operations; stays on the hub's own OS thread.
pub(crate) struct TaskRef(NonNull<Header>);

/// The right to take the result of a task whose body gives a `T`.
pub(crate) struct Outcome<T> {
    task: TaskRef,
    _result: PhantomData<T>,
}

/// A task that is not counted, because a borrowed waker of it is at hand.
pub(crate) struct Borrowed<'a> {
    task: ManuallyDrop<TaskRef>,
    _waker: PhantomData<&'a Waker>,
}

impl std::ops::Deref for Borrowed<'_> {
    type Target = TaskRef;

    fn deref(&self) -> &TaskRef {
        &self.task
    }
}

struct Header {
    vtable: &'static VTable,
    /// The hub's inbox, which is also the hub's identity. Valid while the hub lives or a cloned waker does.
    remote: *const Remote,
    extra: Cell<Option<Box<Extra>>>,
    id: u64,
    state: Cell<u16>,
    scopes: Cell<u8>,
    /// A wake from another OS thread is already in the inbox.
    mailed: AtomicBool,
    refs: Cell<u32>,
    remote_refs: AtomicU32,
    slot: Cell<u32>,
}

#[repr(C)]
struct TaskCell<B, T> {
    header: Header,
    stage: UnsafeCell<Stage<B, T>>,
}

enum Stage<B, T> {
    Running(B),
    Finished(Result<T, Exit>),
    Consumed,
}

struct VTable {
    poll: unsafe fn(NonNull<Header>, &mut Context<'_>) -> Poll<()>,
    end: unsafe fn(NonNull<Header>),
    exit: unsafe fn(NonNull<Header>) -> Option<Exit>,
    take: unsafe fn(NonNull<Header>, NonNull<()>),
    clear: unsafe fn(NonNull<Header>),
    free: unsafe fn(NonNull<Header>),
}

/// It is in the ready queue.
const SCHEDULED: u16 = 1;
/// Its body is being polled or dropped further up the call stack.
const RUNNING: u16 = 1 << 1;
/// Its result is stored.
const DONE: u16 = 1 << 2;
/// Its body has begun.
const STARTED: u16 = 1 << 3;
/// A kill waits to be delivered.
const KILLED: u16 = 1 << 4;
/// It begins later; being resumed is not yet a beginning.
const DELAYED: u16 = 1 << 5;
/// It ended by a kill.
const WAS_KILLED: u16 = 1 << 7;
/// A `catch_exit` of it has heard of a kill.
const HEARD: u16 = 1 << 8;
/// Nobody has the right to its result any more.
const DETACHED: u16 = 1 << 9;
/// Not a green thread: the waker of some other executor, in a task's clothes.
const FOREIGN: u16 = 1 << 6;

impl TaskRef {
    /// Makes the task of `body`, with the result's owner beside it.
    pub(crate) fn allocate<B, T>(remote: &Arc<Remote>, id: u64, body: B) -> (TaskRef, Outcome<T>)
    where
        B: Future<Output = T> + 'static,
        T: 'static,
    {
        // SAFETY: the body and its result are `'static`, so they may live as long as the task.
        unsafe { Self::allocate_scoped(remote, id, body) }
    }

    /// Like [`allocate`](Self::allocate), for a body that borrows from the caller's frame.
    ///
    /// # Safety
    ///
    /// Before anything that `B` or `T` borrow ends, the task must be done (it returned, or was [ended](Self::end))
    /// and its result taken or cleared.
    pub(crate) unsafe fn allocate_scoped<B, T>(
        remote: &Arc<Remote>,
        id: u64,
        body: B,
    ) -> (TaskRef, Outcome<T>)
    where
        B: Future<Output = T>,
    {
        let cell = Box::new(TaskCell {
            header: Header::new(&Operations::<B, T>::VTABLE, Arc::as_ptr(remote), id, 0),
            stage: UnsafeCell::new(Stage::<B, T>::Running(body)),
        });
        let task = TaskRef(NonNull::from(Box::leak(cell)).cast());
        let outcome = Outcome { task: task.clone(), _result: PhantomData };
        (task, outcome)
    }

    /// What a wait keeps to wake whoever polls it: the task itself when it is one of `home`'s,
    /// else a stand-in that holds the foreign waker.
    pub(crate) fn of_waker(waker: &Waker, home: &Arc<Remote>) -> TaskRef {
        match Self::borrow_from(waker, home) {
            Some(task) => task.count_anew(),
            None => Self::stand_in(waker, home),
        }
    }

    /// The task behind a waker, not counted, while that waker is borrowed; `None` if it is not one of `home`'s.
    #[inline]
    pub(crate) fn borrow_from<'a>(waker: &'a Waker, home: &Arc<Remote>) -> Option<Borrowed<'a>> {
        let header = header_of(waker)?;
        // SAFETY: our vtables go with a pointer to a header, which lives while the waker is borrowed.
        let is_local = unsafe { header.as_ref() }.remote == Arc::as_ptr(home);
        is_local.then(|| Borrowed { task: ManuallyDrop::new(TaskRef(header)), _waker: PhantomData })
    }

    /// Another reference, to a task that may have no local one left: a kept waker leads back to a task that is over.
    fn count_anew(&self) -> TaskRef {
        if self.header().refs.get() == 0 {
            // The local references gave up the one of `remote_refs` that they held together. The waker that is
            // borrowed meanwhile holds another, so the count is not zero.
            self.header().remote_refs.fetch_add(1, Ordering::Relaxed);
        }
        self.clone()
    }

    #[cold]
    fn stand_in(waker: &Waker, home: &Arc<Remote>) -> TaskRef {
        let (task, _) = Self::allocate::<_, ()>(home, 0, ForeignBody(waker.clone()));
        task.set(FOREIGN);
        task
    }

    fn header(&self) -> &Header {
        // SAFETY: a `TaskRef` counts, so the header lives.
        unsafe { self.0.as_ref() }
    }

    pub(crate) fn id(&self) -> u64 {
        self.header().id
    }

    pub(crate) fn slot(&self) -> u32 {
        self.header().slot.get()
    }

    pub(crate) fn set_slot(&self, slot: u32) {
        self.header().slot.set(slot);
    }

    fn has(&self, flag: u16) -> bool {
        self.header().state.get() & flag != 0
    }

    fn set(&self, flag: u16) {
        let state = &self.header().state;
        state.set(state.get() | flag);
    }

    fn unset(&self, flag: u16) {
        let state = &self.header().state;
        state.set(state.get() & !flag);
    }

    pub(crate) fn is_done(&self) -> bool {
        self.has(DONE)
    }

    pub(crate) fn is_running(&self) -> bool {
        self.has(RUNNING)
    }

    pub(crate) fn is_started(&self) -> bool {
        self.has(STARTED)
    }

    pub(crate) fn is_scheduled(&self) -> bool {
        self.has(SCHEDULED)
    }

    pub(crate) fn is_foreign(&self) -> bool {
        self.has(FOREIGN)
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.has(KILLED)
    }

    pub(crate) fn set_killed(&self) {
        self.set(KILLED);
    }

    /// A `catch_exit` delivers the kill.
    pub(crate) fn hear_kill(&self) {
        self.unset(KILLED);
        self.set(HEARD);
    }

    /// Has a kill been heard since this was last asked?
    pub(super) fn take_heard(&self) -> bool {
        let heard = self.has(HEARD);
        self.unset(HEARD);
        heard
    }

    /// Says that the body begins only when [`begin`](Self::begin) is called, however often it is resumed before.
    pub(crate) fn delay(&self) {
        self.set(DELAYED);
    }

    pub(crate) fn begin(&self) {
        self.unset(DELAYED);
        self.set(STARTED);
    }

    /// Marks the task as queued.
    pub(crate) fn schedule(&self) -> Schedule {
        let state = self.header().state.get();
        if state & (SCHEDULED | DONE | FOREIGN) == 0 {
            self.header().state.set(state | SCHEDULED);
            Schedule::Enqueue
        } else if state & FOREIGN != 0 {
            Schedule::WakeForeign
        } else {
            Schedule::Nothing
        }
    }

    /// How many `catch_exit` scopes the body stands in.
    pub(crate) fn scopes(&self) -> u8 {
        self.header().scopes.get()
    }

    pub(crate) fn enter_scope(&self) -> u8 {
        let depth = self.scopes().checked_add(1).expect("more than 255 nested catch_exit scopes");
        self.header().scopes.set(depth);
        depth
    }

    pub(crate) fn leave_scope(&self) {
        self.header().scopes.set(self.scopes() - 1);
    }

    /// Reads or changes the rarely used part: name, links, joiners. Nothing may be called back from in there.
    pub(crate) fn with_extra<R>(&self, f: impl FnOnce(&mut Extra) -> R) -> R {
        let mut extra = self.header().extra.take().unwrap_or_default();
        let result = f(&mut extra);
        self.header().extra.set(Some(extra));
        result
    }

    /// Like [`with_extra`](Self::with_extra), for those that only ask: `None` if there is no such part.
    pub(crate) fn if_extra<R>(&self, f: impl FnOnce(&mut Extra) -> R) -> Option<R> {
        let mut extra = self.header().extra.take()?;
        let result = f(&mut extra);
        self.header().extra.set(Some(extra));
        Some(result)
    }

    /// Resumes the body until it suspends or ends. A panic in it is caught and becomes its result.
    ///
    /// What the ready queue holds may have ended meanwhile, or be at work further up the call stack: then nothing
    /// happens.
    #[inline]
    pub(crate) fn resume(&self) -> Progress {
        // One reading and one writing of the state before the body, and one of each after it: this is the path of
        // every switch, and a processor waits for a value that it has just written.
        let state = self.header().state.get();
        if state & (RUNNING | DONE | FOREIGN) != 0 {
            self.unset(SCHEDULED);
            return Progress::Nothing;
        }
        let started = if state & DELAYED == 0 { STARTED } else { 0 };
        self.header().state.set((state & !SCHEDULED) | RUNNING | started);
        self.poll(&RESUME)
    }

    /// Polls the body to see where it stands: every green call notes its place, every wait stays as it is.
    ///
    /// A future of another executor cannot tell this from being resumed; hence the progress.
    pub(crate) fn look(&self) -> Progress {
        let state = self.header().state.get();
        if state & (RUNNING | DONE | FOREIGN) != 0 || state & STARTED == 0 {
            return Progress::Nothing;
        }
        self.set(RUNNING);
        self.poll(&LOOK)
    }

    /// `RUNNING` is set by the caller, who has seen that it was not.
    #[inline]
    fn poll(&self, vtable: &'static RawWakerVTable) -> Progress {
        // SAFETY: both vtables keep the contract of `RawWaker` for a header pointer: `clone` counts, the others use
        // what was counted. This waker was not counted and is never dropped; `self` keeps the header alive.
        let waker = ManuallyDrop::new(unsafe { Waker::new(self.0.as_ptr().cast_const().cast(), vtable) });
        let mut cx = Context::from_waker(&waker);
        // SAFETY: the vtable is the one that the cell was made with, and `RUNNING`, which was not set before, keeps
        // every other access to the stage away.
        let progress = unsafe { (self.header().vtable.poll)(self.0, &mut cx) };
        if progress.is_ready() {
            self.become_done();
            return Progress::Ended;
        }
        let state = self.header().state.get();
        self.header().state.set(state & !RUNNING);
        if state & KILLED == 0 { Progress::Suspended } else { Progress::SuspendedKilled }
    }

    /// Drops the body, destructors included, and stores [`Exit::Killed`]. Only for a task that is not running.
    pub(crate) fn end(&self) {
        assert!(!self.has(RUNNING | DONE), "a task was ended that cannot be");
        self.set(RUNNING);
        // SAFETY: the vtable is the cell's own; `RUNNING` keeps every other access to the stage away.
        unsafe { (self.header().vtable.end)(self.0) };
        self.become_done();
    }

    fn become_done(&self) {
        // SAFETY: the vtable is the cell's own; `RUNNING` keeps every other access to the stage away.
        let exit = unsafe { (self.header().vtable.exit)(self.0) };
        let killed = match exit {
            None => 0,
            Some(Exit::Killed) => WAS_KILLED,
            // Kept for those who ask how it ended without a right to the result.
            Some(panicked) => {
                self.with_extra(|extra| extra.exit = Some(panicked));
                0
            }
        };
        if self.has(DETACHED) {
            // Dropped here and not with the last reference, which may go when something is borrowed.
            // SAFETY: the vtable is the cell's own; `RUNNING` keeps every other access to the stage away.
            unsafe { (self.header().vtable.clear)(self.0) };
        }
        let state = &self.header().state;
        state.set((state.get() | DONE | killed) & !(RUNNING | KILLED));
    }

    /// How it ended other than by returning, if it did.
    pub(crate) fn exit(&self) -> Option<Exit> {
        if self.has(WAS_KILLED) {
            return Some(Exit::Killed);
        }
        self.if_extra(|extra| extra.exit.as_ref().map(Exit::duplicate)).flatten()
    }
}

impl<T> Outcome<T> {
    pub(crate) fn task(&self) -> &TaskRef {
        &self.task
    }

    /// Takes the result of a task that is done; `None` before, and when it was taken already.
    pub(crate) fn take(&self) -> Option<Result<T, Exit>> {
        if !self.task.is_done() {
            return None;
        }
        let mut result: Option<Result<T, Exit>> = None;
        // SAFETY: `Outcome<T>` is made only by `allocate_scoped`, for a body whose result is a `T`, so the cell's
        // `take` writes through a pointer to just this type. The task is done: nothing else touches the stage.
        unsafe { (self.task.header().vtable.take)(self.task.0, NonNull::from(&mut result).cast()) };
        result
    }
}

impl<T> Drop for Outcome<T> {
    /// A result that nobody can take is dropped as soon as it is there.
    fn drop(&mut self) {
        if self.task.is_done() {
            drop(self.take());
        } else {
            self.task.set(DETACHED);
        }
    }
}

/// What [`TaskRef::schedule`] asks for.
pub(crate) enum Schedule {
    /// Append it to the ready queue.
    Enqueue,
    /// It is queued already, or over.
    Nothing,
    /// It stands for a foreign waker: call that.
    WakeForeign,
}

/// What came of resuming a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It could not be resumed: it has ended, or it runs.
    Nothing,
    /// It suspended.
    Suspended,
    /// It suspended, and a kill waits to be delivered.
    SuspendedKilled,
    /// It has its result.
    Ended,
}

/// Is this poll one that only looks?
#[inline(always)]
pub(crate) fn is_look(cx: &Context<'_>) -> bool {
    std::ptr::eq(cx.waker().vtable(), &LOOK)
}

impl Clone for TaskRef {
    #[inline]
    fn clone(&self) -> Self {
        let refs = &self.header().refs;
        refs.set(refs.get().checked_add(1).expect("too many references to one green thread"));
        TaskRef(self.0)
    }
}

impl Drop for TaskRef {
    #[inline]
    fn drop(&mut self) {
        let refs = &self.header().refs;
        refs.set(refs.get() - 1);
        if refs.get() == 0 {
            self.last_local_ref_is_gone();
        }
    }
}

impl TaskRef {
    #[cold]
    fn last_local_ref_is_gone(&mut self) {
        // Destructors of the body or the result run in here and may make and drop references again; the count is
        // held above zero meanwhile.
        self.header().refs.set(1);
        drop(self.header().extra.take());
        // SAFETY: the vtable is the cell's own, and no reference but this one can reach the stage.
        unsafe { (self.header().vtable.clear)(self.0) };
        drop(self.header().extra.take());
        if self.header().refs.get() > 1 {
            // A destructor kept a new reference: that one is the last now.
            self.header().refs.set(self.header().refs.get() - 1);
            return;
        }
        self.header().refs.set(0);
        // All local references together held one of `remote_refs`. When it is the only one, nobody else can make
        // another: a waker is cloned from a waker, or from a poll, which needs a local reference. When it is not, a
        // waker may make local references again, which then hold one anew: see `count_anew`.
        let remote_refs = &self.header().remote_refs;
        if remote_refs.load(Ordering::Acquire) == 1 || remote_refs.fetch_sub(1, Ordering::AcqRel) == 1 {
            // SAFETY: nothing refers to the cell any more, and what was in it is dropped.
            unsafe { (self.header().vtable.free)(self.0) };
        }
    }
}

impl Header {
    fn new(vtable: &'static VTable, remote: *const Remote, id: u64, state: u16) -> Self {
        Header {
            vtable,
            remote,
            extra: Cell::new(None),
            id,
            state: Cell::new(state),
            scopes: Cell::new(0),
            mailed: AtomicBool::new(false),
            refs: Cell::new(1),
            remote_refs: AtomicU32::new(1),
            slot: Cell::new(u32::MAX),
        }
    }
}

/// The functions behind a vtable, for one kind of body.
struct Operations<B, T>(PhantomData<(B, T)>);

impl<B: Future<Output = T>, T> Operations<B, T> {
    const VTABLE: VTable = VTable {
        poll: Self::poll,
        end: Self::end,
        exit: Self::exit,
        take: Self::take,
        clear: Self::clear,
        free: Self::free,
    };

    /// # Safety
    ///
    /// `header` is the start of a live `TaskCell<B, T>`, and nothing else may reach its stage until the returned
    /// reference is dead.
    unsafe fn stage<'a>(header: NonNull<Header>) -> &'a mut Stage<B, T> {
        let cell = header.cast::<TaskCell<B, T>>();
        // SAFETY: the caller's promise: it is such a cell, and it lives.
        let cell = unsafe { cell.as_ref() };
        // SAFETY: the caller's promise: nothing else may reach the stage.
        unsafe { &mut *cell.stage.get() }
    }

    /// # Safety
    ///
    /// As [`stage`](Self::stage).
    unsafe fn poll(header: NonNull<Header>, cx: &mut Context<'_>) -> Poll<()> {
        // SAFETY: the caller's promise.
        let stage = unsafe { Self::stage(header) };
        let Stage::Running(body) = stage else { unreachable!("a task without a body was polled") };
        // SAFETY: the body stays in its cell on the heap until it is dropped there, in `finish` or `clear`.
        let body = unsafe { Pin::new_unchecked(body) };
        match catch_unwind(AssertUnwindSafe(|| body.poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(value)) => Self::finish(stage, Ok(value)),
            Err(payload) => Self::finish(stage, Err(Exit::Panicked(Panic::new(payload)))),
        }
        Poll::Ready(())
    }

    /// # Safety
    ///
    /// As [`stage`](Self::stage).
    unsafe fn end(header: NonNull<Header>) {
        // SAFETY: the caller's promise.
        Self::finish(unsafe { Self::stage(header) }, Err(Exit::Killed));
    }

    /// # Safety
    ///
    /// As [`stage`](Self::stage).
    unsafe fn exit(header: NonNull<Header>) -> Option<Exit> {
        // SAFETY: the caller's promise.
        match unsafe { Self::stage(header) } {
            Stage::Finished(Err(exit)) => Some(exit.duplicate()),
            _ => None,
        }
    }

    /// Drops the body where it stands, then puts the result in its place. A destructor that panics is the result.
    fn finish(stage: &mut Stage<B, T>, mut result: Result<T, Exit>) {
        if let Err(payload) = drop_in_place_caught(stage) {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(result))) {
                drop_payload(payload);
            }
            result = Err(Exit::Panicked(Panic::new(payload)));
        }
        *stage = Stage::Finished(result);
    }

    /// # Safety
    ///
    /// As [`stage`](Self::stage); `out` points to an `Option<Result<T, Exit>>`.
    unsafe fn take(header: NonNull<Header>, out: NonNull<()>) {
        // SAFETY: the caller's promise.
        let stage = unsafe { Self::stage(header) };
        // SAFETY: the caller's promise.
        let out = unsafe { out.cast::<Option<Result<T, Exit>>>().as_mut() };
        match std::mem::replace(stage, Stage::Consumed) {
            Stage::Finished(result) => *out = Some(result),
            Stage::Consumed => {}
            Stage::Running(_) => unreachable!("a result was taken from a body that runs"),
        }
    }

    /// # Safety
    ///
    /// As [`stage`](Self::stage).
    unsafe fn clear(header: NonNull<Header>) {
        // SAFETY: the caller's promise.
        if let Err(payload) = drop_in_place_caught(unsafe { Self::stage(header) }) {
            drop_payload(payload);
        }
    }

    /// # Safety
    ///
    /// `header` is the start of a `TaskCell<B, T>` that `allocate_scoped` made and nothing refers to any more, whose
    /// stage was cleared. May be called on any OS thread: only plain memory is left.
    unsafe fn free(header: NonNull<Header>) {
        let cell = header.cast::<ManuallyDrop<TaskCell<B, T>>>();
        // SAFETY: the memory came from a `Box` of the same layout; `ManuallyDrop` leaves its content alone.
        drop(unsafe { Box::from_raw(cell.as_ptr()) });
    }
}

/// Replaces the stage by `Consumed` and hands out the panic of a destructor, if there was one.
///
/// The old content is dropped before the new is written, where it stands: a pinned body must not be moved.
fn drop_in_place_caught<B, T>(stage: &mut Stage<B, T>) -> Result<(), Box<dyn Any + Send>> {
    let place: *mut Stage<B, T> = stage;
    // SAFETY: `place` comes from a unique reference; its content is dropped once here, and overwritten without being
    // dropped again just below, whether or not a destructor panics.
    let result = catch_unwind(AssertUnwindSafe(|| unsafe { place.drop_in_place() }));
    // SAFETY: as above.
    unsafe { place.write(Stage::Consumed) };
    result
}

/// Drops what somebody panicked with. It may panic when dropped, with something that may, and so on: nobody is left to
/// tell, and somewhere it has to end.
pub(super) fn drop_payload(mut payload: Box<dyn Any + Send>) {
    for _ in 0..8 {
        match catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            Ok(()) => return,
            Err(another) => payload = another,
        }
    }
    std::mem::forget(payload);
}

/// The body of a stand-in for a foreign waker. It is never polled.
struct ForeignBody(Waker);

impl Future for ForeignBody {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        // Reached through `TaskRef::wake_foreign` only: being "polled" is being woken.
        self.0.wake_by_ref();
        Poll::Ready(())
    }
}

impl TaskRef {
    /// Wakes the foreign waker behind a stand-in. This calls code of another executor.
    pub(crate) fn wake_foreign(&self) {
        if self.has(DONE | RUNNING) {
            return;
        }
        self.set(RUNNING);
        let mut cx = Context::from_waker(Waker::noop());
        // SAFETY: a stand-in's cell was made with this vtable; `RUNNING` keeps every other access away.
        let _ = unsafe { (self.header().vtable.poll)(self.0, &mut cx) };
        self.become_done();
    }
}

/// The waker of a task that is being resumed, and of every clone.
static RESUME: RawWakerVTable = RawWakerVTable::new(waker_clone, waker_wake, waker_wake_by_ref, waker_drop);
/// The waker of a task that is being looked at. Its clones are ordinary ones.
static LOOK: RawWakerVTable = RawWakerVTable::new(waker_clone, waker_wake, waker_wake_by_ref, waker_drop);

/// The header behind one of our wakers.
fn header_of(waker: &Waker) -> Option<NonNull<Header>> {
    let is_ours = std::ptr::eq(waker.vtable(), &RESUME) || std::ptr::eq(waker.vtable(), &LOOK);
    if is_ours { NonNull::new(waker.data().cast::<Header>().cast_mut()) } else { None }
}

/// # Safety
///
/// `data` points to the header of a live task: one that is being polled, or one that a counted waker refers to.
unsafe fn waker_clone(data: *const ()) -> RawWaker {
    // SAFETY: the caller's promise.
    let header = unsafe { &*data.cast::<Header>() };
    let refs = header.remote_refs.fetch_add(1, Ordering::Relaxed);
    if refs > u32::MAX / 2 {
        // As for `Arc`: wrapping round would free what is in use.
        std::process::abort();
    }
    // SAFETY: `remote` came from `Arc::as_ptr` and its hub lives: the task is being polled by it, or a counted waker
    // holds one of the counts. This waker holds one too, until `waker_drop`.
    unsafe { Arc::increment_strong_count(header.remote) };
    RawWaker::new(data, &RESUME)
}

/// # Safety
///
/// As [`waker_clone`]; `data` was counted by it.
unsafe fn waker_wake(data: *const ()) {
    // SAFETY: the caller's promise.
    unsafe { waker_wake_by_ref(data) };
    // SAFETY: the caller's promise.
    unsafe { waker_drop(data) };
}

/// # Safety
///
/// As [`waker_clone`].
unsafe fn waker_wake_by_ref(data: *const ()) {
    // SAFETY: the caller's promise.
    let header = unsafe { &*data.cast::<Header>() };
    let remote = header.remote;
    let woken_at_home = current::try_with(|hub| {
        if !std::ptr::eq(Arc::as_ptr(&hub.remote), remote) {
            return false;
        }
        // `mailed` goes first: what is woken from elsewhere after this must come again. The exchange also takes over
        // what an OS thread wrote that found the flag set and left without posting.
        header.mailed.swap(false, Ordering::AcqRel);
        if header.refs.get() > 0
            && let Some(header) = NonNull::new(data.cast::<Header>().cast_mut())
        {
            let task = ManuallyDrop::new(TaskRef(header));
            hub.schedule(&task);
        }
        true
    });
    if woken_at_home != Some(true) && !header.mailed.swap(true, Ordering::AcqRel) {
        // SAFETY: the caller's promise is `waker_clone`'s.
        let raw = unsafe { waker_clone(data) };
        // SAFETY: `waker_clone` counted it.
        let waker = unsafe { Waker::from_raw(raw) };
        // SAFETY: the waker just made holds a count of `remote`.
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
    if refs.fetch_sub(1, Ordering::Release) == 1 {
        fence(Ordering::Acquire);
        // SAFETY: it was the last reference of all; the local ones cleared the cell before they gave up their share.
        unsafe { free(header) };
    }
    // SAFETY: `waker_clone` took this count.
    unsafe { Arc::decrement_strong_count(remote) };
}
