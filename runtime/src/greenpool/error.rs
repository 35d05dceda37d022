//! The error of a spawn that does not wait.

use std::fmt;

/// The pool had no free slot; the job is in here.
///
/// gevent's `PoolFull`.
pub struct PoolFull<F> {
    job: F,
}

impl<F> PoolFull<F> {
    pub(super) fn new(job: F) -> Self {
        PoolFull { job }
    }

    /// The job that was not started.
    pub fn into_inner(self) -> F {
        self.job
    }
}

impl<F> fmt::Display for PoolFull<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pool has no free slot")
    }
}

impl<F> fmt::Debug for PoolFull<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PoolFull")
    }
}

impl<F> std::error::Error for PoolFull<F> {}
