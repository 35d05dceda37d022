//! `Arc` as std has it, on the model's atomics.
//!
//! loom's own reads its count with more ordering than std does, which would hide that a fence is
//! missing.

use std::ops::Deref;
use std::sync::Arc as Memory;
use std::sync::atomic::Ordering;

use loom::alloc::Track;
use loom::sync::atomic::{AtomicUsize, fence};

pub(crate) struct Arc<T>(Memory<Counted<T>>);

/// A pointer to the whole is a pointer to the value.
#[repr(C)]
struct Counted<T> {
    value: T,
    strong: AtomicUsize,
    /// The model fails if this is not dropped.
    _is_freed: Track<()>,
}

impl<T> Arc<T> {
    pub(crate) fn new(value: T) -> Self {
        Arc(Memory::new(Counted { value, strong: AtomicUsize::new(1), _is_freed: Track::new(()) }))
    }

    pub(crate) fn as_ptr(this: &Self) -> *const T {
        Memory::as_ptr(&this.0).cast()
    }

    pub(crate) fn strong_count(this: &Self) -> usize {
        this.0.strong.load(Ordering::Relaxed)
    }

    /// # Safety
    ///
    /// `value` came from [`as_ptr`](Self::as_ptr), and somebody holds a count.
    pub(crate) unsafe fn increment_strong_count(value: *const T) {
        let memory = value.cast::<Counted<T>>();
        // SAFETY: `value` came from `as_ptr` of an `Arc` that lives, and stands at the beginning of
        // its memory.
        unsafe { &*memory }.strong.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { Memory::increment_strong_count(memory) };
    }

    /// # Safety
    ///
    /// `value` came from [`as_ptr`](Self::as_ptr), and the caller holds a count that it gives up.
    pub(crate) unsafe fn decrement_strong_count(value: *const T) {
        // SAFETY: `value` came from `as_ptr`, its count is given up here, and it stands at the
        // beginning of its memory.
        drop(Arc(unsafe { Memory::from_raw(value.cast::<Counted<T>>()) }));
    }
}

impl<T> Clone for Arc<T> {
    fn clone(&self) -> Self {
        self.0.strong.fetch_add(1, Ordering::Relaxed);
        Arc(self.0.clone())
    }
}

impl<T> Drop for Arc<T> {
    fn drop(&mut self) {
        if self.0.strong.fetch_sub(1, Ordering::Release) == 1 {
            fence(Ordering::Acquire);
        }
    }
}

impl<T> Deref for Arc<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}
