//! How long a wait for a descriptor may last.

use std::time::Duration;

/// A limit, or none, in the space of a number: a server has two for each connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit(u64);

impl Limit {
    pub(super) const NONE: Limit = Limit(u64::MAX);

    /// What is longer than five hundred years is that long.
    pub(super) fn new(limit: Option<Duration>) -> Self {
        match limit {
            None => Limit::NONE,
            Some(limit) => Limit(u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX).min(u64::MAX - 1)),
        }
    }

    pub(super) fn get(self) -> Option<Duration> {
        self.nanoseconds().map(Duration::from_nanos)
    }

    #[inline]
    pub(super) fn nanoseconds(self) -> Option<u64> {
        (self != Limit::NONE).then_some(self.0)
    }
}
