//! std's `time`, which never blocks, and `sleep` beside it.

pub use std::time::*;

pub use crate::greenthread::sleep;
