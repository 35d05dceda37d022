//! The memory of a task, and what is done with it for one kind of body.

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::future::Future;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use super::super::extra::Extra;
use super::super::remote::Remote;
use super::TaskRef;
use super::remote_refs::RemoteRefs;
use crate::cross::AtomicBool;
use crate::exit::{Exit, Panic};

/// What every task has, whatever its body.
pub(super) struct Header {
    pub(super) vtable: &'static VTable,
    /// The hub's inbox, which is also the hub's identity. Valid while the hub lives or a cloned waker does.
    pub(super) remote: *const Remote,
    /// The next in the ready queue.
    pub(super) next: Cell<Option<TaskRef>>,
    pub(super) extra: Cell<Option<Box<Extra>>>,
    pub(super) id: u64,
    pub(super) state: Cell<u16>,
    pub(super) scopes: Cell<u8>,
    /// A wake from another OS thread is already in the inbox.
    pub(super) mailed: AtomicBool,
    pub(super) refs: Cell<u32>,
    pub(super) remote_refs: RemoteRefs,
    pub(super) slot: Cell<u32>,
}

#[repr(C)]
pub(super) struct TaskCell<B, T> {
    pub(super) header: Header,
    pub(super) stage: UnsafeCell<Stage<B, T>>,
}

pub(super) enum Stage<B, T> {
    Running(B),
    Finished(Result<T, Exit>),
    Consumed,
}

pub(super) struct VTable {
    pub(super) poll: unsafe fn(NonNull<Header>, &mut Context<'_>) -> Polled,
    pub(super) end: unsafe fn(NonNull<Header>) -> Polled,
    pub(super) exit: unsafe fn(NonNull<Header>) -> Option<Exit>,
    pub(super) take: unsafe fn(NonNull<Header>, NonNull<()>),
    pub(super) clear: unsafe fn(NonNull<Header>),
    pub(super) free: unsafe fn(NonNull<Header>),
}

impl Header {
    pub(super) fn new(vtable: &'static VTable, remote: *const Remote, id: u64, state: u16) -> Self {
        Header {
            vtable,
            remote,
            next: Cell::new(None),
            extra: Cell::new(None),
            id,
            state: Cell::new(state),
            scopes: Cell::new(0),
            mailed: AtomicBool::new(false),
            refs: Cell::new(1),
            remote_refs: RemoteRefs::new(),
            slot: Cell::new(u32::MAX),
        }
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

/// The functions behind a vtable, for one kind of body.
pub(super) struct Operations<B, T>(PhantomData<(B, T)>);

impl<B: Future<Output = T>, T> Operations<B, T> {
    pub(super) const VTABLE: VTable = VTable {
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
        // SAFETY: the caller says that the cell lives.
        let stage = unsafe { cell.as_ref() }.stage.get();
        // SAFETY: the caller says that nothing else reaches the stage.
        unsafe { &mut *stage }
    }

    /// # Safety
    ///
    /// As [`stage`](Self::stage).
    unsafe fn poll(header: NonNull<Header>, cx: &mut Context<'_>) -> Polled {
        // SAFETY: the caller's promise.
        let stage = unsafe { Self::stage(header) };
        let Stage::Running(body) = stage else { unreachable!("a task without a body was polled") };
        // SAFETY: the body stays in its cell on the heap until it is dropped there, in `finish` or `clear`.
        let body = unsafe { Pin::new_unchecked(body) };
        match catch_unwind(AssertUnwindSafe(|| body.poll(cx))) {
            Ok(Poll::Pending) => Polled::Pending,
            Ok(Poll::Ready(value)) => Self::finish(stage, Ok(value)),
            Err(payload) => Self::finish(stage, Err(Exit::Panicked(Panic::new(payload)))),
        }
    }

    /// # Safety
    ///
    /// As [`stage`](Self::stage).
    unsafe fn end(header: NonNull<Header>) -> Polled {
        // SAFETY: the caller's promise.
        Self::finish(unsafe { Self::stage(header) }, Err(Exit::Killed))
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
    fn finish(stage: &mut Stage<B, T>, mut result: Result<T, Exit>) -> Polled {
        if let Err(payload) = drop_in_place_caught(stage) {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(result))) {
                drop_payload(payload);
            }
            result = Err(Exit::Panicked(Panic::new(payload)));
        }
        let polled = if result.is_ok() { Polled::Returned } else { Polled::Failed };
        *stage = Stage::Finished(result);
        polled
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
pub(in crate::hub) fn drop_payload(mut payload: Box<dyn Any + Send>) {
    for _ in 0..8 {
        match catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            Ok(()) => return,
            Err(another) => payload = another,
        }
    }
    std::mem::forget(payload);
}
