//! What the models have in common.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::thread::Token;
use crate::hub::clock::{Clock, HubClock};
use crate::hub::poller::{BorrowedSource, Interest, Notify, Poller, Readiness};
use crate::hub::{Hub, current};

/// Runs `model` in every order that the memory model allows, with at most that many preemptions:
/// switches away from an OS thread that could have gone on.
pub(crate) fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    let executions = Arc::new(AtomicUsize::new(0));
    let counted = executions.clone();
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    println!("{} executions", executions.load(Ordering::Relaxed));
}

/// A turn of the hub that is cut off because the machine is slow would be another order in the
/// next execution, and the explorer would lose its way.
struct StandsStill;

impl Clock for StandsStill {
    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

/// This OS thread's hub, which sleeps until `bell` is rung.
pub(crate) fn hub_with(bell: &Arc<Bell>) -> Rc<Hub> {
    let hub = current::with(Rc::clone);
    hub.replace_clock(HubClock::Other(Rc::new(StandsStill)));
    hub.set_poller(Box::new(BellPoller(bell.clone()))).expect("no descriptor is registered");
    hub
}

/// Ends a sleep: the present one, or else the next.
#[derive(Default)]
pub(crate) struct Bell(Token);

impl Notify for Bell {
    fn notify(&self) {
        self.0.put();
    }
}

struct BellPoller(Arc<Bell>);

impl Poller for BellPoller {
    fn name(&self) -> &str {
        "bell"
    }

    fn is_edge_triggered(&self) -> bool {
        true
    }

    fn add(&mut self, _: BorrowedSource<'_>, _: usize, _: Interest) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn modify(&mut self, _: BorrowedSource<'_>, _: usize, _: Interest) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn delete(&mut self, _: BorrowedSource<'_>) -> io::Result<()> {
        Ok(())
    }

    fn wait(&mut self, _: &mut Vec<Readiness>, timeout: Option<Duration>) -> io::Result<()> {
        if timeout.is_none() {
            self.0.0.take();
        }
        Ok(())
    }

    fn notifier(&self) -> Arc<dyn Notify> {
        self.0.clone()
    }
}
