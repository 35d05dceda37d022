//! The `polling` crate as it comes: every platform that it knows.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use polling::{Events, PollMode, Poller as Inner};

use super::{BorrowedSource, Event, Interest, Notify, Poller};

pub(crate) struct PollingPoller {
    inner: Arc<Inner>,
    events: Events,
    mode: PollMode,
}

struct Notifier(Arc<Inner>);

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
        // SAFETY: `polling` asks that a source be deleted before it is closed. `add` is called by `Source` alone, which
        // owns the descriptor and calls `delete` when it is dropped, before the descriptor is.
        unsafe { self.inner.add_with_mode(&source, wanted(token, interest), self.mode) }
    }

    fn modify(&mut self, source: BorrowedSource<'_>, token: usize, interest: Interest) -> io::Result<()> {
        self.inner.modify_with_mode(source, wanted(token, interest), self.mode)
    }

    fn delete(&mut self, source: BorrowedSource<'_>) -> io::Result<()> {
        self.inner.delete(source)
    }

    fn wait(&mut self, events: &mut Vec<Event>, timeout: Option<Duration>) -> io::Result<()> {
        self.events.clear();
        self.inner.wait(&mut self.events, timeout)?;
        events.extend(self.events.iter().map(|event| Event {
            token: event.key,
            readable: event.readable,
            writable: event.writable,
            hung_up: false,
        }));
        Ok(())
    }

    fn notifier(&self) -> Arc<dyn Notify> {
        Arc::new(Notifier(Arc::clone(&self.inner)))
    }
}

impl Notify for Notifier {
    fn notify(&self) {
        // It fails only when the poller's own descriptors are broken, which its `wait` will report.
        let _ = self.0.notify();
    }
}
