//! The workloads, written as a user would write them.

pub(crate) mod growth;
pub(crate) mod hubs;
pub(crate) mod queues;
pub(crate) mod servers;
pub(crate) mod sharing;
pub(crate) mod threads;
pub(crate) mod timers;
pub(crate) mod tls;
