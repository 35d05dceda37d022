//! `OnceLock` in a model, which sees when it is set and read.

use std::sync::OnceLock as Memory;
use std::sync::atomic::Ordering;

use loom::sync::atomic::AtomicBool;

pub(crate) struct OnceLock<T> {
    value: Memory<T>,
    is_set: AtomicBool,
}

impl<T> OnceLock<T> {
    pub(crate) fn new() -> Self {
        OnceLock { value: Memory::new(), is_set: AtomicBool::new(false) }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        if self.is_set.load(Ordering::Acquire) { self.value.get() } else { None }
    }

    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        self.value.set(value)?;
        self.is_set.store(true, Ordering::Release);
        Ok(())
    }
}
