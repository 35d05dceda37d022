//! What stands beside the primitives: raw coroutines, OS threads for blocking calls, job graphs, database pools, scheduled calls,
//! signals, and the rest of green threads.

mod dagpool;
mod db_pool;
mod greenlet;
mod scheduled;
#[cfg(unix)]
mod signal;
mod thread_pool;
mod threads;
