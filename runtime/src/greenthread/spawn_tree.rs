//! Who spawned whom.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::greenthread::Thread;
use crate::hub::current;

/// Lets green threads that are spawned from now on remember who spawned them, or not. Does not
/// suspend.
///
/// It is off at first, since it costs an allocation for each thread. It is this OS thread's hub
/// that is meant. gevent's `GEVENT_TRACK_GREENLET_TREE`.
pub fn track_spawns(is_on: bool) {
    current::with(|hub| hub.observe.tracks_spawns.set(is_on));
}

/// The threads that have not ended, as a tree of who spawned whom, a line each. Does not suspend.
///
/// Those whose spawner has ended, or is not [tracked](track_spawns), stand at the left.
///
/// ```
/// use std::time::Duration;
/// use eventlet::{green, sleep, spawn};
/// use eventlet::greenthread::{spawn_tree, track_spawns};
///
/// #[green]
/// fn parent() {
///     let child = spawn(|| sleep(Duration::from_millis(1)));
///     child.set_name("child");
///     child.wait();
/// }
///
/// #[green]
/// fn main() {
///     track_spawns(true);
///     let parent = spawn(parent);
///     parent.set_name("parent");
///     sleep(Duration::ZERO);
///     assert_eq!(spawn_tree(), "1\n  2 (parent)\n    3 (child)\n");
///     parent.wait();
/// }
/// ```
///
/// gevent's `GreenletTree`.
pub fn spawn_tree() -> String {
    let threads = current::with(|hub| hub.all_tasks());
    let threads: BTreeMap<u64, Thread> = threads.into_iter().map(|task| (task.id(), Thread(task))).collect();
    let mut children: BTreeMap<Option<u64>, BTreeSet<u64>> = BTreeMap::new();
    for (id, thread) in &threads {
        let spawner = thread.spawner().filter(|spawner| threads.contains_key(spawner));
        children.entry(spawner).or_default().insert(*id);
    }
    let mut text = String::new();
    let mut open: Vec<(u64, usize)> = with_depth(&children, None, 0);
    while let Some((id, depth)) = open.pop() {
        let name = threads[&id].name().map(|name| format!(" ({name})")).unwrap_or_default();
        // Writing to a string does not fail.
        let _ = writeln!(text, "{:indent$}{id}{name}", "", indent = 2 * depth);
        open.extend(with_depth(&children, Some(id), depth + 1));
    }
    text
}

/// The children of one thread, the last first.
fn with_depth(
    children: &BTreeMap<Option<u64>, BTreeSet<u64>>,
    spawner: Option<u64>,
    depth: usize,
) -> Vec<(u64, usize)> {
    children.get(&spawner).into_iter().flatten().rev().map(|id| (*id, depth)).collect()
}
