//! std's `thread`, with green threads.

pub use crate::greenthread::{GreenThread as JoinHandle, Thread, current, sleep, spawn};
