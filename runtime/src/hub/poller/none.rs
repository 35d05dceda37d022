//! What a hub has in the place of a poller when it must not wait any more.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::{BorrowedSource, Interest, Notify, Poller, Readiness};

/// Refuses everything, and says why.
///
/// It has no size, so that no memory is asked for when it is put in another one's place.
pub(in crate::hub) struct NoPoller<const WHY: bool>;

/// The OS thread is ending, and its hub has ended before it.
pub(crate) const AFTER_THE_END: bool = false;
/// The process was forked, and the poller is the parent's.
#[cfg(unix)]
pub(crate) const AFTER_A_FORK: bool = true;

/// What a forked process is told.
pub(crate) const FORKED: &str = "this process was forked, and the hub of this OS thread is its parent's\n\
     note: both would hear of one set of descriptors, and the parent's green threads would run twice\n\
     help: `exec` another program, end with `_exit`, or run green threads on a new OS thread";

fn refuse<T, const WHY: bool>() -> io::Result<T> {
    #[cfg(unix)]
    if WHY == AFTER_A_FORK {
        return Err(io::Error::new(io::ErrorKind::Unsupported, FORKED));
    }
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this OS thread is ending and its hub has ended before it",
    ))
}

impl<const WHY: bool> Poller for NoPoller<WHY> {
    fn name(&self) -> &str {
        "none"
    }

    fn is_edge_triggered(&self) -> bool {
        true
    }

    fn add(&mut self, _: BorrowedSource<'_>, _: usize, _: Interest) -> io::Result<()> {
        refuse::<_, WHY>()
    }

    fn modify(&mut self, _: BorrowedSource<'_>, _: usize, _: Interest) -> io::Result<()> {
        refuse::<_, WHY>()
    }

    fn delete(&mut self, _: BorrowedSource<'_>) -> io::Result<()> {
        Ok(())
    }

    fn wait(&mut self, _: &mut Vec<Readiness>, _: Option<Duration>) -> io::Result<()> {
        refuse::<_, WHY>()
    }

    fn notifier(&self) -> Arc<dyn Notify> {
        Arc::new(Nobody)
    }
}

/// Nobody waits.
struct Nobody;

impl Notify for Nobody {
    fn notify(&self) {}
}
