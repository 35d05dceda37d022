//! What can go wrong with a key.

use std::error::Error;
use std::fmt;
use std::rc::Rc;

/// The key's job failed: it gave an error, panicked, or was killed from outside.
///
/// A job that hands on the error of a job that it depends on, with `?`, fails with an error whose
/// source that one is; so the chain of sources is the path to where it began.
pub struct PropagateError<K> {
    key: K,
    cause: Rc<dyn Error + 'static>,
}

impl<K> PropagateError<K> {
    pub(super) fn new(key: K, cause: Box<dyn Error>) -> Self {
        PropagateError { key, cause: cause.into() }
    }

    /// Whose job failed.
    pub fn key(&self) -> &K {
        &self.key
    }

    /// What it failed with: its error, or an [`Exit`](crate::Exit).
    pub fn cause(&self) -> &(dyn Error + 'static) {
        &*self.cause
    }
}

impl<K: Clone> Clone for PropagateError<K> {
    fn clone(&self) -> Self {
        PropagateError { key: self.key.clone(), cause: self.cause.clone() }
    }
}

impl<K: fmt::Debug> fmt::Display for PropagateError<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the job of {:?} failed: {}", self.key, self.cause)
    }
}

impl<K: fmt::Debug> fmt::Debug for PropagateError<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PropagateError").field("key", &self.key).field("cause", &self.cause).finish()
    }
}

impl<K: fmt::Debug> Error for PropagateError<K> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.cause)
    }
}

/// The key has a value or a job already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collision<K>(
    /// Which key.
    pub K,
);

impl<K: fmt::Debug> fmt::Display for Collision<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} has a value or a job already", self.0)
    }
}

impl<K: fmt::Debug> Error for Collision<K> {}

/// The pool does not know the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownKey<K>(
    /// Which key.
    pub K,
);

impl<K: fmt::Debug> fmt::Display for UnknownKey<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} has neither a value nor a job", self.0)
    }
}

impl<K: fmt::Debug> Error for UnknownKey<K> {}
