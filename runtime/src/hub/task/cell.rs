//! The memory of a task, and what is done with it for one kind of body.

use std::any::{Any, TypeId};
use std::cell::{Cell, UnsafeCell};
use std::future::Future;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use super::super::remote::Remote;
use super::super::task::cold::Cold;
use super::registry::NOWHERE;
use super::remote_refs::RemoteRefs;
use super::{CALL, CLOSURE, RESULT, TaskRef};
use crate::greenthread::lost;
use crate::hub::exit::{Exit, Panic, Reason};
use crate::hub::payload::drop_payload;
use crate::loom::AtomicBool;

/// What every task has, whatever its body.
pub(super) struct Header {
    pub(super) vtable: &'static VTable,
    /// The hub's inbox, which is also the hub's identity. Valid while the hub lives or a cloned
    /// waker does.
    pub(super) remote: *const Remote,
    /// The next in the ready queue, which counts it.
    pub(super) next: Cell<Option<NonNull<Header>>>,
    pub(super) cold: Cell<Option<Box<Cold>>>,
    pub(super) id: u64,
    pub(super) state: Cell<u16>,
    /// A wake from another OS thread is already in the inbox.
    pub(super) mailed: AtomicBool,
    pub(super) refs: Cell<u32>,
    /// Somebody has said that they look after how it ends, or that it does not matter: an error of
    /// it is not reported.
    pub(super) answered_for: Cell<bool>,
    pub(super) remote_refs: RemoteRefs,
    /// Its place in the registry.
    pub(super) slot: Cell<u32>,
    /// Where it was spawned.
    #[cfg(debug_assertions)]
    pub(super) place: Cell<Option<&'static std::panic::Location<'static>>>,
}

#[repr(C)]
pub(super) struct TaskCell<F, G, T> {
    pub(super) header: Header,
    pub(super) stage: UnsafeCell<Stage<F, G, T>>,
}

/// What lies behind the header. Which of them it is, the header's state says: `CLOSURE`, `CALL`,
/// `RESULT`, or none.
///
/// A tag in here would be a word more for every thread, and one more thing to read at every switch.
pub(super) union Stage<F, G, T> {
    closure: ManuallyDrop<F>,
    call: ManuallyDrop<G>,
    result: ManuallyDrop<Result<T, Exit>>,
}

impl<F, G, T> Stage<F, G, T> {
    /// Goes with `CLOSURE`.
    pub(super) fn closure(closure: F) -> Self {
        Stage { closure: ManuallyDrop::new(closure) }
    }

    /// Goes with `CALL`.
    pub(super) fn call(call: G) -> Self {
        Stage { call: ManuallyDrop::new(call) }
    }

    /// # Safety
    ///
    /// It is what `state` says, and is not used again.
    #[inline(always)]
    unsafe fn drop_in_place(&mut self, state: u16) {
        if state & CALL != 0 {
            // SAFETY: it is a call, as `state` says, and is not used again.
            unsafe { ManuallyDrop::drop(&mut self.call) };
        } else if state & CLOSURE != 0 {
            // SAFETY: it is a closure, as `state` says, and is not used again.
            unsafe { ManuallyDrop::drop(&mut self.closure) };
        } else if state & RESULT != 0 {
            // SAFETY: it is a result, as `state` says, and is not used again.
            unsafe { ManuallyDrop::drop(&mut self.result) };
        }
    }

    /// # Safety
    ///
    /// It is a call.
    pub(super) unsafe fn as_call(&self) -> &G {
        // SAFETY: it is a call (the precondition "it is a call").
        unsafe { &self.call }
    }
}

pub(super) struct VTable {
    pub(super) poll: unsafe fn(NonNull<Header>, &mut Context<'_>) -> Polled,
    pub(super) end: unsafe fn(NonNull<Header>) -> Polled,
    pub(super) exit: unsafe fn(NonNull<Header>) -> Option<Exit>,
    pub(super) take: unsafe fn(NonNull<Header>, NonNull<()>),
    pub(super) clear: unsafe fn(NonNull<Header>),
    pub(super) report: unsafe fn(NonNull<Header>),
    /// The names of the types of the call and of the closure.
    pub(super) call: fn() -> &'static str,
    pub(super) closure: fn() -> &'static str,
    pub(super) free: unsafe fn(NonNull<Header>),
}

impl Header {
    #[inline]
    pub(super) fn new(vtable: &'static VTable, remote: *const Remote, id: u64, state: u16) -> Self {
        Header {
            vtable,
            remote,
            next: Cell::new(None),
            cold: Cell::new(None),
            id,
            state: Cell::new(state),
            mailed: AtomicBool::new(false),
            refs: Cell::new(1),
            answered_for: Cell::new(false),
            remote_refs: RemoteRefs::new(),
            slot: Cell::new(NOWHERE),
            #[cfg(debug_assertions)]
            place: Cell::new(None),
        }
    }

    /// Why it was killed, if that was said and nobody has heard.
    fn take_reason(&self) -> Option<Reason> {
        let mut cold = self.cold.take()?;
        let reason = cold.exits.as_mut().and_then(|exits| exits.reason.take());
        self.cold.set(Some(cold));
        reason
    }
}

/// What came of polling a body, or of ending it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Polled {
    Pending,
    /// Its value is stored.
    Returned,
    /// It was killed or panicked, which is stored.
    Failed,
}

/// The functions behind a vtable, for one kind of body: a closure, the call that it makes, and what
/// that gives.
pub(super) struct Operations<F, G, T>(PhantomData<(F, G, T)>);

impl<F, G, T> Operations<F, G, T>
where
    F: FnOnce() -> G,
    G: Future<Output = T>,
{
    pub(super) const VTABLE: VTable = VTable {
        poll: Self::poll,
        end: Self::end,
        exit: Self::exit,
        take: Self::take,
        clear: Self::clear,
        report: Self::report_nothing,
        call: std::any::type_name::<G>,
        closure: std::any::type_name::<F>,
        free: Self::free,
    };

    /// # Safety
    ///
    /// `header` is the start of a live `TaskCell<F, G, T>`, and nothing else may reach its stage
    /// until the returned reference is dead.
    #[inline(always)]
    unsafe fn parts<'a>(header: NonNull<Header>) -> (&'a Header, &'a mut Stage<F, G, T>) {
        // SAFETY: the caller says that the cell lives.
        let cell = unsafe { header.cast::<TaskCell<F, G, T>>().as_ref() };
        // SAFETY: the caller says that nothing else reaches the stage.
        let stage = unsafe { &mut *cell.stage.get() };
        (&cell.header, stage)
    }

    /// # Safety
    ///
    /// As [`parts`](Self::parts), until this returns; the stage holds a closure or a call.
    unsafe fn poll(header: NonNull<Header>, cx: &mut Context<'_>) -> Polled {
        // SAFETY: the cell lives and nothing else reaches its stage until `poll` returns, which is
        // after this reference; the stage holds a closure or a call.
        let call = || unsafe { Self::call(header) };
        match catch_unwind(AssertUnwindSafe(|| call().poll(cx))) {
            Ok(Poll::Pending) => Polled::Pending,
            // SAFETY: the cell lives and nothing else reaches its stage: the reference that was
            // polled is dead.
            Ok(Poll::Ready(value)) => unsafe { Self::finish(header, value, Ok) },
            // SAFETY: the cell lives and nothing else reaches its stage: the reference that
            // panicked is dead.
            Err(payload) => unsafe { Self::fail(header, payload) },
        }
    }

    /// The call, which the closure makes now if it has not yet. If that panics, neither is left.
    ///
    /// # Safety
    ///
    /// As [`poll`](Self::poll), until the returned reference is dead.
    #[inline(always)]
    unsafe fn call<'a>(header: NonNull<Header>) -> Pin<&'a mut G>
    where
        (F, T): 'a,
    {
        // SAFETY: the cell lives and nothing else reaches its stage (the preconditions of `parts`,
        // which are this one's).
        let (header, stage) = unsafe { Self::parts(header) };
        if header.state.get() & CLOSURE != 0 {
            header.state.set(header.state.get() & !CLOSURE);
            // SAFETY: the state said that it is a closure, and no longer does.
            let closure = unsafe { ManuallyDrop::take(&mut stage.closure) };
            stage.call = ManuallyDrop::new(closure());
            header.state.set(header.state.get() | CALL);
        }
        debug_assert!(header.state.get() & CALL != 0, "a task without a body was polled");
        // SAFETY: where there is no closure there is a call, says the caller.
        let call = unsafe { &mut stage.call };
        // SAFETY: it stays in its cell on the heap until it is dropped there, in `clear_caught`.
        unsafe { Pin::new_unchecked(&mut **call) }
    }

    /// # Safety
    ///
    /// As [`parts`](Self::parts), until this returns.
    unsafe fn end(header: NonNull<Header>) -> Polled {
        // SAFETY: the cell lives, and its header is read alone.
        let reason = unsafe { header.as_ref() }.take_reason();
        // SAFETY: the cell lives and nothing else reaches its stage until this returns.
        unsafe { Self::finish(header, Exit::killed(reason), Err) }
    }

    /// # Safety
    ///
    /// As [`end`](Self::end).
    unsafe fn exit(header: NonNull<Header>) -> Option<Exit> {
        // SAFETY: the cell lives and nothing else reaches its stage (the preconditions of `parts`,
        // which are this one's).
        let (header, stage) = unsafe { Self::parts(header) };
        if header.state.get() & RESULT == 0 {
            return None;
        }
        // SAFETY: the state says that it is a result.
        let result = unsafe { &stage.result };
        result.as_ref().err().map(Exit::duplicate)
    }

    /// Drops the body where it stands, then puts in its place what `into_result` makes of how it
    /// ended. A destructor that panics is the result.
    ///
    /// (The result is made where it is to lie: one that is handed on is put together elsewhere
    /// first, and waited for when it is copied.)
    ///
    /// # Safety
    ///
    /// As [`end`](Self::end).
    #[inline]
    unsafe fn finish<E>(
        header: NonNull<Header>,
        ending: E,
        into_result: impl FnOnce(E) -> Result<T, Exit>,
    ) -> Polled {
        // SAFETY: the cell lives and nothing else reaches its stage until this returns.
        if let Err(payload) = unsafe { Self::clear_caught(header) } {
            drop_caught(ending);
            // SAFETY: the cell lives and nothing else reaches its stage. It ends here: nothing is
            // left behind the header that could panic when it is dropped.
            return unsafe { Self::fail(header, payload) };
        }
        // SAFETY: the cell lives and nothing else reaches its stage (the preconditions of `parts`,
        // which are this one's).
        let (header, stage) = unsafe { Self::parts(header) };
        let result = into_result(ending);
        let polled = if result.is_ok() { Polled::Returned } else { Polled::Failed };
        stage.result = ManuallyDrop::new(result);
        header.state.set(header.state.get() | RESULT);
        polled
    }

    /// The panic of a body, or of its destructor, is the result.
    ///
    /// # Safety
    ///
    /// As [`end`](Self::end).
    #[cold]
    unsafe fn fail(header: NonNull<Header>, payload: Box<dyn Any + Send>) -> Polled {
        // SAFETY: the cell lives and nothing else reaches its stage until this returns.
        unsafe { Self::finish(header, Exit::Panicked(Panic::new(payload)), Err) }
    }

    /// # Safety
    ///
    /// As [`end`](Self::end); `out` points to an `Option<Result<T, Exit>>`.
    unsafe fn take(header: NonNull<Header>, out: NonNull<()>) {
        // SAFETY: the cell lives and nothing else reaches its stage (the preconditions of `parts`,
        // which are this one's).
        let (header, stage) = unsafe { Self::parts(header) };
        if header.state.get() & RESULT == 0 {
            return;
        }
        header.state.set(header.state.get() & !RESULT);
        // SAFETY: the state said that it is a result, and no longer does.
        let result = unsafe { ManuallyDrop::take(&mut stage.result) };
        // SAFETY: `out` points to an `Option<Result<T, Exit>>`, which nothing else reaches.
        *unsafe { out.cast::<Option<Result<T, Exit>>>().as_mut() } = Some(result);
    }

    /// # Safety
    ///
    /// As [`end`](Self::end).
    unsafe fn clear(header: NonNull<Header>) {
        // SAFETY: the cell lives and nothing else reaches its stage until this returns.
        if let Err(payload) = unsafe { Self::clear_caught(header) } {
            drop_payload(payload);
        }
    }

    /// Drops what is behind the header, where it stands: a pinned body must not be moved. Hands out
    /// the panic of a destructor, if there was one.
    ///
    /// # Safety
    ///
    /// As [`end`](Self::end).
    #[inline]
    unsafe fn clear_caught(header: NonNull<Header>) -> Result<(), Box<dyn Any + Send>> {
        // SAFETY: the cell lives and nothing else reaches its stage (the preconditions of `parts`,
        // which are this one's).
        let (header, stage) = unsafe { Self::parts(header) };
        let state = header.state.get();
        header.state.set(state & !(CLOSURE | CALL | RESULT));
        catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: it is what the state said, and no longer does, so that it is dropped this
            // once.
            unsafe { stage.drop_in_place(state) };
        }))
    }

    /// What a value that borrows comes to is known to whoever lent.
    ///
    /// # Safety
    ///
    /// None; it is a function pointer among others that have some.
    unsafe fn report_nothing(_: NonNull<Header>) {}

    /// # Safety
    ///
    /// `header` is the start of a `TaskCell<F, G, T>` that `allocate_scoped` made and nothing
    /// refers to any more, whose stage was cleared. May be called on any OS thread: only plain
    /// memory is left.
    unsafe fn free(header: NonNull<Header>) {
        let cell = header.cast::<ManuallyDrop<TaskCell<F, G, T>>>();
        // SAFETY: the memory came from a `Box` of the same layout; `ManuallyDrop` leaves its
        // content alone.
        drop(unsafe { Box::from_raw(cell.as_ptr()) });
    }
}

impl<F, G, T> Operations<F, G, T>
where
    F: FnOnce() -> G,
    G: Future<Output = T>,
    T: 'static,
{
    /// The same for a thread of its own, whose value may be an error that nobody asks for.
    pub(super) const REPORTING: VTable = VTable { report: Self::report, ..Self::VTABLE };

    /// Reports the value that is stored, if it is an error and nobody has answered for it.
    ///
    /// # Safety
    ///
    /// `header` is the start of a live `TaskCell<F, G, T>`. Until this returns there is a counted
    /// reference to it, and nothing else takes, drops or replaces its result.
    unsafe fn report(header: NonNull<Header>) {
        // What most threads give is no error. Known when this is compiled.
        if TypeId::of::<T>() == TypeId::of::<()>() {
            return;
        }
        // SAFETY: there is a counted reference, says the caller.
        let task = unsafe { TaskRef::count(header) };
        if !task.has(RESULT) || task.header().answered_for.get() {
            return;
        }
        // SAFETY: the cell lives as long as `task`, says the count.
        let cell = unsafe { header.cast::<TaskCell<F, G, T>>().as_ref() };
        // SAFETY: nothing takes, drops or replaces the result meanwhile, says the caller, so that a
        // shared reference to where it lies is valid.
        let stage = unsafe { &*cell.stage.get() };
        // SAFETY: the state says that it is a result.
        let result = unsafe { &stage.result };
        if let Ok(value) = &**result {
            lost::report(&task, value);
        }
    }
}

/// Drops a value whose destructor may panic as well, when there is a panic already.
#[cold]
fn drop_caught<T>(value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        drop_payload(payload);
    }
}
