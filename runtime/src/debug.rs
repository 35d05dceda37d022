//! Looking at a running program. eventlet's `debug`.

use std::time::Duration;

pub use crate::hubs::inside::{
    Frame, HubCounters, HubState, Snapshot, Stack, ThreadFacts, ThreadState, hubs, snapshot, snapshot_all,
};

use crate::hubs::get_hub;

/// Reports every green thread that keeps this OS thread's hub for longer than `limit` without
/// suspending; `None` ends that.
///
/// Such a thread stops all others: it computes, or calls something that blocks. When it suspends or
/// ends at last, a report on stderr names it, says how long it took, and gives the lines between
/// which that was:
///
/// ```text
/// eventlet: green thread 3 (worker) kept the hub for 1.204s
/// note: it went on at src/main.rs:12:9
/// note: it suspended at src/main.rs:20:9
/// help: give what computes or blocks to `eventlet::tpool::execute`, or let others run with `sleep(Duration::ZERO)`
/// ```
///
/// A thread that never suspends again is not reported. While this is on, every resumption reads the
/// clock twice and looks where the thread stands; while it is off, it costs nothing. Does not
/// suspend.
///
/// ```
/// use std::time::Duration;
///
/// eventlet::debug::hub_blocking_detection(Some(Duration::from_millis(100)));
/// eventlet::debug::hub_blocking_detection(None);
/// ```
///
/// eventlet's `hub_blocking_detection`, which raises an exception in the code that blocks; gevent's
/// monitor thread.
pub fn hub_blocking_detection(limit: Option<Duration>) {
    get_hub().detect_blocking(limit);
}
