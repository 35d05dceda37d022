//! Waiting for what the operating system does not announce.

use std::time::Duration;

use crate::green;
use crate::greenthread::sleep;

/// Pauses that grow: 1 ms, then twice as long each time, up to 100 ms.
pub(in crate::green) struct Pauses(Duration);

impl Default for Pauses {
    fn default() -> Self {
        Pauses(Duration::from_millis(1))
    }
}

impl Pauses {
    #[green(crate = crate)]
    pub(in crate::green) fn pause(&mut self) {
        sleep(self.0);
        self.0 = (2 * self.0).min(Duration::from_millis(100));
    }
}
