//! What a hub has for a poller once it has ended.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::{BorrowedSource, Interest, Notify, Poller, Readiness};

/// Watches nothing, and refuses everything but to forget.
///
/// It takes a poller's place before the first descriptor is closed that the poller cannot be told
/// of any more.
pub(crate) struct Retired;

fn ended<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::NotConnected, "the hub has ended with its OS thread"))
}

impl Poller for Retired {
    fn name(&self) -> &str {
        "ended"
    }

    fn is_edge_triggered(&self) -> bool {
        true
    }

    fn add(&mut self, _: BorrowedSource<'_>, _: usize, _: Interest) -> io::Result<()> {
        ended()
    }

    fn modify(&mut self, _: BorrowedSource<'_>, _: usize, _: Interest) -> io::Result<()> {
        ended()
    }

    fn delete(&mut self, _: BorrowedSource<'_>) -> io::Result<()> {
        Ok(())
    }

    fn wait(&mut self, _: &mut Vec<Readiness>, _: Option<Duration>) -> io::Result<()> {
        ended()
    }

    fn notifier(&self) -> Arc<dyn Notify> {
        Arc::new(Retired)
    }
}

impl Notify for Retired {
    fn notify(&self) {}
}
