//! The `polling` crate as it comes: every platform that it knows.

use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use polling::{Events, PollMode, Poller as Inner};

use super::{BorrowedSource, Interest, Notify, Poller, Readiness};

pub(crate) struct PollingPoller {
    inner: Arc<Inner>,
    events: Events,
    mode: PollMode,
}

/// Keeps no poller alive: with the last descriptor of a hub that ends its poller has gone.
struct Notifier(Weak<Inner>);

impl PollingPoller {
    pub(crate) fn new() -> io::Result<Self> {
        let inner = Inner::new()?;
        let mode = if inner.supports_edge() { PollMode::Edge } else { PollMode::Oneshot };
        Ok(PollingPoller { inner: Arc::new(inner), events: Events::new(), mode })
    }
}

fn wanted(token: usize, interest: Interest) -> polling::Event {
    polling::Event::new(token, interest.readable, interest.writable)
}

impl Poller for PollingPoller {
    fn name(&self) -> &str {
        "polling"
    }

    fn is_edge_triggered(&self) -> bool {
        self.mode == PollMode::Edge
    }

    fn add(&mut self, source: BorrowedSource<'_>, token: usize, interest: Interest) -> io::Result<()> {
        // SAFETY: a source must be deleted from this poller before it is dropped. Only a hub has
        // this poller (`IntoPoller` cannot be called from outside), and it adds two kinds of
        // descriptors: those that a `Source` owns, whose `drop` deletes them before the field that
        // owns them is dropped, and which stay open if it is forgotten; and the duplicates of
        // `lent.rs`, which leave their table only to be deleted. A source that finds no hub to
        // delete it from is dropped after `Hub::retire_poller`, that is after this poller.
        unsafe { self.inner.add_with_mode(&source, wanted(token, interest), self.mode) }
    }

    fn modify(&mut self, source: BorrowedSource<'_>, token: usize, interest: Interest) -> io::Result<()> {
        self.inner.modify_with_mode(source, wanted(token, interest), self.mode)
    }

    fn delete(&mut self, source: BorrowedSource<'_>) -> io::Result<()> {
        self.inner.delete(source)
    }

    fn wait(&mut self, events: &mut Vec<Readiness>, timeout: Option<Duration>) -> io::Result<()> {
        self.events.clear();
        self.inner.wait(&mut self.events, timeout)?;
        events.extend(self.events.iter().map(|event| Readiness {
            token: event.key,
            readable: event.readable,
            writable: event.writable,
            hung_up: false,
            priority: false,
        }));
        Ok(())
    }

    fn notifier(&self) -> Arc<dyn Notify> {
        Arc::new(Notifier(Arc::downgrade(&self.inner)))
    }
}

impl Notify for Notifier {
    fn notify(&self) {
        // It fails only when the poller's own descriptors are broken, which its `wait` will report.
        let _ = self.0.upgrade().map(|poller| poller.notify());
    }
}
