//! What hyper asks of a runtime: a timer and an executor.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use ::hyper::rt::{Executor, Sleep, Timer};

use super::{Alarm, Local};

impl<F: Future + 'static> Executor<F> for Local {
    fn execute(&self, future: F) {
        Local::execute(self, future);
    }
}

impl Sleep for Alarm {}

/// hyper's `Timer` on this OS thread's hub: its sleeps are [`Alarm`]s, which cost the hub nothing
/// until they are waited for.
///
/// ```
/// use eventlet::hubs::HubTimer;
///
/// let mut server = hyper::server::conn::http1::Builder::new();
/// server.timer(HubTimer).header_read_timeout(std::time::Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct HubTimer;

impl Timer for HubTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        Box::pin(Alarm::after(duration))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Alarm::at(deadline))
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, deadline: Instant) {
        *sleep = self.sleep_until(deadline);
    }
}
