//! What answers are made of.

use std::ops::Deref;
use std::time::Duration;
use std::vec;

/// The records that answer a question: a slice of them, and for how long they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    records: Vec<T>,
    ttl: Duration,
}

impl<T> Answer<T> {
    pub(super) fn new(records: Vec<T>, ttl: Duration) -> Self {
        Answer { records, ttl }
    }

    /// For how long the records hold from now on: the least of their times to live.
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// The records.
    pub fn into_vec(self) -> Vec<T> {
        self.records
    }
}

impl<T> Deref for Answer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.records
    }
}

impl<T> IntoIterator for Answer<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> vec::IntoIter<T> {
        self.records.into_iter()
    }
}

/// A host that takes mail for a domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Mx {
    /// The lowest is tried first.
    pub preference: u16,
    /// The host, without the last dot.
    pub exchange: String,
}

/// A host and port where a service is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Srv {
    /// The lowest is tried first.
    pub priority: u16,
    /// Among those of one priority, how often to take this one.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host, without the last dot.
    pub target: String,
}
