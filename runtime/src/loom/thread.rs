//! `std::thread` in a model.

use std::sync::Arc;
use std::time::Duration;

use super::{Condvar, Mutex};

pub(crate) use loom::thread::Builder;

loom::thread_local! {
    static CURRENT: Thread = Thread(Arc::default());
}

/// Somebody has been told to go on. loom's own `park` forgets that when another lock is released
/// meanwhile.
#[derive(Default)]
pub(crate) struct Token {
    is_there: Mutex<bool>,
    comes: Condvar,
}

impl Token {
    pub(crate) fn put(&self) {
        *self.is_there.lock().unwrap() = true;
        self.comes.notify_one();
    }

    /// Waits for it, and takes it.
    pub(crate) fn take(&self) {
        let mut is_there = self.is_there.lock().unwrap();
        while !*is_there {
            is_there = self.comes.wait(is_there).unwrap();
        }
        *is_there = false;
    }
}

#[derive(Clone)]
pub(crate) struct Thread(Arc<Token>);

impl Thread {
    pub(crate) fn unpark(&self) {
        self.0.put();
    }
}

pub(crate) fn current() -> Thread {
    CURRENT.with(Thread::clone)
}

pub(crate) fn park() {
    current().0.take();
}

/// Time does not pass in a model.
pub(crate) fn park_timeout(_: Duration) {
    park();
}
