//! What a hub shows of itself to whoever looks for what is wrong. [`debug`](crate::debug) has it
//! under its names.
//!
//! ```text
//!  counters.rs  what each hub does, for any OS thread      json.rs  reports for programs
//!  snapshot.rs  each green thread, and where it stands
//! ```

mod counters;
mod json;
mod snapshot;

pub use counters::{HubCounters, HubState, hubs};
pub use snapshot::{Frame, Snapshot, Stack, ThreadFacts, ThreadState, snapshot, snapshot_all};
