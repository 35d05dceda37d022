//! What the call of a scope, its handles and those of its threads share.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::branch::branches::{BranchKey, Branches, Payload};

/// A thread of a scope: its value goes where its handle finds it, and only a failure comes back
/// here.
pub(super) type Call<'env, E> = Pin<Box<dyn Future<Output = Result<(), E>> + 'env>>;

/// The threads of a scope.
pub(super) struct Shared<'env, E> {
    pub(super) branches: Branches<Call<'env, E>>,
    /// The panic of a destructor, when a thread was killed.
    panic: RefCell<Option<Payload>>,
}

/// What ends a scope before its time.
pub(super) enum Failure<E> {
    Error(E),
    Panic(Payload),
}

impl<E> Shared<'_, E> {
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Shared { branches: Branches::new(), panic: RefCell::default() })
    }

    pub(super) fn take_panic(&self) -> Option<Failure<E>> {
        self.panic.take().map(Failure::Panic)
    }
}

/// What a thread's handle asks of its scope, whatever error that has.
pub(super) trait Threads {
    fn is_started(&self, key: BranchKey) -> bool;
    fn kill(&self, key: BranchKey);
}

impl<E> Threads for Shared<'_, E> {
    fn is_started(&self, key: BranchKey) -> bool {
        self.branches.is_started(key)
    }

    fn kill(&self, key: BranchKey) {
        if let Err(payload) = self.branches.kill(key) {
            // The first one comes out of the scope, which the kill has woken.
            let previous = self.panic.replace(Some(payload));
            if previous.is_some() {
                drop(self.panic.replace(previous));
            }
        }
    }
}
