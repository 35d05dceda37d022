//! What stands beside the primitives: raw coroutines, OS threads for blocking calls, job graphs, timers, signals.

mod greenlet;
mod thread_pool;
